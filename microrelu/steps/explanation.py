"""The whole backward pass as a text to read, with the three general equations by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from microrelu.engine import Constant, Value
from microrelu.operations import divide, total, weighted_sum
from microrelu.steps.by_layers import ByLayers
from microrelu.steps.derivations import below_each_other
from microrelu.steps.forward import Forward
from microrelu.steps.graph import Graph
from microrelu.steps.matrices import MatrixForward, MatrixTelling
from microrelu.steps.reasons import why
from microrelu.steps.structure import is_activation
from microrelu.steps.sweep import Step
from microrelu.steps.telling import Telling, as_latex, as_text
from microrelu.writing.names import node_names
from microrelu.writing.notation import LATEX, TEXT, Part, aligned
from microrelu.writing.variables import Given, names_for
from microrelu.writing.words import LANGUAGE
from microrelu.writing.writer import Writer

FORMS = ("units", "combined", "matrices")


@dataclass(frozen=True, eq=False)
class Explanation:
    """The whole backward pass as a text to read; `latex()` gives a document."""

    graph: Graph
    form: str = "units"
    example: tuple[int, int] | None = None  # which, and of how many
    language: str = field(default_factory=LANGUAGE.get)

    @property
    def writer(self) -> Writer:
        """What sets it as text."""
        return Writer(self.graph.names, TEXT, self.language)

    def __str__(self) -> str:
        """The forward equations, then the gradients layer by layer, or each with why it is so."""
        lines = [*self._remark(self.writer), self.writer.say("forward")]
        if self.layers.layers:
            lines += self._told_forward(self.writer).text()
            return "\n".join([*lines, "", *as_text(self._told_backward(self.writer))])
        lines += [f"    {equation}" for equation in self._forward(self.writer)]
        lines += ["", self.writer.say("backward")]
        for sentences, sides in self._backward(self.writer):
            lines += [f"  {sentence}" for sentence in sentences]
            lines.append(f"    {TEXT.equation(*sides)}")
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """A LaTeX document of aligned equations (for LuaLaTeX or XeLaTeX)."""
        writer = self.writer.in_notation(LATEX)
        japanese = "\\usepackage{luatexja}\n" if self.language == "ja" else ""
        remark = "\n".join(self._remark(writer))
        parts = [
            f"\\documentclass{{article}}\n\\usepackage{{amsmath}}\n{japanese}\\begin{{document}}",
            *([remark] if remark else []),
            f"\\section*{{{writer.say('forward')}}}",
        ]
        if self.layers.layers:
            parts += self._told_forward(writer).latex()
        else:
            parts.append(_displayed(self._forward(writer)))
        parts += self._backward_latex(writer)
        return "\n".join([*parts, "\\end{document}"]) + "\n"

    def _repr_markdown_(self) -> str:
        """The inside of the document for a notebook, where sentences stand between formulas."""
        inside = self.latex().partition("\\begin{document}")[2].partition("\\end{document}")[0]
        inside = re.sub(r"^\\section\*\{(.*)\}$", r"\n#### \1\n", inside, flags=re.MULTILINE)
        inside = re.sub(r"^\\subsection\*\{(.*)\}$", r"\n##### \1\n", inside, flags=re.MULTILINE)
        inside = re.sub(r"^\\\[$", "\n$$", inside, flags=re.MULTILINE)
        return re.sub(r"^\\\]$", "$$\n", inside, flags=re.MULTILINE).strip()

    def _remark(self, writer: Writer) -> list[str]:
        """Of one example of a batch, how its cost enters that of all."""
        if self.example is None:
            return []
        number, count = self.example
        cost = writer.inline(self.graph.root)
        return [
            writer.say("example", number=number + 1, count=count, cost=cost),
            writer.say("mean of examples", cost=cost),
        ]

    @cached_property
    def layers(self) -> ByLayers:
        """The gradients layer by layer, where there are layers."""
        return ByLayers(self.graph, is_combined=self.form == "combined")

    def _told_forward(self, writer: Writer) -> Forward:
        return (MatrixForward if self.form == "matrices" else Forward)(self.layers, writer)

    def _told_backward(self, writer: Writer) -> Telling:
        return (MatrixTelling if self.form == "matrices" else Telling)(self.layers, writer)

    def _backward_latex(self, writer: Writer) -> list[str]:
        if self.layers.layers:
            return as_latex(self._told_backward(writer))
        parts = [f"\\section*{{{writer.say('backward')}}}"]
        for sentences, sides in self._backward(writer):
            parts += [*sentences, _displayed(below_each_other(sides))]
        return parts

    def _forward(self, writer: Writer) -> list[str]:
        is_latex = writer.notation is LATEX
        nodes = [node for node in self.graph.names if node in self.graph.step_of]
        return [writer.equation(node, aligned=is_latex) for node in nodes]

    def _backward(self, writer: Writer) -> Iterator[tuple[list[str], list[Part]]]:
        """For each node, sentences that were not just said, and its gradient's equation."""
        graph, last = self.graph, [""]
        for step in graph.steps:
            if step.node is graph.root:
                one = writer.notation.number(step.upstream)
                seed = writer.say("seed", node=writer.inline(graph.root))
                yield [seed], [writer.gradient(step.node), one]
                continue
            sentences = self._sentences(step, writer)
            yield ([] if sentences == last else sentences), graph.gathered(step.node, writer)
            last = sentences

    def _sentences(self, step: Step, writer: Writer) -> list[str]:
        """What gave the node its gradient; the second and third equation speak for themselves."""
        equation = general_equation(self.graph, step.node)
        named = [f"equation {equation}"] if equation else []
        said = [writer.say(key, node=writer.inline(step.node)) for key in named]
        if equation in (2, 3):
            return said
        senders = (sender for sender, _ in self.graph.received[step.node])
        return list(dict.fromkeys([*(why(sender, writer) for sender in senders), *said]))


