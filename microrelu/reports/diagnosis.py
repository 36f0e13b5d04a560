"""A graph of someone's engine held against ours, node by node, in the order of the sweep.

`mistakes.py` says what explains a wrong gradient; what is here asks it, and tells what it found.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from microrelu.engine import Constant, Value
from microrelu.foreign import Adopted
from microrelu.reports.mistakes import Explainer, Mistake, Theirs, same, too_deep
from microrelu.writing.figures import number
from microrelu.writing.names import Names
from microrelu.writing.report import LONGEST_TABLE, Parts, ReportLook
from microrelu.writing.words import LANGUAGE
from microrelu.writing.writer import Writer


@dataclass(frozen=True)
class NodeCheck:
    """One node's gradient beside what it should be.

    Attributes:
        node: What it is called.
        made: How it was made, as an equation; its number for a leaf.
        theirs: The gradient that it has; None before any sweep.
        right: What it should be; NaN where that cannot be known.
        verdict: "right gradient"; "WRONG"; "follows", where it is wrong because of one above it;
            "not known". These words are the same in every language.
    """

    node: str
    made: str
    theirs: float | None
    right: float
    verdict: str


@dataclass(frozen=True, repr=False)
class Diagnosis(ReportLook):
    """What `diagnose` found in a graph: true when every gradient is right; a table and sentences.

    Attributes:
        names: What each node of the graph is called.
        rows: One for each node, in the order of the sweep.
        mistakes: What explains the wrong gradients; the first, then what remains.
        notes: What could not be judged.
        language: That of its sentences.
    """

    names: Names
    rows: tuple[NodeCheck, ...]
    mistakes: tuple[Mistake, ...]
    notes: tuple[str, ...] = ()
    language: str = field(default_factory=LANGUAGE.get)

    @property
    def root(self) -> Value:
        """The graph, adopted."""
        return self.names.root

    def __bool__(self) -> bool:
        return not self.mistakes and all(row.verdict == "right gradient" for row in self.rows)

    def _parts(self) -> Parts:
        """What the look of a report is given."""
        shown: Sequence[NodeCheck] = self.rows
        if len(shown) > LONGEST_TABLE:  # what is wrong first
            ranks = ["WRONG", "follows", "not known", "right gradient"]
            shown = sorted(shown, key=lambda row: ranks.index(row.verdict))[:LONGEST_TABLE]
        cells = [
            [
                row.node,
                row.made,
                self._say("not yet") if row.theirs is None else number(row.theirs, 8),
                "?" if math.isnan(row.right) else number(row.right, 8),
                self._say(row.verdict),
            ]
            for row in shown
        ]
        head = [self._say(f"column {key}") for key in ("node", "made", "theirs", "right")] + [
            self._say("verdict")
        ]
        notes = [*(mistake.sentence for mistake in self.mistakes), *self.notes]
        return head, cells, notes, self._conclusion(), len(self.rows), self.language

    def _conclusion(self) -> str:
        count = dict.fromkeys(("right gradient", "WRONG", "follows", "not known"), 0)
        for row in self.rows:
            count[row.verdict] += 1
        told = self._say("right of all", right=count["right gradient"], count=len(self.rows))
        for key in ("follows", "not known"):
            told += self._say(f"count {key}", count=count[key]) if count[key] else ""
        return told + self._say("full stop")


def diagnosed(names: Names) -> Diagnosis:
    """The diagnosis of an adopted graph, whose nodes are called by these names."""
    writer, adopted = Writer(names), names.root
    assert isinstance(adopted, Adopted)
    theirs = Theirs(adopted)
    nodes = [node for node in theirs.order if not isinstance(node, Constant)]
    changed = _values(nodes, writer)
    verdicts = {node: "not known" if changed else theirs.verdict(node) for node in nodes}
    if not changed and not any(type(node.grad) is not int for node in nodes):
        verdicts = dict.fromkeys(nodes, "not known")
        mistakes = [Mistake("unswept", adopted, writer.say("unswept", root=_name(adopted, writer)))]
    else:
        wrong = [node for node in nodes if verdicts[node] == "WRONG"]
        mistakes = [*changed, *Explainer(theirs, writer).mistakes(wrong)]
    is_cut = any(theirs.grads[node] == 0 for each in mistakes for node in each.nodes or [each.node])
    if is_cut and (depth := too_deep(adopted)):
        limit = sys.getrecursionlimit()
        sentence = writer.say("mistake recursion", depth=f"{depth:,}", limit=f"{limit:,}")
        mistakes.insert(0, Mistake("recursion", adopted, sentence))
    rows = [_row(node, writer, verdicts[node]) for node in nodes]
    return Diagnosis(names, tuple(rows), tuple(mistakes), tuple(_notes(nodes, writer)))


def _row(node: Value, writer: Writer, verdict: str) -> NodeCheck:
    made = writer.value(node).text
    if node.parents:
        made = f"{made} = {writer.number(node).text}"
    theirs = None if type(node.grad) is int else node.grad
    right = node.right if isinstance(node, Adopted) else math.nan
    return NodeCheck(_name(node, writer), made, theirs, right, verdict)


def _name(node: Value, writer: Writer) -> str:
    return writer.node(node).text


def _values(nodes: Sequence[Value], writer: Writer) -> list[Mistake]:
    """The mistakes of nodes whose value is not what their operation gives, or no number."""
    found: dict[str, list[tuple[Value, str]]] = {}
    for node in reversed(nodes):
        numbers = [parent.data for parent in node.parents]
        if not all(map(math.isfinite, numbers)):
            continue
        if not math.isfinite(node.data):
            words = {"equation": writer.equation(node), "value": number(node.data)}
            told = writer.say("mistake no number", **words)
            found.setdefault("nan", []).append((node, told))
        elif node.operation and (computed := node.operation.compute(*numbers)[0]) != node.data:
            digits = 4 if number(computed) != number(node.data) else 12
            words = {"equation": writer.equation(node), "computed": number(computed, digits)}
            told = writer.say("mistake value", **words)
            found.setdefault("value", []).append((node, told))
    return [
        Mistake(kind, told[0][0], told[0][1] + same(writer, nodes), tuple(nodes))
        for kind, told in found.items()
        for nodes in [[node for node, _ in told]]
    ]


def _notes(nodes: Sequence[Value], writer: Writer) -> list[str]:
    notes = []
    for node in nodes:
        if isinstance(node, Adopted) and node.fits:
            operations = writer.say("comma").join(each.symbol for each in node.fits)
            name, value = _name(node, writer), number(node.data)
            words = {"node": name, "value": value, "operations": operations}
            notes.append(writer.say("several fit", **words))
        elif isinstance(node, Adopted) and node.is_unknown:
            key = "unknown" if node.claims is None else "unknown claims"
            notes.append(writer.say(key, node=_name(node, writer)))
    return notes
