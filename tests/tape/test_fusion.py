"""Fusion: what recurs becomes one operation, and every number stays what it was."""

import math
import random

import numpy as np
import pytest

import microrelu
from microrelu import (
    Tape,
    Value,
    add,
    engine,
    log,
    multiply,
    negate,
    operation,
    relu,
    relu_at_zero,
    subtract,
)
from microrelu.tape import fusion
from microrelu.tape.fusion import Fused, fused
from microrelu.tape.recording import Recording


def chain(links: int) -> tuple[Value, Value, list[Value]]:
    """relu(v · w + b), again and again; its input and its parameters."""
    x, w, b = Value(1.0, "x"), Value(0.999, "w"), Value(0.001, "b")
    value = x
    for _ in range(links):
        value = (value * w + b).relu()
    return value, x, [w, b]


def names(recording: Recording) -> dict[str, int]:
    """How many nodes of each operation there are."""
    found: dict[str, int] = {}
    for group in recording.groups:
        found[group.operation.name] = found.get(group.operation.name, 0) + len(group.operands)
    return found


def assert_replays(root: Value, inputs: list[Value], parameters: list[Value]) -> None:
    """The tape finds what the engine finds, for one example and for a block of them."""
    root.backward()
    numbers = np.array([each.data for each in inputs])
    tape = Tape(root, inputs, parameters)
    for size in (1, 9):
        batch = np.tile(numbers, (size, 1))
        np.testing.assert_allclose(tape.forward(batch), root.data, rtol=1e-12)
        by_parameters = tape.gradients(batch)
        np.testing.assert_allclose(by_parameters, [p.grad for p in parameters], rtol=1e-12)
        by_inputs = tape.gradients(batch, by="inputs", per_example=True)
        expected = np.tile([each.grad for each in inputs], (size, 1))
        np.testing.assert_allclose(by_inputs, expected, rtol=1e-12)


def test_a_link_of_a_long_chain_is_one_operation():
    root, x, parameters = chain(1500)
    recording = Recording([root], [x], parameters)
    assert names(recording) == {"multiply": 1500, "add": 1500, "relu": 1500}
    assert names(fused(recording)) == {"relu[0: add[0: multiply]]": 1500}
    assert names(recording) == {"multiply": 1500, "add": 1500, "relu": 1500}
    assert_replays(root, [x], parameters)


def test_a_short_chain_stays_as_it_is():
    root, x, parameters = chain(fusion.OFTEN - 1)
    recording = Recording([root], [x], parameters)
    assert fused(recording) is recording


def test_what_is_printed_speaks_of_the_operations_that_were_recorded():
    root, x, parameters = chain(1000)
    tape = Tape(root, [x], parameters)
    tape.gradients([[1.0]])
    assert "each example: 1000 multiply, 1000 add, 1000 relu" in str(tape)
    assert "np.maximum" in tape.source()


@pytest.mark.parametrize("slot", [0, 1])
def test_the_chain_rule_inside_a_fused_operation(slot):
    a, b, c = 2.0, 3.0, 5.0
    value, local = fusion._fused((multiply, slot, subtract), 2, 2).function(a, b, c)
    if slot == 0:  # (a − b) · c
        assert (value, local) == ((a - b) * c, (c, -c, a - b))
    else:  # a · (b − c)
        assert (value, local) == (a * (b - c), (b - c, a, -a))


def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fusion, "OFTEN", 2)


def operations_left(outputs: list[Value], inputs: list[Value]) -> set[str]:
    return set(names(fused(Recording(outputs, inputs, []))))


def test_what_is_used_twice_is_not_fused(monkeypatch):
    few_are_enough(monkeypatch)
    x = [Value(float(i)) for i in range(4)]
    once = [relu(negate(each)) for each in x]
    assert operations_left(once, x) == {"relu[0: negate]"}
    twice = [each * each for each in map(negate, x)]
    assert operations_left(twice, x) == {"multiply", "negate"}


def test_what_is_asked_for_is_not_fused(monkeypatch):
    few_are_enough(monkeypatch)
    x = [Value(float(i)) for i in range(4)]
    inner = [negate(each) for each in x]
    assert operations_left([*map(relu, inner), *inner], x) == {"negate", "relu"}


def test_what_is_shared_and_what_is_not_stay_apart(monkeypatch):
    few_are_enough(monkeypatch)
    x, w = [Value(float(i)) for i in range(4)], Value(2.0)
    assert operations_left([each * -w for each in x], x) == {"multiply", "negate"}


def test_what_is_dear_to_compute_again_is_not_fused(monkeypatch):
    few_are_enough(monkeypatch)
    x = [Value(float(i) + 1) for i in range(4)]
    assert operations_left([negate(log(each)) for each in x], x) == {"log", "negate"}


def test_no_fused_operation_has_many_operands(monkeypatch):
    few_are_enough(monkeypatch)
    leaves = [Value(float(i)) for i in range(90)]
    root = leaves[0]
    for leaf in leaves[1:]:
        root = add(root, leaf)
    groups = fused(Recording([root], leaves, [])).groups
    assert any(isinstance(group.operation, Fused) for group in groups)
    assert max(len(group.operands[0]) for group in groups) <= fusion.MOST_OPERANDS


def test_a_random_graph_with_everything_fused_that_can_be(monkeypatch):
    few_are_enough(monkeypatch)
    rng = random.Random(0)
    leaves = [Value(rng.uniform(-1.1, 1.1)) for _ in range(8)]
    made = leaves[:]
    rows = [subtract, multiply, relu]
    for _ in range(40):
        row = rng.choice(rows)
        made.append(row(*[rng.choice(made[-40:]) for _ in row.operands]))
    parents = {parent for node in made for parent in node.parents}
    root = microrelu.total([node for node in made if node not in parents])
    used = [leaf for leaf in leaves if leaf in parents]
    kinds = {group.operation for group in fused(Recording([root], used[:3], used[3:])).groups}
    assert any(isinstance(kind, Fused) for kind in kinds)
    assert_replays(root, used[:3], used[3:])


def test_the_derivative_at_the_kink_is_the_one_that_was_set():
    with relu_at_zero(0.25):
        x = Value(0.0, "x")
        root = microrelu.total([(x * float(i)).relu() for i in range(1, 1001)])
        assert_replays(root, [], [x])
        assert x.grad == 1000 * 1001 / 2 * 0.25


def test_nan_and_infinity_pass_through():
    root, x, parameters = chain(1000)
    outputs = Tape(root, [x], parameters).forward([[math.nan], [math.inf], [0.0]] * 3)
    assert math.isnan(outputs[0])
    assert outputs[1] == math.inf
    assert math.isfinite(outputs[2])


def test_an_operation_of_the_users_is_fused_as_well(monkeypatch):
    monkeypatch.setattr(engine, "OPERATIONS", dict(engine.OPERATIONS))

    @operation()
    def half(a):
        return a / 2, (0.5,)

    x, w = Value(1.0, "x"), Value(0.5, "w")
    root = microrelu.total([half(x * w) for _ in range(1000)])
    assert names(fused(Recording([root], [x], [w]))) == {"half[0: multiply]": 1000, "total": 1}
    assert_replays(root, [x], [w])
