"""What leads from z to r: an operation, a function of one's own, or nothing for "linear".

`chosen` makes it of what a user writes. Each kind knows how reprs and files write it, and the name
by which it can be chosen, which the bridges go by.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

from microrelu import operations
from microrelu.engine import OPERATIONS, Operation, Unary, Value, apply, as_values

ActivationLike = str | Unary  # an Operation is such a callable


class Linear:
    """The one that leaves z as it is."""

    name = "linear"
    is_built_in = True

    def __call__(self, z: Value) -> Value:
        """The node r, z itself."""
        return z

    def __repr__(self) -> str:
        return '"linear"'


class Applied:
    """An operation as activation; `name` is "" where that names none, or another."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.others = as_values(operation.function.__defaults__ or ())  # the slope of leaky_relu
        by_name = operation.name != "linear" and OPERATIONS.get(operation.name) is operation
        # kept, since the name may be another's later: a notebook's cell that is run again
        self.name = operation.name if by_name else ""

    @property
    def is_built_in(self) -> bool:
        """Is the operation one of the package's own?"""
        return getattr(operations, self.operation.name, None) is self.operation

    def __call__(self, z: Value) -> Value:
        """The node r, with the operation's other operands at their defaults."""
        return apply(self.operation, (z, *self.others))

    def __repr__(self) -> str:
        return f'"{self.name}"' if self.name else self.operation.name


class Checked:
    """A function as activation, which must return a Value."""

    name = ""
    is_built_in = False

    def __init__(self, function: Callable[[Value], Any]) -> None:
        self.function = function

    def __call__(self, z: Value) -> Value:
        """The node r that the function makes.

        Raises:
            TypeError: it makes something else.
        """
        r = self.function(z)
        if not isinstance(r, Value):  # math.tanh, say: a number without its gradient
            raise TypeError(f"The activation made {r!r} of {z!r}: it must return a Value.")
        return r

    def __repr__(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)

    def __deepcopy__(self, memo: dict[int, Any]) -> Checked:
        return Checked(copy.deepcopy(self.function, memo))

    def __reduce__(self) -> Any:
        try:
            pickle.dumps(self.function)
        except Exception as error:
            raise TypeError(
                f"The activation {self.function!r} cannot be pickled ({error}): define it with "
                "def outside of any function, or write model.save(path) for the parameters alone."
            ) from None
        return Checked, (self.function,)


Activation = Linear | Applied | Checked


def chosen(choice: Any) -> Activation:
    """The activation of this name, or of this operation or function.

    Raises:
        TypeError: it is neither a name nor a function.
        ValueError: there is none of this name, or the operation takes more than one operand.
    """
    if isinstance(choice, str):
        return _named(choice)
    if isinstance(choice, Operation):
        if not choice.takes_one:
            raise ValueError(f"{choice.name} is no activation: it takes more than one operand.")
        return Applied(choice)
    if not callable(choice):
        raise TypeError(f"An activation is a name or a function of a Value, not {choice!r}.")
    return Checked(choice)


def _named(name: str) -> Activation:
    if name == "linear":
        return Linear()
    known = [row.name for row in OPERATIONS.values() if row.takes_one]
    if name not in known:
        names = ", ".join(["linear", *known])
        raise ValueError(f"There is no activation {name!r}: write one of {names}.")
    return Applied(OPERATIONS[name])
