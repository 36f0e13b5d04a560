"""The health of a network: its numbers are those of its batch, and what is ill is named."""

import html
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from networks import networks

from microrelu import (
    MLP,
    SGD,
    Value,
    half_squared_error,
    hinge,
    language,
    layers,
    leaky_relu,
    maximum,
    mean,
    topological_order,
    total,
    weighted_sum,
)
from microrelu.datasets import moons
from microrelu.reports.health import EXPLODED, NEARLY, VANISHED
from microrelu.writing.report import LONGEST_NOTES, LONGEST_TABLE

POINTS, TARGETS = moons(20, seed=1)


def swept(model, points=POINTS, targets=TARGETS):
    """The mean of the examples' losses, after its sweep."""
    pairs = zip(points, targets, strict=True)
    loss = mean([half_squared_error(model(point), target) for point, target in pairs])
    loss.backward()
    return loss


def deep(count, scale=1.0, width=4, **options):
    """The loss of so many layers on one example."""
    model = MLP(2, [width] * count + [1], seed=1, **options)
    for parameter in model.parameters():
        parameter.data *= scale
    return swept(model, POINTS[:1], TARGETS[:1])


# Its numbers


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu"])
def test_means_and_maxima_are_those_of_the_batch_in_numpy(activation):
    model = MLP(2, [5, 4, 1], activation=activation, seed=3)
    rows = layers(swept(model)).rows
    weights = [
        np.array([[w.data for w in neuron.weights] for neuron in layer.neurons])
        for layer in model.layers
    ]
    z, r = [], [np.array(POINTS).T]
    for layer, w in zip(model.layers, weights, strict=True):
        z.append(w @ r[-1])
        is_last = layer is model.layers[-1]
        leak = {"relu": np.maximum(z[-1], 0), "tanh": np.tanh(z[-1])}
        r.append(z[-1] if is_last else leak.get(activation, np.where(z[-1] < 0, 0.01, 1) * z[-1]))
    slopes = {
        "relu": lambda z: z >= 0,
        "tanh": lambda z: 1 - np.tanh(z) ** 2,
        "leaky_relu": lambda z: np.where(z < 0, 0.01, 1),
    }
    back = (z[-1] - np.array(TARGETS)) / len(POINTS)
    for k in (2, 1, 0):
        row, by_weight = rows[k], back @ r[k].T
        expected = {
            "gradient": abs(back).mean(),
            "largest_gradient": abs(back).max(),
            "weight_gradient": abs(by_weight).mean(),
            "largest_weight_gradient": abs(by_weight).max(),
            "z": abs(z[k]).mean(),
            "r": abs(r[k + 1]).mean(),
            "weights": abs(weights[k]).mean(),
        }
        assert {name: getattr(row, name) for name in expected} == pytest.approx(expected)
        assert (row.number, row.units) == (k + 1, len(z[k]))
        assert row.relative == pytest.approx(row.gradient / rows[-1].gradient)
        if activation == "relu" and k < 2:
            assert row.open == pytest.approx((z[k] >= 0).mean())
            assert row.dead == tuple(
                f"z({k + 1})_{j + 1}" for j in range(len(z[k])) if (z[k][j] < 0).all()
            )
        if k:
            back = (weights[k].T @ back) * slopes[activation](z[k - 1])


@settings(max_examples=100)
@given(networks())
def test_any_network_has_a_report_that_can_be_read(root):
    root.backward()
    report = layers(root)
    weighted = [n for n in topological_order(root) if n.operation is weighted_sum]
    assert sum(row.units for row in report.rows) <= len(weighted)
    assert [row.number for row in report.rows] == [*range(1, len(report.rows) + 1)]
    for row in report.rows:
        assert row.gradient <= row.largest_gradient * (1 + 1e-9)
        assert row.weight_gradient <= row.largest_weight_gradient * (1 + 1e-9)
        assert row.open is None or 0 <= row.open <= 1
        assert len(row.dead) + len(row.nearly_dead) <= row.units
    assert str(report).endswith(".")


def test_the_means_of_very_large_and_very_small_numbers_are_numbers():
    weights = [Value(1e308), Value(1e308), Value(1e308)]
    z = weighted_sum(weights, [Value(1e-300)] * 3)
    z.backward()
    [row] = layers(z).rows
    assert row.weights == pytest.approx(1e308)
    assert row.weight_gradient == pytest.approx(1e-300)


# Who is dead


def shut(model, layer, *units):
    """The model with these units closed for all that the moons can be."""
    for j in units:
        model.layers[layer - 1].neurons[j - 1].bias.data = -100.0
    return model


