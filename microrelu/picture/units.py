"""What there is to draw of a network: its units in columns, and what leads from one to another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from microrelu import nn
from microrelu.engine import Constant, Value
from microrelu.steps.holds import at_kink
from microrelu.steps.structure import Layer, Unit, dead_units, layers_of
from microrelu.writing.names import Names
from microrelu.writing.words import layer_name, say

MOST_SPOTS = 16  # of a column


class Row(NamedTuple):
    """A line of a box: a name, and its numbers where there are any to show."""

    name: str
    value: float | None = None
    gradient: float | None = None


@dataclass(eq=False)
class Spot:
    """What stands in one place: an input, a unit, a loss, or all of weight decay.

    Attributes:
        kind: "input", "unit", "loss" or "decay".
        rows: What its box says.
        tip: What its tooltip says, with all digits.
        is_closed: Does its activation let nothing back?
        is_dead: Was it closed for every one of several examples?
        is_at_kink: Does its activation sit where its derivative is a convention?
        has_changed: Was it computed of operands that have changed since?
        is_low: Does it stand below the others, whose lines pass?
    """

    kind: str
    rows: list[Row]
    tip: str
    is_closed: bool = False
    is_dead: bool = False
    is_at_kink: bool = False
    has_changed: bool = False
    is_low: bool = False


Spots = list[Spot | None]


class Link(NamedTuple):
    """A line between two spots that are shown; of a weight with the number that it is drawn by."""

    tail: Spot
    head: Spot
    amount: float | None = None
    tip: str = ""


@dataclass(eq=False)
class Column:
    """Spots one below the other, all of them that there are."""

    title: str = ""
    spots: list[Spot] = field(default_factory=list)

    @property
    def shown(self) -> Spots:
        """Those that a picture has room for; None stands for the middle that is left out."""
        if len(self.spots) <= MOST_SPOTS:
            return [*self.spots]
        half = (MOST_SPOTS - 2) // 2
        return [*self.spots[:half], None, *self.spots[-half:]]


@dataclass(eq=False)
class Network:
    """Columns from left to right, the links between them, and what the caption says of them."""

    columns: list[Column]
    links: list[Link]
    notes: list[str]


def network_of_graph(names: Names, changed: Collection[Value], edges: str, example: int) -> Network:
    """The network in a graph, as it is for one of its examples.

    Raises:
        ValueError: there is no layer in it, or no such example.
    """
    layers = layers_of(names)
    if not layers:
        raise ValueError(
            "There is no layer in this graph, which is a weighted_sum(weights, inputs) of weights "
            "that are Values, as a Neuron makes it: draw(root) shows every node."
        )
    shown, count = _one_example(names, layers, example)
    found = _Found(names, changed, dead_units(layers) if count > 1 else ())
    for layer in shown:
        found.add_layer(layer)
    notes, title, number = [], "", example + 1  # which is counted from 0, as Python counts
    if count > 1:
        notes = [say("example of many", number=f"{number:,}", count=f"{count:,}")]
        title = say("example number", number=f"{number:,}")
    found.add_losses(layers, title)
    found.add_weights(shown, edges)
    columns = [found.columns[rank] for rank in sorted(found.columns)]
    return Network(columns, found.links, notes)


def network_of_model(model: nn.MLP | nn.Layer | nn.Neuron) -> Network:
    """The network that a model is, with its weights and without an example."""
    if isinstance(model, nn.MLP):
        layers = [layer.neurons for layer in model.layers]
    else:
        layers = [model.neurons if isinstance(model, nn.Layer) else [model]]
    inputs = [Spot("input", [Row(name)], name) for name in layers[0][0].labels[0]]
    columns, links = [Column(layer_name(0), inputs)], []
    for number, neurons in enumerate(layers, 1):
        columns.append(Column(layer_name(number), [*map(_neuron, neurons)]))
        before, column = columns[-2:]
        tails, heads = {*before.shown}, {*column.shown}
        for head, neuron in zip(column.spots, neurons, strict=True):
            for tail, weight in zip(before.spots, neuron.weights, strict=True):
                if tail in tails and head in heads:
                    links.append(Link(tail, head, weight.data, _tip(weight.label, weight)))
    return Network(columns, links, [])


def _neuron(neuron: nn.Neuron) -> Spot:
    """A unit that has had no example: its name and its bias."""
    name, bias = neuron.labels[1], neuron.bias
    return Spot("unit", [Row(name), _row(bias.label, bias)], f"{name}\n{_tip(bias.label, bias)}")


def _one_example(names: Names, layers: list[Layer], example: int) -> tuple[list[Layer], int]:
    """The layers of one example, and how many examples there are.

    Last layers of the same weights are one layer, for so many examples.
    """
    sums = {unit.z for layer in layers for unit in layer.units}
    leads: set[Value] = set()  # to a unit
    for node in reversed(names):
        if node in sums or node in leads:
            leads.update(node.parents)
    alike: dict[frozenset[Value], list[Layer]] = defaultdict(list)
    for layer in layers:
        if not any(unit.z in leads for unit in layer.units):
            alike[frozenset(w for unit in layer.units for w in unit.weights)].append(layer)
    count = max(map(len, alike.values()))
    if type(example) is not int or not 0 <= example < count:
        counted = f"the examples 0 to {count - 1}" if count > 1 else "one example, which is 0"
        raise ValueError(f"The graph has {counted}, and not {example!r}.")
    last = [same[min(example, len(same) - 1)] for same in alike.values()]
    below = _below(unit.z for layer in last for unit in layer.units)
    return [layer for layer in layers if layer.units[0].z in below], count


def _below(nodes: Iterable[Value]) -> set[Value]:
    """The nodes and all that they were made of."""
    stack = [*nodes]
    found = set(stack)
    while stack:
        new = set(stack.pop().parents) - found
        found |= new
        stack += new
    return found


class _Found:
    """A network as it is found in a graph, spot by spot."""

    def __init__(self, names: Names, changed: Collection[Value], dead: Collection[Unit]) -> None:
        self.names, self.changed, self.dead = names, changed, dead
        self.spots: dict[Value, Spot] = {}
        self.columns: dict[int, Column] = defaultdict(Column)
        self.links: list[Link] = []

    def add_layer(self, layer: Layer) -> None:
        """Its units, two columns after the layer before; between them what else it reads."""
        for node in layer.inputs:
            if node not in self.spots:
                column = self.columns[2 * layer.number - 1]
                column.title = layer_name(0) if layer.number == 1 else ""
                self.spots[node] = self._spot("input", [node])
                self.spots[node].is_low = layer.number > 1 and not node.parents
                column.spots.append(self.spots[node])
        column = self.columns[2 * layer.number]
        column.title = layer_name(layer.number)
        for unit in layer.units:
            bias = [] if isinstance(unit.bias, Constant) and not unit.bias.data else [unit.bias]
            spot = self._spot("unit", [unit.z, *([] if unit.is_linear else [unit.r]), *bias])
            spot.is_closed, spot.is_dead = unit.is_closed, unit in self.dead
            spot.is_at_kink = any(map(at_kink, unit.between))
            self.spots[unit.z] = self.spots[unit.r] = spot
            column.spots.append(spot)

    def add_weights(self, layers: list[Layer], edges: str) -> None:
        """What leads from one spot to another: weights, or what crossed them on the way back."""
        shown = {spot for column in self.columns.values() for spot in column.shown}
        self.links = [link for link in self.links if {link.tail, link.head} <= shown]
        for layer in layers:
            for unit in layer.units:
                head, count = self.spots[unit.z], len(layer.inputs)
                for index, node in enumerate(layer.inputs if head in shown else ()):
                    if (tail := self.spots[node]) in shown:
                        slope = unit.z.local_derivatives[count + index]
                        amount, tip = self._weight(unit, unit.weights[index], slope, edges)
                        self.links.append(Link(tail, head, amount, tip))

    def _weight(
        self, unit: Unit, weight: Value, slope: float, edges: str
    ) -> tuple[float | None, str]:
        """The number on a line, and its tooltip."""
        tip = _tip(self.names[weight], weight)
        if edges == "derivative":
            return weight.data, tip
        amount = unit.z.grad * slope if type(unit.z.grad) is float else None
        told = say("not yet") if amount is None else repr(amount)
        return amount, f"{tip}\n{say('contribution')} {told}"

    def add_losses(self, layers: list[Layer], title: str) -> None:
        """What lies between the last layer and the root: the example's loss, decay, the root."""
        last, root = max(self.columns), self.names.root
        units = [unit for layer in layers for unit in layer.units]
        own, decay = self._own({unit.z for unit in units}), self._decay(units)
        if decay:
            rows = [Row(say("weight decay"), *self._row(decay[0])[1:])]
            if len(decay) > 1:
                rows = [Row(say("weight decay")), Row(say("terms", count=f"{len(decay):,}"))]
            spot = Spot("decay", rows, self._tip(decay), is_low=True)
            self.columns[last + 1].spots.append(spot)
            self.spots |= dict.fromkeys(decay, spot)
        if title and own:
            self.columns[last + 1].title = title
            self.spots[own] = self._spot("loss", [own])
            self.columns[last + 1].spots.insert(0, self.spots[own])
        if root not in self.spots:
            self.columns[last + 2].title = say("loss")
            self.spots[root] = self._spot("loss", [root])
            self.columns[last + 2].spots.append(self.spots[root])
        self._link_the_rest()

    def _own(self, sums: set[Value]) -> Value | None:
        """The loss of the example alone: the last that was made of no other example's units."""
        other: set[Value] = set()
        mine: set[Value] = set()
        tops: dict[Value, None] = {}
        for node in self.names:
            is_other = node in sums and node not in self.spots
            if is_other or any(parent in other for parent in node.parents):
                other.add(node)
                tops |= dict.fromkeys(parent for parent in node.parents if parent in mine)
            elif any(parent in mine or parent in self.spots for parent in node.parents):
                mine.add(node)
        found = [node for node in tops if node not in self.spots]
        return found[0] if len(found) == 1 else None

    def _decay(self, units: list[Unit]) -> list[Value]:
        """What was made of weights alone, and went into something else than a unit."""
        sums = {unit.z for unit in units}
        weights = {weight for unit in units for weight in unit.weights}
        weights |= {unit.bias for unit in units if not unit.bias.parents}
        made: set[Value] = set()
        found: dict[Value, None] = {}
        for node in self.names:
            if node in sums:
                continue
            variables = [parent for parent in node.parents if not isinstance(parent, Constant)]
            if variables and all(parent in made or parent in weights for parent in variables):
                made.add(node)
            else:
                found |= dict.fromkeys(parent for parent in node.parents if parent in made)
        return [*found]

    def _link_the_rest(self) -> None:
        """Lines for what reaches a loss, or an input that was computed, without weights."""
        sources: dict[Value, dict[Spot, None]] = {}
        linked = set()
        for node in self.names:
            spot = self.spots.get(node)
            if spot is None or (spot.kind in ("input", "loss") and node.parents):
                merged = {s: None for parent in node.parents for s in sources.get(parent, ())}
                sources[node] = merged
            if spot is not None:
                if spot.kind in ("input", "loss") and node.parents and spot not in linked:
                    linked.add(spot)
                    self.links += [Link(tail, spot) for tail in sources[node] if tail is not spot]
                sources[node] = {} if isinstance(node, Constant) else {spot: None}

    def _spot(self, kind: str, nodes: list[Value]) -> Spot:
        has_changed = any(node in self.changed for node in nodes)
        return Spot(kind, [*map(self._row, nodes)], self._tip(nodes), has_changed=has_changed)

    def _row(self, node: Value) -> Row:
        return _row(self.names[node], node)

    def _tip(self, nodes: list[Value]) -> str:
        return "\n".join(_tip(self.names[node], node) for node in nodes)


def _row(name: str, node: Value) -> Row:
    """The name and numbers of a node; a gradient where a sweep was, and none of a constant."""
    has_gradient = type(node.grad) is not int and not isinstance(node, Constant)
    return Row(name, node.data, node.grad if has_gradient else None)


def _tip(name: str, node: Value) -> str:
    if isinstance(node, Constant):
        return say("constant", name=name, value=repr(node.data)).strip()
    back = say("no sweep yet") if type(node.grad) is int else repr(node.grad)
    return say("node", name=name, value=repr(node.data), gradient=back)
