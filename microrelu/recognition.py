"""Which operation made a node of someone else's: by the name that it has there, or by its value.

A name is looked up; without one every operation of so many operands is tried, operands without an
order in each order. Where several give the value, all are told, since their derivatives differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

from microrelu import operations
from microrelu.engine import OPERATIONS, Constant, Operation, Value
from microrelu.expressions import functions

CLOSE = 1e-6  # numbers of 32 bits may be off by as much
EXACT = 1e-12  # a value that is off by more is another operation's, if there is one
BINARY: tuple[Operation, ...] = (operations.add, operations.multiply, operations.subtract)
BINARY += (operations.divide, operations.power, operations.maximum, operations.minimum)
ALIASES: dict[str, tuple[Operation, ...]] = {
    **dict.fromkeys(["+", "sum", "plus"], (operations.add, operations.total)),
    **dict.fromkeys(["-", "−", "minus", "sub"], (operations.subtract, operations.negate)),
    **dict.fromkeys(["*", "mul", "mult", "times"], (operations.multiply,)),
    **dict.fromkeys(["/", "div", "truediv"], (operations.divide,)),
    **dict.fromkeys(["**", "^", "pow"], (operations.power,)),
    **dict.fromkeys(["neg"], (operations.negate,)),
    **dict.fromkeys(["logistic"], (operations.sigmoid,)),
}
POWER = re.compile(r"(?:\*\*|\^|pow(?:er)?)\s*\(?\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*\)?")
# A second operand that is a plain number, of which the node keeps nothing but what came out.
LEFT_OUT: dict[Operation, Callable[[float, float], float]] = {
    operations.add: lambda a, value: value - a,
    operations.multiply: lambda a, value: value / a,
    operations.power: lambda a, value: math.log(abs(value)) / math.log(abs(a)),
    operations.leaky_relu: lambda a, value: value / a if a < 0 else 0.01,
}

Known = Mapping[str, tuple[Operation, ...]]


class Recognised(NamedTuple):
    """How a node was made: the operation, its operands, its value, its local derivatives.

    `fits` has the operations among which the value does not decide; () where it is known.
    """

    operation: Operation | None
    operands: tuple[Value, ...]
    value: float
    derivatives: tuple[float, ...]
    fits: tuple[Operation, ...] = ()


def known_names() -> Known:
    """The operations that a name may stand for, by the name without spaces and underscores."""
    names = {row.symbol: row for row in OPERATIONS.values()} | functions()
    return {_plain(name): (made,) for name, made in names.items()} | ALIASES


def recognised(
    known: Known,
    symbol: str,
    parents: Sequence[Value],
    ordered: bool,
    value: float,
    claims: tuple[float, ...] | None,
) -> Recognised:
    """How a node was made.

    Args:
        known: What `known_names` gives.
        symbol: What the operation is called there; "" where it has no name.
        parents: Its operands; in any order, and each once, unless they are `ordered`.
        ordered: Are they as they were written?
        value: The node's number.
        claims: The local derivatives that it claims, one for each operand.
    """
    named = (operations.power,) if _is_power(symbol) else known.get(_plain(symbol), ())
    candidates = named or _possible(len(parents))
    tried = [*_tried(candidates, symbol if named else "", parents, ordered, value)]
    fitting = [each for each in tried if _fits(each, value, EXACT, CLOSE if named else 0.0)]
    fitting = fitting or [each for each in tried if _fits(each, value, CLOSE, 0.0)]
    if not fitting:
        if named and tried:  # the value is not its operation's: it is kept, and does not hold
            return tried[0]._replace(value=value)
        return unknown(symbol, parents, value, claims)
    if named:  # a + a rather than a + 2 where a is 2
        fitting = [each for each in fitting if {*each.operands} <= {*parents}] or fitting
    if len(fitting) == 1:
        return fitting[0]
    slopes = [_by_operand(each.operands, each.derivatives) for each in fitting]
    if all(is_close(slopes[0], each) for each in slopes):
        return fitting[0]
    fits = tuple({each.operation: None for each in fitting if each.operation})
    if claims is None:
        return fitting[0]._replace(fits=fits)
    claimed = _by_operand(parents, claims)
    for each, found in zip(fitting, slopes, strict=True):
        if is_close(found, claimed):
            return each._replace(fits=fits)
    return unknown(symbol, parents, value, claims, fits)


def unknown(
    symbol: str,
    parents: Sequence[Value],
    value: float,
    claims: tuple[float, ...] | None,
    fits: tuple[Operation, ...] = (),
) -> Recognised:
    """An operation with a value at these numbers alone, and derivatives as claimed, or NaN."""
    numbers = [parent.data for parent in parents]
    slopes = (math.nan,) * len(parents) if claims is None else claims

    def unknown(*operands: float) -> tuple[float, tuple[float, ...]]:
        if not all(a == b or a != a for a, b in zip(numbers, operands, strict=True)):
            raise ValueError("what it gives for other numbers is not known")
        return value, slopes

    return Recognised(Operation(unknown, symbol or "?"), tuple(parents), value, slopes, fits)


def is_close(some: Sequence[float], others: Sequence[float]) -> bool:
    """Are the numbers the same, but for rounding? NaN is the same as NaN."""
    return len(some) == len(others) and all(
        math.isclose(a, b, rel_tol=CLOSE, abs_tol=EXACT) or (a != a and b != b)
        for a, b in zip(some, others, strict=True)
    )


def _plain(name: str) -> str:
    plain = re.sub(r"[\s_]", "", name)
    return plain.lower() if plain.isascii() else plain  # Σ is not σ


def _is_power(symbol: str) -> bool:
    return bool(POWER.fullmatch(symbol.strip().lower())) or symbol.startswith(("**", "^"))


def _possible(count: int) -> tuple[Operation, ...]:
    """The operations of so many operands; first those that are meant where several fit."""
    if count == 1:
        unary = [operations.relu, *(row for row in OPERATIONS.values() if row.takes_one)]
        return (*dict.fromkeys(unary), *BINARY)  # a + a, whose set has a once
    if count == 2:
        return BINARY
    return operations.total, operations.weighted_sum, operations.log_sum_exp


def _tried(
    candidates: Iterable[Operation],
    symbol: str,
    parents: Sequence[Value],
    ordered: bool,
    value: float,
) -> Iterator[Recognised]:
    """Each operation of the operands in each order that there may be, where it has a value."""
    for operation in candidates:
        for operands in _arranged(operation, symbol, parents, ordered, value):
            made = operation
            if made is operations.power and type(operands[1]) is Constant and operands[1].data == 2:
                made, operands = operations.square, operands[:1]  # as `a**2` of ours is
            try:
                computed, slopes = made.compute(*[operand.data for operand in operands])
            except (ArithmeticError, ValueError, TypeError):
                continue
            yield Recognised(made, operands, computed, slopes)


def _arranged(
    operation: Operation, symbol: str, parents: Sequence[Value], ordered: bool, value: float
) -> Iterator[tuple[Value, ...]]:
    """The operands as the operation may have been given them."""
    arity, count = len(operation.operands), len(parents)
    is_sum = operation is operations.weighted_sum
    if arity == count or (not arity and (not is_sum or count % 2)):
        is_any = not ordered and (arity == 2 or (is_sum and count == 3))
        yield from permutations(parents) if is_any else [tuple(parents)]
    elif arity == 2 and count == 1:
        if not ordered and operation in BINARY and operation is not operations.power:
            yield parents[0], parents[0]
        if (other := _left_out(operation, symbol, parents[0].data, value)) is not None:
            yield parents[0], Constant(other)


def _left_out(operation: Operation, symbol: str, a: float, value: float) -> float | None:
    """The plain number that is the second operand."""
    if operation is operations.power and (written := POWER.fullmatch(symbol.strip().lower())):
        return float(written[1])
    try:
        other = LEFT_OUT[operation](a, value)
    except (KeyError, ArithmeticError, ValueError):
        return None
    half = round(2 * other) / 2 if math.isfinite(other) else math.nan
    if operation is operations.power and abs(other - half) < CLOSE:
        return half
    return other if symbol else None  # without a name: any number is some power of any other


def _fits(found: Recognised, value: float, tolerance: float, lost: float) -> bool:
    """Does the operation give the node's value, or what rounding makes of it?"""
    slack = 0.0
    if lost:  # of terms that cancel
        largest = max(abs(operand.data) for operand in found.operands)
        slack = lost * largest if math.isfinite(largest) else 0.0
    is_near = math.isclose(found.value, value, rel_tol=tolerance, abs_tol=slack)
    return is_near or (math.isnan(found.value) and math.isnan(value))


def _by_operand(operands: Sequence[Value], slopes: Sequence[float]) -> list[float]:
    """The derivative by each operand that is kept; of one that stands twice the sum."""
    sums: dict[int, float] = {}
    for operand, slope in zip(operands, slopes, strict=True):
        if type(operand) is not Constant:
            sums[id(operand)] = sums.get(id(operand), 0.0) + slope
    return [sums[place] for place in sorted(sums)]
