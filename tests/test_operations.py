"""Each operation is what its formula says, everywhere: values, derivatives, kinks and edges."""

from __future__ import annotations

import asyncio
import copy
import inspect
import math
import pickle
import re
from itertools import product
from threading import Barrier, Thread
from types import FunctionType

import pytest
from graphs import exact, exact_gradient, exact_value, has_kink
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import microrelu
from microrelu import Value, check_gradients, operation, operations, relu_at_zero
from microrelu.engine import OPERATIONS, Operation
from microrelu.writing.formula import written_for

INF, NAN = math.inf, math.nan
BUILT_IN = {name: row for name, row in OPERATIONS.items() if getattr(operations, name, None) is row}
ANY_NUMBER = [name for name, row in BUILT_IN.items() if not row.operands]
numbers = st.floats(-20, 20).filter(lambda a: a == 0 or abs(a) > 1e-6)


def value(name: str, *operands: float) -> float:
    return BUILT_IN[name].function(*operands)[0]


def derivatives(name: str, *operands: float) -> tuple[float, ...]:
    return BUILT_IN[name].function(*operands)[1]


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


# The table


def test_the_table_holds_every_operation_of_the_design():
    assert " ".join(BUILT_IN) == (
        "add subtract multiply divide negate square power exp log sqrt sin cos absolute maximum "
        "minimum relu leaky_relu elu softplus sigmoid tanh total weighted_sum log_sum_exp"
    )
    assert sorted(ANY_NUMBER) == ["log_sum_exp", "total", "weighted_sum"]


def test_each_operation_is_a_function_of_the_package():
    for name in BUILT_IN:
        assert callable(getattr(microrelu, name))


def test_each_operation_of_one_operand_is_a_method():
    for name, row in BUILT_IN.items():
        if len(row.operands) == 1:
            v = Value(0.7, "v")
            node = -v if name == "negate" else getattr(v, name)()
            assert (node.operation, node.parents) == (row, (v,))


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_operation_says_how_it_is_written(name):
    row = BUILT_IN[name]
    names, formula, local = written_for(row, 3)
    assert row.symbol
    assert row.__doc__
    assert repr(row) == f"<operation {name}>"
    assert formula
    assert len(local) == len(names)


def test_help_says_the_formula_and_the_derivatives():
    assert Value.relu.__doc__ == (
        "A new node, relu of this node a: ReLU(a); derivative by a: Step(a)."
    )
    assert microrelu.relu.__doc__ == "ReLU(a); derivative by a: Step(a)."
    assert microrelu.multiply.__doc__ == "a * b; derivative by a: b, by b: a."
    assert microrelu.maximum.__doc__.startswith("max(a, b); derivative by a: Step(a - b), by b: ")
    assert microrelu.maximum.__doc__.endswith("agree at the kink.")
    assert microrelu.total.__doc__.startswith("total(values): their sum")
    assert str(inspect.signature(Value.tanh)) == "(self)"
    assert str(inspect.signature(Value.leaky_relu)) == "(self, slope=0.01)"
    assert Value.elu.__qualname__ == "Value.elu"


def test_help_of_an_operation_of_ones_own(table):
    @operation()
    def soft(a, slope=0.5):
        return slope * a, (slope, a)

    @operation(formula="a**3")
    def cube(a):
        """As a box grows."""
        return a**3, (3 * a**2,)

    @operation(derivatives=["3 * a**2"])
    def third(a):
        return a**3, (3 * a**2,)

    assert soft.__doc__ == "The operation soft(a, slope=0.5)."
    assert cube.__doc__ == "a**3.\n\nAs a box grows."
    assert third.__doc__ == "third(a); derivative by a: 3 * a**2."


# Values and local derivatives


@st.composite
def places(draw: st.DrawFn) -> tuple[Operation, tuple[float, ...]]:
    """An operation, and operands where it has a value."""
    row = BUILT_IN[draw(st.sampled_from(sorted(BUILT_IN)))]
    count = len(row.operands) or draw(st.integers(1, 4))
    if row.name == "weighted_sum":
        count = 2 * count + 1
    operands = tuple(draw(numbers) for _ in range(count))
    if row.name == "power":
        operands = (abs(operands[0]), operands[1] / 4)
        assume(operands[0] > 0)
    if row.name in ("log", "sqrt"):
        operands = (abs(operands[0]),)
        assume(operands[0] > 0)
    assume(row.name != "divide" or operands[1] != 0)
    return row, operands


