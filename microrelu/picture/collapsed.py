"""One layer, one box: the view of a graph that has too many nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from microrelu.engine import Constant, Value
from microrelu.picture.look import GRADIENT, GREY, INK, ROOT_FILL, VALUE, box, roomy, styled
from microrelu.picture.renderer import Picture
from microrelu.steps.reasons import is_blocked
from microrelu.text import layer_of
from microrelu.writing.figures import number
from microrelu.writing.words import layer_name, say


def draw_layers(picture: Picture, order: Sequence[Value], changed: Collection[Value]) -> str:
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
        label = box(roomy(group, INK, 13), "", _summary(nodes, changed))
        picture.node(ids[group], label, id=ids[group], **{"class": "layer"}, **look)
    counts = Counter(
        (groups[parent], groups[node])
        for node in order
        for parent in node.parents
        if groups[parent] != groups[node] and not isinstance(parent, Constant)
    )
    for (tail, head), count in counts.items():
        picture.edge(ids[tail], ids[head], f"{count:,}", fontcolor=GREY)
    return say("layers", count=f"{len(order):,}")


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
            after = say("after layer", layer=layer_name(last))
            groups[node] = after if last >= 0 else say("before layers")
        else:
            groups[node] = say("other leaves")
        if node in ahead:
            for parent in node.parents:
                ahead[parent] = min(ahead[node], ahead.get(parent, ahead[node]))
    return groups


def _summary(nodes: Sequence[Value], changed: Collection[Value]) -> list[tuple[str, str]]:
    """What the box of many nodes says."""
    leaves = sum(not node.parents for node in nodes)
    counts = [("leaves", leaves), ("operations", len(nodes) - leaves)]
    rows = [(say(name), styled(f"{count:,}", VALUE, 12, "B")) for name, count in counts if count]
    gates = [node for node in nodes if node.operation and node.operation.has_kink]
    if gates:
        closed = sum(any(is_blocked(node, i) for i in range(len(node.parents))) for node in gates)
        rows.append((say("is closed"), _share(closed, len(gates))))
    if moved := sum(node in changed for node in nodes):
        rows.append((say("changed"), _share(moved, len(nodes))))
    swept = [abs(node.grad) for node in nodes if type(node.grad) is not int]
    size = styled(number(sum(swept) / len(swept)), GRADIENT, 12, "B") if swept else ""
    return [*rows, (say("mean size"), size or roomy(say("not yet"), GREY, 10))]


def _share(part: int, whole: int) -> str:
    return styled(say("of", part=f"{part:,}", whole=f"{whole:,}"), INK, 12, "B")
