"""Nothing printed is false: every equation, read back, holds for the graph's unrounded numbers."""

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from graphs import graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks
from readback import Binding, equations, faults

import microrelu.writing.notation
from microrelu import (
    MLP,
    Constant,
    Value,
    backward_steps,
    cross_entropy,
    derivation,
    explain,
    half_squared_error,
    hinge,
    log_sum_exp,
    mean,
    operation,
    topological_order,
    total,
    weighted_sum,
)
from microrelu.engine import OPERATIONS
from microrelu.steps.by_layers import ByLayers
from microrelu.steps.telling import Telling
from microrelu.writing.names import node_names
from microrelu.writing.notation import LATEX, MATHML, TEXT
from microrelu.writing.writer import Writer

LABELS = [
    "x",
    "x1",
    "x_1",
    "v_1",
    "v1",
    "C",
    "a+b",
    "W(0)_1,2",
    "r(0)",
    "x_max",
    "ŷ",
    "loss",
    "",
    "",
]


@pytest.fixture(scope="module", autouse=True)
def own():
    """Operations of a user's own, with formulas and without."""
    before = dict(OPERATIONS)

    @operation("⊗", "a * a * b + a", ["2 * a * b + 1", "a**2"])
    def twist(a, b):
        return a * a * b + a, (2 * a * b + 1, a * a)

    @operation()
    def blend(a, b):
        return 0.3 * a + 0.7 * b * b, (0.3, 1.4 * b)

    yield
    OPERATIONS.clear()
    OPERATIONS.update(before)


def wide(a, b):
    """An operation of more operands than are written out."""
    return log_sum_exp([a, b, *(Constant(i / 10) for i in range(25))])


TOPS = {  # what a root a and some other node b of its graph may go into
    "a − b": lambda a, b: a - b,
    "a a": lambda a, b: a * a,
    "twist": lambda a, b: OPERATIONS["twist"](a, b),
    "twist of one": lambda a, b: OPERATIONS["twist"](a, a),
    "blend": lambda a, b: OPERATIONS["blend"](a, b),
    "blend of one": lambda a, b: OPERATIONS["blend"](a, a),
    "cross-entropy": lambda a, b: cross_entropy([a, b, a], 1),
    "half squared error": half_squared_error,
    "hinge": lambda a, b: hinge(a, 1) + b,
    "mean": lambda a, b: mean([a, b, a]),
    "sums": lambda a, b: total([]) * a + weighted_sum([a, 0.5], [b, a], 1.0),
    "wide": lambda a, b: wide(a, b) * b,
    "wide of one": lambda a, b: wide(a, a),
    "rounded exponent": lambda a, b: (a * a + 1) ** 1.00004 + b**3,
}


@st.composite
def tangled(draw):
    """A random graph with losses, operations of one's own and labels that are alike."""
    root, _ = draw(graphs(max_nodes=6, on_grid=draw(st.booleans())))
    nodes = topological_order(root)
    for top in draw(st.lists(st.sampled_from([*TOPS]), max_size=2)):
        grown = TOPS[top](root, draw(st.sampled_from(nodes)))
        root = grown if abs(grown.data) < 1e3 else root
    for node in topological_order(root):
        if node.operation is None or draw(st.booleans()):
            node.label = draw(st.sampled_from(LABELS))
    return root


def variables(root):
    return [node for node in topological_order(root) if not isinstance(node, Constant)]


def shown(root, wrt):
    """Every equation that steps, an explanation and derivations show, with its notation."""
    steps, explanation = list(backward_steps(root, names=None)), explain(root, names=None)
    derivations = [derivation(root, node, names=None) for node in wrt]
    for each in [*steps, explanation, *derivations]:
        yield from ((equation, TEXT) for equation in equations(str(each), TEXT))
        yield from ((equation, LATEX) for equation in equations(each.latex(), LATEX))
    for step in steps:
        yield from ((equation, MATHML) for equation in equations(step.mathml(), MATHML))
    for each in derivations:
        writer = each.writer.in_notation(MATHML)
        yield from ((MATHML.equation(*sides), MATHML) for sides in each.equations(writer))
        with suppress(ValueError):
            yield MATHML.equation(*each.closed_equation(writer)), MATHML


def all_faults(root, wrt=None):
    binding = Binding(root)
    wrt = variables(root) if wrt is None else wrt
    return [found for each in shown(root, wrt) for found in faults(*each, binding)]


@given(tangled(), st.data())
@settings(max_examples=60)
def test_every_equation_of_a_random_graph_is_true(root, data):
    assert all_faults(root, [data.draw(st.sampled_from(variables(root)))]) == []


def batch():
    """The loss of a network over two examples, whose nodes are labelled alike."""
    model = MLP(2, [2, 2, 1], seed=1)
    pairs = [([1.0, 2.0], 1.0), ([-1.0, 0.5], 0.0)]
    return mean([half_squared_error(model(x), y) for x, y in pairs])


