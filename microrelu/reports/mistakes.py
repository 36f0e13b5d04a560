"""What explains a wrong gradient: each mistake that people make, as the number that it would give.

A node's gradient is held against the gradients above it, as they are there: so that a mistake is
found where it was made, and what only follows from it is not one more.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import NamedTuple

from microrelu.check.floats import slope_of_floats
from microrelu.engine import Value, topological_order
from microrelu.foreign import Adopted
from microrelu.recognition import CLOSE
from microrelu.writing.figures import number
from microrelu.writing.writer import Writer

MOST_TERMS = 8  # contributions of which every choice is tried
MOST_CHOICES = 4096
MOST_ARRIVALS = 2_000  # of one recursion that is tried
MOST_FORKS = 6
TIMES = range(2, 10)


@dataclass(frozen=True)
class Edge:
    """What a node should pass on to one of its operands: its gradient there times our slope."""

    user: Value
    operand: int
    upstream: float
    slope: float

    @property
    def amount(self) -> float:
        """The contribution."""
        return self.upstream * self.slope


class Explanation(NamedTuple):
    """A mistake that gives the number that is there.

    Attributes:
        kind: The mistake, the same at all nodes that it explains.
        why: The sentence.
        is_exact: Does it give this number and no other?
    """

    kind: tuple[str, ...]
    why: str
    is_exact: bool = True


@dataclass(frozen=True)
class Mistake:
    """A mistake, at the first node that it made wrong.

    Attributes:
        kind: Which it is: "overwritten", "early", "sign", "slope" and so on.
        node: That node.
        sentence: What is told of it.
        nodes: All nodes that it explains.
    """

    kind: str
    node: Value
    sentence: str
    nodes: tuple[Value, ...] = ()


class Theirs:
    """Their gradients, and what each node should have got by the gradients above it."""

    def __init__(self, root: Adopted) -> None:
        self.root = root
        self.order = topological_order(root)[::-1]
        self.grads = {node: float(node.grad) for node in self.order}
        self.seed = self.grads[root]
        self._find_edges()
        if not self.seed and any(self.grads.values()):
            self.grads[root] = self.seed or 1.0  # what is passed on, though it is not kept
            self._find_edges()

    def _find_edges(self) -> None:
        self.edges: dict[Value, list[Edge]] = {node: [] for node in self.order}
        for node in self.order:
            for i, parent in enumerate(node.parents):
                edge = Edge(node, i, self.grads[node], node.local_derivatives[i])
                self.edges[parent].append(edge)
        self.sizes = {
            node: sum(abs(edge.amount) for edge in edges) for node, edges in self.edges.items()
        }

    def expected(self, node: Value) -> float:
        """What the node should have got."""
        return sum(edge.amount for edge in self.edges[node])

    def is_near(self, node: Value, number: float) -> bool:
        """Is it the number that the node has, but for rounding?"""
        got = self.grads[node]
        return abs(got - number) <= CLOSE * max(self.sizes[node], abs(got)) or got == number

    def verdict(self, node: Value) -> str:
        """Is the node's gradient "right", "WRONG", does it "follow", or is it "not known"?"""
        if not isinstance(node, Adopted) or not node.differs:
            known = not isinstance(node, Adopted) or not math.isnan(node.right)
            return "right gradient" if known else "not known"
        if node is self.root:
            return "WRONG"
        expected = self.expected(node)
        if self.is_near(node, expected) or (expected != expected != self.grads[node]):
            return "follows"
        return "WRONG"


