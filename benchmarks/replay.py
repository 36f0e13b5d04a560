"""Replay: one network of scalars on the tape, against matrices, compilers and C, in one run.

Every engine first has to find the same gradients. Then they take turns, round by round, so that a
busy machine slows them alike. `README.md` beside this file has tables and says how to read them.
"""

# ruff: noqa: E402

from __future__ import annotations

import argparse
import ctypes
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

# They choose other kernels than NumPy would by itself, slower by up to a half. OpenBLAS reads them
# when NumPy is loaded; the processes that measure start from the same environment.
CHOICES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if __name__ == "__main__":
    for each in CHOICES:
        os.environ.pop(each, None)

import numpy as np
from numpy.typing import NDArray

import microrelu
from microrelu import Value, datasets
from microrelu.losses import cross_entropy, hinge
from microrelu.nn import MLP
from microrelu.optim import SGD
from microrelu.tape.tape import Tape

Floats = NDArray[np.float64]
HERE = Path(__file__).parent
SIZES = [(2, 16), (16, 16), (16, 1)]
SIMPLE = [microrelu.add, microrelu.subtract, microrelu.multiply]
SIMPLE += [microrelu.maximum, microrelu.negate, microrelu.relu]
LR = 1e-9  # so small that every step meets the same work
BASE = "NumPy matrices"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass
class Engine:
    """A way to train the moons network.

    Attributes:
        gradient: The gradient of the mean loss, in the order of `MLP.parameters()`.
        run: Takes that many steps, each forward, backward and update.
    """

    name: str
    gradient: Callable[[], Any]
    run: Callable[[int], Any]


class Moons:
    """The network, its parameters, and a batch: columns x1, x2, y.

    Its activation is ReLU, or tanh for the tape and those who compute with matrices.
    """

    def __init__(self, examples: int, activation: str = "relu") -> None:
        inputs, targets = datasets.moons(examples)
        self.batch: Floats = np.column_stack([inputs, targets]).astype(float)
        self.activation = activation
        self.model = MLP(2, [16, 16, 1], activation=activation, seed=1)
        self.parameters: Floats = np.array([each.data for each in self.model.parameters()])

    def matrices(self) -> list[Floats]:
        """W (inputs × outputs) and b of each layer."""
        rest, arrays = self.parameters, []
        for n, m in SIZES:
            layer, rest = rest[: m * (n + 1)].reshape(m, n + 1), rest[m * (n + 1) :]
            arrays += [np.ascontiguousarray(layer[:, :n].T), layer[:, n].copy()]
        return arrays

    def flat(self, arrays: Sequence[Any]) -> Floats:
        """The inverse of `matrices`, for gradients."""
        pairs = zip(arrays[::2], arrays[1::2], strict=True)
        layers = [np.column_stack([np.asarray(w).T, np.asarray(b)]) for w, b in pairs]
        return np.concatenate([layer.ravel() for layer in layers])


def times(step: Callable[[], Any]) -> Callable[[int], None]:
    def run(count: int) -> None:
        for _ in range(count):
            step()

    return run


# The engines


def tape(moons: Moons) -> Engine:
    x, y = [Value(0.0), Value(0.0)], Value(1.0)
    parameters = moons.model.parameters()
    recorded = Tape(hinge(moons.model(x), y), [*x, y], parameters)
    optimizer = SGD(parameters, lr=LR)
    if len(moons.batch) == 1:  # a single gradient, of arrays that are at hand
        return Engine(
            "microrelu tape",
            lambda: recorded.gradients(moons.batch, moons.parameters),
            times(lambda: recorded.gradients(moons.batch, moons.parameters)),
        )
    return Engine(
        "microrelu tape",
        lambda: recorded.gradients(moons.batch),
        lambda count: recorded.fit(moons.batch, optimizer, epochs=count, progress=False),
    )


