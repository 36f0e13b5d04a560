"""What Python, the copy module and micrograd ask of a Value, beside arithmetic.

Kept apart so that the engine reads without it: `class Value(Protocols)`.
"""

from __future__ import annotations

from typing import Any, NoReturn

from microrelu import errors, pickling


class Protocols:
    """Formatting, copying, micrograd's names; and no plain number without being asked to."""

    __slots__ = ()

    data: float
    operation: Any
    parents: tuple[Any, ...]

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
