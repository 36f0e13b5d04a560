"""The help with its settings: keys, colours, language, theme; every word follows the language."""

import re

import pytest
from engines import Overwrites
from test_view import CONTRAST, classifier, opened, readme, two_examples

from microrelu import language, play
from microrelu.player.page import SCRIPTS, _file
from microrelu.writing.words import LANGUAGES, WORDS

browser_test = pytest.mark.browser
WORDS_IN = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [document.title, document.documentElement.lang];
    while (texts.nextNode()) {
        const {parentElement: element, data} = texts.currentNode;
        const isOwn = element.closest("script, noscript, #language, math");
        if (!isOwn && data.trim()) found.push(data);
    }
    for (const each of document.querySelectorAll("[aria-label], [title]")) {
        found.push(each.getAttribute("aria-label"), each.title);
    }
    return found;
}"""


def test_the_page_has_every_word_that_it_asks_for():
    page = _file("page.html") + "".join(_file(f"script/{name}") for name in SCRIPTS)
    asked = re.findall(r'data-(?:say|label)="([^"]+)"', page)
    asked += re.findall(r'\bsay\("([^"]+)"|WORDS\["([^"]+)"\]|WORDS\.(\w+)', page)
    keys = {key for each in asked for key in ([each] if isinstance(each, str) else each) if key}
    assert len(keys) > 60
    assert keys <= {*WORDS}


@browser_test
@pytest.mark.parametrize("other", LANGUAGES[1:])
def test_a_switched_page_says_what_a_page_made_in_that_language_says(open_page, other):
    theirs = Overwrites(-2.0) * Overwrites(3.0)  # whose wrong gradients are told in the picture
    theirs.backward()
    whole, layer = two_examples()[0], "z(2)"
    for made, keys in (
        (lambda: play(classifier()[0], names=None), ["l", "ArrowRight"]),
        (lambda: play(theirs, names=None), ["n", "End"]),
        (lambda: play(whole, names=None, around=layer), ["ArrowRight"]),
    ):
        said = []
        for made_in in ("en", other):
            with language(made_in):
                page = open_page(made().html)
            page.keyboard.press("?")
            page.select_option("#language", other)
            page.keyboard.press("Escape")
            for key in keys:
                page.keyboard.press(key)
            said.append(page.evaluate(WORDS_IN))
        assert said[0] == said[1]
        assert said[0][1] == other


@browser_test
def test_help_opens_by_key_and_button_and_the_focus_returns(open_page):
    page = opened(open_page, readme)
    help_, focused = page.locator("#help"), "document.activeElement.id"
    page.locator("#next").click()
    page.keyboard.press("?")
    assert help_.is_visible()
    assert page.evaluate("document.getElementById('help').contains(document.activeElement)")
    page.keyboard.press("ArrowRight")  # goes nowhere meanwhile
    page.keyboard.press("Escape")
    assert help_.is_hidden()
    assert page.evaluate(focused) == "next"
    assert page.locator("#count").inner_text() == "2 / 14"
    page.locator("#ask").click()
    page.locator("#close").click()
    assert help_.is_hidden()
    assert page.evaluate(focused) == "ask"
    page.keyboard.press("g")
    page.keyboard.press("?")
    page.keyboard.press("Escape")  # closes the help alone
    assert "whole" in page.locator("body").get_attribute("class")


@browser_test
def test_help_names_every_key_and_what_the_colours_mean(open_page):
    page = opened(open_page, classifier)
    page.keyboard.press("?")
    keys = "".join(page.locator("#keys kbd").all_inner_texts())
    assert set("FGELNUM?+−←→↑↓␣") <= set(keys)
    assert all(key in keys for key in ("Home", "End", "Enter", "Esc"))
    for kind, word in (("v", "value"), ("g", "gradient"), ("chip", "local derivative")):
        line = page.locator(f"#help dt:has(.{kind}) + dd")
        assert line.inner_text() == WORDS[word][0]
    page.add_style_tag(content="#help dd { opacity: 0.4 }")
    assert "value in : 2." in " ".join(page.evaluate(CONTRAST))  # which is looked at
    page = opened(open_page, readme)
    page.keyboard.press("?")
    assert "L" not in page.locator("#keys kbd").all_inner_texts()  # without layers


@browser_test
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_is_chosen_or_that_of_the_system(open_page, scheme):
    page = opened(open_page, readme, color_scheme=scheme)
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 24, 27)"}
    assert page.evaluate(ground) == grounds[scheme]
    page.keyboard.press("?")
    for theme in ("light", "dark", "auto"):
        page.select_option("#theme", theme)
        assert page.evaluate(ground) == grounds.get(theme, grounds[scheme])
        assert page.evaluate("microrelu.address()") == (
            "" if theme == "auto" else f"#theme={theme}"
        )
        assert page.evaluate(CONTRAST) == []


@browser_test
def test_language_and_theme_stand_in_the_address(open_page):
    page = opened(open_page, readme)
    page.goto(f"{page.url}#lang=ja&theme=dark")
    page.reload()
    assert page.locator("html").get_attribute("lang") == "ja"
    assert page.locator("#language").input_value() == "ja"
    assert page.locator("#theme").input_value() == "dark"
    assert page.locator("#next").get_attribute("aria-label") == "次へ"


@browser_test
@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (390, 664)])
def test_the_help_fits(open_page, size):
    page = opened(open_page, two_examples, size)
    page.locator("#ask").click()
    for lang in LANGUAGES:
        page.select_option("#language", lang)
        box = page.locator("#help").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]
        assert box["y"] + box["height"] <= size[1]
        help_ = "document.getElementById('help')"
        assert page.evaluate(f"{help_}.scrollWidth <= {help_}.clientWidth")
        if size[0] > 700:
            assert page.evaluate(f"{help_}.scrollHeight <= {help_}.clientHeight + 1")
    for control in page.locator("#help :is(button, select)").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 44