def eager(moons: Moons) -> Engine:
    model = moons.model
    optimizer = SGD(model.parameters(), lr=LR)
    rows = moons.batch.tolist()

    def backward() -> None:
        optimizer.zero_grad()
        losses = [hinge(model(row[:2]), row[2]) for row in rows]
        (microrelu.total(losses) / len(losses)).backward()

    def gradient() -> list[float]:
        backward()
        return [each.grad for each in model.parameters()]

    def step() -> None:
        backward()
        optimizer.step()

    return Engine("microrelu eager", gradient, times(step))


def micrograd(moons: Moons) -> Engine:
    value: Any = import_module("micrograd.engine").Value
    leaves = [value(float(each)) for each in moons.parameters]
    rows = moons.batch.tolist()

    def score(x: list[Any]) -> Any:
        rest = iter(leaves)
        for n, m in SIZES:
            neurons = [([next(rest) for _ in range(n)], next(rest)) for _ in range(m)]
            x = [sum((w * r for w, r in zip(ws, x, strict=True)), b) for ws, b in neurons]
            x = [each.relu() for each in x] if m > 1 else x
        return x[0]

    def gradient() -> list[float]:
        for leaf in leaves:
            leaf.grad = 0
        losses = [(1 + -y * score([value(a), value(b)])).relu() for a, b, y in rows]
        (sum(losses[1:], losses[0]) * (1 / len(losses))).backward()
        return [leaf.grad for leaf in leaves]

    def step() -> None:
        gradient()
        for leaf in leaves:
            leaf.data -= LR * leaf.grad

    return Engine("micrograd", gradient, times(step))


def matrices(moons: Moons) -> Engine:
    """What a practised hand writes: no temporary more than needed, no library but NumPy."""
    arrays, x, y = moons.matrices(), moons.batch[:, :2].copy(), moons.batch[:, 2:].copy()
    activation, slope = {
        "relu": (lambda z: np.maximum(z, 0), lambda r: r > 0),
        "tanh": (np.tanh, lambda r: 1 - r * r),
    }[moons.activation]

    def gradient() -> list[Floats]:
        w0, b0, w1, b1, w2, b2 = arrays
        r1 = activation(x @ w0 + b0)
        r2 = activation(r1 @ w1 + b1)
        margin = 1 - y * (r2 @ w2 + b2)
        d3 = (margin > 0) * y * (-1 / len(y))
        d2 = d3 @ w2.T * slope(r2)
        d1 = d2 @ w1.T * slope(r1)
        return [x.T @ d1, d1.sum(0), r1.T @ d2, d2.sum(0), r2.T @ d3, d3.sum(0)]

    def step() -> None:
        for array, change in zip(arrays, gradient(), strict=True):
            array -= LR * change

    return Engine(BASE, lambda: moons.flat(gradient()), times(step))


def c_floor(moons: Moons) -> Engine:
    library = _compiled()
    pointer = ctypes.POINTER(ctypes.c_double)
    parameters = np.concatenate([each.ravel() for each in moons.matrices()])
    at, batch = parameters.ctypes.data_as(pointer), moons.batch.ctypes.data_as(pointer)
    library.gradient.restype = ctypes.c_double

    def gradient() -> Floats:
        found = np.empty_like(parameters)
        library.gradient(at, batch, len(moons.batch), found.ctypes.data_as(pointer))
        arrays, start = [], 0
        for n, m in SIZES:
            arrays += [found[start : start + n * m].reshape(n, m), found[start + n * m :][:m]]
            start += (n + 1) * m
        return moons.flat(arrays)

    def run(count: int) -> None:
        library.train(at, batch, len(moons.batch), ctypes.c_double(LR), count)

    return Engine("C, gcc -O3", gradient, run)


def _compiled() -> ctypes.CDLL:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "floor.so"
        options = ["-O3", "-march=native", "-shared", "-fPIC"]
        try:
            subprocess.run(["gcc", *options, "-o", path, HERE / "floor.c"], check=True)
        except FileNotFoundError:
            raise ImportError("gcc") from None
        return ctypes.CDLL(str(path))


