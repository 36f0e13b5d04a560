"""The interpreter of `kernels.py`, compiled by Numba around the operations' own functions.

Functions that Numba compiles see their globals as they are at that moment: so ReLU's slope at zero,
and what stands for `math`, are put into copies of them. `elementary.py` has the latter. A user's
functions are copied when a tape is made, since what they see may change before they are compiled.
"""

from __future__ import annotations

import hashlib
import math
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from microrelu import operations
from microrelu.engine import Operation
from microrelu.tape import elementary
from microrelu.tape.kernels import (
    FIRST_FREE,
    REPLAY,
    in_blocks,
    keeps_derivatives,
    one_by_one,
    one_example,
)
from microrelu.writing.formula import written_for

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
_frozen: dict[Any, Operation] = {}
CONSTANTS = (bool, int, float, complex, str, bytes, np.ndarray, np.generic)


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


def entry(replay: Any, used: Used) -> Callable[..., None]:
    """The compiled replay itself: a call by way of Numba would look at every argument's type.

    Raises:
        TypeError: Numba cannot compile one of the operations that it uses.
    """
    from numba import boolean, float64, int64, uint32
    from numba.core.errors import NumbaError

    numbers, rows = float64[::1], float64[:, ::1]
    arrays = uint32[::1], numbers, numbers, rows, rows
    try:
        done: Callable[..., None] = replay.compile((*arrays, int64, int64, int64, float64, boolean))
    except NumbaError as error:
        own = ", ".join(sorted({row.name for row, _ in used if not _is_built_in(row)}))
        raise TypeError(
            f"Numba cannot compile {own} for the tape. Write its function with arithmetic, `if` "
            "and the functions of `math`; one of any number of operands needs formulas, "
            f"@operation(symbol, formula, derivatives). Numba says: {error}"
        ) from None
    return done


def frozen(operation: Operation) -> Operation:
    """The operation with functions that go on seeing what they see now; the same one for the same.

    What they see are globals, closures, defaults and the constants of modules.
    """
    if _is_built_in(operation):
        return operation
    now = _Snapshot()
    parts = {name: getattr(operation, name) for name in ("function", "formula", "derivatives")}
    parts = {name: each for name, each in parts.items() if isinstance(each, FunctionType)}
    copies = {name: now.function(each) for name, each in parts.items()}
    key = operation, tuple(now.state)
    if key not in _frozen:
        _frozen[key] = object.__new__(type(operation))
        vars(_frozen[key]).update(vars(operation) | copies)
    return _frozen[key]


def _is_built_in(operation: Operation) -> bool:
    return operation.function.__module__ == operations.__name__


def _state(operation: Operation) -> list[Any]:
    now = _Snapshot()
    if not _is_built_in(operation):
        now.function(operation.function)
    return now.state


class _Snapshot:
    """Copies of functions that see what these see now, and call copies of what these call.

    Attributes:
        state: What they see: equal lists for what compiles to the same.
    """

    def __init__(self) -> None:
        self.state: list[Any] = []
        self._copies: dict[Callable[..., Any], Callable[..., Any]] = {}

    def function(self, function: Any) -> Callable[..., Any]:
        """The copy of a function."""
        if function not in self._copies:
            self._copies[function] = function  # for one that calls itself
            self.state.append(id(function.__code__))
            names = _names(function.__code__)
            copy = _changed(function, lambda _, value: self._value(value, names))
            self._copies[function] = copy
        return self._copies[function]

    def _value(self, value: Any, names: set[str]) -> Any:
        """What a function of these names is to see instead of a value."""
        if isinstance(value, CONSTANTS):
            self.state.append(pickle.dumps(value))
            return pickle.loads(self.state[-1])
        if isinstance(value, FunctionType):
            return self.function(value)
        self.state.append(len(value) if type(value) is tuple else id(value))
        if type(value) is tuple:
            return tuple([self._value(each, names) for each in value])
        if isinstance(value, ModuleType) and value is not math:
            return self._module(value, names)
        return value

    def _module(self, module: ModuleType, names: set[str]) -> ModuleType:
        read = {name: vars(module).get(name) for name in sorted(names)}
        constants = {k: self._value(v, names) for k, v in read.items() if isinstance(v, CONSTANTS)}
        if not constants:
            return module
        copy = ModuleType(module.__name__)
        vars(copy).update(vars(module) | constants)
        return copy


def _names(code: CodeType) -> set[str]:
    """The names that code reads, and functions inside it: of globals and of attributes."""
    inside = [_names(each) for each in code.co_consts if isinstance(each, CodeType)]
    return {*code.co_names}.union(*inside)


