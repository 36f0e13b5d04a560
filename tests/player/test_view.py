"""What the player looks like: a step that is read from the back row, one idea, linked and coloured.

Each test looks at every step of the graphs named below, in Chromium.
"""

from pathlib import Path

import pytest

from microrelu import (
    MLP,
    Value,
    cross_entropy,
    expression,
    half_squared_error,
    language,
    mean,
    play,
    topological_order,
    weighted_sum,
)
from microrelu.writing.words import LANGUAGES

pytestmark = pytest.mark.browser


def readme():
    text = "z = w*x + b; r = relu(z); C = (y - r)**2 / 2"
    return expression(text, w=0.5, x=2.0, b=0.1, y=3.0)


def chain():
    r, y = Value(2.0, "x"), Value(1.0, "y")
    for k, weight in enumerate((0.8, 0.6, 1.2)):
        z = Value(weight, f"W({k})") * r + Value(0.1, f"b({k})")
        z.label = f"z({k + 1})"
        r = z.relu()
        r.label = f"r({k + 1})"
    return (y - r) ** 2 / 2, None


def classifier():
    logits = MLP(2, [3, 4], seed=3)([Value(0.5, "x_1"), Value(-1.2, "x_2")])
    return cross_entropy(logits, 2), None


def two_examples():
    model = MLP(2, [8, 8, 1], seed=1)
    points = [((0.5, -1.2), 1.0), ((-0.3, 0.8), -1.0)]
    return mean([half_squared_error(model([*map(Value, p)]), y) for p, y in points]), None


MEASURE, CONTRAST = (
    Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
    for name in ("measure", "contrast")
)
GRAPHS = [readme, chain, classifier, two_examples]
PHONE = (390, 664)  # with its bars
VIEWPORTS = {(1920, 1080): 30, (1366, 768): 22, PHONE: 16}


def opened(open_page, graph, size=(1366, 768), **options):
    root, names = graph()
    viewport = {"width": size[0], "height": size[1]}
    return open_page(play(root, names=names).html, viewport=viewport, **options)


# Sizes


