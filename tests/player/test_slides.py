"""The backward pass as pictures: what each shows, in which files, and what cannot be drawn."""

import math
import re
import sys
from xml.etree import ElementTree

import pytest

from microrelu import MLP, Value, expression, half_squared_error, language, play, total
from microrelu.picture import fonts
from microrelu.steps.sweep import backward_steps

pytest.importorskip("matplotlib")

from PIL import Image  # comes with Matplotlib

from microrelu.player import slides
from microrelu.player.slides import DURATION, HEIGHT, LAST, WIDTH, Slides, frames

TEXT = "z = w*x + b; r = relu(z); C = (y - r)**2 / 2"


def neuron():
    return expression(TEXT, w=0.5, x=2, b=0.1, y=3)[0]


def slides_of(root):
    return Slides([*backward_steps(root, None)], is_dark=False)


def saved(player, folder):
    player.save(folder / "{:03}.svg")
    return sorted(folder.glob("*.svg"))


def texts_of(file):
    """What is written in an SVG, as Matplotlib notes it beside the outlines of the letters."""
    return re.findall(r"<!-- (.*) -->", file.read_text(encoding="utf-8"))


# What the frames show


def test_a_frame_for_the_start_and_for_each_node_that_passes_anything_on():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    steps = [*backward_steps((w * x).relu() * 1.0, None)]
    found = [*frames(steps)]
    senders = [step.node for step in steps if step.contributions]
    assert [frame.node for frame in found] == [steps[0].node, *senders]
    assert not any(node in (w, x) for node in (frame.node for frame in found))
    assert found[0].passed == set()
    assert found[-1].passed == {*senders}


def test_gradients_appear_as_the_sweep_reaches_them():
    x = Value(3.0, "x")
    root = x * x + x
    shown = [frame.gradients.get(x) for frame in frames([*backward_steps(root, None)])]
    assert shown == [None, "1 + …", "7"]


def test_what_stands_in_the_pictures(tmp_path):
    files = saved(play(neuron(), names=None), tmp_path)
    assert [file.name for file in files] == [f"00{n}.svg" for n in range(1, 8)]
    first, *_, relu, _, last = map(texts_of, files)
    numbers = ["0.5", "2", "0.1", "3", "1", "1.1", "1.9", "3.61", "1.805"]
    assert {*numbers, "w", "x", "b", "y", "z", "r", "C", "v₁", "ReLU"} <= {*first}
    assert not any(text.startswith("×") and len(text) > 1 for text in first)  # no derivative yet
    assert first[-3:] == [
        "∂C/∂C = 1",
        "C is what is differentiated, so the sweep starts with 1.",
        "1 / 7",
    ]
    assert relu[-3:-1] == [
        "∂C/∂z = ∂C/∂r · Step(z) = −1.9 · 1 = −1.9",
        "ReLU is open: the gradient passes unchanged.",
    ]
    assert last[-3] == (
        "∂C/∂w = ∂C/∂v₁ · x = −1.9 · 2 = −3.8      ∂C/∂x = ∂C/∂v₁ · w = −1.9 · 0.5 = −0.95"
    )
    assert {"×2", "×0.5", "×(−1)", "×3.8", "−3.8", "−0.95"} <= {*last}


def test_everything_stands_where_it_stood(tmp_path):
    drawn = slides_of(neuron())
    places = [drawn.places.boxes.copy()]
    for number in range(len(drawn.frames)):
        drawn.draw(number)
        places.append(drawn.places.boxes)
    assert all(each == places[0] for each in places)


