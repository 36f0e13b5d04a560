"""From node to node by keys: every node of the whole graph is reached, named and opened."""

import pytest
from test_view import chain, classifier, opened, readme, two_examples

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.id || document.activeElement.classList[0]"


def pressed(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    return page.evaluate(FOCUSED)


@pytest.mark.parametrize("graph", [readme, chain, classifier])
def test_the_arrows_reach_every_node_but_constants(open_page, graph):
    page = opened(open_page, graph)
    count = page.evaluate("microrelu.nodes.filter((node) => !node.isConstant).length")
    pressed(page, "g", "ArrowDown", *["ArrowUp"] * count)
    seen = {page.evaluate(FOCUSED)} | {pressed(page, "ArrowDown") for _ in range(count)}
    assert len(seen) == count
    assert page.locator("#graph [tabindex='0']").count() == 1


def test_left_leads_to_a_parent_and_right_to_what_it_feeds(open_page):
    page = opened(open_page, readme)
    names = page.evaluate("microrelu.nodes.map((node) => node.text)")

    def name(*keys):
        return names[int(pressed(page, *keys)[1:])]

    assert name("End", "g", "ArrowDown") == "v₁"  # the node of the step
    assert name("ArrowLeft") == "w"
    assert name("ArrowLeft") == "w"
    assert [name("ArrowRight") for _ in range(7)] == ["v₁", "z", "r", "v₂", "v₃", "C", "C"]


def test_enter_opens_the_step_and_chooses_the_leaf_and_the_focus_returns(open_page):
    page = opened(open_page, readme)
    page.keyboard.press("End")
    page.locator(".stage").focus()
    assert pressed(page, "Enter").startswith("n")  # the strip becomes the whole graph
    assert pressed(page, "ArrowRight", "ArrowRight", "Enter") == "stage"
    assert page.locator("#step .box.node .name").text_content() == "rReLU"
    assert page.locator("#step").is_visible()
    pressed(page, "Enter", "ArrowUp", "Home")
    assert page.locator("#count").inner_text() == "1 / 14"
    page.locator("#graph [role=button]", has_text="y").focus()
    assert pressed(page, "Enter") == "stage"
    assert page.locator("#leaf option:checked").inner_text() == "y"
    pressed(page, "Enter")
    assert pressed(page, "Escape") == "stage"
    assert page.locator("#graph [tabindex], #graph [role]").count() == 0


def test_a_node_is_named_with_its_numbers(open_page):
    page = opened(open_page, readme)
    pressed(page, "End", "g", "ArrowDown", "ArrowLeft")
    label = page.locator("#graph :focus").get_attribute("aria-label")
    assert label == "w, value 0.5, gradient −3.8"


def test_stepping_goes_on_while_no_node_has_the_focus(open_page):
    page = opened(open_page, readme)
    pressed(page, "g", "ArrowRight", "ArrowRight")
    assert page.locator("#count").inner_text() == "3 / 14"
    tab = page.locator("#graph [tabindex='0']")
    assert tab.get_attribute("id") == page.locator("g.node.current").get_attribute("id")


def test_a_node_that_has_the_focus_is_seen_and_can_be_read(open_page):
    page = opened(open_page, two_examples, (390, 664))
    pressed(page, "g", "ArrowDown")
    stage = page.locator(".stage").bounding_box()
    for key in ["ArrowDown"] * 3 + ["ArrowRight"] * 4 + ["ArrowUp"] * 2:
        box = page.locator(f"#{pressed(page, key)} > rect").bounding_box()
        for start, size in (("x", "width"), ("y", "height")):
            assert stage[start] - 1 <= box[start]
            assert box[start] + box[size] <= stage[start] + stage[size] + 1
        assert box["height"] > 11


def test_the_focus_of_a_node_shows(open_page):
    page = opened(open_page, readme)
    pressed(page, "g", "ArrowDown")
    width = page.locator("#graph :focus").evaluate("(node) => getComputedStyle(node).outlineWidth")
    assert width == "4px"
