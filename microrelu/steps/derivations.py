"""The chain rule written out: one derivative as a derivation, the whole backward pass explained.

Everything here only reads a graph; the steps are those of the sweep, set by `notation.py`, and the
sentences come from `words.py`. Closed forms are SymPy's work.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

from microrelu.engine import Constant, Value, topological_order
from microrelu.steps.reasons import why
from microrelu.steps.sweep import (
    Contribution,
    Step,
    backward_steps,
    grads_kept,
    node_equation,
)
from microrelu.writing.notation import (
    LATEX,
    TEXT,
    Notation,
    Part,
    inline,
    typeset_local_derivative,
    typeset_local_symbol,
)
from microrelu.writing.words import say

if TYPE_CHECKING:
    import sympy

MOST_PATHS = 8  # written out one by one; beyond it, the recursive form
LONGEST_PATH = 40  # nodes, likewise
LONGEST_CLOSED_FORM = 40  # operations of SymPy's that are printed
ACTIVATIONS = ("relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh")

Path = tuple[tuple[Step, Contribution], ...]


class Graph:
    """The finished sweep of a graph: its steps, and what each node received from whom."""

    def __init__(self, root: Value) -> None:
        self.root = root
        with grads_kept(root):
            self.steps = list(backward_steps(root))
        self.step_of = {step.node: step for step in self.steps}
        self.received: dict[Value, list[tuple[Step, Contribution]]] = defaultdict(list)
        for step in reversed(self.steps):  # sums are written in the order of the forward pass
            for each in step.contributions:
                self.received[each.parent].append((step, each))
        self.names = self.steps[0].names

    def above(self, node: Value) -> list[Value]:
        """The nodes that the node is a part of, itself last, in the order of the sweep."""
        found = {node}
        for step in reversed(self.steps):
            if any(each.parent in found for each in step.contributions):
                found.add(step.node)
        return [step.node for step in self.steps if step.node in found]

    def count_paths(self, node: Value) -> int:
        """How many paths lead from the root to the node."""
        counts = defaultdict(int, {self.root: 1})
        for step in self.steps:
            for each in step.contributions:
                counts[each.parent] += counts[step.node]
        return counts[node]

    def gathered(self, node: Value, notation: Notation = TEXT) -> list[Part]:
        """Equation 2: ∂C/∂r, then Σ ∂C/∂z · ∂z/∂r term by term, with symbols, then with numbers."""
        step, received = self.step_of[node], self.received[node]
        left = step.gradient(node, notation)
        if len(received) == 1:
            sender, contribution = received[0]
            return [left, *sender.product(contribution, notation)]
        levels = zip(*(sender.factors(each, notation) for sender, each in received), strict=True)
        sums = [notation.sum([notation.product(pair) for pair in pairs]) for pairs in levels]
        return _unrepeated([left, *sums, notation.number(step.upstream)])


@dataclass(frozen=True, eq=False)
class Derivation:
    """∂root/∂wrt written out; prints as text, `latex()` gives aligned equations.

    Attributes:
        wrt: What the root is differentiated by.
        paths: How many paths lead from the root to it.
        graph: The finished sweep.
        lang: The language of its sentences.
    """

    wrt: Value
    paths: int
    graph: Graph
    lang: str = "en"

    @property
    def value(self) -> float:
        """The derivative as a number."""
        return self.graph.step_of[self.wrt].upstream

    @cached_property
    def closed_form(self) -> sympy.Expr:
        """The derivative in the leaves alone, simplified: a SymPy expression.

        Its symbols have the leaves' labels as names; `ReLU` and `Step` are functions.

        Raises:
            ImportError: SymPy is not installed (extra `symbolic`).
            ValueError: there is none: it would be too long, take too long to find, or have terms
                without a value, such as log(0).
        """
        return _symbolic().derivative(self.graph.root, self.wrt, self.graph.names)

    def rows(self, notation: Notation = TEXT) -> list[list[Part]]:
        """The equations: each a left side, then what it equals, down to the number."""
        if self.is_recursive:
            return [self.graph.gathered(node, notation) for node in self._between()]
        left = self.graph.step_of[self.wrt].gradient(self.wrt, notation)
        chains = [_chain(path, notation) for path in self._paths()]
        levels = [notation.sum(level) for level in zip(*chains, strict=True)]
        return [_unrepeated([left, *levels, notation.number(self.value)])]

    @property
    def is_recursive(self) -> bool:
        """Are the paths too many or too long to be written out one by one?"""
        return self.paths > MOST_PATHS or len(self._between()) > LONGEST_PATH

    def closed_row(self, notation: Notation = TEXT) -> list[Part]:
        """The closed form as an equation, its factors in the order of the chain.

        Raises:
            ImportError, ValueError: as `closed_form`, or it is too long to be read.
        """
        operations = self.closed_form.count_ops()
        if operations > LONGEST_CLOSED_FORM:
            raise ValueError(f"The closed form takes {operations} operations: see closed_form.")
        left = self.graph.step_of[self.wrt].gradient(self.wrt, notation)
        path = next(self._paths(), ())
        edges = [(step.node, contribution.operand) for step, contribution in path]
        form = _symbolic().written_back(self.closed_form, edges, self.graph.names, notation)
        return [left, form]

    def __str__(self) -> str:
        """A sentence where one is needed, the equations, and the closed form."""
        lines = [self._remark()] if self.is_recursive else []
        for left, *rest in self.rows():
            first, *others = (part.text for part in rest)
            indent = " " * len(left.text)
            lines += [f"{left.text} = {first}", *(f"{indent} = {each}" for each in others)]
        try:
            lines.append(TEXT.equation(*self.closed_row()))
        except (ImportError, ValueError) as error:
            lines.append(str(error))
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """The equations and the closed form as an `aligned` environment."""
        lines = []
        for left, *rest in self.rows(LATEX):
            lines += [f"{left.text} &= {rest[0].text}", *(f"&= {each.text}" for each in rest[1:])]
        try:
            left, closed = self.closed_row(LATEX)
            lines.append(f"{left.text} &= {closed.text}")
        except (ImportError, ValueError):
            pass  # text says so; a formula has no room for a sentence
        return _aligned(lines)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _remark(self) -> str:
        root, leaf = (inline(node, self.graph.names) for node in (self.graph.root, self.wrt))
        power = TEXT.write(f"10**{round(math.log10(self.paths))}", {}).text
        count = self.paths if self.paths < 10**6 else f"≈ {power}"
        return say("too many paths", self.lang, count=count, root=root, leaf=leaf)

    def _between(self) -> list[Value]:
        """The nodes on the paths, without the root, in the order of the sweep."""
        return [node for node in self.graph.above(self.wrt) if node is not self.graph.root]

    def _paths(self) -> Iterator[Path]:
        wanted = set(self.graph.above(self.wrt))
        path: list[tuple[Step, Contribution]] = []
        stack = [iter(self.graph.step_of[self.graph.root].contributions)]
        if self.wrt is self.graph.root:
            yield ()
        while stack:
            for each in stack[-1]:
                if each.parent not in wanted:
                    continue
                sender = self.graph.step_of[path[-1][1].parent] if path else self.graph.steps[0]
                if each.parent is self.wrt:
                    yield (*path, (sender, each))
                    continue
                path.append((sender, each))
                stack.append(iter(self.graph.step_of[each.parent].contributions))
                break
            else:
                stack.pop()
                if path:
                    path.pop()


def derivation(root: Value, wrt: Value, lang: str = "en") -> Derivation:
    """The derivative of one node by another, step by step as in a textbook.

    Returns:
        A Derivation: for each path the product of local derivatives, with symbols and with
        numbers, summed over the paths; then the closed form in the leaves. Gradients stay as
        they are.

    Raises:
        ValueError: `wrt` is a constant, or no part of the graph.

    >>> w, x, y = Value(0.5, "w"), Value(2.0, "x"), Value(3.0, "y")
    >>> r = (w * x).relu()
    >>> print(derivation((y - r) ** 2 / 2, w))
    ∂C/∂w = ∂C/∂v₄ · ∂v₄/∂v₃ · ∂v₃/∂v₂ · ∂v₂/∂v₁ · ∂v₁/∂w
          = (1 / 2) · 2 v₃ · (−1) · Step(v₁) · x
          = 0.5 · 4 · (−1) · 1 · 2
          = −4
    ∂C/∂w = (ReLU(w x) − y) Step(w x) x
    """
    graph = Graph(root)
    if wrt not in graph.step_of:
        what = "a constant" if isinstance(wrt, Constant) else "no part of this graph"
        raise ValueError(f"{wrt!r} is {what}: give a node that the root was made of.")
    return Derivation(wrt, graph.count_paths(wrt), graph, lang)


@dataclass(frozen=True, eq=False)
class Explanation:
    """The whole backward pass as a text to read; `latex()` gives a document."""

    graph: Graph
    lang: str

    def __str__(self) -> str:
        """The forward equations, then each gradient with a sentence of why."""
        lines = [say("forward", self.lang)]
        lines += [f"    {equation}" for equation in self._forward(TEXT)]
        lines += ["", say("backward", self.lang)]
        for sentences, row in self._backward(TEXT):
            lines += [f"  {sentence}" for sentence in sentences]
            lines.append(f"    {TEXT.equation(*row)}")
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """A LaTeX document of aligned equations (for LuaLaTeX or XeLaTeX)."""
        japanese = "\\usepackage{luatexja}\n" if self.lang == "ja" else ""
        forward = _aligned(self._forward(LATEX))
        parts = [
            f"\\documentclass{{article}}\n\\usepackage{{amsmath}}\n{japanese}\\begin{{document}}",
            f"\\section*{{{say('forward', self.lang)}}}\n\\[\n{forward}\n\\]",
            f"\\section*{{{say('backward', self.lang)}}}",
        ]
        for sentences, (left, *rest) in self._backward(LATEX):
            first, *others = (part.text for part in rest)
            lines = [f"{left.text} &= {first}", *(f"&= {each}" for each in others)]
            parts += [*sentences, f"\\[\n{_aligned(lines)}\n\\]"]
        return "\n".join([*parts, "\\end{document}"]) + "\n"

    def _forward(self, notation: Notation) -> list[str]:
        order = [node for node in topological_order(self.graph.root) if node in self.graph.step_of]
        aligned = notation is LATEX
        return [node_equation(node, self.graph.names, notation, aligned=aligned) for node in order]

    def _backward(self, notation: Notation) -> Iterator[tuple[list[str], list[Part]]]:
        """For each node, sentences that were not just said, and its gradient's equation."""
        graph, last = self.graph, [""]
        for step in graph.steps:
            if step.node is graph.root:
                gradient = step.gradient(step.node, notation), notation.number(step.upstream)
                yield (
                    [say("seed", self.lang, node=inline(graph.root, graph.names, notation))],
                    [*gradient],
                )
                continue
            sentences = self._sentences(step, notation)
            yield ([] if sentences == last else sentences), graph.gathered(step.node, notation)
            last = sentences

    def _sentences(self, step: Step, notation: Notation) -> list[str]:
        """What gave the node its gradient; the second and third equation speak for themselves."""
        equation, name = general_equation(self.graph, step.node), ""
        named = [f"equation {equation}"] if equation else []
        if equation == 2:
            name = inline(step.node, self.graph.names, notation)
        said = [say(key, self.lang, node=name) for key in named]
        if equation in (2, 3):
            return said
        senders = (sender for sender, _ in self.graph.received[step.node])
        return list(dict.fromkeys([*(why(each, self.lang, notation) for each in senders), *said]))


