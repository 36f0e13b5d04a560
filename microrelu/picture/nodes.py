"""One node, one box: its name and operation, its value and gradient; its edges' derivatives."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from microrelu.engine import Constant, Value
from microrelu.foreign import Adopted
from microrelu.picture.look import (
    CLOSED_FILL,
    FAINT,
    GRADIENT,
    GREY,
    INK,
    LARGEST,
    LAYER_FILL,
    LEAF_FILL,
    NODE_FILL,
    ROOT_FILL,
    TABLE,
    VALUE,
    beside,
    box,
    roomy,
    styled,
    styled_name,
    tooltip,
)
from microrelu.picture.renderer import Picture
from microrelu.steps.holds import at_kink
from microrelu.steps.reasons import is_blocked
from microrelu.steps.structure import dead_units, layers_of
from microrelu.text import layer_of
from microrelu.writing.figures import number
from microrelu.writing.names import Names
from microrelu.writing.words import layer_name, say
from microrelu.writing.writer import Writer

TANGLED = 60  # nodes; with no more of them there is nothing that could take so long
EDGES = {"derivative": "local derivatives", "contribution": "contributions"}  # in the captions


def draw_nodes(
    picture: Picture,
    names: Names,
    changed: Collection[Value],
    shown: Iterable[Value],
    edges: str,
) -> str:
    """Draw the nodes shown and the edges between them; returns the caption."""
    order, shown = [*names], set(shown)
    dead = {node for unit in dead_units(layers_of(order)) for node in (unit.z, *unit.between)}
    ids = {node: f"n{index}" for index, node in enumerate(order) if node in shown}
    sizes = dict.fromkeys(ids, (130.0, 80.0))
    places = picture.places([*ids], sizes) if len(ids) > TANGLED else {}
    frames: dict[int, Picture] = {}
    for node, id_ in ids.items():
        layer, place = layer_of(node.label), picture
        if layer == 0 or (layer and node.parents):  # weights stay before the units that they make
            place = frames.setdefault(layer, _frame(layer))
        is_root, is_dead, has_changed = node is order[-1], node in dead, node in changed
        attributes = _node(node, names, is_root=is_root, is_dead=is_dead, has_changed=has_changed)
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
    caption = say("on edges", what=say(EDGES[edges]))
    if not dead.isdisjoint(ids):
        caption += "; " + say("dead in nodes")
    if len(ids) < len(order):
        caption += "; " + say("nodes shown", shown=f"{len(ids):,}", count=f"{len(order):,}")
        _draw_rest(picture, ids, len(order) - len(ids))
    return caption


def _draw_rest(picture: Picture, ids: Mapping[Value, str], count: int) -> None:
    """One stub for all nodes that are not shown, before those that were made of them."""
    label = f"<{roomy(say('more', count=f'{count:,}'), GREY, 12)}>"
    picture.node("rest", label, id="rest", style="rounded,dashed", color=GREY, pos="0,150")
    for node, id_ in ids.items():
        if not all(parent in ids for parent in node.parents):
            picture.edge("rest", id_, color=FAINT)


def nearest(root: Value, depth: int) -> set[Value]:
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


def _node(
    node: Value, names: Names, *, is_root: bool, is_dead: bool, has_changed: bool
) -> dict[str, str]:
    """The attributes of a node."""
    if isinstance(node, Constant):
        return _constant(node, names[node] if node.label else "")
    operation, swept, kink = node.operation, type(node.grad) is not int, at_kink(node)
    ink, blue, orange = (GREY, GREY, GREY) if is_dead else (INK, VALUE, GRADIENT)
    gradient = (
        styled(number(node.grad), orange, 12, "B") if swept else roomy(say("not yet"), GREY, 10)
    )
    rows = [(say("value"), styled(number(node.data), blue, 12, "B")), (say("grad"), gradient)]
    if kink:
        slopes = ", ".join(map(number, node.local_derivatives))
        rows.append((say("at kink"), styled(f"∂ = {slopes}", INK, 10)))
    wrong = node if isinstance(node, Adopted) and node.is_wrong else None
    if wrong is not None:
        rows.append((say("column right"), styled(number(wrong.right), INK, 12, "B")))
    if has_changed:
        rows.append((say("operands"), roomy(say("have changed"), INK, 10)))
    kind = "root" if is_root else "operation" if operation else "leaf"
    kind += " kink" * kink + " dead" * is_dead + " changed" * has_changed
    kind += " differs" * (wrong is not None)
    made = f" ({operation.name})" if operation else ""
    back = repr(node.grad) if swept else say("no sweep yet")
    back += f", {say('closed throughout')}" if is_dead else ""
    back += say("instead of", right=repr(wrong.right)) if wrong is not None else ""
    value = say("value before change", value=repr(node.data)) if has_changed else repr(node.data)
    symbol, fill = (operation.symbol, NODE_FILL) if operation else ("", LEAF_FILL)
    if isinstance(node, Adopted) and node.fits:
        symbol += " ?"  # one of several that fit
    return {
        "label": box(styled_name(names[node], ink if node in names.given else GREY), symbol, rows),
        "class": kind,
        "tooltip": tooltip(say("node", name=names[node] + made, value=value, gradient=back)),
        "fillcolor": ROOT_FILL if is_root else CLOSED_FILL if is_dead else fill,
        **({"penwidth": "2"} if is_root else {}),
        **({"color": GRADIENT, "penwidth": "3"} if wrong is not None else {}),
        **({"style": "rounded,filled,dashed"} if has_changed else {}),
    }


def _constant(node: Value, name: str) -> dict[str, str]:
    written = styled(number(node.data), GREY, 11)
    if name:
        cells = f"<TD>{styled_name(name, GREY, 13)}</TD><TD>{styled(' = ', GREY, 11)}{written}</TD>"
        written = f"{TABLE}<TR>{cells}</TR></TABLE>"
    return {
        "label": f"<{written}>",
        "class": "constant",
        "shape": "plain",
        "style": "solid",
        "tooltip": tooltip(say("constant", name=name, value=repr(node.data)).strip()),
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
    label = styled(number(amount), GRADIENT, 11) if swept else roomy(say("not yet"), GREY, 9)
    symbol = Writer(names).local(node, index)
    if has_changed or symbol is None:
        tip = tooltip(say("as recorded", number=repr(derivative)))
    else:
        tip = tooltip(f"{symbol.text} = {derivative!r}")
    look = {"tooltip": tip, "labeltooltip": tip, **room}
    if not is_blocked(node, index):
        return {"label": beside(label), **look}
    bar = {"color": FAINT, "style": "dashed", "dir": "both", "arrowtail": "tee"}
    blocked = roomy(say("blocked"), GRADIENT, 9)
    return {"label": beside(label, blocked), "class": "blocked", **bar, **look}
