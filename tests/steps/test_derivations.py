"""The chain rule written out: every equation of the mathematics note, to the letter."""

import json
import math
import sys
from pathlib import Path

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import microrelu.steps
from microrelu import (
    Constant,
    Neuron,
    Value,
    cross_entropy,
    derivation,
    explain,
    half_squared_error,
    language,
    leaky_relu,
    log_sum_exp,
    operation,
    relu,
    tanh,
    total,
    weighted_sum,
)
from microrelu.steps.derivations import MOST_PATHS
from microrelu.steps.explanation import general_equation
from microrelu.writing.notation import LATEX, MATHML, TEXT
from microrelu.writing.words import LANGUAGES, WORDS, say
from microrelu.writing.writer import Writer


def chain(layers, activation=relu, start=0.6):
    """C = ½ (y − ŷ)² of a chain of one-neuron layers, its leaves w1 … wn, x and y."""
    x, y = Value(2.0, "x"), Value(3.0, "y")
    weights = [Value(start + 0.1 * i, f"w{i + 1}") for i in range(layers)]
    r = x
    for i, w in enumerate(weights, start=1):
        z = w * r
        z.label = f"z{i}"
        r = activation(z)
        r.label = f"r{i}" if i < layers else "ŷ"
    cost = half_squared_error(r, y)
    cost.label = "C"
    return cost, weights, x, y


def one_layer():
    w, x, y = Value(-0.4, "W"), Value(2.0, "x"), Value(1.0, "y")
    cost = half_squared_error((w * x).relu(), y)
    cost.label = "C"
    return cost, w


ReLU, Step = sympy.Function("ReLU"), sympy.Function("Step")
W, X, Y, W1, W2, W3 = sympy.symbols("W x y w1 w2 w3")


def test_the_one_layer_network_has_the_closed_form_of_the_note():
    cost, w = one_layer()
    form = derivation(cost, w).closed_form
    assert sympy.expand(form - (ReLU(W * X) - Y) * Step(W * X) * X) == 0


LAST_LINES = {
    (1, 0): "∂C/∂w₁ = (ReLU(w₁ x) − y) Step(w₁ x) x",
    (2, 1): "∂C/∂w₂ = (ReLU(w₂ ReLU(w₁ x)) − y) Step(w₂ ReLU(w₁ x)) ReLU(w₁ x)",
    (2, 0): "∂C/∂w₁ = (ReLU(w₂ ReLU(w₁ x)) − y) Step(w₂ ReLU(w₁ x)) w₂ Step(w₁ x) x",
    (3, 2): "∂C/∂w₃ = (ReLU(w₃ ReLU(w₂ ReLU(w₁ x))) − y) Step(w₃ ReLU(w₂ ReLU(w₁ x)))"
    " ReLU(w₂ ReLU(w₁ x))",
    (3, 1): "∂C/∂w₂ = (ReLU(w₃ ReLU(w₂ ReLU(w₁ x))) − y) Step(w₃ ReLU(w₂ ReLU(w₁ x)))"
    " w₃ Step(w₂ ReLU(w₁ x)) ReLU(w₁ x)",
    (3, 0): "∂C/∂w₁ = (ReLU(w₃ ReLU(w₂ ReLU(w₁ x))) − y) Step(w₃ ReLU(w₂ ReLU(w₁ x)))"
    " w₃ Step(w₂ ReLU(w₁ x)) w₂ Step(w₁ x) x",
}


@pytest.mark.parametrize(("layers", "index"), LAST_LINES)
def test_every_weight_of_the_chains_has_its_factors_in_the_order_of_the_chain(layers, index):
    cost, weights, _x, _y = chain(layers)
    assert str(derivation(cost, weights[index])).splitlines()[-1] == LAST_LINES[layers, index]


def test_the_closed_forms_of_the_chains_equal_those_of_the_note():
    r1 = ReLU(W1 * X)
    r2 = ReLU(W2 * r1)
    r3 = ReLU(W3 * r2)
    note = {
        (2, 1): (r2 - Y) * Step(W2 * r1) * r1,
        (2, 0): (r2 - Y) * Step(W2 * r1) * W2 * Step(W1 * X) * X,
        (3, 2): (r3 - Y) * Step(W3 * r2) * r2,
        (3, 1): (r3 - Y) * Step(W3 * r2) * W3 * Step(W2 * r1) * r1,
        (3, 0): (r3 - Y) * Step(W3 * r2) * W3 * Step(W2 * r1) * W2 * Step(W1 * X) * X,
    }
    for (layers, index), expected in note.items():
        cost, weights, _x, _y = chain(layers)
        form = derivation(cost, weights[index]).closed_form
        assert sympy.expand(form - expected) == 0


