"""Every operation once: its value, its local derivatives, and how both are written.

An operation is a pure function from numbers to *(value, local derivatives)*. The graph, the
gradient check, the pictures, the formulas and the tape all read this table. Read `value.py` next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Any, ClassVar

from microrelu import definitions, errors
from microrelu.settings import Choice, Setting

if TYPE_CHECKING:
    from microrelu.value import Value

Local = tuple[float, tuple[float, ...]]  # a value, and one local derivative per operand
Written = str | Callable[..., str]  # in Python's arithmetic; a maker where any number may come
Derivatives = Iterable[str] | Callable[..., Iterable[str]]

OPERATIONS: dict[str, Operation] = {}


@dataclass(eq=False, repr=False)
class Operation:
    """A row of the table; called with Values and numbers, it makes a new node of the graph."""

    apply: ClassVar[Callable[[Operation, tuple[Any, ...]], Value]]  # value.py says what a node is

    function: Callable[..., Local]  # numbers → (value, local derivatives)
    symbol: str  # for pictures
    formula: Written  # in Python's arithmetic and the names of the function's parameters
    derivatives: Derivatives  # likewise, one for each operand
    kink: Callable[..., bool]  # numbers → is the derivative a convention here?

    def __post_init__(self) -> None:
        code = self.function.__code__
        self.name = self.function.__name__
        self.operands = code.co_varnames[: code.co_argcount]  # () where any number may come
        self.symbol = self.symbol or self.name
        self.__doc__ = self.function.__doc__ or f"{self.formula}, with ∂ = {self.derivatives}."
        self.__module__ = self.function.__module__  # pickle finds the operation there, by name
        is_own = self.__module__ != __name__
        self.compute = definitions.checked(self.function) if is_own else self.function

    def __call__(self, *operands: Value | float, **named: Value | float) -> Value:
        """A new node: this operation of the operands, those left out at their defaults."""
        if named or (self.operands and len(operands) != len(self.operands)):
            operands = errors.filled_in(self, operands, named)
        return self.apply(operands)

    @property
    def has_kink(self) -> bool:
        """Is there a place where the derivative is a convention?"""
        return self.kink is not smooth

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> str:
        return definitions.name_for_pickle(self.function)

    def __deepcopy__(self, memo: object) -> Operation:
        return self


def smooth(*numbers: float) -> bool:
    """The `kink` of an operation that has none."""
    return False


def operation(
    symbol: str = "",
    formula: Written = "",
    derivatives: Derivatives = (),
    kink: Callable[..., bool] = smooth,
) -> Callable[[Callable[..., Local]], Operation]:
    """Enter the decorated function, numbers to (value, local derivatives), in the table.

    A name is in the table once; only a definition of one's own is replaced, by another of the same
    module: a notebook's cell that is run again.

    Raises:
        TypeError: what is decorated is no function of operands, one or any number of them.
        ValueError: the name is taken, there is neither one derivative for each operand nor none, or
            a formula is no arithmetic of the operands.

    >>> @operation("(·)³", "a**3", ["3 * a**2"])
    ... def cubed(a):
    ...     return a**3, (3 * a**2,)
    >>> cubed.function(2.0)
    (8.0, (12.0,))
    """

    def enter(function: Callable[..., Local]) -> Operation:
        if getattr(function, "__module__", "") != __name__:
            definitions.check(function, formula, derivatives, OPERATIONS)
        row = Operation(function, symbol, formula, derivatives, kink)
        OPERATIONS[row.name] = row
        return row

    return enter


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


@operation("Σ", lambda *a: " + ".join(a), lambda *a: ["1"] * len(a))
def total(*a: float) -> Local:
    return sum(a, 0.0), (1.0,) * len(a)


def _dot(*a: str) -> str:
    half = len(a) // 2
    return " + ".join([*map("{} * {}".format, a[:half], a[half:-1]), a[-1]])


@operation("Σ w x + b", _dot, lambda *a: [*a[len(a) // 2 : -1], *a[: len(a) // 2], "1"])
def weighted_sum(*a: float) -> Local:
    """Σ wᵢ xᵢ + b of w₁ … wₙ, x₁ … xₙ, b: the z of a neuron, as one node."""
    half = len(a) // 2
    weights, inputs = a[:half], a[half:-1]
    return sum(map(mul, weights, inputs), a[-1]), (*inputs, *weights, 1.0)


def _softmax(*a: str) -> list[str]:
    return [f"exp({each}) / ({' + '.join(map('exp({})'.format, a))})" for each in a]


@operation("log Σ exp", lambda *a: f"log({' + '.join(map('exp({})'.format, a))})", _softmax)
def log_sum_exp(*a: float) -> Local:
    """log Σ exp aᵢ; its local derivatives are the softmax of a. The largest term is taken out."""
    largest = max(a)
    terms = [1.0 if each == largest else math.exp(each - largest) for each in a]  # ∞ − ∞ is NaN
    whole = sum(terms)
    return largest + math.log(whole), tuple([term / whole for term in terms])
