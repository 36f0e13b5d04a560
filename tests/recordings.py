"""Random graphs with what a tape is made of and replayed over, and what the engine says of them.

Tests import from here: `from recordings import cases, engine`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
from graphs import ANY_NUMBER, KINKY, SMOOTH, SOMEWHERE
from hypothesis import strategies as st

from microrelu import Value, topological_order, total
from microrelu.engine import OPERATIONS, Operation

FAR = (0.0, 0.0, 1.0, 800.0, -1000.0)
EVERY = (*SMOOTH, *ANY_NUMBER, *SOMEWHERE, *KINKY)
ULP = 2.0**-52
TOLERANCE = 1e-10


class Case(NamedTuple):
    """The arguments of a tape, and a batch."""

    outputs: list[Value]
    inputs: list[Value]
    parameters: list[Value]
    batch: np.ndarray


class Found(NamedTuple):
    """What is compared, of each output and example."""

    outputs: Any
    by_parameters: Any
    by_inputs: Any


class Known(NamedTuple):
    """A node's number in each example, and by how much rounding may have changed it."""

    numbers: list[float]
    errors: list[float]


@st.composite
def cases(draw: st.DrawFn, names: Sequence[str] = EVERY, otherwise: str = "tanh") -> Case:
    """A graph with one output to three, and a batch for which it has values, well conditioned.

    Leaves are inputs, parameters and constants; outputs may be leaves, and parameters come in any
    order. Some numbers are far out, or at a kink. Few operations make each graph, so that it has
    the same ones in several places; where one has no value, another is taken.

    Hypothesis chooses, and shrinks, its size and that of the batch. All else is chosen at random,
    as often one thing as the other.
    """
    size = draw(st.integers(1, 9) | st.integers(1, 40) | st.integers(1, 300))
    layers = draw(st.integers(1, 10))
    return _Drawn(Random(draw(st.integers(0, 2**32))), size, names, otherwise).case(layers)


class _Drawn:
    """A graph that is drawn, with what each node comes to in each example."""

    def __init__(self, random: Random, size: int, names: Sequence[str], otherwise: str) -> None:
        self.random, self.size, self.otherwise = random, size, OPERATIONS[otherwise]
        self.nodes: dict[Value, Known] = {}
        self.far = random.choice((0, 0.4))  # how many numbers are
        self.names = random.sample(names, random.randint(1, min(4, len(names))))
        self.names += random.choices([each for each in ("add", "multiply") if each in names], k=1)
        self.inputs = [self.leaf(varies=True) for _ in range(random.randint(0, 2))]
        self.parameters = [self.leaf() for _ in range(random.randint(0, 4))]

    def leaf(self, varies: bool = False) -> Value:
        random = self.random
        pool = [
            random.choice(FAR) if random.random() < self.far else random.randint(-2000, 2000) / 1000
            for _ in range(1 + 2 * varies)
        ]
        numbers = [pool[0], *[random.choice(pool) for _ in range(self.size - 1)]]
        self.nodes[value := Value(pool[0])] = Known(numbers, [0.0] * self.size)
        return value

    def operands(self, count: int, before: Sequence[Value]) -> list[Value]:
        """Any nodes, most often leaves and the last ones."""
        several = [before, before[-4:], before[-4:], self.parameters, self.inputs]
        found = [self.random.choice([each for each in several if each]) for _ in range(count)]
        return [
            self.leaf() if self.random.random() < 0.1 else self.random.choice(each)
            for each in found
        ]

    def layer(self) -> None:
        """Nodes of one operation, which may well be computed together, perhaps of neighbours."""
        random, before = self.random, [*self.nodes] or [self.leaf()]
        operation = OPERATIONS[random.choice(self.names)]
        start = random.choice((None, random.randrange(len(before)), max(0, len(before) - 3)))
        for i in range(random.choice((1, 1, 2, 4))):
            count = len(operation.operands) or random.randint(1, 4)
            count = 2 * count - 1 if operation.name == "weighted_sum" else count
            operands = [] if start is None else before[start + i : start + i + count]
            operands += self.operands(count - len(operands), before)
            for row, taken in ((operation, operands), (self.otherwise, operands[:1])):
                if known := _known(row, [self.nodes[each] for each in taken]):
                    self.nodes[row.apply(tuple(taken))] = known
                    break

    def case(self, layers: int) -> Case:
        random = self.random
        for _ in range(layers):
            self.layer()
        used = {parent for node in self.nodes for parent in node.parents}
        loose = [node for node in self.nodes if node not in used]
        root = loose[-1] if random.random() < 0.3 else total(loose)
        outputs = [
            root,
            *random.sample([*self.nodes], min(len(self.nodes), random.choice((0, 0, 1, 2)))),
        ]
        outputs = random.sample(outputs := [*dict.fromkeys(outputs)], len(outputs))
        below = {node for each in outputs for node in topological_order(each)}
        inputs = [each for each in self.inputs if each in below]
        parameters = [each for each in self.parameters if each in below]
        columns = [self.nodes[each].numbers for each in inputs]
        batch = np.ascontiguousarray(np.array(columns).reshape(len(inputs), self.size).T)
        return Case(outputs, inputs, random.sample(parameters, len(parameters)), batch)


