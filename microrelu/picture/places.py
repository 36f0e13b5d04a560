"""Where what there is of a network stands: columns from left to right, and spots from the top down.

All lengths are points; three of them are four pixels of a notebook.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from microrelu.picture.look import name_width
from microrelu.picture.units import Row, Spot, Spots
from microrelu.writing.figures import number

PAGE = 840.0  # width: a notebook's on a screen of 1366 pixels
NARROW, CLOSEST, WIDEST = 44.0, 74.0, 180.0  # between two columns: lines alone, weights
FEW, MOST_BOXES = 4, 8  # of a column; few stand apart, and more are discs
LINE_HEIGHT, MARGIN, DISC, APART = 14.0, 5.0, 14.4, 6.0
LETTER, NUMBER_LETTER, NUMBER_HEIGHT = 5.6, 5.2, 10.0  # in boxes; on lines

Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where a spot stands: its middle, its width, and where it is among the columns.

    Attributes:
        column: Counted from 0; between two numbers for what stands below the others.
        step: How far it is from one spot of the column to the next.
        count: How many spots the column has room for.
    """

    id: str
    column: float
    x: float
    y: float
    width: float
    step: float
    count: int
    is_disc: bool

    @property
    def left(self) -> float:
        """Where lines end."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Where lines begin."""
        return self.x + self.width / 2


def are_discs(spots: Spots) -> bool:
    """Are there too many for boxes?"""
    return len(spots) > MOST_BOXES


def height(spot: Spot) -> float:
    """That of its box."""
    return LINE_HEIGHT * len(spot.rows) + MARGIN


def written(row: Row) -> tuple[str, str]:
    """The numbers of a row, as its box says them."""
    value, gradient = ("" if x is None else number(x, 3) for x in row[1:])
    return value, gradient


def places(columns: list[Spots]) -> dict[Spot, Place]:
    """Where each spot stands; the page's width is shared out between the columns."""
    widths = [DISC if are_discs(spots) else _width(_spots(spots)) for spots in columns]
    gaps, steps = _gaps(columns, PAGE - sum(widths)), _steps(columns)
    found: dict[Spot, Place] = {}
    left, column = 0.0, -1.0
    for index, spots in enumerate(columns):
        is_low = all(spot.is_low for spot in _spots(spots))
        column = column + 0.5 if is_low else float(int(column + 1))
        middle, ys = left + widths[index] / 2, _heights(columns, index, steps)
        for row, spot in enumerate(spots):
            if spot is not None:
                is_alike = are_discs(spots) or spot.kind in ("input", "unit")
                width = widths[index] if is_alike else _width([spot])
                where = (f"u{index}_{row}", column, middle, ys[row], width, steps[index])
                found[spot] = Place(*where, count=len(spots), is_disc=are_discs(spots))
        left += widths[index] + gaps[index]
    return found


def _spots(spots: Spots) -> list[Spot]:
    return [spot for spot in spots if spot is not None]


def _heights(columns: list[Spots], index: int, steps: list[float]) -> list[float]:
    """How high each spot of a column stands: around 0, or below all that do."""
    spots, step = columns[index], steps[index]
    upper = [spot for spot in spots if spot is None or not spot.is_low]
    floor = -max(
        steps[k] * sum(spot is None or not spot.is_low for spot in column) / 2
        for k, column in enumerate(columns)
    )
    return [
        step * ((len(upper) - 1) / 2 - row)
        if row < len(upper)
        else floor - step * (row - len(upper) + 0.5)
        for row in range(len(spots))
    ]


def _gaps(columns: list[Spots], spare: float) -> list[float]:
    """The room behind each column: much before units, for their weights, and little elsewhere."""
    crossed = [any(spot.kind == "unit" for spot in _spots(spots)) for spots in columns[1:]]
    little = crossed.count(False) * NARROW
    wide = min(WIDEST, max(CLOSEST, (spare - little) / max(1, crossed.count(True))))
    return [*(wide if is_crossed else NARROW for is_crossed in crossed), 0.0]


def _steps(columns: list[Spots]) -> list[float]:
    """From one spot of each column to the next.

    Few boxes stand apart, and all alike, so that the numbers on lines between them find room.
    """
    tallest = [max(map(height, _spots(spots))) for spots in columns]
    few = [most for most, spots in zip(tallest, columns, strict=True) if len(spots) <= FEW]
    apart = max([(FEW + 1.2) * NUMBER_HEIGHT, *(most + 16 for most in few)])
    return [
        DISC + 10 if are_discs(spots) else apart if len(spots) <= FEW else most + APART
        for most, spots in zip(tallest, columns, strict=True)
    ]


def _width(spots: list[Spot]) -> float:
    """That of the widest box, as far as one can tell without the fonts."""
    rows = [row for spot in spots for row in spot.rows]
    width = 2 * MARGIN + max(name_width(row.name, 12) for row in rows)
    for column in zip(*map(written, rows), strict=True):
        if letters := max(map(len, column)):
            width += LETTER * letters + 4
    return width


def on_line(tail: Place, head: Place, letters: int) -> Point | None:
    """Where the number stands on its line; None where there is no room.

    To m units, 1/(m + 1) of the way: then the numbers on all lines between two columns that are
    spaced alike stand evenly one below the other, and none over another. Columns with steps of
    their own move that place.
    """
    part = tail.step / (tail.step + head.count * head.step)
    room = min(part, 1 - part) * (head.left - tail.right)
    if tail.column + 1 != head.column or part * head.step < NUMBER_HEIGHT:
        return None
    if room < NUMBER_LETTER / 2 * max(6, letters):  # half of the number
        return None
    return tail.right + part * (head.left - tail.right), tail.y + part * (head.y - tail.y)


def roof(found: Iterable[Place]) -> float:
    """Above all that stands anywhere."""
    return max(place.y + place.step / 2 for place in found)


def over(found: Iterable[Place], tail: Place, head: Place, level: float) -> list[Point]:
    """The corners of a line that leads over columns; none between neighbours."""
    between = [place for place in found if tail.column < place.column < head.column]
    between = [place for place in between if place.column == int(place.column)]
    if not between or tail.column != int(tail.column):
        return []
    return [(min(p.left for p in between), level), (max(p.right for p in between), level)]
