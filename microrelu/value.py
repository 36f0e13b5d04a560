"""Value, a number that remembers where it came from, and the sweep that applies the chain rule.

A node keeps its parents and, as plain numbers, its local derivatives; `backward` multiplies and
adds them from the root to the leaves. The calculus is in `operations.py`; read `nn.py` next.
"""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Real
from typing import Any, NoReturn

from microrelu import errors, operations, pickling
from microrelu.errors import no_value, not_one_for_each, real_number
from microrelu.operations import Operation

Unary = Callable[["Value"], "Value"]
Binary = Callable[["Value", Any], "Value"]


def _method(operation: Operation) -> Unary:
    def method(self: Value) -> Value:
        return apply(operation, (self,))

    method.__doc__ = f"`{operation.name}` of this node, as a new node."
    return method


def _operators(operation: Operation) -> tuple[Binary, Binary]:
    """The operator with the Value on the left, and the reflected one with it on the right."""

    def forward(self: Value, other: Any) -> Value:
        if type(other) is not Value:
            if _is_array(other):
                return NotImplemented  # type: ignore[no-any-return]  # NumPy takes it from here
            other = as_value(other)
        return apply(operation, (self, other))

    def reflected(self: Value, other: Any) -> Value:
        return apply(operation, (as_value(other), self))

    return forward, reflected


def _comparison(compare: Callable[[float, float], bool]) -> Callable[[Value, Any], bool]:
    def method(self: Value, other: Any) -> bool:
        return NotImplemented if _is_array(other) else compare(self._data, as_value(other)._data)

    return method


def _is_array(other: Any) -> bool:
    return hasattr(other, "__array_ufunc__") and not isinstance(other, (Real, Value))


def _refused(wanted: str) -> Callable[..., NoReturn]:
    def method(self: Value, *options: Any) -> NoReturn:
        raise errors.loses_gradient(self, wanted)

    return method


class Earlier(float):
    """A gradient from before its node was computed anew; with the next sweep it is a float."""

    __slots__ = ()


class Value:
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

    def __init__(self, data: float, label: str = "") -> None:
        if not isinstance(label, str):
            raise TypeError(f"A label is a string, not {label!r}: write Value({data!r}, 'w').")
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
        computed: list[tuple[Value, operations.Local]] = []
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

    __add__, __radd__ = _operators(operations.add)
    __sub__, __rsub__ = _operators(operations.subtract)
    __mul__, __rmul__ = _operators(operations.multiply)
    __truediv__, __rtruediv__ = _operators(operations.divide)
    _power, __rpow__ = _operators(operations.power)
    __neg__ = _method(operations.negate)
    __abs__ = absolute = _method(operations.absolute)
    square = _method(operations.square)
    exp = _method(operations.exp)
    log = _method(operations.log)
    sqrt = _method(operations.sqrt)
    sin = _method(operations.sin)
    cos = _method(operations.cos)
    relu = _method(operations.relu)
    elu = _method(operations.elu)
    softplus = _method(operations.softplus)
    sigmoid = _method(operations.sigmoid)
    tanh = _method(operations.tanh)

    def leaky_relu(self, slope: float | Value = 0.01) -> Value:
        """This node right of zero, slope times it left of zero."""
        return apply(operations.leaky_relu, (self, as_value(slope)))

    def __pow__(self, exponent: Any) -> Value:
        if isinstance(exponent, (int, float)) and exponent == 2:
            return self.square()  # drawn and written as the square that it is
        return self._power(exponent)

    __lt__ = _comparison(operator.lt)
    __le__ = _comparison(operator.le)
    __gt__ = _comparison(operator.gt)
    __ge__ = _comparison(operator.ge)

    __float__ = _refused("a float")
    __int__ = __trunc__ = _refused("an integer")
    __round__ = __floor__ = __ceil__ = _refused("a rounded number")

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"

    def __array_ufunc__(self, ufunc: Any, method: str, *operands: Any, **options: Any) -> Any:
        """NumPy asks here: np.exp(v) is `exp` of this package, np.ones(2) * v an array."""
        from microrelu.arrays import of_values

        return of_values(ufunc, method, operands, options)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return pickling.reduced(self, protocol)

    def __copy__(self) -> Value:
        return pickling.copied(self)

    @property
    def _prev(self) -> frozenset[Value]:
        """The parents under micrograd's name."""
        return frozenset(self.parents)

    @property
    def _op(self) -> str:
        """The operation's symbol under micrograd's name; empty for a leaf."""
        return self.operation.symbol if self.operation else ""


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
    numbers = [each._data for each in operands]
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


Operation.apply = lambda operation, operands: apply(operation, as_values(operands))


def weighted_sum(
    weights: Sequence[Value | float], inputs: Sequence[Value | float], bias: Value | float = 0.0
) -> Value:
    """Σ wᵢ xᵢ + b as one node: the z of a neuron, with n + n + 1 parents.

    Raises:
        ValueError: there are not as many weights as inputs.
    """
    if len(weights) != len(inputs):
        raise ValueError(
            f"weighted_sum was given {len(weights)} weights and {len(inputs)} inputs: "
            "it needs one weight for each input."
        )
    return apply(operations.weighted_sum, as_values((*weights, *inputs, bias)))


def total(values: Iterable[Value | float]) -> Value:
    """The sum of the values as one node; `sum(values)` makes a node for every plus."""
    return apply(operations.total, as_values(values))


def log_sum_exp(values: Iterable[Value | float]) -> Value:
    """log Σ exp vᵢ as one node, safe for large values; its local derivatives are the softmax."""
    if not (operands := as_values(values)):
        raise ValueError("log_sum_exp was given no values: it needs at least one.")
    return apply(operations.log_sum_exp, operands)


def as_value(operand: Any) -> Value:
    """The operand itself if it is a Value, a Constant if it is a number, else a TypeError."""
    return operand if isinstance(operand, Value) else Constant(operand)


def as_values(operands: Iterable[Any]) -> tuple[Value, ...]:
    """The operands as `as_value` gives them."""
    return tuple([each if isinstance(each, Value) else Constant(each) for each in operands])
