"""A tape gives what the engine gives: the same graph, example after example."""

from __future__ import annotations

import copy
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
from graphs import graphs
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from recordings import EVERY, Case, assert_near, cases, engine

import microrelu
from microrelu import (
    MLP,
    SGD,
    Adam,
    Tape,
    Value,
    cross_entropy,
    half_squared_error,
    hinge,
    log_sum_exp,
    operations,
    total,
    weighted_sum,
)
from microrelu import engine as engine_module
from microrelu.engine import OPERATIONS, Operation, smooth
from microrelu.optim import Optimizer
from microrelu.tape import compiled, listing, recording
from microrelu.tape.program import Program

BUILT_IN = [row for row in vars(operations).values() if isinstance(row, Operation)]
FIXED = {row.name: row for row in BUILT_IN if row.operands}


@pytest.fixture(scope="module", autouse=True)
def one_interpreter_for_all() -> None:
    """Compile one that knows every operation; graphs with fewer of them take it as well."""
    x = Value(0.5)
    compile_all(total([row(*[x] * len(row.operands)) for row in FIXED.values()]), x)


def compile_all(root: Value, x: Value) -> None:
    for size in (1, 9):
        Tape(root, [x]).gradients(np.ones((size, 1)), by="inputs")


def rebuilt(root: Value, data: dict[Value, float]) -> tuple[Value, dict[Value, Value]]:
    """The same graph, made anew by the engine with other leaves."""
    copies: dict[Value, Value] = {}
    for node in microrelu.topological_order(root):
        if node.operation is None or not node.parents:
            copies[node] = Value(data.get(node, node.data))
        else:
            copies[node] = node.operation.apply(copies[parent] for parent in node.parents)
    return copies[root], copies


def eager(
    root: Value, inputs: list[Value], parameters: list[Value], batch: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs, and each example's derivatives by parameters and by inputs, from the engine."""
    outputs, by_parameters, by_inputs = [], [], []
    for example in batch.tolist():
        copy, copies = rebuilt(root, dict(zip(inputs, example, strict=True)))
        copy.backward()
        outputs.append(copy.data)
        by_parameters.append([copies[each].grad for each in parameters])
        by_inputs.append([copies[each].grad for each in inputs])
    return (
        np.array(outputs),
        np.array(by_parameters, dtype=float).reshape(len(batch), len(parameters)),
        np.array(by_inputs, dtype=float).reshape(len(batch), len(inputs)),
    )


def assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def assert_replays(
    root: Value, inputs: list[Value], parameters: list[Value], batch: np.ndarray
) -> None:
    tape = Tape(root, inputs, parameters)
    outputs, by_parameters, by_inputs = eager(root, inputs, parameters, batch)
    assert_close(tape.forward(batch), outputs)
    data = np.array([each.data for each in parameters])
    written: dict[str, Any] = {}
    exec(tape.source(), written)
    assert_close(tape.gradients(batch, per_example=True), by_parameters)
    assert_close(tape.gradients(batch, by="inputs", per_example=True), by_inputs)
    if len(batch):
        written_outputs, written_gradient = written["replay"](data, batch)
        assert_close(written_outputs, outputs)
        assert_close(written_gradient, by_parameters.mean(0))
        assert_close(tape.gradients(batch), by_parameters.mean(0))
        assert_close(tape.gradients(batch, by="inputs"), by_inputs / len(batch))


@given(st.data(), graphs(everywhere=True, on_grid=True), st.sampled_from([1, 2, 3, 4, 11]))
def test_random_graphs_replay_as_the_engine_computes_them(data, graph, size):
    root, leaves = graph
    split = data.draw(st.lists(st.booleans(), min_size=len(leaves), max_size=len(leaves)))
    inputs = [leaf for leaf, chosen in zip(leaves, split, strict=True) if chosen]
    parameters = [leaf for leaf, chosen in zip(leaves, split, strict=True) if not chosen]
    halves = st.integers(-4, 4).map(lambda n: n / 2)
    rows = data.draw(
        st.lists(
            st.lists(halves, min_size=len(inputs), max_size=len(inputs)),
            min_size=size,
            max_size=size,
        )
    )
    assert_replays(root, inputs, parameters, np.array(rows).reshape(size, len(inputs)))


def assert_as_the_engine(case: Case) -> None:
    """The tape and its source find what the engine finds: every output and every gradient."""
    numbers, scale = engine(case)
    single = len(case.outputs) == 1
    tape = Tape(case.outputs[0] if single else case.outputs, case.inputs, case.parameters)
    columns = (slice(None), 0) if single else slice(None)
    batch, count = case.batch, len(case.batch)
    assert_near(tape.forward(batch), numbers.outputs[columns], scale.outputs[columns])
    for output in range(len(case.outputs)):
        for by, each, size in (
            ("parameters", numbers.by_parameters[output], scale.by_parameters[output]),
            ("inputs", numbers.by_inputs[output], scale.by_inputs[output]),
        ):
            own = tape.gradients(batch, by=by, output=output, per_example=True)
            mean = tape.gradients(batch, by=by, output=output)
            assert_near(own, each, size)
            if by == "parameters":
                assert_near(mean, each.mean(0), size.mean(0))
            else:
                assert_near(mean, each / count, size / count)
    with np.errstate(all="ignore"):
        outputs, gradient = run(tape.source())(np.array([p.data for p in case.parameters]), batch)
    assert_near(outputs, numbers.outputs[columns], scale.outputs[columns])
    assert_near(gradient, numbers.by_parameters[0].mean(0), scale.by_parameters[0].mean(0))


def run(source: str) -> Any:
    """What a source defines."""
    written: dict[str, Any] = {}
    exec(source, written)
    return written["replay"]


FEW = ("add", "sin", "log_sum_exp", "softplus", "power")  # which meet each other more often


@pytest.mark.parametrize("names", [EVERY, FEW], ids=["every", "few"])
@settings(max_examples=500)
@given(st.data())
def test_the_tape_and_its_source_find_what_the_engine_finds(names, data):
    assert_as_the_engine(data.draw(cases(names)))


K = 1.0


def times_k(a):
    return K * a


def scaled(a):
    return times_k(a), (times_k(1.0),)


SCALED = Operation(scaled, "K ·", lambda a: f"{K} * {a}", lambda a: [f"{K}"], smooth)
WITH_K = cases(("add", "multiply", "scaled"), "negate")


@pytest.fixture(scope="module")
def table_with_k() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPERATIONS, "scaled", SCALED)
        yield


