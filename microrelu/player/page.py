"""play: the sweep one node at a time, as a page that needs no network and no server.

Python lays the graph out and writes the numbers down as they were recorded; the script steps
through them and computes them anew when a leaf is changed.
"""

from __future__ import annotations

import base64
import html
import json
import math
import os
import re
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from xml.etree import ElementTree

from microrelu import operations
from microrelu.engine import Constant, Operation, Value, topological_order
from microrelu.picture.drawing import draw
from microrelu.picture.renderer import Picture, columns
from microrelu.steps.holds import at_kink, changed_nodes, recompute
from microrelu.steps.reasons import reason
from microrelu.steps.sweep import backward_steps, grads_kept
from microrelu.text import (
    is_drawn_as_name,
    layer_name,
    layer_of,
    shortened,
    split_label,
    text_width,
)
from microrelu.writing.formula import fold, written
from microrelu.writing.names import Names, node_names
from microrelu.writing.notation import MATHML, TEXT
from microrelu.writing.words import say
from microrelu.writing.writer import LONGEST_FORMULA

LARGEST = 2000  # nodes; beyond it the page is no longer fluent, nor is there anything to see
CONTENT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
# In the order in which they stand in the page, where they share one scope.
SCRIPTS = ("operations.js", "mathml.js", "graph.js", "panel.js", "picture.js", "controls.js")
SENTENCES = (  # those that the page fills in itself, as the numbers change
    *("start", "computed", "no value", "seed", "leaf", "open", "closed", "kink"),
    *("too many paths", "not live", "locked", "play", "pause", "forward", "backward"),
    *("value", "gradient", "at kink", "recorded", "so far"),
    *("changed", "no longer holds", "changed operands", "feeds changed"),
)
LABELS = (  # those that stand in the page from the start
    *("graph", "first", "previous", "play", "next", "last", "position", "speed", "reset"),
    *("leaf name", "value", "gradient", "local derivative", "with respect to"),
    *("zoom in", "zoom out", "needs scripts"),
)


class Player:
    """A page that plays the forward and the backward pass of one graph, as it was when made.

    Attributes:
        html: The whole page, in one string: no file and no address is asked for anything else.
    """

    def __init__(self, root: Value, lang: str = "en") -> None:
        names = node_names(root)
        drawing, width, height = _drawing([*names], names)
        page = _page(names, lang, drawing, (width, height))
        self.html = page.encode(errors="replace").decode()  # half a surrogate pair is no text
        self._height = _frame_height(width, height)
        self._summary = say("as text", lang)
        self._picture, self._text = _static(root, lang)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file, which opens in any browser.

        Raises:
            OSError: the file cannot be written.
        """
        Path(path).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        """The page in a frame of its own, and what survives where scripts and frames do not."""
        picture = base64.b64encode(self._picture.pipe(format="svg")).decode()
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" sandbox="allow-scripts" '
            f'style="width: 100%; height: {self._height}px; border: 0"></iframe>\n'
            f"<details><summary>{html.escape(self._summary)}</summary>\n"
            f'<img src="data:image/svg+xml;base64,{picture}" alt="" style="max-width: 100%">\n'
            f"<pre>{html.escape(self._text)}</pre></details>"
        )

    def __repr__(self) -> str:
        return f"<Player of {len(self.html):,} characters: .save('backprop.html') writes it>"


def play(root: Value, lang: str = "en") -> Player:
    """The step player of the graph below the root; in a notebook it shows itself.

    First the forward pass, node by node, then the backward pass. Each leaf can be changed in the
    page. The graph's own gradients stay as they are. Where operands were changed after a node was
    computed, as an optimiser does, the page marks the node and states no equation of it.

    Args:
        root: The node that is differentiated.
        lang: The language of the sentences: "en", "id" or "ja". Formulas are the same in all.

    Raises:
        TypeError: the root is not a Value.
        ValueError: the graph has more than 2,000 nodes, or there is no such language.
        graphviz.ExecutableNotFound: nothing is installed that lays a graph out.

    >>> player = play(Value(3.0, "x").relu())  # player.save("relu.html") writes it
    >>> player.html[:15]
    '<!DOCTYPE html>'
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"play needs the Value at the root of a graph, not {type(root).__name__}: play(cost)."
        )
    if (count := len(topological_order(root))) > LARGEST:
        raise ValueError(
            f"play steps through up to {LARGEST:,} nodes, and this graph has {count:,}: play a "
            "smaller one that is built alike, or see it as a whole with "
            "draw(root, collapse='layers')."
        )
    return Player(root, lang)


# What the page is made of