def test_numbers_are_large_and_all_is_within_the_slide():
    drawn = slides_of(neuron())
    assert drawn.places.scale * slides.NUMBER >= 28
    for number in range(len(drawn.frames)):
        drawn.draw(number)
        renderer = drawn.figure.canvas.get_renderer()
        [axes] = drawn.figure.axes
        boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_text()]
        assert all(box.x0 >= 20 and box.x1 <= WIDTH - 20 for box in boxes)
        assert all(box.y0 >= 10 and box.y1 <= HEIGHT - 20 for box in boxes)
        assert not any(
            a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1
            for i, a in enumerate(boxes)
            for b in boxes[:i]
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_a_box_holds_all_that_is_ever_written_in_it(seed):
    model = MLP(2, [2, 1], seed=seed)
    drawn = slides_of(half_squared_error(model([1.0, -0.5]), 1.0))
    size = slides.NUMBER * drawn.places.scale
    for node, (_, _, width, _) in drawn.places.boxes.items():
        assert drawn.width(drawn.headings[node][0], size) < width
        for written in (drawn.values[node], *drawn.gradients(node)):
            assert drawn.width(written, size) < width


@pytest.mark.parametrize("count", [3, 8])
def test_a_local_derivative_has_room_between_the_boxes(count):
    x = Value(0.5, "x")
    for _ in range(count):
        x = -x.tanh()
    places = (drawn := slides_of(x)).places
    for edge in places.edges:
        if edge.chip is not None:
            text = slides.factor(drawn.derivatives[edge.node, edge.operand])
            half = drawn.width(text, slides.CHIP * places.scale) / 2 + slides.EDGE * places.scale
            left, _, width, _ = places.boxes[edge.node.parents[edge.operand]]
            assert left + width < edge.chip[0] - half
            assert edge.chip[0] + half < places.boxes[edge.node][0]


def test_a_leaf_alone_has_one_picture(tmp_path):
    play(Value(3.0, "x")).save(tmp_path / "one.svg")
    assert texts_of(tmp_path / "one.svg") == [
        *("x", "3", "1", "∂x/∂x = 1"),
        *("x is what is differentiated, so the sweep starts with 1.", "1 / 1"),
    ]


def test_nan_and_infinity(tmp_path):
    files = saved(play(Value(math.nan, "x") * Value(math.inf, "y"), names=None), tmp_path)
    assert {"NaN", "∞", "×∞", "×NaN"} <= {*texts_of(files[1])}


@pytest.mark.parametrize(
    "label",
    ["$a$", "x_^2", r"\frac{1}{2}", "</text><script>", "-->", "\x00\x07 \ud800", "a\nb", "重み"],
)
def test_labels_are_drawn_literally(label, tmp_path):
    [first, _] = saved(play(Value(1.0, label).exp()), tmp_path)
    ElementTree.parse(first)
    assert "script>" not in re.sub("<!--.*?-->|<title>.*?</title>", "", first.read_text("utf-8"))
    if label in ("$a$", "x_^2", r"\frac{1}{2}", "重み"):
        assert label in texts_of(first)


def test_very_long_labels_and_many_parents_keep_within_the_slide():
    label = "a very long label that goes on and on " * 20
    leaves = [Value(1.0, f"{label}{i}") for i in range(9)]
    drawn = slides_of(total(leaves))
    drawn.draw(1)
    renderer = drawn.figure.canvas.get_renderer()
    [axes] = drawn.figure.axes
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= WIDTH for box in boxes)
    assert [text.get_text() for text in axes.texts][-3].endswith("…")


def test_a_long_sentence_takes_two_lines_that_are_alike():
    x = Value(0.0, "x")
    with language("id"):
        drawn = slides_of(x.relu())
    drawn.draw(1)
    *_, first, second, _ = [text.get_text() for text in drawn.figure.axes[0].texts]
    assert f"{first} {second}" == drawn.frames[1].sentence
    assert abs(len(first) - len(second)) < 12


# In which language, colours and bytes


def test_the_language_is_that_of_the_time_when_it_was_played(tmp_path):
    model = MLP(1, [1, 1], seed=1)
    with language("ja"):
        player = play(half_squared_error(model([1.0]), 1.0))
    files = saved(player, tmp_path)
    assert {"第 1 層", "第 2 層"} <= {*texts_of(files[0])}
    assert texts_of(files[0])[-2].endswith("を微分するので、逆伝播は 1 から始まります。")


def test_the_same_bytes_each_time(tmp_path):
    one, two = (saved(play(neuron(), names=None), tmp_path / folder) for folder in ("one", "two"))
    assert [file.read_bytes() for file in one] == [file.read_bytes() for file in two]
    assert b"date" not in one[0].read_bytes()


def test_an_svg_says_its_step_as_its_title(tmp_path):
    title = ElementTree.parse(saved(play(neuron(), names=None), tmp_path)[4]).findtext("{*}title")
    assert title == (
        "∂C/∂z = ∂C/∂r · Step(z) = −1.9 · 1 = −1.9  ReLU is open: the gradient passes unchanged."
    )


def test_whoever_else_draws_keeps_their_settings(tmp_path):
    import matplotlib

    with matplotlib.rc_context({"text.usetex": True, "font.size": 30.0}):
        play(Value(1.0, "$x$").exp()).save(tmp_path / "{:03}.svg")
        assert matplotlib.rcParams["text.usetex"]
    assert "$x$" in texts_of(tmp_path / "001.svg")