def see(number: float) -> None:
    """From now on K is that, for which there is an interpreter."""
    global K
    K = number
    x = Value(0.5)
    compile_all(total([x + x, x * x, -x, SCALED(x)]), x)


@settings(max_examples=100)
@given(st.data(), st.sampled_from([2.0, 3.0]))
def test_a_users_operation_sees_what_it_saw_when_recorded(table_with_k, data, number):
    see(number)
    assert_as_the_engine(data.draw(WITH_K))


def test_a_planted_old_constant_is_found(monkeypatch, table_with_k):
    see(2.0)
    old = {SCALED: compiled.frozen(SCALED)}
    monkeypatch.setattr(recording, "frozen", lambda operation: old.get(operation, operation))
    see(3.0)
    find(WITH_K, refuted, settings=THOROUGH)


def test_a_tape_keeps_what_its_operations_saw(table_with_k):
    see(2.0)
    x = Value(1.0)
    old, source = Tape(SCALED(x), [x]), Tape(SCALED(x), [x]).source()
    see(3.0)
    new = Tape(SCALED(x), [x])
    for size in (1, 9):
        assert old.forward([[1.0]] * size).tolist() == [2.0] * size
        assert new.forward([[1.0]] * size).tolist() == [3.0] * size
    assert (old.source(), new.source()) == (source, source.replace("2.0", "3.0"))


def test_what_a_function_sees_is_copied_and_compared():
    settings = ModuleType("settings")
    numbers, settings.scale, q, name = np.array([1.0, 2.0]), 10.0, 100.0, Operation

    def helper(a):
        return a * q

    def function(a, b=0.5):
        return helper(a) + numbers[1] + settings.scale + b + sum(0 * q for _ in "a"), (name,)

    row = Operation(function, "", "", (), smooth)
    before = compiled.frozen(row)
    assert before is compiled.frozen(row) is not row
    assert before.function(1.0) == function(1.0) == (112.5, (Operation,))
    numbers[1] = 3.0
    later = [compiled.frozen(row)]
    settings.scale = 20.0
    later.append(compiled.frozen(row))
    q = 200.0
    later.append(compiled.frozen(row))
    function.__defaults__ = (1.5,)
    later.append(compiled.frozen(row))
    assert len({before, *later}) == 5
    assert [each.function(1.0)[0] for each in later] == [113.5, 123.5, 223.5, 224.5]
    assert before.function(1.0)[0] == 112.5
    assert compiled.frozen(operations.tanh) is operations.tanh


def test_graphs_that_were_replayed_wrongly():
    w, s, c, x = map(Value, (0.5, -0.3, 1.0, 1.0))
    tape = Tape([x * (w * s) + c * x, c * c], [x], [w, s, c])
    assert tape.gradients([[1.0]] * 4).tolist() == pytest.approx([-0.3, 0.5, 1.0])
    a, b, c, x = map(Value, (-1.7, 0.6, 1.0, 1.0))
    tape = Tape([x * (a * b), c], [x], [c, b, a])
    assert tape.gradients([[1.0]] * 5).tolist() == pytest.approx([0.0, -1.7, 0.6])
    a, b, c = map(Value, (0.0, 0.0, 0.0))
    tape = Tape(log_sum_exp([a, b]) + log_sum_exp([a, b, c]), [a, b, c])
    for size in (1, 9):
        assert tape.forward([[0.0] * 3] * size).tolist() == pytest.approx([math.log(6)] * size)
    p, x = Value(0.7), Value(0.4)
    u, v = (p * x).tanh(), (p * x).sin()
    root = (u + v) ** 2 + (x + u) ** 2
    root.backward()
    _, gradient = run(Tape(root, [x], [p]).source())(np.array([0.7]), np.array([[0.4]]))
    assert gradient.tolist() == pytest.approx([p.grad])


def test_a_sum_of_no_products_is_its_bias():
    b, x = Value(3.0), Value(2.0)
    assert_replays(weighted_sum([], [], b) * weighted_sum([], [], x), [x], [b], np.ones((5, 1)))


ENDS = (
    -math.inf,
    -1000.0,
    -40.0,
    -1.0,
    -1e-9,
    -0.0,
    0.0,
    1e-9,
    0.5,
    1.0,
    2.0,
    40.0,
    800.0,
    math.inf,
)


def where_it_has_a_value(operation: Operation) -> Iterator[tuple[float, ...]]:
    numbers = ENDS
    if operation.name in ("divide", "power", "leaky_relu"):  # of which nobody asks for infinities
        numbers = ENDS[1:-1]
    if operation.name == "sqrt":  # whose slope at −0.0 may as well be −∞
        numbers = [each for each in ENDS if str(each) != "-0.0"]
    for point in product(numbers, repeat=len(operation.operands)):
        try:
            operation.function(*point)
        except (ValueError, ArithmeticError):
            continue
        yield point