def _changed(function: Any, change: Callable[[str, Any], Any]) -> FunctionType:
    """A copy that sees something else: change has what, of the name and the value that it sees."""
    code, scope = function.__code__, dict(function.__globals__)
    scope |= {name: change(name, scope[name]) for name in sorted(_names(code)) if name in scope}
    pairs = zip(code.co_freevars, function.__closure__ or (), strict=True)
    cells = tuple([CellType(change(name, cell.cell_contents)) for name, cell in pairs])
    defaults = tuple([change("", each) for each in function.__defaults__ or ()])
    return FunctionType(code, scope, function.__name__, defaults or None, cells or None)


def _compile(used: Used, at_zero: float) -> Interpreter:
    from numba import int64, njit

    table = sorted(used, key=lambda each: (each[0].name, each[1]))
    names = [f"operation_{code}" for code, _ in enumerate(table, FIRST_FREE)]
    listed = [
        (name, n, keeps_derivatives(row)) for name, (row, n) in zip(names, table, strict=True)
    ]
    texts = one_by_one(listed), *in_blocks(listed)
    called = [(row.name, row.function.__code__.co_code, _state(row), n) for row, n in table]
    secret = f"{called}{texts}{REPLAY}{at_zero}".encode()
    secret += Path(operations.__file__).read_bytes() + Path(elementary.__file__).read_bytes()
    digest = hashlib.sha256(secret).hexdigest()[:12]
    at, pipeline = _rows_apart()
    scope: dict[str, Any] = {"__name__": __name__, "int64": int64, "at": at}
    scope["math"] = _vectorised(at_zero, digest)
    for name, (row, n) in zip(names, table, strict=True):
        scope[name] = _rebound(_of_numbers(row, n), at_zero, digest)
    for source in texts:
        own: dict[str, Any] = {}
        exec(_code(source), scope, own)
        apart = {"pipeline_class": pipeline} if source is texts[1] else {}
        scope |= {name: _inside(each, digest, **apart) for name, each in own.items()}
    # Numba files its machine code under the function's name: another name for each text
    cache = all(_is_built_in(row) for row, _ in table)
    replays = []
    for source, name in ((one_example(REPLAY), "one"), (REPLAY, "block")):
        name = f"replay_{name}_{digest}"
        exec(_code(source.replace("{name}", name)), scope)
        replays.append(njit(cache=cache, **OPTIONS)(scope[name]))
    return replays[0], replays[1], {each: FIRST_FREE + i for i, each in enumerate(table)}


def _of_numbers(row: Operation, n: int) -> Callable[..., Any]:
    """The function of n operands: the operation's own, or, of any number of them, its formulas'."""
    found = written_for(row, n)
    if row.operands or not found.formula or len(found.derivatives) != n:
        return row.function
    derivatives = "".join(f"float({each}), " for each in found.derivatives)
    text = f"def {row.name}({', '.join(found.operands)}):\n"
    text += f"    return float({found.formula}), ({derivatives})"
    scope: dict[str, Any] = {
        "math": math,
        "Step": operations.step,
        "ReLU": _relu,
        "sigmoid": _sigmoid,
    }
    scope |= {name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")}
    exec(text, scope)
    return scope[row.name]  # type: ignore[no-any-return]


def _relu(a: float) -> float:
    return max(a, 0.0)


def _sigmoid(a: float) -> float:
    return 1.0 / (1.0 + math.exp(-a))


def _code(text: str) -> CodeType:
    """The text compiled as if it stood behind the end of this file.

    Numba files machine code under a file that is there, and reads a function's lines from it: of
    those that it finds there, which are others, CPython 3.13 says that they cannot be parsed.
    """
    lines = Path(__file__).read_text(encoding="utf-8").count("\n")
    return compile("\n" * lines + text, __file__, "exec")


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
    own, options = {}, {}
    if function.__module__ == elementary.__name__:
        own = _bits(digest)
        options = {"fastmath": {"contract"}}  # its sums are exact in the order they are in
    elif function.__globals__.get("math") is math:
        own = {"math": _vectorised(at_zero, digest)}
    if function.__module__ == operations.__name__:
        own["at_zero"] = _slope(at_zero, digest)

    def change(name: str, value: Any) -> Any:
        is_helper = isinstance(value, FunctionType) and name not in own
        return _rebound(value, at_zero, digest) if is_helper else own.get(name, value)

    return _inside(_changed(function, change), digest, forceinline=True, **options)


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
