"""A graph as a recording: its nodes numbered, and grouped into what is computed together.

The neurons of a layer share their inputs, so they become one group, one matrix product; their
activations another. `tape.py` replays a recording; `kernels.py` is what runs; `listing.py` writes
it as NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from microrelu.operations import Operation, multiply, total, weighted_sum
from microrelu.value import Value, topological_order


@dataclass
class Group:
    """Nodes of one operation, numbered from `first` on, none of which depends on another.

    Those of a weighted_sum have the same inputs.

    Attributes:
        per_example: Whether they depend on an input, or are computed once for all examples.
        reaches: A bit for each output that depends on them.
        operands: For each node, the numbers of its parents.
    """

    operation: Operation
    per_example: bool
    reaches: int
    first: int
    operands: list[tuple[int, ...]]

    @property
    def nodes(self) -> range:
        """The numbers of its nodes."""
        return range(self.first, self.first + len(self.operands))


class Recording:
    """A graph as numbered nodes, every node after its parents.

    First come the shared ones, which depend on no input: the parameters, the constants (other
    leaves, then a 1 and a 0 for the recording's own use), and what is computed of them. Then come
    the inputs, and what is computed of those.

    Attributes:
        parameters, inputs: How many of them there are.
        constants: The numbers that the constants hold.
        shared, nodes: How many nodes are shared, and how many there are.
        groups: What computes the nodes that are no leaves, in an order that allows it.
        outputs: The numbers of the roots.
    """

    def __init__(
        self, roots: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]
    ) -> None:
        order = list(dict.fromkeys(node for root in roots for node in topological_order(root)))
        self.parameters, self.inputs = len(parameters), len(inputs)
        given = {*parameters, *inputs}
        constants = [node for node in order if not node.parents and node not in given]
        self.constants = [node.data for node in constants] + [1.0, 0.0]
        self.one = self.parameters + len(constants)
        self.zero = self.one + 1
        self._leaves = self.zero + 1 + self.inputs
        self._varies = [False] * (self.zero + 1) + [True] * self.inputs
        self._operations: list[Operation | None] = [None] * self._leaves
        self._operands: list[tuple[int, ...]] = [()] * self._leaves
        number = {node: i for i, node in enumerate([*parameters, *constants])}
        number.update({node: self.zero + 1 + i for i, node in enumerate(inputs)})
        for node in order:
            if node.operation and node.parents:
                operands = tuple([number[parent] for parent in node.parents])
                number[node] = self._add(node.operation, operands)
        outputs = [number[root] for root in roots]
        self._number(self._together(outputs), outputs)

    def _add(self, operation: Operation, operands: tuple[int, ...]) -> int:
        """A new node; in a weighted_sum, what varies with the example goes to the inputs."""
        varies = self._varies
        if operation is weighted_sum and any(varies[each] for each in operands):
            half = len(operands) // 2
            weights, inputs, bias = operands[:half], operands[half:-1], operands[-1]
            if not any(varies[each] for each in inputs):
                weights, inputs = inputs, weights
            if any(varies[each] for each in weights):  # a product of two that vary
                pairs = zip(weights, inputs, strict=True)
                products = [self._add(multiply, pair) for pair in pairs]
                return self._add(total, (*products, bias))
            if varies[bias]:
                weights, inputs, bias = (*weights, self.one), (*inputs, bias), self.zero
            operands = (*weights, *inputs, bias)
        self._operations.append(operation)
        self._operands.append(operands)
        varies.append(any(varies[each] for each in operands))
        return len(varies) - 1

    def _together(self, roots: list[int]) -> list[tuple[Any, list[int]]]:
        """Nodes by what they must have in common to be computed together, in order."""
        reaches = [0] * len(self._operands)
        for i, root in enumerate(roots):
            reaches[root] |= 1 << i
        for node in range(len(reaches) - 1, self._leaves - 1, -1):
            for each in self._operands[node]:
                reaches[each] |= reaches[node]
        levels = [0] * len(reaches)  # the longest way from a leaf
        together: dict[Any, list[int]] = {}
        for node in range(self._leaves, len(reaches)):
            operation, operands = self._operations[node], self._operands[node]
            levels[node] = 1 + max([levels[each] for each in operands])
            pattern: tuple[int, ...] = tuple([self._varies[each] for each in operands])
            if operation is weighted_sum:
                pattern = operands[len(operands) // 2 : -1]
            elif operation is total:
                pattern = operands
            key = (self._varies[node], levels[node], operation, reaches[node], pattern)
            together.setdefault(key, []).append(node)
        return sorted(together.items(), key=lambda item: item[0][:2])

    def _number(self, together: list[tuple[Any, list[int]]], roots: list[int]) -> None:
        """Number the nodes anew, group after group."""
        shared = [node for key, nodes in together if not key[0] for node in nodes]
        varying = [node for key, nodes in together if key[0] for node in nodes]
        order = [*range(self.zero + 1), *shared, *range(self.zero + 1, self._leaves), *varying]
        number = [0] * len(order)
        for i, node in enumerate(order):
            number[node] = i
        self.shared, self.nodes = self.zero + 1 + len(shared), len(order)
        self.outputs = [number[root] for root in roots]
        self.groups = []
        for (varies, _, operation, reaches, _), nodes in together:
            operands = [tuple([number[each] for each in self._operands[node]]) for node in nodes]
            self.groups.append(Group(operation, varies, reaches, number[nodes[0]], operands))
        del self._operations, self._operands, self._varies

    def moving(self, wanted: str) -> list[bool]:
        """Which nodes depend on what a gradient is wanted by, "parameters" or "inputs"."""
        start, count = {
            "parameters": (0, self.parameters),
            "inputs": (self.shared, self.inputs),
        }[wanted]
        moves = [start <= node < start + count for node in range(self.nodes)]
        for group in self.groups:
            for node, operands in zip(group.nodes, group.operands, strict=True):
                moves[node] = any(moves[each] for each in operands)
        return moves