def test_a_dead_unit_is_found_by_its_name():
    alive = MLP(2, [4, 4, 1], seed=7)
    assert [row.dead for row in layers(swept(alive)).rows] == [(), (), ()]
    report = layers(swept(shut(alive, 2, 3)))
    assert [row.dead for row in report.rows] == [(), ("z(2)_3",), ()]
    assert not report
    assert "Dead, closed for every example: z⁽²⁾₃." in str(report)
    assert str(report).endswith("Not healthy: 1 of 9 units dead.")


def test_a_dead_unit_gets_no_gradient_in_any_example():
    model = shut(MLP(2, [4, 4, 1], seed=7), 1, 2)
    layers(swept(model))
    assert all(p.grad == 0 for p in model.layers[0].neurons[1].parameters())


def test_a_unit_that_is_open_for_one_example_in_twenty_is_nearly_dead():
    model = MLP(1, [2, 1], seed=1)
    for neuron, bias in zip(model.layers[0].neurons, (-18.5, -17.5), strict=True):
        neuron.weights[0].data, neuron.bias.data = 1.0, bias
    report = layers(swept(model, [[float(x)] for x in range(20)], [1.0] * 20))
    assert report.rows[0].nearly_dead == ("z(1)_1",)
    assert report.rows[0].open == 3 / 40
    assert f"open for at most {NEARLY} of the examples: z⁽¹⁾₁." in str(report)
    assert report  # it learns from that one


def test_what_lets_a_little_back_is_not_dead():
    for activation in ("leaky_relu", lambda z: leaky_relu(z, 0.3)):
        row = layers(swept(shut(MLP(2, [4, 1], seed=1, activation=activation), 1, 1, 2))).rows[0]
        assert (row.open, row.dead) == (1.0, ())


def test_what_has_no_kink_is_neither_open_nor_closed():
    report = layers(swept(MLP(2, [4, 1], seed=1, activation="sigmoid")))
    assert [row.open for row in report.rows] == [None, None]
    assert "open" not in str(report)


def test_a_floor_above_zero_does_not_revive_a_unit():
    model = shut(MLP(2, [4, 1], seed=1, activation=lambda z: maximum(z, 0.01)), 1, 2)
    assert layers(swept(model)).rows[0].dead == ("z(1)_2",)
    assert all(parameter.grad == 0 for parameter in model.layers[0].neurons[1].parameters())


def test_an_activation_of_several_operations_dies_too():
    model = shut(MLP(2, [4, 1], seed=1, activation=lambda z: 2 * z.relu() + 1), 1, 4)
    assert layers(swept(model)).rows[0].dead == ("z(1)_4",)


def test_of_one_example_what_is_closed_may_not_be_dead():
    report = layers(deep(1))
    assert report.examples == 1
    assert not report
    assert "There is one example; what is closed for it" in str(report)
    assert "There is one example" not in str(layers(swept(MLP(2, [4, 1], seed=7))))


def test_layers_are_found_without_labels():
    w, b = [Value(0.5), Value(-1.0)], Value(0.1)
    losses = []
    for x in ([1.0, 2.0], [3.0, 1.0]):
        hidden = weighted_sum(w, x, b - 9)
        losses.append((weighted_sum([w[0]], [hidden.relu()], 0.0) - 1) ** 2)
    loss = mean(losses)
    loss.backward()
    report = layers(loss)
    assert [(row.number, row.units) for row in report.rows] == [(1, 1), (2, 1)]
    assert report.examples == 2
    assert report.rows[0].dead == ("z(1)",)


def test_a_unit_that_is_used_again_is_dead_where_it_is_closed_each_time():
    w, b = [Value(1.0)], Value(-1.5)

    def twice(x):
        first = weighted_sum(w, [x], b).relu()
        return weighted_sum(w, [3 * first], b).relu()

    for x, dead in ((2.0, False), (1.0, True)):  # z: 0.5 and 0; −0.5 and −1.5
        root = twice(x)
        root.backward()
        assert [bool(row.dead) for row in layers(root).rows] == [dead, dead]


def test_two_outputs_of_a_loss_without_one_of_them_are_one_layer():
    model = MLP(2, [3, 2], seed=3)
    outputs = [model(point) for point in POINTS[:4]]
    loss = total([output[i % 2] for i, output in enumerate(outputs)])
    loss.backward()
    assert [row.units for row in layers(loss).rows] == [3, 2]


# Is it healthy?