def jax_matrices(moons: Moons) -> Engine:
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy
    x, y = jnp.asarray(moons.batch[:, :2]), jnp.asarray(moons.batch[:, 2:])
    state = [jnp.asarray(each) for each in moons.matrices()]
    activation = getattr(jax.nn, moons.activation)

    def loss(arrays: list[Any]) -> Any:
        w0, b0, w1, b1, w2, b2 = arrays
        r2 = activation(activation(x @ w0 + b0) @ w1 + b1)
        return jax.nn.relu(1 - y * (r2 @ w2 + b2)).mean()

    gradient = jax.jit(jax.grad(loss))

    @jax.jit
    def step(arrays: list[Any]) -> list[Any]:
        pairs = zip(arrays, jax.grad(loss)(arrays), strict=True)
        return [array - LR * change for array, change in pairs]

    def run(count: int) -> None:
        arrays = state
        for _ in range(count):
            arrays = step(arrays)
        jax.block_until_ready(arrays)

    def run_once(count: int) -> None:
        for _ in range(count):
            jax.block_until_ready(gradient(state))

    single = len(moons.batch) == 1
    return Engine("JAX, jitted", lambda: moons.flat(gradient(state)), run_once if single else run)


def torch_batched(moons: Moons) -> Engine:
    torch = import_module("torch")
    torch.set_num_threads(_cores())
    x, y = torch.tensor(moons.batch[:, :2]), torch.tensor(moons.batch[:, 2:])
    arrays = [torch.tensor(each, requires_grad=True) for each in moons.matrices()]
    optimizer, activation = torch.optim.SGD(arrays, lr=LR), getattr(torch, moons.activation)

    def backward() -> None:
        w0, b0, w1, b1, w2, b2 = arrays
        r2 = activation(torch.addmm(b1, activation(torch.addmm(b0, x, w0)), w1))
        optimizer.zero_grad()
        torch.relu(1 - y * torch.addmm(b2, r2, w2)).mean().backward()

    def gradient() -> Floats:
        backward()
        return moons.flat([each.grad.numpy().copy() for each in arrays])

    def step() -> None:
        backward()
        optimizer.step()

    return Engine("PyTorch", gradient, times(backward if len(y) == 1 else step))


def casadi_sx(moons: Moons) -> Engine:
    """The scalar graph of one example, its gradient by reverse mode, mapped over the batch."""
    casadi = import_module("casadi")
    p, example = casadi.SX.sym("p", len(moons.parameters)), casadi.SX.sym("x", 3)
    loss = _scalar_loss(
        [p[i] for i in range(p.numel())], [example[i] for i in range(3)], casadi.fmax
    )
    function = casadi.Function("gradient", [p, example], [casadi.gradient(loss, p)])
    count = len(moons.batch)
    if count > 1:
        function = function.map(count)
    parameters = np.asfortranarray(np.tile(moons.parameters[:, None], (1, count)))
    columns, found = np.asfortranarray(moons.batch.T), np.zeros((len(moons.parameters), count))
    found = np.asfortranarray(found)
    buffer, call = function.buffer()
    buffer.set_arg(0, memoryview(parameters.T))
    buffer.set_arg(1, memoryview(columns.T))
    buffer.set_res(0, memoryview(found.T))

    def step() -> None:
        call()
        if count > 1:
            parameters[...] -= LR * found.mean(1, keepdims=True)

    def gradient() -> Floats:
        call()
        return found.mean(1)

    engine = Engine("CasADi SX", gradient, times(step))
    engine.keep = buffer, function  # type: ignore[attr-defined]
    return engine


