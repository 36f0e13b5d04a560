"""Labels are taken apart as they are made, and columns align in every script."""

from hypothesis import given
from hypothesis import strategies as st

from microrelu.text import (
    LONGEST,
    align,
    layer_of,
    shortened,
    split_label,
    text_width,
    unit_label,
    weight_labels,
    wrapped,
)


@given(st.integers(0, 30), st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_what_a_network_calls_its_units_and_weights_is_taken_apart(layer, nin, index, count):
    index = min(index, count)
    for letter, k in (("z", layer), ("r", layer), ("b", layer)):
        base, above, below, mark = split_label(unit_label(letter, k, index, count))
        assert (base, above, mark) == (letter, str(k), "")
        assert below == ("" if count == 1 else str(index))
    for i, label in enumerate(weight_labels(layer, nin, index, count), start=1):
        assert split_label(label)[:2] == ("W", str(layer))
        assert split_label(label).below == ("" if nin == count == 1 else f"{i},{index}")


def test_weights_and_biases_are_in_the_layer_that_they_make():
    assert [layer_of(label) for label in ("r(0)_1", "W(0)_1,2", "b(0)_2", "z(1)_2")] == [0, 1, 1, 1]
    assert [layer_of(label) for label in ("x", "f(x)", "", "z(" + "9" * 30 + ")")] == [None] * 4


def test_a_long_label_is_shortened_and_keeps_its_mark():
    assert shortened("w" * LONGEST) == "w" * LONGEST
    assert shortened("w" * 30) == "w" * (LONGEST - 1) + "…"
    assert shortened("w" * 30 + "′") == "w" * (LONGEST - 2) + "…′"


def test_columns_are_aligned():
    assert align([["a", "bb", "c"], ["aaa", "b", "c"]]) == ["a   bb c", "aaa b  c"]


def test_wide_letters_take_two_columns_and_marks_above_none():
    lines = align([["重み", "|"], ["w", "|"], ["z\u0302", "|"]])
    assert lines == ["重み |", "w    |", "z\u0302    |"]
    assert {text_width(line) for line in lines} == {6}


@given(st.text(), st.text())
def test_width_is_counted_for_any_text(a, b):
    assert text_width(a) >= 0
    assert len(align([[a, "|"], [b, "|"]])) == 2


def test_a_colour_takes_no_column():
    assert text_width("\x1b[38;5;32m−1.9\x1b[0m") == 4


@given(st.text("重み ab-", min_size=1), st.integers(12, 40))
def test_wrapped_lines_are_no_wider_and_lose_nothing(text, width):
    lines = wrapped(text, width, "  ", "    ")
    assert all(text_width(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