@settings(max_examples=3000, deadline=None)
@given(places())
def test_value_and_local_derivatives_are_those_of_the_formulas(place):
    row, operands = place
    names, formula, local = written_for(row, len(operands))
    at = {name: exact_value(Value(x)) for name, x in zip(names, operands, strict=True)}
    found, slopes = row.function(*operands)
    scale = sum(map(abs, operands)) if row.name in ANY_NUMBER else 1.0
    scale = scale**2 if row.name == "weighted_sum" else scale
    assert math.isclose(found, exact(formula, at), rel_tol=1e-14, abs_tol=1e-15 * scale)
    for slope, text in zip(slopes, local, strict=True):
        assert math.isclose(slope, exact(text, at), rel_tol=1e-13, abs_tol=1e-15)


@settings(max_examples=2000, deadline=None)
@given(places())
def test_local_derivatives_are_the_limits_of_differences(place):
    row, operands = place
    leaves = [Value(x) for x in operands]
    node = row.apply(tuple(leaves))
    assume(not has_kink(node))
    for leaf, slope in zip(leaves, node.local_derivatives, strict=True):
        assert math.isclose(slope, exact_gradient(node, leaf), rel_tol=1e-13, abs_tol=1e-15)


def test_values_that_everyone_knows():
    assert value("add", 2.0, 3.0) == 5.0
    assert value("subtract", 2.0, 3.0) == -1.0
    assert value("multiply", 2.0, 3.0) == 6.0
    assert value("divide", 3.0, 2.0) == 1.5
    assert value("negate", 2.0) == -2.0
    assert value("square", -3.0) == 9.0
    assert value("power", 2.0, 10.0) == 1024.0
    assert value("power", -2.0, 3.0) == -8.0
    assert value("exp", 1.0) == math.e
    assert value("log", math.e) == 1.0
    assert value("sqrt", 9.0) == 3.0
    assert value("sin", math.pi / 2) == 1.0
    assert value("cos", 0.0) == 1.0
    assert (value("absolute", -2.0), value("absolute", 2.0)) == (2.0, 2.0)
    assert (value("maximum", -2.0, 1.0), value("minimum", -2.0, 1.0)) == (1.0, -2.0)
    assert (value("relu", -2.0), value("relu", 2.0)) == (0.0, 2.0)
    assert (value("leaky_relu", -2.0, 0.1), value("leaky_relu", 2.0, 0.1)) == (-0.2, 2.0)
    assert (value("elu", 2.0), value("elu", -INF)) == (2.0, -1.0)
    assert value("softplus", 0.0) == math.log(2)
    assert (value("sigmoid", 0.0), value("tanh", 0.0)) == (0.5, 0.0)
    assert value("total", 1.0, 2.0, 3.0) == 6.0
    assert value("weighted_sum", 1.0, 2.0, 30.0, 40.0, 5.0) == 115.0
    assert value("log_sum_exp", 0.0, 0.0) == math.log(2)


def test_a_learnt_slope_of_leaky_relu_has_a_gradient():
    x, slope = Value(-2.0, "x"), Value(0.1, "slope")
    node = x.leaky_relu(slope)
    node.backward()
    assert (x.grad, slope.grad) == (0.1, -2.0)
    assert microrelu.leaky_relu(Value(-2.0)).data == -0.02


# Far out


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("sigmoid", (0.0, 0.0), (1.0, 0.0)),
        ("tanh", (-1.0, 0.0), (1.0, 0.0)),
        ("softplus", (0.0, 0.0), (1000.0, 1.0)),
        ("elu", (-1.0, 0.0), (1000.0, 1.0)),
        ("relu", (0.0, 0.0), (1000.0, 1.0)),
    ],
)
def test_activations_are_stable_at_1000(name, left, right):
    for a, (expected, slope) in [(-1000.0, left), (1000.0, right), (-INF, left)]:
        assert BUILT_IN[name].function(a) == (expected, (slope,))


def test_log_sum_exp_is_stable_at_1000():
    assert value("log_sum_exp", 1000.0, 1000.0) == 1000.0 + math.log(2)
    assert value("log_sum_exp", -1000.0, -1000.0) == -1000.0 + math.log(2)
    assert derivatives("log_sum_exp", 1000.0, -1000.0) == (1.0, 0.0)
    assert BUILT_IN["log_sum_exp"].function(-INF, 3.0) == (3.0, (0.0, 1.0))


