"""The look of a report: a table, notes and a conclusion, each as long as one reads.

Whatever is told of a whole graph (its gradients checked, its layers) prints by it, as text and as
HTML. The HTML reads in full where a notebook strips its styles: it is text in a table.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from microrelu.text import align
from microrelu.writing.words import say

LONGEST_TABLE, LONGEST_NOTES = 40, 12  # lines
Parts = tuple[Sequence[str], Sequence[Sequence[str]], Sequence[str], str, int, str]


class ReportLook:
    """What a report is beside its truth and its rows: it shows its parts as text and as HTML."""

    language: str

    def _parts(self) -> Parts:
        """What `report_text` and `report_html` are given."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return report_text(*self._parts())

    def _repr_html_(self) -> str:
        return report_html(*self._parts())

    def _say(self, key: str, **words: object) -> str:
        return say(key, self.language, **words)


def report_text(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    notes: Sequence[str],
    conclusion: str,
    count: int,
    language: str | None = None,
) -> str:
    """A report as text.

    Args:
        head: Above the columns.
        lines: The cells of each line that is shown.
        notes: Sentences below the table.
        conclusion: The last line.
        count: How many lines there are, with those that are not shown.
        language: That of what is said of the rest; by default the one in force.

    >>> print(report_text(["leaf", "grad"], [["w", "−4"], ["重み", "1"]], [], "All agree.", 2))
    leaf  grad
    w     −4
    重み  1
    All agree.
    """
    table = align([head, *lines], gap="  ") if lines else []
    return "\n".join([*table, *_below(count - len(lines), notes, conclusion, language)])


def report_html(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    notes: Sequence[str],
    conclusion: str,
    count: int,
    language: str | None = None,
) -> str:
    """A report as HTML, of the same arguments; all that is given is text.

    >>> print(report_html(["leaf", "grad"], [["<w>", "−4"]], [], "All agree.", 1))
    <table cellpadding="5">
    <tr><th align="left" style="text-align: left">leaf</th><th align="right">grad</th></tr>
    <tr><td align="left" style="text-align: left">&lt;w&gt;</td><td align="right">−4</td></tr>
    </table>
    <p>All agree.</p>
    """
    below = _below(count - len(lines), notes, conclusion, language)
    sentences = [f"<p>{_escaped(sentence)}</p>" for sentence in below]
    return "\n".join([*([_table(head, lines)] if lines else []), *sentences])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns of numbers stand at the right, as notebooks set every cell unless told otherwise."""
    sides = ['align="left" style="text-align: left"' for _ in head]
    for i, column in enumerate(zip(*lines, strict=True)):
        if any(re.match("[−≈ ]*[0-9∞]", cell) for cell in column):
            sides[i] = 'align="right"'
    rows = [_row("th", head, sides), *(_row("td", line, sides) for line in lines)]
    return "\n".join(['<table cellpadding="5">', *rows, "</table>"])


def _row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    pairs = zip(cells, sides, strict=True)
    inside = "".join(f"<{tag} {side}>{_escaped(cell)}</{tag}>" for cell, side in pairs)
    return f"<tr>{inside}</tr>"


def _escaped(text: str) -> str:
    """The text as HTML, of which MathJax, which reads whole pages, sets nothing as a formula."""
    return re.sub(r"[$\\]", r"<span>\g<0></span>", html.escape(text))


def _below(
    hidden: int, notes: Sequence[str], conclusion: str, language: str | None
) -> Sequence[str]:
    """The lines below the table."""
    shown = [*_more("more rows", hidden, language), *notes[:LONGEST_NOTES]]
    return [*shown, *_more("more notes", len(notes) - LONGEST_NOTES, language), conclusion]


def _more(key: str, hidden: int, language: str | None) -> list[str]:
    return [say(key, language, count=hidden)] if hidden > 0 else []
