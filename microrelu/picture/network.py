"""A network as networks are drawn: units in columns, the weights as the lines between them.

The positions are ours: any program that reads DOT keeps them, so that units stand in their order.
"""

from __future__ import annotations

import math
from collections import Counter

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
    styled,
    tooltip,
)
from microrelu.picture.places import (
    DISC,
    Place,
    Point,
    are_discs,
    height,
    on_line,
    over,
    places,
    roof,
    written,
)
from microrelu.picture.renderer import Picture
from microrelu.picture.units import Column, Link, Network, Spot, Spots
from microrelu.writing.figures import number
from microrelu.writing.words import say

LEVEL = 5.0  # from one line that leads over columns to the next
FILLS = {"input": LEAF_FILL, "unit": NODE_FILL, "loss": ROOT_FILL, "decay": LEAF_FILL}
LAYOUT = {"layout": "neato", "inputscale": "72", "splines": "line", "outputorder": "edgesfirst"}


def draw_network(picture: Picture, network: Network, edges: str) -> str:
    """Draw the columns, the links and the numbers on them; returns the caption."""
    picture.graph_attr.update(LAYOUT)
    columns = [column.shown for column in network.columns]
    found = places(columns)
    corners = _corners(network.links, found)
    top = max([roof(found.values()), *(at[0][1] for at in corners.values())]) + 12
    for index, column in enumerate(network.columns):
        _title(picture, index, column, columns[index], found[column.spots[0]], top)
        for spot in filter(None, columns[index]):
            _draw_spot(picture, spot, found[spot])
    _draw_links(picture, network.links, found, corners)
    return _caption(network, columns, edges)


def _corners(links: list[Link], found: dict[Spot, Place]) -> dict[Link, list[Point]]:
    """Where the lines turn that lead over columns, those of each spot at a height of their own."""
    turned: dict[Link, list[Point]] = {}
    levels: dict[Spot, float] = {}
    for link in links:
        level = levels.get(link.tail, roof(found.values()) + LEVEL * (1 + len(levels) % 8))
        corners = over(found.values(), found[link.tail], found[link.head], level)
        if corners:
            levels[link.tail], turned[link] = level, corners
    return turned


def _title(
    picture: Picture, index: int, column: Column, spots: Spots, place: Place, top: float
) -> None:
    """What stands over a column, and the dots where its middle is left out."""
    text = column.title
    if are_discs(spots):
        text += f": {len(column.spots):,}"
    if text:
        _text(picture, f"t{index}", styled(text, GREY, 10), place.x, top)
    if None in spots:
        y = place.y - place.step * spots.index(None)
        _text(picture, f"d{index}", styled("•\n•\n•", GREY, 6), place.x, y)


def _text(picture: Picture, id_: str, text: str, x: float, y: float, **more: str) -> None:
    look = {"shape": "plain", "style": "solid", **more}
    picture.node(id_, f"<{text}>", id=id_, pos=_pos(x, y), **look)


def _pos(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}!"


def _draw_spot(picture: Picture, spot: Spot, place: Place) -> None:
    """A box with names and numbers, or a disc that is open or closed."""
    fill, line = FILLS[spot.kind], LINE
    if place.is_disc and spot.kind == "unit":
        fill = OPEN_FILL
    if spot.is_closed:
        fill, line = NODE_FILL if place.is_disc else CLOSED_FILL, FAINT
    if spot.is_dead and place.is_disc:
        fill = FAINT
    look = {"shape": "circle", "label": "", "fixedsize": "true", "width": f"{DISC / 72:.3g}"}
    if not place.is_disc:
        size = {"width": f"{place.width / 72:.3g}", "height": f"{height(spot) / 72:.3g}"}
        look = {"label": _box(spot), "margin": "0", **size}
    kind = (
        spot.kind + " closed" * spot.is_closed + " dead" * spot.is_dead + " kink" * spot.is_at_kink
    )
    kind += " changed" * spot.has_changed
    style = ("filled" if place.is_disc else "rounded,filled") + ",dashed" * spot.has_changed
    tip = spot.tip
    closed = "closed throughout" if spot.is_dead else "is closed"
    for holds, key in ((spot.is_closed, closed), (spot.is_at_kink, "is at kink")):
        tip += f"\n{say(key)}" if holds else ""
    attributes = {"fillcolor": fill, "color": line, "style": style, "tooltip": tooltip(tip), **look}
    attributes |= {"class": kind, "pos": _pos(place.x, place.y)}
    picture.node(place.id, id=place.id, **attributes)