@given(st.lists(numbers, min_size=1, max_size=5), st.floats(-1000, 1000))
def test_softmax_sums_to_1_wherever_it_is(a, shift):
    assert math.isclose(sum(derivatives("log_sum_exp", *[x + shift for x in a])), 1.0)


# NaN and infinity


@pytest.mark.parametrize("name", BUILT_IN)
def test_nan_goes_through_to_value_and_gradient(name):
    """NaN in gives NaN out, and NaN for each derivative that is no constant."""
    row = BUILT_IN[name]
    operands = [Value(NAN) for _ in row.operands or range(3)]
    node = row.apply(tuple(operands))
    assert math.isnan(node.data)
    for slope, text in zip(node.local_derivatives, written_for(row, 3)[2], strict=True):
        assert math.isnan(slope) or text in ("1", "-1")


@pytest.mark.parametrize("name", [name for name, row in BUILT_IN.items() if len(row.operands) > 1])
@pytest.mark.parametrize("other", [-2.0, 0.5, 3.0])
def test_one_nan_of_two_operands_makes_the_value_nan(name, other):
    assert math.isnan(value(name, NAN, other))
    if name != "leaky_relu":  # right of zero the slope does not matter
        assert math.isnan(value(name, other, NAN))


@pytest.mark.parametrize("name", ["relu", "absolute", "leaky_relu", "elu", "softplus", "sigmoid"])
def test_nan_in_is_never_gradient_0_out(name):
    x = Value(NAN, "x")
    node = getattr(x, name)()
    node.backward()
    assert math.isnan(node.data)
    assert math.isnan(x.grad)


def test_the_slope_of_leaky_relu_gets_nan_from_nan():
    assert math.isnan(derivatives("leaky_relu", NAN, 0.1)[1])


@pytest.mark.parametrize("pair", [(NAN, 1.0), (1.0, NAN), (NAN, INF), (-INF, NAN)])
def test_max_and_min_hand_nan_on_whatever_the_order(pair):
    for name in ("maximum", "minimum"):
        found, slopes = BUILT_IN[name].function(*pair)
        assert math.isnan(found)
        assert all(map(math.isnan, slopes))


def test_infinities_go_through():
    assert value("add", INF, 1.0) == INF
    assert math.isnan(value("subtract", INF, INF))
    assert math.isnan(value("multiply", INF, 0.0))
    assert BUILT_IN["relu"].function(INF) == (INF, (1.0,))
    assert BUILT_IN["exp"].function(-INF) == (0.0, (0.0,))
    assert BUILT_IN["log"].function(INF) == (INF, (0.0,))
    assert BUILT_IN["sqrt"].function(0.0) == (0.0, (INF,))
    assert BUILT_IN["softplus"].function(INF) == (INF, (1.0,))
    assert (value("maximum", INF, -INF), value("minimum", INF, -INF)) == (INF, -INF)
    assert derivatives("maximum", INF, 1.0) == (1.0, 0.0)
    assert value("power", INF, 0.5) == INF
    assert value("total", INF, 1.0, 2.0) == INF


def test_log_sum_exp_of_infinity_is_infinity():
    assert BUILT_IN["log_sum_exp"].function(INF, 3.0) == (INF, (1.0, 0.0))
    assert value("log_sum_exp", -INF, -INF) == -INF
    assert math.isnan(value("log_sum_exp", INF, NAN))


def test_powers_at_0():
    assert BUILT_IN["power"].function(0.0, 2.0) == (0.0, (0.0, 0.0))
    assert derivatives("power", 0.0, 1.0)[0] == 1.0
    assert derivatives("power", 0.0, 0.5)[0] == INF
    assert derivatives("power", 0.0, 0.0)[0] == 0.0


def test_a_power_of_a_negative_base_has_no_derivative_by_its_exponent():
    slope, by_exponent = derivatives("power", -2.0, 3.0)
    assert slope == 12.0
    assert math.isnan(by_exponent)


# Kinks


def test_relu_at_zero_is_1_as_step_is_defined():
    assert derivatives("relu", 0.0) == derivatives("relu", -0.0) == (1.0,)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_one_convention_holds_for_every_kink(slope):
    with relu_at_zero(slope):
        assert derivatives("relu", 0.0) == (slope,)
        assert derivatives("absolute", 0.0) == (0.0,)
        assert derivatives("maximum", 3.0, 3.0) == (slope, 1.0 - slope)
        assert derivatives("minimum", 3.0, 3.0) == (slope, 1.0 - slope)
        assert derivatives("leaky_relu", 0.0, 0.1) == (slope + 0.1 * (1.0 - slope), 0.0)


