"""draw: the graph as a graphviz.Digraph, with every number that backpropagation uses.

Values are blue and flow right, along the arrows; gradients are orange and flow back, multiplied by
the local derivative that stands on each edge.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import graphviz
from graphviz.backend import dot_command, execute

from microrelu.engine import Constant, Earlier, Value, topological_order
from microrelu.steps.holds import at_kink, changed_nodes, recompute
from microrelu.text import (
    LONGEST,
    is_drawn_as_name,
    layer_name,
    layer_of,
    shortened,
    split_label,
    text_width,
)
from microrelu.writing.names import Names, node_names
from microrelu.writing.numbers import number
from microrelu.writing.writer import Writer

LARGEST = 300  # nodes that one picture holds readably
LONGEST_TIP = 1500  # characters of a tooltip: `dot` reads no text of more than 16,384 bytes
LONGEST_LAYOUT = 4.0  # seconds that a tidy layout may take
TANGLED = 60  # nodes; with no more of them there is nothing that could take so long

# Okabe and Ito's blue and vermillion, told apart by colour-blind readers too; the second one is
# darkened, and the greys chosen, so that small text keeps a contrast of 4.5 to 1.
VALUE, GRADIENT, INK, GREY, LINE = "#0072B2", "#B34700", "#222222", "#6B6B6B", "#4D4D4D"
FAINT = "#9A9A9A"
LEAF_FILL, NODE_FILL, ROOT_FILL, LAYER_FILL = "#E8F2F9", "#FFFFFF", "#FDF1E7", "#F4F4F1"

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
APART = 14  # points between two nodes that a quick layout places
CHANGED = "where operands have changed, what was computed of them no longer holds"
EARLIER = "the gradients are from before the values were computed anew"
EDGES = {"derivative": "local derivatives", "contribution": "contributions to the gradient"}


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A graphviz.Digraph that an installed `dot` renders, or else the graphviz-pure wheel.

    The wheel makes svg and png. Its png knows Latin, Greek and mathematical letters; for others,
    Chinese ones say, take the svg, or install Graphviz itself.
    """

    def _run(self, engine: str, output: str, quiet: bool = False, **options: Any) -> bytes:
        """What the layout program makes of the source; `dot_command` writes its command line."""
        command = dot_command.command(engine, output, **options)
        command[0] = dot = shutil.which("dot") or _wheel()
        if output in ("png", "jpg", "jpeg") and len(self.body) < LARGEST:
            command.append("-Gdpi=192")  # sharp on a projector; more pixels take time
        guesses = "graphviz-pure" in os.path.basename(dot)  # the widths of letters, and says so
        source = self.source.encode(self.encoding)
        try:
            done = self._laid_out(
                command, input=source, capture_output=True, quiet=quiet or guesses
            )
        except execute.CalledProcessError as error:
            if b"not recognized" not in error.stderr:
                raise
            raise ValueError(
                f"The graphviz-pure wheel makes svg and png, not {output}: for {output} install "
                "Graphviz itself, from https://graphviz.org/download."
            ) from None
        except (OSError, execute.ExecutableNotFound) as error:  # a browser starts no programs
            raise _not_found() from error
        return bytes(done.stdout)

    def places(
        self, order: Sequence[Value], sizes: Mapping[Value, tuple[float, float]]
    ) -> dict[Value, dict[str, str]]:
        """The attribute that says where each node stands if a tidy layout takes too long."""
        self.graph_attr["inputscale"] = "72"  # points
        return {node: {"pos": f"{x:.0f},{y:.0f}"} for node, (x, y) in _places(order, sizes).items()}

    def _laid_out(self, command: list[str], **options: Any) -> Any:
        """The program's work; where tidiness takes too long, nodes stand at their `places`."""
        if "inputscale" not in self.graph_attr:
            return execute.run_check(command, **options)
        try:
            return execute.run_check(command, timeout=LONGEST_LAYOUT, **options)
        except subprocess.TimeoutExpired:
            quick = ["-Kneato", "-n2", "-Gsplines=line", "-Goutputorder=edgesfirst"]
            return execute.run_check([command[0], *quick, *command[2:]], **options)

    # The three places where the graphviz package reaches for `dot`; the rest of it stays as it is.

    def _pipe_lines(self, engine: str, output: str, lines: Any, **options: Any) -> bytes:
        del options["input_encoding"]
        return self._run(engine, output, **options)

    def _pipe_lines_string(self, engine: str, output: str, lines: Any, **options: Any) -> str:
        encoding: str = options.pop("encoding")
        return self._run(engine, output, **options).decode(encoding)

    def _render(
        self,
        engine: str,
        output: str,
        filepath: str | os.PathLike[str],
        *,
        outfile: str | os.PathLike[str] | None = None,
        raise_if_result_exists: bool = False,
        overwrite_filepath: bool = False,
        **options: Any,
    ) -> str:
        target = os.fspath(outfile or f"{os.fspath(filepath)}.{output}")
        drawn = self._run(engine, output, **options)
        with open(target, "xb" if raise_if_result_exists else "wb") as file:
            file.write(drawn)
        return target


