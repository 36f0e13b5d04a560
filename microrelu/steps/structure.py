"""The layers of a network, found in its graph by how it is made and not by labels.

A unit is a weighted sum whose weights are variables; units that read the same inputs are a layer.
What a unit gives to the next layer, its activation, may be several operations, or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from microrelu.engine import Constant, Value
from microrelu.operations import log_sum_exp, weighted_sum


@dataclass(frozen=True, eq=False)
class Unit:
    """One unit of a layer.

    Attributes:
        z: Its weighted sum.
        r: What it gives on: its activation, or z itself.
        between: The nodes of the activation, from z to r: () where r is z, (r,) for one operation.
    """

    z: Value
    r: Value
    between: tuple[Value, ...]

    @property
    def weights(self) -> tuple[Value, ...]:
        """One for each input."""
        return self.z.parents[: len(self.z.parents) // 2]

    @property
    def bias(self) -> Value:
        """What is added; a constant where there is none to learn."""
        return self.z.parents[-1]

    @property
    def parameters(self) -> tuple[Value, ...]:
        """What it learns, by which it is known again in another example."""
        is_learnt = not (isinstance(self.bias, Constant) or self.bias.parents)
        return (*self.weights, self.bias) if is_learnt else self.weights

    @property
    def is_linear(self) -> bool:
        """Is there no activation?"""
        return self.r is self.z

    @property
    def has_kink(self) -> bool:
        """May its activation close, as ReLU does?"""
        return any(node.operation and node.operation.has_kink for node in self.between)

    @property
    def is_closed(self) -> bool:
        """Does an activation with a kink let nothing back to z?"""
        if not self.has_kink:
            return False
        slopes = {self.z: 1.0}
        for node in self.between:
            pairs = zip(node.parents, node.local_derivatives, strict=True)
            slopes[node] = sum(slopes.get(parent, 0.0) * slope for parent, slope in pairs)
        return slopes[self.r] == 0


@dataclass(frozen=True, eq=False)
class Layer:
    """Units that read the same inputs.

    Attributes:
        number: 1 for one that reads no other layer, else one more than the last that it reads.
        inputs: The nodes that each unit weighs, in order.
        units: Its units, in the order in which they feed the next layer, else as they were made.
    """

    number: int
    inputs: tuple[Value, ...]
    units: tuple[Unit, ...]


def layers_of(order: Iterable[Value]) -> list[Layer]:
    """The layers of a graph in topological order, those that are read by others first.

    Two networks, or one network on two examples, are so many layers of each number.
    """
    inner = [node for node in order if node.parents]  # most nodes are weights
    sums: dict[tuple[Value, ...], list[Value]] = defaultdict(list)
    softmax = {node.parents for node in inner if node.operation is log_sum_exp}
    for node in inner:
        if _is_unit(node) and _inputs(node) not in softmax:  # as Σ tₖ zₖ of cross-entropy is
            sums[_inputs(node)].append(node)
    users: dict[Value, list[Value]] = defaultdict(list)
    for node in inner:
        for parent in dict.fromkeys(node.parents):
            if parent.parents:
                users[parent].append(node)
    readers: dict[Value, list[tuple[Value, ...]]] = defaultdict(list)
    for inputs in sums:
        for node in inputs:
            readers[node].append(inputs)
    units = {z: _unit(z, users, readers) for group in sums.values() for z in group}
    numbers = _numbers(inner, units)
    found = [
        Layer(numbers[group[0]], inputs, _in_order([units[z] for z in group], readers))
        for inputs, group in sums.items()
    ]
    return sorted(found, key=lambda layer: layer.number)


def same_units(layers: Iterable[Layer]) -> list[list[Unit]]:
    """The units of a network, each as it is in all the examples of a batch."""
    found: dict[tuple[Value, ...], list[Unit]] = defaultdict(list)
    for layer in layers:
        for unit in layer.units:
            found[unit.parameters].append(unit)
    return [*found.values()]


def dead_units(layers: Iterable[Layer]) -> set[Unit]:
    """The units that are closed in every example."""
    return {
        unit for same in same_units(layers) if all(each.is_closed for each in same) for unit in same
    }


def _is_unit(node: Value) -> bool:
    """Is it a weighted sum with weights to learn?"""
    if node.operation is not weighted_sum or len(node.parents) < 3:
        return False
    weights = node.parents[: len(node.parents) // 2]
    return not any(isinstance(weight, Constant) or weight.parents for weight in weights)


def _inputs(z: Value) -> tuple[Value, ...]:
    return z.parents[len(z.parents) // 2 : -1]


def _unit(z: Value, users: dict[Value, list[Value]], reads: Collection[Value]) -> Unit:
    """The unit, its activation followed to what a layer reads; else as far as one operation of z.

    An activation is what is made of z alone, of numbers, and of what is learnt, as a slope may be.
    """
    if z in reads:
        return Unit(z, z, ())
    made, path = {z}, []
    waiting = [*users[z]]
    while waiting:
        node = waiting.pop(0)
        if node in made or not all(
            parent in made or (not parent.parents and parent not in reads)
            for parent in node.parents
        ):
            continue
        made.add(node)
        path.append(node)
        if node in reads:
            return Unit(z, node, _way(path))
        waiting += users[node]
    first = users[z][0] if len(users[z]) == 1 else None
    if first is not None and is_activation(first):
        return Unit(z, first, (first,))
    return Unit(z, z, ())


def _way(path: list[Value]) -> tuple[Value, ...]:
    """What the last node is made of, of all that was made of z."""
    needed = {path[-1]}
    for node in reversed(path):
        if node in needed:
            needed |= {*node.parents}
    return tuple([node for node in path if node in needed])


def is_activation(node: Value) -> bool:
    """May the one operation of a last z be its activation? What losses are made of is none."""
    operation = node.operation
    if operation is None or not operation.takes_one:
        return False
    return operation.name not in ("negate", "square", "absolute", "exp", "log", "sqrt")


def _numbers(order: Iterable[Value], units: dict[Value, Unit]) -> dict[Value, int]:
    """The number of each unit's layer: one more than that of the last layer below its inputs."""
    below: dict[Value, int] = {}
    numbers: dict[Value, int] = {}
    for node in order:
        below[node] = max([below[parent] for parent in node.parents if parent in below], default=0)
        if node in units:
            below[node] += 1
            numbers[node] = below[node]
    return numbers


def _in_order(units: list[Unit], readers: dict[Value, list[tuple[Value, ...]]]) -> tuple[Unit, ...]:
    """The units in the order in which the next layer reads them."""
    outputs = {unit.r: unit for unit in units}
    for inputs in readers.get(units[0].r, ()):
        if outputs.keys() <= {*inputs}:
            return tuple([outputs[node] for node in inputs if node in outputs])
    return tuple(units)