def test_a_derivation_reads_as_in_a_textbook():
    cost, (w1, _w2), _x, _y = chain(2)
    assert (
        str(derivation(cost, w1))
        == """\
∂C/∂w₁ = ∂C/∂E · ∂E/∂e · ∂e/∂ŷ · ∂ŷ/∂z₂ · ∂z₂/∂r₁ · ∂r₁/∂z₁ · ∂z₁/∂w₁
       = (1 / 2) · 2 e · (−1) · Step(z₂) · w₂ · Step(z₁) · x
       = 0.5 · 4.32 · (−1) · 1 · 0.7 · 1 · 2
       = −3.024
∂C/∂w₁ = (ReLU(w₂ ReLU(w₁ x)) − y) Step(w₂ ReLU(w₁ x)) w₂ Step(w₁ x) x"""
    )


def test_a_derivation_in_latex():
    cost, w = one_layer()
    assert (
        derivation(cost, w).latex()
        == r"""\begin{aligned}
\frac{\partial C}{\partial W} &= \frac{\partial C}{\partial E} \cdot """
        + (
            r"\frac{\partial E}{\partial e} \cdot \frac{\partial e}{\partial v_{2}} "
            r"\cdot \frac{\partial v_{2}}{\partial v_{1}} "
            r"\cdot \frac{\partial v_{1}}{\partial W} \\"
            "\n"
            r"&= \frac{1}{2} \cdot 2 \, e \cdot \left(-1\right) \cdot "
            r"\operatorname{Step}\left(v_{1}\right) \cdot x \\"
            "\n"
            r"&= 0.5 \cdot 2 \cdot \left(-1\right) \cdot 0 \cdot 2 \\"
            "\n"
            r"&= 0 \\"
            "\n"
            r"\frac{\partial C}{\partial W} &= "
            r"\left(\operatorname{ReLU}\left(W \, x\right) - y\right) "
            r"\, \operatorname{Step}\left(W \, x\right) \, x"
            "\n"
            r"\end{aligned}"
        )
    )


def test_paths_are_summed_term_by_term():
    a, b = Value(2.0, "a"), Value(3.0, "b")
    h = a * b
    h.label = "h"
    assert (
        str(derivation(h + a, a, names=None))
        == """\
∂C/∂a = ∂C/∂h · ∂h/∂a + ∂(h + a)/∂a
      = 1 · b + 1
      = 1 · 3 + 1
      = 4
∂C/∂a = b + 1"""
    )


def test_a_derivative_that_is_taken_twice_is_written_place_by_place():
    v = Value(3.0, "v")
    text = "∂C/∂v = v + v\n      = 3 + 3\n      = 6\n∂C/∂v = 2 v"
    assert str(derivation(v * v, v, names=None)) == text


def test_a_node_that_feeds_another_directly_and_through_others_is_told_from_its_gradient():
    z = [Value(1.0, "z1"), Value(2.0, "z2")]
    cost = cross_entropy(z, 1)
    graph = derivation(cost, z[1], names=None).graph
    assert TEXT.equation(*graph.gathered(z[1], Writer(graph.names))) == (
        "∂C/∂z₂ = ∂C/∂lse · ∂lse/∂z₂ + ∂C/∂C · ∂(lse − z₂)/∂z₂"
        " = ∂C/∂lse · (exp(z₂) / (exp(z₁) + exp(z₂))) + ∂C/∂C · (−1)"
        " = 1 · 0.7311 + 1 · (−1) = −0.2689"
    )


def test_nodes_labelled_alike_are_two_in_every_equation_and_in_the_closed_form():
    neuron = Neuron(1, "linear", seed=1)
    cost = neuron([1.0]) - neuron([5.0])
    assert (
        str(derivation(cost, neuron.weights[0], names=None))
        == """\
∂C/∂W⁽⁰⁾ = ∂C/∂z⁽¹⁾ · ∂z⁽¹⁾/∂W⁽⁰⁾ + ∂C/∂z⁽¹⁾′ · ∂z⁽¹⁾′/∂W⁽⁰⁾
         = 1 · r⁽⁰⁾ + (−1 · r⁽⁰⁾′)
         = 1 · 1 + (−1 · 5)
         = −4
∂C/∂W⁽⁰⁾ = r⁽⁰⁾ − r⁽⁰⁾′"""
    )


