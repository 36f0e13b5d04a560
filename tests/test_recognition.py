"""Which operation made a node: its name, or what its value and its operands allow."""

import math

import pytest

from microrelu import Value
from microrelu.engine import OPERATIONS
from microrelu.recognition import is_close, known_names, recognised


def found(symbol, value, *operands, ordered=True, claims=None):
    parents = [Value(number) for number in operands]
    made = recognised(known_names(), symbol, parents, ordered, value, claims)
    return made, [parents.index(each) if each in parents else each.data for each in made.operands]


@pytest.mark.parametrize(
    ("symbol", "operands", "value", "name"),
    [
        ("+", (3.0, 4.0), 7.0, "add"),
        ("sum", (3.0, 4.0, 5.0), 12.0, "total"),
        ("-", (3.0, 4.0), -1.0, "subtract"),
        ("-", (3.0,), -3.0, "negate"),
        ("mul", (3.0, 4.0), 12.0, "multiply"),
        ("__mul__", (3.0, 4.0), 12.0, "multiply"),
        ("/", (3.0, 4.0), 0.75, "divide"),
        ("ReLU", (-3.0,), 0.0, "relu"),
        ("Tanh", (0.5,), math.tanh(0.5), "tanh"),
        ("ln", (0.5,), math.log(0.5), "log"),
        ("σ", (0.5,), 1 / (1 + math.exp(-0.5)), "sigmoid"),
        ("max", (3.0, 4.0), 4.0, "maximum"),
        ("abs", (-3.0,), 3.0, "absolute"),
        ("leaky_relu", (-3.0,), -0.6, "leaky_relu"),
    ],
)
def test_a_name_is_known_and_its_value_fits(symbol, operands, value, name):
    made, _ = found(symbol, value, *operands)
    assert made.operation is OPERATIONS[name]
    assert made.value == pytest.approx(value)
    assert made.fits == ()


@pytest.mark.parametrize("symbol", ["**3", "**3.0", "pow3", "^3", "**", "pow", "**{other}", ""])
def test_an_exponent_that_is_no_node_is_read_or_found(symbol):
    made, operands = found(symbol, 8.0, 2.0)
    assert (made.operation.name, operands) == ("power", [0, 3.0])
    assert made.derivatives[0] == 12


def test_a_square_is_a_square():
    assert found("**2", 9.0, 3.0)[0].operation is OPERATIONS["square"]
    assert found("", 9.0, 3.0)[0].operation is OPERATIONS["square"]


def test_a_plain_number_that_is_not_kept_is_found():
    assert found("+", 7.0, 3.0)[1] == [0, 4.0]
    assert found("*", 12.0, 3.0)[1] == [0, 4.0]


@pytest.mark.parametrize(
    ("value", "name"),
    [(7.0, "add"), (12.0, "multiply"), (0.75, "divide"), (-1.0, "subtract"), (81.0, "power")],
)
def test_without_a_name_the_value_tells(value, name):
    made, operands = found("", value, 3.0, 4.0)
    assert (made.operation.name, operands, made.fits) == (name, [0, 1], ())


def test_operands_of_a_set_are_put_in_the_order_that_gives_the_value():
    assert found("/", 0.75, 4.0, 3.0, ordered=False)[1] == [1, 0]
    assert found("", 81.0, 4.0, 3.0, ordered=False)[1] == [1, 0]
    assert found("+", 6.0, 3.0, ordered=False)[1] == [0, 0]  # a + a
    assert found("*", 4.0, 2.0, ordered=False)[1] == [0, 0]  # rather than a · 2
    assert found("+", 7.0, 3.0, ordered=False)[1] == [0, 4.0]
    assert found("", 6.0, 3.0, ordered=False)[0].operation.name == "add"


def test_where_several_operations_fit_all_are_told():
    made, _ = found("", 4.0, 2.0, 2.0)
    assert [each.name for each in made.fits] == ["add", "multiply", "power"]
    assert found("", 3.0, 3.0)[0].operation.name == "relu"  # |a| has the same derivative


def test_what_is_claimed_decides_among_those_that_fit():
    made, _ = found("", 4.0, 2.0, 2.0, claims=(2.0, 2.0))
    assert made.operation.name == "multiply"
    assert len(made.fits) == 3
    made, _ = found("", 4.0, 2.0, 2.0, claims=(7.0, 1.0))
    assert made.operation.name == "unknown"
    assert made.derivatives == (7.0, 1.0)


def test_what_no_operation_gives_is_unknown():
    made, _ = found("swish", 1.4, 2.0)
    assert (made.operation.name, made.operation.symbol) == ("unknown", "swish")
    assert math.isnan(made.derivatives[0])
    assert made.operation.compute(2.0)[0] == 1.4
    with pytest.raises(ValueError, match="for other numbers is not known"):
        made.operation.compute(2.1)
    assert found("", 11.0, 2.0, 3.0, claims=(4.0, 1.0))[0].derivatives == (4.0, 1.0)


def test_a_value_that_is_not_its_operations_is_kept():
    made, _ = found("*", 13.0, 3.0, 4.0)
    assert (made.operation.name, made.value, made.derivatives) == ("multiply", 13.0, (4.0, 3.0))


def test_numbers_of_32_bits_fit():
    assert found("", 0.30000001192092896, 0.1, 0.2)[0].operation.name == "add"
    assert not is_close([1.0], [1.001])
    assert is_close([math.nan], [math.nan])
