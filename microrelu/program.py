"""A recording as a program: the numbers that the interpreter of `kernels.py` reads.

Shared nodes are numbers in memory; per-example nodes are rows, one number for each example of a
block. A shared operand of a per-example node is spread over a row as well, once for each replay;
the weights of sums, which are most parameters, stay numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from microrelu.kernels import CLEAR, EDGES, LOG_SUM_EXP, SUM, Codes, keeps_derivatives
from microrelu.operations import log_sum_exp, total, weighted_sum
from microrelu.recording import Group, Recording

HEADER = 16


class Program:
    """The instructions forward, and back from one output to the parameters or the inputs.

    Attributes:
        words: What the interpreter reads: a header, tables of addresses, and the instructions,
            each an operation, how many nodes, the first of them, what is needed of a sum's
            gradients (1 the weights', 2 the rows'), the number of operands, where local
            derivatives are kept, and the operands.
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
                rows = [each for operands in group.operands for each in _rows(group, operands)]
                shared += [each for each in rows if each < recording.shared]
        self.spread = {node: row for row, node in enumerate(dict.fromkeys(shared))}
        height = recording.nodes - recording.shared + len(self.spread)
        self.depth = [recording.shared, height]  # nodes, and the local derivatives that are kept
        self.words: list[int] = []
        forward: list[list[int]] = [[], []]  # addresses for the shared groups, and for the others
        backward: list[list[list[list[int]]]] = [[], []]  # the instructions of each group likewise
        for group in recording.groups:
            forward[group.per_example].append(len(self.words))
            back = self._forward(group)
            if group.reaches >> root & 1 and any(self.moves[node] for node in group.nodes):
                backward[group.per_example].append(back)
        tables = [*forward, self._backward(backward[True]), self._backward(backward[False])]
        outputs = [self._row(node, True) for node in recording.outputs]
        bounds = np.cumsum([HEADER + len(self.spread) + len(outputs), *map(len, tables)]).tolist()
        header = [*self.depth, height, len(self.spread), recording.inputs, len(outputs)]
        header += [outputs[root], *bounds]
        header += [0] * (HEADER - len(header))
        addresses = [bounds[-1] + address for table in tables for address in table]
        words = [*header, *self.spread, *outputs, *addresses, *self.words]
        self.array: NDArray[np.uint32] = np.array(words, dtype=np.uint32)
        self.shared, self.row_count = self.depth[False], self.depth[True] + height

    def _row(self, node: int, per_example: bool) -> int:
        if not per_example:
            return node
        if node < self.recording.shared:
            return self.spread[node]
        return node - self.recording.shared + len(self.spread)

    def _forward(self, group: Group) -> list[list[int]]:
        """Write the instruction that computes a group; return those that go back through it."""
        varies, count, n = group.per_example, len(group.operands), len(group.operands[0])
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
            instruction = [SUM, count, first, needed, len(rows), 0, *rows, *weights]
            self.words += instruction
            return [instruction]
        several = group.operation is log_sum_exp
        code = LOG_SUM_EXP if several else self.codes[group.operation, n]
        flat = [node for operands in group.operands for node in operands]
        rows = [self._row(node, varies) for node in flat]
        kept = self.depth[varies]
        instruction = [code, count, first, 0, n, kept, *rows]
        self.words += instruction
        if varies and not (self.one or several or keeps_derivatives(group.operation)):
            return [instruction]
        self.depth[varies] += count * n
        edges = [EDGES, 0, 0, 0, 0, 0]
        for i, (node, row) in enumerate(zip(flat, rows, strict=True)):
            if self.moves[node]:
                edges += [first + i // n, row, kept + i]
        return [edges] if self.one or not varies else [edges, [CLEAR, count, first, 0, 0, 0]]

    def _backward(self, groups: list[list[list[int]]]) -> list[int]:
        """Write what goes back, the last group first, neighbouring edges as one; the addresses."""
        addresses: list[int] = []
        last = 0
        for instruction in [each for group in reversed(groups) for each in group]:
            if instruction[0] == EDGES and last == EDGES:
                self.words += instruction[6:]
            else:
                addresses.append(len(self.words))
                self.words += instruction
            last = instruction[0]
            if last == EDGES:
                self.words[addresses[-1] + 1] += (len(instruction) - 6) // 3
        return addresses

    def _weights(self, operands: tuple[int, ...], group: Group) -> tuple[int, ...]:
        if group.operation is total:
            return (*[self.recording.one] * len(operands), self.recording.zero)
        return (*operands[: len(operands) // 2], operands[-1])


def _consecutive(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def _rows(group: Group, operands: tuple[int, ...]) -> tuple[int, ...]:
    """The operands that are rows where the group is computed for each example."""
    return operands[len(operands) // 2 : -1] if group.operation is weighted_sum else operands