@pytest.mark.parametrize("slope", [1.0, 0.25])
@pytest.mark.parametrize("name", FIXED)
def test_a_source_is_right_wherever_the_operation_is(name, slope):
    operation = FIXED[name]
    leaves = [Value(0.5) for _ in operation.operands]
    with microrelu.relu_at_zero(slope):
        replay = run(Tape(operation.apply(leaves), [], leaves).source())
        for point in where_it_has_a_value(operation):
            value, local = operation.function(*point)
            strict = "raise" if np.isfinite([value, *local]).all() else "ignore"
            with np.errstate(all=strict, under="ignore"):
                outputs, gradient = replay(np.array(point), np.empty((1, 0)))
            np.testing.assert_allclose([*outputs, *gradient], [value, *local], rtol=1e-12)


def test_the_source_of_log_sum_exp_is_right_far_out():
    leaves = [Value(0.0), Value(0.0), Value(0.0)]
    replay = run(Tape(log_sum_exp(leaves), [], leaves).source())
    for point in ([1000.0, -1000.0, 1000.0], [-1000.0] * 3, [math.inf, 1.0, -math.inf]):
        value, local = operations.log_sum_exp.function(*point)
        outputs, gradient = replay(np.array(point), np.empty((1, 0)))
        np.testing.assert_allclose([*outputs, *gradient], [value, *local], rtol=1e-12)


def test_sources_without_inputs_or_parameters_or_with_infinite_constants():
    nothing = np.empty(0), np.empty((2, 0))
    outputs, gradient = run(Tape(Value(0.5).sigmoid()).source())(*nothing)
    assert outputs.tolist() == pytest.approx([operations.sigmoid.function(0.5)[0]] * 2)
    assert gradient.tolist() == []
    p = Value(2.0)
    root = microrelu.minimum(p * 1.0, math.inf) * microrelu.maximum(-math.inf, p)
    outputs, gradient = run(Tape(root, [], [p]).source())(np.array([2.0]), nothing[1])
    assert (outputs.tolist(), gradient.tolist()) == ([4.0, 4.0], [4.0])


def test_writing_a_source_takes_as_many_calls_for_each_link_of_a_chain():
    def calls(links: int) -> int:
        x, w = Value(0.5), Value(0.5)
        root = x
        for _ in range(links):
            root = (root * w).tanh()
        tape, files = Tape(root, [x], [w]), []
        sys.setprofile(lambda frame, event, argument: files.append(frame.f_code.co_filename))
        tape.source()
        sys.setprofile(None)
        return files.count(listing.__file__)  # and not what the garbage collector calls

    calls(1)  # what is kept for the next time
    one, two, three = map(calls, (100, 200, 300))
    assert two - one == three - two


def grown_at_the_wrong_place(program, code, *step, varies=True):
    table = program.tables[3 - varies]
    if table and program._open[1] == len(program.words):
        program._open = table[-1], len(program.words)
    LIST(program, code, *step, varies=varies)


def without_operand_counts(*given):
    key = KEY(*given)
    return key and (*key[:3], 0, *key[4:])


LIST, KEY = Program._list, recording._key
PLANTED = {  # faults that there were
    "microrelu.tape.program.Program._list": grown_at_the_wrong_place,
    "microrelu.tape.recording._key": without_operand_counts,
    "microrelu.tape.listing._is_view": str.isidentifier,
    "microrelu.tape.listing.STABLE": {},
}


THOROUGH = settings(max_examples=3000, phases=[Phase.generate], database=None)


def refuted(case: Case) -> bool:
    """Whether the tape is not as the engine, or fails."""
    try:
        assert_as_the_engine(case)
    except Exception:
        return True
    return False


@pytest.mark.parametrize("place", PLANTED)
def test_a_planted_fault_is_found(monkeypatch, place):
    monkeypatch.setattr(place, PLANTED[place])
    find(cases(FEW), refuted, settings=THOROUGH)


def test_without_a_fault_nothing_is_found():
    with pytest.raises(NoSuchExample):
        find(cases(FEW), refuted, settings=settings(THOROUGH, max_examples=20))


@pytest.mark.parametrize("varying", range(1, 4))
@pytest.mark.parametrize("name", FIXED)
def test_every_operation_with_operands_shared_or_varying(name, varying):
    operation = FIXED[name]
    leaves = [Value(x) for x in (0.75, 1.25)[: len(operation.operands)]]
    inputs = [leaf for i, leaf in enumerate(leaves) if varying >> i & 1]
    parameters = [leaf for leaf in leaves if leaf not in inputs]
    root = 3.0 * operation.apply(leaves)
    batch = np.random.default_rng(1).uniform(0.25, 2.0, (21, len(inputs)))
    assert_replays(root, inputs, parameters, batch)


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_kinks_take_the_slope_that_was_set_when_recorded(slope):
    x, zero = Value(1.0), Value(0.0)
    kinky = [microrelu.relu, microrelu.leaky_relu, microrelu.absolute]
    batch = np.array([[-1.0], [0.0], [1.0]])
    with microrelu.relu_at_zero(slope):
        nodes = [each(x) for each in kinky]
        nodes += [microrelu.maximum(x, zero), microrelu.minimum(zero, x)]
        root = total([10.0**i * node for i, node in enumerate(nodes)])
        tape = Tape(root, [x])
        _, _, expected = eager(root, [x], [], batch)
    assert_close(tape.gradients(batch, by="inputs", per_example=True), expected)


