"""Formulas in many digits: right to the last one, at any size, for every row of the table."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal, localcontext

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microrelu import operation, weighted_sum
from microrelu.check import exact
from microrelu.engine import OPERATIONS
from microrelu.writing.formula import written_for

FUNCTIONS = ["exp", "log", "sin", "cos", "tanh", "sigmoid"]
NUMBERS = st.floats(-1e17, 1e17) | st.floats(-50, 50) | st.floats(-1e-300, 1e-300)


def sigmoid(a):
    return 1 / (1 + mpmath.exp(-a))


@pytest.mark.parametrize("digits", [60, 120, 500, 1200])
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=25)
@given(a=NUMBERS)
def test_functions_are_right_to_the_last_digit(name, digits, a):
    a = abs(a) or 1.0 if name == "log" else a
    with localcontext(exact.digits(digits)):
        found = getattr(exact, name)(Decimal(a))
    with mpmath.workdps(digits + 350):
        expected = sigmoid(mpmath.mpf(a)) if name == "sigmoid" else getattr(mpmath, name)(a)
        off = abs(mpmath.mpf(str(found)) - expected)
        assert off <= 10 * mpmath.mpf(10) ** -digits * max(1, abs(expected))


@given(st.floats(1e-3, 1e3), st.floats(-20, 20) | st.integers(-2000, 2000).map(float))
def test_powers_are_those_of_python(a, b):
    with localcontext(exact.digits(60)):
        found = float(exact.power(Decimal(a), Decimal(b)))
        if b == int(b):
            assert float(exact.power(Decimal(-a), Decimal(b))) == found * (-1 if b % 2 else 1)
    with mpmath.workdps(60):
        assert found == pytest.approx(float(mpmath.mpf(a) ** mpmath.mpf(b)), rel=1e-15)


def test_powers_of_0_and_of_negative_numbers():
    with localcontext(exact.digits(60)):
        assert exact.power(Decimal(0), Decimal(0)) == 1
        assert exact.power(Decimal(0), Decimal(3)) == 0
        assert exact.power(Decimal(-2), Decimal(3)) == -8
        for a, b in [(-2, "0.5"), (0, "-1")]:
            with pytest.raises(ArithmeticError):
                exact.power(Decimal(a), Decimal(b))


def test_what_is_beyond_all_numbers():
    with localcontext(exact.digits(60)):
        assert exact.exp(Decimal("-1e300")) == 0
        assert exact.sigmoid(Decimal("-1e300")) == 0
        assert exact.tanh(Decimal("1e300")) == 1
        with pytest.raises(decimal.Overflow):
            exact.exp(Decimal("1e300"))
        with pytest.raises(decimal.InvalidOperation):
            exact.log(Decimal(0))


@pytest.mark.parametrize("name", list(OPERATIONS))
def test_every_formula_of_the_table_gives_what_its_function_gives(name):
    row = OPERATIONS[name]
    count = len(row.operands) or 5
    numbers = [0.75, 1.25, 0.5, 2.0, 0.3][:count]
    with localcontext(exact.digits(60)):
        found = float(exact.exact_function(row, count)(*map(Decimal, numbers)))
    assert math.isclose(found, row.function(*numbers)[0], rel_tol=1e-14)


def test_a_formula_may_have_fractions_and_other_operations(table):
    @operation("∛ of softplus", "softplus(a)**(1/3) + 0.25")
    def cubic_root(a):
        value = math.log1p(math.exp(a)) ** (1 / 3) + 0.25
        return value, (0.0,)

    with localcontext(exact.digits(60)):
        found = exact.exact_function(cubic_root, 1)(Decimal(2))
    with mpmath.workdps(60):
        expected = mpmath.log1p(mpmath.exp(2)) ** (mpmath.mpf(1) / 3) + 0.25
        assert abs(mpmath.mpf(str(found)) - expected) < mpmath.mpf(10) ** -57


def test_without_a_formula_there_is_no_function(table):
    @operation()
    def twice(a):
        return 2 * a, (2.0,)

    assert exact.exact_function(twice, 1) is None

    @operation(formula=lambda *a: " + ".join(a))
    def plus(*a):
        return sum(a), (1.0,) * len(a)

    with localcontext(exact.digits(60)):
        assert exact.exact_function(plus, 100)(*[Decimal(1)] * 100) == 100

    @operation(formula=lambda *a: "(" * len(a) + " + ".join(a) + ")" * len(a))
    def bracketed(*a):
        return sum(a), (1.0,) * len(a)

    assert exact.exact_function(bracketed, 300) is None  # deeper than Python's parser goes


@given(st.lists(st.floats(-600, 600), min_size=1, max_size=9))
def test_what_is_not_computed_by_its_formula_is_what_its_formula_says(a):
    for row in exact.OTHERWISE:
        numbers = a[:1] if row.operands else a
        if row is weighted_sum and len(a) % 2 == 0:
            continue
        names, formula, _ = written_for(row, len(numbers))
        with mpmath.workdps(900):
            known = dict(zip(names, map(mpmath.mpf, numbers), strict=True))
            expected = eval(formula, {"exp": mpmath.exp, "log": mpmath.log}, known)
        with localcontext(exact.digits(60)):
            found = exact.exact_function(row, len(numbers))(*map(Decimal, numbers))
        with mpmath.workdps(60):
            off = abs(mpmath.mpf(str(found)) - expected)
            assert off <= mpmath.mpf(10) ** -54 * max(1, *map(abs, numbers), abs(expected))
