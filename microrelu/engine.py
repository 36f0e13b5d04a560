"""Value, a number that remembers where it came from, and the sweep that applies the chain rule.

A node keeps its parents and, as plain numbers, its local derivatives; `backward` multiplies and
adds them from the root to the leaves. What an operation is stands here; the calculus, every
operation once, is in `operations.py`, which gives Value its operators and methods.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from microrelu import arrays, definitions, errors, pickling
from microrelu.errors import no_value, not_one_for_each, real_number
from microrelu.protocols import Protocols

Local = tuple[float, tuple[float, ...]]  # a value, and one local derivative per operand
Written = str | Callable[..., str]  # in Python's arithmetic; a maker where any number may come
Derivatives = Iterable[str] | Callable[..., Iterable[str]]
Unary = Callable[["Value"], "Value"]
Binary = Callable[["Value", Any], "Value"]

OPERATIONS: dict[str, Operation] = {}
TABLE = "microrelu.operations"  # what stands there is trusted


def smooth(*numbers: float) -> bool:
    """The `kink` of an operation that has none."""
    return False


@dataclass(eq=False, repr=False)
class Operation:
    """A row of the table; called with Values and numbers, it makes a new node of the graph."""

    function: Callable[..., Local]  # numbers → (value, local derivatives)
    symbol: str = ""  # for pictures
    formula: Written = ""  # in Python's arithmetic and the names of the function's parameters
    derivatives: Derivatives = ()  # likewise, one for each operand
    kink: Callable[..., bool] = smooth  # numbers → is the derivative a convention here?
    arrange: Callable[..., Iterable[Any]] | None = None  # what it is called with → operands

    def __post_init__(self) -> None:
        code = self.function.__code__
        self.name = self.function.__name__
        self.operands = code.co_varnames[: code.co_argcount]  # () where any number may come
        self.symbol = self.symbol or self.name
        self.__doc__ = definitions.docstring(self.function, self.formula, self.derivatives)
        self.__module__ = self.function.__module__  # pickle finds the operation there, by name
        is_own = self.__module__ != TABLE
        self.compute = definitions.checked(self.function) if is_own else self.function

    def __call__(self, *operands: Any, **named: Any) -> Value:
        """A new node: this operation of the operands, those left out at their defaults."""
        if self.arrange:
            operands = tuple(self.arrange(*operands, **named))
        elif named or (self.operands and len(operands) != len(self.operands)):
            operands = errors.filled_in(self, operands, named)
        return self.apply(operands)

    def apply(self, operands: Iterable[Value | float]) -> Value:
        """A new node: this operation of exactly these operands, in the order of its function."""
        return apply(self, as_values(operands))

    @property
    def has_kink(self) -> bool:
        """Is there a place where the derivative is a convention?"""
        return self.kink is not smooth

    @property
    def takes_one(self) -> bool:
        """Is it a function of one operand, others having defaults?"""
        return len(self.operands) - len(self.function.__defaults__ or ()) == 1

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __reduce__(self) -> str:
        return definitions.name_for_pickle(self.function)

    def __deepcopy__(self, memo: object) -> Operation:
        return self


def operation(
    symbol: str = "",
    formula: Written = "",
    derivatives: Derivatives = (),
    kink: Callable[..., bool] = smooth,
    arrange: Callable[..., Iterable[Any]] | None = None,
) -> Callable[[Callable[..., Local]], Operation]:
    """Enter the decorated function, numbers to (value, local derivatives), in the table.

    A name is in the table once; only a definition of one's own is replaced, by another of the same
    module: a notebook's cell that is run again. With `arrange` the operation is called with that
    function's arguments, of which it makes the operands.

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
        if getattr(function, "__module__", "") != TABLE:
            definitions.check(function, formula, derivatives, OPERATIONS)
        made = Operation(function, symbol, formula, derivatives, kink, arrange)
        OPERATIONS[made.name] = made
        return made

    return enter


class Earlier(float):
    """A gradient from before its node was computed anew; with the next sweep it is a float."""

    __slots__ = ()


