"""Random graphs for hypothesis, and what they come to in fifty-digit arithmetic.

The exact numbers come from the formulas of the operations, evaluated in `decimal`, and so owe
nothing to the functions that the engine runs. Tests import from here: `from graphs import graphs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal, localcontext
from typing import Any

from hypothesis import strategies as st

from microrelu import Constant, Value, topological_order
from microrelu.engine import OPERATIONS, Operation
from microrelu.writing.formula import evaluated, written_for

SMOOTH = [
    "add",
    "subtract",
    "multiply",
    "negate",
    "square",
    "sin",
    "cos",
    "elu",
    "softplus",
    "sigmoid",
    "tanh",
]
ANY_NUMBER = ["total", "weighted_sum", "log_sum_exp"]  # … of operands
SOMEWHERE: dict[str, Callable[..., bool]] = {  # where these have a value, and a tame one
    "divide": lambda a, b: abs(b) >= 0.25,
    "power": lambda a, b: a >= 0.25 and abs(b) <= 3,
    "exp": lambda a: a <= 3,
    "log": lambda a: a >= 0.25,
    "sqrt": lambda a: a >= 0.25,
}
KINKY = ["relu", "leaky_relu", "absolute", "maximum", "minimum"]
LARGEST = 30.0  # no node goes beyond, so that sums lose few digits


@st.composite
def graphs(
    draw: st.DrawFn,
    *,
    kinks: bool = True,
    on_grid: bool = False,
    everywhere: bool = False,
    max_leaves: int = 4,
    max_nodes: int = 10,
) -> tuple[Value, list[Value]]:
    """A root and the leaves below it that are no constants, labelled a, b, c, …

    Nodes are used again and again, by themselves too (a + a). No node has an operand outside its
    domain, and none exceeds 30.

    Args:
        kinks: Operations with kinks, too.
        on_grid: Leaves are halves, so that kinks and ties are often met exactly.
        everywhere: Only operations with a value at all numbers, so that the graph may be replayed
            with any other leaves.
    """
    unit = 2 if on_grid else 1000
    numbers = st.integers(-2 * unit, 2 * unit).map(lambda n: n / unit)
    leaves = [
        Value(draw(numbers), label) for label in "abcdefgh"[: draw(st.integers(1, max_leaves))]
    ]
    names = SMOOTH + ANY_NUMBER + (KINKY if kinks else []) + ([] if everywhere else [*SOMEWHERE])
    nodes = leaves[:]

    def operand() -> Value | float:
        back = draw(st.integers(0, len(nodes)))  # 0, to which hypothesis shrinks, is the newest
        return nodes[-1 - back] if back < len(nodes) else draw(numbers)

    for _ in range(draw(st.integers(1, max_nodes))):
        operation = OPERATIONS[draw(st.sampled_from(names))]
        count = len(operation.operands) or draw(st.integers(1, 3))
        if operation.name == "weighted_sum":
            count = 2 * count + 1
        node = _within_bounds(operation, (nodes[-1], *(operand() for _ in range(count - 1))))
        nodes.append(node)
    root = nodes[-1]
    return root, variables(root)


def _within_bounds(operation: Operation, operands: tuple[Any, ...]) -> Value:
    allowed = SOMEWHERE.get(operation.name, lambda *numbers: True)
    numbers = [each.data if isinstance(each, Value) else each for each in operands]
    if allowed(*numbers) and abs((node := operation.apply(operands)).data) <= LARGEST:
        return node
    return operands[0].tanh()


def variables(root: Value) -> list[Value]:
    """The leaves of a graph that are no constants."""
    order = topological_order(root)
    return [node for node in order if not node.parents and not isinstance(node, Constant)]


def has_kink(root: Value) -> bool:
    """Does any node sit at its kink, or so near that rounding or a nudge leads across?"""
    kinked = [
        node for node in topological_order(root) if node.operation and node.operation.has_kink
    ]
    data = exact_values(root) if kinked else {}
    return any(_near_kink(node, [data[parent] for parent in node.parents]) for node in kinked)


def _near_kink(node: Value, operands: list[Decimal]) -> bool:
    """Is it a kink for operands to nine digits? Two grids, as one may part what is near."""
    digits = Decimal("1e-9")
    grids = ([each + shift for each in operands] for shift in (0, digits / 2))
    return any(node.operation.kink(*[a.quantize(digits) for a in grid]) for grid in grids)


def _sin(a: Decimal) -> Decimal:
    term = whole = a
    n = 1
    while abs(term) > Decimal("1e-55"):
        term *= -a * a / ((n + 1) * (n + 2))
        whole += term
        n += 2
    return whole


HALF_PI = Decimal("1.57079632679489661923132169163975144209858469968755291")
EXACT: Mapping[str, Callable[..., Decimal]] = {  # what formulas may call
    "exp": lambda a: a.exp(),
    "log": lambda a: a.ln(),
    "sqrt": lambda a: a.sqrt(),
    "sin": _sin,
    "cos": lambda a: _sin(a + HALF_PI),
    "tanh": lambda a: 1 - 2 / ((2 * a).exp() + 1),
    "sigmoid": lambda a: 1 / (1 + (-a).exp()),
    "ReLU": lambda a: max(a, Decimal(0)),
    "Step": lambda a: Decimal(int(a >= 0)),
    "abs": abs,
    "max": lambda *a: Decimal(max(a)),
    "min": lambda *a: Decimal(min(a)),
}


def exact(formula: str, names: Mapping[str, Decimal]) -> Decimal:
    """A formula in Python's arithmetic, in fifty digits."""
    with localcontext(Context(prec=50)):
        return evaluated(formula, names, EXACT, Decimal)


def exact_value(root: Value, leaves: Mapping[Value, Decimal] = {}) -> Decimal:
    """The root in fifty digits, by the formulas, with some leaves at other numbers."""
    return exact_values(root, leaves)[root]


def exact_values(root: Value, leaves: Mapping[Value, Decimal] = {}) -> dict[Value, Decimal]:
    """Every node in fifty digits."""
    data = dict(leaves)
    for node in topological_order(root):
        if node.operation is not None:
            names, formula, _ = written_for(node.operation, len(node.parents))
            numbers = [data[parent] for parent in node.parents]
            data[node] = exact(formula, dict(zip(names, numbers, strict=True)))
        elif node not in data:
            data[node] = Decimal(node.data)
    return data


def exact_gradient(root: Value, leaf: Value) -> float:
    """∂root/∂leaf by central differences so fine that a float cannot tell them from the limit."""
    nudge = Decimal("1e-16")
    with localcontext(Context(prec=50)):
        ends = [exact_value(root, {leaf: Decimal(leaf.data) + side * nudge}) for side in (-1, 1)]
        return float((ends[1] - ends[0]) / (2 * nudge))
