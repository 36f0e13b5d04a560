"""Gradients checked by differences: nudge a leaf, evaluate the recorded graph again, compare.

The check knows about kinks: where the slopes left and right of a leaf differ, every number between
them is a gradient, and the report names the node that stands there. Read `words.py` next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from microrelu.notation import (
    TEXT,
    Names,
    node_names,
    number,
    set_local_derivative,
    set_local_symbol,
)
from microrelu.steps import align, at_kink, grads_kept, node_equation
from microrelu.value import Constant, Value, as_value, topological_order

LEVELS = 4  # nudges by h, h/2, h/4 and h/8, extrapolated to h → 0
RUNGS = 16  # steps h to try at most, each a 32nd of the one before
SHARP = 1e-6  # differences with a smaller relative error need no better step
SLACK = 16.0  # how much of the rounding of single evaluations extrapolation can pile up
SWEEP_ROUNDING = 1e-9  # relative, granted to the gradient itself
EPSILON = 2.0**-52
COARSE = 1e-3  # a relative error that hides what a check should find
LONGEST_TABLE, LONGEST_NOTES = 40, 12  # lines

Function = Callable[[float], tuple[float, float]]  # x → value, and how much of it may be rounding


@dataclass(frozen=True)
class LeafCheck:
    """One leaf's gradient beside its differences.

    Attributes:
        leaf: Its label, or v1, v2, … as in the steps.
        gradient: By backpropagation, or as given.
        left: The slope to its left; None where the graph has no value there.
        central: The slope through both sides; None where one is missing.
        right: The slope to its right; None where the graph has no value there.
        uncertainty: How far off the differences may be, rounding included; None without any.
        agrees: Is the gradient right, as far as differences can tell?
        verdict: "agrees"; "within rounding" (the differences are too coarse to say more); "kink";
            "one-sided"; "infinite"; "no neighbours"; "not finite"; "WRONG".
    """

    leaf: str
    gradient: float
    left: float | None
    central: float | None
    right: float | None
    uncertainty: float | None
    agrees: bool
    verdict: str

    @property
    def slopes(self) -> tuple[float | None, float | None, float | None]:
        """Left, central, right."""
        return self.left, self.central, self.right

    @property
    def is_two_sided(self) -> bool:
        """Do left and right say more than the central slope: at a kink, or at an edge?"""
        return self.verdict == "kink" or (self.central is None and self.slopes != (None,) * 3)

    @property
    def distance(self) -> float:
        """How far the gradient is from the differences, relative to the larger of them."""
        sides = (self.left, self.right) if self.is_two_sided else (self.central,)
        slopes = [each for each in sides if each is not None]
        if self.agrees and self.verdict in ("kink", "infinite"):
            return 0.0
        if not slopes or not math.isfinite(self.gradient):
            return math.inf
        apart = max(min(slopes) - self.gradient, self.gradient - max(slopes), 0.0)
        return apart / max(map(abs, [self.gradient, *slopes])) if apart else 0.0


@dataclass(frozen=True, repr=False)
class Report:
    """What `check_gradients` found: true when all agree; prints as a table.

    Attributes:
        rows: One LeafCheck for each leaf.
        notes: Sentences: local derivatives that are wrong, nodes at their kinks.
        source: Where the gradients come from, "backpropagation" or "given".
    """

    rows: tuple[LeafCheck, ...]
    notes: tuple[str, ...] = ()
    source: str = "backpropagation"

    def __bool__(self) -> bool:
        return all(row.agrees for row in self.rows)

    @property
    def worst(self) -> LeafCheck | None:
        """The leaf that is furthest off, those that do not agree first; None without leaves."""
        return max(self.rows, key=lambda row: (not row.agrees, row.distance), default=None)

    def __repr__(self) -> str:
        """The table, the notes, and the worst leaf with both numbers."""
        rows: Sequence[LeafCheck] = self.rows
        if hidden := max(0, len(rows) - LONGEST_TABLE):
            rows = sorted(rows, key=lambda row: row.agrees)[:LONGEST_TABLE]
        cells = [["leaf", self.source, "left", "central", "right", "verdict"]] if rows else []
        for row in rows:
            slopes = [_slope_text(each, row) for each in row.slopes]
            cells.append([TEXT.name(row.leaf).text, number(row.gradient, 8), *slopes, row.verdict])
        lines = align([[f"{cell} " for cell in line] for line in cells]) if cells else []
        lines += [f"… and {hidden} more."] if hidden else []
        lines += self.notes[:LONGEST_NOTES]
        if (hidden := len(self.notes) - LONGEST_NOTES) > 0:
            lines.append(f"… and {hidden} more notes.")
        return "\n".join([*lines, self._conclusion()])

    def _conclusion(self) -> str:
        row, right = self.worst, sum(row.agrees for row in self.rows)
        if row is None:
            return "There is no leaf to check."
        claim = "as given" if self.source == "given" else f"by {self.source}"
        slope = _by_differences(row, 12)
        return (
            f"{right} of {len(self.rows)} agree. Furthest off is {TEXT.name(row.leaf).text}: "
            f"{number(row.gradient, 12)} {claim}, {slope} by differences{_hint(row)}."
        )


def check_gradients(root: Value, gradients: Mapping[Value, float | Value] | None = None) -> Report:
    """Compare the gradient of each leaf with differences.

    Nothing is changed: `data` stays, and `grad` is put back. Each leaf costs about eight
    evaluations of the nodes that depend on it, and up to a hundred where the gradient is wrong. To
    check some leaves of a large graph, or gradients of your own, give them.

    Args:
        root: The node whose gradients they are.
        gradients: The leaves to check, with what their gradients are said to be; by default all
            leaves but constants, with what backpropagation finds.

    Returns:
        A report that is true when all agree, and prints as a table.

    Raises:
        TypeError: root is no Value.
        ValueError: data was changed after the graph was recorded, or a key is no leaf of it.

    >>> w, x, y = Value(0.5, "w"), Value(2.0, "x"), Value(3.0, "y")
    >>> prediction = (w * x).relu()
    >>> cost = (prediction - y) ** 2 / 2
    >>> check_gradients(cost)
    leaf  backpropagation  left  central  right  verdict
    w     −4               −4    −4       −4     agrees
    x     −1               −1    −1       −1     agrees
    y     2                2     2        2      agrees
    3 of 3 agree. Furthest off is w: −4 by backpropagation, −4 by differences.
    >>> check_gradients(cost, {w: (y - prediction) * x})
    leaf  given  left  central  right  verdict
    w     4      −4    −4       −4     WRONG
    0 of 1 agree. Furthest off is w: 4 as given, −4 by differences: the sign is lost.
    """
    if not isinstance(root, Value):
        raise TypeError(f"check_gradients needs a Value, the root of a graph, not {root!r}.")
    order = topological_order(root)
    names = node_names(root)
    noise = _evaluate_again(order, names)
    swept = _swept(root, order)
    claims = swept if gradients is None else _claims(gradients, swept, names)
    rows: list[LeafCheck] = []
    doubtful: list[tuple[int, bool]] = []  # rows, and whether kinks stand before them
    wrong: list[str] = []
    notes: dict[str, None] = {}  # keeps the order in which they come up
    for leaf, gradient in claims.items():
        line = _Line(root, leaf, order, noise)
        kinks = [node for node in line.nodes if at_kink(node)]
        found = _compare(line, float(leaf.data), gradient, bool(kinks))
        notes.update((_kink_note(node, names), None) for node in kinks)
        if found.verdict == "kink" and not kinks:
            notes.update((_near_note(node, names), None) for node in line.bent_within(found.step))
        if found.verdict == "WRONG" and gradient == swept[leaf]:
            doubtful.append((len(rows), bool(kinks)))
        rows.append(LeafCheck(names[leaf], gradient, *found[:-1]))
    if doubtful:
        wrong = [note for node in order for note in _wrong_derivatives(node, names)]
        for index in (index for index, has_kinks in doubtful if has_kinks and not wrong):
            rows[index] = replace(rows[index], agrees=True, verdict="kink")
            notes[_meeting_note(rows[index])] = None
    return Report(
        tuple(rows), (*wrong, *notes), "backpropagation" if gradients is None else "given"
    )


def _evaluate_again(order: Sequence[Value], names: Names) -> dict[Value, float]:
    """How much of each node's value may be rounding; a ValueError where the graph is stale."""
    noise: dict[Value, float] = {}
    for node in order:
        if node.operation is None:
            continue
        numbers = [parent.data for parent in node.parents]
        try:
            value, derivatives = node.operation.function(*numbers)
        except (ArithmeticError, ValueError):
            value, derivatives = math.nan, ()
        recorded = [node.data] if at_kink(node) else [node.data, *node.local_derivatives]
        if not all(map(_same, recorded, [value, *derivatives])):
            raise ValueError(
                f"{node_equation(node, names)} is no longer true: data was changed after the "
                "graph was recorded. Build the graph again and check that."
            )
        noises = [noise.get(parent, 0.0) for parent in node.parents]
        noise[node] = _rounding(value, numbers, derivatives, noises)
    return noise