class Value(Protocols):
    """A node of the graph: a number, how it was made, and the root's gradient by it.

    Attributes:
        data: The number, a Python float; whatever real number is assigned becomes one.
        grad: ∂root/∂self: the integer 0 until a sweep reaches the node, a float from then on.
        parents: The operands it was made of, as written; () for a leaf.
        local_derivatives: ∂self/∂parent for each parent, fixed when the node was made.
        operation: What made it, a row of `operations.py`; None for a leaf.
        label: Its name in pictures and formulas.

    >>> w, x = Value(-3.0, "w"), Value(2.0, "x")
    >>> cost = (w * x + 5).relu() ** 2 - w
    >>> cost.backward()
    >>> cost, w.grad
    (Value(data=3.0, grad=1.0), -1.0)
    """

    __slots__ = ("_data", "_grad", "label", "local_derivatives", "operation", "parents")

    def __init__(self, data: float, label: str = "", *others: object) -> None:
        if others or not isinstance(label, str):
            raise errors.no_leaf(data, label)
        self._data = data if type(data) is float else real_number(data)
        self._grad: float = 0
        self.parents: tuple[Value, ...] = ()
        self.local_derivatives: tuple[float, ...] = ()
        self.operation: Operation | None = None
        self.label = label

    # What is assigned is looked at; the engine itself reads and writes the slots behind.

    @property
    def data(self) -> float:  # noqa: D102  # the class says what it is
        return self._data

    @data.setter
    def data(self, number: float) -> None:
        self._data = number if type(number) is float else real_number(number)

    @property
    def grad(self) -> float:  # noqa: D102
        return self._grad

    @grad.setter
    def grad(self, number: float) -> None:
        self._grad = number if type(number) is float else errors.gradient(number)

    def sweep(self) -> Iterator[Value]:
        """Yield each node when its gradient is complete, then pass it on to the node's parents.

        Inner nodes start at zero; leaves add to what earlier sweeps left, until it is set to 0.
        """
        order = topological_order(self)
        for node in order:
            if node.parents:
                node._grad = 0
        self._grad += 1.0
        for node in reversed(order):
            yield node
            upstream = node._grad
            # `apply` has compared the lengths; strict=True would cost a tenth of the sweep.
            for parent, derivative in zip(node.parents, node.local_derivatives):  # noqa: B905
                parent._grad += upstream * derivative

    def backward(self) -> None:
        """Add ∂self/∂leaf to the `grad` of every leaf, and set the `grad` of every inner node.

        What is differentiated is the graph as it was recorded, whatever was assigned to `data`
        since; `recompute` records it anew.
        """
        deque(self.sweep(), maxlen=0)

    def zero_grad(self) -> None:
        """Set the gradient of every leaf below to the integer 0, as before the first sweep.

        Inner nodes need none: each sweep starts theirs at 0 by itself.
        """
        for node in topological_order(self):
            if not node.parents:
                node._grad = 0

    def recompute(self) -> None:
        """Compute the recorded graph anew, in place, from what its leaves hold now.

        Values and local derivatives change, with the ReLU'(0) in force now; gradients stay, as
        those of the graph before, until the next sweep. What Python decided while the graph was
        built (`if v > 0:`) stays decided.

        Raises:
            ValueError, ZeroDivisionError, OverflowError: an operation has no value any more; the
                graph is as it was.
        """
        order = topological_order(self)
        data = {node: node._data for node in order}
        computed: list[tuple[Value, Local]] = []
        for node in order:
            if node.operation is not None:
                numbers = [data[parent] for parent in node.parents]
                try:
                    computed.append((node, node.operation.compute(*numbers)))
                except (ArithmeticError, ValueError) as error:
                    name = node.operation.name
                    raise no_value(name, node.parents, numbers, error, node.label) from None
                data[node] = computed[-1][1][0]
        for node, (value, derivatives) in computed:
            node._data, node.local_derivatives = value, derivatives
        for node in order:
            if type(node._grad) is float:
                node._grad = Earlier(node._grad)

    # The table gives these their functions.
    __add__: ClassVar[Binary]
    __radd__: ClassVar[Binary]
    __sub__: ClassVar[Binary]
    __rsub__: ClassVar[Binary]
    __mul__: ClassVar[Binary]
    __rmul__: ClassVar[Binary]
    __truediv__: ClassVar[Binary]
    __rtruediv__: ClassVar[Binary]
    __pow__: ClassVar[Binary]
    __rpow__: ClassVar[Binary]
    __neg__: ClassVar[Unary]
    __abs__: ClassVar[Unary]
    negate: ClassVar[Unary]
    square: ClassVar[Unary]
    exp: ClassVar[Unary]
    log: ClassVar[Unary]
    sqrt: ClassVar[Unary]
    sin: ClassVar[Unary]
    cos: ClassVar[Unary]
    absolute: ClassVar[Unary]
    relu: ClassVar[Unary]
    leaky_relu: ClassVar[Callable[..., Value]]
    elu: ClassVar[Unary]
    softplus: ClassVar[Unary]
    sigmoid: ClassVar[Unary]
    tanh: ClassVar[Unary]

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """NumPy asks here: np.exp(v) is `exp` of this package, np.ones(2) * v an array."""
        return arrays.of_values(OPERATIONS, ufunc, method, operands, options)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return pickling.reduced(self, topological_order, protocol)


class Constant(Value):
    """A number written in an expression, the 2 in `2 * x`: a leaf that is no variable."""

    __slots__ = ()


def topological_order(root: Value) -> list[Value]:
    """All nodes below the root, parents before children, in the order operands were written."""
    order: list[Value] = []
    seen = {root}
    path = [(root, iter(root.parents))]  # a stack of our own: a deep graph needs no recursion
    while path:
        node, parents = path[-1]
        for parent in parents:
            if parent not in seen:
                seen.add(parent)
                if parent.parents:
                    path.append((parent, iter(parent.parents)))
                    break
                order.append(parent)
        else:
            order.append(node)
            path.pop()
    return order


def apply(operation: Operation, operands: tuple[Value, ...]) -> Value:
    """A new node: the operation's value at the operands, its local derivatives, its parents.

    Raises:
        ValueError, ZeroDivisionError, OverflowError: the operation has no value there.
    """
    numbers = [operand._data for operand in operands]
    try:
        data, derivatives = operation.compute(*numbers)
    except (ArithmeticError, ValueError) as error:
        raise no_value(operation.name, operands, numbers, error) from None
    node = Value.__new__(Value)  # a third faster than Value(data), and most of the time is here
    node._data, node._grad, node.label = data, 0, ""
    node.parents, node.local_derivatives, node.operation = operands, derivatives, operation
    if len(derivatives) != len(operands):
        raise not_one_for_each(operation.name, len(derivatives), len(operands))
    return node


def as_value(operand: Any) -> Value:
    """The operand itself if it is a Value, a Constant if it is a number, else a TypeError."""
    return operand if isinstance(operand, Value) else Constant(operand)


def as_values(operands: Iterable[Any]) -> tuple[Value, ...]:
    """The operands as `as_value` gives them."""
    return tuple(
        [operand if isinstance(operand, Value) else Constant(operand) for operand in operands]
    )
