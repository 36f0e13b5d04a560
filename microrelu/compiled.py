"""The interpreter of `kernels.py`, compiled by Numba around the operations' own functions.

Functions that Numba compiles see their globals as they are at that moment: so ReLU's slope at zero,
and what stands for `math`, are put into copies of them. `elementary.py` has the latter.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from microrelu import elementary, operations
from microrelu.kernels import (
    FIRST_FREE,
    REPLAY,
    in_blocks,
    keeps_derivatives,
    one_by_one,
    one_example,
)
from microrelu.operations import Operation

# No promise on the order of a sum (so that it can use vector registers) and none on the sign of
# zero, but NaN and infinity keep their meaning.
OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "nsz"},
}

INSIDE = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # called by others

Used = frozenset[tuple[Operation, int]]  # operations, each with its number of operands
Codes = dict[tuple[Operation, int], int]
Interpreter = tuple[Callable[..., None], Callable[..., None], Codes]
_compiled: dict[tuple[Used, float], Interpreter] = {}


def interpreter(used: Used, at_zero: float) -> Interpreter:
    """The compiled replay of one example and of a block, and the codes of their operations.

    One that knows more operations than are used serves as well. Where all are built in, the
    machine code is kept on disk; an operation of the user's is compiled anew in each process.
    """
    for (known, slope), compiled in _compiled.items():
        if used <= known and slope == at_zero:
            return compiled
    compiled = _compiled[used, at_zero] = _compile(used, at_zero)
    return compiled


def entry(replay: Any) -> Callable[..., None]:
    """The compiled replay itself: a call by way of Numba would look at every argument's type."""
    from numba import boolean, float64, int64, uint32

    numbers, rows = float64[::1], float64[:, ::1]
    arrays = uint32[::1], numbers, numbers, rows, rows
    compiled: Callable[..., None] = replay.compile((*arrays, int64, int64, int64, float64, boolean))
    return compiled


def _compile(used: Used, at_zero: float) -> Interpreter:
    from numba import int64, njit

    table = sorted(used, key=lambda each: (each[0].name, each[1]))
    names = [f"operation_{code}" for code, _ in enumerate(table, FIRST_FREE)]
    listed = [
        (name, n, keeps_derivatives(row)) for name, (row, n) in zip(names, table, strict=True)
    ]
    texts = one_by_one(listed), *in_blocks(listed)
    called = [(row.name, row.function.__code__.co_code) for row, _ in table]
    secret = f"{called}{texts}{REPLAY}{at_zero}".encode()
    secret += Path(operations.__file__).read_bytes() + Path(elementary.__file__).read_bytes()
    digest = hashlib.sha256(secret).hexdigest()[:12]
    at, pipeline = _rows_apart()
    scope: dict[str, Any] = {"__name__": __name__, "int64": int64, "at": at}
    scope["math"] = _vectorised(at_zero, digest)
    for name, (row, _) in zip(names, table, strict=True):
        scope[name] = _rebound(row.function, at_zero, digest)
    for source in texts:
        own: dict[str, Any] = {}
        exec(compile(source, __file__, "exec"), scope, own)
        apart = {"pipeline_class": pipeline} if source is texts[1] else {}
        scope |= {name: _inside(each, digest, **apart) for name, each in own.items()}
    # Numba files its machine code under the function's name: another name for each text
    cache = all(row.function.__module__ == operations.__name__ for row, _ in table)
    replays = []
    for source, name in ((one_example(REPLAY), "one"), (REPLAY, "block")):
        name = f"replay_{name}_{digest}"
        exec(compile(source.replace("{name}", name), __file__, "exec"), scope)
        replays.append(njit(cache=cache, **OPTIONS)(scope[name]))
    return replays[0], replays[1], {each: FIRST_FREE + i for i, each in enumerate(table)}


def _inside(function: Any, digest: str, **options: Any) -> Any:
    """The function for the compiled code of this digest, and under a name that no other has.

    Machine code of several processes can meet in one, and what has the same name there is taken
    for the same.
    """
    from numba import njit

    function.__qualname__ = f"{function.__name__}_{digest}"
    return njit(**{**INSIDE, **options})(function)


@cache
def _rebound(function: Any, at_zero: float, digest: str) -> Any:
    """The function for Numba, which freezes globals: with this ReLU'(0), and compiled helpers."""
    scope, options = dict(function.__globals__), {}
    if function.__module__ == elementary.__name__:
        scope |= _bits(digest)
        options = {"fastmath": {"contract"}}  # its sums are exact in the order they are in
    elif scope.get("math") is math:
        scope["math"] = _vectorised(at_zero, digest)
    if function.__module__ == operations.__name__:
        scope["at_zero"] = _slope(at_zero, digest)
    for name in function.__code__.co_names:
        if isinstance(scope.get(name), FunctionType):
            scope[name] = _rebound(scope[name], at_zero, digest)
    copy = FunctionType(
        function.__code__, scope, function.__name__, function.__defaults__, function.__closure__
    )
    return _inside(copy, digest, forceinline=True, **options)


@cache
def _slope(at_zero: float, digest: str) -> Any:
    """What `operations.at_zero` is in compiled code."""

    def slope() -> float:
        return at_zero

    return _inside(slope, digest, forceinline=True)


@cache
def _vectorised(at_zero: float, digest: str) -> ModuleType:
    """`math`, with functions that Numba vectorises instead of calls to C."""
    module = ModuleType("math")
    vars(module).update(vars(math))
    for each in elementary.FUNCTIONS:
        setattr(module, each.__name__, _rebound(each, at_zero, digest))
    return module


@cache
def _bits(digest: str) -> dict[str, Any]:
    """For Numba: the bits of a float as an integer, and back."""

    def bits(x: Any) -> Any:
        return np.float64(x).view(np.int64)

    def from_bits(whole: Any) -> Any:
        return np.int64(whole).view(np.float64)

    return {each.__name__: _inside(each, digest, forceinline=True) for each in (bits, from_bits)}


@cache
def _rows_apart() -> tuple[Any, Any]:
    """For Numba: where a row starts, and how functions of rows that do not overlap are compiled."""
    import numba.core.compiler
    from numba.extending import intrinsic

    core: Any = numba.core

    def at(typing: Any, rows: Any, row: Any) -> Any:
        def address(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, given[0])
            _, width = core.cgutils.unpack_tuple(builder, array.shape)
            return builder.gep(array.data, [builder.mul(given[1], width)])

        return core.types.CPointer(rows.dtype)(rows, core.types.int64), address

    def apart(*given: Any) -> Any:
        _typing, _target, _library, _arguments, _returned, flags, _variables = given
        flags.noalias = True
        return core.compiler.Compiler(*given)

    return intrinsic(at), apart