def _same(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


def _rounding(
    value: float, numbers: Iterable[float], derivatives: Iterable[float], noises: Iterable[float]
) -> float:
    """How much of a node's value may be rounding: its own, and what comes with its operands."""
    terms = [
        abs(derivative) * (EPSILON * abs(number) + noise)
        for number, derivative, noise in zip(numbers, derivatives, noises, strict=True)
    ]
    return EPSILON * abs(value) + sum(term for term in terms if math.isfinite(term))


def _swept(root: Value, order: Sequence[Value]) -> dict[Value, float]:
    """The gradient of each leaf that is a variable, by a sweep that leaves no trace."""
    with grads_kept(root):
        for node in order:
            node.grad = 0
        root.backward()
        return {
            node: float(node.grad)
            for node in order
            if node.operation is None and not isinstance(node, Constant)
        }


def _claims(
    gradients: Mapping[Value, float | Value],
    swept: Mapping[Value, float],
    names: Names,
) -> dict[Value, float]:
    for leaf in gradients:
        if leaf not in swept:
            leaves = ", ".join(names[each] for each in swept)
            raise ValueError(f"{leaf!r} is no leaf of this graph; its leaves are {leaves}.")
    return {leaf: as_value(gradient).data for leaf, gradient in gradients.items()}


class _Line:
    """The root as a function of one leaf, the others held where they are."""

    def __init__(
        self, root: Value, leaf: Value, order: Iterable[Value], noise: Mapping[Value, float]
    ) -> None:
        reached = {leaf}
        self.nodes = []  # those that depend on the leaf, parents first
        for node in order:
            if not reached.isdisjoint(node.parents):
                reached.add(node)
                self.nodes.append(node)
        self.root, self.leaf, self.noise = root, leaf, noise

    def __call__(self, x: float) -> tuple[float, float]:
        data, noise = {self.leaf: x}, {self.leaf: 0.0}
        self.local_derivatives: list[Sequence[float]] = []
        for node in self.nodes:
            assert node.operation is not None
            numbers = [data.get(each, each.data) for each in node.parents]
            noises = [noise.get(each) or self.noise.get(each, 0.0) for each in node.parents]
            value, derivatives = node.operation.function(*numbers)
            data[node], noise[node] = value, _rounding(value, numbers, derivatives, noises)
            self.local_derivatives.append(derivatives)
        return data[self.root], noise[self.root]

    def bent_within(self, step: float) -> list[Value]:
        """The nodes whose local derivatives jump between step left and step right of the leaf."""
        sides = []
        for nudge in (-step, step):
            self(self.leaf.data + nudge)
            sides.append(self.local_derivatives)
        bent = [
            node
            for node, left, right in zip(self.nodes, *sides, strict=True)
            if not all(math.isclose(a, b, rel_tol=1e-3) for a, b in zip(left, right, strict=True))
        ]
        return [node for node in bent if node.operation and node.operation.has_kink] or bent[:1]


class _Point(NamedTuple):
    x: float
    value: float
    noise: float


class _Slope(NamedTuple):
    value: float
    error: float


class _Rung(NamedTuple):
    """The slopes that one step, halved three times, finds left, right, and through both sides."""

    step: float
    left: _Slope | None
    central: _Slope | None
    right: _Slope | None

    @property
    def gap(self) -> float:
        """By how much left and right differ beyond their errors; not above 0 where it is smooth."""
        if self.left is None or self.right is None:
            return 0.0
        return abs(self.left.value - self.right.value) - self.left.error - self.right.error

    @property
    def slopes(self) -> list[_Slope]:
        """The ends of what is a gradient here: left and right at a kink, else the one slope."""
        if self.gap > 0:
            return [side for side in (self.left, self.right) if side]
        return [side for side in (self.central or self.left or self.right,) if side]

    @property
    def error(self) -> float:
        return max(slope.error for slope in self.slopes)

    def admits(self, gradient: float) -> bool:
        low, high = min(self.slopes), max(self.slopes)
        return low.value - low.error <= gradient <= high.value + high.error

    def settles(self, gradient: float, kinks: bool) -> bool:
        """Is this so sharp an agreement that no other step need be tried?"""
        if self.central is None or (self.gap > 0 and not kinks) or not self.admits(gradient):
            return False
        size = max(abs(slope.value) for slope in (*self.slopes, _Slope(gradient, 0.0)))
        return self.error <= SHARP * size

    def is_flat_around(self, at: float) -> bool:
        """Does nothing move within a step large enough not to be lost in rounding?"""
        slopes = (self.left, self.central, self.right)
        is_large = self.step >= _power_of_two(max(abs(at), 1.0))
        return is_large and all(slope is not None and slope.value == 0 for slope in slopes)


class _Comparison(NamedTuple):
    left: float | None = None
    central: float | None = None
    right: float | None = None
    uncertainty: float | None = None
    agrees: bool = False
    verdict: str = "not finite"
    step: float = 0.0


def _compare(function: Function, at: float, gradient: float, kinks: bool) -> _Comparison:
    """Hold a gradient against differences around a place; `kinks`: are any known there?"""
    here = _Point(at, *function(at))
    if not all(map(math.isfinite, here)):
        return _Comparison()
    rungs: list[_Rung] = []
    for step in _steps(at):
        rung = _rung(function, here, step)
        if rung.left or rung.right:
            rungs.append(rung)
        if rung.settles(gradient, kinks) or (gradient == 0 and rung.is_flat_around(at)):
            break
    else:
        if not rungs:
            return _Comparison(verdict="no neighbours")
        rung = _best(rungs)
    infinite = math.isinf(gradient) and _grow(rungs, gradient)
    agrees, verdict = rung.admits(gradient) or infinite, "agrees"
    if not agrees:
        verdict = "WRONG"
    elif infinite:
        rung, verdict = min(rungs), "infinite"  # the smallest step is the steepest
    elif rung.gap > 0:
        verdict = "kink"
    elif rung.central is None:
        verdict = "one-sided"
    elif rung.error > COARSE * abs(gradient) > 0:
        verdict = "within rounding"
    left, central, right = (each and each.value for each in (rung.left, rung.central, rung.right))
    return _Comparison(left, central, right, rung.error, agrees, verdict, rung.step)


def _steps(at: float) -> Iterator[float]:
    """Steps to try: one to the scale of the number, then from the scale of 1 or of it downwards.

    They are powers of two, so that a nudge of a round number is exact.
    """
    size = abs(at)
    if 0 < size < 1:
        yield _power_of_two(size)
    largest = _power_of_two(max(size, 1.0))
    for rung in range(RUNGS):
        if (step := largest / 32.0**rung) > 2.0**-37 * size:
            yield step


def _power_of_two(size: float) -> float:
    return math.ldexp(1.0, math.frexp(size)[1] - 7)  # from a 128th to a 64th of the size


def _rung(function: Function, here: _Point, step: float) -> _Rung:
    left, right = _side(function, here.x, -step), _side(function, here.x, step)
    middle = [here] * LEVELS
    return _Rung(
        step,
        _slope(left, middle, 2.0) if left else None,
        _slope(left, right, 4.0) if left and right else None,
        _slope(middle, right, 2.0) if right else None,
    )


def _side(function: Function, at: float, step: float) -> list[_Point]:
    """The function at step, step/2, step/4, … from a place; [] where it leaves its domain."""
    points = []
    for level in range(LEVELS):
        x = at + step / 2**level
        try:
            points.append(_Point(x, *function(x)))
        except (ArithmeticError, ValueError):
            return []
        if x == at or not all(map(math.isfinite, points[-1])):
            return []
    return points


def _slope(left: list[_Point], right: list[_Point], base: float) -> _Slope | None:
    """Richardson's extrapolation of the quotients, whose errors fall by base, base² and so on."""
    guesses = [(b.value - a.value) / (b.x - a.x) for a, b in zip(left, right, strict=True)]
    before = guesses
    for power in range(1, LEVELS):
        before = guesses
        guesses = [fine + (fine - coarse) / (base**power - 1) for coarse, fine in pairwise(before)]
    (limit,) = guesses
    spread = max(abs(limit - guess) for guess in before)
    noise = max(point.noise for point in (*left, *right)) / (right[-1].x - left[-1].x)
    error = 2 * spread + SLACK * noise + SWEEP_ROUNDING * abs(limit)
    return _Slope(limit, error) if math.isfinite(error) else None


def _best(rungs: list[_Rung]) -> _Rung:
    """The rung to believe: the sharpest one, kinked only if no smaller step resolves the kink."""
    rungs = sorted(rungs, key=lambda rung: -rung.step)
    both = [rung for rung in rungs if rung.central]
    kinked = [rung for rung in both if rung.gap > 0]
    smooth = [rung for rung in both if rung.gap <= 0]
    if kinked:
        last = kinked[-1]
        smooth = [each for each in smooth if each.step < last.step and each.error < last.gap / 4]
    return min(smooth or kinked or rungs, key=lambda rung: rung.error)


def _grow(rungs: list[_Rung], gradient: float) -> bool:
    """Do the slopes on some side grow towards this infinity as the steps shrink?"""
    rungs = sorted(rungs, key=lambda rung: -rung.step)
    for side in ([rung.left for rung in rungs], [rung.right for rung in rungs]):
        slopes = [slope.value * math.copysign(1.0, gradient) for slope in side if slope]
        if len(slopes) > 2 and all(0 < a < b for a, b in pairwise(slopes)):
            return True
    return False


def _wrong_derivatives(node: Value, names: Names) -> Iterator[str]:
    """A sentence for each local derivative of the node that its own function contradicts."""
    numbers = [parent.data for parent in node.parents]
    for index, derivative in enumerate(node.local_derivatives):
        nudge = _nudged_operand(node, numbers, index)
        found = _compare(nudge, numbers[index], derivative, at_kink(node))
        if found.verdict == "WRONG":
            row = LeafCheck("", derivative, *found[:-1])
            yield (
                f"{node_equation(node, names)}: the local derivative "
                f"{_partial(node, index, names)} = {number(derivative, 8)} is wrong; "
                f"differences say {_by_differences(row, 8)}."
            )


def _nudged_operand(node: Value, numbers: list[float], index: int) -> Function:
    def function(x: float) -> tuple[float, float]:
        operands = [*numbers[:index], x, *numbers[index + 1 :]]
        assert node.operation is not None
        value, derivatives = node.operation.function(*operands)
        return value, _rounding(value, operands, derivatives, [0.0] * len(operands))

    return function


def _kink_note(node: Value, names: Names) -> str:
    conventions = [
        f"{_partial(node, index, names)} = {number(derivative)}"
        for index, derivative in enumerate(node.local_derivatives)
        if not isinstance(node.parents[index], Constant)
    ]
    return f"{node_equation(node, names)} is at its kink: {', '.join(conventions)} by convention."


def _meeting_note(row: LeafCheck) -> str:
    return (
        f"Several kinks meet for {TEXT.name(row.leaf).text}: each convention is right by itself, "
        f"together they give {number(row.gradient)}, which is no slope of the whole."
    )


def _near_note(node: Value, names: Names) -> str:
    return f"{node_equation(node, names)} is so near a kink that nudges see both of its slopes."


def _partial(node: Value, index: int, names: Names) -> str:
    symbol = set_local_symbol(node, index, names) or set_local_derivative(node, index, names)
    return symbol.text if symbol else ""


def _slope_text(slope: float | None, row: LeafCheck, digits: int = 8) -> str:
    if slope is None:
        return "none"
    is_noise = 0 < abs(slope) <= (row.uncertainty or 0.0)
    return "≈ 0" if is_noise else number(slope, digits)


def _by_differences(row: LeafCheck, digits: int) -> str:
    left, central, right = (_slope_text(each, row, digits) for each in row.slopes)
    return f"left {left} and right {right}" if row.is_two_sided else central


def _hint(row: LeafCheck) -> str:
    """What a student may have forgotten."""
    if row.verdict != "WRONG" or row.central is None:
        return ""
    if row.central == 0 == row.left == row.right:
        return ": a factor 0, such as a Step, is missing"
    return ": the sign is lost" if math.isclose(row.gradient, -row.central, rel_tol=1e-6) else ""
