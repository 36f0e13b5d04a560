"""A graph as a recording: its nodes numbered, and grouped into what is computed together.

The neurons of a layer share their inputs, so they become one group, one matrix product; their
activations another. `tape.py` replays a recording; `kernels.py` is what runs; `listing.py` writes
it as NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from microrelu.engine import Operation, Value, topological_order
from microrelu.operations import multiply, total, weighted_sum
from microrelu.tape.compiled import frozen
from microrelu.tape.kernels import VARIADIC


@dataclass
class Group:
    """Nodes of one operation, numbered from `first` on, none of which depends on another.

    They have as many operands, and those of a weighted_sum the same inputs.

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
        leaves = self.zero + 1 + self.inputs
        self._varies = [False] * (self.zero + 1) + [True] * self.inputs
        self._operations: list[Operation | None] = [None] * leaves
        self._operands: list[tuple[int, ...]] = [()] * leaves
        number = {node: i for i, node in enumerate([*parameters, *constants])}
        number.update({node: self.zero + 1 + i for i, node in enumerate(inputs)})
        used = {node.operation for node in order if node.operation}
        now = {operation: frozen(operation) for operation in used}
        for node in order:
            if node.operation and node.parents:
                operands = tuple([number[parent] for parent in node.parents])
                number[node] = self._add(now[node.operation], operands)
        outputs = [number[root] for root in roots]
        self.arrange(self._operations, self._operands, self._varies, outputs)
        del self._operations, self._operands, self._varies

    def _add(self, operation: Operation, operands: tuple[int, ...]) -> int:
        """A new node; in a weighted_sum, what varies with the example goes to the inputs."""
        varies = self._varies
        if operation is weighted_sum and len(operands) == 1:
            operation = total  # of the bias alone
        if operation is weighted_sum and any(varies[operand] for operand in operands):
            half = len(operands) // 2
            weights, inputs, bias = operands[:half], operands[half:-1], operands[-1]
            if not any(varies[operand] for operand in inputs):
                weights, inputs = inputs, weights
            if any(varies[weight] for weight in weights):  # a product of two that vary
                pairs = zip(weights, inputs, strict=True)
                products = [self._add(multiply, pair) for pair in pairs]
                return self._add(total, (*products, bias))
            if varies[bias]:
                weights, inputs, bias = (*weights, self.one), (*inputs, bias), self.zero
            operands = (*weights, *inputs, bias)
        self._operations.append(operation)
        self._operands.append(operands)
        varies.append(any(varies[operand] for operand in operands))
        return len(varies) - 1

    def arrange(
        self,
        operations: list[Operation | None],
        operands: list[tuple[int, ...]],
        varies: list[bool],
        outputs: list[int],
    ) -> None:
        """Group what can be computed together, and number the nodes anew, group after group.

        Args:
            operations: Of each node; None for a leaf, and for what is a node no more.
            operands: For each node, the numbers of its parents, all smaller.
            varies: Which depend on an input; first among them are the inputs.
            outputs: The numbers of the roots.
        """
        reaching = _reaching(operands, outputs)
        described = zip(varies, operations, reaching, operands, strict=True)
        groups = _in_order([_key(*node) for node in described], operands)
        first_input = varies.index(True) if self.inputs else 0
        inputs = range(first_input, first_input + self.inputs)
        shared = [node for key, nodes in groups if not key[0] for node in nodes]
        varying = [node for key, nodes in groups if key[0] for node in nodes]
        order = [*range(self.zero + 1), *shared, *inputs, *varying]
        number = dict(zip(order, range(len(order)), strict=True))
        self.shared, self.nodes = self.zero + 1 + len(shared), len(order)
        self.outputs = [number[root] for root in outputs]
        self.groups = []
        for (per_example, operation, reaches, *_), nodes in groups:
            parents = [tuple([number[operand] for operand in operands[node]]) for node in nodes]
            self.groups.append(Group(operation, per_example, reaches, number[nodes[0]], parents))

    @property
    def operations(self) -> frozenset[tuple[Operation, int]]:
        """Those that are computed element by element, each with the number of its operands."""
        return frozenset(
            (group.operation, len(group.operands[0]))
            for group in self.groups
            if group.operation not in VARIADIC
        )

    def moving(self, wanted: str) -> list[bool]:
        """Which nodes depend on what a gradient is wanted by, "parameters" or "inputs"."""
        start, count = {
            "parameters": (0, self.parameters),
            "inputs": (self.shared, self.inputs),
        }[wanted]
        moves = [start <= node < start + count for node in range(self.nodes)]
        for group in self.groups:
            for node, operands in zip(group.nodes, group.operands, strict=True):
                moves[node] = any(moves[operand] for operand in operands)
        return moves


def _reaching(operands: list[tuple[int, ...]], outputs: list[int]) -> list[int]:
    """For each node, a bit for each output that depends on it."""
    reaching = [0] * len(operands)
    for i, output in enumerate(outputs):
        reaching[output] |= 1 << i
    for node in range(len(reaching) - 1, -1, -1):
        for operand in operands[node]:
            reaching[operand] |= reaching[node]
    return reaching


Key = tuple[bool, Operation, int, int, tuple[int, ...]]


def _key(
    varies: bool, operation: Operation | None, reaches: int, operands: tuple[int, ...]
) -> Key | None:
    """What nodes must have in common to be computed together; None for what is not computed."""
    inputs: tuple[int, ...] = ()
    if operation is weighted_sum:
        inputs = operands[len(operands) // 2 : -1]
    elif operation is total:
        inputs = operands
    return (varies, operation, reaches, len(operands), inputs) if operation else None


def _in_order(
    keys: list[Key | None], operands: list[tuple[int, ...]]
) -> list[tuple[Key, list[int]]]:
    """Nodes with the same key, in an order that allows it: what is shared, and the most, first."""
    waits = [0] * len(keys)
    users: list[list[int]] = [[] for _ in keys]
    ready: dict[Key, list[int]] = {}
    for node, key in enumerate(keys):
        if key:
            computed = [operand for operand in operands[node] if keys[operand]]
            waits[node] = len(computed)
            for operand in computed:
                users[operand].append(node)
            if not computed:
                ready.setdefault(key, []).append(node)
    queue = [(key[0], -len(nodes), nodes[0], key) for key, nodes in ready.items()]
    heapify(queue)
    groups = []
    while queue:
        _, size, _, key = heappop(queue)
        if len(ready.get(key, ())) != -size:
            continue  # it has grown since
        groups.append((key, sorted(ready.pop(key))))
        grown: dict[Key, None] = {}
        for user in [user for node in groups[-1][1] for user in users[node]]:
            waits[user] -= 1
            if not waits[user] and (own := keys[user]):
                ready.setdefault(own, []).append(user)
                grown[own] = None
        for own in grown:
            heappush(queue, (own[0], -len(ready[own]), ready[own][0], own))
    return groups