def test_max_with_0_is_relu_at_its_kink_too():
    for slope in (0.0, 0.5, 1.0):
        with relu_at_zero(slope):
            assert derivatives("maximum", 0.0, 0.0)[0] == derivatives("relu", 0.0)[0]


def test_derivatives_at_kinks_are_those_that_are_written():
    """The formulas say Step, and Step(0) is what `relu_at_zero` says, 1 unless said otherwise."""
    for name, operands in [
        ("relu", (0.0,)),
        ("absolute", (0.0,)),
        ("maximum", (2.0, 2.0)),
        ("minimum", (2.0, 2.0)),
        ("leaky_relu", (0.0, 0.25)),
    ]:
        names, _, local = written_for(BUILT_IN[name], len(operands))
        at = {each: exact_value(Value(x)) for each, x in zip(names, operands, strict=True)}
        assert derivatives(name, *operands) == tuple(float(exact(text, at)) for text in local)


def test_only_kinks_are_called_kinks():
    kinky = {name for name, row in BUILT_IN.items() if row.has_kink}
    assert kinky == {"relu", "leaky_relu", "absolute", "maximum", "minimum"}
    for name in kinky:
        others = (1.0,) * (len(BUILT_IN[name].operands) - 1)
        at = 1.0 if name in ("maximum", "minimum") else 0.0
        assert BUILT_IN[name].kink(at, *others)
        assert not BUILT_IN[name].kink(at + 1e-300 if at == 0 else 1.1, *others)
        assert not BUILT_IN[name].kink(NAN, *others)


def test_relu_at_zero_is_global_scoped_nested_and_restored():
    try:
        relu_at_zero(0.0)
        assert derivatives("relu", 0.0) == (0.0,)
        with relu_at_zero(0.5):
            assert derivatives("relu", 0.0) == (0.5,)
            with relu_at_zero(1):
                assert derivatives("relu", 0.0) == (1.0,)
            assert derivatives("relu", 0.0) == (0.5,)
        assert derivatives("relu", 0.0) == (0.0,)
    finally:
        relu_at_zero(1.0)


def test_blocks_and_calls_may_end_in_any_order():
    first, second = relu_at_zero(0.0), relu_at_zero(0.5)
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert derivatives("relu", 0.0) == (0.5,)
    second.__exit__()
    assert derivatives("relu", 0.0) == (1.0,)


