"""Random networks for hypothesis, and what they are trained with.

Tests import from here: `from networks import networks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from microrelu import (
    MLP,
    Constant,
    Layer,
    Value,
    cross_entropy,
    half_squared_error,
    hinge,
    leaky_relu,
    maximum,
    mean,
    operation,
    total,
    weighted_sum,
)
from microrelu.engine import OPERATIONS

kept = dict(OPERATIONS)


@operation("⋔", "a**3 + a", ["3 * a**2 + 1"])
def fork(a):
    return a**3 + a, (3 * a * a + 1,)


@operation()
def untold(a):
    return 0.5 * a * a, (a,)


OPERATIONS.clear()
OPERATIONS.update(kept)  # these are known to the networks alone


def swish(z):
    return z * z.sigmoid()


def shifted(z):
    return (z + 0.5).relu() - 0.1


ACTIVATIONS: list[Any] = ["relu", "relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh"]
ACTIVATIONS += [fork, untold, swish, shifted, lambda z: maximum(z, 0.01)]
ACTIVATIONS += [lambda z: leaky_relu(z, 0.3), "linear"]


def squared(outputs: Sequence[Value], others: Sequence[Value]) -> Value:
    return half_squared_error(outputs, [0.5] * len(outputs))


LOSSES: dict[str, Callable[[list[Value], list[Value]], Value]] = {
    "half squared error": squared,
    "of one": lambda outputs, others: half_squared_error(outputs[0], Value(1.0, "y")),
    "cross-entropy": lambda outputs, others: cross_entropy([*outputs, 0.0], len(outputs) - 1),
    "hinge": lambda outputs, others: hinge(outputs, [1] * len(outputs)),
    "weight decay": lambda outputs, others: (
        squared(outputs, others) + 0.01 * total([other**2 for other in others[:4]])
    ),
    "a mean": lambda outputs, others: mean([output**2 for output in outputs]),
    "a weight again": lambda outputs, others: squared(outputs, others) * others[0],
    "an output": lambda outputs, others: outputs[-1],
}


def plain(model, inputs):
    return model(inputs)


def twice(model, inputs):
    """Two examples, whose outputs are all answered for."""
    return [*listed(model(inputs)), *listed(model([0.3, -1.0]))]


def skipping(model, inputs):
    """What goes in is added to what comes out of the first layer, and to the last."""
    first, *rest = model.layers
    nodes = listed(first(inputs))
    nodes = [a + b for a, b in zip(nodes, [*inputs, *nodes], strict=False)]
    for layer in rest:
        nodes = listed(layer(nodes))
    return [node + 0.1 * nodes[0] for node in nodes]


def into_another(model, inputs):
    outputs = listed(model(inputs))
    return Layer(len(outputs), 2, "relu", seed=3)(outputs)


def shared(model, inputs):
    """One weight in two units of two layers."""
    nodes = listed(model(inputs))
    weight = model.parameters()[0]
    return [weighted_sum([weight] * len(nodes), nodes, weight), *nodes]


WAYS = [plain, plain, twice, skipping, into_another, shared]


def listed(outputs: Any) -> list[Value]:
    return [outputs] if isinstance(outputs, Value) else outputs


@st.composite
def networks(draw: st.DrawFn) -> Value:
    """The loss of a random network."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    hidden, output = (draw(st.sampled_from(ACTIVATIONS)) for _ in range(2))
    model = MLP(2, sizes, activation=hidden, output=output, seed=draw(st.integers(0, 50)))
    numbers = [draw(st.integers(-4, 4)) / 2 for _ in range(2)]
    kind = draw(st.sampled_from([Constant, Value]))
    inputs = [kind(number, f"r(0)_{i}") for i, number in enumerate(numbers, start=1)]
    outputs = listed(draw(st.sampled_from(WAYS))(model, inputs))
    loss = LOSSES[draw(st.sampled_from([*LOSSES]))]
    return loss(outputs, model.parameters())