def test_a_healthy_network_is_true():
    points, targets = moons(100, seed=1)
    model = MLP(2, [16, 16, 1], seed=3)
    pairs = zip(points, targets, strict=True)
    loss = mean([hinge(model(point), target) for point, target in pairs])
    loss.backward()
    report = layers(loss)
    assert report
    assert all(row.verdict == "passes" for row in report.rows)
    assert str(report).splitlines()[-1] == (
        "Healthy: no unit is dead, and |∂C/∂z| stays between 0.001 and 1000 times the last layer's."
    )


@pytest.mark.parametrize("count", [10, 100])
def test_the_gradient_of_sigmoids_vanishes(count):
    report = layers(deep(count, activation="sigmoid", init="xavier"))
    vanished = [row.number for row in report.rows if row.verdict == "vanished"]
    assert vanished == [*range(1, len(vanished) + 1)]  # all from some layer back
    assert not report
    assert report.rows[0].relative < VANISHED < report.rows[len(vanished)].relative
    first = f"first less than 0.001 of the last layer's in layer {vanished[-1]}; in layer 1 it is"
    assert first in str(report)


def test_weights_ten_times_as_large_explode_and_their_tenth_vanishes():
    options = {"activation": "leaky_relu", "init": "he", "width": 16}
    assert layers(deep(12, **options))
    large, small = layers(deep(12, 10.0, **options)), layers(deep(12, 0.1, **options))
    assert large.rows[0].verdict == "exploded"
    assert large.rows[0].relative > EXPLODED
    assert "|∂C/∂z| explodes: from the cost back it is first more than 1000 times" in str(large)
    assert small.rows[0].verdict == "vanished"
    for one, other in zip(large.rows, small.rows, strict=True):  # a factor for each layer between
        factor = 100.0 ** (len(large.rows) - one.number)
        assert one.relative / other.relative == pytest.approx(factor)


def test_nan_begins_where_it_was_planted():
    model = MLP(2, [3, 3, 3, 3, 1], seed=5, activation="leaky_relu")
    model.layers[2].neurons[1].weights[0].data = math.nan
    report = layers(swept(model))
    assert [math.isnan(row.z) for row in report.rows] == [False, False, True, True, True]
    assert "From the inputs on, z is NaN first in layer 3." in str(report)
    assert "From the cost back, ∂C/∂z is NaN first in layer 5." in str(report)
    assert not report
    assert str(report).endswith("numbers not finite in 5 of 5 layers.")


def test_infinity_begins_where_it_was_planted():
    model = MLP(2, [2, 2, 1], seed=5, activation="leaky_relu")
    model.layers[1].neurons[0].weights[0].data = -math.inf
    text = str(layers(swept(model, [[1.0, 2.0]], [0.5])))
    assert "From the inputs on, z is ∞ first in layer 2." in text


def test_zero_begins_at_a_dead_layer():
    report = layers(swept(shut(MLP(2, [4, 4, 4, 1], seed=1), 2, 1, 2, 3, 4)))
    assert [row.gradient == 0 for row in report.rows] == [True, True, False, False]
    assert "From the cost back, ∂C/∂z is 0 first in layer 2." in str(report)
    assert "From the inputs on, z is 0 first in layer 3." in str(report)
    assert [row.verdict for row in report.rows] == ["vanished", "vanished", "passes", "passes"]


def test_a_loss_whose_gradient_is_zero_is_not_healthy():
    model = MLP(1, [1], seed=1)
    loss = half_squared_error(model(2.0), model(2.0).data)
    loss.backward()
    report = layers(loss)
    assert not report
    assert math.isnan(report.rows[0].relative)
    assert "∂C/∂z is 0 first in layer 1" in str(report)


# As text and as HTML

SMALL = {
    "en": """\
layer  units  |∂C/∂z|  largest  |∂C/∂W|  largest  |z|    |r|    |W|    open  dead
1      3      0.0770   0.264    0.291    0.833    0.530  0.469  0.455  0.67  1
2      1      0.458    0.547    0.694    1.19     0.374  0.374  0.232  –     –
Means of absolute values in each layer, over all examples (3).
open: for what share of units and examples the activation lets the gradient back.
Dead, closed for every example: z⁽¹⁾₃.
Not healthy: 1 of 4 units dead.""",
    "id": """\
lapisan  unit  |∂C/∂z|  terbesar  |∂C/∂W|  terbesar  |z|    |r|    |W|    terbuka  mati
1        3     0.0770   0.264     0.291    0.833     0.530  0.469  0.455  0.67     1
2        1     0.458    0.547     0.694    1.19      0.374  0.374  0.232  –        –
Rata-rata nilai mutlak di setiap lapisan, atas semua contoh (3).
terbuka: bagian dari semua unit dan contoh yang fungsi aktivasinya meneruskan gradien.
Mati, tertutup untuk setiap contoh: z⁽¹⁾₃.
Tidak sehat: 1 dari 4 unit mati.""",
    "ja": """\
層  ユニット  |∂C/∂z|  最大   |∂C/∂W|  最大   |z|    |r|    |W|    開いた割合  死んだ数
1   3         0.0770   0.264  0.291    0.833  0.530  0.469  0.455  0.67        1
2   1         0.458    0.547  0.694    1.19   0.374  0.374  0.232  –           –
各層における絶対値の平均（例の数：3）。
開いた割合：活性化関数が勾配を通すユニットと例の割合。
死んだユニット（すべての例で閉じている）：z⁽¹⁾₃。
健全ではありません：死んだユニットは 4 個中 1 個。""",
}