def _box(spot: Spot) -> str:
    """Its rows: name, value, gradient."""
    ink = GREY if spot.is_closed else INK
    rows = ""
    for row in spot.rows:
        value, gradient = written(row)
        cells = name_cells(row.name, ink, 12)
        cells += '<TD WIDTH="4"></TD>'
        colors = (GREY, GREY) if spot.is_dead else (VALUE, GRADIENT)
        for text, color in zip((value, gradient), colors, strict=True):
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


def _draw_links(
    picture: Picture,
    links: list[Link],
    found: dict[Spot, Place],
    corners: dict[Link, list[Point]],
) -> None:
    """The lines, the large ones on top, and the numbers of those that have room for them."""
    largest = max((_size(link.amount) for link in links), default=0.0)
    pairs = Counter((link.tail, link.head) for link in links)
    for link in sorted(links, key=_rank):
        tail, head = found[link.tail], found[link.head]
        look = {"arrowhead": "none", "color": FAINT}
        if link.tip:
            look["tooltip"] = look["labeltooltip"] = tooltip(link.tip)
        if link.amount is not None:
            look |= _stroke(link.amount, largest, 1.5 if tail.is_disc or head.is_disc else 3.0)
            if pairs[link.tail, link.head] == 1:  # an input that is weighed twice has two there
                _draw_number(picture, link.amount, tail, head, look["tooltip"])
        _draw_line(picture, tail, head, corners.get(link, []), look)


def _draw_line(
    picture: Picture, tail: Place, head: Place, corners: list[Point], look: dict[str, str]
) -> None:
    """A line from the right side of one to the left side of the other, by way of its corners."""
    id_, begin = f"{tail.id}_{head.id}", f"{tail.id}:e"
    for index, corner in enumerate(corners):
        at = f"c{index}{id_}"
        point = {"shape": "point", "style": "invis", "width": "0", "height": "0"}
        picture.node(at, "", id=at, pos=_pos(*corner), **point)
        picture.edge(begin, at, id=f"e{index}{id_}", **look)
        begin = at
    picture.edge(begin, f"{head.id}:w", id=f"e{id_}", **look)


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
    at = on_line(tail, head, len(text))
    if at is not None:
        cell = f'<TD BGCOLOR="{NODE_FILL}">{styled(text, _color(amount)[0], 9)}</TD>'
        written = f"{TABLE}<TR>{cell}</TR></TABLE>"
        _text(picture, f"w{tail.id}_{head.id}", written, *at, tooltip=tip)


def _color(amount: float) -> tuple[str, str]:
    """The colour and style of a line, by the sign of its number."""
    if amount > 0:
        return VALUE, "solid"
    return (GRADIENT, "dashed") if amount < 0 else (GREY, "solid")


def _caption(network: Network, columns: list[Spots], edges: str) -> str:
    """What lines and boxes mean, what is left out, and of which example it all is."""
    what = say("weights" if edges == "derivative" else "unit contributions")
    is_early = edges == "contribution" and all(link.amount is None for link in network.links)
    lines = [say("on lines later" if is_early else "on lines", what=what), *_legend(columns)]
    for column, spots in zip(network.columns, columns, strict=True):
        if None in spots:
            title, count = column.title or say("input"), f"{len(column.spots):,}"
            lines.append(say("drawn", what=title, shown=len(spots) - 1, count=count))
    kinks = sum(spot.is_at_kink for column in network.columns for spot in column.spots)
    if kinks:
        lines.append(say("units at kinks", count=f"{kinks:,}"))
    return "\\n".join([*lines, *network.notes])


def _legend(columns: list[Spots]) -> list[str]:
    """What boxes and discs mean; of a model without an example they have no values."""
    units = {
        is_disc: [
            spot
            for spots in columns
            for spot in spots
            if spot and spot.kind == "unit" and are_discs(spots) == is_disc
        ]
        for is_disc in (False, True)
    }
    if all(unit.rows[0].value is None for same in units.values() for unit in same):
        return []
    closed = any(unit.is_closed for unit in units[False])
    dead = {is_disc: any(unit.is_dead for unit in same) for is_disc, same in units.items()}
    lines = [say("in boxes") + (say("closed in boxes") if closed else "")]
    lines[0] += say("dead in boxes") if dead[False] else ""
    if units[True]:
        lines.append(say("discs"))
        if dead[True]:
            lines.append(say("dead in discs"))
    return lines
