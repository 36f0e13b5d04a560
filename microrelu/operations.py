"""Every operation once: its value, its local derivatives, and how both are written.

An operation is a pure function from numbers to *(value, local derivatives)*. The graph, the
gradient check, the pictures, the formulas and the tape all read this table; at its end Value gets
its operators and methods from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from operator import mul
from typing import Any

from microrelu import definitions
from microrelu.engine import (
    OPERATIONS,
    Binary,
    Local,
    Operation,
    Value,
    apply,
    as_value,
    operation,
)
from microrelu.protocols import is_array
from microrelu.settings import Choice, Setting

SLOPE_AT_ZERO = Setting("relu_at_zero", 1.0)  # Step(0), and so the derivative of ReLU at its kink
at_zero = SLOPE_AT_ZERO.get


def relu_at_zero(slope: float) -> Choice[float]:
    """Set ReLU'(0) for everyone, or in `with relu_at_zero(0.0): ...` for that block.

    The mathematics note says 1, which is the default; PyTorch and JAX say 0, some texts ½. Nodes
    keep the derivative they were made with. A block's slope is that of its thread or asyncio task
    alone. Raises ValueError for a slope outside 0 … 1.
    """
    if not 0 <= slope <= 1:
        raise ValueError(f"ReLU'(0) lies between 0 and 1, not at {slope}: relu_at_zero(0.5), say.")
    return SLOPE_AT_ZERO.set(float(slope))


def step(a: float, b: float = 0.0) -> float:
    """Step(a − b): 0 where a < b, 1 where a > b, what `relu_at_zero` says at a = b; NaN of NaN."""
    return 0.0 if a < b else 1.0 if a > b else at_zero() if a == b else math.nan


@operation("+", "a + b", ["1", "1"])
def add(a: float, b: float) -> Local:
    return a + b, (1.0, 1.0)


@operation("−", "a - b", ["1", "-1"])
def subtract(a: float, b: float) -> Local:
    return a - b, (1.0, -1.0)


@operation("×", "a * b", ["b", "a"])
def multiply(a: float, b: float) -> Local:
    return a * b, (b, a)


@operation("÷", "a / b", ["1 / b", "-a / b**2"])
def divide(a: float, b: float) -> Local:
    return a / b, (1.0 / b, -a / b / b)


@operation("−", "-a", ["-1"])
def negate(a: float) -> Local:
    return -a, (-1.0,)


@operation("(·)²", "a**2", ["2 * a"])
def square(a: float) -> Local:
    return a * a, (2.0 * a,)


@operation("aᵇ", "a**b", ["b * a**(b - 1)", "a**b * log(a)"])
def power(a: float, b: float) -> Local:
    """a to the b; with a negative base there is no derivative by the exponent (NaN)."""
    value = math.pow(a, b)
    if a == 0:
        return value, (0.0 if b == 0 or b > 1 else 1.0 if b == 1 else b * math.inf, 0.0 * b)
    return value, (b * math.pow(a, b - 1), value * math.log(a) if a > 0 else math.nan)


@operation("exp", "exp(a)", ["exp(a)"])
def exp(a: float) -> Local:
    value = math.exp(a)
    return value, (value,)


@operation("log", "log(a)", ["1 / a"])
def log(a: float) -> Local:
    return math.log(a), (1.0 / a,)


@operation("√", "sqrt(a)", ["1 / (2 * sqrt(a))"])
def sqrt(a: float) -> Local:
    value = math.sqrt(a)
    return value, (0.5 / value if value else math.inf,)


@operation("sin", "sin(a)", ["cos(a)"])
def sin(a: float) -> Local:
    return math.sin(a), (math.cos(a),)


@operation("cos", "cos(a)", ["-sin(a)"])
def cos(a: float) -> Local:
    return math.cos(a), (-math.sin(a),)


@operation("|·|", "abs(a)", ["Step(a) - Step(-a)"], kink=lambda a: a == 0)
def absolute(a: float) -> Local:
    return abs(a), (step(a) - step(-a),)


@operation("max", "max(a, b)", ["Step(a - b)", "1 - Step(a - b)"], kink=lambda a, b: a == b)
def maximum(a: float, b: float) -> Local:
    """The larger of both: b + ReLU(a − b), so that maximum(a, 0) and relu(a) agree at the kink."""
    open_ = step(a, b)
    return (a if a > b or a != a else b), (open_, 1.0 - open_)  # a != a: NaN


@operation("min", "min(a, b)", ["Step(b - a)", "1 - Step(b - a)"], kink=lambda a, b: a == b)
def minimum(a: float, b: float) -> Local:
    """The smaller of both: b − ReLU(b − a)."""
    open_ = step(b, a)
    return (a if a < b or a != a else b), (open_, 1.0 - open_)  # a != a: NaN


@operation("ReLU", "ReLU(a)", ["Step(a)"], kink=lambda a: a == 0)
def relu(a: float) -> Local:
    return (0.0, (0.0,)) if a < 0 else (a, (1.0,)) if a > 0 else (a, (step(a),))


@operation(
    "leaky ReLU",
    "max(a, 0) + slope * min(a, 0)",
    ["Step(a) + slope * (1 - Step(a))", "min(a, 0)"],
    kink=lambda a, slope: a == 0,
)
def leaky_relu(a: float, slope: float = 0.01) -> Local:
    """a right of zero, slope · a left of it. The slope may be a Value, and so be learnt (PReLU)."""
    open_ = step(a)
    return (slope * a if a < 0 else a), (open_ + slope * (1.0 - open_), 0.0 if a >= 0 else a)


@operation("ELU", "max(a, 0) + exp(min(a, 0)) - 1", ["exp(min(a, 0))"])
def elu(a: float) -> Local:
    return (a, (1.0,)) if a > 0 else (math.expm1(a), (math.exp(a),))


@operation("softplus", "log(1 + exp(a))", ["sigmoid(a)"])
def softplus(a: float) -> Local:
    decay = math.exp(-abs(a))
    return max(a, 0.0) + math.log1p(decay), ((decay if a < 0 else 1.0) / (1.0 + decay),)


@operation("σ", "sigmoid(a)", ["sigmoid(a) * (1 - sigmoid(a))"])
def sigmoid(a: float) -> Local:
    decay = math.exp(-abs(a))  # at most 1, so nothing overflows at ±1000
    value = (decay if a < 0 else 1.0) / (1.0 + decay)
    return value, (decay / (1.0 + decay) ** 2,)  # y (1 − y), which loses its digits far out


@operation("tanh", "tanh(a)", ["1 - tanh(a)**2"])
def tanh(a: float) -> Local:
    decay = math.exp(-2.0 * abs(a))
    return math.tanh(a), (4.0 * decay / (1.0 + decay) ** 2,)  # 1 − y² loses its digits far out


def _each(values: Iterable[Value | float]) -> Iterable[Value | float]:
    return values


def _weights_inputs_bias(
    weights: Sequence[Value | float], inputs: Sequence[Value | float], bias: Value | float = 0.0
) -> Iterable[Value | float]:
    if len(weights) != len(inputs):
        raise ValueError(
            f"weighted_sum was given {len(weights)} weights and {len(inputs)} inputs: "
            "it needs one weight for each input."
        )
    return (*weights, *inputs, bias)


def _at_least_one(values: Iterable[Value | float]) -> Iterable[Value | float]:
    if not (listed := list(values)):
        raise ValueError("log_sum_exp was given no values: it needs at least one.")
    return listed


@operation("Σ", lambda *a: " + ".join(a), lambda *a: ["1"] * len(a), arrange=_each)
def total(*a: float) -> Local:
    """total(values): their sum as one node; `sum(values)` makes a node for every plus."""
    return sum(a, 0.0), (1.0,) * len(a)


def _dot(*a: str) -> str:
    half = len(a) // 2
    return " + ".join([*map("{} * {}".format, a[:half], a[half:-1]), a[-1]])


@operation(
    "Σ w x + b",
    _dot,
    lambda *a: [*a[len(a) // 2 : -1], *a[: len(a) // 2], "1"],
    arrange=_weights_inputs_bias,
)
def weighted_sum(*a: float) -> Local:
    """weighted_sum(weights, inputs, bias=0.0): Σ wᵢ xᵢ + b as one node, the z of a neuron.

    Its operands are w₁ … wₙ, x₁ … xₙ, b. Raises ValueError where there are not as many weights as
    inputs.
    """
    half = len(a) // 2
    weights, inputs = a[:half], a[half:-1]
    return sum(map(mul, weights, inputs), a[-1]), (*inputs, *weights, 1.0)


def _softmax(*a: str) -> list[str]:
    return [f"exp({term}) / ({' + '.join(map('exp({})'.format, a))})" for term in a]


@operation(
    "log Σ exp",
    lambda *a: f"log({' + '.join(map('exp({})'.format, a))})",
    _softmax,
    arrange=_at_least_one,
)
def log_sum_exp(*a: float) -> Local:
    """log_sum_exp(values): log Σ exp aᵢ as one node; its local derivatives are the softmax of a.

    The largest term is taken out, so that large values are safe. Raises ValueError for no values.
    """
    largest = max(a)
    terms = [1.0 if x == largest else math.exp(x - largest) for x in a]  # ∞ − ∞ is NaN
    whole = sum(terms)
    return largest + math.log(whole), tuple([term / whole for term in terms])


# Value's operators and methods


def method(operation: Operation) -> Callable[..., Value]:
    """The operation as a method of Value: v.tanh(), v.leaky_relu(0.1)."""

    def of_one(self: Value) -> Value:
        return apply(operation, (self,))

    def with_defaults(self: Value, *others: Any, **named: Any) -> Value:
        return operation(self, *others, **named)

    made = of_one if len(operation.operands) == 1 else with_defaults
    definitions.describe(made, operation.function, operation.__doc__)
    return made


def operators(operation: Operation) -> tuple[Binary, Binary]:
    """The operator with the Value on the left, and the reflected one with it on the right."""

    def forward(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            if is_array(other):
                return NotImplemented  # type: ignore[no-any-return]  # NumPy takes it from here
            other = as_value(other)
        return apply(operation, (self, other))

    def reflected(self: Value, other: Any) -> Value:
        return apply(operation, (as_value(other), self))

    return forward, reflected


Value.__add__, Value.__radd__ = operators(add)
Value.__sub__, Value.__rsub__ = operators(subtract)
Value.__mul__, Value.__rmul__ = operators(multiply)
Value.__truediv__, Value.__rtruediv__ = operators(divide)
_to_the_power, Value.__rpow__ = operators(power)
Value.__neg__, Value.__abs__ = method(negate), method(absolute)
for entry in OPERATIONS.values():
    if entry.takes_one:
        setattr(Value, entry.name, method(entry))


def _raised(self: Value, exponent: Any) -> Value:
    if isinstance(exponent, (int, float)) and exponent == 2:
        return square.apply((self,))  # drawn and written as the square that it is
    return _to_the_power(self, exponent)


Value.__pow__ = _raised
