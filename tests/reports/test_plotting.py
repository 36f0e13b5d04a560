"""The plot of a report: what has a place on a log scale, and what has none."""

import math
import re
import sys

import pytest

from microrelu import MLP, Value, half_squared_error, language, layers, mean, weighted_sum
from microrelu.picture import fonts
from microrelu.reports.plotting import beyond_scale

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402  # after the choice of where to draw

X = (0.5, 1.0, 2.0)


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def report(*sizes, bias=0.0, **options):
    """Of a network whose second layer has that bias."""
    model = MLP(1, [*sizes], seed=1, **options)
    for neuron in model.layers[1].neurons:
        neuron.bias.data = bias
    loss = mean([half_squared_error(model(x), 1.0) for x in X])
    loss.backward()
    return layers(loss)


def drawn(axes):
    """The lines by their labels; those without a label are markers at the edges."""
    axes.figure.canvas.draw()
    return {line.get_label(): line for line in axes.get_lines()}


def at_edge(axes, marker):
    """The layers and heights of the markers of that kind."""
    return [
        tuple(place)
        for line in axes.get_lines()
        if line.get_marker() == marker and line.get_label().startswith("_")
        for place in line.get_xydata()
    ]


def test_the_lines_are_the_rows():
    found = report(3, 3, 3, 1, activation="tanh")
    axes = found.plot()
    lines = drawn(axes)
    columns = {
        "|∂C/∂z|": "gradient",
        "max |∂C/∂z|": "largest_gradient",
        "|∂C/∂W|": "weight_gradient",
        "max |∂C/∂W|": "largest_weight_gradient",
        "|z|": "z",
        "|r|": "r",
        "|W|": "weights",
    }
    for label, attribute in columns.items():
        assert list(lines[label].get_xdata()) == [1, 2, 3, 4]
        assert list(lines[label].get_ydata()) == [getattr(row, attribute) for row in found.rows]
    assert axes.get_yscale() == "log"
    assert axes.get_xlabel() == "layer"
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == [*columns]  # no 0, ∞ or NaN where there are none


def test_zero_stands_at_the_lower_edge():
    axes = report(3, 3, 3, 1, bias=-100.0).plot()
    lines = drawn(axes)
    assert [*map(math.isnan, lines["|∂C/∂z|"].get_ydata())] == [True, True, False, False]
    places = at_edge(axes, "v")
    assert {x for x, _ in places} == {1, 2, 3, 4}
    assert all(0 < y < 0.2 for _, y in places)
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == "0"


@pytest.mark.parametrize(
    ("number", "marker", "kind"), [(math.nan, "x", "NaN"), (math.inf, "^", "∞")]
)
def test_infinity_and_nan_stand_at_the_upper_edge(number, marker, kind):
    z = weighted_sum([Value(number)], [Value(1.0)])
    z.backward()
    axes = layers(z).plot()
    drawn(axes)
    places = at_edge(axes, marker)
    assert len(places) == 3  # z, r and W, each at a height of its own
    assert len({y for _, y in places}) == 3
    assert all(0.8 < y < 1 for _, y in places)
    assert [text.get_text() for text in axes.get_legend().get_texts()][-1] == kind


@pytest.mark.parametrize("numbers", [(5e-324, 1e308), (1e308, 1e308), (5e-324,) * 2, (0.0, 0.0)])
def test_all_floats_have_a_place(numbers):
    z = weighted_sum([Value(number) for number in numbers], [Value(1.0), Value(-1.0)])
    z.backward()
    axes = layers(z).plot()
    drawn(axes)  # without a warning
    low, high = axes.get_ylim()
    assert 0 < low < high < math.inf


def test_what_has_no_place_is_named():
    assert [*map(beyond_scale, (0.0, 1e-323, 1.0, math.inf, math.nan))] == ["0", "", "", "∞", "NaN"]


def test_it_draws_on_given_axes():
    figure, (left, right) = pyplot.subplots(ncols=2)
    found = report(2, 2, 1)
    assert found.plot(right) is right
    assert not left.get_lines()
    assert found.plot().figure is not figure


@pytest.mark.parametrize("known", [fonts.FONTS, ()])
@pytest.mark.parametrize(("name", "word"), [("id", "lapisan"), ("ja", "層")])
def test_its_word_is_in_the_language_of_the_report(name, word, known, monkeypatch):
    monkeypatch.setattr(fonts, "FONTS", known)
    with language(name):
        found = report(2, 2, 1)
    axes = found.plot()
    drawn(axes)  # without a warning
    has_letters = name == "id" or fonts.fallback()
    assert axes.get_xlabel() == (word if has_letters else "k")


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    sentence = 'A plot needs Matplotlib: pip install "microrelu[train]".'
    with pytest.raises(ImportError, match=re.escape(sentence)):
        report(2, 2, 1).plot()
