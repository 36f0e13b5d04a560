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

from microrelu.operations import add, log_sum_exp, total, weighted_sum
from microrelu.tape.compiled import Codes
from microrelu.tape.kernels import ADD, EDGES, LOG_SUM_EXP, REDUCE, SUM, keeps_derivatives
from microrelu.tape.recording import Group, Recording

HEADER = 16
FEW = 8  # nodes of a group


class GradientRows:
    """Which rows gradients have in a block.

    One has a row only from its first contribution to when it is passed on; then the row serves
    another: so they are few, and stay in the cache. A contribution that is a gradient itself, as
    those of a sum are, is no work when it is the first: both share the row. Any other is added on
    the way to a new row, since the loops over rows read none that they write. Row 0 is zeros.

    Attributes:
        of: The row of each node that has a gradient.
        sharing: How many gradients are in a row.
    """

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.sharing = [1]
        self._free: list[int] = []
        self._left: list[int] = []

    def place(self, node: int) -> tuple[int, int]:
        """The row of its gradient, and that of the gradient with one more contribution."""
        before = self.of.get(node, 0)
        if not self._free:
            self._free.append(len(self.sharing))
            self.sharing.append(0)
        self.of[node] = after = self._free.pop()
        self.sharing[after] = 1
        self._left.append(before)
        return before, after

    def share(self, node: int, other: int) -> None:
        """Its gradient is, for now, that of the other."""
        self.of[node] = self.of[other]
        self.sharing[self.of[other]] += 1

    def is_alone(self, node: int) -> bool:
        """Whether it has a gradient, in a row of its own."""
        return node in self.of and self.sharing[self.of[node]] == 1

    def release(self, node: int) -> None:
        """Its gradient was passed on."""
        self._left.append(self.of.pop(node, 0))
        self.drop()

    def drop(self) -> None:
        """The rows that gradients have left may serve others."""
        for row in self._left:
            self.sharing[row] -= 1
            if row and not self.sharing[row]:
                self._free.append(row)
        self._left.clear()


