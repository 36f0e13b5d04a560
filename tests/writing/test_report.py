"""A report reads alike as text and as HTML, which keeps every word where notebooks strip it."""

import re
from html.parser import HTMLParser

import pytest

from microrelu import language
from microrelu.writing.report import LONGEST_NOTES, report_html, report_text

HEAD = ["葉ノード", "gradient", "verdict"]
LINES = [["W⁽⁰⁾₁,₂", "−1.5×10⁻⁸", "agrees"], ["<script>重み</script>", "≈ 0", "a & b"]]
NOTES = ["v₁ = $5 · \\(x\\) is <b>at</b> its kink.", 'A "note".']
PARTS = (HEAD, LINES, NOTES, "All agree.", 2)


class Sanitized(HTMLParser):
    """What a notebook that is not trusted leaves of HTML: no styles, scripts, MathML, handlers."""

    kept = ("table", "tr", "th", "td", "p", "span")
    attributes = ("align",)

    def __init__(self, text):
        super().__init__()
        self.markup, self.words, self.dropped = "", [], 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.dropped += tag in ("script", "style", "math")
        if tag in self.kept:
            kept = [f' {name}="{value}"' for name, value in attributes if name in self.attributes]
            self.markup += f"<{tag}{''.join(kept)}>"
        if tag in ("th", "td", "p"):
            self.words.append("")

    def handle_endtag(self, tag):
        self.dropped -= tag in ("script", "style", "math")
        self.markup += f"</{tag}>" * (tag in self.kept)

    def handle_data(self, data):
        if not self.dropped and self.words:
            self.words[-1] += data.strip("\n")


def test_html_says_every_word_of_the_text_where_all_else_is_stripped():
    left = Sanitized(report_html(*PARTS))
    assert left.words == [*HEAD, *LINES[0], *LINES[1], *NOTES, "All agree."]
    assert "style" not in left.markup
    text = report_text(*PARTS)
    assert all(word in text for word in left.words)


def test_what_html_may_lose_is_found_missing():
    assert "x" not in Sanitized("<td><math><mi>x</mi></math></td>").words
    stripped = Sanitized("<p onclick='f()' style='color: red'>a<script>b</script></p>")
    assert (stripped.markup, stripped.words) == ("<p></p>", ["a"])


def test_names_stand_at_the_left_and_numbers_at_the_right_without_any_style():
    markup = Sanitized(report_html(*PARTS)).markup
    assert re.findall('<t[hd] align="(.)', markup) == ["l", "r", "l"] * 3


def test_no_dollar_or_backslash_begins_a_formula():
    assert "<span>$</span>5 · <span>\\</span>(x<span>\\</span>)" in report_html(*PARTS)


@pytest.mark.parametrize(
    ("name", "rows", "notes"),
    [
        ("en", "… and 3 more.", "… and 2 more notes."),
        ("id", "… dan 3 lagi.", "… dan 2 catatan lagi."),
        ("ja", "… ほか 3 行。", "… ほか 2 件の注記。"),
    ],
)
def test_what_is_not_shown_is_counted_in_the_language(name, rows, notes):
    many = [f"note {i}" for i in range(LONGEST_NOTES + 2)]
    parts = HEAD, LINES, many, "End.", 5
    for shown in (report_text(*parts, name), report_html(*parts, name)):
        assert rows in shown
        assert notes in shown
    with language(name):
        assert rows in report_html(*parts)


def test_a_report_without_a_table():
    assert report_html(HEAD, [], [], "Nothing.", 0) == "<p>Nothing.</p>"
    assert report_text(HEAD, [], [], "Nothing.", 0) == "Nothing."
