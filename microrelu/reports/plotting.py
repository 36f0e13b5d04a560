"""Sizes layer by layer on a log scale, on which 0, ∞ and NaN have no place but are shown.

They stand at the edges, 0 at the lower one, ∞ and NaN at the upper one, as markers of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from microrelu.picture.fonts import OWN, fallback

MARKERS = {"0": "v", "∞": "^", "NaN": "x"}
FEW, MOST_POWERS = 100, 10  # layers with a dot each; powers of ten up the axis
LEVEL = 0.025  # of the height, between the markers of one line and those of the next


class Line(NamedTuple):
    """The sizes of one quantity, in the order of the layers.

    Attributes:
        label: In the legend.
        color: Of the line and its markers.
        style: "-", "--" or ":"; the markers of "-" are filled.
        sizes: None is negative.
        largest: Thin above them; () for none.
    """

    label: str
    color: str
    style: str
    sizes: Sequence[float]
    largest: Sequence[float] = ()


def new_axes() -> Any:
    """Axes of a figure of their own.

    Raises:
        ImportError: Matplotlib is missing.
    """
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError('A plot needs Matplotlib: pip install "microrelu[train]".') from None
    return pyplot.subplots(figsize=(8, 4), layout="constrained")[1]


def plot(axes: Any, layers: Sequence[int], lines: Sequence[Line], below: str) -> None:
    """Draw the lines over the numbers of the layers, with what cannot stand on a log scale."""
    axes.set_yscale("log")
    _set_powers(axes, lines)
    for line in lines:
        _draw(axes, layers, line)
    for kind, marker in MARKERS.items():
        found = [_draw_beyond(axes, layers, line, kind, i) for i, line in enumerate(lines)]
        if any(found):
            axes.plot([], [], "black", marker=marker, linestyle="", label=kind)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if below.isascii() or (font := fallback()) is None:
        axes.set_xlabel(below if below.isascii() else "k")  # as the equations count layers
    else:
        axes.set_xlabel(below, family=[OWN, font])
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def _set_powers(axes: Any, lines: Sequence[Line]) -> None:
    """Powers of ten up the axis, with room for markers at both edges.

    Matplotlib's own may lie beyond all floats.
    """
    sizes = [size for line in lines for size in (*line.sizes, *line.largest)]
    powers = [math.log10(size) for size in sizes if not beyond_scale(size)] or [0.0]
    room = max(0.2 * (max(powers) - min(powers)), 0.7)
    low, high = max(min(powers) - room, -323.0), min(max(powers) + room, 308.0)
    axes.set_ylim(10**low, 10**high)
    step = math.ceil((high - low) / MOST_POWERS)
    first = math.ceil(low / step) * step
    axes.set_yticks([10.0**power for power in range(first, math.floor(high) + 1, step)])
    axes.set_yticks([], minor=True)


def _draw(axes: Any, layers: Sequence[int], line: Line) -> None:
    """What of a line has a place on the scale."""
    look = {"color": line.color, "linestyle": line.style}
    marker = "." if len(layers) <= FEW else ""
    axes.plot(layers, [*map(_on_scale, line.sizes)], marker=marker, label=line.label, **look)
    if line.largest:
        label = f"max {line.label}"
        axes.plot(layers, [*map(_on_scale, line.largest)], lw=0.8, alpha=0.6, label=label, **look)


def _draw_beyond(axes: Any, layers: Sequence[int], line: Line, kind: str, place: int) -> bool:
    """Markers at an edge where the line has no place, each line's at a height of its own."""
    there = [x for x, size in zip(layers, line.sizes, strict=True) if beyond_scale(size) == kind]
    height = LEVEL * (place + 1)
    heights = [height if kind == "0" else 1 - height] * len(there)
    look = {"linestyle": "", "color": line.color, "marker": MARKERS[kind], "markersize": 4}
    fill = "full" if line.style == "-" else "none"
    axes.plot(there, heights, transform=axes.get_xaxis_transform(), fillstyle=fill, **look)
    return bool(there)


def beyond_scale(size: float) -> str:
    """What a size is that has no place on a log scale; "" of one that has."""
    if math.isnan(size):
        return "NaN"
    return "∞" if size == math.inf else "" if size else "0"


def _on_scale(size: float) -> float:
    """The size, or what Matplotlib leaves out."""
    return math.nan if beyond_scale(size) else size
