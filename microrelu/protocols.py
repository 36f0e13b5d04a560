"""What Python, the copy module and micrograd ask of a Value, beside arithmetic.

Kept apart so that the engine reads without it: `class Value(Protocols)`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from numbers import Real
from typing import Any, NoReturn

from microrelu import errors, pickling
from microrelu.errors import real_number


class Protocols:
    """Comparing, formatting, copying, micrograd's names; no plain number unless asked."""

    __slots__ = ()

    data: float
    operation: Any
    parents: tuple[Any, ...]

    def __lt__(self, other: Any) -> bool:
        return _compared(operator.lt, self, other)

    def __le__(self, other: Any) -> bool:
        return _compared(operator.le, self, other)

    def __gt__(self, other: Any) -> bool:
        return _compared(operator.gt, self, other)

    def __ge__(self, other: Any) -> bool:
        return _compared(operator.ge, self, other)

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __float__(self) -> NoReturn:
        raise errors.loses_gradient(self)

    __int__ = __trunc__ = __floor__ = __ceil__ = __float__

    def __round__(self, digits: int = 0) -> NoReturn:
        raise errors.loses_gradient(self)

    def __copy__(self) -> Any:
        return pickling.copied(self)

    @property
    def _prev(self) -> frozenset[Any]:
        """The parents under micrograd's name."""
        return frozenset(self.parents)

    @property
    def _op(self) -> str:
        """The operation's symbol under micrograd's name; empty for a leaf."""
        return self.operation.symbol if self.operation else ""

    @property
    def _backward(self) -> NoReturn:
        """What micrograd's nodes are given, and these have no need of."""
        raise errors.no_backward()

    @_backward.setter
    def _backward(self, closure: object) -> NoReturn:
        raise errors.no_backward()


def _compared(compare: Callable[[float, float], bool], v: Protocols, other: Any) -> bool:
    if is_array(other):
        return NotImplemented  # type: ignore[no-any-return]
    number: float = other.data if isinstance(other, Protocols) else real_number(other)
    return compare(v.data, number)


def is_array(other: Any) -> bool:
    """Is it an array of NumPy's or the like, which takes a Value element by element?"""
    return hasattr(other, "__array_ufunc__") and not isinstance(other, (Real, Protocols))