def forward(root):
    """The first part of an explanation."""
    return [
        line.strip() for line in str(explain(root, names=None)).split("\n\n")[0].splitlines()[1:]
    ]


def test_what_would_be_false_as_it_stands_is_written_otherwise():
    x, a = Value(2.0, "x"), Value(2.0, "a")
    assert forward(Value(2.0, "v_1") * x + 1)[2] == "v₂ = v₁ x = 2 · 2 = 4"
    assert forward(x**2.00004)[1] == "C = x^2.000 = 2^2.000 = 4.000"
    assert str(derivation(x**2.00004, x, names=None)).splitlines()[0] == "∂C/∂x = 2.000 x^1.000"
    assert forward(a.sqrt() ** 2)[2] == "C = v₁² = 1.414² = 2"
    assert (
        str(derivation(a.sqrt().exp() ** 2, a, names=None))
        .splitlines()[1]
        .startswith("      = 2 v₂ ·")
    )
    assert forward(total([]) * x)[0] == "v₁ = 0"
    assert str(explain(Constant(3.0), names=None)).splitlines()[1::4] == [
        "    C = 3",
        "    ∂C/∂C = 1",
    ]
    assert str(derivation(c := Constant(3.0), c, names=None)) == "∂C/∂C = 1\n∂C/∂C = 1"


def test_a_slope_that_is_learnt_is_neither_chosen_nor_an_activation():
    v, slope = Value(2.0, "v"), Value(0.1, "s")
    text = str(explain(leaky_relu(v, slope)))
    assert "chose" not in text
    graph = derivation(leaky_relu(v, slope), v).graph
    assert [general_equation(graph, each) for each in (v, slope)] == [1, None]


def test_a_record_prints_the_numbers_that_it_was_made_with():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    cost = (w * x).relu() + 2
    records = [explain(cost, names=None), derivation(cost, w, names=None)]
    printed = [(str(each), each.latex()) for each in records]
    again = [
        explain(cost, names=None),
        derivation(cost, w, names=None),
    ]  # nothing of these is printed before
    w.data, x.data, w.label = -10.0, 5.0, "u"
    with pytest.raises(ValueError, match=r"C\.recompute\(\)"):
        explain(cost, names=None)
    with pytest.raises(ValueError, match=r"C\.recompute\(\)"):
        derivation(cost, w, names=None)
    cost.recompute()
    cost.backward()
    for record in (records, again):
        assert [(str(each), each.latex()) for each in record] == printed


NONE_REAL = (
    "There is no closed form: a part of it has no value, such as log(0), or none that is real."
)
NO_FLOAT = "There is no closed form: it has a number that is too large or too small for a float."


@pytest.mark.parametrize(
    ("function", "last"),
    [
        (lambda x, y: x ** (-y), "∂C/∂x = −(y / x^(y + 1))"),
        (lambda x, y: x ** (1 / 3), "∂C/∂x = 0.3333 / x^0.6667"),
        (lambda x, y: x * 0.37 * y, "∂C/∂x = 0.37 y"),
        (lambda x, y: x * Constant(math.inf), NONE_REAL),
        (lambda x, y: (x - x) ** (x - x), NONE_REAL),
        (lambda x, y: (y - y).absolute() ** x, NONE_REAL),
        (lambda x, y: x * 1e-300 * 1e-300, NO_FLOAT),
        (lambda x, y: x * Constant(1.0001) ** 1e6, "∂C/∂x = 2.675×10⁴³"),
    ],
)
def test_there_is_a_closed_form_or_a_sentence_that_there_is_none(function, last):
    x, y = Value(2.0, "x"), Value(1.5, "y")
    assert str(derivation(function(x, y), x)).splitlines()[-1] == last