def softmax_of_three():
    return cross_entropy([Value(float(i), f"z{i}") for i in (1, 2, 3)], 1)


@pytest.mark.parametrize("graph", [batch, softmax_of_three])
def test_every_equation_of_a_network_and_of_a_loss_is_true(graph):
    root = graph()
    labels = ("z1", "z2", "r(1)_1", "W(0)_1,1", "W(2)_1,1")
    assert all_faults(root, [each for each in variables(root) if each.label in labels]) == []


def explained(root, form="units"):
    """Every equation of an explanation, with its notation; those of f′ with the z of each unit."""
    explanation = explain(root, form=form, names=None)
    for notation, text in ((TEXT, str(explanation)), (LATEX, explanation.latex())):
        yield from ((equation, notation) for equation in equations(text, notation))
    telling = Telling(explanation.layers, explanation.writer)
    primes = [row.sides for row in telling.general() if row.number is None and row.sides[1:]]
    for r, name in explanation.layers.primes.items():
        z = explanation.writer.node(r.parents[0]).text
        for left, right in primes:
            if left.text.startswith(TEXT.prime(name, TEXT.name("z")).text):
                right = re.sub(r"\bz(?![^\W²³]|⁽)", z, right.text)
                yield f"∂{explanation.writer.node(r).text}/∂{z} = {right}", TEXT


def derived(root, wrt):
    """Every equation of a derivation by layers, with its notation."""
    found = derivation(root, wrt, by="layers", names=None)
    for notation, text in ((TEXT, str(found)), (LATEX, found.latex())):
        yield from ((equation, notation) for equation in equations(text, notation))
    rows = found.equations(found.writer.in_notation(MATHML))
    yield from ((MATHML.equation(*sides), MATHML) for sides in rows)


@given(networks(), st.data())
@settings(max_examples=100)
def test_every_equation_of_a_random_network_is_true(root, data):
    binding = Binding(root)
    wrt = data.draw(st.sampled_from(variables(root)))
    stated = [*explained(root), *explained(root, "combined"), *derived(root, wrt)]
    assert [found for each in stated for found in faults(*each, binding)] == []


def in_particular(general, k, i, j):
    """A general equation of text for one k, i and j."""
    shown = general.replace("⁽ᵏ⁺¹⁾", f"({k + 1})").replace("⁽ᵏ⁾", f"({k})")
    shown = shown.replace("ᵢⱼ", f"_{i},{j}").replace("ᵢ", f"_{i}").replace("ⱼ", f"_{j}")
    return re.sub(r"[zrWb]\(\d\)_[\d,]+", lambda name: TEXT.name(name[0]).text, shown)


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu", lambda z: z * z.sigmoid()])
def test_the_general_equations_are_those_of_every_unit(activation):
    model = MLP(3, [2, 3, 2], activation=activation, output=activation, seed=1)
    inputs = [Value(float(i), f"r(0)_{i}") for i in (1, 2, 3)]
    explanation = explain(half_squared_error(model(inputs), [1.0, 2.0]), names=None)
    binding, widths = Binding(explanation.graph.root), [3, 2, 3, 2]
    first, second, third, *_ = Telling(explanation.layers, explanation.writer).general()
    bias = third.sentence.partition("and ")[2]
    found = []
    for k in range(3):
        places = [(i + 1, j + 1) for i in range(widths[k]) for j in range(widths[k + 1])]
        for general in (TEXT.equation(*first.sides), TEXT.equation(*third.sides), bias):
            found += [in_particular(general, k, i, j) for i, j in places]
        left, fed = (side.text for side in second.sides)
        for i in range(1, widths[k] + 1):
            term = fed.removeprefix("Σⱼ ")
            terms = [in_particular(term, k, i, j) for j in range(1, widths[k + 1] + 1)]
            found.append(f"{in_particular(left, k, i, 1)} = {' + '.join(terms)}")
    assert len(found) > 50
    assert [fault for each in found for fault in faults(each, TEXT, binding)] == []


@pytest.mark.parametrize("name", ["_weight_or_input", "_error_term", "_upstream"])
def test_a_wrong_term_of_a_network_is_found(monkeypatch, name):
    """Another weight, y − ŷ for ŷ − y, the gradient of another node."""

    def other_weight(layers, z, operand, writer):
        return writer.node(z.parents[(operand + 1) % len(z.parents)])

    def turned(layers, difference, contribution, writer):
        return kept(layers, difference, replace(contribution, operand=0), writer)

    def of_another(layers, node, writer):
        return writer.gradient(layers.graph.root.parents[0]), writer.notation.number(1.0)

    wrong = {"_weight_or_input": other_weight, "_error_term": turned, "_upstream": of_another}
    kept = getattr(ByLayers, name)
    root = half_squared_error(MLP(2, [2, 2, 1], seed=211)([2.0, 1.0]), 1.0)
    binding = Binding(root)
    stated = [*explained(root), *derived(root, "W(0)_1,1")]
    assert not any(faults(*each, binding) for each in stated)
    monkeypatch.setattr(ByLayers, name, wrong[name])
    stated = [*explained(root), *derived(root, "W(0)_1,1")]
    assert {each[1] for each in stated if faults(*each, binding)} == {TEXT, LATEX, MATHML}