def _wheel() -> str:
    """The path of the wheel's executable, which need not be on PATH."""
    if found := shutil.which("graphviz-pure"):
        return found
    from importlib import metadata  # which takes longer to import than all of this file

    try:
        files = metadata.files("graphviz-pure") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == "graphviz-pure":
            return os.path.realpath(file.locate())
    raise _not_found()


def _not_found() -> Exception:
    error = graphviz.ExecutableNotFound(["dot"])
    error.args = (
        "A picture needs a program that lays it out, and none was found: write "
        "`pip install graphviz-pure`, or install Graphviz itself from "
        "https://graphviz.org/download. Its DOT text is there without: draw(root).source.",
    )
    return error  # type: ignore[no-any-return]


def draw(
    root: Value,
    *,
    edges: str = "derivative",
    collapse: str | int | None = None,
    format: str = "svg",  # noqa: A002
) -> Picture:
    """The graph below the root, parents left, as a graphviz.Digraph: it shows itself in a notebook.

    Each node shows its name, its operation, its value and its gradient; each edge its local
    derivative. An edge through which a closed ReLU lets nothing back is dashed, with a bar. A node
    is dashed whose operands were changed after it was computed, as an optimiser changes weights;
    the caption says what to do.

    Args:
        root: The node whose graph is drawn.
        edges: "derivative", or "contribution": what each edge added to its parent's gradient.
        collapse: "layers" for one box a layer; a number for the nodes at most so many edges from
            the root; False for all nodes. By default all up to 300, and else collapsed, with a
            warning.
        format: What `render` and `pipe` make unless told: "svg", "png"; with Graphviz, "pdf" …

    Raises:
        TypeError: the root is not a Value.
        ValueError: edges or collapse is none of the above, or no label names a layer.

    >>> picture = draw(Value(3.0, "x").relu(), format="png")
    >>> b"PNG" in picture.pipe()  # the bytes; picture.render("relu") writes relu.png
    True
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"draw needs the Value at the root of a graph, not {type(root).__name__}: "
            "draw(cost), or draw(total(values)) for many."
        )
    if edges not in EDGES:
        raise ValueError(f"edges is 'derivative' or 'contribution', not {edges!r}.")
    order = topological_order(root)
    if collapse is None and len(order) > LARGEST:
        collapse = _collapsed(order)
    picture = Picture(format=format, **STYLE)
    names, changed = node_names(root), set(changed_nodes(order))
    if collapse == "layers":
        caption = _draw_layers(picture, order, changed)
    elif collapse is None or collapse is False:
        caption = _draw_nodes(picture, names, changed, order, edges)
    elif type(collapse) is int and collapse > 0:
        caption = _draw_nodes(picture, names, changed, _nearest(root, collapse), edges)
    else:
        raise ValueError(f"collapse is 'layers', False or a number from 1 on, not {collapse!r}.")
    if changed:
        caption += f"\\n{CHANGED}: {_plain(recompute(names))} computes it again"
    if any(type(node.grad) is Earlier for node in order):
        caption += f"\\n{EARLIER}"
    if len(order) > 1:
        picture.attr(label=caption)
    return picture


draw_dot = draw  # micrograd's name


def _collapsed(order: list[Value]) -> str | int:
    """How to draw a graph that is too large, said aloud."""
    layered = any(layer_of(node.label) is not None for node in order)
    kind = "one box a layer" if layered else "only the nodes next to the root"
    warnings.warn(
        f"A picture of {len(order):,} nodes would not be readable, so this one shows {kind}. "
        "Choose draw(root, collapse='layers'), a depth such as collapse=3, or collapse=False "
        "for every node.",
        stacklevel=3,
    )
    return "layers" if layered else 4


# One node, one box


def _draw_nodes(
    picture: Picture,
    names: Names,
    changed: Collection[Value],
    shown: Iterable[Value],
    edges: str,
) -> str:
    """Draw the nodes shown and the edges between them; returns the caption."""
    order, shown = [*names], set(shown)
    ids = {node: f"n{index}" for index, node in enumerate(order) if node in shown}
    sizes = dict.fromkeys(ids, (130.0, 80.0))
    places = picture.places([*ids], sizes) if len(ids) > TANGLED else {}
    frames: dict[int, Picture] = {}
    for node, id_ in ids.items():
        layer, place = layer_of(node.label), picture
        if layer == 0 or (layer and node.parents):  # weights stay before the units that they make
            place = frames.setdefault(layer, _frame(layer))
        attributes = _node(node, names, is_root=node is order[-1], has_changed=node in changed)
        place.node(id_, id=id_, **attributes, **places.get(node, {}))
    for frame in frames.values():
        picture.subgraph(frame)
    for node, id_ in ids.items():
        for index, parent in enumerate(node.parents):
            if parent in ids:
                attributes = _edge(node, index, names, edges, has_changed=node in changed)
                picture.edge(ids[parent], id_, id=f"e{id_[1:]}_{index}", **attributes)
    fan = max(len(node.parents) for node in ids)
    picture.attr(ranksep=f"{min(0.4 + 0.05 * fan, 2):g}")
    caption = f"on the edges: {EDGES[edges]}"
    if len(ids) < len(order):
        caption += f"; {len(ids):,} of {len(order):,} nodes"
        _draw_rest(picture, ids, len(order) - len(ids))
    return caption


def _draw_rest(picture: Picture, ids: Mapping[Value, str], count: int) -> None:
    """One stub for all nodes that are not shown, before those that were made of them."""
    label = f"… {count:,} node{'s' if count > 1 else ''} more"
    look = {"style": "rounded,dashed", "color": GREY, "fontcolor": GREY, "pos": "0,150"}
    picture.node("rest", label, id="rest", **look)
    for node, id_ in ids.items():
        if not all(parent in ids for parent in node.parents):
            picture.edge("rest", id_, color=FAINT)


def columns(order: Sequence[Value]) -> dict[Value, int]:
    """How many columns before the last node each stands: just before what it feeds."""
    found = dict.fromkeys(order, 0)
    for node in reversed(order):
        for parent in node.parents:
            if parent in found:
                found[parent] = min(found[parent], found[node] - 1)
    return found


def _places(
    order: Sequence[Value], sizes: Mapping[Value, tuple[float, float]]
) -> dict[Value, tuple[float, float]]:
    """A layout that takes no time: columns, and each node beside what it feeds."""
    feeds, members = defaultdict(list), defaultdict(list)
    for node, column in columns(order).items():
        members[column].append(node)
        for parent in node.parents:
            feeds[parent].append(node)
    found: dict[Value, tuple[float, float]] = {}
    right = 0.0
    for column in sorted(members, reverse=True):
        nodes = members[column]
        nodes.sort(key=lambda node: sum(found[each][1] / len(feeds[node]) for each in feeds[node]))
        width = max(sizes[node][0] for node in nodes)
        y = -sum(sizes[node][1] + APART for node in nodes) / 2
        for node in nodes:
            found[node] = right - width / 2, y + (sizes[node][1] + APART) / 2
            y += sizes[node][1] + APART
        right -= width + 5 * APART
    return found


def _nearest(root: Value, depth: int) -> set[Value]:
    """The nodes at most so many edges from the root, and no more than a picture holds."""
    level, shown = [root], {root}
    for _ in range(depth):
        parents = dict.fromkeys(parent for node in level for parent in node.parents)
        level = [parent for parent in parents if parent not in shown][: LARGEST - len(shown)]
        shown.update(level)
        if not level:
            break
    return shown


def _frame(layer: int) -> Picture:
    """The background of a layer, as the subgraph that it is in DOT."""
    look = {"style": "rounded,filled", "color": LAYER_FILL, "fontsize": "11"}
    attributes = {"label": layer_name(layer), "id": f"layer{layer}", **look}
    return Picture(name=f"cluster_{layer}", graph_attr=attributes)


def _node(node: Value, names: Names, *, is_root: bool, has_changed: bool) -> dict[str, str]:
    """The attributes of a node."""
    if isinstance(node, Constant):
        return _constant(node, names[node] if node.label else "")
    operation, swept, kink = node.operation, type(node.grad) is not int, at_kink(node)
    gradient = _text(number(node.grad), GRADIENT, 12, "B") if swept else _text("not yet", GREY, 10)
    rows = [("value", _text(number(node.data), VALUE, 12, "B")), ("grad", gradient)]
    if kink:
        slopes = ", ".join(map(number, node.local_derivatives))
        rows.append(("at kink", _text(f"∂ = {slopes}", INK, 10)))
    if has_changed:
        rows.append(("changed", _text("operands", INK, 10)))
    kind = "root" if is_root else "operation" if operation else "leaf"
    kind += " kink" * kink + " changed" * has_changed
    made = f" ({operation.name})" if operation else ""
    back = repr(node.grad) if swept else "not yet back-propagated"
    since = ", of operands that have changed since" if has_changed else ""
    symbol = operation.symbol if operation else ""
    return {
        "label": _box(_name(names[node], INK if node.label else GREY), symbol, rows),
        "class": kind,
        "tooltip": _plain(f"{names[node]}{made}: value {node.data!r}{since}, gradient {back}"),
        "fillcolor": ROOT_FILL if is_root else NODE_FILL if operation else LEAF_FILL,
        **({"penwidth": "2"} if is_root else {}),
        **({"style": "rounded,filled,dashed"} if has_changed else {}),
    }


def _constant(node: Value, name: str) -> dict[str, str]:
    written = _text(number(node.data), GREY, 11)
    if name:
        cells = f"<TD>{_name(name, GREY, 13)}</TD><TD>{_text(' = ', GREY, 11)}{written}</TD>"
        written = f"{TABLE}<TR>{cells}</TR></TABLE>"
    return {
        "label": f"<{written}>",
        "class": "constant",
        "shape": "plain",
        "style": "solid",
        "tooltip": _plain(f"{name} constant {node.data!r}".strip()),
    }


def _edge(
    node: Value, index: int, names: Names, edges: str, *, has_changed: bool
) -> dict[str, str]:
    """The attributes of the edge from that parent of the node."""
    parent, derivative = node.parents[index], node.local_derivatives[index]
    enters = (layer_of(parent.label) or 0) < (layer_of(node.label) or 0)
    room = {"minlen": "2"} if enters else {}  # for the column of the layer's weights
    if isinstance(parent, Constant):
        return {"class": "constant", "color": FAINT, **room}
    amount = derivative if edges == "derivative" else node.grad * derivative
    swept = edges == "derivative" or type(node.grad) is float
    label = _text(number(amount), GRADIENT, 11) if swept else _text("not yet", GREY, 9)
    symbol = Writer(names).local(node, index)
    left = "as recorded:" if has_changed or symbol is None else f"{symbol.text} ="
    tip = _plain(f"{left} {derivative!r}")
    look = {"tooltip": tip, "labeltooltip": tip, **room}
    if not is_blocked(node, index):
        return {"label": _beside(label), **look}
    bar = {"color": FAINT, "style": "dashed", "dir": "both", "arrowtail": "tee"}
    label += _text(" blocked", GRADIENT, 9)
    return {"label": _beside(label), "class": "blocked", **bar, **look}


def is_blocked(node: Value, index: int) -> bool:
    """Does the node's operation, one with a kink such as ReLU, let nothing back to that parent?"""
    operation = node.operation
    return operation is not None and operation.has_kink and node.local_derivatives[index] == 0


