"""The sweep as records: each step's contributions, and its text to the letter."""

import re

import pytest

from microrelu import (
    Constant,
    Value,
    backward_steps,
    check_gradients,
    explain,
    log_sum_exp,
    maximum,
    operation,
    relu,
    relu_at_zero,
    topological_order,
)
from microrelu.engine import Earlier
from microrelu.steps.holds import changed_nodes, refuse_changed
from microrelu.writing.names import node_names


def neuron():
    w, x, b = Value(-0.2, "w"), Value(2.0, "x"), Value(0.0, "b")
    z = w * x + b
    z.label = "z"
    return w, x, b, z


def test_steps_finish_one_node_at_a_time_and_leave_the_gradients_of_backward():
    w, x, b, z = neuron()
    root = (z.tanh() + z) ** 2
    root.backward()
    expected = [node.grad for node in (w, x, b, z)]
    w.grad = x.grad = b.grad = 0
    steps = list(backward_steps(root))
    assert [node.grad for node in (w, x, b, z)] == expected
    assert steps[0].node is root
    assert {step.node: step.upstream for step in steps}[z] == z.grad


def test_a_step_comes_out_when_its_contributions_have_been_added():
    w, x, _b, z = neuron()
    for step in backward_steps(z * 3):
        for each in step.contributions:
            assert each.parent.grad == each.running_total
        if step.node is not z:
            continue
        assert (type(w.grad), type(x.grad)) == (int, int)  # not reached yet
        break


def test_running_totals_count_up_over_a_fan_out_and_over_repeated_operands():
    a = Value(3.0, "a")
    totals = [
        (each.amount, each.running_total)
        for step in backward_steps(a * a + a)
        for each in step.contributions
        if each.parent is a
    ]
    assert totals == [(1.0, 1.0), (3.0, 4.0), (3.0, 7.0)]
    assert a.grad == 7.0


def test_leaves_add_to_earlier_sweeps_and_the_step_says_so():
    w = Value(2.0, "w")
    (w * 3).backward()
    *_, leaf = backward_steps(w * 5)
    assert (leaf.upstream, w.grad) == (5.0, 8.0)
    assert str(leaf) == "w = 2    ∂C/∂w = 5\n    With what earlier sweeps left, grad is 8."


def test_a_step_says_nothing_of_earlier_sweeps_after_grad_was_set_to_0():
    w = Value(2.0, "w")
    *_, leaf = backward_steps(w * 5)
    w.grad = 0
    assert str(leaf) == "w = 2    ∂C/∂w = 5"


def test_steps_refuse_a_graph_that_no_longer_holds_when_they_are_called():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    cost = w * x
    w.data = 10.0
    with pytest.raises(ValueError, match=r"C = w x was recorded as 6.*Write C.recompute\(\)"):
        backward_steps(cost, names=None)


def test_a_step_prints_the_numbers_that_it_was_made_with():
    z, slope = Value(0.0, "z"), Value(0.5)
    cost = relu(z) + slope * 2
    steps = list(backward_steps(cost))
    printed = [(str(each), each.latex(), each.mathml()) for each in steps]
    z.data, slope.label, cost.parents[1].parents[1].data = 3.0, "s", 7.0
    cost.recompute()
    cost.backward()
    assert [(str(each), each.latex(), each.mathml()) for each in steps] == printed


def test_steps_that_were_begun_go_on_with_the_numbers_that_they_began_with():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    steps = backward_steps((w * x).tanh())
    expected = list(map(str, backward_steps((w * x).tanh())))
    w.grad = x.grad = 0
    first = str(next(steps))
    w.data = 10.0
    assert [first, *map(str, steps)] == expected


def test_a_constant_that_is_the_root_has_a_step():
    assert list(map(str, backward_steps(Constant(3.0)))) == ["C = 3    ∂C/∂C = 1"]


def test_what_feeds_a_node_through_others_too_is_told_from_its_gradient():
    z = [Value(1.0, "z1"), Value(2.0, "z2")]
    steps = list(backward_steps((z[0] - log_sum_exp(z)) * 2))
    assert str(steps[1]).splitlines()[1:] == [
        "    ∂C/∂z₁ += ∂C/∂v₂ · ∂(z₁ − v₁)/∂z₁ = 2 · 1    = 2   total 2",
        "    ∂C/∂v₁ =  ∂C/∂v₂ · ∂v₂/∂v₁        = 2 · (−1) = −2  total −2",
    ]


