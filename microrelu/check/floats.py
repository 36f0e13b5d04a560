"""The slope of one operation by its own function of floats, where it has no formula."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from microrelu.engine import Local, Value

EPSILON, TINIEST = 2.0**-52, 2.0**-1074
LEVELS = 4  # of floats: nudges by h, h/2, h/4 and h/8, extrapolated to h → 0
RUNGS = 12  # steps h to try, each a 32nd of the one before
SLACK = 16.0  # how much of the rounding of single evaluations extrapolation can pile up


class Slope(NamedTuple):
    """A slope, and how far off it may be."""

    value: float
    error: float


def operands_of(node: Value) -> list[float]:
    """Those of the node's operands."""
    return [parent.data for parent in node.parents]


def computed(node: Value, numbers: Sequence[float]) -> Local | None:
    """What the node's operation gives for other numbers; None where it has no value."""
    assert node.operation is not None
    try:
        return node.operation.compute(*numbers)
    except (ArithmeticError, ValueError, TypeError):
        return None


def rounding(
    value: float, numbers: Iterable[float], derivatives: Iterable[float], noises: Iterable[float]
) -> float:
    """How much of a node's value may be rounding: its own, and what comes with its operands."""
    terms = [
        abs(derivative) * (EPSILON * abs(number) + noise)
        for number, derivative, noise in zip(numbers, derivatives, noises, strict=True)
    ]
    return EPSILON * abs(value) + sum(filter(math.isfinite, terms))


def slope_of_floats(node: Value, direction: Sequence[float]) -> Slope:
    """The one-sided slope of the operation's own function, by the sharpest of a few steps.

    Raises:
        ValueError: the function has no values there.
    """
    found = [slope for step in _steps(node, direction) if (slope := _rung(node, direction, step))]
    if not found:
        raise ValueError
    best = min(found, key=lambda slope: slope.error)
    for finer in found[found.index(best) + 1 :]:
        apart = abs(finer.value - best.value)
        if apart > finer.error + best.error:  # a kink in between, or rounding that nobody knows of
            if not (node.operation and node.operation.has_kink and finer.error < apart / 4):
                return Slope(best.value, best.error + apart)
            best = finer
    return best


def _steps(node: Value, direction: Sequence[float]) -> list[float]:
    """Steps from the scale of the operands and from that of 1 downwards; powers of two."""
    pairs = [(abs(a), abs(d)) for a, d in zip(operands_of(node), direction, strict=True) if d]
    tops = [min(max(a, 1.0) / d for a, d in pairs), min((a or 1.0) / d for a, d in pairs)]
    largest = {math.ldexp(1.0, math.frexp(top)[1] - 7) for top in tops if 0 < top < math.inf}
    return sorted({top / 32.0**rung for top in largest for rung in range(RUNGS)}, reverse=True)


def _rung(node: Value, direction: Sequence[float], step: float) -> Slope | None:
    """Richardson's extrapolation of quotients, whose errors fall by 2, 4 and so on."""
    guesses, noise = [], 0.0
    for level in range(LEVELS):
        nudge = step / 2**level
        numbers = [a + nudge * d for a, d in zip(operands_of(node), direction, strict=True)]
        if (found := computed(node, numbers)) is None:
            return None
        value, derivatives = found
        guesses.append((value - node.data) / nudge)
        noise = max(noise, rounding(value, numbers, derivatives, [0.0] * len(numbers)))
    before = guesses
    for power in range(1, LEVELS):
        before = guesses
        guesses = [fine + (fine - coarse) / (2**power - 1) for coarse, fine in pairwise(before)]
    (limit,) = guesses
    spread = max(abs(limit - guess) for guess in before)
    error = 2 * spread + SLACK * noise / nudge
    return Slope(limit, error) if math.isfinite(error + abs(limit)) else None