class Program:
    """The instructions forward, and back from one output to the parameters or the inputs.

    Attributes:
        array: What the interpreter reads: a header, tables of addresses, and the instructions,
            each an operation, how many nodes, the first of them, what is needed (of a sum's
            gradients, 1 the weights' and 2 the rows', with 4 if both lie side by side and 8 if
            all weights are 1; else whether to keep local derivatives), the number of operands,
            where local derivatives are kept (or, in a block, how far on the rows of gradients are
            listed), and the operands. Instead of operands, EDGES has lists of four (the row of a
            gradient before and after, of the upstream gradient, of a local derivative), ADD of
            the first three, REDUCE of two (a shared gradient, and the row to be summed).
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
                read = [row for operands in group.operands for row in _rows(group, operands)]
                shared += [row for row in read if row < recording.shared]
        self.spread = {node: row for row, node in enumerate(dict.fromkeys(shared))}
        rows = recording.nodes - recording.shared + len(self.spread)
        self.depth = [recording.shared, rows]  # nodes, and the local derivatives that are kept
        self.gradients = GradientRows()
        self.words: list[int] = []
        self._open = 0, 0  # where the instruction that can grow begins and ends
        addresses = [self._forward(group) for group in recording.groups]
        self.tables: list[list[int]] = [[], [], [], []]  # shared groups' and others', and back
        for group, address in zip(recording.groups, addresses, strict=True):
            self.tables[group.per_example].append(address)
        outputs = [self._row(node, True) for node in recording.outputs]
        seeded = outputs[root] if one else self.gradients.place(recording.outputs[root])[1]
        self._back(root, addresses)
        inputs = range(recording.shared, recording.shared + recording.inputs)
        derivatives = [
            self._row(node, True) if one else self.gradients.of.get(node, 0) for node in inputs
        ]
        self.height = rows if one else len(self.gradients.sharing)
        tables = [[*self.spread], derivatives, outputs, *self.tables]
        bounds = np.cumsum([HEADER, *map(len, tables)]).tolist()
        header = [*self.depth, self.height, len(self.spread), len(inputs), len(outputs), seeded]
        header += bounds[3:]
        header += [0] * (HEADER - len(header))
        for table in self.tables:
            table[:] = [bounds[-1] + address for address in table]
        words = [*header, *chain.from_iterable(tables), *self.words, 0]  # it reads one ahead
        self.array: NDArray[np.uint32] = np.array(words, dtype=np.uint32)
        self.shared, self.row_count = self.depth[False], self.depth[True] + self.height

    def _row(self, node: int, per_example: bool) -> int:
        """Where the value of a node is."""
        if not per_example:
            return node
        if node < self.recording.shared:
            return self.spread[node]
        return node - self.recording.shared + len(self.spread)

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
            needed += 4 * all(_consecutive(addresses) for addresses in [rows, *beside])
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

    def _back(self, root: int, addresses: list[int]) -> None:
        """Enter what goes back from an output; what was spread is summed after its last use."""
        groups = [
            (group, address)
            for group, address in zip(self.recording.groups, addresses, strict=True)
            if group.reaches >> root & 1 and any(self.moves[node] for node in group.nodes)
        ]
        first: dict[int, int] = {}  # use of what is spread: the last one on the way back
        for group, address in groups:
            if group.per_example and not self.one:
                for node in chain.from_iterable(group.operands):
                    first.setdefault(node, address)
        done: dict[int, list[int]] = {}
        for node in self.spread:
            done.setdefault(first.get(node, -1), []).append(node)
        for group, address in reversed(groups):
            if self.one or not group.per_example:
                self._backward(group, address)
            else:
                self._backward_in_rows(group, address)
                self._reduce(done.get(address, []))
        self._reduce(done.get(-1, []))

    def _backward(self, group: Group, address: int) -> None:
        """Enter what goes back through a group of single numbers."""
        varies, n = group.per_example, len(group.operands[0])
        if group.operation in (weighted_sum, total) or not self._keeps(group):
            self.tables[3 - varies].append(address)
            return
        first, kept = self._row(group.first, varies), self.words[address + 5]
        for m, operands in enumerate(group.operands):
            for operand, i in sorted(
                zip(operands, range(n), strict=True)
            ):  # the next to pass on last
                if self.moves[operand]:
                    place, local = self._row(operand, varies), kept + m * n + i
                    self._list(EDGES, place, place, first + m, local, varies=varies)

    def _backward_in_rows(self, group: Group, address: int) -> None:
        """Enter what goes back through a group in a block, and list the rows of gradients."""
        if group.operation is weighted_sum:
            self._sum_in_rows(group, address)
            return
        kept = self.words[address + 5]
        if again := not (group.operation in (add, total) or self._keeps(group)):
            self.tables[2].append(address)
            self.words[address + 5] = len(self.words) - address
        twice: list[tuple[int, int]] = []
        for node, operands in zip(group.nodes, group.operands, strict=True):
            if group.operation in (add, total):
                self._pass_on(node, operands)
            elif again:
                self._again(node, operands, twice)
            else:
                self._edges(node, operands, kept)
                kept += len(operands)
            self.gradients.release(node)
        for part, node in twice:
            self._pass_on(part, [node])
            self.gradients.release(part)

    def _sum_in_rows(self, group: Group, address: int) -> None:
        """List the rows of gradients for weighted sums, which add to them where they are."""
        rows, inputs = self.gradients, _rows(group, group.operands[0])
        for operand in dict.fromkeys(inputs):
            if not rows.is_alone(operand):
                self._list(ADD, *rows.place(operand), 0)
                rows.drop()
        self.tables[2].append(address)
        self.words[address + 5] = len(self.words) - address
        self.words += [rows.of.get(node, 0) for node in (*group.nodes, *inputs)]
        for node in (*group.nodes, *[operand for operand in inputs if not self.moves[operand]]):
            rows.release(node)

    def _pass_on(self, node: int, operands: Sequence[int]) -> None:
        """Contributions of a node whose local derivatives are 1: its own gradient."""
        rows = self.gradients
        for operand in operands:
            if self.moves[operand] and operand in rows.of:
                self._list(ADD, *rows.place(operand), rows.of[node])
                rows.drop()
            elif self.moves[operand]:
                rows.share(operand, node)

    def _edges(self, node: int, operands: Sequence[int], kept: int) -> None:
        """Contributions of a node whose local derivatives the forward pass kept."""
        for i, operand in enumerate(operands):
            if self.moves[operand]:
                upstream = self.gradients.of[node]
                self._list(EDGES, *self.gradients.place(operand), upstream, kept + i)
                self.gradients.drop()

    def _again(self, node: int, operands: Sequence[int], twice: list[tuple[int, int]]) -> None:
        """Contributions with local derivatives computed again.

        Where an operand occurs twice, the second contribution is first a row of its own.
        """
        rows = self.gradients
        self.words.append(rows.of.get(node, 0))
        for i, operand in enumerate(operands):
            if operand in operands[:i]:
                twice.append((-1 - len(twice), operand))
                self.words += rows.place(twice[-1][0])
            else:
                self.words += rows.place(operand)
        rows.drop()
        for operand in operands:
            if not self.moves[operand]:
                rows.release(operand)

    def _reduce(self, spread: Sequence[int]) -> None:
        """Sum the gradients of spread operands over the examples."""
        for node in spread:
            row = self._row(node, True) if self.one else self.gradients.of.get(node, 0)
            if self.moves[node]:
                self._list(REDUCE, node, row)
                self.gradients.release(node)

    def _list(self, code: int, *step: int, varies: bool = True) -> None:
        """Enter a step, in the same instruction as the one before if that was like it.

        That one must be the last that was written at all, in this table or another.
        """
        table = self.tables[3 - varies]
        last = table[-1] if table else 0
        if not table or self.words[last] != code or self._open != (last, len(self.words)):
            last = len(self.words)
            table.append(last)
            self.words += [code, 0, 0, 0, 0, 0]
        self.words[last + 1] += 1
        self.words += step
        self._open = last, len(self.words)

    def _weights(self, operands: tuple[int, ...], group: Group) -> tuple[int, ...]:
        if group.operation is total:
            return (*[self.recording.one] * len(operands), self.recording.zero)
        return (*operands[: len(operands) // 2], operands[-1])


def _consecutive(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def _rows(group: Group, operands: tuple[int, ...]) -> tuple[int, ...]:
    """The operands that are rows where the group is computed for each example."""
    return operands[len(operands) // 2 : -1] if group.operation is weighted_sum else operands