def explain(
    root: Value, form: str = "units", example: int | None = None, names: Given = ...
) -> Explanation:
    """The whole backward pass as one readable text, the three general equations named.

    Of a network it goes layer by layer, from the last to the first; of another graph node by node.

    Args:
        root: What is differentiated. Gradients stay as they are.
        form: "units" for the three equations, "combined" for equations 1 and 2 as one, from the z
            of a layer to the z of the next, "matrices" for the three in matrices.
        example: Of the mean of a batch's losses, which one is explained; by default all are. 0 is
            the first, as Python counts; what is printed calls it example 1.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.

    Returns:
        An Explanation: `print` it, or take its `latex()`.

    Raises:
        ValueError: data was assigned after the graph was recorded, or there is no such form, or
            no such example.
    """
    if form not in FORMS:
        known = " or ".join(f'form="{each}"' for each in FORMS)
        raise ValueError(f"A network is explained by {known}, not {form!r}.")
    if example is None:
        return Explanation(Graph(names_for(root, names)), form)
    losses = _examples(root)
    if not 0 <= example < len(losses):
        last = len(losses) - 1
        raise ValueError(f"There is no example {example}: a batch of {last + 1} has 0 to {last}.")
    named = names_for(losses[example], names)
    return Explanation(Graph(named), form, (example, len(losses)))


def _examples(root: Value) -> tuple[Value, ...]:
    """The losses that the root is the mean of."""
    if root.operation is divide and isinstance(root.parents[1], Constant):
        whole, count = root.parents
        if whole.operation is total and count.data == len(whole.parents):
            return whole.parents
    raise ValueError(
        f"{Writer(node_names(root)).node(root).text} is no mean of losses, as mean([...]) makes "
        "it: leave example= out, or explain one loss by itself."
    )


def general_equation(graph: Graph, node: Value) -> int | None:
    """Which of the three general equations gives the node's gradient; None where none does.

    1 goes through an activation, 3 from a weighted sum to its weights and bias, and 2 back to the
    activations that the weighted sums were fed with.
    """
    senders = graph.received[node]
    if senders and all(is_activation(step.node) for step, _ in senders):
        # a slope that is learnt is no weighted sum
        return 1 if all(contribution.operand == 0 for _, contribution in senders) else None
    if {step.node.operation for step, _ in senders} != {weighted_sum}:
        return None
    is_input = [
        len(step.node.parents) // 2 <= contribution.operand < len(step.node.parents) - 1
        for step, contribution in senders
    ]
    return 2 if all(is_input) else 3 if not any(is_input) else None


def _displayed(lines: Iterable[str]) -> str:
    return f"\\[\n{aligned(lines)}\n\\]"