def _page(names: Names, lang: str, drawing: str, size: tuple[float, float]) -> str:
    data = _data(names) | {
        "size": size,
        "words": {key: _sentence(key, lang) for key in SENTENCES},
    }
    data |= {"why": {row["name"]: _sentence(reason(row["name"]), lang) for row in data["rows"]}}
    # Inside <script> only "<" can end the element or open a comment; in JSON it may be written so.
    encoded = json.dumps(_finite(data), ensure_ascii=False, separators=(",", ":"))
    title = f"{TEXT.name([*names.values()][-1]).text}: {say('step by step', lang)}"
    labels = {key.replace(" ", "_"): html.escape(say(key, lang)) for key in LABELS}
    return Template(_file("page.html")).substitute(
        labels,
        lang=lang,
        policy=CONTENT_POLICY,
        title=html.escape(title),
        style=_file("page.css"),
        script="\n".join(_file(f"script/{name}") for name in SCRIPTS),
        data=encoded.replace("<", "\\u003c"),
        drawing=drawing,
        size=f"{size[0]:g} {size[1]:g}",
    )


def _file(name: str) -> str:
    return resources.files("microrelu.player").joinpath(name).read_text(encoding="utf-8")


def _sentence(key: str, lang: str) -> str:
    """The sentence with its gaps still open: `{node} is a leaf`."""
    gaps = ("node", "symbol", "slope", "count", "root", "leaf", "operands", "number", "recompute")
    return say(key, lang, **{gap: "{" + gap + "}" for gap in gaps})


def _finite(data: Any) -> Any:
    """The data with NaN and the infinities, which JSON lacks, as the strings that mean them."""
    if isinstance(data, float):
        return data if math.isfinite(data) else str(data).replace("inf", "Infinity")
    if isinstance(data, dict):
        return {key: _finite(each) for key, each in data.items()}
    return [_finite(each) for each in data] if isinstance(data, (list, tuple)) else data


def _data(names: Names) -> dict[str, Any]:
    """The graph as it was recorded: one entry a node, one row for each operation and arity."""
    index = {node: i for i, node in enumerate(names)}
    changed = set(changed_nodes([*names]))
    rows: dict[tuple[Operation, int], dict[str, Any]] = {}
    places: dict[tuple[Operation, int], int] = {}
    nodes = []
    for node in names:
        kind = -2 if isinstance(node, Constant) else -1
        if node.operation is not None:
            key = node.operation, len(node.parents)
            if key not in rows:
                places[key], rows[key] = len(rows), _row(node, node.operation)
            kind = places[key]
        entry: list[Any] = [kind, node.data, TEXT.name(names[node]).text]
        entry.append(list(MATHML.name(names[node])[:2]) if names[node] else 0)
        if node.parents:
            parents = [index[parent] for parent in node.parents]
            entry += [parents, node.local_derivatives, int(at_kink(node))]
            indirect = names.indirect(node)
            entry.append([k for k, parent in enumerate(node.parents) if parent in indirect])
            entry.append(int(node in changed))
        nodes.append(entry)
    return {
        "atZero": operations.at_zero(),
        "recompute": recompute(names),
        "rows": list(rows.values()),
        "nodes": nodes,
    }


def _row(node: Value, operation: Operation) -> dict[str, Any]:
    """The node's operation as the page needs it: its formulas as trees, and whether it is live.

    Only the package's own operations are: the page cannot run a Python function.
    """
    row: dict[str, Any] = {
        "name": operation.name,
        "symbol": operation.symbol,
        "shown": list(MATHML.name(operation.symbol)[:2]),
        "live": getattr(operations, operation.name, None) is operation,
        "hasKink": operation.has_kink,
    }
    if 0 < len(node.parents) <= LONGEST_FORMULA:
        operands, formula, derivatives = written(node)
        row["formula"] = _tree(formula, operands)
        row["derivatives"] = [_tree(each, operands) for each in derivatives]
    return row


def _tree(formula: str, operands: Sequence[str]) -> Any:
    """A formula as nested lists: an operand is its index, anything else begins with its kind."""

    def named(name: str) -> Any:
        known = name in operands
        return operands.index(name) if known else ["name", *MATHML.name(name)[:2]]

    def call(function: str, given: list[Any]) -> Any:
        return ["call", function, MATHML.functions.get(function, function), *given]

    return fold(
        formula,
        number=lambda value: ["number", float(value)],
        name=named,
        negate=lambda operand: ["negate", operand],
        binary=lambda sign, left, right: [sign, left, right],
        call=call,
    )


# The picture: laid out by Graphviz, with boxes that have room for the numbers that may come

