"""Gradients checked by differences: nudge a leaf, evaluate the recorded graph again, compare.

`differences.py` takes them; what is here says what they mean. The check knows about kinks: where
the slopes left and right of a leaf differ, every number between them is a gradient, and the report
names the node that stands there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from microrelu.check.differences import COARSE_DECADES, DECADES, FINE, Graph, Line, Slopes
from microrelu.check.report import LeafCheck, Report, by_differences
from microrelu.engine import Constant, Value, as_value
from microrelu.steps.holds import at_kink, refuse_changed
from microrelu.steps.sweep import grads_kept
from microrelu.writing.figures import number
from microrelu.writing.names import Names
from microrelu.writing.notation import TEXT
from microrelu.writing.variables import Given, names_for
from microrelu.writing.writer import Writer

COARSE = 5e-3  # a relative error that hides what a check should find
UNMEASURED = "cannot be measured here"


def check_gradients(
    root: Value, gradients: Mapping[Value, float | Value] | None = None, names: Given = ...
) -> Report:
    """Compare the gradient of each leaf with differences.

    Nothing is changed: `data` stays, and `grad` is put back. Each leaf costs two evaluations, in
    some eighty digits, of the nodes that depend on it, and some ten, in more digits, where the
    gradient is wrong. To check some leaves of a large graph, or gradients of your own, give them.

    A gradient is right where it is the slope of the graph as written, without any rounding. Where
    it is not, but could be what floats make of it, because rounding has moved a node to another
    slope, or because a sweep in floats loses more than the gradient is, the verdict is "cannot be
    measured here". So it is where an operation without a formula has only its function of floats,
    and these are too coarse.

    Args:
        root: The node whose gradients they are.
        gradients: The leaves to check, with what their gradients are said to be; by default all
            leaves but constants, with what backpropagation finds.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; Values by their names, {"w": w} say; or None for v₁, v₂ and so on.

    Returns:
        A report that is true when all agree, and prints as a table. One leaf that cannot be
        measured keeps it from being true, and so the command line from the exit status 0.

    Raises:
        TypeError: root is no Value, or a gradient is no number.
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
    named = names_for(root, names)
    refuse_changed(named)
    writer, graph = Writer(named), Graph(root)
    swept = _swept(graph)
    claims = swept if gradients is None else _claims(gradients, swept, named)
    rows: list[LeafCheck] = []
    doubtful: list[tuple[int, bool]] = []  # rows, and whether kinks stand before them
    wrong: list[str] = []
    notes: dict[str, None] = {}  # keeps the order in which they come up
    for leaf, gradient in claims.items():
        line = Line(graph, leaf)
        kinks = [node for node in line.nodes if at_kink(node)]
        near = [node for node in line.nodes if node in graph.near_kinks and node not in kinks]
        found = _compare(line, gradient, bool(kinks), bool(near))
        rows.append(found.row(named[leaf], gradient))
        notes.update((_kink_note(node, writer), None) for node in kinks)
        if found.verdict in ("kink", UNMEASURED):
            notes.update((_near_note(node, writer), None) for node in near)
        if found.verdict == UNMEASURED:
            notes[_unmeasured_note(named[leaf], found, writer)] = None
        if found.verdict == "WRONG" and gradient == swept[leaf]:
            doubtful.append((len(rows) - 1, bool(kinks)))
    if doubtful:
        wrong = [note for node in graph.order for note in _wrong_derivatives(node, writer)]
        for index in (index for index, has_kinks in doubtful if has_kinks and not wrong):
            rows[index] = replace(rows[index], agrees=True, verdict="kink")
            notes[_meeting_note(rows[index], writer)] = None
    source = "backpropagation" if gradients is None else "given"
    return Report(tuple(rows), (*wrong, *notes), source, writer.language)


def _swept(graph: Graph) -> dict[Value, float]:
    """The gradient of each leaf that is a variable, by a sweep that leaves no trace."""
    with grads_kept(graph.root):
        for node in graph.order:
            node.grad = 0
        graph.root.backward()
        return {
            node: float(node.grad)
            for node in graph.order
            if node.operation is None and not isinstance(node, Constant)
        }


def _claims(
    gradients: Mapping[Value, float | Value],
    swept: Mapping[Value, float],
    names: Names,
) -> dict[Value, float]:
    for leaf in gradients:
        if leaf not in swept:
            leaves = ", ".join(names[known] for known in swept)
            raise ValueError(f"{leaf!r} is no leaf of this graph; its leaves are {leaves}.")
    return {leaf: as_value(gradient).data for leaf, gradient in gradients.items()}


class _Comparison(NamedTuple):
    shown: Slopes
    agrees: bool | None
    verdict: str
    between: tuple[float, float] = (-math.inf, math.inf)  # the slope, as far as floats can tell

    def row(self, leaf: str, gradient: float) -> LeafCheck:
        left, right = (side and side.value for side in self.shown)
        slopes = (left, self.shown.central, right)
        error = self.shown.error if self.shown.sides else None
        return LeafCheck(leaf, gradient, *slopes, error, self.agrees, self.verdict)


