"""Light and dark pictures."""

import itertools
import re
from xml.etree import ElementTree

import pytest

from microrelu import MLP, Value, draw
from microrelu.picture import look
from microrelu.picture.theme import DARK, FOLLOWS

TEXT = [look.VALUE, look.GRADIENT, look.INK, look.GREY]
FILLS = [look.NODE_FILL, look.LEAF_FILL, look.ROOT_FILL, look.LAYER_FILL, look.CLOSED_FILL]


def luminance(color):
    """WCAG 2's, of a colour such as #0072B2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(color, other):
    lighter, darker = sorted((luminance(color), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "fill"), [*itertools.product(TEXT, FILLS)])
def test_small_text_can_be_read(text, fill):
    assert contrast(text, fill) >= 4.5
    assert contrast(DARK[text], DARK[fill]) >= 4.5


def pictures():
    cost = MLP(2, [9, 3, 1], seed=1)([1.0, -1.0]).tanh()
    cost.backward()
    z = Value(-1.0, "z(1)").relu()
    return [
        *((z, {}), (cost, {}), (cost, {"collapse": "layers"}), (cost, {"collapse": 2})),
        *((cost, {"weights": "edges"}), (MLP(1, [2]), {})),
    ]


@pytest.mark.parametrize(("root", "options"), pictures())
def test_in_the_dark_no_light_colour_is_left(root, options):
    source = draw(root, theme="dark", **options, names=None).source
    left = set(re.findall(r"#[0-9A-F]{6}", source)) & DARK.keys()
    assert not left
    assert "color=white" not in source
    assert 'bgcolor="#1A1B1E"' in source


@pytest.mark.parametrize(("root", "options"), pictures())
def test_every_colour_has_a_dark_one(root, options):
    colors = set(re.findall(r"#[0-9A-F]{6}", draw(root, **options, names=None).source))
    assert colors <= DARK.keys()


@pytest.mark.parametrize("label", ['color="#222222"', 'COLOR="#0072B2"', "#FFFFFF"])
def test_a_label_is_not_recoloured(label):
    svg = draw(Value(1.0, label) * 2, theme="dark", names=None).pipe("svg")
    texts = ["".join(part.itertext()) for part in ElementTree.fromstring(svg).iter()]
    titles = [
        value for part in ElementTree.fromstring(svg).iter() for value in part.attrib.values()
    ]
    assert label in texts
    assert any(title.startswith(f"{label}: value 1.0") for title in titles)


def test_light_is_what_a_picture_is_without_a_theme():
    x = Value(1.0, "x")
    assert draw(x, names=None).source == draw(x, theme="light", names=None).source


def test_auto_follows_the_readers_system():
    picture = draw(Value(1.0, "x").relu(), theme="auto", names=None)
    tree = ElementTree.fromstring(picture.pipe("svg"))
    svg = "{http://www.w3.org/2000/svg}"
    style = tree.find(f"{svg}style").text
    assert style.startswith("@media (prefers-color-scheme: dark) {")
    assert f'.{FOLLOWS} [fill="#222222"]{{fill:#ECECEC}}' in style
    (graph,) = [group for group in tree.iter(f"{svg}g") if group.get("id") == "graph0"]
    assert FOLLOWS in graph.get("class").split()
    painted = {part.get(name) for part in tree.iter() for name in ("fill", "stroke")}
    assert painted - {None, "none", "transparent"} <= {color.lower() for color in DARK}
    assert picture.copy().pipe("svg") == picture.pipe("svg")
    assert picture.pipe("png")[:4] == b"\x89PNG"


def test_only_auto_has_a_style():
    assert b"<style" not in draw(Value(1.0, "x"), theme="dark", names=None).pipe("svg")


def test_a_theme_that_is_none_is_an_error():
    with pytest.raises(ValueError, match="theme is 'light', 'dark' or 'auto', not 'solarized'"):
        draw(Value(1.0), theme="solarized", names=None)
