"""Values among NumPy's arrays: what a ufunc makes of them, element by element.

NumPy asks `Value.__array_ufunc__`, which asks here, so that the engine reads without NumPy. An
array of Values has dtype object; `v * np.ones(2)` is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

COMPARISONS = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")


def of_values(
    table: Mapping[str, Callable[..., Any]],
    ufunc: Any,
    method: str,
    operands: tuple[Any, ...],
    options: dict[str, Any],
) -> Any:
    """The ufunc of numbers, arrays and Values: a Value, or an array as NumPy broadcasts.

    Raises:
        TypeError: no operation has the ufunc's name, or it was given out=, where= or dtype=.
    """
    import numpy as np

    if options:
        given = ", ".join(f"{option}=" for option in options)
        raise TypeError(
            f"np.{ufunc.__name__} of Values takes no {given}: its result is a new array of dtype "
            "object. Write a = a * v, not a *= v; np.where(condition, a, b) chooses."
        )
    name = {"negative": "negate"}.get(ufunc.__name__, ufunc.__name__)
    arrays = [np.asarray(operand, dtype=object) for operand in operands]
    if method == "__call__" and name in COMPARISONS:
        return ufunc(*arrays)
    if method != "__call__" or name not in table:
        raise TypeError(
            f"np.{ufunc.__name__} does not know a Value: write it with the operations of "
            "microrelu, or on v.data for a plain number without a gradient."
        )
    return np.frompyfunc(table[name], len(arrays), 1)(*arrays)
