"""A network as networks are drawn: units in columns, the weights as the lines between them.

The positions are ours: any program that reads DOT keeps them, so that units stand in their order.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from microrelu.picture.look import (
    CLOSED_FILL,
    FAINT,
    GRADIENT,
    GREY,
    INK,
    LEAF_FILL,
    LINE,
    NODE_FILL,
    OPEN_FILL,
    ROOT_FILL,
    TABLE,
    VALUE,
    name_cells,
    name_width,
    styled,
    tooltip,
)
from microrelu.picture.renderer import Picture
from microrelu.picture.units import Column, Link, Network, Row, Spot
from microrelu.writing.numbers import number

# All lengths are points; three of them are four pixels of a notebook.
PAGE = 840.0  # width: a notebook's on a screen of 1366 pixels
NARROW, CLOSEST, WIDEST = 44.0, 74.0, 180.0  # between two columns: lines alone, weights
FEW, MOST_BOXES, MOST_SPOTS = 4, 8, 16  # of a column; more are discs; still more are left out
LINE_HEIGHT, MARGIN, DISC = 14.0, 5.0, 14.4
NUMBER_HEIGHT = 10.0  # of the numbers on lines
FILLS = {"input": LEAF_FILL, "unit": NODE_FILL, "loss": ROOT_FILL, "decay": LEAF_FILL}
LAYOUT = {"layout": "neato", "inputscale": "72", "splines": "line", "outputorder": "edgesfirst"}


@dataclass(frozen=True)
class Place:
    """Where a spot stands: its middle, its size, and where it is in its column.

    Attributes:
        step: How far it is from one spot of the column to the next.
        count: How many spots there is room for in the column.
    """

    id: str
    column: int
    x: float
    y: float
    width: float
    step: float
    count: int
    is_disc: bool


def draw_network(picture: Picture, network: Network, edges: str) -> str:
    """Draw the columns, the links and the numbers on them; returns the caption."""
    picture.graph_attr.update(LAYOUT)
    columns = [_shown(column) for column in network.columns]
    places = _places(columns)
    top = max(place.y + place.step / 2 for place in places.values()) + 12
    for index, column in enumerate(network.columns):
        _title(picture, column, columns[index], places, top)
        for spot in filter(None, columns[index]):
            _draw_spot(picture, spot, places[spot])
    links = [link for link in network.links if link.tail in places and link.head in places]
    _draw_links(picture, links, places)
    return _caption(network, columns, edges, links)


def _shown(column: Column) -> list[Spot | None]:
    """The spots of a column from top to bottom; None stands for the middle that is left out."""
    if len(column.spots) <= MOST_SPOTS:
        return [*column.spots]
    half = (MOST_SPOTS - 2) // 2
    return [*column.spots[:half], None, *column.spots[-half:]]


def _places(columns: list[list[Spot | None]]) -> dict[Spot, Place]:
    """Where each spot stands; the page's width is shared out between the columns."""
    widths, steps = [_column_width(spots) for spots in columns], _steps(columns)
    gaps = _gaps(columns, PAGE - sum(widths))
    lowest = -max(step * (len(spots) - 1) / 2 for step, spots in zip(steps, columns, strict=True))
    found, left = {}, 0.0
    for index, (spots, step) in enumerate(zip(columns, steps, strict=True)):
        middle, is_disc = left + widths[index] / 2, _are_discs(spots)
        for row, spot in enumerate(spots):
            if spot is not None:
                y = step * ((len(spots) - 1) / 2 - row) if spot.kind != "decay" else lowest
                width = widths[index] if spot.kind in ("input", "unit") else _width([spot])
                where = (f"u{index}_{row}", index, middle, y, width, step)
                found[spot] = Place(*where, count=len(spots), is_disc=is_disc)
        left += widths[index] + gaps[index]
    return found


def _gaps(columns: list[list[Spot | None]], spare: float) -> list[float]:
    """The room behind each column: much before units, for their weights, and little elsewhere."""
    crossed = [any(spot and spot.kind == "unit" for spot in spots) for spots in columns[1:]]
    little = crossed.count(False) * NARROW
    wide = min(WIDEST, max(CLOSEST, (spare - little) / max(1, crossed.count(True))))
    return [*(wide if is_crossed else NARROW for is_crossed in crossed), 0.0]


def _are_discs(spots: list[Spot | None]) -> bool:
    return len(spots) > MOST_BOXES


