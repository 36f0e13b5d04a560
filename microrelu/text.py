"""Labels, and how wide text is.

A label such as `W(0)_1,2` is a name with a superscript and a subscript: networks make them,
formulas and pictures take them apart. `text_width`, `align` and `wrapped` count the columns of a
terminal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 24  # characters of a label that fit a node of a picture

_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


class Label(NamedTuple):
    """A label taken apart: `W(0)_1,2` is the base W with 0 above and 1,2 below.

    The mark, ′ or [2], tells it from others that would be set alike.
    """

    base: str
    above: str = ""
    below: str = ""
    mark: str = ""

    @property
    def is_name(self) -> bool:
        """Is it set in italics with its indices, or else as literal text?"""
        return self.base.isidentifier()


def split_label(label: str) -> Label:
    """The base, superscript, subscript and mark of a label; any other text is a base alone.

    >>> split_label("W(0)_1,2")
    Label(base='W', above='0', below='1,2', mark='')
    >>> split_label("x1")[:3], split_label("<b>")[:3], split_label("x1′")
    (('x', '', '1'), ('<b>', '', ''), Label(base='x', above='', below='1', mark='′'))
    """
    found = re.search(r"(?:[′″]|\[\d+\])\Z", label)
    mark = found[0] if found else ""
    unmarked = label.removesuffix(mark)
    plain = unmarked.translate(_DIGITS)
    match = re.fullmatch(r"([^\W\d_]\w*?)(?:\(([\w+−-]+)\))?(?:_?([\d,]+)|_(\w[\w,]*))?", plain)
    if match is None:
        return Label(unmarked, mark=mark)
    base, above, digits, below = match.groups(default="")
    if len(base) > 1 and below:  # learning_rate is one name, x_max is x with an index
        base, below = f"{base}_{below}", ""
    return Label(base, above, digits or below, mark)


def unit_label(letter: str, layer: int, index: int, count: int) -> str:
    """That of the z, r or b of one of so many units: r(0)_1; of a single unit r(0)."""
    return f"{letter}({layer})" if count == 1 else f"{letter}({layer})_{index}"


def weight_labels(layer: int, nin: int, index: int, count: int) -> list[str]:
    """Those of the weights from the units of a layer to one of so many units of the next."""
    if nin == count == 1:
        return [f"W({layer})"]
    return [f"W({layer})_{i},{index}" for i in range(1, nin + 1)]


def layer_of(label: str) -> int | None:
    """The layer that a label names: W(0)_1,2 and b(0)_2, which make z(1)_2, are in layer 1."""
    base, above, *_ = split_label(label) if "(" in label else ("", "")
    if not above.isdecimal() or len(above) > LONGEST:
        return None
    return int(above) + (base == "b" or base.isupper())


def is_drawn_as_name(label: str) -> bool:
    """Does a picture set it in italics with its indices, or as literal text?"""
    return split_label(label).is_name and len(label) <= LONGEST


def shortened(label: str) -> str:
    """A label that fits a node, with the mark that tells it from others."""
    mark = split_label(label).mark
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1 - len(mark)]}…{mark}"


def text_width(text: str) -> int:
    """How many columns of a terminal the text takes: 重み takes four, a colour none.

    >>> text_width("W⁽⁰⁾₁"), text_width("重み")
    (5, 4)
    """
    if text.isascii() and text.isprintable():
        return len(text)
    from wcwidth import width  # which takes longer to import than all of this package

    return width(text, control_codes="ignore")


def wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """The text in lines no wider than that, with what the first of them and the others begin with.

    >>> wrapped("z は 折れ点にあります。", 12)
    ['z は 折れ点', 'にあります。']
    """
    from wcwidth import wrap

    return wrap(text, width, initial_indent=first, subsequent_indent=others, break_on_hyphens=False)


def align(rows: Sequence[Sequence[str]], gap: str = " ") -> list[str]:
    """The rows with their cells padded to columns, a gap apart."""
    columns = [max(map(text_width, column)) for column in zip(*rows, strict=True)]
    padded = [
        [cell + " " * (n - text_width(cell)) for cell, n in zip(row, columns, strict=True)]
        for row in rows
    ]
    return [gap.join(cells).rstrip() for cells in padded]
