"""The address: a link opens at a step; back and forward lead through what was looked at."""

from urllib.parse import quote

import pytest
from test_view import classifier, doubled, opened, readme

from microrelu import Value, play

pytestmark = pytest.mark.browser
STATE = """() => {
    const text = (id) => document.getElementById(id).textContent;
    const changed = microrelu.nodes.filter((node) => node.changed !== undefined);
    const leaves = Object.fromEntries(changed.map((node) => [node.index, node.changed]));
    return [text("count"), leaves, document.body.className];
}"""


def at(page, hash_):
    """The page's state at an address, once it was told that this has changed."""
    page.evaluate(
        "(hash) => new Promise((done) => { addEventListener('hashchange', done, {once: true});"
        " if (location.hash === hash) done(); location.hash = hash; })",
        hash_,
    )
    return page.evaluate(STATE)


def rested(page, hash_):
    """The address once it has come to rest, which takes 300 milliseconds."""
    page.wait_for_timeout(450)
    assert page.evaluate("location.hash") == hash_


def awkward():
    """Names that the address has for itself, that are no numbers of theirs, or are not unique."""
    labels = ["step", "n1", "w", "w", "x & y = 50% #1", "<script>", "重み", "long " * 30, "a+b"]
    leaves = [Value(float(i), label) for i, label in enumerate(labels)]
    root = leaves[0]
    for leaf in leaves[1:]:
        root = root + leaf
    return root, None


def test_a_link_opens_there(open_page):
    page = opened(open_page, readme)
    page.goto(f"{page.url}#step=7&w=0.3&x=-1")
    page.reload()
    assert page.evaluate(STATE) == ["7 / 14", {"1": 0.3, "2": -1}, "forward"]
    assert page.locator("#step .box.node .v").inner_text() == "4.5"
    assert page.url.endswith("#step=7&w=0.3&x=-1")


def test_what_is_shown_stands_in_the_address(open_page):
    page = opened(open_page, classifier)
    for keys, hash_ in (
        (["ArrowRight", "ArrowRight"], "#step=3"),
        (["f"], "#step=3&view=lecture"),
        (["f", "l", "e"], "#step=3&view=unfolded+layers"),
        (["Home", "l", "e", "g"], "#view=whole"),
        (["g", "n"], "#view=nudge"),
    ):
        for key in keys:
            page.keyboard.press(key)
        assert page.evaluate("microrelu.address()") == hash_
        before = page.evaluate(STATE)
        assert at(page, "#step=1")[0] == "1 / 26"
        assert at(page, hash_) == before
    page.select_option("#mistake", "overwrite")
    page.select_option("#leaf", index=3)
    page.locator("#wrt").click()
    name = quote(page.locator("#leaf option:checked").inner_text())
    rested(page, f"#mode=overwrite&view=unfolded+derivation&leaf={name}")


@pytest.mark.parametrize("mode", ["", "overwrite"])
def test_the_mode_that_a_page_was_made_for_needs_no_word(open_page, mode):
    page = open_page(play(doubled()[0], names=None, mode=mode).html)
    other = "unzeroed" if mode else "unordered"
    assert at(page, f"#mode={other}&step=2")[0].startswith("2 /")
    assert page.locator("#mistake").input_value() == other
    at(page, "#step=2")
    assert page.locator("#mistake").input_value() == mode
    page.select_option("#mistake", "" if mode else "overwrite")
    page.keyboard.press("Home")
    rested(page, "#mode=" if mode else "#mode=overwrite")


KEYS = {
    0: "n0", 1: "n" + quote("₁"), 3: "n3", 5: "n5",  # step, n1, and two that are called w
    7: "x+%26+y+%3D+50%25+%231", 9: "%3Cscript%3E",
    11: quote("重み"), 13: "long+" * 30, 15: "a%2Bb",
}  # fmt: skip


def test_any_leaf_has_a_key_of_its_own(open_page):
    page = opened(open_page, awkward)
    for index, key in KEYS.items():
        for name in (f"n{index}", key):
            at(page, "")
            assert at(page, f"#{name}=-2.5")[1] == {str(index): -2.5}
        page.evaluate("(i) => microrelu.change(microrelu.nodes[i], 7)", index)
        assert page.evaluate("microrelu.address()") == f"#{key}=7"


BROKEN = [
    "#step=abc", "#step=1.5", "#step=", "#%E0%A4%A", "#&&==", "#nothing", "#w=", "#w=abc", "#w=NaN",
    "#w=1e999", "#n3=1", "#n99=1", "#constructor=1&__proto__=2", "#mode=none", "#example=7",
    "#lang=fr&theme=toString", "#view=tools-open+printing", "#leaf=z", "#step=-4",
]  # fmt: skip


def test_what_is_broken_is_passed_over(open_page):
    page = opened(open_page, readme)
    fresh = page.evaluate(STATE)
    assert [broken for broken in BROKEN if at(page, broken) != fresh] == []
    page.keyboard.press("ArrowRight")
    rested(page, "#step=2")


def test_a_step_that_is_too_far_is_the_last(open_page):
    assert at(opened(open_page, readme), "#step=99&w=2")[:2] == ["14 / 14", {"1": 2}]


def test_a_leaf_that_plays_as_recorded_stays(open_page):
    page = opened(open_page, readme)
    page.evaluate("microrelu.nodes[1].lockedBy = microrelu.nodes[3]")
    assert at(page, "#w=7&x=1")[1] == {"2": 1}


def test_back_and_forward_lead_through_what_was_looked_at(open_page):
    page = opened(open_page, readme)
    count = page.evaluate("history.length")
    page.keyboard.press("ArrowRight")
    rested(page, "#step=2")
    for _ in range(5):
        page.keyboard.press("ArrowRight")  # what is passed through leaves no entry
    rested(page, "#step=7")
    assert page.evaluate("history.length") == count + 2
    for go, shown in (("back", "2 / 14"), ("back", "1 / 14"), ("forward", "2 / 14")):
        page.evaluate(f"history.{go}()")
        page.locator("#count", has_text=shown).wait_for()
    assert page.url.endswith("#step=2")


def test_dragging_a_leaf_leaves_no_entries(open_page):
    page = opened(open_page, readme)
    count = page.evaluate("history.length")
    for value in (-1, -0.5, 0.7):
        page.locator("#range").fill(str(value))
        rested(page, f"#w={value}")
    page.locator("#reset").click()
    rested(page, "")
    assert page.evaluate("history.length") == count


def test_in_a_notebooks_frame(open_page):
    page = open_page(play(readme()[0], names=readme()[1])._repr_html_())
    frame, count = page.frames[1], page.evaluate("history.length")
    frame.locator("#next").click()
    rested(frame, "#step=2")
    assert page.evaluate("history.length") == count
    assert at(frame, "#step=5&w=2")[:2] == ["5 / 14", {"1": 2}]
    assert "#" not in page.url


def test_where_a_frame_may_not_write_its_history(open_page):
    page = opened(open_page, readme)
    page.evaluate("() => void (history.pushState = () => { throw new Error('refused'); })")
    page.keyboard.press("ArrowRight")
    rested(page, "#step=2")
    assert page.locator("#count").inner_text() == "2 / 14"
