"""A step on paper, and as a picture of its own: whole, without the controls, and well formed."""

import io
from xml.etree import ElementTree

import pytest
from test_view import classifier, opened, readme

from microrelu import Value, play, weighted_sum

pytestmark = pytest.mark.browser
SVG = "{http://www.w3.org/2000/svg}"


def awkward():
    a, b = Value(2.0, "<script> & 100% \x07"), Value(3.0, "a very long label that goes on and on")
    return (a * b).sqrt() / 7, None


def saved(page, kind, frame=None):
    place = frame or page
    place.locator("#ask").click()
    with page.expect_download() as download:
        place.locator(f"#{kind}").click()
    place.locator("#close").click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def text_of(svg):
    return "".join(text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text"))


def shown(page):
    """The texts of the step, its sentence and its equation, in the order in which they stand."""
    return page.evaluate(
        "[...document.querySelectorAll('#step > :not(button), #sentence, #equation > *')]"
        ".map((each) => each.textContent).join('')"
    )


def bare(text):
    return "".join(text.replace("\x07", "").replace("\u2061", "").replace("\u2062", "").split())


@pytest.mark.parametrize("graph", [readme, classifier, awkward])
def test_the_picture_of_a_step_has_all_its_texts(open_page, graph):
    page = opened(open_page, graph)
    for keys in (["Home"], ["End", "ArrowLeft"], ["n"]):
        for key in keys:
            page.keyboard.press(key)
        _, svg = saved(page, "svg")
        assert bare(text_of(svg)) == bare(shown(page))


def test_the_picture_stands_alone_and_its_name_says_the_step(open_page):
    page = opened(open_page, readme, color_scheme="dark")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    name, svg = saved(page, "svg")
    assert name == "C-step-07.svg"
    tree = ElementTree.fromstring(svg)
    x, y, width, height = map(float, tree.get("viewBox").split())
    ground = next(iter(tree))
    assert ground.get("fill") == "rgb(21, 24, 27)"
    assert [float(ground.get(name)) for name in ("x", "y", "width", "height")] == pytest.approx(
        [x, y, width, height], abs=0.01
    )
    assert not any("class" in each.attrib for each in tree.iter())
    assert b"var(" not in svg
    for text in tree.iter(f"{SVG}text"):
        assert x <= float(text.get("x")) <= x + width
    name, png = saved(page, "png")
    assert name == "C-step-07.png"
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == pytest.approx(2 * width, abs=1)


def test_the_picture_of_the_whole_graph(open_page):
    page = opened(open_page, classifier)
    page.keyboard.press("End")
    page.keyboard.press("g")
    _, svg = saved(page, "svg")
    tree = ElementTree.fromstring(svg)
    expected = page.locator("#graph text").evaluate_all("(all) => all.map((e) => e.textContent)")
    assert ["".join(text.itertext()) for text in tree.iter(f"{SVG}text")] == expected
    assert all(shape.get("fill") for shape in tree.iter(f"{SVG}rect"))


def test_the_picture_is_drawn_as_the_page_draws_it(open_page, tmp_path):
    image = pytest.importorskip("PIL.Image", reason="needs Pillow")
    chops = pytest.importorskip("PIL.ImageChops", reason="needs Pillow")
    page = opened(open_page, readme)
    page.keyboard.press("End")
    _, svg = saved(page, "svg")
    places = list(map(float, ElementTree.fromstring(svg).get("viewBox").split()))
    clip = dict(zip(("x", "y", "width", "height"), places, strict=True)) | {"height": 280}
    page.evaluate("document.activeElement.blur()")
    there = page.screenshot(clip=clip)
    page = open_page(f"<body style='margin: 0'>{svg.decode()}", viewport=page.viewport_size)
    here = page.screenshot(clip=clip | {"x": 0, "y": 0})
    pictures = [image.open(io.BytesIO(each)).convert("L") for each in (there, here)]
    blank = image.new("L", pictures[0].size, 255)

    def apart(one, other):
        histogram = chops.difference(one, other).histogram()
        return sum(level * count for level, count in enumerate(histogram))

    assert apart(*pictures) < 0.2 * apart(pictures[0], blank)


def test_from_a_notebooks_frame(open_page):
    page = open_page(play(awkward()[0], names=None)._repr_html_())
    for kind in ("svg", "png"):
        name, content = saved(page, kind, page.frames[1])
        assert name == f"C-step-1.{kind}"
        assert content
    assert page.frames[1].locator("#print").is_hidden()


# On paper


PARTS = ["#text", "#picture", "#step", "#sentence", "#equation"]
CONTROLS = ["nav", "form", ".tools", "#unfold", "#help", "#more"]


def test_on_paper_the_step_and_the_whole_picture_and_no_controls(open_page):
    weights = [Value(i / 64, f"w_{i}") for i in range(64)]
    for graph in (readme, lambda: (sum(weights[1:], weights[0]).exp(), None), classifier):
        page = opened(open_page, graph)
        for key in ("End", "g", "f"):
            page.keyboard.press(key)
        before = page.locator("body").get_attribute("class")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print", color_scheme="dark")
        for name in CONTROLS:
            assert page.locator(name).or_(page.locator("#none")).first.is_hidden(), name
        for name in PARTS[graph is not readme :]:
            box = page.locator(name).bounding_box()
            assert box["height"] > 10
        assert page.locator("#graph text").first.is_visible()
        view = page.locator("#picture").get_attribute("viewBox").split()
        assert list(map(float, view)) == [0, 0, *page.evaluate("microrelu.DATA.size")]
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        page.emulate_media(media="screen")
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.locator("body").get_attribute("class") == before


def test_on_paper_every_row_has_room(open_page):
    weights = [Value(i / 64, f"w_{i}") for i in range(64)]
    root = weighted_sum(weights, [1.0] * 64, Value(0.5, "b"))
    page = opened(open_page, lambda: (root, None))
    page.keyboard.press("End")
    rows = "document.querySelectorAll('#step .way').length"
    before = page.evaluate(rows)
    page.evaluate(
        f"() => void addEventListener('beforeprint', () => {{ window.printed = {rows}; }})"
    )
    page.pdf(format="A4")
    assert page.evaluate("window.printed") == 129
    assert page.evaluate(rows) == before < 129