# One layer, one box


def _draw_layers(picture: Picture, order: Sequence[Value], changed: Collection[Value]) -> str:
    """Draw a box for each layer, and for what is before and behind it; returns the caption."""
    groups = _groups(order)
    members: dict[str, list[Value]] = {}
    for node in order:
        if not isinstance(node, Constant):
            members.setdefault(groups[node], []).append(node)
    ids = {group: f"g{index}" for index, group in enumerate(members)}
    for group, nodes in members.items():
        is_root = order[-1] in nodes
        look = {"penwidth": "2", "fillcolor": ROOT_FILL} if is_root else {}
        label = _box(_text(group, INK, 13), "", _summary(nodes, changed))
        picture.node(ids[group], label, id=ids[group], **{"class": "layer"}, **look)
    counts = Counter(
        (groups[parent], groups[node])
        for node in order
        for parent in node.parents
        if groups[parent] != groups[node] and not isinstance(parent, Constant)
    )
    for (tail, head), count in counts.items():
        picture.edge(ids[tail], ids[head], f"{count:,}", fontcolor=GREY)
    return f"{len(order):,} nodes, a box for each layer; on the edges: how many"


def _groups(order: Sequence[Value]) -> dict[Value, str]:
    """The box of each node: its layer, by its label or by its place between nodes with labels.

    Raises:
        ValueError: no label names a layer.
    """
    own = {node: layer_of(node.label) for node in order if node.label}
    if all(layer is None for layer in own.values()):
        raise ValueError(
            "No label names a layer, as z(1)_2, r(1)_2 and W(0)_1,2 do, so there are no layers "
            "to draw: draw(root, collapse=3) shows the nodes next to the root."
        )
    behind: dict[Value, int] = {}  # the last layer that goes into a node
    for node in order:
        layer = own.get(node)
        if layer is None:
            layer = max((behind[parent] for parent in node.parents), default=-1)
        behind[node] = layer
    ahead: dict[Value, int] = {}  # the first layer that a node goes into
    groups: dict[Value, str] = {}
    for node in reversed(order):
        layer = own.get(node)
        if layer is None and node.parents and ahead.get(node) == behind[node]:
            layer = behind[node]
        if layer is not None:
            groups[node], ahead[node] = layer_name(layer), layer
        elif node.parents:
            last = behind[node]
            groups[node] = f"after {layer_name(last)}" if last >= 0 else "before the layers"
        else:
            groups[node] = "other leaves"
        if node in ahead:
            for parent in node.parents:
                ahead[parent] = min(ahead[node], ahead.get(parent, ahead[node]))
    return groups