def ddx_interpreted(moons: Moons) -> Engine:
    """The scalar graph of one example; a batch has one column for each, parameters included."""
    ddx = import_module("ddx")
    names = [f"p{i}" for i in range(len(moons.parameters))]

    def model() -> Any:
        p = [ddx.var(name) for name in names]
        example = [ddx.param(name) for name in ("a", "b", "y")]
        return _scalar_loss(p, example, lambda z, zero: ddx.max(z, ddx.Expression(zero)))

    equation = ddx.equation(model)
    equation.options = ddx.Options(backend=ddx.Backend.INTERPRET)
    count = len(moons.batch)
    point = np.vstack([np.tile(moons.parameters[:, None], (1, count)), moons.batch.T])
    point = np.ascontiguousarray(point[:, 0] if count == 1 else point)
    call = equation.buffer(point, want=ddx.Want.JACOBIAN)

    def gradient() -> Floats:
        call()
        return np.asarray(call.jacobian).reshape(len(names), -1).mean(1)

    def step() -> None:
        call()
        if count > 1:
            change = np.asarray(call.jacobian).reshape(len(names), count).mean(1, keepdims=True)
            call.x[: len(names)] -= LR * change

    return Engine("ddx-ad", gradient, times(step))


def _scalar_loss(p: list[Any], example: list[Any], maximum: Callable[[Any, float], Any]) -> Any:
    rest = iter(p)
    *x, y = example
    for n, m in SIZES:
        neurons = [([next(rest) for _ in range(n)], next(rest)) for _ in range(m)]
        x = [sum((w * r for w, r in zip(ws, x, strict=True)), b) for ws, b in neurons]
        x = [maximum(each, 0.0) for each in x] if m > 1 else x
    return maximum(1 - y * x[0], 0.0)


FAST = {
    "microrelu tape": tape,
    BASE: matrices,
    "C, gcc -O3": c_floor,
    "JAX, jitted": jax_matrices,
    "PyTorch": torch_batched,
}
MATRICES = {name: make for name, make in FAST.items() if make is not c_floor}
SCALAR = {"CasADi SX": casadi_sx, "ddx-ad": ddx_interpreted}
SLOW = {"microrelu eager": eager, "micrograd": micrograd}


def engines(makers: dict[str, Callable[[Moons], Engine]], moons: Moons) -> list[Engine]:
    """Those that are installed, after comparing their gradients."""
    found = []
    for name, make in makers.items():
        try:
            found.append(make(moons))
        except ImportError:
            print(f"{name} is not installed.")
    compare({engine.name: engine.gradient() for engine in found})
    return found


def compare(gradients: dict[str, Any], tolerance: float = 1e-9) -> None:
    """Raise ValueError if a gradient is not that of the first."""
    (first, expected), *others = gradients.items()
    for name, found in others:
        if not np.allclose(found, expected, rtol=tolerance, atol=1e-12):
            raise ValueError(f"{name} and {first} find different gradients.")


# What is timed


def measure(engines: Sequence[Engine], rounds: int, enough: float = 0.1) -> dict[str, list[float]]:
    """Seconds for one step, in each round: a turn takes steps for a tenth of a second or so."""
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    counts = {engine.name: 1 for engine in engines}
    for engine in engines:
        engine.run(1)  # some compile at their first step
        while engine.name not in SLOW and (spent := _timed(engine, counts[engine.name])) < enough:
            counts[engine.name] *= min(10, int(enough / max(spent, 1e-9)) + 2)
    for _ in range(rounds):
        for engine in engines:
            count = counts[engine.name]
            seconds[engine.name].append(_timed(engine, count) / count)
    return seconds


def _timed(engine: Engine, count: int) -> float:
    clock = time.process_time if _cores() == 1 else time.perf_counter
    start = clock()
    engine.run(count)
    return clock() - start