@given(tangled())
@settings(max_examples=50)
def test_a_total_is_the_running_sum(root):
    so_far = dict.fromkeys(topological_order(root), 0.0)
    for step in backward_steps(root, names=None):
        written = re.findall(r"  total (\S+)$", str(step), re.MULTILINE)
        for each, text in zip(step.contributions, written, strict=True):
            so_far[each.parent] += each.amount
            assert text == TEXT.number(so_far[each.parent]).text


# The reader itself


def neuron():
    v, w = Value(0.2, "v"), Value(-3.0, "w")
    z = v * w
    z.label = "z"
    return (z.tanh() - v) * 3.00004


@pytest.mark.parametrize(
    ("equation", "notation"),
    [
        ("z = v w = 0.2 · (−3) = −0.6", TEXT),
        ("v₁ = tanh(z) = tanh(−0.6) = −0.5370", TEXT),
        ("∂v₁/∂z = 1 − tanh(z)² = 0.7116", TEXT),
        ("∂v₂/∂v = ∂v₂/∂v₁ · ∂v₁/∂z · w + ∂(v₁ − v)/∂v", TEXT),
        ("∂C/∂v += ∂C/∂v₂ · ∂(v₁ − v)/∂v = 3.000 · (−1) = −3.000", TEXT),
        ("C = v₂ · 3.000", TEXT),
        (r"\frac{\partial v_{2}}{\partial z} &= \frac{\partial v_{1}}{\partial z}", LATEX),
        (r"z = v \, w = \frac{v}{\frac{1}{w}} = -6 \times 10^{-1}", LATEX),
        ("<mi>z</mi><mo>=</mo><mrow><mi>v</mi><mo>&#x2062;</mo><mi>w</mi></mrow>", MATHML),
    ],
)
def test_the_reader_finds_true_what_is_true(equation, notation):
    assert faults(equation, notation, Binding(neuron())) == []


@pytest.mark.parametrize(
    ("equation", "notation"),
    [
        ("z = v w = 0.2 · 3 = −0.6", TEXT),
        ("v₁ = tanh(z) = tanh(−0.6) = −0.537", TEXT),  # shorter, and so exact
        ("∂v₂/∂v = ∂v₂/∂v₁ · ∂v₁/∂z · w + ∂v₂/∂v", TEXT),
        ("C = v₂ · 3", TEXT),
        ("z = v w = −0.6 / 2 · 2", TEXT),  # could be read in two ways
        ("z = v u", TEXT),
        ("z = v · −3", TEXT),
        (r"\frac{\partial v_{2}}{\partial v} = -1", LATEX),
        (r"z = v \, w = -6 \times 10^{-2}", LATEX),
        ("<mi>z</mi><mo>=</mo><mrow><mi>v</mi><mo>+</mo><mi>w</mi></mrow>", MATHML),
        ("<msup><mi>w</mi><mn>2</mn></msup><mo>=</mo><mrow><mo>−</mo><mn>9</mn></mrow>", MATHML),
    ],
)
def test_the_reader_finds_false_what_is_false(equation, notation):
    assert faults(equation, notation, Binding(neuron())) != []


def notations_with_faults(root, wrt):
    binding = Binding(root)
    return {each[1] for each in shown(root, wrt) if faults(*each, binding)}


def test_a_local_derivative_written_as_a_gradient_is_found(monkeypatch):
    def as_gradient(writer, node, operand):
        return writer.notation.partial(writer.node(node), writer.node(node.parents[operand]))

    monkeypatch.setattr(Writer, "local_symbol", as_gradient)
    root = softmax_of_three()
    assert notations_with_faults(root, [root.parents[1]]) == {TEXT, LATEX, MATHML}


def test_a_rounded_number_without_its_zeros_is_found(monkeypatch):
    def stripped(x, digits=4):
        return re.sub(r"\.?0+(?=×|$)", "", kept(x, digits)) if x % 1 else kept(x, digits)

    kept = microrelu.writing.notation.number
    monkeypatch.setattr(microrelu.writing.notation, "number", stripped)
    root = Value(0.50005, "a") * 12 + Value(2.00004, "b") * 1
    assert notations_with_faults(root, []) == {TEXT, LATEX, MATHML}


def test_two_nodes_that_are_called_alike_are_found(monkeypatch):
    unnamed = Value(2.0, "v_1") * Value(3.0, "x") + 1
    names = node_names(unnamed)
    names[unnamed.parents[0]] = "v1"
    with pytest.raises(Exception, match="two nodes are called v₁"):
        Binding(unnamed, names).spelled(TEXT)
