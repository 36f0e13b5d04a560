"""What the tape computes instead of C's functions: theirs, to three units in the last place."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microrelu import Tape, Value, exp, log, tanh
from microrelu.tape import elementary

ULPS = 3
NAMES = ("exp", "expm1", "log", "log1p", "tanh")
near = st.floats(-50, 50) | st.floats(-1e-3, 1e-3)
everywhere = st.floats() | near


def of_c(name: str, x: float) -> float:
    """The function of `math`, with infinities and NaN where that raises."""
    function: Callable[[float], float] = getattr(math, name)
    try:
        return function(x)
    except OverflowError:
        return math.inf
    except ValueError:
        return -math.inf if x == (0 if name == "log" else -1) else math.nan


def agree(found: float, expected: float, ulps: float = ULPS) -> bool:
    if math.isnan(expected) or math.isinf(expected):
        return found == expected or (math.isnan(found) and math.isnan(expected))
    return abs(found - expected) <= ulps * math.ulp(expected)


@pytest.mark.parametrize("name", NAMES)
@given(x=everywhere)
def test_every_function_is_that_of_c(name: str, x: float) -> None:
    assert agree(getattr(elementary, name)(x), of_c(name, x))


EXTREMES = (0.0, 5e-324, 2.0**-1022, 1.0, 709.78, 709.79, 1e308, math.inf)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("x", [*EXTREMES, *[-each for each in EXTREMES], -745.2, -744.0, math.nan])
def test_at_the_ends_of_their_range_too(name: str, x: float) -> None:
    assert agree(getattr(elementary, name)(x), of_c(name, x))


def test_four_units_in_the_last_place_are_too_many() -> None:
    assert not agree(1.0 + 4 * math.ulp(1.0), 1.0)
    assert not agree(math.inf, 1.0)
    assert not agree(1.0, math.nan)


@given(n=st.integers(-1022, 1023))
def test_powers_of_two_are_exact(n: int) -> None:
    assert elementary.power_of_two(n) == math.ldexp(1.0, n)


@given(x=st.floats(-700, 700))
def test_what_is_left_of_an_exponent_is_small(x: float) -> None:
    n, less = elementary.reduced(x)
    assert n == int(n)
    assert math.sqrt(0.5) - 1 <= less * (1 + 1e-15)
    assert less <= (math.sqrt(2) - 1) * (1 + 1e-15)


def test_compiled_they_are_the_same_for_one_example_and_for_a_block() -> None:
    x = Value(1.0)
    tape = Tape([exp(x), log(x), tanh(x)], [x])
    points = [*EXTREMES, *[-each for each in EXTREMES], math.nan, 0.3, -0.3, 2.5, 1.0 + 2.0**-40]
    found = tape.forward([[each] for each in points])
    one = [tape.forward([[each]])[0] for each in points]
    for each, in_block, alone in zip(points, found.tolist(), one, strict=True):
        for name, a, b in zip(("exp", "log", "tanh"), in_block, alone.tolist(), strict=True):
            assert agree(a, of_c(name, each))
            assert agree(b, of_c(name, each))
