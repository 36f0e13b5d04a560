"""Eager graphs: microrelu, micrograd and the scalar engines in native code, timed in one run.

Every engine first has to find the same gradients. Then they take turns, round by round, so that a
busy machine slows them alike. `README.md` beside this file has a table and says how to read it.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import math
import os
import platform
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import microrelu
from microrelu.nn import MLP

PEERS = {"micrograd": "micrograd.engine", "minigrad": "minigrad.engine", "xad": "xad.adj_1st"}
BASE = "micrograd"  # what the ratios are taken to
SIZES = [(2, 16), (16, 16), (16, 1)]


def add_up(values: Sequence[Any]) -> Any:
    return sum(values[1:], values[0])


def multiply_and_add(weights: Sequence[Any], inputs: Sequence[Any], bias: Any) -> Any:
    return sum((w * x for w, x in zip(weights, inputs, strict=True)), bias)


@dataclass
class Engine:
    """How an engine's users write what differs from engine to engine."""

    name: str
    leaf: Callable[[float], Any]
    constant: Callable[[float], Any]
    relu: Callable[[Any], Any] = lambda value: value.relu()
    half_square: Callable[[Any], Any] = lambda value: value**2 / 2
    total: Callable[[Sequence[Any]], Any] = add_up
    weighted_sum: Callable[[Sequence[Any], Sequence[Any], Any], Any] = multiply_and_add

    def gradients(self, build: Build, numbers: Sequence[float]) -> list[float]:
        """∂root/∂leaf for every leaf: forward and backward."""
        leaves = [self.leaf(number) for number in numbers]
        build(self, leaves).backward()
        return [leaf.grad for leaf in leaves]

    def network(self, leaves: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
        """MLP(2, [16, 16, 1]) with these parameters."""
        rest = iter(leaves)
        layers = [[(list(islice(rest, n)), next(rest)) for _ in range(m)] for n, m in SIZES]

        def score(inputs: Sequence[Any]) -> Any:
            for layer in layers[:-1]:
                inputs = [self.relu(self.weighted_sum(w, inputs, b)) for w, b in layer]
            [(weights, bias)] = layers[-1]
            return self.weighted_sum(weights, inputs, bias)

        return score


Build = Callable[[Engine, Sequence[Any]], Any]  # an engine and its leaves → the root


class WithModule(Engine):
    """microrelu with the network of its own `nn.py`, labels and all."""

    model = MLP(2, [16, 16, 1])

    def network(self, leaves: Sequence[Any]) -> Callable[[Sequence[Any]], Any]:
        rest = iter(leaves)
        for neuron in [each for layer in self.model.layers for each in layer.neurons]:
            neuron.weights, neuron.bias = tuple(islice(rest, neuron.nin)), next(rest)
        return self.model


class Taped(Engine):
    """XAD, which records on a tape; clearing one costs less than a new one."""

    def gradients(self, build: Build, numbers: Sequence[float]) -> list[float]:
        if not hasattr(self, "tape"):
            self.tape = import_module("xad.adj_1st").Tape()
            self.tape.activate()
        tape = self.tape
        tape.clearAll()
        leaves = [self.leaf(number) for number in numbers]
        tape.registerInputs(leaves)
        tape.newRecording()
        root = build(self, leaves)
        tape.registerOutput(root)
        root.derivative = 1.0
        tape.computeAdjoints()
        return [leaf.derivative for leaf in leaves]


def installed() -> list[Engine]:
    """microrelu as its users write it, then with + and × alone as in micrograd; then the peers."""
    value = microrelu.Value
    sums = {"total": microrelu.total, "weighted_sum": microrelu.weighted_sum}
    found = [WithModule("microrelu", value, float, **sums), Engine("microrelu, + ×", value, value)]
    for name, module in PEERS.items():
        try:
            found.append(peer(name, import_module(module)))
        except ImportError:
            continue
    return found


def peer(name: str, module: ModuleType) -> Engine:
    if name == "minigrad":
        # A number beside a Value is misread as one, a power's exponent loses a reference when the
        # power is freed, and so does None with each leaf, which is fatal before Python 3.12.
        if sys.version_info < (3, 12):
            ctypes.c_ssize_t.from_address(id(None)).value += 1 << 40
        make = module.Value
        return Engine(name, make, make, half_square=lambda value: value * value * make(0.5))
    if name == "xad":
        largest = import_module("xad.math").max
        return Taped(name, module.Real, float, relu=lambda value: largest(value, 0.0))
    return Engine(name, module.Value, module.Value)


@dataclass
class Task:
    """An expression to differentiate, as often as it takes to be timed, or a step of training."""

    name: str
    build: Build
    numbers: list[float]
    repeat: int = 1
    rate: float = 0.0

    def run(self, engine: Engine) -> None:
        for _ in range(self.repeat):
            gradients = engine.gradients(self.build, self.numbers)
            if self.rate:
                [n - self.rate * g for n, g in zip(self.numbers, gradients, strict=True)]


def readme(engine: Engine, leaves: Sequence[Any]) -> Any:
    w, x, b, y = leaves
    return engine.half_square(y - engine.relu(w * x + b))


def one_example(engine: Engine, leaves: Sequence[Any]) -> Any:
    return engine.network(leaves)([engine.constant(0.5), engine.constant(-0.25)])


def moons(engine: Engine, leaves: Sequence[Any]) -> Any:
    """Hinge loss over 100 examples, and L2."""
    score = engine.network(leaves)
    losses = []
    for k in range(100):
        angle, side = math.pi * (k // 2) / 49, 1.0 if k % 2 else -1.0
        point = 0.5 + side * (math.cos(angle) - 0.5), 0.25 + side * (math.sin(angle) - 0.25)
        out = score([engine.constant(coordinate) for coordinate in point])
        losses.append(engine.relu(out * engine.constant(-side) + engine.constant(1.0)))
    squares = engine.total([leaf * leaf for leaf in leaves])
    return engine.total(losses) * engine.constant(0.01) + squares * engine.constant(1e-4)


def wide(engine: Engine, leaves: Sequence[Any]) -> Any:
    half = len(leaves) // 2
    return engine.weighted_sum(leaves[:half], leaves[half:-1], leaves[-1])


def deep(engine: Engine, leaves: Sequence[Any], links: int = 10_000) -> Any:
    value, weight, bias = leaves
    for _ in range(links):
        value = engine.relu(value * weight + bias)
    return value


def tasks() -> list[Task]:
    uniform = random.Random(1).uniform
    parameters = [uniform(-1, 1) for _ in range(337)]
    return [
        Task("README expression", readme, [0.5, 2.0, 0.1, 3.0], repeat=1000),
        Task("one example", one_example, parameters, repeat=50),
        Task("moons step", moons, parameters, rate=1.0),
        Task("sum of 10,000 terms", wide, [uniform(-1, 1) for _ in range(20_001)]),
        Task("chain of 10,000 links", deep, [1.0, 0.999, 0.001]),
    ]


def compare(task: Task, engines: Sequence[Engine], tolerance: float = 1e-9) -> None:
    """Raise ValueError if an engine's gradients are not those of the first."""
    first, *others = engines
    expected = first.gradients(task.build, task.numbers)
    for engine in others:
        found = engine.gradients(task.build, task.numbers)
        for k, (a, b) in enumerate(zip(expected, found, strict=True)):
            if not math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-12):
                raise ValueError(
                    f"{task.name}: {engine.name} finds {b} for gradient {k}, {first.name} {a}."
                )


def measure(task: Task, engines: Sequence[Engine], rounds: int) -> dict[str, list[float]]:
    """Seconds of CPU in each round: a turn is a first run, which is not timed, and 0.2 s more."""
    seconds: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            gc.collect()
            task.run(engine)
            runs, start, elapsed = 0, time.process_time(), 0.0
            while elapsed < 0.2:
                task.run(engine)
                runs, elapsed = runs + task.repeat, time.process_time() - start
            seconds[engine.name].append(elapsed / runs)
    return seconds


def cells(seconds: dict[str, list[float]]) -> list[str]:
    """The median of each engine, and the median of the rounds' ratios to the base."""
    base = seconds.get(BASE)
    row = []
    for each in seconds.values():
        middle = median(each)
        text = f"{number(middle * 1e6)} µs" if middle < 1e-3 else f"{number(middle * 1e3)} ms"
        if base and each is not base:
            text += f", {number(median(b / s for b, s in zip(base, each, strict=True)))}×"
        row.append(text)
    return row


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def memory(name: str, links: int = 100_000) -> str:
    """Bytes for each operation of a chain, by the growth of a process of its own (on Linux)."""
    script = [sys.executable, os.path.abspath(__file__), "--memory", name, str(links)]
    ran = subprocess.run(script, capture_output=True, text=True, check=False)
    return ran.stdout.strip() if ran.returncode == 0 else "—"


def grow(name: str, links: int) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def build(engine: Engine, leaves: Sequence[Any]) -> Any:
        before = resident()
        root = deep(engine, leaves, links)
        print(f"{(resident() - before) / (3 * links):.0f} B", flush=True)
        os._exit(root is None)  # some engines overflow the stack when they free a deep graph

    [engine] = [each for each in installed() if each.name == name]
    engine.gradients(build, [1.0, 0.999, 0.001])


def main(rounds: int) -> None:
    engines = installed()
    names = [engine.name for engine in engines]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}.")
    for peer in PEERS.keys() - {*names}:
        print(f"{peer} is not installed: pip install {peer}")
    for task in tasks():
        compare(task, engines)
    print(f"Gradients agree to 1e-9. Medians of {rounds} rounds, and how often {BASE}'s speed.")
    for collector in (gc.enable, gc.disable):
        collector()
        print(f"\n| garbage collector {'on' if gc.isenabled() else 'off'} | {' | '.join(names)} |")
        print("|---" * (len(names) + 1) + "|")
        for task in tasks():
            row = cells(measure(task, engines, rounds))
            print(f"| {task.name} | {' | '.join(row)} |", flush=True)
    print(f"| bytes per operation | {' | '.join(map(memory, names))} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--memory", nargs=2, metavar=("ENGINE", "LINKS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        grow(options.memory[0], int(options.memory[1]))
    sys.setrecursionlimit(1_000_000)  # micrograd recurses once for each node of a chain
    threading.stack_size(1 << 29)
    thread = threading.Thread(target=main, args=(options.rounds,))
    thread.start()
    thread.join()
