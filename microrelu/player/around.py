"""A part of a graph that is too large for one page: what lies around a node or a layer of it.

What is shown keeps its names and its numbers. A node of which the operands are not shown has their
count for an operation; what other nodes that are not shown pass on comes from the root, as if that
were made of what it reaches.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from microrelu.engine import Constant, Local, Operation, Value
from microrelu.nn import Layer
from microrelu.steps.derivations import called
from microrelu.steps.holds import refuse_changed
from microrelu.steps.structure import layers_of
from microrelu.steps.sweep import gradients_in
from microrelu.writing.names import Names
from microrelu.writing.notation import TEXT
from microrelu.writing.words import say

MOST = 100  # nodes, of which a picture is still read; of a unit with more weights it has more
Users = Mapping[Value, list[Value]]


@dataclass(eq=False, repr=False)
class Rest(Operation):
    """What made a node, where that is not shown: so many nodes."""

    count: int = 0


@dataclass(frozen=True)
class Excerpt:
    """A part of a graph.

    Attributes:
        names: Of the nodes that stand for those of the whole graph.
        whole: The names of the whole graph.
        copies: Which node stands for which of the whole graph.
        center: What it lies around: a name, or the number of a layer.
    """

    names: Names
    whole: Names
    copies: dict[Value, Value]
    center: str | int


def excerpt_around(names: Names, around: Any) -> Excerpt | None:
    """The part of a graph around a node or a layer; None where that is all of it.

    Raises:
        TypeError: around is none of what `play` takes.
        ValueError: it is no part of this graph, or the graph no longer holds.
    """
    center, found = _center(names, around)
    refuse_changed(names)
    users: dict[Value, list[Value]] = defaultdict(list)
    for node in names:
        for parent in dict.fromkeys(node.parents):
            users[parent].append(node)
    shown, stepped = _nearest(names.root, found, users)
    passed = _passed_by_others(names, shown, stepped, users)
    if passed:
        stepped.discard(names.root)
        passed = _passed_by_others(names, shown, stepped, users)
    if len(stepped) == len(names):
        return None
    copies = _copies(names, shown, stepped, passed)
    indirect = {
        copies[node]: {copies[each] for each in names.indirect(node)}
        for node in stepped
        if node.parents
    }
    given = {copies[node] for node in names.given if node in copies}
    own = Names({copies[node]: names[node] for node in copies}, given, indirect)
    return Excerpt(own, names, copies, center)


def _center(names: Names, around: Any) -> tuple[str | int, list[Value]]:
    """What the part is around, by name or number and as nodes."""
    if isinstance(around, str):
        return TEXT.name(around).text, called(around, names)
    if isinstance(around, Layer):
        learnt = {*around.parameters()}
        layers = [
            (layer, units)
            for layer in layers_of(names)
            if (units := [unit for unit in layer.units if learnt.issuperset(unit.parameters)])
        ]
        found = [n for _, units in layers for u in units for n in (u.z, *u.between)]
        if found:
            return layers[0][0].number, found
        raise ValueError("No node of this graph was made by that layer.")
    if not isinstance(around, Value):
        raise TypeError(
            "around is a node of the graph, or what it is called, 'z(1)_2', 'z(1)' for all units; "
            f"or a Layer of the network, not {type(around).__name__}."
        )
    if around not in names or isinstance(around, Constant):
        what = "a constant" if isinstance(around, Constant) else "no part of this graph"
        raise ValueError(f"{around!r} is {what}: give a node that the root was made of.")
    return TEXT.name(names[around]).text, [around]


def _nearest(root: Value, center: list[Value], users: Users) -> tuple[set[Value], set[Value]]:
    """The nodes to show, and those of them whose operands are all shown.

    The center first, of many nodes the first; then the shortest way to the root, up to half of what
    there is room for; then what is nearest.
    """
    shown, stepped = {root, *center[: MOST // 2]}, set[Value]()

    def takes(node: Value, room: int) -> bool:
        new = {node, *node.parents} - shown
        if stepped and new and len(shown) + len(new) > room:
            return False
        shown.update(new)
        stepped.add(node)
        return True

    queue = deque(node for node in center if takes(node, MOST))
    for node in _way(center[0], root, users):
        if not takes(node, MOST // 2):
            break
        queue.append(node)
    seen = {*queue}
    while queue and len(shown) < MOST:
        node = queue.popleft()
        for near in (*node.parents, *users[node]):
            if near not in seen:
                seen.add(near)
                if takes(near, MOST):
                    queue.append(near)
    return shown, stepped | {node for node in shown if not node.parents}


def _way(start: Value, root: Value, users: Users) -> list[Value]:
    """The nodes of the shortest way from a node, itself left out, to the root."""
    before = {start: start}
    queue = deque([start])
    while root not in before:
        node = queue.popleft()
        for user in users[node]:
            if user not in before:
                before[user] = node
                queue.append(user)
    way = [root]
    while way[-1] is not start:
        way.append(before[way[-1]])
    return way[-2::-1]


def _passed_by_others(
    names: Names, shown: set[Value], stepped: set[Value], users: Users
) -> dict[Value, float]:
    """What each node that is shown receives from nodes whose steps are not.

    What feeds nothing else that is shown comes first: the way to the root ends there.
    """
    gradients, found = gradients_in(names), dict[Value, float]()
    for node in names:
        if node not in stepped:
            for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
                if parent in shown and not isinstance(parent, Constant):
                    found[parent] = found.get(parent, 0.0) + gradients[node] * slope
    return dict(sorted(found.items(), key=lambda each: not stepped.isdisjoint(users[each[0]])))


def _counts(names: Names, shown: set[Value], cut: Iterable[Value]) -> dict[Value, int]:
    """How many nodes that are not shown lie below each of these, in one go: a bit for each."""
    bits = {node: 1 << i for i, node in enumerate(cut)}
    above: dict[Value, int] = defaultdict(int)
    found: Counter[int] = Counter()
    for node in reversed(names):
        above[node] |= bits.get(node, 0)
        for parent in node.parents:
            above[parent] |= above[node]
        if node not in shown:
            found[above[node]] += 1
    return {
        node: sum(count for mask, count in found.items() if mask & bit)
        for node, bit in bits.items()
    }


def _copies(
    names: Names, shown: set[Value], stepped: set[Value], passed: dict[Value, float]
) -> dict[Value, Value]:
    """What stands for each node that is shown; what is passed on to others comes from the root."""
    counts = _counts(names, shown, shown - stepped)
    copies: dict[Value, Value] = {}
    for node in names:
        if node in stepped:
            copies[node] = _copy(node, [copies[parent] for parent in node.parents])
        elif node in shown:
            slopes = passed if node is names.root else {}
            copies[node] = _copy(node, map(copies.__getitem__, slopes))
            copies[node].local_derivatives = tuple(slopes.values())
            copies[node].operation = _rest(node.data, tuple(slopes.values()), counts[node])
    return copies


def _copy(node: Value, parents: Iterable[Value]) -> Value:
    """Another node with all that it has, but for its parents."""
    copy = type(node).__new__(type(node))
    for kind in type(node).__mro__:
        for slot in getattr(kind, "__slots__", ()):
            setattr(copy, slot, getattr(node, slot))
    copy.parents = tuple(parents)
    return copy


def _rest(data: float, slopes: tuple[float, ...], count: int) -> Rest:
    def rest(*operands: float) -> Local:
        return data, slopes

    return Rest(rest, say("rest", count=f"{count:,}"), count=count)
