"""The picture: the graph as SVG, its boxes with room for the numbers that may come.

Graphviz lays out empty boxes, and its places are drawn anew, each node and edge with an id by which
the script finds it. The numbers are those after the sweep, for whom no script runs; it writes them
anew at each step.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping
from xml.etree import ElementTree

from microrelu.engine import Constant, Value
from microrelu.foreign import Adopted
from microrelu.picture.look import GRADIENT
from microrelu.picture.renderer import Picture, columns
from microrelu.player.around import Excerpt, Rest
from microrelu.steps.structure import layers_of
from microrelu.steps.sweep import gradients_in
from microrelu.text import is_drawn_as_name, shortened, split_label, text_width
from microrelu.writing import figures
from microrelu.writing.names import Names
from microrelu.writing.notation import TEXT
from microrelu.writing.words import LANGUAGE, LANGUAGES, layer_name, say

LEAF_HEIGHT, NODE_HEIGHT = 24, 44
NUMBER = 50  # the width of one, as −0.1234; picture.js knows it too

Point = tuple[float, float]


def svg_drawing(names: Names, excerpt: Excerpt | None = None) -> tuple[str, float, float]:
    """The graph as SVG with an id on each node and edge, and its width and height in points.

    Args:
        names: The nodes of the graph.
        excerpt: What it is of a larger one, in which its layers are counted.
    """
    order = [*names]
    sizes = {node: _size(node, name) for node, name in names.items()}
    groups, (x0, y0), (width, height) = laid_out(layout(names, sizes, excerpt=excerpt))
    layers = [group for id_, group in groups.items() if id_.startswith("layer")]
    parts = [_svg_layer(layer, x0, y0) for layer in layers]
    index = {node: i for i, node in enumerate(order)}
    for i, node in enumerate(order):
        for k, parent in enumerate(node.parents):
            if _is_broken_off(names, node, parent):
                x, y = center(groups[f"n{index[parent]}"], x0, y0)
                path = f'<path d="M{x + sizes[parent][0] / 2:.1f},{y:.1f}h18"/>'
                parts.append(f'<g id="e{i}_{k}" class="edge broken">{path}</g>')
                continue
            slope = None if isinstance(parent, Constant) else node.local_derivatives[k]
            parts.append(_svg_edge(groups[f"e{i}_{k}"], f"e{i}_{k}", slope, x0, y0))
    gradients = gradients_in(names)
    for i, node in enumerate(order):
        x, y = center(groups[f"n{i}"], x0, y0)
        box = x - sizes[node][0] / 2, y - sizes[node][1] / 2, *sizes[node]
        parts.append(_svg_node(node, f"n{i}", names, box, gradients[node]))
    return "\n".join(parts), width, height


def laid_out(picture: Picture) -> tuple[dict[str, ElementTree.Element], Point, Point]:
    """What Graphviz drew: its groups by their ids, what to add to their points, and the size."""
    svg = ElementTree.fromstring(picture.pipe(format="svg"))
    width, height = map(float, svg.attrib["viewBox"].split()[2:])
    graph = svg[0]
    x0, y0 = re.findall(r"translate\((\S+)[ ,]+(\S+)\)", graph.attrib["transform"])[0]
    groups = {group.get("id", ""): group for group in graph.iter() if group.tag.endswith("}g")}
    return groups, (float(x0), float(y0)), (width, height)


def _is_broken_off(names: Names, node: Value, parent: Value) -> bool:
    """Does the edge lead through what is not shown, from a node that feeds another one as well?"""
    return isinstance(node.operation, Rest) and names.uses[parent] > 1


def _size(node: Value, name: str) -> Point:
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


def layout(
    names: Names,
    sizes: Mapping[Value, Point],
    labels: Mapping[tuple[Value, int], str] | None = None,
    excerpt: Excerpt | None = None,
) -> Picture:
    """Empty boxes of the right size; every edge has room for a number, or for its label.

    Edges from constants have none.
    """
    order, layer_of = [*names], _layers(names, excerpt)
    picture = Picture(format="svg")
    depth = -min(columns(order).values())  # long chains are drawn closer
    ranksep = "1.6" if depth < 4 else "1.15" if depth < 7 else "0.5"
    picture.attr(rankdir="LR", nodesep="0.14", ranksep=ranksep, pad="0.15")
    picture.attr("node", shape="box", label="", fixedsize="true")
    picture.attr("edge", fontsize="11", arrowsize="0.7")
    places = picture.places(order, sizes)
    layers: dict[int | None, Picture] = {None: picture}
    for i, node in enumerate(order):
        layer = layer_of.get(node)
        if layer not in layers:
            layers[layer] = Picture(name=f"cluster_{layer}")
            layers[layer].attr(id=f"layer{layer}", label=layer_name(layer or 0), fontsize="11")
        width, height = (f"{points / 72:.4f}" for points in sizes[node])
        layers[layer].node(f"n{i}", id=f"n{i}", width=width, height=height, **places[node])
    for layer, place in layers.items():
        if layer is not None:
            picture.subgraph(place)
    index = {node: i for i, node in enumerate(order)}
    for i, node in enumerate(order):
        for k, parent in enumerate(node.parents):
            if _is_broken_off(names, node, parent):
                continue
            room = "" if isinstance(parent, Constant) else "-0.1234"
            if labels is not None:
                room = labels.get((node, k), "")
            # The leaves of a wide layer have a column of their own, behind what enters the layer.
            enters = len(node.parents) > 3 and layer_of.get(parent) != layer_of.get(node)
            length = "2" if enters else "1"
            picture.edge(f"n{index[parent]}", f"n{i}", room, id=f"e{i}_{k}", minlen=length)
    return picture


def _layers(names: Names, excerpt: Excerpt | None) -> dict[Value, int]:
    """The layer of each unit's nodes, weights and bias included, counted in the whole graph."""
    found = {
        node: layer.number
        for layer in layers_of(excerpt.whole if excerpt else names)
        for unit in layer.units
        for node in (unit.z, *unit.between, *unit.weights, unit.bias)
    }
    if excerpt is None:
        return found
    return {copy: found[node] for node, copy in excerpt.copies.items() if node in found}


