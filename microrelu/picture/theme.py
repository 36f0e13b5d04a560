"""Light and dark: a picture is drawn in the light colours, and a theme puts others for them."""

from __future__ import annotations

import re
from collections.abc import MutableMapping

import graphviz

from microrelu.picture.look import (
    CLOSED_FILL,
    FAINT,
    GRADIENT,
    GREY,
    INK,
    LAYER_FILL,
    LEAF_FILL,
    LINE,
    NODE_FILL,
    OPEN_FILL,
    ROOT_FILL,
    VALUE,
)

THEMES = ("light", "dark", "auto")
FOLLOWS = "microrelu-auto"  # the class of a picture that follows its reader's system

# Small text keeps a contrast of 4.5 to 1 here too.
DARK = {
    "white": "#1A1B1E",
    NODE_FILL: "#1A1B1E",
    VALUE: "#62B5F0",
    GRADIENT: "#FF9E57",
    INK: "#ECECEC",
    GREY: "#ABABAB",
    LINE: "#C4C4C4",
    FAINT: "#7E7E7E",
    LEAF_FILL: "#1F2E3A",
    ROOT_FILL: "#3A2A1C",
    LAYER_FILL: "#26272A",
    CLOSED_FILL: "#2C2D30",
    OPEN_FILL: "#3B7EA8",
}
# In an attribute of DOT or in a tag: in a text of either, quotation marks are escaped.
_COLOR = re.compile(r'(color=")(#[0-9A-F]{6})', re.IGNORECASE)


def put_in_theme(picture: graphviz.Digraph, theme: str) -> None:
    """Give a picture that is drawn the colours of the theme."""
    if theme == "auto":
        picture.graph_attr["class"] = FOLLOWS
    elif theme == "dark":
        picture.body[:] = [_COLOR.sub(_darkened, line) for line in picture.body]
        for attributes in (picture.graph_attr, picture.node_attr, picture.edge_attr):
            _darken(attributes)


def _darkened(found: re.Match[str]) -> str:
    return found[1] + DARK.get(found[2], found[2])


def _darken(attributes: MutableMapping[str, str]) -> None:
    for name, color in attributes.items():
        if name.endswith("color"):
            attributes[name] = DARK.get(color, color)


def following(svg: bytes) -> bytes:
    """The SVG with a style that makes it dark where its reader's system is."""
    rules = "".join(
        f'.{FOLLOWS} [{part}="{light.lower()}"]{{{part}:{dark}}}'
        for light, dark in DARK.items()
        for part in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark) {{{rules}}}</style>"
    end = svg.index(b">", svg.index(b"<svg")) + 1
    return svg[:end] + b"\n" + style.encode() + svg[end:]
