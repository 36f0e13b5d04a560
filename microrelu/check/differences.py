"""How differences are taken: a recorded graph, evaluated again with one leaf nudged.

It is evaluated by the formulas of its operations in as many digits as it takes (`exact.py`), so
that a nudge can be far below what floats hold: what is seen is a slope, and not the curve or a kink
beside it. An operation without a formula has only its function of floats, and is nudged by as much
as these show. `gradients.py` says what the slopes mean.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import NamedTuple

from microrelu import operations
from microrelu.check import exact
from microrelu.check.floats import (
    EPSILON,
    SLACK,
    TINIEST,
    Slope,
    computed,
    operands_of,
    rounding,
    slope_of_floats,
)
from microrelu.engine import Value, topological_order

DECADES = (25, 350, 400)  # a nudge is so many powers of ten below the leaf, or below all floats
COARSE_DECADES = (6, 8)  # … or so few, to see across a kink that is within rounding
SPARE, MOST_DIGITS = 30, 3000  # digits, beyond those that a difference loses; and at most
BEYOND = Decimal(10) ** 330  # more than any float
LARGER = 1000  # by so much quotients grow or shrink each time, on their way to ∞ or to 0
FINE = 1e-9  # relative, granted to a gradient and to differences
ROUNDING = 1024 * EPSILON  # relative, of a local derivative: exp loses as much far out
FOREIGN = 64 * EPSILON  # of the value, of a local derivative that the package does not know


class Slopes(NamedTuple):
    """The slopes left and right of a leaf; None on a side where the graph has no value."""

    left: Slope | None = None
    right: Slope | None = None

    @property
    def sides(self) -> list[Slope]:
        """Those that there are."""
        return [side for side in self if side is not None]

    @property
    def central(self) -> float | None:
        """The slope through both sides."""
        if self.left is None or self.right is None:
            return None
        a, b = self.left.value, self.right.value
        return a if a == b else a / 2 + b / 2

    @property
    def error(self) -> float:
        """How far off they may be."""
        return max([side.error for side in self.sides], default=math.inf)

    @property
    def size(self) -> float:
        """The larger one, without its sign; 0 without any that is finite."""
        sizes = [abs(side.value) for side in self.sides]
        return max(filter(math.isfinite, sizes), default=0.0)

    @property
    def differ(self) -> bool:
        """Do left and right differ beyond their errors, as at a kink?"""
        if self.left is None or self.right is None or self.left.value == self.right.value:
            return False
        apart = abs(self.left.value - self.right.value)
        return apart > self.left.error + self.right.error + FINE * self.size

    def distance(self, gradient: float) -> float:
        """How far a gradient is from lying between both: 0 where it does, ∞ without slopes."""
        values = [side.value for side in self.sides]
        if not values or math.isnan(gradient):
            return math.inf
        if min(values) <= gradient <= max(values):
            return 0.0
        return min(abs(gradient - value) for value in values if value != gradient)

    def apart(self, other: Slopes) -> float:
        """How far the slopes are from others, where both have no kink."""
        if len(self.sides) < 2 or len(other.sides) < 2 or self.differ or other.differ:
            return 0.0
        return max(abs(a.value - b.value) for a, b in zip(self.sides, other.sides, strict=True))

    def show(self, gradient: float) -> bool:
        """Are both the gradient that was looked for? That cannot be chance."""
        return len(self.sides) == 2 and all(
            abs(value - gradient) + error <= FINE * abs(gradient) for value, error in self.sides
        )


class Graph:
    """A recorded graph, to be evaluated again.

    Attributes:
        order: Its nodes, parents first.
        near_kinks: The nodes whose rounding decides on which side of a kink they are.
        scale: How much of the root is rounding where all numbers are rounded to whole ones.
    """

    def __init__(self, root: Value) -> None:
        self.root, self.order = root, topological_order(root)
        self.functions: dict[Value, exact.Function | None] = {}
        self.near_kinks: set[Value] = set()
        self._bases: dict[tuple[int, bool], Base] = {}
        noise = dict.fromkeys(self.order, 0.0)
        scale: dict[Value, Decimal] = {}
        for node in self.order:
            scale[node] = _scale(node, scale)
            if node.operation is None:
                continue
            self.functions[node] = _formula(node)
            noises = [noise[parent] for parent in node.parents]
            if node.operation.has_kink and _bends(node, noises):
                self.near_kinks.add(node)
            noise[node] = rounding(node.data, operands_of(node), node.local_derivatives, noises)
        self.scale = scale[root]

    def base(self, digits: int, recorded: bool) -> Base:
        """The graph before a nudge, in the digits of the context."""
        if (digits, recorded) in self._bases:
            return self._bases[digits, recorded]
        base = self._bases[digits, recorded] = Base({}, {}, set())
        for node in self.order:
            base.values[node] = value = Decimal(node.data)
            if node.operation is None:
                continue
            try:
                if (function := self.functions[node]) is None:
                    raise ValueError
                formula = function(*[base.values[parent] for parent in node.parents])
            except (ArithmeticError, ValueError):
                base.by_floats.add(node)
                continue
            if recorded:
                base.shifts[node] = value - formula
            else:
                base.values[node] = formula
        return base


class Base(NamedTuple):
    """A graph before a nudge.

    Attributes:
        values: Of its nodes.
        shifts: What a node was recorded as, less what its formula gives; kept when it is nudged.
        by_floats: The nodes without a formula, or where it has no value.
    """

    values: dict[Value, Decimal]
    shifts: dict[Value, Decimal]
    by_floats: set[Value]


class Line:
    """The root as a function of one leaf, the others held where they are.

    Attributes:
        nodes: Those that depend on the leaf, parents first.
    """

    def __init__(self, graph: Graph, leaf: Value) -> None:
        self.graph, self.leaf = graph, leaf
        self.nodes: list[Value] = []
        reached = {leaf}
        for node in graph.order:
            if not reached.isdisjoint(node.parents):
                reached.add(node)
                self.nodes.append(node)
        self._doubts: dict[Value, float] = {}  # how far off nodes by floats move, by unit nudge

    def slopes(self, gradient: float, recorded: bool, decades: Sequence[int] = DECADES) -> Slopes:
        """The slopes by a small nudge, and if these are not the gradient by nudges below any float.

        Args:
            gradient: What the slopes will be compared with.
            recorded: Take each node as recorded, its rounding a constant beside its formula; else
                as written, without any rounding.
            decades: How small the nudges are.
        """
        size = Decimal(self.leaf.data).adjusted() if self.leaf.data else 0
        quotients: dict[int, list[Decimal]] = {-1: [], 1: []}
        for decade in decades:
            digits = self._digits(gradient, size - decade)
            with localcontext(exact.digits(digits)):
                base = self.graph.base(digits, recorded)
                for side, found in quotients.items():
                    step = Decimal(side).scaleb(size - decade)
                    move = self._move(step, base)
                    found[:] = [] if move is None else [*found, move / step]
                noise = float(self.graph.scale.scaleb(decade - size - digits))
                slopes = _limits(quotients[-1], quotients[1], noise)
            if slopes.show(gradient):
                break
        return slopes

    def _digits(self, gradient: float, step: int) -> int:
        """How many digits show the gradient, or that it is 0, in differences of such a step."""
        smallest = _decade(gradient) if math.isfinite(gradient) else 0
        needed = self.graph.scale.adjusted() - step - smallest + SPARE
        rounded = -(-needed // 40) * 40  # few different numbers, so that bases are shared
        return min(max(rounded, 60), MOST_DIGITS)

    def _move(self, step: Decimal, base: Base) -> Decimal | None:
        """How far the root moves with the leaf; None where there is no value."""
        values = {self.leaf: base.values[self.leaf] + step}
        try:
            for node in self.nodes:
                if not values.keys().isdisjoint(node.parents):
                    value = self._value(node, values, step, base)
                    if value != base.values[node]:
                        values[node] = value
        except (ArithmeticError, ValueError):
            return None
        root = self.graph.root
        move = values.get(root, base.values[root]) - base.values[root]
        return move if move.is_finite() else None

    def _value(
        self, node: Value, values: dict[Value, Decimal], step: Decimal, base: Base
    ) -> Decimal:
        before = [base.values[parent] for parent in node.parents]
        operands = [values.get(*pair) for pair in zip(node.parents, before, strict=True)]
        function = self.graph.functions[node]
        if function is not None and node not in base.by_floats:
            return function(*operands) + base.shifts.get(node, 0)
        moves = [after - operand for after, operand in zip(operands, before, strict=True)]
        size = max(map(abs, moves))
        slope, error = slope_of_floats(node, [float(move / size) for move in moves])
        doubt = error * float(size / abs(step))
        self._doubts[node] = max(self._doubts.get(node, 0.0), doubt)
        return base.values[node] + size * Decimal(slope)

    def lost(self) -> tuple[float, float]:
        """How far off the gradient of a sweep may be, and the slopes, by floats.

        Beside the rounding of each local derivative and its product this counts what is too small
        for a float, and what nodes without a formula leave open.
        """
        moves, lost, doubt = {self.leaf: 1.0}, {self.leaf: 0.0}, {self.leaf: 0.0}
        tiny = {self.leaf: 0.0}  # of that is lost, in units of the smallest float
        for node in self.nodes:
            foreign = 0.0 if _is_known(node) else FOREIGN * abs(node.data)
            moves[node], lost[node], tiny[node] = 0.0, 0.0, 0.0
            doubt[node] = self._doubts.get(node, 0.0)
            for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
                if parent in moves:
                    size = abs(derivative)
                    own = ROUNDING * size + foreign / max(abs(parent.data), 1.0)
                    moves[node] += size * moves[parent]
                    tiny[node] += size * tiny[parent] + moves[parent]
                    lost[node] += size * lost[parent] + own * moves[parent]
                    doubt[node] += size * doubt[parent] if doubt[parent] else 0.0
        root = self.graph.root
        underflow = TINIEST * (tiny[root] + sum(moves.values()))
        whole = lost[root] + doubt[root] + underflow
        return (math.inf if math.isnan(whole) else whole), doubt[root]


def _decade(x: float) -> int:
    return math.floor(math.log10(abs(x))) if x else -330  # below the smallest float


def _limits(left: Sequence[Decimal], right: Sequence[Decimal], noise: float) -> Slopes:
    slopes = Slopes(_limit(left, noise), _limit(right, noise))
    if slopes.left and slopes.right and len(left) == len(right) == 1:
        error = abs(slopes.left.value - slopes.right.value) + noise
        return Slopes(*(Slope(side.value, error) for side in slopes.sides))
    return slopes


def _limit(quotients: Sequence[Decimal], noise: float) -> Slope | None:
    """Where the quotients go as the nudges shrink."""
    if not quotients:
        return None
    last = quotients[-1]
    if _vanishes(quotients):
        return Slope(0.0, noise)
    if _vanishes(quotients[:-4:-1]) and abs(last) > noise:
        return Slope(math.copysign(math.inf, last), 0.0)
    value = float(last) + 0.0
    if len(quotients) < 2 or math.isinf(value):  # no float shows a slope beyond the largest
        return Slope(value, math.inf)
    return Slope(value, float(abs(last - quotients[-2])) + noise)


def _vanishes(quotients: Sequence[Decimal]) -> bool:
    """Does each quotient of the last three come to nothing beside the one before?"""
    sizes = [abs(quotient) for quotient in quotients[-3:]]
    return len(sizes) == 3 and all(b * LARGER <= a for a, b in pairwise(sizes))


def _is_known(node: Value) -> bool:
    """Is the operation one of this package, whose derivatives are right to the last digits?"""
    return node.operation is not None and node.operation.__module__ == operations.__name__


def _formula(node: Value) -> exact.Function | None:
    """The node's formula; None without one, or where the operation computes something else."""
    assert node.operation is not None
    formula = exact.exact_function(node.operation, len(node.parents))
    if formula is None or _is_known(node):
        return formula
    for side in (0.0, -1.0, 1.0):
        numbers = [a + side / 64 * (abs(a) or 1.0) for a in operands_of(node)]
        if (found := computed(node, numbers)) is None:
            continue
        value, derivatives = found
        slack = SLACK * (rounding(value, numbers, derivatives, [0.0] * len(numbers)) + TINIEST)
        try:
            with localcontext(exact.digits(400)):
                off = abs(float(formula(*map(Decimal, numbers)) - Decimal(value)))
        except (ArithmeticError, ValueError):
            return None
        if not off <= 1e-6 * abs(value) + slack:
            return None
    return formula


def _scale(node: Value, scales: Mapping[Value, Decimal]) -> Decimal:
    """The same where numbers, those inside of a formula too, are rounded to whole ones."""
    with localcontext(exact.digits(9)):
        whole = max(abs(_finite(node.data)), Decimal(1 if node.parents else 0))
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            whole += abs(_finite(derivative)) * (abs(_finite(parent.data)) + scales[parent])
        return max(whole, Decimal(1))


def _finite(x: float) -> Decimal:
    return Decimal(0) if math.isnan(x) else BEYOND if math.isinf(x) else Decimal(x)


def _bends(node: Value, noises: Sequence[float]) -> bool:
    """Does a local derivative jump where an operand moves by no more than its rounding?"""
    for index, noise in enumerate(noises):
        for nudge in (-noise, noise) if noise else ():
            numbers = operands_of(node)
            numbers[index] += nudge
            bent = computed(node, numbers)
            pairs = zip(bent[1], node.local_derivatives, strict=True) if bent else ()
            if not all(math.isclose(a, b, rel_tol=1e-3) for a, b in pairs):
                return True
    return False