def moons_tape(seed: int = 1, **options: Any) -> tuple[MLP, Tape]:
    model = MLP(2, [5, 4, 1], seed=seed)
    x, y = [Value(0.1, "x_1"), Value(0.2, "x_2")], Value(1.0, "y")
    return model, Tape(hinge(model(x), y), [*x, y], model.parameters(), **options)


def moons_batch(size: int) -> np.ndarray:
    rng = np.random.default_rng(size)
    return np.column_stack([rng.normal(size=(size, 2)), rng.choice([-1.0, 1.0], size)])


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 7, 8, 9, 255, 257, 1000])
def test_batches_of_any_size(size):
    model, tape = moons_tape()
    root, inputs = hinge(model(tape.inputs[:2]), tape.inputs[2]), tape.inputs
    assert_replays(root, inputs, model.parameters(), moons_batch(size))


def test_blocks_of_any_width_agree(monkeypatch):
    _, tape = moons_tape()
    batch = moons_batch(100)
    outputs, gradient = tape.forward(batch), tape.gradients(batch)
    for chunk, width in [(100, 1), (100, 8), (33, 16), (7, 8), (1, 1), (64, 48)]:
        monkeypatch.setattr("microrelu.tape.tape._division", lambda *_: (chunk, width))  # noqa: B023
        _, tape = moons_tape()
        assert_close(tape.forward(batch), outputs)
        assert_close(tape.gradients(batch), gradient)


def test_results_do_not_depend_on_the_number_of_threads():
    batch = moons_batch(100_000)
    gradients = [moons_tape(threads=n)[1].gradients(batch).tobytes() for n in (1, 2, 3)]
    assert len(set(gradients)) == 1
    by_inputs = [
        moons_tape(threads=n)[1].gradients(batch, by="inputs").tobytes() for n in (1, 2, 3)
    ]
    assert len(set(by_inputs)) == 1


def test_backward_adds_the_mean_gradient_to_what_is_there():
    model, tape = moons_tape()
    batch = moons_batch(6)
    mean = total([hinge(model(row[:2]), row[2]) for row in batch.tolist()]) / 6
    mean.backward()
    expected = np.array([each.grad for each in model.parameters()])
    model.zero_grad()
    assert tape.forward(batch).mean() == pytest.approx(mean.data, abs=1e-12)
    tape.backward()
    assert_close(np.array([each.grad for each in model.parameters()]), expected)
    tape.backward()
    assert_close(np.array([each.grad for each in model.parameters()]), 2 * expected)
    assert all(type(each.grad) is float for each in model.parameters())


def test_parameters_are_read_anew_for_each_replay():
    w, x = Value(2.0, "w"), Value(1.0, "x")
    tape = Tape(w * x, [x], [w])
    assert tape.forward([[3.0]]).tolist() == [6.0]
    w.data = 5.0
    assert tape.forward([[3.0]]).tolist() == [15.0]
    assert tape.forward([[3.0]], parameters=[7.0]).tolist() == [21.0]


def test_backward_is_of_the_batch_and_the_parameters_of_the_last_forward():
    w, x = Value(2.0, "w"), Value(1.0, "x")
    tape, batch = Tape(w * w * x, [x], [w]), np.array([[3.0]])
    tape.forward(batch)
    w.data, batch[0, 0] = 50.0, 0.0
    tape.backward()
    assert w.grad == 2 * 2.0 * 3.0


def test_several_outputs():
    w, x = Value(2.0, "w"), Value(1.0, "x")
    score = w * x
    loss = (score - 1) ** 2
    tape = Tape([loss, score, w * w, w, x], [x], [w])
    batch = np.array([[0.0], [1.0], [3.0]])
    assert tape.forward(batch).tolist() == [
        [1.0, 0.0, 4.0, 2.0, 0.0],
        [1.0, 2.0, 4.0, 2.0, 1.0],
        [25.0, 6.0, 4.0, 2.0, 3.0],
    ]
    expected = [[0.0, 2.0, 30.0], [0.0, 1.0, 3.0], [4.0] * 3, [1.0] * 3, [0.0] * 3]
    for output, each in enumerate(expected):
        per_example = tape.gradients(batch, per_example=True, output=output)
        assert per_example[:, 0].tolist() == each
    assert tape.gradients(batch, by="inputs", per_example=True, output=1).tolist() == [[2.0]] * 3
    assert tape.gradients(batch, by="inputs", per_example=True, output=4).tolist() == [[1.0]] * 3


def test_an_infinite_derivative_of_another_output_does_not_leak():
    x, w = Value(1.0), Value(1.0)
    tape = Tape([w * x, (w * x).sqrt()], [x], [w])
    assert tape.gradients(np.array([[0.0]]), per_example=True).tolist() == [[0.0]]


def test_one_recorded_graph_serves_every_class():
    logits = [Value(z, f"z_{i}") for i, z in enumerate((0.5, -1.0, 2.0))]
    target = [Value(0.0, f"t_{i}") for i in range(3)]
    tape = Tape(cross_entropy(logits, target), target, logits)
    for kind in range(3):
        expected = cross_entropy([Value(z.data) for z in logits], kind)
        assert_close(tape.forward(np.eye(3)[[kind]]), np.array([expected.data]))
    soft = cross_entropy([Value(z.data) for z in logits], [0.25, 0.25, 0.5])
    assert_close(tape.forward(np.array([[0.25, 0.25, 0.5]])), np.array([soft.data]))


