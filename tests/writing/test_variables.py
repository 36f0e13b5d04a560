"""A node is called what the caller's variable is called, and never wrongly."""

import pytest

from microrelu import (
    MLP,
    Constant,
    Value,
    backward_steps,
    check_gradients,
    derivation,
    draw,
    explain,
    play,
    total,
)
from microrelu.writing.names import node_names
from microrelu.writing.variables import MOST_MEMBERS, names_for

in_the_module = Value(7.0)
hidden = Value(8.0)
_private = Value(9.0)


def called(root, given=...):
    """What a function of the package calls the nodes that its caller gives it."""
    return [name for name in names_for(root, given).values() if name]


def test_a_node_is_called_what_the_variable_is_called():
    w, x, b = Value(0.5), Value(2.0), Value(0.1)
    z = w * x + b
    assert called(z) == ["w", "x", "v1", "b", "z"]
    assert called(z.relu()) == ["w", "x", "v1", "b", "z", "C"]


def test_local_variables_come_before_global_ones():
    hidden = Value(1.0)
    assert called(hidden * in_the_module) == ["hidden", "in_the_module", "C"]
    own = in_the_module
    assert called(own * 2) == ["own", "C"]


def test_private_names_and_those_of_pytest_and_ipython_name_nothing():
    _w, x = Value(1.0), Value(2.0)
    Out, In = [x], {"x": x}  # noqa: N806  # IPython's own
    assert called(_w * _private) == ["v1", "v2", "C"]
    del x
    assert called(Out[0] * In["x"]) == ["v1", "C"]


def test_a_variable_that_is_bound_anew_names_the_new_node_alone():
    v = Value(2.0)
    first = v
    v = v * 3
    assert called(v + 1) == ["first", "v", "C"]
    del first
    assert called(v + 1) == ["v1", "v", "C"]


def test_an_explicit_label_wins_and_keeps_its_name():
    w, x = Value(0.5, "weight"), Value(2.0)
    assert called(w * x) == ["weight", "x", "C"]
    other, x_1 = Value(1.0, "x1"), Value(3.0)
    assert called(x_1 * other) == ["x_1′", "x1", "C"]


def test_the_first_name_is_taken_and_a_bare_one_before_a_place():
    numbers = [Value(1.0), Value(2.0)]
    a = b = numbers[1]
    assert called(numbers[0] * a + b) == ["numbers_1", "a", "v1", "C"]


def test_places_in_containers():
    w = [Value(1.0), Value(2.0)]
    p = {"w": Value(3.0), 4: Value(4.0), "a b": Value(5.0)}
    matrix = ([Value(6.0)], {"u": Value(7.0)})
    root = total([*w, *p.values(), *matrix[0], *matrix[1].values()])
    assert called(root) == [
        *("w_1", "w_2", "p_w", "p_4", "v1", "matrix_1,1", "matrix_2,u"),
        "root",
    ]
    deep = [[[Value(1.0)]]]
    assert called(deep[0][0][0] * 2) == ["v1", "C"]


def test_containers_that_are_large_or_hold_the_root_name_nothing():
    few, many = [Value(1.0)] * MOST_MEMBERS, [Value(2.0)] * (MOST_MEMBERS + 1)
    assert called(few[0] * many[0]) == ["few_1", "v1", "C"]
    losses = [Value(3.0)]
    losses.append(losses[0] * 2)
    assert called(losses[1]) == ["v1", "C"]


def test_what_is_no_plain_container_names_nothing():
    class Weights(list):
        pass

    weights, given = Weights([Value(1.0)]), (Value(i) for i in range(3))
    model = MLP(1, [1])
    assert called(weights[0] * next(given)) == ["v1", "v2", "C"]
    assert called(model(2.0))[0] == "W(0)"


def test_a_constant_stays_the_number_that_it_is():
    two, x = Constant(2.0), Value(3.0)
    assert called(two * x) == ["x", "C"]


def test_a_comprehension_sees_the_variables_around_it():
    w, x = Value(0.5), Value(2.0)
    root = w * x
    assert [called(w * x) for _ in range(2)] == [["w", "x", "C"]] * 2
    assert {i: called(root.tanh()) for i in range(1)} == {0: ["w", "x", "root", "C"]}
    assert {str(called(factor * 2)) for factor in [w * 3]} == {"['w', 'factor', 'C']"}


def test_names_by_hand_and_none():
    a, b = Value(1.0), Value(2.0)
    root = a * b
    assert called(root, None) == ["v1", "v2", "C"]
    assert called(root, {"u": a, "other": 3.0}) == ["u", "v1", "C"]
    assert called(root, {"p": [b]}) == ["v1", "p_1", "C"]
    with pytest.raises(TypeError, match="names are Values by name"):
        called(root, "w")


def test_every_function_that_takes_a_graph_names_it():
    w, x = Value(0.5), Value(2.0)
    cost = (w * x).tanh()
    assert "cost" in draw(cost).source
    assert "∂cost/∂w" in str(explain(cost))
    assert "∂cost/∂w" in str(derivation(cost, w))
    assert "∂cost/∂w" in "\n".join(map(str, backward_steps(cost)))
    assert [row.leaf for row in check_gradients(cost).rows] == ["w", "x"]
    assert '"cost"' in play(cost).html
    assert '"cost"' not in play(cost, names=None).html
    w.data = 3.0
    with pytest.raises(ValueError, match=r"Write cost\.recompute\(\)"):
        check_gradients(cost)


def test_nothing_is_written_to_the_graph():
    w = Value(0.5)
    root = w * 2
    before = node_names(root)
    assert called(root) == ["w", "root"]
    assert node_names(root) == before
    assert w.label == root.label == ""


def test_what_was_made_keeps_its_names():
    w = Value(0.5)
    steps = backward_steps(w * 2)
    text = explain(w * 2)
    u, w = w, None
    assert u is not w
    assert "∂C/∂w" in str(next(steps))
    assert "∂C/∂w" in str(text)
