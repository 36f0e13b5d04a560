"""What counts as a number, and the sentences for what does not.

Kept apart so that the engine reads without them; nothing here is needed to understand it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import signature
from numbers import Real
from typing import Any

ADVICE = {
    "str": "write float(text)",
    "NoneType": "perhaps a function forgot its return",
    "bool": "write 1.0 or 0.0",
    "complex": "write z.real, z.imag or abs(z)",
    "list": "make one for each number, [Value(x) for x in numbers]",
    "tuple": "make one for each number, [Value(x) for x in numbers]",
    "array": "make one for each number, [Value(x) for x in array.flat], or write array.item()",
    "Value": "use it as it is, or write Value(v.data) for a new leaf",
}
OWN = (
    "For one of your own write @operation() above def cube(a): return a**3, (3 * a**2,), which "
    "gives the value and the local derivatives; then cube(v) is a node."
)


def real_number(data: Any, what: str = "A Value holds") -> float:
    """The number as a Python float; `what` begins the sentence that is said of anything else.

    Raises:
        TypeError: it is not one real number; the sentence says what to write instead.
        ValueError: it is an integer beyond the range of a float.
    """
    if isinstance(data, Real) and not isinstance(data, bool):
        try:
            return float(data)
        except OverflowError:
            raise ValueError("This integer is too large for a float: scale it first.") from None
    kind = type(data).__name__
    if hasattr(data, "local_derivatives"):
        kind = "Value"
    elif hasattr(data, "shape"):
        kind = "array"
    shown = repr(data) if len(repr(data)) <= 40 else f"{repr(data)[:37]}..."
    advice = ADVICE.get(kind, "write float(x) if it stands for one number")
    raise TypeError(f"{what} one real number, not {shown} ({kind}): {advice}.")


def gradient(grad: Any) -> float:
    """A gradient that is assigned, as a float; the integer 0, of no sweep yet, stays it.

    Raises:
        TypeError: it is no real number.
    """
    if type(grad) is int and not grad:
        return 0
    if grad is None:
        raise TypeError("A gradient is one real number, not None: to clear it, write v.grad = 0.")
    return real_number(grad, "A gradient is")


def no_leaf(data: Any, label: Any) -> TypeError:
    """The error where a Value is given more than a number and a label: micrograd's operands."""
    if isinstance(label, (str, int, float)) or label is None:
        return TypeError(f"A label is a string, not {label!r}: write Value({data!r}, 'w').")
    return TypeError(
        f"Value({data!r}, 'w') is a leaf, with a label and nothing else: what has operands is made "
        f"by an operation. {OWN}"
    )


def no_backward() -> AttributeError:
    """The error where a Value is asked for micrograd's `_backward`, or given one."""
    return AttributeError(
        "A Value has no _backward: it keeps its local derivatives as numbers, and C.backward() or "
        f"backward_steps(C), one node at a time, multiplies by them. {OWN}"
    )


def loses_gradient(v: Any) -> TypeError:
    """The error where Python asks a Value for a plain number."""
    return TypeError(
        f"{v!r} as a plain number would lose its gradient: write v.data for it, "
        "microrelu.exp(v) for math.exp(v), and np.array([v], dtype=object) for an array."
    )


def no_value(
    name: str, parents: Sequence[Any], numbers: Sequence[float], error: Exception, label: str = ""
) -> Exception:
    """The error, of the same type, with the operation, its inputs and their labels."""
    pairs = zip(parents, numbers, strict=True)
    shown = [
        f"{operand.label} = {number}" if operand.label else f"{number}" for operand, number in pairs
    ]
    if len(shown) > 6:
        shown[3:-2] = ["…"]
    made = f"{label} = " if label else ""
    return type(error)(f"{made}{name}({', '.join(shown)}) has no value: {error}.")


def filled_in(
    operation: Any, operands: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[Any, ...]:
    """The operands in their order, those left out at their defaults.

    Raises:
        TypeError: there are too many, too few, or one has a name that the operation does not know.
    """
    try:
        given = signature(operation.function).bind(*operands, **named)
    except TypeError as error:
        usage, count = ", ".join(operation.operands), len(operands) + len(named)
        detail = f": {error}" if named else ""
        raise TypeError(f"{operation.name}({usage}) was given {count} operands{detail}.") from None
    given.apply_defaults()
    return given.args


def not_one_for_each(name: str, derivatives: int, operands: int) -> ValueError:
    """The error of an operation whose function gives the wrong number of local derivatives."""
    return ValueError(
        f"{name} returned {derivatives} local derivatives for {operands} operands: "
        "return value, (one derivative for each operand)."
    )