def test_any_operand_of_a_weighted_sum_may_vary_with_the_example():
    for varying in range(1, 32):
        leaves = [Value(x) for x in (0.5, -1.5, 2.0, 0.25, 3.0)]
        inputs = [leaf for i, leaf in enumerate(leaves) if varying >> i & 1]
        parameters = [leaf for leaf in leaves if leaf not in inputs]
        root = weighted_sum(leaves[:2], leaves[2:4], leaves[4]).tanh()
        batch = np.random.default_rng(varying).normal(size=(9, len(inputs)))
        assert_replays(root, inputs, parameters, batch)


def test_layers_wider_and_narrower_than_what_the_kernels_take_at_once():
    for widths in ([1], [2, 3], [4, 5, 6], [7, 8, 9]):
        model = MLP(widths[0], [*widths, 2], activation="tanh", seed=0)
        x = [Value(0.0) for _ in range(widths[0])]
        batch = np.random.default_rng(0).normal(size=(5, len(x)))
        assert_replays(half_squared_error(model(x), [1.0, -1.0]), x, model.parameters(), batch)


def test_nan_and_infinity_propagate_for_their_example_alone():
    w, x = Value(2.0, "w"), Value(1.0, "x")
    tape = Tape(w * (x + 0.0).relu(), [x], [w])
    batch = np.array([[math.nan], [1.0], [math.inf], [-math.inf]])
    assert np.array_equal(tape.forward(batch), [math.nan, 2.0, math.inf, 0.0], equal_nan=True)
    gradients = tape.gradients(batch, per_example=True)[:, 0]
    assert np.array_equal(gradients, [math.nan, 1.0, math.inf, 0.0], equal_nan=True)
    assert math.isnan(tape.gradients(batch)[0])


def test_where_the_engine_raises_a_replay_gives_nan_or_infinity():
    x = Value(1.0)
    tape = Tape([x.log(), 1 / x, x.sqrt(), x.exp()], [x])
    outputs = tape.forward([[-1.0], [0.0], [1000.0]])
    assert np.isnan(outputs[0, [0, 2]]).all()
    assert outputs[1, :2].tolist() == [-math.inf, math.inf]
    assert outputs[2, 3] == math.inf


def test_large_numbers_stay_stable():
    x, y = Value(0.0), Value(0.0)
    tape = Tape([log_sum_exp([x, y]), x.sigmoid(), x.softplus(), x.tanh()], [x, y])
    assert tape.forward([[1000.0, -1000.0], [-1000.0, -1000.0]]).tolist() == [
        [1000.0, 1.0, 1000.0, 1.0],
        [-1000.0 + math.log(2), 0.0, 0.0, -1.0],
    ]


def half(a: float) -> float:
    return 0.5 * a


def test_an_operation_of_the_users_replays(monkeypatch):
    monkeypatch.setattr(engine_module, "OPERATIONS", dict(OPERATIONS))

    @microrelu.operation("□³", "a**3 / 2", ["3 * a**2 / 2"])
    def half_cube(a):
        return half(a) * a * a, (3 * half(a) * a,)

    @microrelu.operation(
        "Π", lambda *a: " * ".join(a), lambda a, b, c: [f"{b} * {c}", f"{a} * {c}", f"{a} * {b}"]
    )
    def product(*a):
        return a[0] * a[1] * a[2], (a[1] * a[2], a[0] * a[2], a[0] * a[1])

    w, x = Value(2.0, "w"), Value(1.0, "x")
    batch = np.random.default_rng(0).normal(size=(5, 1))
    assert_replays(product(half_cube(w * x), w, x).relu(), [x], [w], batch)
    assert "0.0" not in Tape(half_cube(w * x), [x], [w]).source()


def test_an_infinite_derivative_of_the_last_example_is_not_lost_in_what_fills_up_its_block():
    w, x = Value(1.0, "w"), Value(1.0, "x")
    tape = Tape(w / x, [x], [w])
    batch = np.ones((17, 1))
    for last, expected in ((0.0, math.inf), (1.0, 1.0)):
        batch[-1] = last
        assert tape.gradients(batch[:9]).tolist() == [1.0]
        assert tape.gradients(batch).tolist() == pytest.approx([expected])
    tape = Tape(w.relu() / x, [x], [w])
    batch[-1] = 0.0
    assert tape.gradients(batch).tolist() == [math.inf]


def test_rows_begin_where_vector_registers_do():
    for examples in (9, 100):
        _, tape = moons_tape()
        tape.forward(moons_batch(examples))
        (program,), (plan,) = tape._programs.values(), tape._plans.values()
        assert plan.memory[2 * program.shared :].ctypes.data % 64 == 0
        assert plan.width * 8 % 64 == 0


def test_a_gradient_that_was_passed_on_leaves_its_row_to_the_next():
    x = Value(1.0, "x")
    root = x
    for _ in range(50):
        root = root.tanh() * x
    tape = Tape(root, [x])
    tape.gradients(np.ones((9, 1)), by="inputs")
    (program,) = tape._programs.values()
    assert program.height < 6 < 100 < program.depth[True]


def test_what_a_sum_passes_on_is_its_own_gradient():
    inputs = [Value(1.0) for _ in range(5)]
    tape = Tape(total([*inputs[:4], inputs[4] + inputs[4]]), inputs)
    found = tape.gradients(np.ones((9, 5)), by="inputs", per_example=True)
    assert found.tolist() == [[1.0, 1.0, 1.0, 1.0, 2.0]] * 9
    (program,) = tape._programs.values()
    assert program.height == 3  # zeros, the gradient of the sum, and twice that


def test_a_gradient_is_added_to_from_all_sides():
    x, w = Value(0.5), Value(2.0)
    shared = x + w
    root = shared * shared + total([shared, shared.exp() * x, w * shared - shared, x])
    assert_replays(root, [x], [w], np.linspace(-1.0, 1.0, 13)[:, None])


