"""The layers of a network, found in its graph by how it is made and not by labels.

A unit is a weighted sum whose weights are variables; units that read the same inputs are a layer.
What a unit gives to the next layer, its activation, may be several operations, or none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from microrelu.engine import Constant, Value
from microrelu.operations import log_sum_exp, weighted_sum
from microrelu.writing.names import Names


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
    def is_linear(self) -> bool:
        """Is there no activation?"""
        return self.r is self.z


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


def layers_of(names: Names) -> list[Layer]:
    """The layers below a root, those that are read by others first.

    Two networks, or one network on two examples, are so many layers of each number.
    """
    sums: dict[tuple[Value, ...], list[Value]] = defaultdict(list)
    softmax = {node.parents for node in names if node.operation is log_sum_exp}
    for node in names:
        if _is_unit(node) and _inputs(node) not in softmax:  # as Σ tₖ zₖ of cross-entropy is
            sums[_inputs(node)].append(node)
    users: dict[Value, list[Value]] = defaultdict(list)
    for node in names:
        for parent in dict.fromkeys(node.parents):
            users[parent].append(node)
    reads = {node for inputs in sums for node in inputs}
    units = {z: _unit(z, users, reads) for group in sums.values() for z in group}
    numbers = _numbers(names, units)
    found = [
        Layer(numbers[group[0]], inputs, _in_order([units[z] for z in group], sums))
        for inputs, group in sums.items()
    ]
    return sorted(found, key=lambda layer: layer.number)


def _is_unit(node: Value) -> bool:
    """Is it a weighted sum with weights to learn?"""
    if node.operation is not weighted_sum or len(node.parents) < 3:
        return False
    weights = node.parents[: len(node.parents) // 2]
    return not any(isinstance(weight, Constant) or weight.parents for weight in weights)


def _inputs(z: Value) -> tuple[Value, ...]:
    return z.parents[len(z.parents) // 2 : -1]


def _unit(z: Value, users: dict[Value, list[Value]], reads: set[Value]) -> Unit:
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
    if first is not None and _is_activation(first):
        return Unit(z, first, (first,))
    return Unit(z, z, ())


def _way(path: list[Value]) -> tuple[Value, ...]:
    """What the last node is made of, of all that was made of z."""
    needed = {path[-1]}
    for node in reversed(path):
        if node in needed:
            needed |= {*node.parents}
    return tuple([node for node in path if node in needed])


def _is_activation(node: Value) -> bool:
    """May the one operation of a last z be its activation? What losses are made of is none."""
    operation = node.operation
    if operation is None or not operation.takes_one:
        return False
    return operation.name not in ("negate", "square", "absolute", "exp", "log", "sqrt")


def _numbers(names: Names, units: dict[Value, Unit]) -> dict[Value, int]:
    """The number of each unit's layer: one more than that of the last layer below its inputs."""
    below: dict[Value, int] = {}
    numbers: dict[Value, int] = {}
    for node in names:
        below[node] = max((below[parent] for parent in node.parents), default=0)
        if node in units:
            below[node] += 1
            numbers[node] = below[node]
    return numbers


def _in_order(units: list[Unit], sums: dict[tuple[Value, ...], list[Value]]) -> tuple[Unit, ...]:
    """The units in the order in which the next layer reads them."""
    outputs = {unit.r: unit for unit in units}
    for inputs in sums:
        if outputs.keys() <= {*inputs}:
            return tuple([outputs[node] for node in inputs if node in outputs])
    return tuple(units)