def test_what_takes_sympy_too_long_is_left_out(monkeypatch):
    from microrelu.steps import closed_form

    x, y = Value(0.5, "x"), Value(0.25, "y")
    root = ((x * y + 1) * x + y * y).tanh() * x
    full = derivation(root, x).closed_form
    for work in closed_form.SECONDS:
        monkeypatch.setitem(closed_form.SECONDS, work, -1.0)
        found = derivation(root, x)
        if work == "simplify":
            assert sympy.expand(found.closed_form - full) == 0
            assert found.closed_form.count_ops() >= full.count_ops()
        else:
            assert str(found).splitlines()[-1] == "The closed form takes too long to find."
        monkeypatch.undo()
    assert derivation(root, x).closed_form == full


def test_what_is_nested_deeper_than_sympy_can_go_has_no_closed_form(monkeypatch):
    from microrelu.steps import closed_form

    def too_deep(*_):
        raise RecursionError

    monkeypatch.setattr(closed_form, "_chain_rule", too_deep)
    w = Value(0.5, "w")
    assert str(derivation(w.tanh(), w)).splitlines()[-1] == (
        "The closed form is nested too deeply to be written."
    )


def test_paths_beyond_number_are_told_by_their_power_of_ten():
    node = a = Value(0.5, "a")
    for _ in range(40):
        node = node * node
    assert str(derivation(node, a, names=None)).startswith("There are ≈ 10¹² paths from C to a:")


def test_softmax_cross_entropy_is_p_minus_one():
    z = [Value(float(i), f"z{i}") for i in range(3)]
    form = derivation(log_sum_exp(z) - z[1], z[1])
    assert str(form).splitlines()[-1] == ("∂C/∂z₁ = exp(z₁) / (exp(z₀) + exp(z₁) + exp(z₂)) − 1")


def test_very_many_paths_are_counted_and_shown_in_the_recursive_form():
    a = Value(0.5, "a")
    node = a
    for i in range(4):
        node = node * node
        node.label = f"h{i + 1}"
    found = derivation(node, a)
    assert (found.paths, found.is_recursive) == (16, True)
    assert found.paths > MOST_PATHS
    assert (
        str(found)
        == """\
There are 16 paths from h₄ to a: too many to write out one by one. Each gradient below is written \
by the gradients of the nodes that it feeds.
∂h₄/∂h₃ = ∂h₄/∂h₄ · h₃ + ∂h₄/∂h₄ · h₃
        = 1 · 0.003906 + 1 · 0.003906
        = 0.007812
∂h₄/∂h₂ = ∂h₄/∂h₃ · h₂ + ∂h₄/∂h₃ · h₂
        = 0.007812 · 0.0625 + 0.007812 · 0.0625
        = 0.0009766
∂h₄/∂h₁ = ∂h₄/∂h₂ · h₁ + ∂h₄/∂h₂ · h₁
        = 0.0009766 · 0.25 + 0.0009766 · 0.25
        = 0.0004883
∂h₄/∂a = ∂h₄/∂h₁ · a + ∂h₄/∂h₁ · a
       = 0.0004883 · 0.5 + 0.0004883 · 0.5
       = 0.0004883
∂h₄/∂a = 16 a¹⁵"""
    )


def test_a_graph_with_too_many_terms_has_no_closed_form():
    node = a = Value(0.1, "a")
    for _ in range(12):
        node = node * node + a
    assert str(derivation(node, a)).endswith(
        "The closed form would have 8191 terms: too many to expand."
    )


def test_a_very_deep_chain_is_written_in_the_recursive_form():
    node = w = Value(0.5, "w")
    for _ in range(2000):
        node = node.tanh()
    assert derivation(node, w).is_recursive


@given(st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=50, deadline=None)
def test_the_value_the_closed_form_and_the_gradient_are_one_number(first, second):
    a, b = Value(first, "a"), Value(second, "b")
    root = (a * b).tanh() * a - (b - a).exp() / (a**2 + 1)
    found = derivation(root, a)
    root.backward()
    assert found.value == pytest.approx(a.grad, rel=1e-12, abs=1e-12)
    closed = found.closed_form.subs({"a": first, "b": second})
    assert float(closed) == pytest.approx(a.grad, rel=1e-9, abs=1e-9)


def test_gradients_stay_as_they_are():
    cost, (w,), x, _y = chain(1)
    w.grad = 7.0
    derivation(cost, w)
    explain(cost)
    assert (w.grad, type(x.grad)) == (7.0, int)