def points(group: ElementTree.Element, x0: float, y0: float) -> list[Point]:
    """The corners of the first shape in the group."""
    for shape in group.iter():
        written = shape.get("points") or shape.get("d")
        if written:
            numbers = list(map(float, re.findall(r"-?[\d.]+", written)))
            return [(x + x0, y + y0) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
    raise ValueError(f"Graphviz drew no shape for {group.get('id')}.")


def center(group: ElementTree.Element, x0: float, y0: float) -> Point:
    """The middle of what is drawn first in the group."""
    xs, ys = zip(*points(group, x0, y0), strict=True)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _svg_layer(group: ElementTree.Element, x0: float, y0: float) -> str:
    xs, ys = zip(*points(group, x0, y0), strict=True)
    x, y, width, height = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    number = int(group.attrib["id"].removeprefix("layer"))
    title = _said([layer_name(number, name) for name in LANGUAGES])
    return (
        f'<g class="layer"><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="8"/><text x="{x + 8:.1f}" y="{y + 15:.1f}"{title}</text></g>'
    )


def _svg_edge(
    group: ElementTree.Element, id_: str, slope: float | None, x0: float, y0: float
) -> str:
    """An edge with its local derivative; one from a constant has none."""
    corners = [f"{x:.1f},{y:.1f}" for x, y in points(group, x0, y0)]
    path = f'<path d="M{corners[0]}C{" ".join(corners[1:])}"/>'
    if slope is None:
        return f'<g id="{id_}" class="edge constant">{path}</g>'
    text = next(element for element in group.iter() if element.tag.endswith("}text"))
    x, y = float(text.attrib["x"]) + x0, float(text.attrib["y"]) + y0
    return f'<g id="{id_}" class="edge">{path}{_svg_number(slope, x, y)}</g>'


def _svg_number(number: float, x: float, y: float, kind: str = "") -> str:
    """A number, pressed together where it is wider than its place, as picture.js does."""
    text = figures.number(number)
    room = f' textLength="{NUMBER}" lengthAdjust="spacingAndGlyphs"' if len(text) > 7 else ""
    return f'<text{kind} x="{x:.1f}" y="{y:.1f}"{room}>{text}</text>'


def _svg_node(node: Value, id_: str, names: Names, box: tuple[float, ...], gradient: float) -> str:
    name, (x, y, width, height) = names[node], box
    start = f'<g id="{id_}" class="node {{}}" transform="translate({x:.1f},{y:.1f})">'
    if isinstance(node, Constant) and not name:
        written = _svg_number(node.data, width / 2, 12, ' class="value"')
        return f"{start.format('constant')}{written}</g>"
    kind = "leaf" if node.operation is None else "operation"
    kind = "constant named" if isinstance(node, Constant) else kind
    radius, mark, title = 12 if kind == "leaf" else 6, "", ""
    if isinstance(node, Adopted) and node.differs:
        kind += " differs"
        mark = f' style="stroke: {GRADIENT}; stroke-width: 3"'
        title = f"<title{_said(_told(name, node))}</title>"
    shape = f'{title}<rect width="{width:.1f}" height="{height:.1f}" rx="{radius}"{mark}/>'
    right, baseline = width - 8, 16.5 if node.operation is None else 37
    if node.operation is None:
        shape += _svg_name(name, 9)
        value = right - NUMBER - 6
    else:
        if isinstance(node.operation, Rest) and not node.parents:
            shape += f'<path class="rest" d="M-18,{height / 2:.1f}H0"/>'
        symbol = html.escape(visible(shortened(node.operation.symbol)))
        shape += f'{_svg_name(name, 8)}<text class="symbol" x="{right:.1f}" y="16">{symbol}</text>'
        shape += f'<path d="M0,23.5H{width:.1f}"/>'
        value = 8.0
    numbers = _svg_number(node.data, value, baseline, ' class="value"')
    if not isinstance(node, Constant):
        numbers += _svg_number(gradient, right, baseline, ' class="grad"')
    return f"{start.format(f'{kind} root' if node is names.root else kind)}{shape}{numbers}</g>"


def _told(name: str, node: Adopted) -> list[str]:
    """What is wrong with a node of someone else's, in each language."""
    gaps = {"name": name, "value": repr(node.data), "gradient": repr(node.grad)}
    return [
        say("node", each, **gaps) + say("instead of", each, right=repr(node.right))
        for each in LANGUAGES
    ]


def _said(texts: list[str]) -> str:
    """The end of a tag and its text in the language in force; the others for the page's switch."""
    texts = [*map(visible, texts)]
    all_ = html.escape(json.dumps(texts, ensure_ascii=False))
    return f' data-said="{all_}">{html.escape(texts[LANGUAGES.index(LANGUAGE.get())])}'


def _svg_name(name: str, x: float) -> str:
    """A label: in italics with its superscript over its subscript if it is a name."""
    if not is_drawn_as_name(name):
        return (
            f'<text class="literal" x="{x}" y="16">{html.escape(visible(shortened(name)))}</text>'
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
        {"′": 0.2, "″": 0.4}.get(character, 1 / 3 if character in "(),−-+[]" else 1 / 2)
        for character in text
    )


def visible(text: str) -> str:
    """The text with a space for each control character, which XML cannot hold."""
    return "".join(
        " " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text
    )
