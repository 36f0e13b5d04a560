"""The formulas of the table in as many digits as are asked for, and without a largest number.

Python's `decimal` adds and multiplies; its own exp and log take long where digits are many, and sin
it has none. What is computed here has the context's precision, relative to the larger of the result
and 1. `differences.py` takes its slopes with it.
"""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import lru_cache
from operator import mul
from typing import Any

from microrelu import operations
from microrelu.engine import OPERATIONS, Operation
from microrelu.writing.formula import evaluated, names_in, written_for

LARGEST_EXPONENT = 18  # of an operand of exp: e to the 10¹⁹ is beyond `decimal`, too
GUARD = 12  # digits more, inside

Function = Callable[..., Decimal]


def digits(count: int) -> decimal.Context:
    """A context of so many digits, for `with localcontext(digits(60)): ...`."""
    return decimal.Context(
        prec=count,
        Emax=decimal.MAX_EMAX,
        Emin=decimal.MIN_EMIN,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )


@lru_cache(maxsize=256)
def _log_10(precision: int) -> Decimal:
    with localcontext(digits(precision)):
        return Decimal(10).ln()


@lru_cache(maxsize=256)
def _pi(precision: int) -> Decimal:
    """Machin's 16 arctan 1/5 − 4 arctan 1/239, in integers."""
    unit = 10 ** (precision + GUARD)

    def arctan(x: int) -> int:
        term, whole, n = unit // x, 0, 1
        while term:
            whole += term // n if n % 4 == 1 else -(term // n)
            term, n = term // (x * x), n + 2
        return whole

    with localcontext(digits(precision)):
        return Decimal(16 * arctan(5) - 4 * arctan(239)).scaleb(-precision - GUARD)


def exp(a: Decimal) -> Decimal:
    """10ⁿ eʳ of a = n log 10 + r; eʳ − 1 by Taylor's series of r / 2ᵏ, then (1 + y)² k times."""
    if a.is_infinite() or a.adjusted() > LARGEST_EXPONENT:
        if a < 0:
            return Decimal(0)
        raise decimal.Overflow(f"exp({a:.4g}) is too large.")
    with localcontext() as context:
        context.prec += GUARD + max(a.adjusted(), 0)
        tens = (a / _log_10(context.prec)).to_integral_value()
        rest = a - tens * _log_10(context.prec)
        halvings = math.isqrt(context.prec)
        bits = int(context.prec * 3.33) + 2 * halvings
        x = int(rest * 2**bits) >> halvings
        term, whole, n = x, x, 1
        while term not in (0, -1):
            n += 1
            term = (term * x >> bits) // n
            whole += term
        for _ in range(halvings):
            whole = (whole * whole >> bits) + 2 * whole
        found: Decimal = (Decimal(whole) / 2**bits + 1).scaleb(int(tens))
    return +found


def log(a: Decimal) -> Decimal:
    """Halley's y + 2 (a − eʸ) / (a + eʸ), which triples the digits, from a float."""
    if not a > 0:
        raise decimal.InvalidOperation(f"log({a:.4g})")
    with localcontext() as context:
        precision = context.prec + GUARD
        context.prec = precision
        exponent, digits_known = a.adjusted(), 14
        mantissa = a.scaleb(-exponent)
        y = Decimal(math.log(float(mantissa)))
        while digits_known < precision:
            digits_known = min(3 * digits_known - 2, precision)
            context.prec = digits_known + 2
            power = exp(y)
            y += 2 * (mantissa - power) / (mantissa + power)
        context.prec = precision
        found = y + exponent * _log_10(precision)
    return +found


def sin(a: Decimal) -> Decimal:
    """Taylor's series, whole turns taken off."""
    with localcontext() as context:
        context.prec += GUARD + max(a.adjusted(), 0)
        turn = 2 * _pi(context.prec)
        rest = a - turn * (a / turn).to_integral_value()
        bits = int((context.prec - max(a.adjusted(), 0)) * 3.33)
        x = int(rest * 2**bits)
        square, term, whole, n = x * x >> bits, x, x, 1
        while term not in (0, -1):
            n += 2
            term = -(term * square >> bits) // (n * (n - 1))
            whole += term
        found: Decimal = Decimal(whole) / 2**bits
    return +found