def test_a_block_belongs_to_its_thread():
    inside, seen = Barrier(2, timeout=10), []

    def work(slope):
        with relu_at_zero(slope):
            inside.wait()
            seen.append((slope, derivatives("relu", 0.0)))
            inside.wait()

    threads = [Thread(target=work, args=(slope,)) for slope in (0.0, 0.5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(seen) == [(0.0, (0.0,)), (0.5, (0.5,))]
    assert derivatives("relu", 0.0) == (1.0,)


def test_a_block_belongs_to_its_task_and_the_call_is_for_everyone():
    async def work(slope):
        with relu_at_zero(slope):
            await asyncio.sleep(0)
            return derivatives("relu", 0.0)

    async def both():
        return await asyncio.gather(work(0.0), work(0.5))

    assert asyncio.run(both()) == [(0.0,), (0.5,)]
    try:
        relu_at_zero(0.25)
        seen = []
        thread = Thread(target=lambda: seen.append(derivatives("relu", 0.0)))
        thread.start()
        thread.join()
        assert seen == [(0.25,)]
    finally:
        relu_at_zero(1.0)


def test_the_setting_shows_itself_quietly():
    with (block := relu_at_zero(0.5)):
        assert repr(block) == "relu_at_zero(0.5)"


def test_relu_at_zero_is_restored_after_an_error():
    with pytest.raises(KeyError), relu_at_zero(0.0):
        raise KeyError
    assert derivatives("relu", 0.0) == (1.0,)


def test_a_node_keeps_the_convention_it_was_made_with():
    z = Value(0.0, "z")
    with relu_at_zero(0.0):
        r = z.relu()
    r.backward()
    assert z.grad == 0.0


@pytest.mark.parametrize("slope", [-0.1, 1.1, NAN, INF])
def test_relu_at_zero_refuses_what_is_no_slope_of_relu(slope):
    sentence = f"ReLU'(0) lies between 0 and 1, not at {slope}: relu_at_zero(0.5), say."
    with pytest.raises(ValueError, match=re.escape(sentence)):
        relu_at_zero(slope)
    assert derivatives("relu", 0.0) == (1.0,)


# No value


@pytest.mark.parametrize(
    ("compute", "error", "sentence"),
    [
        (lambda a, b: a.log(), ValueError, "log(a = -2.0) has no value: "),
        (lambda a, b: b.log(), ValueError, "log(b = 0.0) has no value: "),
        (lambda a, b: a.sqrt(), ValueError, "sqrt(a = -2.0) has no value: "),
        (lambda a, b: a**0.5, ValueError, "power(a = -2.0, 0.5) has no value: "),
        (lambda a, b: b**-1, ValueError, "power(b = 0.0, -1.0) has no value: "),
        (lambda a, b: a / b, ZeroDivisionError, "divide(a = -2.0, b = 0.0) has no value: "),
        (lambda a, b: 1 / b, ZeroDivisionError, "divide(1.0, b = 0.0) has no value: "),
        (lambda a, b: (a * -500).exp(), OverflowError, "exp(1000.0) has no value: "),
        (lambda a, b: a**5000, OverflowError, "power(a = -2.0, 5000.0) has no value: "),
    ],
)
def test_an_operation_without_a_value_names_itself_its_numbers_and_labels(compute, error, sentence):
    with pytest.raises(error, match=f"^{re.escape(sentence)}"):
        compute(Value(-2.0, "a"), Value(0.0, "b"))


def test_many_operands_are_not_all_listed(table):
    @operation()
    def never(*a):
        raise ValueError("never")

    with pytest.raises(ValueError, match=re.escape("never(0.0, 1.0, 2.0, …, 8.0, 9.0) has no val")):
        never(*map(float, range(10)))


def test_log_sum_exp_of_nothing_and_unequal_weights_are_refused():
    with pytest.raises(ValueError, match=r"log_sum_exp was given no values: it needs at least one"):
        microrelu.log_sum_exp([])
    with pytest.raises(ValueError, match=r"was given 2 weights and 3 inputs: it needs one weight "):
        microrelu.weighted_sum([1.0, 2.0], [Value(1.0)] * 3)


@pytest.mark.parametrize("name", [name for name, row in BUILT_IN.items() if row.operands])
def test_a_wrong_number_of_operands_is_refused(name):
    row = BUILT_IN[name]
    count = len(row.operands) + 1
    sentence = f"{name}({', '.join(row.operands)}) was given {count} operands."
    with pytest.raises(TypeError, match=re.escape(sentence)):
        row(*[Value(0.5)] * count)


# An operation of one's own


def test_two_lines_make_an_operation(table):
    @operation("□³", "a**3", ["3 * a**2"])
    def cube(a):
        return a**3, (3 * a**2,)

    x = Value(2.0, "x")
    y = cube(x) + cube(3.0)
    y.backward()
    assert (y.data, x.grad, cube(x)._op) == (35.0, 12.0, "□³")
    assert check_gradients(y)
    assert table["cube"] is cube
    assert exact_value(y) == 35


def test_an_operation_needs_no_formula(table):
    @operation()
    def twice(a):
        return 2 * a, (2.0,)

    assert twice(Value(3.0)).data == 6.0
    assert twice.symbol == "twice"
    assert check_gradients(twice(Value(3.0, "x")))


def test_an_operation_with_too_few_derivatives_is_refused(table):
    @operation("⊕")
    def plus(a, b):
        return a + b, (1.0,)

    sentence = (
        "plus returned 1 local derivatives for 2 operands: "
        "return value, (one derivative for each operand)."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        plus(1.0, 2.0)


def test_a_kink_of_ones_own_follows_the_convention(table):
    @operation("ReLU6", "min(max(a, 0), 6)", kink=lambda a: a in (0, 6))
    def relu6(a):
        return min(max(a, 0.0), 6.0), (operations.step(a) * operations.step(6.0 - a),)

    for at, kink in product([0.0, 6.0], [0.0, 0.5, 1.0]):
        with relu_at_zero(kink):
            assert relu6(at).local_derivatives == (kink,)
            assert check_gradients(relu6(Value(at, "x"))).rows[0].verdict == "kink"


def test_operands_can_be_named():
    v = Value(-2.0)
    assert operations.leaky_relu(v, slope=0.25).data == operations.leaky_relu(v, 0.25).data == -0.5
    with pytest.raises(TypeError, match=r"tanh\(a\) was given 2 operands: got an unexpected key"):
        operations.tanh(v, slope=0.1)


def test_a_name_is_in_the_table_once(table):
    sentence = "There is an operation 'relu' already, of microrelu.operations: give yours another"
    with pytest.raises(ValueError, match=sentence):

        @operation("ReLU")
        def relu(a):
            return a, (1.0,)

    assert table["relu"] is operations.relu


def test_a_definition_of_ones_own_is_replaced_by_the_next_from_the_same_module(table):
    for slope in (2.0, 3.0):

        @operation("k a")
        def scaled(a, slope=slope):
            return slope * a, (slope, a)

        assert table["scaled"] is scaled
    assert scaled(Value(1.0)).data == 3.0
    elsewhere = FunctionType(scaled.function.__code__, {"__name__": "elsewhere"}, "scaled")
    with pytest.raises(ValueError, match="There is an operation 'scaled' already, of test_op"):
        operation("k a")(elsewhere)


@pytest.mark.parametrize(
    ("formula", "derivatives", "sentence"),
    [
        ("a * b", ["b"], "mine has the derivatives ['b'] for 2 operands: give a list with"),
        ("a * b", "b", "mine has the derivatives 'b' for 2 operands"),
        ("a *", [], "The formula 'a *' of mine is no arithmetic: write it as Python does"),
        ("a * b", ["b", "c"], "The formula 'c' of mine has 'c', which is none of its operands (a,"),
        ("a.real", [], "The formula 'a.real' of mine has 'real', which is none of its operands"),
        ("arcsin(a)", [], "has 'arcsin', which is none of its operands (a, b) and no function"),
    ],
)
def test_a_definition_that_does_not_fit_gets_a_sentence(table, formula, derivatives, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):

        @operation("m", formula, derivatives)
        def mine(a, b):
            return a * b, (b, a)

    assert "mine" not in table


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (lambda a: (a, (1.0,)), "An operation has a name to be called by"),
        (math.exp, "An operation has a name to be called by"),
    ],
)
def test_what_is_no_named_function_is_refused(table, function, sentence):
    with pytest.raises(TypeError, match=sentence):
        operation("f")(function)


def test_operands_are_named_or_any_number(table):
    def nothing():
        return 1.0, ()

    def mixed(a, *b):
        return a, (1.0,)

    for function in (nothing, mixed):
        with pytest.raises(TypeError, match="An operation has operands, def"):
            operation("f")(function)
    with pytest.raises(ValueError, match="largest takes any number of operands, so that its form"):

        @operation("max", "max(a)")
        def largest(*a):
            return max(a), ()


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (("s", (1.0,)), "The value of mine(2.0) is one real number, not 's' (str)"),
        ((1.0, (1j,)), "A derivative of mine(2.0) is one real number, not 1j (complex)"),
        ((1.0, 1.0), "mine(2.0) returned (1.0, 1.0): return value, (one derivative for each op"),
        (1.0, "mine(2.0) returned 1.0: return value, (one derivative for each operand)"),
        ((1.0, (None,)), "A derivative of mine(2.0) is one real number, not None"),
    ],
)
def test_what_an_operation_of_ones_own_returns_is_looked_at(table, returned, sentence):
    @operation("m")
    def mine(a):
        return returned

    with pytest.raises(TypeError, match=re.escape(sentence)):
        mine(2.0)


def test_numbers_of_other_kinds_become_floats(table):
    np = pytest.importorskip("numpy")

    @operation("m")
    def mine(a):
        return np.float32(0.5), np.ones(1, dtype=int)

    node = mine(2.0)
    assert (type(node.data), [type(each) for each in node.local_derivatives]) == (float, [float])


def test_a_root_is_real_at_4_and_refused_at_minus_4(table):
    @operation("√")
    def root(a):
        return a**0.5, (0.5 * a**-0.5,)

    assert root(4.0).data == 2.0
    with pytest.raises(TypeError, match=r"root\(-4.0\) is one real number, not .* \(complex\)"):
        root(-4.0)


def test_an_operation_is_pickled_by_its_name():
    for row in (operations.relu, operations.weighted_sum):
        assert pickle.loads(pickle.dumps(row)) is copy.deepcopy(row) is copy.copy(row) is row


def test_an_operation_that_pickle_cannot_find_says_so(table):
    @operation("m")
    def mine(a):
        return a, (1.0,)

    assert copy.deepcopy(mine(1.0)).operation is mine
    with pytest.raises(TypeError, match="The operation mine was defined inside a function"):
        pickle.dumps(mine(1.0))