def test_an_operation_waits_for_its_like():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    recording = Tape(total([-a, -b.relu(), -c.relu()]), [a, b, c]).recording
    groups = [(group.operation.name, len(group.operands)) for group in recording.groups]
    assert groups == [("relu", 2), ("negate", 3), ("total", 1)]


def test_a_million_examples_take_no_more_memory_than_inputs_and_outputs():
    _, tape = moons_tape()
    tape.forward(moons_batch(100_000))
    (plan,) = tape._plans.values()
    assert plan.memory.nbytes < 1 << 20


# Training


def test_an_epoch_with_a_smaller_last_batch_is_planned_once(monkeypatch):
    model, tape = moons_tape()
    planned, plan = [], Tape._planned
    monkeypatch.setattr(Tape, "_planned", lambda *key: planned.append(key[1:]) or plan(*key))
    tape.fit(
        moons_batch(50), SGD(model.parameters(), lr=0.1), epochs=3, batch_size=20, progress=False
    )
    assert planned == [("parameters", 0, 20), ("parameters", 0, 10)]


@pytest.mark.parametrize("batch_size", [None, 8, 5])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: SGD(p, lr=0.1),
        lambda p: SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
        lambda p: Adam(p, lr=0.01, weight_decay=0.1),
        lambda p: SGD(p[3:11][::-1], lr=0.1, momentum=0.5),
    ],
)
def test_fit_takes_the_steps_that_the_engine_takes(optimizer, batch_size):
    batch = moons_batch(20)
    model, tape = moons_tape()
    twin, _ = moons_tape()
    fast, slow = optimizer(model.parameters()), optimizer(twin.parameters())
    losses = tape.fit(batch, fast, epochs=3, batch_size=batch_size, seed=7, progress=False)
    losses += tape.fit(batch, fast, epochs=1, progress=False)
    random = np.random.default_rng(7)
    expected = []
    for epoch in range(4):
        size = batch_size if batch_size and epoch < 3 else 20
        order = batch if size == 20 else random.permutation(batch)
        seen = []
        for start in range(0, 20, size):
            part = order[start : start + size].tolist()
            nodes = [hinge(twin(row[:2]), row[2]) for row in part]
            seen += [node.data for node in nodes]
            twin.zero_grad()
            (total(nodes) / len(nodes)).backward()
            slow.step()
        expected.append(sum(seen) / 20)
    assert losses == pytest.approx(expected, abs=1e-12)
    data = [each.data for each in model.parameters()]
    assert data == pytest.approx([each.data for each in twin.parameters()], abs=1e-12)
    assert all(type(each) is float for each in data)


class Halving:
    """An optimiser that is not of this package: it sees the Values."""

    def __init__(self, parameters: list[Value]) -> None:
        self.parameters = parameters

    def step(self) -> None:
        for parameter in self.parameters:
            if parameter.grad > 0:
                parameter.data /= 2


class Cubes(Optimizer):
    """One of the user's, by `moved` alone: it sees arrays in a tape, numbers elsewhere."""

    keeps = 1
    seen: ClassVar[list[type]] = []

    def moved(self, data, gradient, *kept):
        (velocity,) = kept
        self.seen.append(type(gradient))
        velocity = 0.5 * velocity + gradient**3
        return data - self.lr * velocity, velocity


def test_an_optimiser_of_the_users_moves_all_parameters_at_once():
    batch = moons_batch(20)
    model, tape = moons_tape()
    twin, _ = moons_tape()
    tape.fit(batch, Cubes(model.parameters(), lr=0.01), epochs=3, progress=False)
    assert Cubes.seen == [np.ndarray] * 3
    slow = Cubes(twin.parameters(), lr=0.01)
    for _ in range(3):
        twin.zero_grad()
        (total([hinge(twin(row[:2]), row[2]) for row in batch.tolist()]) / 20).backward()
        slow.step()
    expected = [each.data for each in twin.parameters()]
    assert [each.data for each in model.parameters()] == pytest.approx(expected)


def test_fit_with_an_optimiser_of_the_users():
    w, x = Value(8.0, "w"), Value(1.0, "x")
    assert Tape(w * x, [x], [w]).fit([[1.0]], Halving([w]), epochs=3, progress=False) == [8, 4, 2]
    assert w.data == 1.0


def test_an_interrupted_fit_keeps_the_last_finished_step_and_says_so():
    w, x = Value(8.0, "w"), Value(1.0, "x")

    class Interrupted(Halving):
        steps = 0

        def step(self) -> None:
            super().step()
            self.steps += 1
            if self.steps == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="after 2 steps: the parameters are those of"):
        Tape(w * x, [x], [w]).fit([[1.0]], Interrupted([w]), epochs=9, progress=False)
    assert w.data == 2.0


def test_fit_shows_its_progress(capsys):
    w, x = Value(8.0, "w"), Value(1.0, "x")
    Tape(w * x, [x], [w]).fit([[1.0]], SGD([w], lr=0.1), epochs=2)
    shown = capsys.readouterr().err
    assert "2/2" in shown
    assert "loss 7.9" in shown


# What was recorded


def test_what_print_shows():
    _, tape = moons_tape()
    assert str(tape) == (
        "Tape of 72 nodes: 47 shared, 25 for each example\n"
        "  leaves: 44 parameters, 1 constants, 3 inputs\n"
        "  each example: 10 weighted_sum, 10 relu, 1 multiply, 1 subtract\n"
        "  bytes: 752 shared, about 400 for each example, of which there are 256 at a time"
    )


