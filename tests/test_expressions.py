"""The language of the command line: text to a graph, and nothing but arithmetic."""

import contextlib
import io
import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microrelu
from microrelu import expression, topological_order
from microrelu.cli.commands import main
from microrelu.expressions import MistakeError


def read(text, **values):
    return expression(text, **values)[0]


def test_lines_separate_statements_like_semicolons():
    assert read("  z = x + 1\r\n\n  relu(\n z)\n", x=2.0).data == 3.0


def test_a_named_number_is_a_variable_and_a_written_one_is_not():
    root = read("w = 0.5; relu(w * 4)")
    assert [(node.label, type(node).__name__) for node in topological_order(root)][:2] == [
        ("w", "Value"),
        ("", "Constant"),
    ]
    assert root.data == 2.0


def test_a_second_name_for_a_node_leaves_its_first():
    assert read("z = x; z * z", x=3.0).parents[0].label == "x"


def test_numbers_alone_become_one_constant():
    third = read("1/3 * x", x=6.0).parents[0]
    assert (type(third).__name__, third.data, third.parents) == ("Constant", 1 / 3, ())


def test_a_square_is_the_square_that_it_is():
    assert read("x**2", x=3.0).operation is microrelu.square
    assert read("x**y", x=3.0, y=2.0).operation is microrelu.power


@pytest.mark.parametrize(
    "written", ["relu(x)", "ReLU(x)", "maximum(x, 0)", "max(0, x)", "+relu(x)"]
)
def test_a_function_has_its_names_from_python_and_from_the_textbook(written):
    assert read(written, x=2.5).data == 2.5


def test_functions_of_any_number_of_operands():
    assert read("total(x, 1, x)", x=2.0).data == 5.0
    assert read("log_sum_exp(x, x)", x=0.0).data == math.log(2)
    assert read("leaky_relu(x)", x=-1.0).data == -0.01
    assert read("leaky_relu(x, 0.5)", x=-1.0).data == -0.5


def test_an_operation_of_ones_own_can_be_written():
    @microrelu.operation("□³", "a**3", ["3 * a**2"])
    def cube(a):
        return a**3, (3 * a**2,)

    try:
        assert read("cube(x)", x=2.0).data == 8.0
    finally:
        del microrelu.engine.OPERATIONS["cube"]


def test_a_function_that_nothing_resembles_is_answered_with_all_there_are():
    with pytest.raises(MistakeError, match=r"There is no function zzz, only .*abs, .*relu, .*σ"):
        read("zzz(x)", x=1.0)


def test_carets_stand_under_their_place_in_a_long_line():
    with pytest.raises(MistakeError) as mistake:
        read("x*" * 60 + "y" + "*x" * 60, x=1.0)
    _, line, carets = str(mistake.value).split("\n")
    assert line[carets.index("^")] == "y"
    assert line.startswith("    …")
    assert line.endswith("…")
    assert len(line) < 100


def test_a_long_sum_is_read_without_recursion():
    root = read("+".join(["x"] * 300), x=1.0)
    assert root.data == 300.0


numbers = st.integers(0, 40).map(lambda n: f"{n / 8}") | st.integers(0, 9).map(str)
names = st.sampled_from("xyz")
leaves = numbers | names


def deeper(inner):
    brackets = inner.map("({})".format)
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        st.tuples(brackets, st.sampled_from("+-*/"), brackets).map("".join),
        st.tuples(st.sampled_from("+-"), brackets).map("".join),
        st.tuples(brackets, st.sampled_from(["**2", "**3", "**-1"])).map("".join),
        brackets.map("abs{}**x".format),  # of a negative number Python makes a complex one
        st.tuples(st.sampled_from(["relu", "tanh", "abs"]), brackets).map("".join),
        st.tuples(inner, inner).map(lambda pair: "maximum({}, {})".format(*pair)),
    )


texts = st.recursive(leaves, deeper, max_leaves=12)
AS_PYTHON = {
    "relu": lambda a: max(a, 0.0),
    "tanh": math.tanh,
    "abs": abs,
    "maximum": max,
    "__builtins__": {},
}


@given(texts, *[st.integers(-24, 24).map(lambda n: n / 8)] * 3)
def test_an_expression_is_worth_what_python_says(text, x, y, z):
    values = {"x": x, "y": y, "z": z}
    try:
        expected = eval(text, AS_PYTHON, values)
    except ArithmeticError:
        expected = None
    assume(expected is None or abs(expected) < 1e12)
    try:
        root = expression(f"{text} + 0*(x + y + z)", **values)[0]
    except MistakeError:
        assert expected is None
    else:
        assert expected is None or root.data == pytest.approx(expected, rel=1e-9, abs=1e-9)


tokens = st.sampled_from(
    [
        *"xyz0123456789.()[]{}+-*/%^,;=:@~!<> \n\t'\"\\#_∂²₁é日",
        "**",
        "relu",
        "log(",
        "if",
        "1e9",
        "==",
    ]
)


@given(st.text() | st.lists(tokens).map("".join))
def test_any_text_is_an_expression_or_a_mistake(text):
    with contextlib.suppress(MistakeError):
        expression(text, x=0.5, y=-2.0)


@settings(deadline=None, max_examples=50)
@given(texts, st.sampled_from(["0", "-1.5", "1e308", "1e-320", "nan", "inf"]))
def test_any_arithmetic_is_explained_or_a_mistake(text, number):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["--json", f"({text}) * (x + y + z)", f"x={number}", "y=1", "z=0"])
    assert status in (0, 1, 2)
    assert bool(err.getvalue()) == (status == 2)
    if status < 2:
        json.loads(out.getvalue(), parse_constant=pytest.fail)


def test_python_gets_the_root_and_every_named_node():
    root, nodes = expression("z = w*x + b; r = relu(z); (y - r)**2 / 2", w=0.5, x=2, b=0.1, y=3)
    assert [*nodes] == ["w", "x", "b", "y", "z", "r"]
    assert root.data == pytest.approx(1.805)
    assert nodes["r"].parents == (nodes["z"],)
    root.backward()
    assert nodes["w"].grad == pytest.approx(-3.8)


def test_any_name_may_be_a_keyword():
    root, nodes = expression("text * self + values", text=2.0, self=3.0, values=1.0)
    assert (root.data, [*nodes]) == (7.0, ["text", "self", "values"])


def test_each_node_knows_its_part_of_the_text():
    root, nodes = expression(" é = 2*x + 1/3\n  relu(é) * x ", x=2.0)
    parts = {nodes.text[slice(*nodes.places[node])] for node in topological_order(root)}
    assert parts == {"2", "x", "2*x", "1/3", "2*x + 1/3", "relu(é)", "relu(é) * x"}
    assert nodes.places[nodes["x"]] == (6, 7)
    _, named = expression("k = 2; k * x", x=1.0)
    assert named.text[slice(*named.places[named["k"]])] == "2"


def test_a_mistake_is_a_value_error_with_carets():
    with pytest.raises(
        ValueError, match=r"There is no function rleu: did you mean relu\?\n    rleu"
    ):
        expression("rleu(x)", x=1.0)
    with pytest.raises(TypeError):
        expression("x * 2", x="2")
