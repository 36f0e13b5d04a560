"""Does what was recorded still hold? Values may have been assigned after a graph was made.

Whoever explains a graph asks here first, and refuses with the sentence; pictures mark what does
not hold any more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from microrelu.engine import Constant, Value
from microrelu.foreign import Adopted
from microrelu.writing.figures import number
from microrelu.writing.names import Names
from microrelu.writing.writer import Writer


def at_kink(node: Value) -> bool:
    """Does the node sit where its derivative is a convention, as ReLU does at 0?"""
    numbers = [parent.data for parent in node.parents]
    return node.operation is not None and node.operation.kink(*numbers)


def changed_nodes(order: Iterable[Value]) -> list[Value]:
    """The nodes that hold no more: their operation, run again, gives something else.

    That is another value, or another local derivative, of what the operands hold now: `data` was
    assigned after the graph was recorded. A derivative at a kink is a convention, of the time when
    the node was made, and does not count.
    """
    return [node for node in order if _changes(node)]


def refuse_changed(names: Names) -> None:
    """Raise a ValueError if a node of the graph holds no more.

    The sentence names the first such node, its operands, and what to write.
    """
    for node in names:
        if changes := _changes(node):
            raise ValueError(
                f"{_no_longer(node, *changes[0], names)}: data was assigned after the graph was "
                f"recorded. Write {recompute(names)} to compute it anew."
            )


def recompute(names: Names) -> str:
    """What to write where a graph no longer holds: `C.recompute()`."""
    name = names[names.root] if names[names.root].isidentifier() else "root"
    if isinstance(names.root, Adopted):  # whose own graph is someone else's
        name = f"adopt({name})"
    return f"{name}.recompute()"


def _changes(node: Value) -> list[tuple[int, float, float]]:
    """What of a node its operation now gives otherwise: operand, what was recorded, what is.

    The operand is that of a local derivative; −1 stands for the value.
    """
    if node.operation is None:
        return []
    try:
        value, derivatives = node.operation.compute(*[parent.data for parent in node.parents])
    except (ArithmeticError, ValueError, TypeError):
        value, derivatives = math.nan, node.local_derivatives
    recorded, now = [node.data], [value]
    if not at_kink(node):
        recorded += node.local_derivatives
        now += derivatives
    pairs = enumerate(zip(recorded, now, strict=True), -1)
    return [(i, a, b) for i, (a, b) in pairs if a != b and not math.isnan(a) * math.isnan(b)]


def _no_longer(node: Value, operand: int, was: float, is_now: float, names: Names) -> str:
    """How a node differs from what its operands give now, as the start of a sentence."""
    writer = Writer(names)
    shown = [writer.node(parent).text for parent in node.parents]
    now = [
        f"{text} = {number(parent.data, 12)}"
        for text, parent in dict(zip(shown, node.parents, strict=True)).items()
        if not isinstance(parent, Constant)
    ]
    if len(now) > 6:
        now[3:-2] = ["…"]
    what = f"{writer.node(node).text} = {writer.value(node).text}"
    if operand >= 0:
        what = f"The derivative of {what} by {shown[operand]}"
    digits = 12 if number(was, 12) != number(is_now, 12) else 17
    found = f"was recorded as {number(was, digits)}, and is {number(is_now, digits)}"
    return f"{what} {found} with {', '.join(now)}" if now else f"{what} {found} now"