@pytest.mark.parametrize("size", VIEWPORTS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_a_step_is_large_whole_and_above_the_fold(open_page, graph, size):
    page = opened(open_page, graph, size)
    assert page.evaluate(MEASURE, VIEWPORTS[size]) == []


@pytest.mark.parametrize("size", VIEWPORTS)
def test_a_step_is_whole_beside_the_equations_that_are_unfolded(open_page, size):
    page = opened(open_page, classifier, size)
    page.keyboard.press("e")
    assert page.evaluate(MEASURE, 16 if size == PHONE else 0) == []


@pytest.mark.parametrize("keys", ["", "e", "n"])
def test_beside_what_is_open_on_a_phone_a_step_keeps_its_size(open_page, keys):
    page = opened(open_page, classifier, PHONE)
    page.locator("#tools").click()
    for key in keys:
        page.keyboard.press(key)
        if page.locator("#leaf").is_hidden():  # a nudge closes it
            page.locator("#tools").click()
    assert page.locator("#leaf").is_visible()
    assert page.evaluate(MEASURE, 16) == []


def test_what_is_small_or_cut_is_found(open_page):
    page = opened(open_page, readme)
    page.add_style_tag(content="#step { font-size: 12px !important } .box { margin-top: 40vh }")
    faults = page.evaluate(MEASURE, 22)
    assert any("has 12 px" in fault for fault in faults)
    assert any("cut" in fault for fault in faults)


def test_of_very_many_parents_there_is_a_way_to_each(open_page):
    weights = [Value(i / 64, f"w_{i}") for i in range(64)]
    root = weighted_sum(weights, [1.0] * 64, Value(0.5, "b"))
    page = open_page(play(root, names=None).html)
    page.keyboard.press("End")
    seen, pages = set(), 0
    while len(seen) < 129 and pages < 40:
        shown = page.locator("#step .way").evaluate_all("(all) => all.map((e) => e.dataset.link)")
        seen |= {*shown}
        pages += 1
        assert page.locator("#more").inner_text() == f"… {129 - len(shown)} more"
        page.keyboard.press("m")
    assert len(seen) == 129


# The whole graph, lecture mode


def test_the_whole_graph_by_mouse_by_touch_and_by_key(open_page):
    page = opened(open_page, readme, has_touch=True)
    strip = page.locator(".stage")
    height = strip.bounding_box()["height"]
    for enter in (
        lambda: page.locator("#whole").click(),
        lambda: page.keyboard.press("g"),
        lambda: strip.tap(),
    ):
        enter()
        assert strip.bounding_box()["height"] > 3 * height
        assert page.locator("#step").is_hidden()
        page.keyboard.press("Escape")
        assert strip.bounding_box()["height"] == height


def test_dragging_the_background_pans_and_changes_nothing(open_page):
    page = opened(open_page, readme)
    page.keyboard.press("g")
    view = page.locator("#picture").get_attribute("viewBox")
    x = page.locator("#n2").bounding_box()  # a swipe that begins on a leaf, too
    page.mouse.move(x["x"] + 10, x["y"] + 10)
    page.mouse.down()
    page.mouse.move(x["x"] + 90, x["y"] + 40, steps=4)
    page.mouse.up()
    assert page.locator("#picture").get_attribute("viewBox") != view
    assert page.evaluate("microrelu.nodes.every((node) => node.changed === undefined)")
    page.locator("#larger").click()
    assert float(page.locator("#picture").get_attribute("viewBox").split()[2]) < float(
        view.split()[2]
    )


def test_lecture_mode_has_picture_equation_and_sentence_alone(open_page):
    page = opened(open_page, readme)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("F")
    for name in ("header", "nav", "form", "h1", "#unfold"):
        assert page.locator(name).is_hidden()
    for name in ("#step", "#sentence", "#equation"):
        assert page.locator(name).is_visible()
    page.keyboard.press("Escape")
    assert page.locator("nav").is_visible()


def test_boxes_travel_unless_motion_is_reduced(open_page):
    for motion, moves in (("reduce", False), ("no-preference", True)):
        page = opened(open_page, readme, reduced_motion=motion)
        page.keyboard.press("ArrowRight")
        assert bool(page.evaluate("document.getAnimations().length")) is moves
        page.wait_for_function("document.getAnimations().every((each) => !each.pending)")


# One idea a step

SAID = [
    "The leaves are given. Change one, here or by dragging it in the picture, and everything is "
    "computed anew.",
    "The product of w = 0.5 and x = 2 is v₁ = 1.",
    "The sum of v₁ = 1 and b = 0.1 is z = 1.1.",
    "z = 1.1 ≥ 0, so ReLU lets it through: r = 1.1.",
    "The difference of y = 3 and r = 1.1 is v₂ = 1.9.",
    "With v₂ = 1.9, (·)² gives v₃ = 3.61.",
    "The quotient of v₃ = 3.61 and 2 is C = 1.805.",
    "C is what is differentiated, so the sweep starts with 1.",
    "C changes 0.5 times as fast as v₃, so v₃ receives 1 · 0.5 = 0.5. "
    "This completes the gradient with respect to v₃.",
    "v₃ changes 3.8 times as fast as v₂, so v₂ receives 0.5 · 3.8 = 1.9. "
    "This completes the gradient with respect to v₂.",
    "A difference passes 1.9 on, and −1.9 to what is subtracted. "
    "This completes the gradient with respect to y and r.",
    "z = 1.1 ≥ 0, so ReLU lets the gradient −1.9 through. "
    "This completes the gradient with respect to z.",
    "A sum changes as fast as each of its terms, so each receives −1.9. "
    "This completes the gradient with respect to v₁ and b.",
    "Each factor receives the gradient times the other factor: w receives −1.9 · 2. "
    "This completes the gradient with respect to w and x.",
]
ALL_SAID = (
    "microrelu.steps.map((_, i) => (microrelu.go(i),"
    " document.getElementById('sentence').textContent))"
)


def test_a_step_says_what_happens_with_its_numbers(open_page):
    assert opened(open_page, readme).evaluate(ALL_SAID) == SAID


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("graph", GRAPHS[:3])
def test_no_sentence_has_a_gap(open_page, graph, lang):
    with language(lang):
        said = opened(open_page, graph).evaluate(ALL_SAID)
    assert all(said)
    assert not [each for each in said if "{" in each or "undefined " in each or "<m" in each]


@pytest.mark.parametrize("graph", GRAPHS)
def test_there_is_no_step_for_a_leaf_alone(open_page, graph):
    page = opened(open_page, graph)
    alone = "microrelu.steps.filter(({node}) => node && !node.row).length"
    assert page.evaluate(alone) == 0


def test_local_derivatives_appear_when_the_backward_pass_comes_to_them(open_page):
    page = opened(open_page, readme)
    shown = page.evaluate(
        "microrelu.steps.map((_, i) => (microrelu.go(i), [...document.querySelectorAll("
        "'#graph .edge text')].filter((each) => each.textContent).length))"
    )
    assert shown == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 7, 9]


