"""Numbers of many that are alike: in rows, with the places that they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from microrelu.steps.equation import LARGEST, WIDTH
from microrelu.text import align, text_width
from microrelu.writing.notation import Part

INDENTED = 8  # columns of text before a table
LARGEST_TABLE = 16  # numbers in rows that are all shown
FIRST = 3  # of many that are alike, with the last


class Table(NamedTuple):
    """Numbers in rows; the first row or the first cells of each are headings."""

    rows: list[list[str]]

    def text(self) -> list[str]:
        """As lines of text."""
        return align(self.rows, gap="  ")

    def latex(self) -> str:
        """As an array."""
        rows = " \\\\\n".join(" & ".join(row).replace("…", "\\dots ") for row in self.rows)
        columns = "r" * len(self.rows[0])
        return f"\\[\n\\begin{{array}}{{{columns}}}\n{rows}\n\\end{{array}}\n\\]"


def row_of(symbol: Part, width: int, numbers: Sequence[str], first: int) -> Table:
    """Numbers of a symbol so wide in as few rows as fit, the first number at that place."""
    for most in range(LARGEST, 0, -1):
        count = -(-len(numbers) // -(-len(numbers) // most))  # in rows that are as long
        rows = [
            _row(numbers[start : start + count], first + start, count)
            for start in range(0, len(numbers), count)
        ]
        if most == 1 or width + 2 + text_width(align(rows, gap="  ")[0]) <= WIDTH - INDENTED:
            break
    return Table([[symbol.text if i == 0 else "", *row] for i, row in enumerate(rows)])


def _row(numbers: Sequence[str], first: int, count: int) -> list[str]:
    """Some of the numbers, after their places; where there are fewer the row is filled up."""
    return [f"{first}…{first + len(numbers) - 1}", *numbers, *[""] * (count - len(numbers))]


def matrix_of(symbol: Part, width: int, numbers: Sequence[Sequence[str]]) -> Table:
    """A row for each place i and a column for each j; of many the first and the last.

    Of a single row there is no place.
    """
    rows, columns = shown_places(len(numbers)), shown_places(len(numbers[0]))
    widest = max(text_width(each) for row in numbers for each in row)
    if len(columns) * (widest + 2) + width > WIDTH - INDENTED:
        columns = shown_places(len(numbers[0]), FIRST + 1)
    table = [[symbol.text, *map(_place, columns)]]
    for i in rows:
        cells = ["…" if i is None or j is None else numbers[i][j] for j in columns]
        table.append([_place(i) if len(numbers) > 1 else "", *cells])
    return Table(table)


def shown_places(count: int, most: int = LARGEST) -> list[int | None]:
    """The places that are shown of so many, None for those between."""
    if count <= most:
        return [*range(count)]
    return [*range(min(FIRST, most - 1)), None, count - 1]


def _place(place: int | None) -> str:
    return "…" if place is None else str(place + 1)