def small(in_language="en"):
    with language(in_language):
        return layers(swept(MLP(1, [3, 1], seed=0), [0.5, 1.0, 2.0], [1.0] * 3))


@pytest.mark.parametrize("name", SMALL)
def test_the_text_of_a_small_network(name):
    assert str(small(name)) == SMALL[name]  # outside of the block that set the language


@pytest.mark.parametrize("name", SMALL)
def test_the_html_says_what_the_text_says(name):
    report = small(name)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>|<p>(.*?)</p>", report._repr_html_())
    said = [html.unescape(cell or sentence) for cell, sentence in cells]
    table, notes = str(report).split("\n")[:3], str(report).split("\n")[3:]
    assert said == [*" ".join(table).split(), *notes]


@pytest.mark.parametrize("name", SMALL)
def test_what_goes_wrong_is_said_in_each_language(name):
    with language(name):
        reports = [
            layers(deep(100, activation="sigmoid", init="xavier")),
            layers(deep(12, 10.0, activation="leaky_relu", init="he")),
            layers(swept(shut(MLP(2, [20, 1], seed=1), 1, *range(1, 13)))),
        ]
    for report in reports:
        text = str(report)
        assert not re.search(r"[{}]", text)
        assert (name == "en") == bool(re.search("layer|Dead", text))


def test_a_report_keeps_its_numbers_while_training_goes_on():
    model = MLP(2, [4, 1], seed=7)
    report = layers(swept(model))
    before = str(report)
    SGD(model.parameters(), lr=1.0).step()
    assert str(report) == before


def test_a_labelled_loss_stands_in_the_table():
    model = MLP(1, [1], seed=1)
    loss = half_squared_error(model(2.0), 1.0)
    loss.label = "L"
    loss.backward()
    assert "|∂L/∂z|" in str(layers(loss))


# Depth


def test_three_thousand_layers_show_their_ends_and_where_it_goes_wrong():
    report = layers(deep(3000, activation="tanh", width=1))
    assert len(report.rows) == 3001
    text = str(report).splitlines()
    shown = [int(line.split()[0]) for line in text if line.split()[0].isdigit()]
    assert shown[:5] == [1, 2, 3, 4, 5]
    assert shown[-5:] == [2997, 2998, 2999, 3000, 3001]
    zero = max(row.number for row in report.rows if row.gradient == 0)
    faint = max(row.number for row in report.rows if row.verdict == "vanished")
    assert {zero - 1, zero, zero + 1, faint - 1, faint, faint + 1} <= {*shown}
    assert len(shown) <= LONGEST_TABLE
    assert f"… and {3001 - len(shown)} more." in text
    assert len(text) < LONGEST_TABLE + LONGEST_NOTES


# What it asks for


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda model, loss: None, "There are no gradients yet: write model.zero_grad() and"),
        (lambda model, loss: (loss * 2).backward(), "those of another root, of which loss is a"),
        (lambda model, loss: (loss.backward(), model.zero_grad()), "were set to 0 after the sweep"),
        (lambda model, loss: (loss.backward(), loss.recompute()), "from before the values were"),
        (
            lambda model, loss: (loss.backward(), SGD(model.parameters(), lr=0.1).step()),
            "data was assigned after the graph was recorded. Write C.recompute()",
        ),
    ],
)
def test_gradients_that_are_not_of_this_loss_are_refused(change, sentence):
    model = MLP(2, [3, 1], seed=7)
    loss = half_squared_error(model([1.0, 2.0]), 1.0)
    change(model, loss)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        layers(loss)


def test_what_has_no_layers_is_refused():
    root = Value(2.0) * 3
    root.backward()
    with pytest.raises(ValueError, match=r"no layer in this graph.*takes the loss of an MLP"):
        layers(root)
    with pytest.raises(TypeError, match=r"layers needs a Value, a loss that was swept, not MLP"):
        layers(MLP(2, [1]))