LEAF_HEIGHT, NODE_HEIGHT, NUMBER = 24, 44, 50  # NUMBER is the width of one, as −0.1234


def _drawing(order: Sequence[Value], names: Mapping[Value, str]) -> tuple[str, float, float]:
    """The graph as SVG with an id on each node and edge, and its width and height in points."""
    sizes = {node: _size(node, names[node]) for node in order}
    svg = ElementTree.fromstring(_layout(order, sizes).pipe(format="svg"))
    width, height = map(float, svg.attrib["viewBox"].split()[2:])
    graph = svg[0]
    shift = re.findall(r"translate\((\S+)[ ,]+(\S+)\)", graph.attrib["transform"])[0]
    x0, y0 = map(float, shift)
    groups = {each.get("id", ""): each for each in graph.iter() if each.tag.endswith("}g")}
    parts = [_svg_layer(each, x0, y0) for id_, each in groups.items() if id_.startswith("layer")]
    for i, node in enumerate(order):
        for k, parent in enumerate(node.parents):
            group = groups[f"e{i}_{k}"]
            parts.append(_svg_edge(group, f"e{i}_{k}", isinstance(parent, Constant), x0, y0))
    for i, node in enumerate(order):
        x, y = _center(groups[f"n{i}"], x0, y0)
        box = x - sizes[node][0] / 2, y - sizes[node][1] / 2, *sizes[node]
        parts.append(_svg_node(node, f"n{i}", names[node], box, is_root=node is order[-1]))
    return "\n".join(parts), width, height


def _size(node: Value, name: str) -> tuple[float, float]:
    """The width and height of a node's box."""
    if isinstance(node, Constant) and not name:
        return max(14.0, 6.5 * len(TEXT.number(node.data).text)), 16
    if node.operation is None:
        return _name_width(name) + 2 * NUMBER + 28, LEAF_HEIGHT
    header = _name_width(name) + 7.2 * text_width(shortened(node.operation.symbol)) + 28
    return max(header, 2 * NUMBER + 24), NODE_HEIGHT


def _name_width(name: str) -> float:
    if not is_drawn_as_name(name):
        return 6.6 * text_width(shortened(name))
    base, above, below, mark = split_label(name)
    scripts = max((len(above) + 2 if above else 0) + len(mark), len(below))
    return 9 * text_width(base) + 5.5 * scripts


def _layout(order: Sequence[Value], sizes: Mapping[Value, tuple[float, float]]) -> Picture:
    """Empty boxes of the right size; every edge has room for a number."""
    picture = Picture(format="svg")
    depth = -min(columns(order).values())  # long chains are drawn closer
    ranksep = "1.6" if depth < 4 else "1.15" if depth < 7 else "0.5"
    picture.attr(rankdir="LR", nodesep="0.14", ranksep=ranksep, pad="0.15")
    picture.attr("node", shape="box", label="", fixedsize="true")
    picture.attr("edge", fontsize="11", arrowsize="0.7")
    places = picture.places(order, sizes)
    layers: dict[int | None, Picture] = {None: picture}
    for i, node in enumerate(order):
        layer = layer_of(node.label)
        if layer not in layers:
            layers[layer] = Picture(name=f"cluster_{layer}")
            layers[layer].attr(id=f"layer{layer}", label=layer_name(layer or 0), fontsize="11")
        width, height = (f"{each / 72:.4f}" for each in sizes[node])
        layers[layer].node(f"n{i}", id=f"n{i}", width=width, height=height, **places[node])
    for layer, place in layers.items():
        if layer is not None:
            picture.subgraph(place)
    index = {node: i for i, node in enumerate(order)}
    for i, node in enumerate(order):
        for k, parent in enumerate(node.parents):
            label = "" if isinstance(parent, Constant) else "-0.1234"
            # The leaves of a wide layer have a column of their own, behind what enters the layer.
            enters = len(node.parents) > 3 and layer_of(parent.label) != layer_of(node.label)
            length = "2" if enters else "1"
            picture.edge(f"n{index[parent]}", f"n{i}", label, id=f"e{i}_{k}", minlen=length)
    return picture