def test_a_gradient_is_a_sum_that_is_filled(open_page):
    a = Value(2.0, "a")
    page = open_page(play((a * a + a).relu(), names=None).html)
    sums = []
    for _ in range(page.evaluate("microrelu.steps.length - 1")):
        page.keyboard.press("ArrowRight")
        sums += page.locator("#step .sum").all_inner_texts()
    assert [" ".join(each.split()) for each in sums] == [
        "1 + + =", "1 + 2 + =", "1 + 2 + 2 =",
    ]  # fmt: skip
    assert page.locator("#step .box .g").last.inner_text() == "1"


def test_the_chain_of_equalities_unfolds_and_what_is_cut_has_a_sign(open_page):
    page = opened(open_page, classifier, (390, 664))
    page.keyboard.press("End")
    assert page.locator("#panel").is_hidden()
    page.keyboard.press("e")
    assert page.locator("#panel .contribution").count() > 0
    cut = page.evaluate(
        "microrelu.steps.map((_, i) => { microrelu.go(i); const it = "
        "document.getElementById('equation'); return [it.scrollWidth > it.clientWidth,"
        " it.matches('.cut')]; })"
    )
    assert [wide for wide, _ in cut] == [sign for _, sign in cut]
    assert any(sign for _, sign in cut)


def test_a_network_layer_by_layer(open_page):
    page = opened(open_page, classifier)
    assert page.locator("#layers").is_visible()
    page.keyboard.press("l")
    said = page.evaluate(ALL_SAID)
    assert said[1] == "layer 1 (here k = 0, k + 1 = 1)"
    assert "1. through the activation (here k = 0, k + 1 = 1)" in said
    assert "3. to the weights, and ∂C/∂b⁽ᵏ⁾ⱼ = ∂C/∂z⁽ᵏ⁺¹⁾ⱼ (here k = 0, k + 1 = 1)" in said
    page.keyboard.press("End")
    assert "∂C∂Wij(k)=∂C∂zj(k+1)·ri(k)" in page.locator("#equation").evaluate(
        "(it) => it.textContent"
    )
    root, _ = classifier()
    root.backward()
    shown = page.evaluate(
        "microrelu.nodes.map(({index}) =>"
        " document.querySelector(`#n${index} .grad`)?.textContent ?? '')"
    )
    for node, text in zip(topological_order(root), shown, strict=True):
        if node.label.startswith(("W", "b", "z", "r")) and text:
            assert float(text.replace("−", "-")) == pytest.approx(node.grad, rel=1e-3)
    assert sum(map(bool, shown)) >= 30
    page.keyboard.press("l")
    assert page.evaluate("microrelu.steps.every(({members}) => !members)")


def test_one_example_of_several(open_page):
    page = opened(open_page, two_examples)
    whole = page.evaluate("microrelu.steps.length")
    page.select_option("#example", "1")
    assert page.evaluate("microrelu.steps.length") < 0.6 * whole
    page.keyboard.press("End")
    assert "example 2 of 2" in page.locator(".box.node").inner_text()
    assert "layer 1, unit" in page.locator(".box.node").inner_text()


def test_layers_only_where_there_are_any(open_page):
    page = opened(open_page, chain)  # z⁽¹⁾ = W⁽⁰⁾ x + b⁽⁰⁾ of scalars, and no network
    assert page.locator("#layers").is_hidden()
    assert page.locator("#graph .layer").count() == 0
    assert page.locator("#example").is_hidden()


# Linked


def test_a_symbol_and_its_box_or_edge_light_up_together(open_page):
    page = opened(open_page, readme)
    page.keyboard.press("End")
    symbol = page.locator("#equation mstyle[data-link]").nth(0)
    key = symbol.get_attribute("data-link")
    for act in (symbol.hover, symbol.focus):
        page.mouse.move(0, 0)
        act()
        assert page.locator(f"#step .box.lit[data-link={key}]").count() == 1
        assert page.locator(f"#{key}.lit").count() == 1
    page.locator("#step .way").nth(1).hover()
    edge = page.locator("#step .way.lit").get_attribute("data-link")
    assert page.locator(f"#{edge}.lit").count() == 1
    page.locator("#step .way").nth(1).click()  # and the equation is that of the edge
    assert "∂x" in page.locator("#equation").evaluate("(it) => it.textContent")
    page.locator("#step .box.node").hover()
    assert page.locator("#equation mstyle.lit, #panel mstyle.lit").count() > 0


