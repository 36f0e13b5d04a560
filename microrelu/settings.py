"""A setting: one value for the whole process, and another inside a `with` block.

A block belongs to the thread or asyncio task that entered it; blocks and calls may end in any
order. `relu_at_zero` is the first of them.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")


class Setting(Generic[T]):
    """What holds for everyone, and what blocks say for themselves.

    >>> depth = Setting("depth", 1)
    >>> with depth.set(2):
    ...     depth.get()
    2
    >>> depth.get()
    1
    """

    def __init__(self, name: str, default: T) -> None:
        self.name, self._default = name, default
        self._for_all: list[Choice[T]] = []  # the last one holds
        self._blocks: ContextVar[tuple[Choice[T], ...]] = ContextVar(name, default=())

    def get(self) -> T:
        """The value in force here: the innermost block's, or else everyone's."""
        if blocks := self._blocks.get():
            return blocks[-1].value
        return self._for_all[-1].value if self._for_all else self._default

    def set(self, value: T) -> Choice[T]:
        """Choose a value for everyone, or in `with` for that block alone."""
        self._for_all.append(choice := Choice(self, value))
        return choice


class Choice(Generic[T]):
    """A value that was chosen; entered as a block, it holds there and no longer for everyone."""

    def __init__(self, setting: Setting[T], value: T) -> None:
        self.setting, self.value = setting, value

    def __enter__(self) -> None:
        setting = self.setting
        if self in setting._for_all:
            setting._for_all.remove(self)
        setting._blocks.set((*setting._blocks.get(), self))

    def __exit__(self, *error: object) -> None:
        blocks = list(self.setting._blocks.get())
        blocks.remove(self)  # which need not be the last that was entered
        self.setting._blocks.set(tuple(blocks))

    def __repr__(self) -> str:
        return f"{self.setting.name}({self.value!r})"