def _known(operation: Operation, operands: Sequence[Known]) -> Known | None:
    """What a node of these comes to; None where it has no value or is too ill conditioned."""
    numbers = zip(*[each.numbers for each in operands], strict=True)
    errors = zip(*[each.errors for each in operands], strict=True)
    found = [_once(operation, *row) for row in zip(numbers, errors, strict=True)]
    kept = [each for each in found if each]
    return Known(*map(list, zip(*kept, strict=True))) if len(kept) == len(found) else None


def _once(
    operation: Operation, numbers: tuple[float, ...], errors: tuple[float, ...]
) -> tuple[float, float] | None:
    is_exact = not any(errors)
    allowed = SOMEWHERE.get(operation.name, lambda *numbers: True)
    at_corner = operation.name == "power" and is_exact and numbers in ((0, 0), (0, 1))
    gap = numbers[0] - numbers[1] if operation.name in ("maximum", "minimum") else numbers[0]
    is_clear = operation.name not in KINKY or is_exact or abs(gap) > 1e-6
    if not is_clear or not (at_corner or allowed(*numbers)):
        return None
    value, local = operation.function(*numbers)
    error = abs(value) * ULP
    for number, derivative, own in zip(numbers, local, errors, strict=True):
        error += abs(derivative) * (own + abs(number) * ULP)
    return (value, error) if abs(value) <= 1000 and error <= 1e-12 else None


def engine(case: Case) -> tuple[Found, Found]:
    """Everything by the engine, example after example; and the scale of each number.

    That is the sum of what adds up to it, each local derivative taken as 1 at least: rounding does
    no more, and no less need be allowed for.
    """
    numbers, scales = [], []
    for example in case.batch.tolist():
        copies = dict(zip(case.inputs, map(Value, example), strict=True))
        for node in dict.fromkeys(
            node for root in case.outputs for node in topological_order(root)
        ):
            if node.operation and node.parents:
                copies[node] = node.operation.apply(tuple([copies[each] for each in node.parents]))
            elif node not in copies:
                copies[node] = Value(node.data)
        roots = [copies[each] for each in case.outputs]
        parameters = [copies[each] for each in case.parameters]
        inputs = [copies[each] for each in case.inputs]
        rows = [_gradients(root, [*parameters, *inputs], [*copies.values()]) for root in roots]
        numbers.append(([root.data for root in roots], [by for by, _ in rows]))
        scales.append(([max(1.0, abs(root.data)) for root in roots], [size for _, size in rows]))
    return _found(numbers, case), _found(scales, case)


def _gradients(
    root: Value, wanted: Sequence[Value], everything: Sequence[Value]
) -> tuple[list[float], list[float]]:
    for node in everything:
        node.grad = 0.0
    root.backward()
    scale = dict.fromkeys(everything, 0.0)
    scale[root] = 1.0
    for node in reversed(topological_order(root)):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            scale[parent] += scale[node] * max(1.0, abs(derivative))
    return [each.grad for each in wanted], [max(1.0, scale[each]) for each in wanted]


def _found(rows: Sequence[tuple[list[float], list[list[float]]]], case: Case) -> Found:
    outputs, gradients = (np.array(each, float) for each in zip(*rows, strict=True))
    shape = len(rows), len(case.outputs), len(case.parameters) + len(case.inputs)
    gradients = gradients.reshape(shape).swapaxes(0, 1)
    count = len(case.parameters)
    return Found(outputs, gradients[..., :count], gradients[..., count:])


def assert_near(found: Any, expected: Any, scale: Any) -> None:
    """Raise AssertionError unless every number is the expected one to ten digits of its scale."""
    found = np.asarray(found)
    assert found.shape == expected.shape
    off = np.abs(found - expected) / scale
    assert (off <= TOLERANCE).all(), f"{found} is not {expected}: off by {off.max()} of its scale."