def test_a_node_that_is_no_part_of_the_graph_is_refused():
    cost, _, _, _ = chain(1)
    with pytest.raises(ValueError, match="is no part of this graph: give a node"):
        derivation(cost, Value(1.0))
    double = 2 * Value(1.0)
    with pytest.raises(ValueError, match="is a constant: give a node"):
        derivation(double, double.parents[0])


def test_the_derivative_of_the_root_by_itself_is_one():
    a = Value(3.0, "a")
    assert str(derivation(a, a)) == "∂a/∂a = 1\n∂a/∂a = 1"


def test_an_operation_without_formulas_has_its_name_in_the_closed_form():
    @operation()
    def bump(a):
        return a**4, (4 * a**3,)

    a = Value(2.0, "a")
    assert str(derivation(bump(a * a), a)).splitlines()[-1] == "∂C/∂a = 2 bump_prime(a²) a"


def test_without_sympy_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    monkeypatch.delitem(sys.modules, "microrelu.steps.closed_form", raising=False)
    monkeypatch.delattr(microrelu.steps, "closed_form", raising=False)
    cost, w = one_layer()
    found = derivation(cost, w)
    assert str(found).splitlines()[-1] == (
        'The closed form needs SymPy: pip install "microrelu[symbolic]".'
    )
    with pytest.raises(ImportError, match="needs SymPy"):
        found.closed_form
    assert found.latex().count("\\\\") == 3


def layers():
    """Two neurons that read one input, and one that reads both: W(1)_1 and W(1)_2 meet in z(2)."""
    x = Value(1.0, "r(0)")
    hidden = []
    for i, w in enumerate((0.5, -0.3), start=1):
        z = weighted_sum([Value(w, f"W(0)_{i}")], [x], Value(0.0, f"b(0)_{i}"))
        z.label = f"z(1)_{i}"
        hidden.append(tanh(z))
        hidden[-1].label = f"r(1)_{i}"
    weights = [Value(2.0, "W(1)_1"), Value(-1.0, "W(1)_2")]
    out = weighted_sum(weights, hidden, Value(0.1, "b(1)"))
    out.label = "z(2)"
    return out, x


def test_a_fan_out_is_written_as_the_sum_it_is():
    out, x = layers()
    graph = derivation(out, x).graph
    assert TEXT.equation(*graph.gathered(x, Writer(graph.names))) == (
        "∂z⁽²⁾/∂r⁽⁰⁾ = ∂z⁽²⁾/∂z⁽¹⁾₁ · ∂z⁽¹⁾₁/∂r⁽⁰⁾ + ∂z⁽²⁾/∂z⁽¹⁾₂ · ∂z⁽¹⁾₂/∂r⁽⁰⁾"
        " = ∂z⁽²⁾/∂z⁽¹⁾₁ · W⁽⁰⁾₁ + ∂z⁽²⁾/∂z⁽¹⁾₂ · W⁽⁰⁾₂"
        " = 1.573 · 0.5 + (−0.9151 · (−0.3)) = 1.061"
    )
    assert LATEX.equation(*graph.gathered(x, Writer(graph.names, LATEX))).startswith(
        r"\frac{\partial z^{(2)}}{\partial r^{(0)}} = "
        r"\frac{\partial z^{(2)}}{\partial z^{(1)}_{1}} \cdot "
        r"\frac{\partial z^{(1)}_{1}}{\partial r^{(0)}} + "
    )
    assert "<mo>+</mo>" in MATHML.equation(*graph.gathered(x, Writer(graph.names, MATHML)))