def _compare(line: Line, gradient: float, kinks: bool, near: bool) -> _Comparison:
    """Hold a gradient against differences; are there any kinks known there, or within rounding?"""
    if not (math.isfinite(line.leaf.data) and math.isfinite(line.graph.root.data)):
        return _Comparison(Slopes(), False, "not finite")
    written = line.slopes(gradient, recorded=False)
    if written.size <= written.error:
        written = line.slopes(0.0, recorded=False)  # with the digits that show a slope of 0
    lost, doubt = line.lost()
    if not kinks and not near and _confirm(written, gradient, lost, doubt):
        return _Comparison(written, True, _kind(written, gradient))
    recorded = line.slopes(gradient, True, DECADES[:1])  # where it is smooth, that is enough
    if recorded.error > FINE * recorded.size or not recorded.show(gradient):
        recorded = line.slopes(gradient, True)
    if not written.sides and not recorded.sides:
        return _Comparison(written, False, "no neighbours")
    views = [written, recorded]
    if near:
        views.append(line.slopes(gradient, True, COARSE_DECADES))
    kinked = [view for view in views if view.differ]
    shown = kinked[-1] if kinked else written
    lost, doubt = line.lost()
    if _confirm(written, gradient, lost + written.apart(recorded), doubt):
        return _Comparison(shown, True, _kind(shown, gradient))
    between = _between([written, recorded, *kinked], lost)
    slack = FINE * max(view.size for view in views)
    is_possible = between[0] - slack <= gradient <= between[1] + slack
    if is_possible or (math.isnan(gradient) and math.isinf(lost)):
        return _Comparison(shown, None, UNMEASURED, between)
    return _Comparison(written, False, "WRONG")


def _confirm(slopes: Slopes, gradient: float, lost: float, doubt: float) -> bool:
    """Is the gradient right, and none that is off by a hundredth would seem so?"""
    largest = COARSE * slopes.size
    if slopes.error + doubt > largest:
        return False
    if slopes.size == 0:
        largest = FINE if math.isfinite(lost) else 0.0  # what cancels leaves some rounding
    slack = min(lost + slopes.error, largest)
    return slopes.distance(gradient) <= FINE * slopes.size + slack


def _kind(slopes: Slopes, gradient: float) -> str:
    if math.isinf(gradient):
        return "infinite"
    if slopes.size == 0 != gradient:
        return "within rounding"
    return "kink" if slopes.differ else "agrees" if len(slopes.sides) == 2 else "one-sided"


def _between(views: Sequence[Slopes], lost: float) -> tuple[float, float]:
    """The smallest and the largest slope that there may be."""
    if len({(view.left is None, view.right is None) for view in views}) > 1:
        return -math.inf, math.inf  # rounding decides on which side of an edge a node is
    ends = []
    for slopes in views:
        for value, error in slopes.sides:
            ends += [value] if math.isinf(value) else [value - error - lost, value + error + lost]
    return min(ends), max(ends)


def _wrong_derivatives(node: Value, writer: Writer) -> Iterator[str]:
    """A sentence for each local derivative of the node that its own function contradicts."""
    if node.operation is None:
        return
    alone = Value(node.data)
    alone.parents = tuple([Value(parent.data) for parent in node.parents])
    alone.operation, alone.local_derivatives = node.operation, node.local_derivatives
    graph = Graph(alone)
    for index, derivative in enumerate(node.local_derivatives):
        line = Line(graph, alone.parents[index])
        row = _compare(line, derivative, at_kink(node), near=False).row("", derivative)
        if row.verdict == "WRONG":
            yield writer.say(
                "wrong derivative",
                equation=writer.equation(node),
                derivative=_partial(node, index, writer, digits=8),
                slope=by_differences(row, 8, writer.language),
            )


def _kink_note(node: Value, writer: Writer) -> str:
    conventions = [
        _partial(node, index, writer)
        for index, parent in enumerate(node.parents)
        if not isinstance(parent, Constant)
    ]
    listed = writer.say("comma").join(conventions)
    return writer.say("conventions", equation=writer.equation(node), derivatives=listed)


def _meeting_note(row: LeafCheck, writer: Writer) -> str:
    leaf = TEXT.name(row.leaf).text
    return writer.say("kinks meet", leaf=leaf, gradient=number(row.gradient))


def _near_note(node: Value, writer: Writer) -> str:
    return writer.say("near kink", equation=writer.equation(node))


def _unmeasured_note(name: str, found: _Comparison, writer: Writer) -> str:
    low, high = map(number, found.between)
    return writer.say("lost", leaf=TEXT.name(name).text, low=low, high=high)


def _partial(node: Value, index: int, writer: Writer, digits: int = 4) -> str:
    """A local derivative and its number."""
    symbol = writer.local(node, index)
    return f"{symbol.text if symbol else ''} = {number(node.local_derivatives[index], digits)}"
