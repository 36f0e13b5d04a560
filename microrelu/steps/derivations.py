"""The chain rule written out for one derivative: path by path, node by node, or layer by layer.

The steps are those of the sweep. Closed forms are SymPy's work, in `closed_form.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING

from microrelu.engine import Constant, Value
from microrelu.steps.by_layers import ByLayers
from microrelu.steps.equation import in_lines, latex_lines
from microrelu.steps.graph import Graph, unrepeated
from microrelu.steps.structure import layers_of
from microrelu.steps.sweep import Contribution, Step
from microrelu.text import split_label
from microrelu.writing.names import Names
from microrelu.writing.notation import LATEX, TEXT, Part, aligned
from microrelu.writing.variables import Given, names_for
from microrelu.writing.words import LANGUAGE, language, say
from microrelu.writing.writer import Writer

if TYPE_CHECKING:
    import sympy

MOST_PATHS = 8  # written out one by one; beyond it, the recursive form
LONGEST_PATH = 40  # nodes, likewise
LONGEST_CLOSED_FORM = 40  # operations of SymPy's that are printed

Path = tuple[tuple[Step, Contribution], ...]


@dataclass(frozen=True, eq=False)
class Derivation:
    """∂root/∂wrt written out; prints as text, `latex()` gives aligned equations.

    Attributes:
        wrt: What the root is differentiated by; of several the last.
        paths: How many paths lead from the root to it.
        graph: The finished sweep.
        by: "paths" or "layers".
        language: That of its sentences.
        others: The nodes of the same layer whose derivatives are written out with it.
    """

    wrt: Value
    paths: int
    graph: Graph
    by: str = "paths"
    language: str = field(default_factory=LANGUAGE.get)
    others: tuple[Value, ...] = ()

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
        return _closed_forms().derivative(self.wrt, self.graph.names)

    def equations(self, writer: Writer) -> list[list[Part]]:
        """Each a left side, then what it equals, down to the number."""
        if self.by == "layers":
            rows = [row for rows in self._layers.needed(writer) for row in rows]
            return [row.sides(writer.notation) for row in rows]
        if self.is_recursive:
            return [self.graph.gathered(node, writer) for node in self._between()]
        chains = [_chain(path, writer) for path in self._paths()]
        levels = [writer.notation.sum(level) for level in zip(*chains, strict=True)]
        number = writer.notation.number(self.value)
        return [unrepeated([writer.gradient(self.wrt), *levels, number])]

    @cached_property
    def _layers(self) -> ByLayers:
        return ByLayers(self.graph, [*self.others, self.wrt])

    @property
    def is_recursive(self) -> bool:
        """Are the paths too many or too long to be written out one by one?"""
        return self.paths > MOST_PATHS or len(self._between()) > LONGEST_PATH

    def closed_equation(self, writer: Writer) -> list[Part]:
        """The closed form as an equation, its factors in the order of the chain.

        Raises:
            ImportError, ValueError: as `closed_form`, or it is too long to be read.
        """
        operations = self.closed_form.count_ops()
        if operations > LONGEST_CLOSED_FORM:
            raise ValueError(say("long closed form", count=operations))
        path = next(self._paths(), ())
        edges = [(step.node, contribution.operand) for step, contribution in path]
        form = _closed_forms().written_back(self.closed_form, edges, writer)
        return [writer.gradient(self.wrt), form]

    @property
    def writer(self) -> Writer:
        """What sets it as text."""
        return Writer(self.graph.names, TEXT, self.language)

    def __str__(self) -> str:
        """The equations; of paths a sentence where one is needed, and the closed form."""
        if self.by == "layers":
            groups = self._layers.needed(self.writer)
            return "\n".join(line for rows in groups for line in in_lines(rows))
        lines = [self._remark()] if self.is_recursive else []
        for left, *sides in self.equations(self.writer):
            first, *others = (side.text for side in sides)
            indent = " " * len(left.text)
            lines += [f"{left.text} = {first}", *(f"{indent} = {other}" for other in others)]
        with language(self.language):
            try:
                lines.append(TEXT.equation(*self.closed_equation(self.writer)))
            except (ImportError, ValueError) as error:
                lines.append(str(error))
        return "\n".join(lines)

    __repr__ = __str__

    def latex(self) -> str:
        """The equations and the closed form as an `aligned` environment."""
        writer = self.writer.in_notation(LATEX)
        if self.by == "layers":
            rows = [row for rows in self._layers.needed(writer) for row in rows]
            return aligned([line for row in rows for line in latex_lines(row)])
        lines = [line for sides in self.equations(writer) for line in below_each_other(sides)]
        with suppress(ImportError, ValueError):  # text says so; here is no room for a sentence
            lines += below_each_other(self.closed_equation(writer))
        return aligned(lines)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _remark(self) -> str:
        root, leaf = map(self.writer.inline, (self.graph.root, self.wrt))
        power = TEXT.write(f"10**{round(math.log10(self.paths))}", {}).text
        count = self.paths if self.paths < 10**6 else f"≈ {power}"
        return self.writer.say("too many paths", count=count, root=root, leaf=leaf)

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
            for contribution in stack[-1]:
                parent = contribution.parent
                if parent not in wanted:
                    continue
                sender = self.graph.step_of[path[-1][1].parent] if path else self.graph.steps[0]
                if parent is self.wrt:
                    yield (*path, (sender, contribution))
                    continue
                path.append((sender, contribution))
                stack.append(iter(self.graph.step_of[parent].contributions))
                break
            else:
                stack.pop()
                if path:
                    path.pop()


def derivation(
    root: Value,
    wrt: Value | str,
    by: str | None = None,
    names: Given = ...,
) -> Derivation:
    """The derivative of one node by another, step by step as in a textbook.

    Args:
        root: What is differentiated. Gradients stay as they are.
        wrt: By what: a node, or what it is called, "W(0)_1,2" say; "W(0)" for all weights of
            that layer, "z(1)" or "r(1)" for its units.
        by: "paths" for each path's product of local derivatives, with symbols and with numbers,
            summed over the paths, then the closed form in the leaves. "layers" for a network: from
            the cost back, each gradient that is needed by the gradients of the layer after it. By
            default that where a layer feeds another.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.

    Raises:
        ValueError: `wrt` is a constant, or no part of the graph; or there are no layers, where
            it is written by them.

    >>> w, x, y = Value(0.5), Value(2.0), Value(3.0)
    >>> r = (w * x).relu()
    >>> print(derivation((y - r) ** 2 / 2, w))
    ∂C/∂w = ∂C/∂v₃ · ∂v₃/∂v₂ · ∂v₂/∂r · ∂r/∂v₁ · ∂v₁/∂w
          = (1 / 2) · 2 v₂ · (−1) · Step(v₁) · x
          = 0.5 · 4 · (−1) · 1 · 2
          = −4
    ∂C/∂w = (ReLU(w x) − y) Step(w x) x
    """
    graph = Graph(names_for(root, names))
    *others, node = called(wrt, graph.names) if isinstance(wrt, str) else [wrt]
    if node not in graph.step_of:
        what = "a constant" if isinstance(node, Constant) else "no part of this graph"
        raise ValueError(f"{node!r} is {what}: give a node that the root was made of.")
    form = _form("layers" if others and by is None else by, graph)
    if others and form == "paths":
        raise ValueError(
            f"By paths one derivative is written out: {wrt} is {len(others) + 1} nodes, of which "
            f'the last is {graph.names[node]}. Write its name, or by="layers".'
        )
    others = [other for other in others if other in graph.step_of]
    return Derivation(node, graph.count_paths(node), graph, form, others=tuple(others))


def called(label: str, given: Names) -> list[Value]:
    """The node of that name, as it was typed, x_1 or x1, or as it is set, x₁; of x all of them.

    Raises:
        ValueError: there is none.
    """
    names = {node: name for node, name in given.items() if name}
    wanted = label, TEXT.name(label).text
    for node, name in names.items():
        if TEXT.name(name).text in wanted:
            return [node]
    if counted := [node for node, name in names.items() if _uncounted(name) in wanted]:
        return counted
    near = get_close_matches(label, names.values(), n=4, cutoff=0.5) or [*names.values()][-4:]
    raise ValueError(
        f"No node below {given[given.root]} is called {label!r}: there are "
        f"{', '.join(near)}" + (" and others." if len(near) < len(names) else ".")
    )


def _uncounted(name: str) -> str:
    """A name without its index, W(0) of W(0)_1,2, as it is set."""
    base, above, below, mark = split_label(name)
    return TEXT.name((f"{base}({above})" if above else base) + mark).text if below else ""


def _form(by: str | None, graph: Graph) -> str:
    """The form of a derivation: what is asked for, or what suits the graph."""
    if by == "paths":
        return by
    if by not in (None, "layers"):
        raise ValueError(f'A derivation is written by="paths" or by="layers", not by={by!r}.')
    depth = max((layer.number for layer in layers_of(graph.names)), default=0)
    if by == "layers" and not depth:
        raise ValueError(
            f'There are no layers below {graph.names[graph.root]}: by="layers" goes by weighted '
            'sums of weights, as MLP, Layer and weighted_sum make them. Write by="paths".'
        )
    return "layers" if by or depth > 1 else "paths"


def _chain(path: Path, writer: Writer) -> list[Part]:
    """One path's product: as symbols, as the operations write it, as numbers."""
    symbols, formulas, numbers = [], [], []
    for step, contribution in path:
        edge = step.node, contribution.operand
        symbol, formula = writer.local_symbol(*edge), writer.local_derivative(*edge)
        numbers.append(writer.notation.number(contribution.local_derivative))
        formulas.append(formula or numbers[-1])
        symbols.append(symbol or formulas[-1])
    if not path:
        return []
    return [writer.notation.product(level) for level in (symbols, formulas, numbers)]


def below_each_other(sides: Sequence[Part]) -> list[str]:
    """An equation of several sides, with a line of an `aligned` environment for each."""
    left, first, *others = (side.text for side in sides)
    return [f"{left} &= {first}", *(f"&= {other}" for other in others)]


def _closed_forms() -> ModuleType:
    from microrelu.steps import closed_form

    return closed_form