SOURCE = """\
import numpy as np


def Step(z):
    return np.heaviside(z, 1.0)


def ReLU(z):
    return np.maximum(z, 0)


def replay(parameters, batch):
    p = parameters.reshape(1, -1)
    x = batch
    W0 = parameters[0:9].reshape(3, 3)[:, :2]
    b0 = p[:, 2:9:3]
    z1 = x @ W0.T + b0
    r1 = ReLU(z1)
    W1 = parameters[9:12].reshape(1, 3)
    b1 = p[:, 12:13]
    z2 = r1 @ W1.T + b1
    v1 = 1.0 - z2
    v2 = v1 ** 2
    v3 = v2 / 2.0
    outputs = v3[:, 0]

    # backward: dz is the derivative of the mean output by z
    gradient = np.zeros(len(parameters))
    dp = gradient.reshape(1, -1)
    dv3 = np.full((len(batch), 1), 1 / len(batch))
    dv2 = dv3 * (1 / 2.0)
    dv1 = dv2 * (2 * v1)
    dz2 = -dv1
    dr1 = dz2 @ W1  # 2: summed over all that it fed
    gradient[9:12].reshape(1, 3)[:] += dz2.T @ r1  # 3: to the weights
    dp[:, 12:13] += dz2.sum(axis=0, keepdims=True)
    dz1 = dr1 * Step(z1)  # 1: through the activation
    gradient[0:9].reshape(3, 3)[:, :2] += dz1.T @ x  # 3: to the weights
    dp[:, 2:9:3] += dz1.sum(axis=0, keepdims=True)
    return outputs, gradient
"""


def test_the_source_shows_the_three_equations():
    model = MLP(2, [3, 1], seed=0)
    x = [Value(0.0), Value(0.0)]
    assert Tape(half_squared_error(model(x), 1.0), x, model.parameters()).source() == SOURCE


# Errors


def test_an_operation_without_a_formula_has_no_source(monkeypatch):
    monkeypatch.setattr(engine_module, "OPERATIONS", dict(OPERATIONS))

    @microrelu.operation()
    def unwritten(a):
        return 2 * a, (2.0,)

    x = Value(1.0)
    with pytest.raises(ValueError, match="unwritten has no formula to be written with"):
        Tape(unwritten(x), [x]).source()


def test_what_is_no_tape():
    w, x, y = Value(2.0, "w"), Value(1.0, "x"), Value(1.0, "y")
    root = w * x
    for arguments, error, sentence in [
        (([], [x]), ValueError, "at least one output"),
        ((2.0, [x]), TypeError, "outputs is a list of Values, not 2.0"),
        ((root, x), TypeError, "inputs is a list of Values, not Value"),
        ((root, [1.0]), TypeError, "inputs is a list of Values, and 1.0 is none"),
        ((root, [x], [2]), TypeError, "parameters is a list of Values, and 2 is none"),
        ((root, [root]), ValueError, "was computed: only a leaf can be an input"),
        ((root, [x, y]), ValueError, "input y is no leaf of this graph: nothing uses it"),
        ((root, [x], [y]), ValueError, "parameter y is no leaf of this graph"),
        ((root, [x], [w, x]), ValueError, "x is listed twice, as input and as parameter"),
        ((root, [x, x]), ValueError, "x is listed twice, as input and as input"),
        ((root, [x], [w], 0), ValueError, "threads is 1 or more, not 0"),
    ]:
        with pytest.raises(error, match=sentence):
            Tape(*arguments)


def test_what_is_no_batch():
    w, x, y = Value(2.0, "w"), Value(1.0, "x"), Value(1.0, "y")
    tape = Tape(w * x + y, [x, y], [w])
    for batch, error, sentence in [
        ([[1.0]], ValueError, r"shape \(1, 1\), and this tape 2 inputs: it takes shape"),
        ([1.0, 2.0], ValueError, r"it takes shape \(examples, 2\): for one example, batch\[None\]"),
        ([[1.0, 2.0], [3.0]], ValueError, "rows of the batch have different lengths"),
        ([["a", "b"]], TypeError, "holds real numbers, not <U1"),
        ([[1j, 2.0]], TypeError, "holds real numbers, not complex128"),
        ([[None, 2.0]], TypeError, "holds real numbers, not object"),
        (np.ma.array([[1.0, 2.0]], mask=[[0, 1]]), TypeError, "batch would be taken without the m"),
        (
            [np.ma.array([1.0, 2.0], mask=[0, 1])],
            TypeError,
            "leave masked rows out, or put numbers",
        ),
        ([[1.0, np.ma.masked]], TypeError, r"in their place: batch.filled\(0.0\)"),
    ]:
        with pytest.raises(error, match=sentence):
            tape.forward(batch)
    for batch in ([[1, 2]], np.ones((1, 2), np.float32), np.asfortranarray(np.ones((3, 2)))):
        assert len(tape.forward(batch)) == len(batch)
    locked = np.ones((4, 2))
    locked.flags.writeable = False
    assert tape.forward(locked).tolist() == [3.0] * 4
    assert tape.forward([]).shape == (0,)