def test_the_places_of_a_node_that_is_an_operand_twice_are_told_apart():
    v = Value(3.0, "v")
    *_, step, _leaf = backward_steps((v * v) * 2)
    assert str(step).splitlines()[1:] == [
        "    ∂C/∂v += ∂C/∂v₁ · v = 2 · 3 = 6  total 6",
        "    ∂C/∂v += ∂C/∂v₁ · v = 2 · 3 = 6  total 12",
    ]


def test_constants_have_neither_steps_nor_contributions():
    x = Value(2.0, "x")
    first, *_ = steps = list(backward_steps(5 * x))
    assert [step.node for step in steps] == [first.node, x]
    assert [each.parent for each in first.contributions] == [x]


def test_a_step_reads_as_in_a_textbook():
    _w, _x, _b, z = neuron()
    root = (z - 1) ** 2 / 2
    assert (
        "\n".join(map(str, backward_steps(root, names=None)))
        == """\
C = v₃ / 2 = 1.96 / 2 = 0.98    ∂C/∂C = 1
    ∂C/∂v₃ = ∂C/∂C · (1 / 2) = 1 · 0.5 = 0.5  total 0.5
v₃ = v₂² = (−1.4)² = 1.96    ∂C/∂v₃ = 0.5
    ∂C/∂v₂ = ∂C/∂v₃ · ∂v₃/∂v₂ = ∂C/∂v₃ · 2 v₂ = 0.5 · (−2.8) = −1.4  total −1.4
v₂ = z − 1 = −0.4 − 1 = −1.4    ∂C/∂v₂ = −1.4
    ∂C/∂z = ∂C/∂v₂ · ∂v₂/∂z = −1.4 · 1 = −1.4  total −1.4
z = v₁ + b = −0.4 + 0 = −0.4    ∂C/∂z = −1.4
    ∂C/∂v₁ = ∂C/∂z · ∂z/∂v₁ = −1.4 · 1 = −1.4  total −1.4
    ∂C/∂b  = ∂C/∂z · ∂z/∂b  = −1.4 · 1 = −1.4  total −1.4
b = 0    ∂C/∂b = −1.4
v₁ = w x = −0.2 · 2 = −0.4    ∂C/∂v₁ = −1.4
    ∂C/∂w = ∂C/∂v₁ · ∂v₁/∂w = ∂C/∂v₁ · x = −1.4 · 2      = −2.8  total −2.8
    ∂C/∂x = ∂C/∂v₁ · ∂v₁/∂x = ∂C/∂v₁ · w = −1.4 · (−0.2) = 0.28  total 0.28
x = 2    ∂C/∂x = 0.28
w = −0.2    ∂C/∂w = −2.8"""
    )


def test_a_fan_out_is_marked_by_a_gain_and_a_root_by_its_own_derivative():
    a = Value(2.0, "a")
    assert (
        str(next(backward_steps(a + a, names=None)))
        == """\
C = a + a = 2 + 2 = 4    ∂C/∂C = 1
    ∂C/∂a += ∂C/∂C · 1 = 1 · 1 = 1  total 1
    ∂C/∂a += ∂C/∂C · 1 = 1 · 1 = 1  total 2"""
    )


def test_a_closed_relu_says_that_nothing_passes():
    assert (
        str(next(backward_steps(relu(Value(-2.0, "z")), names=None)))
        == """\
C = ReLU(z) = ReLU(−2) = 0    ∂C/∂C = 1
    ∂C/∂z = ∂C/∂C · Step(z) = 1 · 0 = 0  total 0
    ReLU is closed: nothing passes."""
    )


def test_a_maximum_says_towards_whom_it_is_closed():
    text = str(next(backward_steps(maximum(Value(2.0, "a"), Value(1.0, "b")))))
    assert text.endswith("\n    max passes nothing to b.")


def test_a_node_at_its_kink_says_that_the_derivative_is_a_convention():
    with relu_at_zero(0.5):
        text = str(next(backward_steps(relu(Value(0.0, "z")))))
    assert (
        text
        == """\
C = ReLU(z) = ReLU(0) = 0    ∂C/∂C = 1
    ∂C/∂z = ∂C/∂C · Step(z) = 1 · 0.5 = 0.5  total 0.5
    ReLU is at its kink: the derivative here is a convention."""
    )