def test_the_text_that_the_graph_came_from_marks_the_node(open_page):
    page = opened(open_page, readme)
    order, names = topological_order(readme()[0]), readme()[1]
    assert page.locator("#text").inner_text() == names.text
    marked = []
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        marked.append(page.locator("#text .current").inner_text())
    assert marked == ["w*x", "w*x + b", "relu(z)", "y - r", "(y - r)**2", "(y - r)**2 / 2"]
    assert page.locator("#text [data-link]").count() == len(order)


# Colours

STATES = {
    "forward": ["ArrowRight", "ArrowRight"],
    "backward": ["End", "ArrowLeft"],
    "whole": ["End", "g"],
    "unfolded": ["End", "e"],
    "nudge": ["n", "ArrowRight"],
    "by layers": ["End", "l", "ArrowLeft"],
    "a node by keys": ["End", "g", "ArrowDown", "ArrowLeft"],
    "help": ["?"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_lies_beneath(open_page, scheme):
    for graph in (readme, classifier):
        page = opened(open_page, graph, (1920, 1080), color_scheme=scheme)
        for keys in STATES.values():
            page.keyboard.press("Escape")
            for key in keys:
                page.keyboard.press(key)
            assert page.evaluate(CONTRAST) == []
            page.evaluate(
                "document.querySelectorAll('[data-link]').forEach((e) => e.classList.add('lit'))"
            )
            assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("style", [".g { color: #c60 }", ".v { opacity: 0.8 }"])
def test_what_does_not_stand_out_is_found(open_page, style):
    page = opened(open_page, readme)
    page.keyboard.press("End")
    page.add_style_tag(content=style)
    assert page.evaluate(CONTRAST) != []


@pytest.mark.parametrize("graph", [readme, classifier])
def test_axe_finds_no_violation(open_page, graph):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe").Axe()
    for scheme in ("light", "dark"):
        page = opened(open_page, graph, color_scheme=scheme)
        for keys in STATES.values():
            for key in ("Home", *keys):
                page.keyboard.press(key)
            found = axe.run(page)
            assert found.violations_count == 0, found.generate_report()
            page.keyboard.press("Escape")
            page.keyboard.press("Home")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_formulas_keep_their_font_in_every_language(open_page, lang):
    with language(lang):
        page = opened(open_page, readme)
    page.keyboard.press("End")
    fonts = page.evaluate(
        "[...document.querySelectorAll('math')].map((e) =>"
        " [e.getAttribute('lang'), getComputedStyle(e).fontFamily])"
    )
    assert {lang for lang, _ in fonts} == {"en"}
    assert all('"STIX Two Math", "Latin Modern Math"' in font for _, font in fonts)


# Leaves


def test_leaves_stand_in_the_order_of_the_expression_and_the_first_is_chosen(open_page):
    page = opened(open_page, readme)
    assert page.locator("#leaf option").all_inner_texts() == ["w", "x", "b", "y"]
    assert page.locator("#leaf option:checked").inner_text() == "w"
    page = opened(open_page, classifier)
    names = page.locator("#leaf option").all_inner_texts()
    assert names[:3] == ["W⁽⁰⁾₁,₁", "W⁽⁰⁾₂,₁", "b⁽⁰⁾₁"]
    assert names[-2:] == ["x₁", "x₂"]


def test_the_derivative_by_a_leaf_stands_beside_its_button_and_on_the_page(open_page):
    page = opened(open_page, readme)
    assert page.locator("#wrt").inner_text() == "Show ∂C/∂w"
    assert page.locator("#result").inner_text() == ""
    page.locator("#wrt").click()
    assert page.locator("#result").inner_text() == "= −3.8"
    assert page.locator("#derivation .row").is_visible()


def test_a_leaf_that_is_no_number_is_named_as_the_cause(open_page):
    x = Value(float("nan"), "x")
    page = open_page(play((x * 2).relu(), names=None).html)
    page.keyboard.press("End")
    said = page.evaluate(ALL_SAID)
    assert said[2] == "x = NaN: therefore C is no number."
    assert "ReLU has no value here." not in " ".join(said)


@pytest.mark.parametrize("size", [(390, 664), (1366, 768)])
def test_controls_are_large_enough_for_a_finger(open_page, size):
    page = opened(open_page, two_examples, size)
    if size[0] < 760:
        page.locator("#tools").click()
    for control in page.locator("button:visible, select:visible, input:visible").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 44, control.get_attribute("id")


# A nudge that travels


def nudged(open_page, graph=readme):
    page = opened(open_page, graph)
    page.keyboard.press("n")
    return page


def test_a_nudge_runs_from_box_to_box(open_page):
    page = nudged(open_page)
    ran = []
    for _ in range(page.evaluate("microrelu.steps.length")):
        node = page.locator("#step .box.node")
        crossing = page.locator("#step .way.part").inner_text().split()
        ran.append((*crossing, node.locator(".d").inner_text()))
        page.keyboard.press("ArrowRight")
    assert ran == [
        ("Δ/Δ", "2", "×2", "Δ +0.2"),
        ("Δ/Δ", "1", "×1", "Δ +0.2"),
        ("Δ/Δ", "1", "×1", "Δ +0.2"),
        ("Δ/Δ", "−1", "×(−1)", "Δ −0.2"),
        ("Δ/Δ", "3.6", "×3.8", "Δ −0.72"),
        ("Δ/Δ", "0.5", "×0.5", "Δ −0.36"),
    ]
    said = page.locator("#sentence").inner_text()
    assert said.endswith("Δw = 0.1: predicted −0.38, real −0.36.")


@pytest.mark.parametrize("graph", [chain, classifier])
@pytest.mark.parametrize("change", [0.1, -1.5])
def test_what_a_nudge_changes_is_what_the_engine_computes(open_page, graph, change):
    page = nudged(open_page, graph)
    page.locator("#delta").fill(str(change))
    root, _ = graph()
    order = topological_order(root)
    before = [node.data for node in order]
    leaf = page.evaluate("Number(document.getElementById('leaf').value)")
    order[leaf].data += change
    root.recompute()
    for i in range(page.evaluate("microrelu.steps.length")):
        page.evaluate(f"microrelu.go({i})")
        at = page.evaluate(f"microrelu.steps[{i}].node.index")
        shown = page.locator("#step .box.node .d").inner_text()
        value = float(shown.removeprefix("Δ ").replace("−", "-").replace("×10⁻", "e-"))
        assert value == pytest.approx(order[at].data - before[at], rel=1e-3, abs=1e-15)


def test_the_leaf_is_dragged_along_the_plot_and_its_tangent_follows(open_page):
    page = nudged(open_page)
    assert page.locator("#plot .curve, #plot .tangent, #plot circle").count() == 3
    tangent = page.locator("#plot .tangent").get_attribute("points")
    box = page.locator("#plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20, steps=3)
    page.mouse.up()
    assert page.evaluate("microrelu.nodes[1].data") == pytest.approx(1.0, abs=0.02)
    assert page.locator("#plot .tangent").get_attribute("points") != tangent
    page.keyboard.press("u")  # what was dragged is one change
    assert page.evaluate("microrelu.nodes[1].data") == 0.5
    assert page.locator("#undo").is_disabled()


def test_gradient_descent_by_one_leaf_or_all_and_undone(open_page):
    page = nudged(open_page)
    page.locator("#rate").fill("0.05")
    data = (
        "Object.fromEntries(microrelu.nodes.filter((n) => n.isLeaf).map((n) => [n.text, n.data]))"
    )
    assert page.locator("#descend").inner_text() == "w ← w − η ∂C/∂w"
    page.locator("#descend").click()
    assert page.evaluate(data) == pytest.approx({"w": 0.5 + 0.05 * 3.8, "x": 2, "b": 0.1, "y": 3})
    page.keyboard.press("u")
    page.locator("#descend-all").click()
    page.locator("#descend-all").click()
    root, leaves = readme()
    for _ in range(2):
        root.recompute()
        for name in "wxby":
            leaves[name].grad = 0
        root.backward()
        for name in "wxby":
            leaves[name].data -= 0.05 * leaves[name].grad
    assert page.evaluate(data) == pytest.approx({name: leaves[name].data for name in "wxby"})
    points = page.locator("#descents polyline").get_attribute("points").split()
    assert len(points) == 3
    assert page.locator("#fallen").inner_text().startswith("C: 1.805 → ")
    page.keyboard.press("u")
    page.keyboard.press("u")
    assert page.evaluate(data) == {"w": 0.5, "x": 2, "b": 0.1, "y": 3}


def test_another_leaf_is_nudged_and_escape_leaves(open_page):
    page = nudged(open_page)
    page.select_option("#leaf", label="y")
    assert page.evaluate("microrelu.steps.length") == 3
    page.keyboard.press("Escape")
    assert page.locator("#nudge").is_hidden()
    page.locator("#sentence").click()
    page.keyboard.press("Escape")
    assert page.locator("#nudge").is_hidden()
    assert page.evaluate("microrelu.steps.length") == len(SAID)


@pytest.mark.parametrize("size", VIEWPORTS)
def test_a_step_of_a_nudge_is_large_too(open_page, size):
    page = opened(open_page, classifier, size)
    page.keyboard.press("n")
    assert page.evaluate(MEASURE, VIEWPORTS[size]) == []


# See it go wrong


def doubled():
    a = Value(3.0, "a")
    b = a + a
    b.label = "b"
    c = b + b
    c.label = "c"
    return c, None


def wrong(open_page, graph, mode):
    root, names = graph()
    page = open_page(play(root, names=names, mode=mode).html)
    return page, page.evaluate(ALL_SAID)


def beside(page):
    """What each box of the last step has as its gradient, and the right one where that differs."""
    page.keyboard.press("End")
    return page.locator("#step .box.part").evaluate_all(
        "(all) => all.map((e) => [...e.querySelectorAll('.g, .right')].map((n) => n.textContent))"
    )


def test_a_gradient_that_is_overwritten(open_page):
    page, said = wrong(open_page, doubled, "overwrite")
    assert said == [
        "Here it goes wrong: b has the gradient 1, and 2 would be right.",
        "Since step 1 not every gradient is right.",
    ]
    assert beside(page) == [["1", "✓ 4"], ["1", "✓ 4"], ["1", "✓ 2"]]


def test_why_the_order_matters(open_page):
    page, said = wrong(open_page, doubled, "unordered")
    early = "Here it goes wrong: b passes 1 on before its gradient, 2, is complete, or once again."
    assert said[:2] == ["Up to here every gradient is still right.", early]
    assert len(said) == 6
    assert beside(page) == [["6", "✓ 4"], ["2"]]


def test_without_zeroing_a_second_sweep_adds_to_the_first(open_page):
    page, said = wrong(open_page, doubled, "unzeroed")
    assert said[0] == "Here it goes wrong: b has the gradient 4, and 2 would be right."
    assert beside(page) == [["12", "✓ 4"], ["12", "✓ 4"], ["4", "✓ 2"]]


def test_a_mistake_that_a_graph_forgives(open_page):
    for mode in ("overwrite", "unordered"):
        _, said = wrong(open_page, readme, mode)
        assert {*said} == {"In this graph the mistake changes no gradient."}


def test_a_mistake_is_switched_on_and_off_and_states_no_equation(open_page):
    page = opened(open_page, doubled)
    page.select_option("#mistake", "overwrite")
    page.keyboard.press("ArrowRight")
    assert page.locator("#phase").inner_text() == "= instead of +="
    assert page.locator("#equation .row, #mathematics .row").count() == 0
    assert page.evaluate(CONTRAST) == []
    page.locator("#number").fill("5")
    assert beside(page)[0] == ["1", "✓ 4"]
    page.select_option("#mistake", "")
    page.keyboard.press("End")
    assert page.locator("#step .right").count() == 0
    assert page.locator("#step .box .g:not(.sum)").first.inner_text() == "2"


def test_a_graph_with_very_many_visits_is_cut_and_says_so(open_page):
    x = Value(1.1, "x")
    for _ in range(12):
        x = x + x
    _, said = wrong(open_page, lambda: (x, None), "unordered")
    assert len(said) == 300
    cut = "It goes on like this, along every path; these are the first 300 steps."
    assert [each.endswith(cut) for each in said] == [False] * 299 + [True]


@pytest.mark.parametrize("mode", ["predicted", None])
def test_another_mode_is_refused(mode):
    with pytest.raises(ValueError, match=r"play has the modes 'overwrite', 'unordered', 'unzero"):
        play(Value(1.0), mode=mode)