def test_what_cannot_be_asked():
    w, x = Value(2.0, "w"), Value(1.0, "x")
    tape = Tape(w * x, [x], [w])
    empty = np.empty((0, 1))
    with pytest.raises(RuntimeError, match=r"call tape.forward\(batch\) first"):
        tape.backward()
    for ask, sentence in [
        (lambda: tape.gradients(empty), "The batch is empty: the mean over no examples has no"),
        (lambda: tape.fit(empty, SGD([w], lr=0.1)), "The batch is empty: fit needs at least one"),
        (lambda: tape.fit([[1.0]], SGD([w], lr=0.1), epochs=0), "1 or more epochs"),
        (lambda: tape.fit([[1.0]], SGD([w], lr=0.1), batch_size=0), "1 or more epochs and"),
        (lambda: tape.fit([[1.0]], SGD([Value(1.0, "v")], lr=1)), "moves v, which is no parameter"),
        (lambda: tape.gradients([[1.0]], output=1), "no output 1: this tape has 0 to 0"),
        (lambda: tape.gradients([[1.0]], by="w"), 'by "parameters" or by "inputs", not by \'w\''),
        (lambda: tape.forward([[1.0]], parameters=[1, 2]), r"shape \(2,\), and this tape has 1"),
        (lambda: tape.forward([[1.0]], [[1.0], [1.0, 2.0]]), "rows of the parameters have differ"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            ask()


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ([None], "The parameters hold real numbers, not object"),
        (["1.5"], "The parameters hold real numbers, not <U3"),
        ([1j], "not complex128: np.array\\(parameters, dtype=float\\) makes them, or says which"),
        ([Value(1.0)], "The parameters hold real numbers, not object"),
        (np.ma.array([1.0], mask=[True]), "The parameters would be taken without the mask"),
        ([np.ma.masked], "The parameters would be taken without the mask"),
    ],
)
def test_what_are_no_parameters(parameters, sentence):
    w, x = Value(2.0, "w"), Value(1.0, "x")
    tape = Tape(w * x, [x], [w])
    for ask in (tape.forward, tape.gradients):
        with pytest.raises(TypeError, match=sentence):
            ask([[1.0]], parameters)


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_a_copied_tape_is_recorded_again(again):
    w, x = Value(0.0, "w"), Value(1.0, "x")
    with microrelu.relu_at_zero(0.25):
        tape = Tape([(w * x).relu(), w * x], [x], [w], threads=3)
    tape.forward([[1.0]])
    other = again(tape)
    assert other.gradients([[2.0]]).tolist() == [0.5]
    assert other.forward([[2.0]], [3.0]).tolist() == [[6.0, 6.0]]
    assert (other.threads, other.relu_at_zero, len(other.outputs)) == (3, 0.25, 2)
    assert (other.parameters == tape.parameters) == (again is copy.copy)


def test_a_model_and_its_tape_share_what_they_shared_when_they_are_loaded():
    model, tape = moons_tape()
    model, tape = pickle.loads(pickle.dumps((model, tape)))
    assert tape.parameters == model.parameters()
    batch = moons_batch(20)
    before = tape.forward(batch).mean()
    tape.fit(batch, SGD(model.parameters(), lr=0.1), epochs=3, progress=False)
    root = total([hinge(model(row[:2]), row[2]) for row in batch.tolist()]) / 20
    assert tape.forward(batch).mean() == pytest.approx(root.data) != before


def run_python(*lines: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("missing", ["numba", "numpy"])
def test_without_numba_the_error_says_what_to_install(missing):
    result = run_python(
        "import sys", f"sys.modules[{missing!r}] = None", "from microrelu.tape.tape import Tape"
    )
    assert 'pip install "microrelu[fast]"' in result.stderr.splitlines()[-1]


def test_machine_code_is_kept_on_disk_for_the_next_process(tmp_path):
    program = (
        "from microrelu import Value",
        "from microrelu.tape import compiled",
        "from microrelu.tape.tape import Tape",
        "x = Value(1.0)",
        "tape = Tape(x * x, [x])",
        "assert tape.forward([[3.0]]).tolist() == [9.0]",
        "((one, block, codes),) = compiled._compiled.values()",
        "print(sum(one.stats.cache_hits.values()))",
    )
    for hits in ("0", "1"):
        result = run_python(*program, NUMBA_CACHE_DIR=str(tmp_path))
        assert (result.stdout.strip(), result.stderr) == (hits, "")


def test_what_is_compiled_for_different_texts_has_different_names():
    one, other = (compiled._inside(lambda a: a, digest) for digest in ("1a", "2b"))
    assert one.py_func.__qualname__ != other.py_func.__qualname__


def test_log_sum_exp_of_infinities_is_the_engines():
    values = [Value(math.inf, "a"), Value(1.0, "b")]
    tape = Tape(log_sum_exp(values), inputs=values)
    batch = np.array([[math.inf, 1.0], [-math.inf, 2.0], [0.5, 0.25]] * 5)
    assert tape.forward(batch)[:3].tolist() == [
        log_sum_exp([Value(a), Value(b)]).data for a, b in batch[:3].tolist()
    ]


def test_an_operation_of_any_number_of_operands_is_replayed_by_its_formulas(table):
    @operations.operation(
        "mean",
        lambda *a: f"({' + '.join(a)}) / {len(a)}",
        lambda *a: [f"1 / {len(a)}"] * len(a),
    )
    def average(*a):
        return sum(a) / len(a), (1 / len(a),) * len(a)

    p, x = Value(2.0, "p"), Value(3.0, "x")
    root = average(p, x, average(p * x, x))
    tape = Tape(root, [x], [p])
    assert tape.forward([[3.0]] * 9) == pytest.approx(root.data)
    root.backward()
    assert tape.gradients([[3.0]] * 9) == pytest.approx([p.grad])
    assert tape.gradients([[3.0]], by="inputs") == pytest.approx(x.grad)


def test_an_operation_that_numba_cannot_compile_says_so(table):
    @operations.operation("Π")
    def product_of_two(*a):
        return math.prod(a), (a[1], a[0])

    with pytest.raises(TypeError, match=r"Numba cannot compile product_of_two for the tape\. W"):
        Tape(product_of_two(Value(1.0), Value(2.0))).forward([[]])
