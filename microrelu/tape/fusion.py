"""Fusion: operations that follow each other again and again become one operation.

A loop of a thousand steps makes a graph in which the same few operations recur a thousand times.
Where nothing else uses what lies between two of them, it need not be written to memory: one
function computes both, and its derivatives are those of the chain rule. `recording.py` is what is
fused, before `program.py` makes a program of the result.
"""

from __future__ import annotations

from collections import Counter
from copy import copy
from functools import cache
from typing import Any

from microrelu import operations
from microrelu.engine import Operation, smooth
from microrelu.tape.kernels import VARIADIC, keeps_derivatives
from microrelu.tape.recording import Recording

OFTEN = 1000  # times that two operations have to follow each other
SHARE = 16  # and among so many nodes once: every fused operation takes time to compile
MOST_OPERANDS = 4

TEXT = """
def fused({operands}):
    value, local = inner({within})
    value, upstream = outer({around})
    return value, ({derivatives})
"""


Pair = tuple[Operation, int, Operation]  # the second is operand number so and so of the first


class Fused(Operation):
    """An operation one of whose operands is the value of another operation."""


def fused(recording: Recording) -> Recording:
    """The recording with fused operations; itself where nothing recurs often enough."""
    kinds: list[Operation | None] = [None] * recording.nodes
    operands: list[tuple[int, ...]] = [()] * recording.nodes
    for group in recording.groups:
        for node, parents in zip(group.nodes, group.operands, strict=True):
            kinds[node], operands[node] = group.operation, parents
    passing = _passing(recording, operands)
    changed = False
    while pair := _most_frequent(kinds, operands, passing):
        outer, slot, inner = pair
        for node, parents in enumerate(operands):
            if kinds[node] is outer and passing[parents[slot]] and kinds[parents[slot]] is inner:
                within = operands[parents[slot]]
                kinds[parents[slot]], operands[parents[slot]] = None, ()
                kinds[node] = _fused(pair, len(parents), len(within))
                operands[node] = (*parents[:slot], *within, *parents[slot + 1 :])
        changed = True
    if not changed:
        return recording
    recording = copy(recording)
    varies = [node >= recording.shared for node in range(recording.nodes)]
    recording.arrange(kinds, operands, varies, recording.outputs)
    return recording


def _passing(recording: Recording, operands: list[tuple[int, ...]]) -> list[bool]:
    """Which nodes are used once only, and by a node that is shared or per example as they are."""
    uses, user = [0] * recording.nodes, [0] * recording.nodes
    for node, parents in enumerate(operands):
        for each in parents:
            uses[each] += 1
            user[each] = node
    for each in recording.outputs:
        uses[each] += 2  # it is wanted itself
    first = recording.shared
    return [uses[i] == 1 and (i < first) == (user[i] < first) for i in range(recording.nodes)]


def _most_frequent(
    kinds: list[Operation | None], operands: list[tuple[int, ...]], passing: list[bool]
) -> Pair | None:
    """What to fuse next, if anything; one of the two is no fused operation, so that none grows."""
    cheap = {
        kind for kind in {*kinds} if kind and kind not in VARIADIC and not keeps_derivatives(kind)
    }
    counts: Counter[Pair] = Counter()
    for outer, parents in zip(kinds, operands, strict=True):
        for slot, each in enumerate(parents if outer in cheap else ()):
            fits = len(parents) + len(operands[each]) <= MOST_OPERANDS + 1
            if outer and passing[each] and fits and (inner := kinds[each]) in cheap and inner:
                counts[outer, slot, inner] += 1
    for pair, count in counts.most_common():
        if count >= max(OFTEN, len(kinds) / SHARE) and not (
            isinstance(pair[0], Fused) and isinstance(pair[2], Fused)
        ):
            return pair
    return None


@cache
def _fused(pair: Pair, around: int, within: int) -> Fused:
    """The operation of both; they take that many operands."""
    outer, slot, inner = pair
    operands = [f"x{i}" for i in range(around - 1 + within)]
    own = operands[slot : slot + within]
    upstream = [f"upstream[{i}]" for i in range(around)]
    derivatives = [f"{upstream[slot]} * local[{i}]" for i in range(within)]
    derivatives = [*upstream[:slot], *derivatives, *upstream[slot + 1 :]]
    text = TEXT.format(
        operands=", ".join(operands),
        within=", ".join(own),
        around=", ".join([*operands[:slot], "value", *operands[slot + within :]]),
        derivatives="".join(f"{each}, " for each in derivatives),
    )
    users = [row for row in (outer, inner) if row.function.__module__ != operations.__name__]
    scope: dict[str, Any] = {"outer": outer.function, "inner": inner.function}
    scope["__name__"] = users[0].function.__module__ if users else operations.__name__
    exec(compile(text, __file__, "exec"), scope)
    function = scope["fused"]
    function.__name__ = f"{outer.name}[{slot}: {inner.name}]"
    return Fused(function, "", "", (), smooth)