@pytest.mark.parametrize(("theme", "ground"), [("light", "#FFFFFF"), ("dark", "#1A1B1E")])
def test_png_in_both_themes(theme, ground, tmp_path):
    play(Value(1.0, "x").exp()).save(tmp_path / "new" / "{:02}.png", theme=theme)
    with Image.open(tmp_path / "new" / "02.png") as image:
        assert image.size == (WIDTH, HEIGHT)
        assert image.convert("RGB").getpixel((5, 5)) == tuple(bytes.fromhex(ground[1:]))


def test_gif(tmp_path):
    play(neuron()).save(tmp_path / "backprop.gif")
    with Image.open(tmp_path / "backprop.gif") as image:
        assert (image.n_frames, image.size, image.info["loop"]) == (7, (WIDTH, HEIGHT), 0)
        durations = []
        for number in range(image.n_frames):
            image.seek(number)
            durations.append(image.info["duration"])
            assert image.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
    assert durations == [DURATION] * 6 + [LAST]
    assert (tmp_path / "backprop.gif").stat().st_size < 600_000


def test_the_graph_may_change_meanwhile(tmp_path):
    w, x = Value(0.5, "w"), Value(-2.0, "x")
    root = (w * x).relu() + x
    player = play(root, names=None)
    w.data = -7.0
    root.recompute()
    last = texts_of(saved(player, tmp_path)[-1])
    assert {"0.5", "×0.5", "×0", "×1"} <= {*last}
    assert not {"−7", "×(−7)", "14"} & {*last}
    assert w.grad == 0


# What cannot be drawn


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (
            "frames.svg",
            "These are 2 pictures, and 'frames.svg' does not say where the number of each stands: "
            "write '{:03}.svg', or 'backprop.gif' for all of them in one file.",
        ),
        ("of/{name}.png", "write 'of/{:03}.png'"),
        ("{}{}.svg", "write '{:03}.svg'"),
        ("{.svg", "write '{:03}.svg'"),
        (
            "backprop.pdf",
            "A player is saved as a page, 'backprop.html', as a moving picture, 'backprop.gif', "
            "or as a picture for each step, 'frames/{:03}.svg' or .png, not as 'backprop.pdf'.",
        ),
        ("backprop", "not as 'backprop'."),
    ],
)
def test_other_paths(path, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        play(Value(1.0, "x").exp()).save(path)
    assert [*tmp_path.iterdir()] == []


def test_other_themes():
    with pytest.raises(ValueError, match=re.escape("theme is 'light' or 'dark', not 'auto'.")):
        play(neuron()).save("backprop.gif", theme="auto")


def test_a_mistaken_sweep_is_for_the_page():
    x = Value(1.0, "x")
    sentence = "Pictures show the right sweep alone: play(root) without mode='overwrite', or save"
    with pytest.raises(ValueError, match=re.escape(sentence)):
        play(x * x, mode="overwrite").save("backprop.gif")


def test_what_no_longer_holds():
    w = Value(2.0, "w")
    root = w.exp()
    w.data = 3.0
    sentence = (
        "Pictures state equations, and what was recorded no longer holds: write root.recompute(), "
        "and play it again."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        play(root).save("backprop.gif")


@pytest.mark.parametrize("count", [61, 301])
def test_a_graph_that_is_too_large_to_be_read(count):
    x = Value(0.5, "x")
    for _ in range(count - 1):
        x = x.tanh()
    sentence = (
        f"In pictures of 1920 × 1080 pixels the numbers of {count} nodes would be less than 8 "
        "high: play a smaller graph that is built alike, or save the page, 'backprop.html', which "
        "shows each step large."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        play(x).save("backprop.gif")


def test_without_matplotlib_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    sentence = 'Slides need Matplotlib: pip install "microrelu[train]".'
    with pytest.raises(ImportError, match=re.escape(sentence)):
        play(neuron()).save("backprop.gif")


def test_without_a_font_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts, "FONTS", ())
    sentence = (
        "No font that Matplotlib finds here has 重, み: for Japanese and Chinese install "
        "Noto Sans CJK (Debian and Ubuntu: apt install fonts-noto-cjk); for other letters write "
        "other labels."
    )
    with pytest.raises(ValueError, match=re.escape(sentence)):
        play(Value(1.0, "重み").exp()).save("backprop.gif")


@pytest.mark.skipif(fonts.fallback() is None, reason="needs a font with Japanese letters")
def test_a_font_for_japanese_but_not_for_everything():
    assert fonts.families("w = 2") == [fonts.OWN]
    assert fonts.families("重み w") == [fonts.OWN, fonts.fallback()]
    with pytest.raises(ValueError, match="has \U0001f9ff: "):
        fonts.families("重み \U0001f9ff")