def cos(a: Decimal) -> Decimal:
    """The sine a quarter of a turn on."""
    with localcontext() as context:
        context.prec += GUARD + max(a.adjusted(), 0)
        shifted = a + _pi(context.prec) / 2
    return sin(shifted)


def tanh(a: Decimal) -> Decimal:
    """(1 − e⁻²ᵃ) / (1 + e⁻²ᵃ), of the larger side."""
    decay = exp(-2 * abs(a))
    return ((1 - decay) / (1 + decay)).copy_sign(a)


def sigmoid(a: Decimal) -> Decimal:
    """1 / (1 + e⁻ᵃ), of the side that does not overflow."""
    decay = exp(-abs(a))
    return (decay if a < 0 else Decimal(1)) / (1 + decay)


def power(a: Decimal, b: Decimal) -> Decimal:
    """Python's a**b: 1 for 0**0, no value for 1 / 0 or a negative number to a broken power."""
    if b == 0 or a == 1:
        return Decimal(1)
    if a == 0 and b < 0:  # which `decimal` calls ∞
        raise decimal.DivisionByZero
    is_whole = b == b.to_integral_value()
    if a == 0 or (is_whole and abs(b) < 1000) or (a < 0 and not is_whole):
        return a**b
    with localcontext() as context:
        context.prec += GUARD + 2 * LARGEST_EXPONENT
        found = exp(b * log(abs(a)))
    return +(-found if a < 0 and b % 2 else found)


FUNCTIONS: dict[str, Callable[..., Any]] = {  # what formulas may call, besides operations
    **{"exp": exp, "log": log, "sin": sin, "cos": cos, "tanh": tanh, "sigmoid": sigmoid},
    **{"max": max, "min": min, "abs": abs, "sqrt": lambda a: a.sqrt()},
    **{"ReLU": lambda a: max(a, Decimal(0)), "Step": lambda a: Decimal(0 if a < 0 else 1)},
}


def _log_sum_exp(*a: Decimal) -> Decimal:
    return max(a) + log(sum([exp(x - max(a)) for x in a], Decimal(0)))


OTHERWISE: dict[Operation, Function] = {  # their formulas overflow, or are sums of any length
    operations.softplus: lambda a: _log_sum_exp(a, Decimal(0)),
    operations.log_sum_exp: _log_sum_exp,
    operations.total: lambda *a: sum(a, Decimal(0)),
    operations.weighted_sum: lambda *a: sum(map(mul, a[: len(a) // 2], a[len(a) // 2 : -1]), a[-1]),
}


@lru_cache(maxsize=1024)
def exact_function(operation: Operation, count: int) -> Function | None:
    """The operation's formula as a function of so many numbers; None without one that can be read.

    >>> from microrelu.operations import square
    >>> exact_function(square, 1)(Decimal("1.1"))
    Decimal('1.21')
    """
    if operation in OTHERWISE:
        return OTHERWISE[operation]
    operands, formula, _ = written_for(operation, count)
    try:
        functions = {name: _function(name) for name in names_in(formula) - {*operands}}
    except (ValueError, NameError):
        return None

    def function(*numbers: Decimal) -> Decimal:
        names = dict(zip(operands, numbers, strict=True))
        return evaluated(formula, names, functions, Decimal, power)

    return function


def _function(name: str) -> Callable[..., Any]:
    """A function that a formula calls."""
    return FUNCTIONS.get(name) or _another(name)


def _another(name: str) -> Callable[..., Decimal]:
    """Another operation, called in a formula."""
    if name not in OPERATIONS:
        raise NameError(name)

    def call(*numbers: Decimal) -> Decimal:
        function = exact_function(OPERATIONS[name], len(numbers))
        if function is None:
            raise decimal.InvalidOperation(f"{name} has no formula")
        return function(*numbers)

    return call