def _summary(nodes: Sequence[Value], changed: Collection[Value]) -> list[tuple[str, str]]:
    """What the box of many nodes says."""
    leaves = sum(not node.parents for node in nodes)
    counts = [("leaves", leaves), ("operations", len(nodes) - leaves)]
    rows = [(name, _text(f"{count:,}", VALUE, 12, "B")) for name, count in counts if count]
    gates = [node for node in nodes if node.operation and node.operation.has_kink]
    if gates:
        closed = sum(any(is_blocked(node, i) for i in range(len(node.parents))) for node in gates)
        rows.append(("closed", _text(f"{closed:,} of {len(gates):,}", INK, 12, "B")))
    if moved := sum(node in changed for node in nodes):
        rows.append(("changed operands", _text(f"{moved:,} of {len(nodes):,}", INK, 12, "B")))
    swept = [abs(node.grad) for node in nodes if type(node.grad) is not int]
    size = _text(number(sum(swept) / len(swept)), GRADIENT, 12, "B") if swept else ""
    return [*rows, ("mean |grad|", size or _text("not yet", GREY, 10))]


# Text, in the HTML-like labels of DOT

TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
# What XML cannot hold: control characters are drawn as their pictures, ␀ and so on.
_VISIBLE = {code: chr(0x2400 + code) for code in range(32) if code != ord("\n")}
_VISIBLE |= dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
_SUBSTITUTED = re.compile(r"(?<=\\)(?=[A-Za-z])")  # DOT puts a name for \N, \G …: part the two
GAP = '<TR><TD COLSPAN="2" HEIGHT="3" CELLPADDING="0"></TD></TR>'  # below the line