def explain(root: Value, lang: str = "en") -> Explanation:
    """The whole backward pass as one readable text, the three general equations named.

    Args:
        root: What is differentiated. Gradients stay as they are.
        lang: "en", "id" or "ja".

    Returns:
        An Explanation: `print` it, or take its `latex()`.

    Raises:
        ValueError: there are no words in that language.
    """
    say("forward", lang)
    return Explanation(Graph(root), lang)


def general_equation(graph: Graph, node: Value) -> int | None:
    """Which of the three general equations gives the node's gradient; None where none does.

    1 goes through an activation, 3 from a weighted sum to its weights and bias, and 2 back to the
    activations that the weighted sums were fed with.
    """
    senders = graph.received[node]
    names = {step.node.operation.name for step, _ in senders if step.node.operation}
    if names and names <= set(ACTIVATIONS):  # a slope that is learnt is no weighted sum
        return 1 if all(each.operand == 0 for _, each in senders) else None
    if names != {"weighted_sum"}:
        return None
    is_input = [
        len(step.node.parents) // 2 <= each.operand < len(step.node.parents) - 1
        for step, each in senders
    ]
    return 2 if all(is_input) else 3 if not any(is_input) else None


def _chain(path: Path, notation: Notation) -> list[Part]:
    """One path's product: as symbols, as the operations write it, as numbers."""
    symbols, written, numbers = [], [], []
    for step, each in path:
        edge = step.node, each.operand, step.names, notation
        symbol, formula = typeset_local_symbol(*edge), typeset_local_derivative(*edge)
        numbers.append(notation.number(each.local_derivative))
        written.append(formula or numbers[-1])
        symbols.append(symbol or written[-1])
    if not path:
        return []
    return [notation.product(level) for level in (symbols, written, numbers)]


def _unrepeated(parts: Iterable[Part]) -> list[Part]:
    return list({part.text: part for part in parts}.values())


def _aligned(lines: Iterable[str]) -> str:
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def _symbolic() -> ModuleType:
    from microrelu.steps import closed_form

    return closed_form