def test_an_explanation_names_the_three_equations():
    out, _x = layers()
    assert (
        str(explain(out))
        == """\
Forward: values
    r⁽⁰⁾ = 1
    W⁽⁰⁾₁ = 0.5,  b⁽⁰⁾₁ = 0
    z⁽¹⁾₁ = W⁽⁰⁾₁ r⁽⁰⁾ + b⁽⁰⁾₁ = 0.5 · 1 + 0 = 0.5
    r⁽¹⁾₁ = tanh(z⁽¹⁾₁) = tanh(0.5) = 0.4621
    W⁽⁰⁾₂ = −0.3,  b⁽⁰⁾₂ = 0
    z⁽¹⁾₂ = W⁽⁰⁾₂ r⁽⁰⁾ + b⁽⁰⁾₂ = −0.3 · 1 + 0 = −0.3
    r⁽¹⁾₂ = tanh(z⁽¹⁾₂) = tanh(−0.3) = −0.2913
    W⁽¹⁾₁ = 2,  W⁽¹⁾₂ = −1,  b⁽¹⁾ = 0.1
    z⁽²⁾ = W⁽¹⁾₁ r⁽¹⁾₁ + W⁽¹⁾₂ r⁽¹⁾₂ + b⁽¹⁾
         = 2 · 0.4621 + (−1 · (−0.2913)) + 0.1 = 1.316

Backward, layer by layer: i counts the units of layer k, j those of layer k + 1
  1.  ∂z⁽²⁾/∂z⁽ᵏ⁺¹⁾ⱼ = ∂z⁽²⁾/∂r⁽ᵏ⁺¹⁾ⱼ · tanh′(z⁽ᵏ⁺¹⁾ⱼ)
          through the activation
  2.  ∂z⁽²⁾/∂r⁽ᵏ⁾ᵢ = Σⱼ ∂z⁽²⁾/∂z⁽ᵏ⁺¹⁾ⱼ · W⁽ᵏ⁾ᵢⱼ
          summed over all that unit i fed
  3.  ∂z⁽²⁾/∂W⁽ᵏ⁾ᵢⱼ = ∂z⁽²⁾/∂z⁽ᵏ⁺¹⁾ⱼ · r⁽ᵏ⁾ᵢ
          to the weights, and ∂z⁽²⁾/∂b⁽ᵏ⁾ⱼ = ∂z⁽²⁾/∂z⁽ᵏ⁺¹⁾ⱼ
      tanh′(z) = 1 − tanh(z)²
          the derivative of tanh(z)

z⁽²⁾ is what is differentiated, so the sweep starts with 1.
      ∂z⁽²⁾/∂z⁽²⁾ = 1

k = 1: from layer 2 (linear: equation 1 falls away) to layer 1
  2.  ∂z⁽²⁾/∂r⁽¹⁾₁ = W⁽¹⁾₁ = 2
      ∂z⁽²⁾/∂r⁽¹⁾₂ = W⁽¹⁾₂ = −1
  3.  ∂z⁽²⁾/∂W⁽¹⁾₁ = r⁽¹⁾₁ = 0.4621
      ∂z⁽²⁾/∂W⁽¹⁾₂ = r⁽¹⁾₂ = −0.2913
      ∂z⁽²⁾/∂b⁽¹⁾ = 1

k = 0: from layer 1 to the inputs
  1.  ∂z⁽²⁾/∂z⁽¹⁾₁ = ∂z⁽²⁾/∂r⁽¹⁾₁ · tanh′(z⁽¹⁾₁) = 2 · 0.7864  = 1.573
      ∂z⁽²⁾/∂z⁽¹⁾₂ = ∂z⁽²⁾/∂r⁽¹⁾₂ · tanh′(z⁽¹⁾₂) = −1 · 0.9151 = −0.9151
  2.  ∂z⁽²⁾/∂r⁽⁰⁾ = ∂z⁽²⁾/∂z⁽¹⁾₁ · W⁽⁰⁾₁ + ∂z⁽²⁾/∂z⁽¹⁾₂ · W⁽⁰⁾₂
                  = 1.573 · 0.5 + (−0.9151 · (−0.3)) = 1.061
  3.  ∂z⁽²⁾/∂W⁽⁰⁾₁ = ∂z⁽²⁾/∂z⁽¹⁾₁ · r⁽⁰⁾ = 1.573 · 1   = 1.573
      ∂z⁽²⁾/∂W⁽⁰⁾₂ = ∂z⁽²⁾/∂z⁽¹⁾₂ · r⁽⁰⁾ = −0.9151 · 1 = −0.9151
      ∂z⁽²⁾/∂b⁽⁰⁾₁ = ∂z⁽²⁾/∂z⁽¹⁾₁ = 1.573
      ∂z⁽²⁾/∂b⁽⁰⁾₂ = ∂z⁽²⁾/∂z⁽¹⁾₂ = −0.9151"""
    )


def test_formulas_do_not_change_with_the_language():
    out, _x = layers()
    texts = []
    for name in LANGUAGES:
        with language(name):
            texts.append(str(explain(out)))
    lines = [[line for line in text.splitlines() if line.startswith("    ")] for text in texts]
    formulas = [[line.split("     ")[-2:][0] for line in some] for some in lines]
    assert formulas[0] == formulas[1] == formulas[2]
    assert len({text.splitlines()[0] for text in texts}) == 3