def _points(group: ElementTree.Element, x0: float, y0: float) -> list[tuple[float, float]]:
    """The corners of the first shape in the group."""
    for each in group.iter():
        written = each.get("points") or each.get("d")
        if written:
            numbers = list(map(float, re.findall(r"-?[\d.]+", written)))
            return [(x + x0, y + y0) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    raise ValueError(f"Graphviz drew no shape for {group.get('id')}.")


def _center(group: ElementTree.Element, x0: float, y0: float) -> tuple[float, float]:
    xs, ys = zip(*_points(group, x0, y0), strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _svg_layer(group: ElementTree.Element, x0: float, y0: float) -> str:
    xs, ys = zip(*_points(group, x0, y0), strict=True)
    x, y, width, height = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    title = html.escape("".join(each.text or "" for each in group.iter() if "text" in each.tag))
    return (
        f'<g class="layer"><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="8"/><text x="{x + 8:.1f}" y="{y + 15:.1f}">{title}</text></g>'
    )


def _svg_edge(group: ElementTree.Element, id_: str, is_constant: bool, x0: float, y0: float) -> str:
    points = [f"{x:.1f},{y:.1f}" for x, y in _points(group, x0, y0)]
    path = f'<path d="M{points[0]}C{" ".join(points[1:])}"/>'
    if is_constant:
        return f'<g id="{id_}" class="edge constant">{path}</g>'
    text = next(each for each in group.iter() if each.tag.endswith("}text"))
    x, y = float(text.attrib["x"]) + x0, float(text.attrib["y"]) + y0
    return f'<g id="{id_}" class="edge">{path}<text x="{x:.1f}" y="{y:.1f}"/></g>'


def _svg_node(node: Value, id_: str, name: str, box: tuple[float, ...], *, is_root: bool) -> str:
    x, y, width, height = box
    start = f'<g id="{id_}" class="node {{}}" transform="translate({x:.1f},{y:.1f})">'
    if isinstance(node, Constant) and not name:
        written = f'<text class="value" x="{width / 2:.1f}" y="12"/>'
        return f"{start.format('constant')}{written}</g>"
    kind = "leaf" if node.operation is None else "operation"
    kind = "constant named" if isinstance(node, Constant) else kind
    shape = f'<rect width="{width:.1f}" height="{height:.1f}" rx="{12 if kind == "leaf" else 6}"/>'
    right, baseline = width - 8, 16.5 if node.operation is None else 37
    if node.operation is None:
        shape += _svg_name(name, 9)
        value = right - NUMBER - 6
    else:
        symbol = html.escape(_visible(shortened(node.operation.symbol)))
        shape += f'{_svg_name(name, 8)}<text class="symbol" x="{right:.1f}" y="16">{symbol}</text>'
        shape += f'<path d="M0,23.5H{width:.1f}"/>'
        value = 8.0
    numbers = "".join(
        f'<text class="{each}" x="{at:.1f}" y="{baseline}"/>'
        for each, at in (("value", value), ("grad", right))
    )
    return f"{start.format(f'{kind} root' if is_root else kind)}{shape}{numbers}</g>"


def _svg_name(name: str, x: float) -> str:
    """A label: in italics with its superscript over its subscript if it is a name."""
    if not is_drawn_as_name(name):
        return (
            f'<text class="literal" x="{x}" y="16">{html.escape(_visible(shortened(name)))}</text>'
        )
    base, above, below, mark = split_label(name)
    raised = (f"({above})" if above else "") + mark
    scripts = f'<tspan dy="-5">{raised}</tspan>' if raised else ""
    back = f' dx="-{_script_width(raised):.1f}"' if raised else ""
    scripts += f'<tspan{back} dy="{9 if raised else 4}">{below}</tspan>' if below else ""
    return f'<text class="name" x="{x}" y="16.5">{base}{scripts}</text>'


def _script_width(text: str) -> float:
    """The width of a superscript, in which Times has narrow brackets and narrower primes."""
    return 10.5 * sum(
        {"′": 0.2, "″": 0.4}.get(each, 1 / 3 if each in "(),−-+[]" else 1 / 2) for each in text
    )


def _visible(text: str) -> str:
    """The text with a space for each control character, which XML cannot hold."""
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text)


# What is left where scripts and frames are stripped


def _frame_height(width: float, height: float) -> int:
    """A height for the notebook's frame: the picture at the width of a page, and the panel."""
    shown = height * max(0.65, min(1.4, 900 / width))
    return round(min(max(shown, 100), 400) + 470)


def _static(root: Value, lang: str) -> tuple[Picture, str]:
    """The picture after one sweep, and its steps as text; the graph's gradients are put back."""
    with grads_kept(root):
        for node in topological_order(root):
            node.grad = 0
        try:
            text = "\n".join(map(str, backward_steps(root)))
        except ValueError:  # the graph no longer holds
            root.backward()
            text = say("no longer holds", lang, recompute=recompute(node_names(root)))
        with warnings.catch_warnings():  # that a large picture is collapsed goes without saying
            warnings.simplefilter("ignore")
            return draw(root), text