def _steps(columns: list[list[Spot | None]]) -> list[float]:
    """From one spot of each column to the next.

    Few boxes stand apart, and all alike, so that the numbers on lines between them find room.
    """
    tallest = [max(map(_height, filter(None, spots))) for spots in columns]
    few = [height for height, spots in zip(tallest, columns, strict=True) if len(spots) <= FEW]
    apart = max([(FEW + 1.2) * NUMBER_HEIGHT, *(height + 16 for height in few)])
    return [
        DISC + 10 if _are_discs(spots) else apart if len(spots) <= FEW else height + 6
        for height, spots in zip(tallest, columns, strict=True)
    ]


def _height(spot: Spot) -> float:
    return LINE_HEIGHT * len(spot.rows) + MARGIN


def _column_width(spots: list[Spot | None]) -> float:
    return DISC if _are_discs(spots) else _width([*filter(None, spots)])


def _width(spots: list[Spot]) -> float:
    """That of the widest box, as far as one can tell without the fonts."""
    rows = [row for spot in spots for row in spot.rows]
    names = max(name_width(row.name, 12) for row in rows)
    return (
        names
        + sum(
            max(len(text) for text in column) * 5.6 + 4
            for column in zip(*map(_written, rows), strict=True)
            if any(column)
        )
        + 2 * MARGIN
    )


def _written(row: Row) -> tuple[str, str]:
    """The numbers of a row."""
    value, gradient = ("" if x is None else number(x, 3) for x in row[1:])
    return value, gradient


def _title(
    picture: Picture,
    column: Column,
    spots: list[Spot | None],
    places: dict[Spot, Place],
    top: float,
) -> None:
    """What stands over a column, and the dots where its middle is left out."""
    place = places[column.spots[0]]
    text = column.title
    if _are_discs(spots):
        text += f": {len(column.spots):,}"
    if text:
        _text(picture, f"t{place.column}", styled(text, GREY, 10), place.x, top)
    if None in spots:
        y = place.step * ((place.count - 1) / 2 - spots.index(None))
        _text(picture, f"d{place.column}", styled("•\n•\n•", GREY, 6), place.x, y)


def _text(picture: Picture, id_: str, text: str, x: float, y: float, **more: str) -> None:
    look = {"shape": "plain", "style": "solid", **more}
    picture.node(id_, f"<{text}>", id=id_, pos=_pos(x, y), **look)


def _pos(x: float, y: float) -> str:
    return f"{x:.4g},{y:.4g}!"


def _draw_spot(picture: Picture, spot: Spot, place: Place) -> None:
    """A box with names and numbers, or a disc that is open or closed."""
    fill, line = FILLS[spot.kind], LINE
    if place.is_disc and spot.kind == "unit":
        fill = OPEN_FILL
    if spot.is_closed:
        fill, line = NODE_FILL if place.is_disc else CLOSED_FILL, FAINT
    look = {"shape": "circle", "label": "", "fixedsize": "true", "width": f"{DISC / 72:.3g}"}
    if not place.is_disc:
        size = {"width": f"{place.width / 72:.3g}", "height": f"{_height(spot) / 72:.3g}"}
        look = {"label": _box(spot), "margin": "0", **size}
    kind = spot.kind + " closed" * spot.is_closed + " changed" * spot.has_changed
    style = ("filled" if place.is_disc else "rounded,filled") + ",dashed" * spot.has_changed
    tip = spot.tip + "\nclosed" * spot.is_closed
    attributes = {"fillcolor": fill, "color": line, "style": style, "tooltip": tooltip(tip), **look}
    attributes |= {"class": kind, "pos": _pos(place.x, place.y)}
    picture.node(place.id, id=place.id, **attributes)


def _box(spot: Spot) -> str:
    """Its rows: name, value, gradient."""
    ink = GREY if spot.is_closed else INK
    rows = ""
    for row in spot.rows:
        value, gradient = _written(row)
        cells = name_cells(row.name, ink, 12)
        cells += '<TD WIDTH="4"></TD>'
        for text, color in ((value, VALUE), (gradient, GRADIENT)):
            if text:
                cells += f'<TD ALIGN="LEFT" CELLPADDING="2">{styled(text, color, 10)}</TD>'
        rows += f"<TR>{cells}</TR>"
    return f"<{TABLE}{rows}</TABLE>>"


def _size(amount: float | None) -> float:
    """How large, for the largest: what is not finite is none of them."""
    return abs(amount) if amount is not None and math.isfinite(amount) else 0.0


def _rank(link: Link) -> float:
    """What is drawn over what: weights over other lines, and over all what is not finite."""
    if link.amount is None:
        return -1.0
    return abs(link.amount) if math.isfinite(link.amount) else math.inf