class Explainer:
    """Finds what explains the wrong gradients of a graph, and says it."""

    def __init__(self, theirs: Theirs, writer: Writer) -> None:
        self.theirs, self.writer = theirs, writer
        self.say = writer.say
        self.trusted = {
            self._place(edge)
            for node, edges in theirs.edges.items()
            if edges and theirs.is_near(node, theirs.expected(node))
            for edge in edges
            if edge.amount
        }

    def mistakes(self, wrong: Sequence[Value]) -> list[Mistake]:
        """The mistakes, in the order of the sweep."""
        left = [node for node in wrong if node is not self.theirs.root]
        if left and (whole := self._of_whole()):
            return [self._mistake(left, [whole], is_first=True)]
        found = [self._seed()] if len(left) < len(wrong) else []
        explained = {node: [*self.explanations(node)] for node in left}
        while left:
            counts = Counter(kind for node in left for kind in {e.kind for e in explained[node]})

            best, *others = sorted(
                explained[left[0]], key=lambda each: (not each.is_exact, -counts[each.kind])
            )
            alike = [
                node
                for node in left
                if any((e.kind, e.is_exact) == (best.kind, best.is_exact) for e in explained[node])
            ]
            others = [
                each
                for each in others
                if each.is_exact >= best.is_exact and counts[each.kind] == len(alike)
                if (best.kind, each.kind) != (("overwritten",), ("early",))  # the same, by chance
            ]
            found.append(self._mistake(alike, [best, *others], is_first=not found))
            left = [node for node in left if node not in alike]
        return found

    def _mistake(
        self, nodes: Sequence[Value], told: Sequence[Explanation], *, is_first: bool
    ) -> Mistake:
        node = nodes[0]
        right = node.right if is_first and isinstance(node, Adopted) else self.theirs.expected(node)
        got = self.say(
            "first wrong" if is_first else "then wrong",
            node=self.name(node),
            got=number(self.theirs.grads[node]),
            right=number(right),
        )
        why = self.say("or").join(dict.fromkeys(each.why for each in told))
        sentence = got + why + same(self.writer, nodes)
        return Mistake(told[0].kind[0], node, sentence, tuple(nodes))

    def _seed(self) -> Mistake:
        root, got = self.theirs.root, number(self.theirs.seed)
        key = "no seed" if not self.theirs.seed else "wrong seed"
        return Mistake("seed", root, self.say(key, node=self.name(root), got=got), (root,))

    def name(self, node: Value) -> str:
        """A node in a sentence."""
        return self.writer.node(node).text

    def explanations(self, node: Value) -> Iterator[Explanation]:
        """What explains the node's gradient: what gives its number, or what may."""
        edges = self.theirs.edges[node]
        got = self.theirs.grads[node]
        if not math.isfinite(got):
            suspects = [self.name(edge.user) for edge in self._suspects(edges)]
            users = self.say("comma").join(dict.fromkeys(suspects))
            yield Explanation(("nan",), self.say("mistake nan", users=users))
            return
        found = [
            *self._overwritten(node, edges),
            *self._early(node, edges),
            *self._factors(node, edges),
            *self._claimed(node, edges),
            *self._earlier(node),
        ]
        if not found:
            found += self._slopes(node, edges)
            if not node.parents and got:
                rest = number(got - self.theirs.expected(node))
                why = self.say("mistake left over", rest=rest)
                found.append(Explanation(("earlier",), why, False))
        yield from found or [Explanation(("unexplained",), self.say("mistake unexplained"), False)]

    def _overwritten(self, node: Value, edges: Sequence[Edge]) -> Iterator[Explanation]:
        """Only some of the contributions are left: `=` where there should be `+=`."""
        if len(edges) < 2:
            return
        sizes = range(1, len(edges) if len(edges) <= MOST_TERMS else 2)
        for kept in (kept for size in sizes for kept in combinations(edges, size)):
            if self.theirs.is_near(node, sum(edge.amount for edge in kept)):
                listed, left = self._listed(edges), self._listed(kept)
                why = self.say("mistake overwritten", count=len(edges), listed=listed, left=left)
                yield Explanation(("overwritten",), why)
                return

    def _listed(self, edges: Sequence[Edge]) -> str:
        pairs = [
            self.say("amount from", amount=number(edge.amount), node=self.name(edge.user))
            for edge in edges
        ]
        return self.say("comma").join([*pairs[:6], *["…"] * (len(pairs) > 6)])

    def _early(self, node: Value, edges: Sequence[Edge]) -> Iterator[Explanation]:
        """A node passed on what it had before its own gradient was complete: nothing, or some."""
        users = [*dict.fromkeys(edge.user for edge in edges)]
        slopes = {u: sum(edge.slope for edge in edges if edge.user is u) for u in users}
        had = {user: self._partial(user) for user in users}
        count = math.prod(len(sums) for sums in had.values())
        for choice in product(*had.values()) if count <= MOST_CHOICES else ():
            sums = dict(zip(users, choice, strict=True))
            passed = sum(slopes[user] * had_then for user, had_then in sums.items())
            early = [u for u in users if sums[u] != self.theirs.grads[u]]
            if early and self.theirs.is_near(node, passed):
                user = max(early, key=lambda user: abs(sums[user]))
                why = self.say(
                    "mistake early" if sums[user] else "mistake nothing",
                    user=self.name(user),
                    had=number(sums[user]),
                    complete=number(self.theirs.grads[user]),
                )
                yield Explanation(("early",), why)
                return

    def _partial(self, user: Value) -> list[float]:
        """What a node may have had of its gradient: all of it, and then less."""
        edges, whole = self.theirs.edges[user], self.theirs.grads[user]
        sums = {whole: None}
        if user is not self.theirs.root and len(edges) <= MOST_TERMS:
            for size in range(len(edges)):
                for kept in combinations(edges, size):
                    sums[sum(edge.amount for edge in kept)] = None
        elif user is self.theirs.root:
            sums[0.0] = None
        return [*sums]

    def _factors(self, node: Value, edges: Sequence[Edge]) -> Iterator[Explanation]:
        """A factor of a contribution was lost: upstream, local derivative, Step or sign."""
        expected = self.theirs.expected(node)
        for group in self._groups(edges):
            first = group[0]
            rest = expected - sum(edge.amount for edge in group)
            variants = {
                "upstream": sum(edge.slope for edge in group),
                "local": sum(edge.upstream for edge in group),
                "sign": -sum(edge.amount for edge in group),
            }
            for lost, passed in variants.items():
                if self.theirs.is_near(node, rest + passed) and self._is_judged(first.user):
                    operation = first.user.operation
                    is_step = lost == "local" and first.slope == 0 and operation is not None
                    key = "step" if is_step and operation and operation.has_kink else lost
                    kind = key, operation.name if operation else ""
                    yield Explanation(kind, self._lost(key, first))

    def _lost(self, key: str, edge: Edge) -> str:
        return self.say(
            f"mistake {key}",
            equation=self.writer.equation(edge.user, numbers=False),
            symbol=edge.user.operation.symbol if edge.user.operation else "",
            upstream=number(edge.upstream),
            slope=number(edge.slope),
            amount=number(edge.amount),
        )

    def _groups(self, edges: Sequence[Edge]) -> list[list[Edge]]:
        """Contributions that one line of an engine passes on: one, those of a kind, or all."""
        kinds: dict[object, list[Edge]] = {}
        for edge in edges:
            operation = edge.user.operation
            for key in (id(edge), (operation, edge.operand), operation):
                kinds.setdefault(key, []).append(edge)
        groups = {tuple(map(id, group)): group for group in kinds.values()}
        return [*groups.values()]

    def _suspects(self, edges: Sequence[Edge]) -> Sequence[Edge]:
        """Contributions of operations that pass on what is right nowhere else; or all of them."""
        return [each for each in edges if self._place(each) not in self.trusted] or edges

    def _place(self, edge: Edge) -> object:
        return edge.user.operation, edge.operand

    def _is_judged(self, user: Value) -> bool:
        """Is it known what made the node, so that its derivative may be blamed?"""
        return isinstance(user, Adopted) and not user.fits and not user.is_unknown

    def _claimed(self, node: Value, edges: Sequence[Edge]) -> Iterator[Explanation]:
        """A node claims another local derivative than its operation has."""
        passed, first = 0.0, None
        for edge in edges:
            claims = edge.user.claims if isinstance(edge.user, Adopted) else None
            slope = claims[edge.operand] if claims else edge.slope
            passed += edge.upstream * slope
            if not math.isclose(slope, edge.slope, rel_tol=CLOSE) and self._is_judged(edge.user):
                first = first or (edge, slope)
        if first and self.theirs.is_near(node, passed):
            yield self._slope("mistake claimed", *first, is_exact=True)

    def _slopes(self, node: Value, edges: Sequence[Edge]) -> Iterator[Explanation]:
        """The local derivative with which a contribution would be what is there."""
        for edge in self._suspects(edges):
            if edge.upstream and self._is_judged(edge.user):
                others = self.theirs.expected(node) - edge.amount
                slope = (self.theirs.grads[node] - others) / edge.upstream
                yield self._slope("mistake slope", edge, slope, is_exact=False)

    def _slope(self, key: str, edge: Edge, slope: float, is_exact: bool) -> Explanation:
        operation = edge.user.operation
        assert operation is not None
        direction = [float(i == edge.operand) for i in range(len(edge.user.parents))]
        try:
            measured = number(slope_of_floats(edge.user, direction).value)
        except ValueError:  # no neighbours: the formula alone
            measured = number(edge.slope)
        why = self.say(
            key,
            equation=self.writer.equation(edge.user),
            operand=self.name(edge.user.parents[edge.operand]),
            claimed=number(slope),
            slope=measured,
        )
        return Explanation(("slope", operation.name), why, is_exact)

    def _earlier(self, node: Value) -> Iterator[Explanation]:
        """What an earlier sweep of the same graph left is still there."""
        for times in TIMES:
            if not node.parents and self.theirs.is_near(node, times * self.theirs.expected(node)):
                yield Explanation(("earlier",), self.say("mistake earlier", times=times))

    # Mistakes that explain the whole graph at once

    def _of_whole(self) -> Explanation | None:
        for times in TIMES[:3]:
            for adds in (False, True):
                if self._are_all(self._swept_again(times, adds)):
                    return Explanation(("again",), self.say("mistake again", times=times))
        if len(self.theirs.order) > MOST_ARRIVALS:
            return None
        forks = [n for n in self.theirs.order if sum(bool(p.parents) for p in {*n.parents}) > 1]
        forks = forks[:MOST_FORKS]  # of a set: which operand comes first is not known
        for at_once, is_set, *turned in product((False, True), repeat=2 + len(forks)):
            later = {node for node, is_turned in zip(forks, turned, strict=True) if is_turned}
            if (grads := self._arrivals(at_once, is_set, later)) and self._are_all(grads):
                return Explanation(("arrivals",), self.say("mistake arrivals"))
        return None

    def _are_all(self, grads: dict[Value, float]) -> bool:
        return all(
            self.theirs.is_near(node, grads[node])
            for node in self.theirs.order
            if isinstance(node, Adopted)
        )

    def _swept_again(self, times: int, adds: bool) -> dict[Value, float]:
        """Swept so many times, inner nodes keeping theirs; the root is set to 1, or 1 is added."""
        grads = dict.fromkeys(self.theirs.order, 0.0)
        for _ in range(times):
            grads[self.theirs.root] = grads[self.theirs.root] * adds + 1.0
            for node in self.theirs.order:
                for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
                    grads[parent] += grads[node] * slope
        return grads

    def _arrivals(
        self, at_once: bool, is_set: bool, turned: set[Value]
    ) -> dict[Value, float] | None:
        """A recursion in which a node passes on all that it has each time that it is reached.

        It may pass on to all operands `at_once`, before it goes on to any of them, to the last
        operand first where it is `turned`, and once to one that stands twice, of a set.
        """
        grads = dict.fromkeys(self.theirs.order, 0.0) | {self.theirs.root: 1.0}
        waiting: list[tuple[Value, int]] = [(self.theirs.root, -1)]  # -1: is reached
        for _ in range(MOST_ARRIVALS):
            if not waiting:
                return grads
            node, operand = waiting.pop()
            places = [*range(len(node.parents))][:: -1 if node in turned else 1]
            for i in places if operand < 0 and at_once else [operand] * (operand >= 0):
                grads[node.parents[i]] += grads[node] * node.local_derivatives[i]
            if operand >= 0:
                waiting.append((node.parents[operand], -1))
            elif at_once:
                below = [node.parents[i] for i in reversed(places)]
                waiting += [(each, -1) for each in (dict.fromkeys(below) if is_set else below)]
            else:
                waiting += [(node, i) for i in reversed(places)]
        return None


def same(writer: Writer, nodes: Sequence[Value]) -> str:
    """The sentence that a mistake of the first node explains the others too, if there are any."""
    names = [writer.node(each).text for each in nodes[1:4]] + ["…"] * (len(nodes) > 4)
    return writer.say("same", nodes=writer.say("comma").join(names)) if names else ""


def too_deep(root: Adopted) -> int:
    """How deep the graph is, if Python's recursion ends before that; else 0."""
    depth: dict[Value, int] = {}
    for node in topological_order(root):
        depth[node] = 1 + max((depth[parent] for parent in node.parents), default=0)
    return depth[root] if depth[root] > sys.getrecursionlimit() - 50 else 0
