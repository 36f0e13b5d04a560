"""The sweep as records: one Step for each node, with the contributions it passes to its parents.

`backward_steps` walks the very sweep that `backward` runs; a Step says what happened there, as
text, LaTeX or MathML (`notation.py` sets it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from microrelu.engine import Constant, Value, topological_order
from microrelu.writing.notation import (
    LATEX,
    LONGEST_FORMULA,
    MATHML,
    TEXT,
    Names,
    Notation,
    Part,
    node_names,
    number,
    typeset_local_derivative,
    typeset_local_symbol,
    typeset_node,
    typeset_value,
)


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
        names: What the nodes were called, and their numbers, when the sweep began.
        grad: The node's `grad` when the step was made, with what earlier sweeps left at a leaf.
    """

    node: Value
    upstream: float
    contributions: tuple[Contribution, ...]
    root: Value = field(repr=False)
    names: Names = field(repr=False)
    grad: float = field(repr=False)

    @property
    def is_at_kink(self) -> bool:
        """Does the node sit where its derivative is a convention (ReLU at 0)?"""
        operation, data = self.node.operation, self.names.data
        return operation is not None and operation.kink(*map(data.__getitem__, self.node.parents))

    def gradient(self, node: Value, notation: Notation = TEXT) -> Part:
        """∂root/∂node, set."""
        over, under = (typeset_node(each, self.names, notation) for each in (self.root, node))
        return notation.partial(over, under)

    def equation(self, notation: Notation = TEXT, numbers: bool = True) -> str:
        """How the node was made: `z = w x + b = 0.5 · 2 + 0.1 = 1.1`."""
        return node_equation(self.node, self.names, notation, numbers)

    def product(self, contribution: Contribution, notation: Notation = TEXT) -> list[Part]:
        """∂C/∂z · ∂z/∂w, then ∂C/∂z · x, then −0.4 · 2, then −0.8: each said once."""
        chain, written, numbers = self.factors(contribution, notation)
        said = [written] if self.node is self.root else [chain, written]
        if len(said) == 2 and written[1].text in (numbers[1].text, chain[1].text):
            said.pop()
        products = [notation.product(pair) for pair in (*said, numbers)]
        return [*products, notation.number(contribution.amount)]

    def factors(
        self, contribution: Contribution, notation: Notation = TEXT
    ) -> tuple[tuple[Part, Part], tuple[Part, Part], tuple[Part, Part]]:
        """Upstream gradient and local derivative: as symbols, as formulas, as numbers."""
        upstream = self.gradient(self.node, notation)
        edge = self.node, contribution.operand, self.names, notation
        local, written = typeset_local_symbol(*edge), typeset_local_derivative(*edge)
        number = notation.number(contribution.local_derivative)
        if written is None:
            written = number if self.node is self.root else local or number
        numbers = notation.number(self.upstream), number
        return (upstream, local or written), (upstream, written), numbers

    def __str__(self) -> str:
        """The step as aligned lines of text."""
        gradient = f"{self.gradient(self.node).text} = {TEXT.number(self.upstream).text}"
        rows = []
        for each in self.contributions:
            *symbols, numbers, amount = (part.text for part in self.product(each))
            left, sign = self.gradient(each.parent).text, "=" if each.is_only else "+="
            total = f" total {TEXT.number(each.running_total).text}"
            rows.append([left, sign, " = ".join(symbols), f"= {numbers}", f"= {amount}", total])
        lines = [f"    {line}" for line in [*align(rows), *self._remarks()]]
        return "\n".join([f"{self.equation()}    {gradient}", *lines])

    def _remarks(self) -> list[str]:
        operation = self.node.operation
        if operation is None and self.grad != self.upstream:
            return [f"With what earlier sweeps left, grad is {TEXT.number(self.grad).text}."]
        if operation is None or not operation.has_kink:
            return []
        if self.is_at_kink:
            return [f"{operation.symbol} is at its kink: the derivative here is a convention."]
        closed = [each for each in self.contributions if each.local_derivative == 0]
        if closed and len(closed) == len(self.contributions):
            return [f"{operation.symbol} is closed: nothing passes."]
        names = ", ".join(typeset_node(each.parent, self.names).text for each in closed)
        return [f"{operation.symbol} passes nothing to {names}."] if closed else []

    def latex(self) -> str:
        """The step as an `aligned` environment, for the inside of a formula."""
        lines = [node_equation(self.node, self.names, LATEX, aligned=True)]
        for each in self.contributions:
            parts = [self.gradient(each.parent, LATEX), *self.product(each, LATEX)]
            lines.append(LATEX.equation(*parts, gains=not each.is_only, aligned=True))
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def mathml(self) -> str:
        """The step as one `<math>` element, a table with a row for each equation."""
        rows = [self.equation(MATHML)]
        for each in self.contributions:
            parts = [self.gradient(each.parent, MATHML), *self.product(each, MATHML)]
            rows.append(MATHML.equation(*parts, gains=not each.is_only))
        cells = "".join(f"<mtr><mtd>{row}</mtd></mtr>" for row in rows)
        return f'<math display="block"><mtable columnalign="left">{cells}</mtable></math>'

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def backward_steps(root: Value) -> Iterator[Step]:
    """Run `root.backward()` one node at a time, lazily.

    When a Step comes out, its contributions have been added, so that `draw(root)` shows the graph
    as it is after the step. Constants below the root, which are no variables, have no steps. A
    Step prints the numbers of the sweep that it is from, whatever changes afterwards.

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
    refuse_changed(root)
    return _steps(root, node_names(root))


def _steps(root: Value, names: Names) -> Iterator[Step]:
    received, recorded = dict.fromkeys(names, 0.0) | {root: 1.0}, root.local_derivatives
    done: Step | None = None
    for node in root.sweep():  # its contributions are added when the sweep is asked for the next
        if done is not None:
            yield done
        if root.local_derivatives is not recorded:
            name = typeset_node(root, names).text
            raise ValueError(
                f"{name} was computed anew between two of these steps, which have gradients from "
                f"before: take them again, backward_steps({name})."
            )
        done = None
        if not isinstance(node, Constant) or node is root:
            passed = tuple(_contributions(node, received, names.uses))
            done = Step(node, received[node], passed, root, names, node.grad)
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


def node_equation(
    node: Value,
    names: Names,
    notation: Notation = TEXT,
    numbers: bool = True,
    aligned: bool = False,
) -> str:
    """How a node was made, with symbols, with numbers, and its value: `z = w x = 0.5 · 2 = 1`."""
    parts = [typeset_node(node, names, notation), typeset_value(node, names, notation)]
    if node.parents and numbers:
        if len(node.parents) <= LONGEST_FORMULA:
            parts.append(typeset_value(node, names, notation, numbers=True))
        parts.append(notation.number(names.data[node]))
    return notation.equation(*parts, aligned=aligned)


def at_kink(node: Value) -> bool:
    """Does the node sit where its derivative is a convention, as ReLU does at 0?"""
    return node.operation is not None and node.operation.kink(*[each.data for each in node.parents])


def changed_nodes(order: Iterable[Value]) -> list[Value]:
    """The nodes that hold no more: their operation, run again, gives something else.

    That is another value, or another local derivative, of what the operands hold now: `data` was
    assigned after the graph was recorded. A derivative at a kink is a convention, of the time when
    the node was made, and does not count.
    """
    return [node for node in order if _changes(node)]


def refuse_changed(root: Value) -> None:
    """Raise a ValueError if a node below the root holds no more.

    The sentence names the first such node, its operands, and what to write.
    """
    for node in topological_order(root):
        if changes := _changes(node):
            names = node_names(root)
            raise ValueError(
                f"{_no_longer(node, *changes[0], names)}: data was assigned after the graph was "
                f"recorded. Write {recompute(names)} to compute it anew."
            )


def recompute(names: Names) -> str:
    """What to write where a graph no longer holds: `C.recompute()`."""
    name = [*names.values()][-1]
    return f"{name if name.isidentifier() else 'root'}.recompute()"


def _changes(node: Value) -> list[tuple[int, float, float]]:
    """What of a node its operation now gives otherwise: operand, what was recorded, what is.

    The operand is that of a local derivative; −1 stands for the value.
    """
    if node.operation is None:
        return []
    try:
        value, derivatives = node.operation.compute(*[each.data for each in node.parents])
    except (ArithmeticError, ValueError, TypeError):
        value, derivatives = math.nan, node.local_derivatives
    recorded, now = [node.data], [value]
    if not at_kink(node):
        recorded += node.local_derivatives
        now += derivatives
    pairs = enumerate(zip(recorded, now, strict=True), -1)
    return [(i, a, b) for i, (a, b) in pairs if a != b and not math.isnan(a) * math.isnan(b)]


def _no_longer(node: Value, operand: int, was: float, is_now: float, names: Names) -> str:
    """How a node differs from what its operands give now, as the start of a sentence."""
    shown = [typeset_node(each, names).text for each in node.parents]
    now = [
        f"{text} = {number(each.data, 12)}"
        for text, each in dict(zip(shown, node.parents, strict=True)).items()
        if not isinstance(each, Constant)
    ]
    if len(now) > 6:
        now[3:-2] = ["…"]
    what = f"{typeset_node(node, names).text} = {typeset_value(node, names).text}"
    if operand >= 0:
        what = f"The derivative of {what} by {shown[operand]}"
    digits = 12 if number(was, 12) != number(is_now, 12) else 17
    found = f"was recorded as {number(was, digits)}, and is {number(is_now, digits)}"
    return f"{what} {found} with {', '.join(now)}" if now else f"{what} {found} now"


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their cells padded to columns, a space apart."""
    columns = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [" ".join(map(str.ljust, row, columns)).rstrip() for row in rows]