def test_a_step_in_latex_and_mathml():
    _w, _x, _b, z = neuron()
    step = next(each for each in backward_steps(z * z) if each.node is z)
    assert (
        step.latex()
        == r"""\begin{aligned}
z &= v_{1} + b = -0.4 + 0 = -0.4 \\
\frac{\partial C}{\partial v_{1}} &= \frac{\partial C}{\partial z} \cdot """
        + (
            r"\frac{\partial z}{\partial v_{1}} = -0.8 \cdot 1 = -0.8 \\" + "\n"
            r"\frac{\partial C}{\partial b} &= \frac{\partial C}{\partial z} \cdot "
            r"\frac{\partial z}{\partial b} = -0.8 \cdot 1 = -0.8" + "\n" + r"\end{aligned}"
        )
    )
    square = next(backward_steps(Value(3.0, "a") ** 2))
    assert square.mathml() == (
        '<math display="block"><mtable columnalign="left"><mtr><mtd><mi>C</mi><mo>=</mo>'
        "<msup><mi>a</mi><mn>2</mn></msup><mo>=</mo><msup><mn>3</mn><mn>2</mn></msup><mo>=</mo>"
        "<mn>9</mn></mtd></mtr><mtr><mtd><mfrac><mrow><mo>∂</mo><mi>C</mi></mrow><mrow><mo>∂</mo>"
        "<mi>a</mi></mrow></mfrac><mo>=</mo><mrow><mfrac><mrow><mo>∂</mo><mi>C</mi></mrow><mrow>"
        "<mo>∂</mo><mi>C</mi></mrow></mfrac><mo>·</mo><mrow><mn>2</mn><mo>&#x2062;</mo><mi>a</mi>"
        "</mrow></mrow><mo>=</mo><mrow><mn>1</mn><mo>·</mo><mn>6</mn></mrow><mo>=</mo><mn>6</mn>"
        "</mtd></mtr></mtable></math>"
    )


def test_a_label_with_an_equals_sign_is_aligned_at_the_equation_s_own():
    assert next(backward_steps(Value(3.0, "a=b"))).latex() == (
        "\\begin{aligned}\n\\text{a=b} &= 3\n\\end{aligned}"
    )


def test_an_operation_of_the_user_steps_at_once(table):
    @operation()
    def cube_(a):
        return a**3, (3 * a**2,)

    assert (
        str(next(backward_steps(cube_(Value(2.0, "a")), names=None)))
        == """\
C = cube_(a) = cube_(2) = 8    ∂C/∂C = 1
    ∂C/∂a = ∂C/∂C · 12 = 1 · 12 = 12  total 12"""
    )


def test_a_node_holds_as_long_as_its_operation_gives_the_same_again():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    cost = w * x
    cost.label = "C"
    assert changed_nodes(topological_order(cost)) == []
    refuse_changed(node_names(cost))
    w.data = 10.0
    assert changed_nodes(topological_order(cost)) == [cost]
    sentence = (
        "C = w x was recorded as 6, and is 30 with w = 10, x = 3: data was assigned after the "
        "graph was recorded. Write C.recompute() to compute it anew."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        refuse_changed(node_names(cost))


def test_a_local_derivative_that_changed_holds_no_more_either():
    w, x = Value(2.0, "w"), Value(0.0, "x")
    cost = w * x
    w.data = 10.0
    sentence = "The derivative of C = w x by x was recorded as 2, and is 10 with w = 10, x = 0:"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        refuse_changed(node_names(cost))


def test_a_node_whose_operation_has_no_value_any_more_holds_no_more():
    x = Value(2.0, "x")
    y = x.log()
    x.data = -1.0
    with pytest.raises(ValueError, match=r"recorded as 0.69\d*, and is NaN with x = −1:"):
        refuse_changed(node_names(y))


def test_nan_equals_nan_and_a_convention_at_a_kink_is_no_change():
    with relu_at_zero(0.0):
        kinks = [Value(0.0).relu(), abs(Value(0.0)), Value(float("nan")).tanh()]
    for node in kinks:
        refuse_changed(node_names(node))


def test_a_number_assigned_to_a_node_that_was_computed_is_a_change():
    y = Value(2.0, "x") * 3
    y.data = 7.0
    with pytest.raises(ValueError, match="C = x · 3 was recorded as 7, and is 6 with x = 2:"):
        refuse_changed(node_names(y))


def test_steps_are_taken_again_after_a_graph_was_computed_anew():
    x = Value(2.0, "x")
    steps = backward_steps((x * x).tanh())
    root = next(steps).node
    x.data = 3.0
    root.recompute()
    with pytest.raises(ValueError, match=re.escape("take them again, backward_steps(C).")):
        next(steps)


def test_looking_at_a_graph_leaves_its_gradients_what_they_were():
    x = Value(2.0, "x")
    root = x * x
    root.backward()
    root.recompute()
    explain(root)
    check_gradients(root)
    assert [type(node.grad) for node in (x, root)] == [Earlier, Earlier]
