"""Random checks with numbers from the smallest to 10¹⁷, beside derivatives in 800 digits.

The true derivatives are those of the formulas in the table, by the chain rule, in mpmath: no
differences. `python tests/random_checks.py 120000` takes some minutes, prints what was
found, and fails where a right gradient is called wrong or a wrong one right; the tests run some
hundreds. A seed and a number of a check make it again: `random_checks.py 1 --seed 7 --first 4711`.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import mpmath

from microrelu import Value, check_gradients, relu_at_zero, topological_order
from microrelu.check.report import LeafCheck
from microrelu.engine import OPERATIONS
from microrelu.steps.holds import at_kink
from microrelu.writing.formula import evaluated, written

DIGITS = 800  # e⁻⁷⁴⁵ beside 1 has 324, and its square twice as many
NUDGE = 300  # decades below a leaf, to look left and right of a kink
FAULTS = {"right": None, "a hundredth off": 1.0101, "a hundredth less": 0.989, "twice": 2.0}
FAULTS |= {"other sign": -1.0, "set to 0": 0.0}
FUNCTIONS: dict[str, Any] = {
    **{name: getattr(mpmath, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    **{"max": max, "min": min, "abs": abs, "ReLU": lambda a: max(a, mpmath.mpf(0))},
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
}


Gradients = dict[Value, Any]


class Found(NamedTuple):
    """One gradient, as it was claimed and judged."""

    number: int
    fault: str
    truth: list[Any]  # what a gradient may lie between
    row: LeafCheck

    @property
    def is_off(self) -> bool:
        """Is the claim off by a hundredth or more of every slope that it may be?"""
        low, high, claim = min(self.truth), max(self.truth), self.row.gradient
        if not math.isfinite(claim):
            return True
        nearest = low if claim < low else high if claim > high else claim
        if float(nearest) == 0:
            return abs(claim) > 1e-9  # what cancels may leave some rounding
        return abs(nearest - claim) >= abs(nearest) / 100 and claim != float(nearest)

    @property
    def is_right(self) -> bool:
        """Is the claim one of the slopes left and right, or between them, to rounding?"""
        sides = self.truth[2:] or self.truth
        low, high, claim = min(sides), max(sides), self.row.gradient
        slack = 1e-9 * max(abs(low), abs(high)) + 2.0**-1074
        return math.isfinite(claim) and low - slack <= claim <= high + slack

    @property
    def mistake(self) -> str:
        """What the check did that it must not do, or nothing."""
        if self.row.agrees and self.is_off:
            return "missed"
        is_swept = self.fault == "right" and math.isfinite(self.row.gradient)
        if self.row.verdict == "WRONG" and (is_swept or self.is_right):
            return "false WRONG"
        return ""


def number(rng: random.Random) -> float:
    """A float: of ordinary size, of any size up to 10¹⁷, subnormal, whole, or 0."""
    sign = rng.choice([-1, 1])
    kind = rng.random()
    if kind < 0.4:
        return rng.uniform(-3, 3)
    if kind < 0.6:
        return sign * 10 ** rng.uniform(-20, 17)
    if kind < 0.75:
        return sign * 10 ** rng.uniform(-323, 17)
    if kind < 0.8:
        return sign * rng.randrange(1, 2**40) * 2.0**-1074
    if kind < 0.9:
        return float(rng.randrange(-4, 5))
    return sign * rng.choice([1e17, 1e10, 1.7e9, 740.0, 745.0, 36.7, 20.0, 1e-8, 1e-110, 5e-324])


def graph(rng: random.Random) -> Value:
    """One to seven operations over one to three leaves and some constants."""
    leaves = [Value(number(rng), f"x{i}") for i in range(rng.randrange(1, 4))]
    nodes = list(leaves)
    operations = [row for row in OPERATIONS.values() if row.function.__module__.startswith("micro")]
    wanted = rng.randrange(1, 8)
    for _ in range(60):
        if len(nodes) == wanted + len(leaves):
            break
        operation = rng.choice(operations)
        count = len(operation.operands) or rng.randrange(1, 4)
        if operation.name == "weighted_sum":
            count = 2 * count + 1
        operands: list[Value | float] = [
            number(rng) if rng.random() < 0.25 else rng.choice(nodes) for _ in range(count)
        ]
        operands[rng.randrange(count)] = nodes[-1]
        try:
            node = operation.apply(tuple(operands))
        except (ArithmeticError, ValueError):
            continue
        if math.isfinite(node.data):
            nodes.append(node)
    return nodes[-1]


def true_gradients(root: Value, nudged: Value | None = None, at_zero: float = 1.0) -> Gradients:
    """∂root/∂node of every node by the chain rule and the formulas; NaN where there is none."""
    order = topological_order(root)
    functions = {**FUNCTIONS, "Step": lambda a: mpmath.mpf(at_zero if a == 0 else a > 0)}
    data: Gradients = {}
    local: dict[Value, list[Any]] = {}
    for node in order:
        data[node] = mpmath.mpf(node.data)
        if node is nudged:
            size = abs(data[node]) or mpmath.mpf(10) ** -330  # nearer than any float
            data[node] += (2 * at_zero - 1) * size / mpmath.mpf(10) ** NUDGE
        if node.parents:
            form = written(node)
            numbers = [data[each] for each in node.parents]
            if node.operation and node.operation.name == "power" and numbers[0] == 0:
                local[node] = [*node.local_derivatives]
                local[node][1] = mpmath.nan if numbers[1] == 0 else 0.0
                continue
            at = dict(zip(form.operands, numbers, strict=True))
            data[node] = evaluated(form.formula, at, functions, mpmath.mpf)
            local[node] = [_derivative(text, at, functions) for text in form.derivatives]
    gradients = dict.fromkeys(order, mpmath.mpf(0)) | {root: mpmath.mpf(1)}
    for node in reversed(order):
        for parent, derivative in zip(node.parents, local.get(node, ()), strict=True):
            gradients[parent] += gradients[node] * derivative
    return gradients


def _derivative(text: str, at: dict[str, Any], functions: dict[str, Any]) -> Any:
    try:
        return mpmath.mpf(evaluated(text, at, functions, mpmath.mpf))
    except (ArithmeticError, ValueError, TypeError):
        return mpmath.nan


def slopes(root: Value, leaf: Value, digits: int) -> list[Any]:
    """What the gradient may lie between: by ReLU'(0) = 1, and at a kink by 0, left and right, too.

    Raises:
        ArithmeticError, ValueError, TypeError: without rounding the graph has no value.
    """
    with mpmath.workdps(digits):
        found = [true_gradients(root)[leaf]]
        if any(map(at_kink, topological_order(root))):
            found.append(true_gradients(root, None, 0.0)[leaf])
            found += [true_gradients(root, leaf, side)[leaf] for side in (0.0, 1.0)]
    return found


def checks(first: int, count: int, seed: int) -> Iterator[Found]:
    """The checks of these numbers: each a graph, a leaf, and what its gradient is said to be."""
    for index in range(first, first + count):
        rng = random.Random(f"{seed} {index}")
        with relu_at_zero(rng.choice([0.0, 0.5, 1.0])):
            root = graph(rng)
        leaves = [each for each in topological_order(root) if each.label]
        try:
            with mpmath.workdps(DIGITS):
                gradients = true_gradients(root)
            leaf = max(leaves, key=lambda leaf: (gradients[leaf] != 0, rng.random()))
            truth = slopes(root, leaf, DIGITS)
        except (ArithmeticError, ValueError, TypeError):
            continue
        if not all(map(mpmath.isfinite, truth)):
            continue
        fault = rng.choice(["right", *FAULTS]) if float(truth[0]) else "right"
        if (factor := FAULTS[fault]) is None:
            root.backward()
        claim = leaf.grad if factor is None else float(truth[0]) * factor
        (row,) = check_gradients(root, {leaf: claim}).rows
        found = Found(index, fault, truth, row)
        if found.mistake:  # or are these digits too few?
            found = found._replace(truth=slopes(root, leaf, 3 * DIGITS))
        yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    verdicts: Counter[tuple[str, str]] = Counter()
    mistakes = 0
    for found in checks(options.first, options.count, options.seed):
        verdicts[found.fault, found.row.verdict] += 1
        if found.mistake:
            mistakes += 1
            truth = ", ".join(mpmath.nstr(each, 17) for each in found.truth)
            print(f"{found.mistake}: check {found.number}, {found.fault}: {found.row}; {truth}")
        if found.number % 10_000 == 0:
            print(f"check {found.number:,}: {mistakes} mistakes so far", flush=True)
    for (fault, verdict), times in sorted(verdicts.items()):
        print(f"{times:8,} {fault:18} {verdict}")
    print(f"{sum(verdicts.values()):8,} checks, {mistakes} mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
