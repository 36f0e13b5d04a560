"""A formula is read once; whatever it becomes is a fold over the same pieces."""

import operator

import pytest
from graphs import EXACT
from hypothesis import given
from hypothesis import strategies as st

from microrelu import operations
from microrelu.check import exact
from microrelu.engine import OPERATIONS
from microrelu.steps import closed_form
from microrelu.tape import listing
from microrelu.writing.formula import FUNCTIONS, evaluated, fold, names_in, written_for

names = st.sampled_from("abc")
numbers = st.integers(0, 9).map(str) | st.floats(0, 1e3).map(repr)
formulas = st.recursive(
    names | numbers,
    lambda parts: st.one_of(
        st.builds("-({})".format, parts),
        st.builds("({}) {} ({})".format, parts, st.sampled_from("+-*"), parts),
        st.builds("{}({}, {})".format, st.sampled_from(["max", "min"]), parts, parts),
    ),
)


@given(formulas)
def test_evaluated_in_floats_a_formula_is_what_python_says(formula):
    at = {"a": 0.5, "b": -2.0, "c": 3.0}
    assert evaluated(formula, at, {"max": max, "min": min}) == eval(formula, {}, at)


@given(formulas)
def test_written_again_with_every_bracket_it_is_the_same_formula(formula):
    again = fold(
        formula,
        number=repr,
        name=str,
        negate="(-{})".format,
        binary=lambda sign, left, right: f"({left} {sign} {right})",
        call=lambda function, operands: f"{function}({', '.join(operands)})",
    )
    at = {"a": 0.5, "b": -2.0, "c": 3.0}
    assert eval(again, {}, at) == eval(formula, {}, at)
    assert names_in(again) == names_in(formula)


def test_a_dot_and_none_are_one_product():
    assert evaluated("2 @ a * a", {"a": 3}, {}) == 18


def test_operands_are_read_from_left_to_right():
    calls = []
    evaluated("f(a) - f(b) * f(c)", {"a": 1, "b": 2, "c": 3}, {"f": lambda x: calls.append(x) or x})
    assert calls == [1, 2, 3]


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("a if b else c", "has a if b else c in it"),
        ("a // b", "has a // b in it"),
        ("f(a, key=b)", r"has f\(a, key=b\) in it"),
        ("a.b(c)", "has a.b.c. in it"),
        ("'a'", "has 'a' in it"),
        ("a +", "cannot be read"),
        ("(" * 300 + "a" + ")" * 300, "cannot be read"),
    ],
)
def test_a_formula_of_anything_else_is_refused(formula, sentence):
    with pytest.raises(ValueError, match=sentence):
        names_in(formula)


def test_a_name_or_function_that_is_not_known_is_refused():
    sentence = r"The formula 'f\(a\) \+ b' uses b, f; what it may use here is g\."
    with pytest.raises(ValueError, match=sentence):
        evaluated("f(a) + b", {"a": 1}, {"g": operator.neg})


def test_every_place_that_computes_knows_the_same_functions():
    for known in (closed_form.FUNCTIONS, exact.FUNCTIONS, EXACT):
        assert {*FUNCTIONS} == {*known}
    assert {*FUNCTIONS} == {*listing.NUMPY, "ReLU", "Step", "sigmoid"}
    assert {"ReLU", "Step", "sigmoid"} <= {*listing.DEFINITIONS}


def test_the_table_uses_no_others():
    built_in = [
        each for name, each in OPERATIONS.items() if getattr(operations, name, None) is each
    ]
    for operation in built_in:
        count = len(operation.operands) or 3
        operands, formula, derivatives = written_for(operation, count)
        for text in (formula, *derivatives):
            assert names_in(text) <= {*operands, *FUNCTIONS}