def _draw_links(picture: Picture, links: list[Link], places: dict[Spot, Place]) -> None:
    """The lines, the large ones on top, and the numbers of those that have room for them."""
    largest = max((_size(link.amount) for link in links), default=0.0)
    pairs = Counter((link.tail, link.head) for link in links)
    for link in sorted(links, key=_rank):
        tail, head = places[link.tail], places[link.head]
        look = {"arrowhead": "none", "color": FAINT}
        if link.tip:
            look["tooltip"] = look["labeltooltip"] = tooltip(link.tip)
        if link.amount is not None:
            is_thin = tail.is_disc or head.is_disc
            look |= _stroke(link.amount, largest, 1.5 if is_thin else 3.0)
            if pairs[link.tail, link.head] == 1:  # an input that is weighed twice has two there
                _draw_number(picture, link.amount, tail, head, look["tooltip"])
        id_ = f"e{tail.id}_{head.id}"
        picture.edge(f"{tail.id}:e", f"{head.id}:w", id=id_, **look)


def _stroke(amount: float, largest: float, widest: float) -> dict[str, str]:
    """How the line of a weight is drawn: by its sign, and by its size beside the largest."""
    share = 1.0
    if math.isfinite(amount):
        share = _size(amount) / largest if largest else 0.0
    color, style = _color(amount)
    color += f"{90 + round(165 * share):02x}"
    width = f"{0.5 + widest * share:.2g}"
    return {"color": color, "style": style, "penwidth": width, "class": "weight"}


def _draw_number(picture: Picture, amount: float, tail: Place, head: Place, tip: str) -> None:
    text = number(amount, 3)
    at = _on_line(tail, head, len(text))
    if at is not None:
        cell = f'<TD BGCOLOR="{NODE_FILL}">{styled(text, _color(amount)[0], 9)}</TD>'
        written = f"{TABLE}<TR>{cell}</TR></TABLE>"
        _text(picture, f"w{tail.id}_{head.id}", written, *at, tooltip=tip)


def _color(amount: float) -> tuple[str, str]:
    """The colour and style of a line, by the sign of its number."""
    if amount > 0:
        return VALUE, "solid"
    return (GRADIENT, "dashed") if amount < 0 else (GREY, "solid")


def _on_line(tail: Place, head: Place, letters: int) -> tuple[float, float] | None:
    """Where the number stands on its line; None where there is no room.

    To m units, 1/(m + 1) of the way: then the numbers on all lines between two columns that are
    spaced alike stand evenly one below the other, and none over another. Columns with steps of
    their own move that place.
    """
    part = tail.step / (tail.step + head.count * head.step)
    left, right = tail.x + tail.width / 2, head.x - head.width / 2
    room = min(part, 1 - part) * (right - left)
    if tail.column + 1 != head.column or part * head.step < NUMBER_HEIGHT:
        return None
    if room < 2.6 * max(6, letters):  # half of the number
        return None
    return left + part * (right - left), tail.y + part * (head.y - tail.y)


def _caption(
    network: Network, columns: list[list[Spot | None]], edges: str, links: list[Link]
) -> str:
    """What lines and boxes mean, what is left out, and of which example it all is."""
    what = "weights" if edges == "derivative" else "contributions to the earlier unit's gradient"
    signs = "; positive blue, negative dashed orange, large wide"
    if edges == "contribution" and all(link.amount is None for link in links):
        signs = ", which are not there yet: root.backward() computes them"
    lines = [f"on the lines: {what}{signs}", *_legend(columns)]
    for column, shown in zip(network.columns, columns, strict=True):
        if None in shown:
            drawn = f"{len(shown) - 1} of {len(column.spots):,} drawn"
            lines.append(f"{column.title or 'inputs'}: {drawn}")
    return "\\n".join([*lines, *network.notes])


def _legend(columns: list[list[Spot | None]]) -> list[str]:
    """What boxes and discs mean; of a model without an example they have no values."""
    units = {
        is_disc: [
            spot
            for spots in columns
            for spot in spots
            if spot and spot.kind == "unit" and _are_discs(spots) == is_disc
        ]
        for is_disc in (False, True)
    }
    if all(unit.rows[0].value is None for same in units.values() for unit in same):
        return []
    closed = any(unit.is_closed for unit in units[False])
    lines = ["in the boxes: values blue, gradients orange" + ", closed units grey" * closed]
    if units[True]:
        lines.append("discs: open units filled, closed ones empty; point at one for its numbers")
    return lines
