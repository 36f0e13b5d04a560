"""What each node of a graph is called, each name once."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from itertools import chain, count

from microrelu.engine import Constant, Value, topological_order
from microrelu.writing.figures import LOWERED
from microrelu.writing.notation import PRIMES, TEXT

MOST_EDGES = 10_000  # looked at, to find whether an operand reaches a node through others too


class Names(dict[Value, str]):
    """What each node of a graph is called, in topological order; "" is a constant's name.

    Attributes:
        data: The numbers that the nodes had when they were named.
        given: The nodes that someone has named; others are C and v₁, v₂, …
    """

    def __init__(
        self,
        names: Mapping[Value, str],
        given: Collection[Value] = (),
        indirect: Mapping[Value, set[Value]] = {},  # as far as it is known
    ) -> None:
        super().__init__(names)
        self.given = given
        self.data = {node: node.data for node in self}
        self._indirect = dict(indirect)

    @property
    def root(self) -> Value:
        """What the graph is of."""
        return next(reversed(self))

    @cached_property
    def uses(self) -> Counter[Value]:
        """How many operands each node is."""
        return Counter(parent for node in self for parent in node.parents)

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {node: place for place, node in enumerate(self)}

    def indirect(self, node: Value) -> set[Value]:
        """The operands of the node that reach it through another operand too, or may.

        Where it would take too long to see, all that are used elsewhere may.
        """
        if node not in self._indirect:
            wanted = {parent for parent in node.parents if self.uses[parent] > 1}
            self._indirect[node] = self._found_below(node, wanted) if wanted else wanted
        return self._indirect[node]

    def _found_below(self, node: Value, wanted: set[Value]) -> set[Value]:
        """Those of the wanted that an operand of the node was made of; all, if unsure."""
        first = min(map(self._places.__getitem__, wanted))  # nothing before it was made of any
        found: set[Value] = set()
        seen = set(node.parents)
        stack, edges = list(seen), 0
        while stack and len(found) < len(wanted):
            parents = stack.pop().parents
            edges += len(parents)
            if edges > MOST_EDGES:
                return wanted
            found.update(wanted.intersection(parents))
            new = {
                parent for parent in parents if parent.parents and self._places[parent] > first
            } - seen
            seen |= new
            stack += new
        return found


def node_names(root: Value, called: Mapping[Value, str] = {}) -> Names:
    """A name for each node: its label, what it is called, C for the root; or v1, v2 and so on.

    Constants without a label have none. Names follow the topological order, so they are the same
    each time. Where they would be set alike, marks tell the nodes apart: x, x′, x″; of more than
    three x[1], x[2], … A label keeps its own before what a node is only called.

    Args:
        root: What the graph is of.
        called: Names of nodes without a label, those of the variables that hold them.
    """
    order = topological_order(root)
    names = {node: node.label or called.get(node, "") for node in order}
    given = [node for node, name in names.items() if name]
    alike: dict[str, list[Value]] = defaultdict(list)
    for node in sorted(given, key=lambda node: not node.label):  # those with a label first
        alike[_as_set(names[node])].append(node)
    for group in [group for group in alike.values() if len(group) > 1]:
        numbered = map("[{}]".format, count(1))
        few = len(group) <= len(PRIMES) + 1
        marks = chain(PRIMES, numbered) if few else numbered
        for node in group[1:] if few else group:
            marked = (names[node] + mark for mark in marks)
            names[node] = next(name for name in marked if _as_set(name) not in alike)
            alike[_as_set(names[node])].append(node)
    if not names[root] and "C" not in alike:
        names[root] = "C"
    as_set = str.maketrans(LOWERED)
    spare = (f"v{n}" for n in count(1) if "v" + str(n).translate(as_set) not in alike)
    for node in order:
        if not names[node] and not isinstance(node, Constant):
            names[node] = next(spare)
    return Names(names, set(given))


@lru_cache(maxsize=4096)
def _as_set(label: str) -> str:
    """A label as it looks: x1 and x_1 are one."""
    return unicodedata.normalize("NFC", " ".join(TEXT.name(label).text.split()))