def test_an_explanation_in_latex_is_a_document():
    with language("id"):
        explanation = explain(Value(2.0, "a") ** 2)
    document = explanation.latex()
    assert (
        document
        == r"""\documentclass{article}
\usepackage{amsmath}
\begin{document}
\section*{Propagasi maju: nilai}
\[
\begin{aligned}
a &= 2 \\
C &= a^{2} = 2^{2} = 4
\end{aligned}
\]
\section*{Propagasi balik: gradien}
$C$ adalah fungsi yang diturunkan, jadi propagasi balik dimulai dari 1.
\[
\begin{aligned}
\frac{\partial C}{\partial C} &= 1
\end{aligned}
\]
Aturan rantai: gradien terhadap $C$ dikali turunan lokal operasi square.
\[
\begin{aligned}
\frac{\partial C}{\partial a} &= \frac{\partial C}{\partial C} \cdot 2 \, a \\
&= 1 \cdot 4 \\
&= 4
\end{aligned}
\]
\end{document}
"""
    )


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(ValueError, match="no words in the language 'fr', only in 'en', 'id', 'ja'"):
        language("fr")


@pytest.mark.parametrize("key", WORDS)
def test_every_sentence_stands_in_every_language_with_the_same_names_in_it(key):
    fields = [sorted({part.split("}")[0] for part in text.split("{")[1:]}) for text in WORDS[key]]
    assert len(WORDS[key]) == len(LANGUAGES)
    assert all(each == fields[0] for each in fields)
    assert all(WORDS[key])


def test_a_sentence_of_the_table_is_filled_in():
    assert say("leaf", "en", node="w") == "w is a leaf: its gradient is complete."


def network(layers=1):
    """The one-layer network of the mathematics note with its labels; C = ½ (y − r)²."""
    r = x = Value(2.0, "x")
    for k in range(layers):
        z = Value(0.8 - 0.1 * k, f"W({k})") * r
        z.label = f"z({k + 1})"
        r = z.relu()
        r.label = f"r({k + 1})"
    cost = half_squared_error(r, Value(1.0, "y"))
    cost.label = "C"
    return cost, x


def closed(found, notation):
    """The closed form of a derivation as an equation, set."""
    return found.closed_equation(found.writer.in_notation(notation))


def equations_of_the_note(notation):
    """Each equation of the mathematics note by its name, set."""
    cost, _ = network()
    graph = derivation(cost, cost, names=None).graph
    found = {
        f"one layer, ∂C/∂{node.label}": notation.equation(
            *graph.gathered(node, Writer(graph.names, notation))
        )
        for node in graph.step_of
        if node.label in ("r(1)", "z(1)", "W(0)")
    }
    for count in (1, 2, 3):
        cost, _ = network(count)
        graph = derivation(cost, cost, names=None).graph
        for node in graph.step_of:
            if node.label.startswith("W"):
                row = closed(derivation(cost, node, names=None), notation)
                found[f"layers: {count}, closed form, {node.label}"] = notation.equation(*row)
    out, x = layers()
    graph = derivation(out, x, names=None).graph
    for node in graph.step_of:
        if equation := general_equation(graph, node):
            key = f"general equation {equation}, {node.label}"
            found[key] = notation.equation(*graph.gathered(node, Writer(graph.names, notation)))
    logits = [Value(float(k), f"z_{k}") for k in range(3)]
    cost = cross_entropy(logits, 1)
    for logit in logits[:2]:
        row = closed(derivation(cost, logit, names=None), notation)
        found[f"softmax and cross-entropy, {logit.label}"] = notation.equation(*row)
    return found


EQUATIONS = json.loads((Path(__file__).parent / "equations.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EQUATIONS)
def test_each_equation_of_the_note_is_set_to_the_letter(name):
    notations = {"text": TEXT, "latex": LATEX, "mathml": MATHML}
    found = {key: equations_of_the_note(each)[name] for key, each in notations.items()}
    assert found == EQUATIONS[name]


def test_no_equation_of_the_note_is_left_out():
    assert list(equations_of_the_note(TEXT)) == list(EQUATIONS)
