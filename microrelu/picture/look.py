"""How a picture looks: its limits, its colours, and text in the HTML-like labels of DOT."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from microrelu.text import is_drawn_as_name, shortened, split_label, text_width

LARGEST = 300  # nodes that one picture holds readably
LONGEST_TIP = 1500  # characters of a tooltip: `dot` reads no text of more than 16,384 bytes

# Okabe and Ito's blue and vermillion, told apart by colour-blind readers too; the second one is
# darkened, and the greys chosen, so that small text keeps a contrast of 4.5 to 1.
VALUE, GRADIENT, INK, GREY, LINE = "#0072B2", "#B34700", "#222222", "#6B6B6B", "#4D4D4D"
FAINT = "#9A9A9A"
LEAF_FILL, NODE_FILL, ROOT_FILL, LAYER_FILL = "#E8F2F9", "#FFFFFF", "#FDF1E7", "#F4F4F1"
OPEN_FILL, CLOSED_FILL = "#8FC1E0", "#F0F0F0"

STYLE = {
    "graph_attr": {
        "rankdir": "LR",
        "bgcolor": "white",  # in a dark notebook too
        "pad": "0.2",
        "nodesep": "0.22",
        "fontname": "Helvetica",
        "fontsize": "10",
        "fontcolor": GREY,
    },
    "node_attr": {
        "shape": "box",
        "style": "rounded,filled",
        "fillcolor": NODE_FILL,
        "color": LINE,
        "fontname": "Helvetica",
        "fontsize": "12",
        "margin": "0.06,0.03",
        "height": "0",
        "width": "0",
    },
    "edge_attr": {
        "color": LINE,
        "arrowsize": "0.7",
        "fontname": "Helvetica",
        "fontsize": "11",
        "fontcolor": GRADIENT,
    },
}

TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
# What XML cannot hold: control characters are drawn as their pictures, ␀ and so on.
_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if code != ord("\n")}
_VISIBLE |= dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
_SUBSTITUTED = re.compile(r"(?<=\\)(?=[A-Za-z])")  # DOT puts a name for \N, \G …: part the two
# What a table is wider than it needs to be goes to its columns in equal parts: mostly to these.
SINK = '<TD COLSPAN="6"></TD>'
GAP = '<TR><TD COLSPAN="2" HEIGHT="3" CELLPADDING="0"></TD></TR>'  # below the line


def box(name: str, symbol: str, rows: Sequence[tuple[str, str]]) -> str:
    """A name with its operation, a line, and rows of a caption and a number."""
    head = f'<TD ALIGN="LEFT" HEIGHT="28">{name}</TD>'  # other text stands on the line of names
    head += f'<TD ALIGN="RIGHT">{styled(symbol, INK, 12)}</TD>' if symbol else "<TD></TD>"
    body = "".join(
        f'<TR><TD ALIGN="LEFT">{roomy(caption, GREY, 9)}</TD><TD ALIGN="LEFT">{text}</TD></TR>'
        for caption, text in rows
    )
    table = TABLE.replace('CELLPADDING="0"', f'CELLPADDING="2" COLOR="{FAINT}"')
    return f"<{table}<TR>{head}</TR><HR/>{GAP}{body}</TABLE>>"


def beside(*texts: str) -> str:
    """An edge's label, with room between it and the line."""
    cells = "".join(f'<TD CELLPADDING="2">{text}</TD>' for text in texts)
    return f"<{TABLE}<TR>{cells}</TR></TABLE>>"


def styled_name(label: str, color: str, size: int = 16) -> str:
    """A label: a name in italics, its superscript over its subscript; other text as it is."""
    base, above, below, mark = split_label(label)
    if not is_drawn_as_name(label) or text_width(label) > len(label):
        return roomy(label, color, size - 4)
    if above or below:
        indices = ((f"({above})" if above else "") + mark, below)
    else:
        base, indices = base + mark, ("", "")  # as high as one with indices, on the same line
    name = styled(base, color, size, "I", "Times")
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" HEIGHT="{size * 3 // 4}">'
        f"{styled(index, color, size * 5 // 8, '', 'Times')}</TD></TR>"
        for index in indices
    )
    return (
        f'{TABLE}<TR><TD ALIGN="RIGHT">{name}</TD><TD ALIGN="LEFT">{TABLE}{rows}</TABLE></TD>'
        f"{SINK}</TR></TABLE>"
    )


def name_cells(label: str, color: str, size: int) -> str:
    """A label as three cells of a row no higher than its letters: its indices side by side."""
    base, above, below, mark = split_label(label)
    if not is_drawn_as_name(label) or text_width(label) > len(label):
        room = f' WIDTH="{name_width(label, size):.0f}"'  # more than the wheel's guess
        text = styled(shortened(label), color, size - 2)
        return f'<TD COLSPAN="3" ALIGN="LEFT" CELLPADDING="1"{room}>{text}</TD>'
    above = f"({above})" if above else ""
    if above or below:
        above += mark
    else:
        base += mark
    small = size * 2 // 3
    return (
        f'<TD ALIGN="RIGHT">{styled(base, color, size, "I", "Times")}</TD>'
        f'<TD ALIGN="LEFT" VALIGN="TOP">{styled(above, color, small, "", "Times")}</TD>'
        f'<TD ALIGN="LEFT" VALIGN="BOTTOM">{styled(below, color, small, "", "Times")}</TD>'
    )


def name_width(label: str, size: int) -> float:
    """How wide the cells of a label are, or a little less."""
    base, above, below, mark = split_label(label)
    if not is_drawn_as_name(label) or text_width(label) > len(label):
        return 0.6 * (size - 2) * text_width(shortened(label))
    indices = len(above) + 2 * bool(above) + len(mark) + len(below)
    return 0.62 * size * len(base) + 0.45 * (size * 2 // 3) * indices + 4


def roomy(text: str, color: str, size: int) -> str:
    """Literal text, with the room that wide letters need: the wheel guesses less."""
    text = shortened(text)
    if (wide := text_width(text)) <= len(text):
        return styled(text, color, size)
    cell = f'<TD ALIGN="LEFT" WIDTH="{size * wide // 2}">{styled(text, color, size)}</TD>'
    return f"{TABLE}<TR>{cell}</TR></TABLE>"


def styled(text: str, color: str, size: int, style: str = "", face: str = "Helvetica") -> str:
    """Literal text, if need be shortened: the tooltip has all of it."""
    text = shortened(text)
    font = f'<FONT FACE="{face}" COLOR="{color}" POINT-SIZE="{size}">'
    written = ""
    for piece in _SUBSTITUTED.split(text.translate(_VISIBLE)) if text else ():
        escaped = html.escape(piece).replace("\n", "<BR/>").replace(" ", "&#160;")
        written += font + (f"<{style}>{escaped}</{style}>" if style else escaped) + "</FONT>"
    return written


def tooltip(text: str) -> str:
    """Literal text for a tooltip, in which DOT knows backslashes and HTML's entities."""
    if len(text) > LONGEST_TIP:
        text = f"{text[: LONGEST_TIP - 200]} … {text[-200:]}"
    text = html.escape(_SUBSTITUTED.sub("\u2060", text.translate(_VISIBLE)), quote=False)
    return text.replace("\\", "\\\\").replace("\n", "&#10;")
