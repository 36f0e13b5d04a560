"""The sweep as records: one Step for each node, with the contributions it passes to its parents.

`backward_steps` walks the very sweep that `backward` runs; a Step says what happened there, as
text, LaTeX or MathML (`notation.py` sets it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from microrelu.engine import Constant, Value, topological_order
from microrelu.steps.holds import refuse_changed
from microrelu.text import align
from microrelu.writing.names import Names
from microrelu.writing.notation import LATEX, MATHML, TEXT, Part, aligned
from microrelu.writing.variables import Given, names_for
from microrelu.writing.writer import Writer


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What crossed one edge: upstream gradient times local derivative, added to the parent.

    Attributes:
        parent: The node that received it.
        local_derivative: ∂node/∂parent along this edge.
        amount: The upstream gradient times the local derivative.
        running_total: The parent's gradient after it.
        is_only: Does the parent feed this one operand alone, so that the amount is all it gets?
        operand: Which operand of the node the parent is, from 0.
    """

    parent: Value
    local_derivative: float
    amount: float
    running_total: float
    is_only: bool
    operand: int


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One node of the sweep: its gradient is complete and has been passed on.

    Attributes:
        node: The node.
        upstream: ∂root/∂node, complete: what this sweep alone brought, at a leaf too.
        contributions: One for each operand that is not a constant, as written; () at a leaf.
        writer: What sets it as text: what nodes were called, their numbers, and the language, as
            they were when the sweep began.
        grad: The node's `grad` when the step was made, with what earlier sweeps left at a leaf.
    """

    node: Value
    upstream: float
    contributions: tuple[Contribution, ...]
    root: Value = field(repr=False)
    writer: Writer = field(repr=False)
    grad: float = field(repr=False)

    @property
    def is_at_kink(self) -> bool:
        """Does the node sit where its derivative is a convention (ReLU at 0)?"""
        operation, data = self.node.operation, self.writer.names.data
        return operation is not None and operation.kink(*map(data.__getitem__, self.node.parents))

    def product(self, contribution: Contribution, writer: Writer) -> list[Part]:
        """∂C/∂z · ∂z/∂w, then ∂C/∂z · x, then −0.4 · 2, then −0.8: each said once."""
        chain, written, numbers = self.factors(contribution, writer)
        said = [written] if self.node is self.root else [chain, written]
        if len(said) == 2 and written[1].text in (numbers[1].text, chain[1].text):
            said.pop()
        products = [writer.notation.product(pair) for pair in (*said, numbers)]
        return [*products, writer.notation.number(contribution.amount)]

    def factors(
        self, contribution: Contribution, writer: Writer
    ) -> tuple[tuple[Part, Part], tuple[Part, Part], tuple[Part, Part]]:
        """Upstream gradient and local derivative: as symbols, as formulas, as numbers."""
        upstream = writer.gradient(self.node)
        edge = self.node, contribution.operand
        local, written = writer.local_symbol(*edge), writer.local_derivative(*edge)
        number = writer.notation.number(contribution.local_derivative)
        if written is None:
            written = number if self.node is self.root else local or number
        numbers = writer.notation.number(self.upstream), number
        return (upstream, local or written), (upstream, written), numbers

    def __str__(self) -> str:
        """The step as aligned lines of text."""
        writer = self.writer
        gradient = f"{writer.gradient(self.node).text} = {TEXT.number(self.upstream).text}"
        lines = []
        for contribution in self.contributions:
            *symbols, numbers, amount = [p.text for p in self.product(contribution, writer)]
            left = writer.gradient(contribution.parent).text
            sign = "=" if contribution.is_only else "+="
            running = TEXT.number(contribution.running_total).text
            total = f" {writer.say('running total', number=running)}"
            lines.append([left, sign, " = ".join(symbols), f"= {numbers}", f"= {amount}", total])
        below = [f"    {line}" for line in [*align(lines), *self._remarks()]]
        return "\n".join([f"{writer.equation(self.node)}    {gradient}", *below])

    def _remarks(self) -> list[str]:
        operation, say = self.node.operation, self.writer.say
        if operation is None and self.grad != self.upstream:
            return [say("earlier sweeps", number=TEXT.number(self.grad).text)]
        if operation is None or not operation.has_kink:
            return []
        if self.is_at_kink:
            return [say("at its kink", symbol=operation.symbol)]
        closed = [given for given in self.contributions if given.local_derivative == 0]
        if closed and len(closed) == len(self.contributions):
            return [say("closed", symbol=operation.symbol)]
        names = say("comma").join(self.writer.node(given.parent).text for given in closed)
        return [say("passes nothing", symbol=operation.symbol, operands=names)] if closed else []

    def latex(self) -> str:
        """The step as an `aligned` environment, for the inside of a formula."""
        writer = self.writer.in_notation(LATEX)
        lines = [writer.equation(self.node, aligned=True), *self._equations(writer, aligned=True)]
        return aligned(lines)

    def mathml(self) -> str:
        """The step as one `<math>` element, a table with a row for each equation."""
        writer = self.writer.in_notation(MATHML)
        lines = [writer.equation(self.node), *self._equations(writer)]
        cells = "".join(f"<mtr><mtd>{line}</mtd></mtr>" for line in lines)
        return f'<math display="block"><mtable columnalign="left">{cells}</mtable></math>'

    def _equations(self, writer: Writer, aligned: bool = False) -> Iterator[str]:
        """What each parent gains."""
        for contribution in self.contributions:
            parts = [writer.gradient(contribution.parent), *self.product(contribution, writer)]
            gains = not contribution.is_only
            yield writer.notation.equation(*parts, gains=gains, aligned=aligned)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


class Steps(Iterator[Step]):
    """The steps of one sweep, each taken when it is asked for."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._steps = writer, _steps(writer.names.root, writer)

    def __next__(self) -> Step:
        return next(self._steps)

    def __repr__(self) -> str:
        name = self._writer.node(self._writer.names.root).text
        return f"<Steps of {name}: next() takes one, list() all that are left>"