def _box(name: str, symbol: str, rows: Sequence[tuple[str, str]]) -> str:
    """A name with its operation, a line, and rows of a caption and a number."""
    head = f'<TD ALIGN="LEFT">{name}</TD>'
    head += f'<TD ALIGN="RIGHT">{_text(symbol, INK, 12)}</TD>' if symbol else "<TD></TD>"
    body = "".join(
        f'<TR><TD ALIGN="LEFT">{_text(caption, GREY, 9)}</TD><TD ALIGN="LEFT">{text}</TD></TR>'
        for caption, text in rows
    )
    table = TABLE.replace('CELLPADDING="0"', f'CELLPADDING="2" COLOR="{FAINT}"')
    return f"<{table}<TR>{head}</TR><HR/>{GAP}{body}</TABLE>>"


def _beside(text: str) -> str:
    """An edge's label, with room between it and the line."""
    return f'<{TABLE}<TR><TD CELLPADDING="2">{text}</TD></TR></TABLE>>'


def _name(label: str, color: str, size: int = 16) -> str:
    """A label: a name in italics, its superscript over its subscript; other text as it is."""
    base, above, below, mark = split_label(label)
    if (wide := text_width(label[:LONGEST])) > len(label[:LONGEST]):
        room = (size - 4) * wide // 2  # more than the wheel's guess
        text = _text(shortened(label), color, size - 4)
        cell = f'<TD ALIGN="LEFT" WIDTH="{room}">{text}</TD>'
        return f"{TABLE}<TR>{cell}</TR></TABLE>"
    if not is_drawn_as_name(label):
        return _text(shortened(label), color, size - 4)
    name = _text(base + ("" if above or below else mark), color, size, "I", "Times")
    if not above and not below:
        return name
    rows = "".join(
        f'<TR><TD ALIGN="LEFT" HEIGHT="{size * 3 // 4}">'
        f"{_text(each, color, size * 5 // 8, '', 'Times')}</TD></TR>"
        for each in ((f"({above})" if above else "") + mark, below)
    )
    return (
        f'{TABLE}<TR><TD ALIGN="RIGHT">{name}</TD><TD ALIGN="LEFT">{TABLE}{rows}</TABLE></TD></TR>'
        "</TABLE>"
    )


def _text(text: str, color: str, size: int, style: str = "", face: str = "Helvetica") -> str:
    """Literal text, if need be shortened: the tooltip has all of it."""
    text = shortened(text)
    font = f'<FONT FACE="{face}" COLOR="{color}" POINT-SIZE="{size}">'
    written = ""
    for piece in _SUBSTITUTED.split(text.translate(_VISIBLE)) if text else ():
        escaped = html.escape(piece).replace("\n", "<BR/>").replace(" ", "&#160;")
        written += font + (f"<{style}>{escaped}</{style}>" if style else escaped) + "</FONT>"
    return written


def _plain(text: str) -> str:
    """Literal text for a tooltip, in which DOT knows backslashes and HTML's entities."""
    if len(text) > LONGEST_TIP:
        text = f"{text[: LONGEST_TIP - 200]} … {text[-200:]}"
    text = html.escape(_SUBSTITUTED.sub("\u2060", text.translate(_VISIBLE)), quote=False)
    return text.replace("\\", "\\\\").replace("\n", "&#10;")
