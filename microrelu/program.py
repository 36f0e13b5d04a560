"""A recording as a program: the numbers that the interpreter of `kernels.py` reads.

Shared nodes are numbers in memory; per-example nodes are rows, one number for each example of a
block. A shared operand of a per-example node is spread over a row as well, once for each replay;
the weights of sums, which are most parameters, stay numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from microrelu.kernels import CLEAR, EDGES, LOG_SUM_EXP, SUM, Codes, keeps_derivatives
from microrelu.operations import log_sum_exp, total, weighted_sum
from microrelu.recording import Group, Recording

HEADER = 16
FEW = 8  # nodes of a group


class Program:
    """The instructions forward, and back from one output to the parameters or the inputs.

    A gradient has a row only from its first contribution to when it is passed on; then the row
    serves another: so they are few, and stay in the cache.

    Attributes:
        words: What the interpreter reads: a header, tables of addresses, and the instructions,
            each an operation, how many nodes, the first of them, what is needed (of a sum's
            gradients, 1 the weights' and 2 the rows', with 4 if both lie side by side and 8 if
            all weights are 1; else whether to keep local derivatives), the number of operands,
            where local derivatives are kept (or, in a block, how far on the gradients' rows are
            listed: the nodes', then the operands'), and the operands.
        shared: How many shared numbers there are in memory.
        row_count: How many rows, of values and of gradients together.
    """

    def __init__(
        self, recording: Recording, codes: Codes, wanted: str, root: int, one: bool
    ) -> None:
        self.recording, self.codes, self.one = recording, codes, one
        self.moves = recording.moving(wanted)
        shared = [node for node in recording.outputs if node < recording.shared]
        for group in recording.groups:
            if group.per_example:
                read = [each for operands in group.operands for each in _rows(group, operands)]
                shared += [each for each in read if each < recording.shared]
        self.spread = {node: row for row, node in enumerate(dict.fromkeys(shared))}
        rows = recording.nodes - recording.shared + len(self.spread)
        self.depth = [recording.shared, rows]  # nodes, and the local derivatives that are kept
        self.nowhere = len(self.spread) + recording.inputs  # for gradients that nobody wants
        self.height = rows if one else self.nowhere + 1
        self.grads: dict[int, int] = {}
        self.free: list[int] = []
        self.words: list[int] = []
        addresses = [self._forward(group) for group in recording.groups]
        tables: list[list[int]] = [[], [], [], []]  # shared groups' and others', and back
        for group, address in zip(recording.groups, addresses, strict=True):
            tables[group.per_example].append(address)
        outputs = [self._row(node, True) for node in recording.outputs]
        seeded = self._grad(recording.outputs[root], True)
        for group, address in zip(reversed(recording.groups), reversed(addresses), strict=True):
            if group.reaches >> root & 1 and any(self.moves[node] for node in group.nodes):
                self._backward(group, address, tables[3 - group.per_example])
        bounds = np.cumsum([HEADER + len(self.spread) + len(outputs), *map(len, tables)]).tolist()
        header = [*self.depth, self.height, len(self.spread), recording.inputs, len(outputs)]
        header += [seeded, *bounds]
        header += [0] * (HEADER - len(header))
        addresses = [bounds[-1] + address for table in tables for address in table]
        words = [*header, *self.spread, *outputs, *addresses, *self.words]
        self.array: NDArray[np.uint32] = np.array(words, dtype=np.uint32)
        self.shared, self.row_count = self.depth[False], self.depth[True] + self.height

    def _row(self, node: int, per_example: bool) -> int:
        """Where the value of a node is."""
        if not per_example:
            return node
        if node < self.recording.shared:
            return self.spread[node]
        return node - self.recording.shared + len(self.spread)

    def _grad(self, node: int, per_example: bool) -> int:
        """Where the gradient of a node is; in a block, the row that was used last, if it can be."""
        row = self._row(node, per_example)
        if self.one or not per_example or (row < self.nowhere and self.moves[node]):
            return row
        if not self.moves[node]:
            return self.nowhere
        if node not in self.grads:
            if not self.free:
                self.free.append(self.height)
                self.height += 1
            self.grads[node] = self.free.pop()
        return self.grads[node]

    def _forward(self, group: Group) -> int:
        """Write the instruction that computes a group, and return its address."""
        address, varies, count = len(self.words), group.per_example, len(group.operands)
        first = self._row(group.first, varies)
        if group.operation in (weighted_sum, total):
            inputs = _rows(group, group.operands[0])
            weights = [
                node for operands in group.operands for node in self._weights(operands, group)
            ]
            needed = 1 * any(self.moves[node] for node in weights)
            needed += 2 * any(self.moves[node] for node in inputs)
            n, rows = len(inputs), [self._row(node, varies) for node in inputs]
            beside = [weights[i : i + n] for i in range(0, len(weights), n + 1)]
            needed += 4 * all(_consecutive(each) for each in [rows, *beside])
            needed += 8 * (group.operation is total)
            self.words += [SUM, count, first, needed, n, 0, *rows, *weights]
        else:
            n = len(group.operands[0])
            several = group.operation is log_sum_exp
            code = LOG_SUM_EXP if several else self.codes[group.operation, n]
            rows = [self._row(node, varies) for operands in group.operands for node in operands]
            kept = self._keeps(group)
            self.words += [code, count, first, kept, n, self.depth[varies] * kept, *rows]
            self.depth[varies] += count * n * kept
        return address

    def _keeps(self, group: Group) -> bool:
        """Whether local derivatives are kept on the way forward; else they are computed again.

        Edges are all alike, so that many small groups are left behind more quickly as edges.
        """
        small = len(group.operands) < FEW and (self.one or not group.per_example)
        return small or group.operation is log_sum_exp or keeps_derivatives(group.operation)

    def _backward(self, group: Group, address: int, table: list[int]) -> None:
        """Write what goes back through a group, and enter it; neighbouring edges become one."""
        varies, sums = group.per_example, group.operation in (weighted_sum, total)
        operands = [_rows(group, group.operands[0])] if sums else group.operands
        flat = [node for each in operands for node in each]
        nodes = [self._grad(node, varies) for node in group.nodes]
        grads = [self._grad(node, varies) for node in flat]
        in_rows, again = varies and not self.one, not sums and not self._keeps(group)
        if sums or again:
            table.append(address)
            if in_rows:
                self.words[address + 5] = len(self.words) - address
                self.words += [*nodes, *grads]
        else:
            n, kept = len(group.operands[0]), self.words[address + 5]
            edges = [
                (nodes[i // n], grad, kept + i)
                for i, (node, grad) in enumerate(zip(flat, grads, strict=True))
                if self.moves[node]
            ]
            if not table or self.words[table[-1]] != EDGES:
                table.append(len(self.words))
                self.words += [EDGES, 0, 0, 0, 0, 0]
            self.words[table[-1] + 1] += len(edges)
            self.words += chain.from_iterable(edges)
        if in_rows and not again:  # what is computed again is cleared on the way
            table.append(len(self.words))
            self.words += [CLEAR, len(nodes), 0, 0, 0, 0, *nodes]
        self.free += [self.grads.pop(node) for node in group.nodes if node in self.grads]

    def _weights(self, operands: tuple[int, ...], group: Group) -> tuple[int, ...]:
        if group.operation is total:
            return (*[self.recording.one] * len(operands), self.recording.zero)
        return (*operands[: len(operands) // 2], operands[-1])


def _consecutive(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def _rows(group: Group, operands: tuple[int, ...]) -> tuple[int, ...]:
    """The operands that are rows where the group is computed for each example."""
    return operands[len(operands) // 2 : -1] if group.operation is weighted_sum else operands