def backward_steps(root: Value, names: Given = ...) -> Steps:
    """Run `root.backward()` one node at a time, lazily.

    When a Step comes out, its contributions have been added, so that `draw(root)` shows the graph
    as it is after the step. Constants below the root, which are no variables, have no steps. A
    Step prints the numbers of the sweep that it is from, whatever changes afterwards.

    Args:
        root: What is differentiated.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.

    Raises:
        ValueError: data was assigned after the graph was recorded.

    >>> w, x = Value(0.5, "w"), Value(2.0, "x")
    >>> for step in backward_steps((w * x).tanh()):
    ...     print(step)
    C = tanh(v₁) = tanh(1) = 0.7616    ∂C/∂C = 1
        ∂C/∂v₁ = ∂C/∂C · (1 − tanh(v₁)²) = 1 · 0.4200 = 0.4200  total 0.4200
    v₁ = w x = 0.5 · 2 = 1    ∂C/∂v₁ = 0.4200
        ∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w = ∂C/∂v₁ · x = 0.4200 · 2   = 0.8399  total 0.8399
        ∂C/∂x = ∂C/∂v₁ · ∂v₁/∂x = ∂C/∂v₁ · w = 0.4200 · 0.5 = 0.2100  total 0.2100
    x = 2    ∂C/∂x = 0.2100
    w = 0.5    ∂C/∂w = 0.8399
    """
    named = names_for(root, names)
    refuse_changed(named)
    return Steps(Writer(named))


def _steps(root: Value, writer: Writer) -> Iterator[Step]:
    names = writer.names
    received, recorded = dict.fromkeys(names, 0.0) | {root: 1.0}, root.local_derivatives
    done: Step | None = None
    for node in root.sweep():  # its contributions are added when the sweep is asked for the next
        if done is not None:
            yield done
        if root.local_derivatives is not recorded:
            name = writer.node(root).text
            raise ValueError(
                f"{name} was computed anew between two of these steps, which have gradients from "
                f"before: take them again, backward_steps({name})."
            )
        done = None
        if not isinstance(node, Constant) or node is root:
            passed = tuple(_contributions(node, received, names.uses))
            done = Step(node, received[node], passed, root, writer, node.grad)
    if done is not None:
        yield done


def _contributions(
    node: Value, received: dict[Value, float], uses: Mapping[Value, int]
) -> Iterator[Contribution]:
    totals: dict[Value, float] = {}
    for operand, parent in enumerate(node.parents):
        derivative = node.local_derivatives[operand]
        amount = received[node] * derivative
        received[parent] += amount
        totals[parent] = totals.get(parent, parent.grad) + amount
        if not isinstance(parent, Constant):
            is_only = uses[parent] == 1
            yield Contribution(parent, derivative, amount, totals[parent], is_only, operand)


@contextmanager
def grads_kept(root: Value) -> Iterator[None]:
    """Whatever sweeps run inside, every node of the graph has its `grad` back afterwards."""
    kept = [(node, node._grad) for node in topological_order(root)]
    try:
        yield
    finally:
        for node, grad in kept:
            node._grad = grad  # which may be from before the node was computed anew


def gradients_in(names: Names) -> dict[Value, float]:
    """What each node receives in one sweep; the graph's own gradients stay."""
    with grads_kept(names.root):
        for node in names:
            node.grad = 0
        names.root.backward()
        return {node: node.grad for node in names}
