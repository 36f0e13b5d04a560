"""A network layer by layer: what explain and derivation say of it, to the letter."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks
from readback import equations

from microrelu import (
    MLP,
    Constant,
    Layer,
    Value,
    cross_entropy,
    derivation,
    explain,
    half_squared_error,
    language,
    leaky_relu,
    mean,
    topological_order,
    weighted_sum,
)
from microrelu.steps.structure import layers_of
from microrelu.text import text_width
from microrelu.writing.names import node_names
from microrelu.writing.notation import LATEX, MATHML, TEXT
from microrelu.writing.words import LANGUAGES

PRINTED = json.loads((Path(__file__).parent / "layers.json").read_text(encoding="utf-8"))


def network(sizes=(2, 2, 1), seed=211, **options):
    """The cost of MLP(2, [2, 2, 1]), whose unit 2 of layer 1 is closed."""
    outputs = MLP(2, [*sizes], seed=seed, **options)([2.0, 1.0])
    return half_squared_error(outputs, [1.0] * sizes[-1] if sizes[-1] > 1 else 1.0)


def backward(root, lang="en", form="units"):
    with language(lang):
        return str(explain(root, form=form, names=None)).split("\n\n", 1)[1]


def derived(root, wrt, lang):
    with language(lang):
        return str(derivation(root, wrt, names=None))


def printed():
    """All that is kept to the letter, by its name."""
    root = network()
    found = derivation(root, "W(0)_1,1", names=None)
    rows = found.equations(found.writer.in_notation(MATHML))
    return {
        **{f"explain, {lang}": backward(root, lang).split("\n") for lang in LANGUAGES},
        "explain, LaTeX": explain(root, names=None).latex().split("\n"),
        **{
            f"derivation, {lang}": derived(root, "W(0)_1,1", lang).split("\n") for lang in LANGUAGES
        },
        "derivation, LaTeX": found.latex().split("\n"),
        "derivation, MathML": [MATHML.equation(*sides) for sides in rows],
        "tanh": backward(network(activation="tanh", seed=1)).split("\n"),
        "an activation of several operations": backward(network((2, 2), activation=swish)).split(
            "\n"
        ),
        "forward": str(explain(root, names=None)).split("\n\n")[0].split("\n"),
        "derivation of a layer's weights": derived(root, "W(0)", "en").split("\n"),
        "equations 1 and 2 at once": backward(root, form="combined").split("\n"),
        "in matrices": str(explain(root, form="matrices", names=None)).split("\n"),
        "a classifier": backward(cross_entropy(MLP(2, [2, 3], seed=211)([2.0, 1.0]), 1)).split(
            "\n"
        ),
        "at the kink": backward(network(seed=3)).split("\n"),
    }


def swish(z):
    return z * z.sigmoid()


@pytest.mark.parametrize("name", PRINTED)
def test_what_is_printed_of_a_network_to_the_letter(name):
    assert printed()[name] == PRINTED[name]


def test_a_closed_layer_feeds_zero_biases_and_the_next_sits_at_the_kink():
    root = network(seed=3)
    assert "z⁽²⁾₁ is at the activation's kink: its derivative is 1 by convention." in backward(root)
    assert "kink" not in backward(network())


@pytest.mark.parametrize("sizes", [(2, 2, 1), (8, 8, 1), (16, 16, 1), (32, 10)])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_line_is_wider_than_a_terminal_but_those_of_the_general_equations(sizes, lang):
    with language(lang):
        lines = str(explain(network(sizes, 3), names=None)).splitlines()
    assert max(map(text_width, lines)) <= 100
    assert [
        line for line in lines if text_width(line) > 80 and "⁽ᵏ" not in line and ":" not in line
    ] == []


@pytest.mark.parametrize("classes", [3, 4, 5, 10, 30])
def test_no_line_of_a_classifier_is_too_wide(classes):
    root = cross_entropy(MLP(2, [2, classes], seed=3)([2.0, 1.0]), 1)
    assert max(map(text_width, str(explain(root, names=None)).splitlines())) <= 100
    wanted = str(derivation(root, "W(0)_1,1", names=None)).splitlines()
    assert max(map(text_width, wanted)) <= 100


def test_a_large_network_is_told_in_two_screens():
    lines = str(explain(network((16, 16, 1), 3), names=None)).splitlines()
    assert len(lines) <= 95
    assert len([line for line in lines if "… and 12 more alike" in line]) == 4


def test_each_quantity_stands_once():
    names = [line.split(" = ")[0].strip() for line in equations(backward(network()), TEXT)]
    assert len(set(names)) == len(names)


@given(networks(), st.data())
@settings(max_examples=100)
def test_a_derivation_is_made_of_lines_above_and_ends_in_its_own(root, data):
    variables = [node for node in topological_order(root) if not isinstance(node, Constant)]
    wrt = data.draw(st.sampled_from(variables))
    found = derivation(root, wrt, by="layers", names=None)
    known, root_name = set(), found.writer.node(root).text
    rows = [[part.text for part in row] for row in found.equations(found.writer)]
    for left, *sides in rows:
        used = re.findall(rf"∂{re.escape(root_name)}/∂[^ ]+", " ".join(sides))
        assert {each.strip("()") for each in used} <= known | {f"∂{root_name}/∂{root_name}"}, str(
            found
        )
        known.add(left)
    assert rows[-1][0] == found.writer.gradient(wrt).text


def test_the_default_is_layers_where_one_layer_feeds_another():
    assert derivation(network(), "W(0)_1,1", names=None).by == "layers"
    assert derivation(network((1,)), "W(0)_1,1", names=None).by == "paths"
    assert derivation(network((1,)), "W(0)_1,1", by="layers", names=None).by == "layers"
    assert derivation(network(), "W(0)_1,1", by="paths", names=None).by == "paths"
    z = weighted_sum([0.5, 0.5], [Value(1.0, "a"), Value(2.0, "b")])
    assert derivation(z.tanh(), z, names=None).by == "paths"


def test_where_there_are_no_layers_none_can_be_asked_for():
    z = [Value(1.0, "z1"), Value(2.0, "z2")]
    cost = cross_entropy(z, [0.5, 0.5])
    with pytest.raises(ValueError, match='no layers below C: by="layers" goes by weighted sums'):
        derivation(cost, z[0], by="layers", names=None)
    with pytest.raises(ValueError, match='by="paths" or by="layers", not by=\'steps\''):
        derivation(cost, z[0], by="steps", names=None)


def test_a_node_is_asked_for_by_its_label_as_set_or_as_typed():
    root = network()
    wrt = derivation(root, "W(0)_1,2", names=None).wrt
    assert wrt.label == "W(0)_1,2"
    assert derivation(root, "W⁽⁰⁾₁,₂", names=None).wrt is wrt
    assert derivation(root, "z(1)_2", names=None).wrt.label == "z(1)_2"
    with pytest.raises(ValueError, match=r"is called 'W\(0\)_3,1': there are W\(0\)_2,1, W\(0\)_1"):
        derivation(root, "W(0)_3,1", names=None)
    with pytest.raises(ValueError, match="is a constant"):
        derivation(root, "y", names=None)


def test_a_layer_s_weights_or_units_are_asked_for_by_their_label():
    root = network()
    for label, count in (("W(0)", 4), ("b⁽⁰⁾", 2), ("z(1)", 2), ("r(1)", 2)):
        found = derivation(root, label, names=None)
        rows = [row[0].text for row in found.equations(found.writer)]
        last = [found.writer.gradient(node).text for node in (*found.others, found.wrt)]
        assert rows[-count:] == last
        assert len({*rows}) == len(rows)
        assert all(node.label.startswith(label[0]) for node in (*found.others, found.wrt))
    assert derivation(root, "z(3)", names=None).others == ()
    with pytest.raises(ValueError, match=r"W\(0\) is 4 nodes, of which the last is W\(0\)_2,2"):
        derivation(root, "W(0)", by="paths", names=None)


def test_the_units_of_one_example_are_those_with_its_mark():
    model = MLP(2, [2, 1], seed=211)
    root = mean([half_squared_error(model(x), 1.0) for x in ([2.0, 1.0], [0.5, -1.0])])
    for label, mark in (("z(1)", ""), ("z(1)′", "′")):
        found = derivation(root, label, names=None)
        names = [found.graph.names[node] for node in (*found.others, found.wrt)]
        assert names == [f"z(1)_1{mark}", f"z(1)_2{mark}"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_of_a_batch_one_example_is_explained_and_how_it_enters_the_mean(lang):
    model = MLP(2, [2, 2, 1], seed=211)
    losses = [half_squared_error(model(x), 1.0) for x in ([2.0, 1.0], [0.5, -1.0])]
    with language(lang):
        one, alone = explain(mean(losses), example=1, names=None), explain(losses[1], names=None)
    first, second, *lines = str(one).splitlines()
    assert "\n".join(lines) == str(alone)
    if lang == "en":
        assert first == "Example 2 of 2; C is the cost of this one alone."
        assert second.startswith("The batch's cost is the mean of all such C")
    assert second in one.latex().replace("$", "")


def test_an_example_of_what_is_no_mean_is_refused():
    losses = [network(), network(seed=3)]
    with pytest.raises(ValueError, match="no example 2: a batch of 2 has 0 to 1"):
        explain(mean(losses), example=2, names=None)
    for root in (losses[0], losses[0] / 2, mean(losses) + 1):
        with pytest.raises(ValueError, match="C is no mean of losses"):
            explain(root, example=0, names=None)


def test_a_form_that_there_is_not_is_refused():
    with pytest.raises(
        ValueError, match='form="units" or form="combined" or form="matrices", not \'vectors\''
    ):
        explain(network(), form="vectors", names=None)


# The layers


def shape(root):
    """How many units each layer has, by its number."""
    return [(layer.number, len(layer.units)) for layer in layers_of(node_names(root))]


def test_layers_are_found_by_structure():
    model = MLP(2, [3, 2, 1], seed=1)
    assert shape(half_squared_error(model([1.0, 2.0]), 1.0)) == [(1, 3), (2, 2), (3, 1)]
    twice = model([1.0, 2.0]) + model([0.5, 1.0])
    assert shape(twice) == [(1, 3), (1, 3), (2, 2), (2, 2), (3, 1), (3, 1)]
    assert shape(cross_entropy(MLP(2, [2], seed=1)([1.0, 2.0]), [0.5, 0.5])) == [(1, 2)]
    assert shape(weighted_sum([0.5], [Value(1.0)]).tanh()) == []


def test_an_activation_is_followed_to_what_the_next_layer_reads():
    slope = Value(0.2, "s")
    model = MLP(2, [2, 1], activation=lambda z: leaky_relu(z, slope), seed=1)
    layers = layers_of(node_names(model([1.0, 2.0])))
    assert [[node.label for node in unit.between] for unit in layers[0].units] == [
        ["r(1)_1"],
        ["r(1)_2"],
    ]


def test_layers_whose_labels_say_otherwise_are_counted_by_structure_and_it_says_so():
    outputs = Layer(2, 2, seed=1)([1.0, 2.0])
    root = half_squared_error(Layer(2, 1, seed=2)(outputs), 1.0)
    assert "Layers are counted by what feeds what" in backward(root)
    assert "Layers are counted" not in backward(network())


def test_latex_and_text_state_the_same_equations():
    explanation = explain(network(), names=None)
    texts = equations(backward(network()), TEXT)
    blocks = equations(explanation.latex().split(r"\section*{Backward")[1], LATEX)
    assert len(texts) == len(blocks) + 1  # the heading of the cost