def table(title: str, seconds: dict[str, list[float]], base: str = BASE) -> None:
    """Medians, and the medians of the rounds' ratios to the base."""
    print(f"\n| {title} | µs | ratio to {base} |\n|---|--:|--:|")
    for name, each in sorted(seconds.items(), key=lambda item: median(item[1])):
        ratio = median(s / b for s, b in zip(each, seconds[base], strict=True))
        print(f"| {name} | {_number(median(each) * 1e6)} | {_number(ratio)} |", flush=True)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def moons_step(rounds: int) -> None:
    moons = Moons(100)
    seconds = measure(engines({**FAST, **SCALAR}, moons), rounds)
    if _cores() == 1:
        slow = measure(engines({"microrelu tape": tape, **SLOW}, Moons(100)), 3)
        seconds |= {name: [median(slow[name])] * rounds for name in SLOW if name in slow}
    table("moons step, 100 examples", seconds)
    table("with tanh instead of ReLU", measure(engines(MATRICES, Moons(100, "tanh")), rounds))


def one_example(rounds: int) -> None:
    makers = {**MATRICES, **SCALAR}
    table("gradient of one example", measure(engines(makers, Moons(1)), rounds))


def by_batch(rounds: int, plot: Path | None) -> None:
    """Time per example from one to 100,000 of them."""
    sizes = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000]
    curves: dict[str, list[float]] = {}
    for size in sizes:
        for name, each in measure(engines(FAST, Moons(size)), max(3, rounds // 3), 0.05).items():
            curves.setdefault(name, []).append(median(each) / size * 1e9)
    shown = [1, 10, 100, 1000, 10_000, 100_000]
    print(f"\n| ns per example | {' | '.join(f'B = {size:,}' for size in shown)} |")
    print("|---" + "|--:" * len(shown) + "|")
    for name, curve in curves.items():
        row = [_number(curve[sizes.index(size)]) for size in shown]
        print(f"| {name} | {' | '.join(row)} |", flush=True)
    if plot:
        _plot(sizes, curves, plot)


def _plot(sizes: Sequence[int], curves: dict[str, list[float]], path: Path) -> None:
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(7, 4.5))
    styles = dict(zip(FAST, ("C3-o", "C0-s", "k--", "C2-^", "C1-v"), strict=True))
    for name, curve in curves.items():
        axes.loglog(sizes, curve, styles[name], label=name, markersize=4)
    axes.set(xlabel="examples in the batch", ylabel="ns per example")
    axes.set_title("A step of MLP(2, [16, 16, 1]): forward, backward, update; one core")
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def random_graph(nodes: int) -> tuple[Value, list[Value]]:
    """A root above that many nodes without any layers, and its leaves near 1 or −1."""
    rng = random.Random(0)
    leaves = [Value(rng.choice([-1, 1]) * rng.uniform(0.97, 1.03)) for _ in range(20)]
    made = leaves[:]
    for _ in range(nodes):
        operation = rng.choice(SIMPLE)
        made.append(operation(*[rng.choice(made[-1000:]) for _ in operation.operands]))
    parents = {parent for node in made for parent in node.parents}
    return microrelu.total([node for node in made[20:] if node not in parents]), leaves


def chain(nodes: int) -> tuple[Value, list[Value]]:
    """relu(v · w + b), again and again."""
    leaves = [Value(1.0), Value(0.999), Value(0.001)]
    value, weight, bias = leaves
    for _ in range(nodes // 3):
        value = (value * weight + bias).relu()
    return value, leaves


def random_chain(nodes: int) -> tuple[Value, list[Value]]:
    """One operation after the other, each of the value before and perhaps a leaf."""
    rng = random.Random(0)
    leaves = [Value(rng.choice([-1, 1]) * rng.uniform(0.97, 1.03)) for _ in range(20)]
    value = leaves[0]
    for _ in range(nodes):
        operation = rng.choice(SIMPLE)
        value = operation(value, *[rng.choice(leaves) for _ in operation.operands[1:]])
    return value, leaves


def any_graph(rounds: int) -> None:
    """Forward and backward through scalars in which there are no layers to be found."""
    print(
        "\n| no layers to be found | recording | B | ns per node and example |\n|---|--:|--:|--:|"
    )
    for make, nodes in (
        (random_graph, 1000),
        (random_graph, 10_000),
        (chain, 100_000),
        (random_chain, 100_000),
    ):
        root, leaves = make(nodes)
        order = microrelu.topological_order(root)
        used = {node for node in order if not node.parents}
        leaves = [leaf for leaf in leaves if leaf in used]
        varying = len(leaves) // 3
        start = time.perf_counter()
        recorded = Tape(root, leaves[:varying], leaves[varying:])
        recording = time.perf_counter() - start
        numbers = np.array([leaf.data for leaf in leaves])
        root.backward()
        found = recorded.gradients(numbers[None, :varying], numbers[varying:])
        compare({"eager": [leaf.grad for leaf in leaves[varying:]], "tape": found})
        for size in (1, 100):
            batch = numbers[:varying] * np.linspace(0.99, 1.01, size)[:, None]
            replay = partial(recorded.gradients, batch, numbers[varying:])
            seconds = median(measure([Engine("tape", replay, times(replay))], rounds)["tape"])
            name = f"{make.__name__.replace('_', ' ')}, {nodes:,} nodes"
            each = _number(seconds / size / len(order) * 1e9)
            print(f"| {name} | {recording * 1e3:,.0f} ms | {size} | {each} |", flush=True)


def digits(rounds: int, wanted: float = 0.97) -> None:
    """MLP(64, [32, 10]), softmax, cross-entropy, batches of 32: seconds to 97 % on a test set."""
    inputs, targets = datasets.digits()
    order = np.random.default_rng(0).permutation(len(inputs))
    x, labels = np.array(inputs)[order], np.array(targets)[order]
    batch = np.column_stack([x, np.eye(10)[labels]])
    train, test, answers = batch[:1437], batch[1437:], labels[1437:]
    results: dict[str, list[float]] = {"microrelu tape": [], "PyTorch": []}
    epochs: dict[str, int] = {}
    for _ in range(rounds):
        for name, trainer in (("microrelu tape", digits_tape), ("PyTorch", digits_torch)):
            try:
                epoch, scores = trainer(train, test)
            except ImportError:
                results.pop(name, None)
                continue
            seconds = 0.0
            for epochs[name] in range(1, 201):
                start = time.perf_counter()
                epoch()
                seconds += time.perf_counter() - start
                if (scores().argmax(1) == answers).mean() >= wanted:
                    break
            results[name].append(seconds)
    print("\n| digits to 97 % test accuracy | epochs | s | ms per epoch |\n|---|--:|--:|--:|")
    for name, each in results.items():
        middle = median(each)
        print(f"| {name} | {epochs[name]} | {middle:.3f} | {middle / epochs[name] * 1e3:.1f} |")


Trainer = tuple[Callable[[], Any], Callable[[], Floats]]


def digits_tape(train: Floats, test: Floats) -> Trainer:
    model = MLP(64, [32, 10], init="he", seed=0)
    x, t = [Value(0.0) for _ in range(64)], [Value(0.0) for _ in range(10)]
    logits = model(x)
    recorded = Tape([cross_entropy(logits, t), *logits], [*x, *t], model.parameters())
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9)
    seeds = iter(range(1000))

    def epoch() -> None:
        recorded.fit(train, optimizer, batch_size=32, seed=next(seeds), progress=False)

    recorded.fit(train[:40], SGD(model.parameters(), lr=0.0), batch_size=32, progress=False)
    return epoch, lambda: recorded.forward(test)[:, 1:]


def digits_torch(train: Floats, test: Floats) -> Trainer:
    torch = import_module("torch")
    torch.set_num_threads(_cores())
    twin = MLP(64, [32, 10], init="he", seed=0)
    model = torch.nn.Sequential(
        torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    ).double()
    rest = torch.tensor([each.data for each in twin.parameters()], dtype=torch.float64)
    with torch.no_grad():
        for layer in (model[0], model[2]):
            m, n = layer.weight.shape
            rows, rest = rest[: m * (n + 1)].reshape(m, n + 1), rest[m * (n + 1) :]
            layer.weight.copy_(rows[:, :n])
            layer.bias.copy_(rows[:, n])
    x, t = torch.tensor(train[:, :64]), torch.tensor(train[:, 64:].argmax(1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss, seeds = torch.nn.CrossEntropyLoss(), iter(range(1000))

    def epoch() -> None:
        order = torch.tensor(np.random.default_rng(next(seeds)).permutation(len(x)))
        for part in order.split(32):
            optimizer.zero_grad()
            loss(model(x[part]), t[part]).backward()
            optimizer.step()

    def scores() -> Floats:
        with torch.no_grad():
            found: Floats = model(torch.tensor(test[:, :64])).numpy()
        return found

    return epoch, scores


FIRST_USE = """
import time
start = time.perf_counter()
from microrelu import Value
from microrelu.losses import hinge
from microrelu.nn import MLP
from microrelu.tape.tape import Tape
model, x, y = MLP(2, [16, 16, 1], seed=1), [Value(0.0), Value(0.0)], Value(1.0)
loss = hinge(model(x), y)
built = time.perf_counter()
tape = Tape(loss, [*x, y], model.parameters())
recorded = time.perf_counter()
tape.gradients([[0.0, 1.0, 1.0]] * 100)
print(recorded - built, time.perf_counter() - recorded, time.perf_counter() - start)
"""


def first_use(rounds: int) -> None:
    """The moons network in a new process: with no machine code on disk, and with it there."""
    print("\n| a new process | recording | first replay | all, imports included |")
    print("|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        runs = []
        for _ in range(rounds + 1):
            command = [sys.executable, "-c", FIRST_USE]
            ran = subprocess.run(command, env=environment, capture_output=True, check=True)
            runs.append([float(each) for each in ran.stdout.split()])
    for name, some in (("nothing on disk", runs[:1]), ("compiled before", runs[1:])):
        recording, first, whole = (median(each) for each in zip(*some, strict=True))
        print(f"| {name} | {recording * 1e3:.1f} ms | {first:.2f} s | {whole:.2f} s |", flush=True)


def kernels() -> str:
    """Which of its kernels OpenBLAS runs under NumPy."""
    try:
        found = import_module("threadpoolctl").threadpool_info()
    except ImportError:
        return "Which kernels OpenBLAS runs, threadpoolctl would say: it is not installed."
    names = {each["architecture"] for each in found if each["internal_api"] == "openblas"}
    if not names:
        return "NumPy computes without OpenBLAS."
    return f"OpenBLAS runs its kernels for {' and '.join(sorted(names))}."


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def main(rounds: int, plot: Path | None) -> None:
    cores = _cores()
    print(f"\n### {'One core' if cores == 1 else f'{cores} cores'}")
    moons_step(rounds)
    if cores == 1:
        one_example(rounds)
    by_batch(rounds, plot if cores == 1 else None)
    if cores == 1:
        any_graph(rounds)
    digits(max(3, rounds // 3))
    if cores == 1:
        first_use(max(3, rounds // 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--plot", type=Path, help="where to write the plot, such as replay.svg")
    parser.add_argument("--cores", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cores is None:  # a process for each: libraries read these settings only once
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.")
        print(kernels())
        for count in sorted({1, os.cpu_count() or 1}):
            settings = {**os.environ, **dict.fromkeys(THREADS, str(count))}
            arguments = [sys.executable, __file__, *sys.argv[1:], "--cores", str(count)]
            subprocess.run(arguments, env=settings, check=True)
    else:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, set(list(os.sched_getaffinity(0))[: options.cores]))
        main(options.rounds, options.plot)
