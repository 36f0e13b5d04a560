"""Graphs copied and pickled without recursion, so that depth does not matter and sharing stays.

A node is pickled behind all nodes below it, parents first, each under its own identity: what two
roots of one pickle share is one node again when it is loaded. `copy.deepcopy` goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import local
from typing import Any

_now = local()  # .inside: are the nodes below a root being pickled one after the other?


class Nodes(list[Any]):
    """The nodes of a graph, parents first; when it is loaded, with None behind the root."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return Nodes, (), None, self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        _now.inside = True
        try:
            yield from self
            yield None  # pickle asks for one item more before it has saved the last
        finally:
            _now.inside = False


def root_of(nodes: Nodes) -> Any:
    """The root of what was loaded."""
    return nodes[-2]


def reduced(node: Any, below: Callable[[Any], list[Any]], protocol: Any) -> Any:
    """What pickle asks a node for; `below` lists it behind all nodes that it was made of."""
    if not node.parents or getattr(_now, "inside", False):  # all that it was made of is done
        return object.__reduce_ex__(node, max(2, protocol))
    return root_of, (Nodes(below(node)),)


def copied(node: Any) -> Any:
    """A node of its own, with the same parents."""
    copy = object.__new__(type(node))
    state = object.__reduce_ex__(node, 2)[2]
    attributes, slots = state if isinstance(state, tuple) else (state, {})
    for name, content in {**(attributes or {}), **slots}.items():
        setattr(copy, name, content)
    return copy
