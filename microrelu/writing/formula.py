"""A formula of Python's arithmetic, as the table of operations has it, and the one fold over it.

A formula is read once, into numbers, names, negations, binary signs and calls. Whoever needs it as
something else (typeset, as NumPy, in SymPy's symbols, in more digits) gives `fold` five functions,
or gives `evaluated` numbers of its own kind.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from microrelu.engine import Operation, Value

T = TypeVar("T")

# What a formula may call; each place that computes has these under names of its own.
FUNCTIONS: tuple[str, ...] = ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid")
FUNCTIONS += ("abs", "max", "min", "ReLU", "Step")
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv},
    **{"@": operator.mul, "**": operator.pow},  # @ is a product that shows its dot
}
_SIGNS: dict[type[ast.operator], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.MatMult: "@", ast.Pow: "**"}
}


class Piece(NamedTuple):
    """A part of a formula after its operands, as a calculator takes them."""

    kind: str  # "number", "name", "negate", "binary" or "call"
    what: Any  # the number, the name, the sign, the function
    operands: int = 0


def fold(
    formula: str,
    *,
    number: Callable[[float], T],
    name: Callable[[str], T],
    negate: Callable[[T], T],
    binary: Callable[[str, T, T], T],
    call: Callable[[str, list[T]], T],
) -> T:
    """What the five functions make of a formula, from its numbers and names on.

    Raises:
        ValueError: the formula is made of something else.

    >>> fold(
    ...     "2 * -sin(x)",
    ...     number=str,
    ...     name=str,
    ...     negate="(-{})".format,
    ...     binary=lambda sign, a, b: f"({a} {sign} {b})",
    ...     call=lambda f, a: f + str(a),
    ... )
    "(2 * (-sin['x']))"
    """
    done: list[T] = []
    for kind, what, count in pieces(formula):
        operands = done[len(done) - count :]
        del done[len(done) - count :]
        if kind == "number":
            done.append(number(what))
        elif kind == "name":
            done.append(name(what))
        elif kind == "negate":
            done.append(negate(*operands))
        elif kind == "binary":
            done.append(binary(what, *operands))
        else:
            done.append(call(what, operands))
    return done[0]


@lru_cache(maxsize=4096)
def pieces(formula: str) -> tuple[Piece, ...]:
    """The parts of a formula, operands before what is made of them.

    Raises:
        ValueError: it cannot be read, or has other things than numbers, names, + - * / ** and
            calls.
    """
    try:
        waiting: list[ast.AST] = [ast.parse(formula, mode="eval").body]
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"The formula {formula[:80]!r} cannot be read: {error}.") from None
    found: list[Piece] = []
    while waiting:  # a list of our own: a sum of a hundred terms is a tree a hundred deep
        piece, operands = _taken_apart(waiting.pop(), formula)
        found.append(piece)
        waiting += operands
    return tuple(reversed(found))


def _taken_apart(tree: ast.AST, formula: str) -> tuple[Piece, list[ast.expr]]:
    match tree:
        case ast.Constant(value=float() | int() as value):
            return Piece("number", value), []
        case ast.Name(id=name):
            return Piece("name", name), []
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Piece("negate", "-", 1), [operand]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _SIGNS:
            return Piece("binary", _SIGNS[type(sign)], 2), [left, right]
        case ast.Call(func=ast.Name(id=name), args=operands, keywords=[]):
            return Piece("call", name, len(operands)), operands
    raise ValueError(
        f"A formula is made of names, numbers, + - * / ** and calls of functions, and "
        f"{formula[:80]!r} has {ast.unparse(tree)[:80]} in it."
    )


@lru_cache(maxsize=4096)
def names_in(formula: str) -> frozenset[str]:
    """What a formula names or calls."""
    return frozenset(what for kind, what, _ in pieces(formula) if kind in ("name", "call"))


def evaluated(
    formula: str,
    names: Mapping[str, T],
    functions: Mapping[str, Callable[..., T]],
    number: Callable[[float], T] | None = None,
    power: Callable[[T, T], T] = operator.pow,
) -> T:
    """The value of a formula in numbers of any kind: decimal ones, arrays, symbols.

    Args:
        formula: Python's arithmetic.
        names: What its names stand for.
        functions: What its functions are.
        number: What makes such a number of one that stands in the formula; by default it stays.
        power: What is done for `**`.

    Raises:
        ValueError: it has a name or a function that is in neither table.

    >>> evaluated("a**2 + max(a, b)", {"a": 3, "b": 5}, {"max": max})
    14
    """
    signs = ARITHMETIC | {"**": power}
    if unknown := names_in(formula) - {*names} - {*functions}:
        raise unknown_functions(formula, unknown, functions)
    found: T = fold(
        formula,
        number=number or (lambda x: x),
        name=names.__getitem__,
        negate=operator.neg,
        binary=lambda sign, left, right: signs[sign](left, right),
        call=lambda function, operands: functions[function](*operands),
    )
    return found


def unknown_functions(
    formula: str, unknown: Iterable[str], known: Iterable[str], whose: str = ""
) -> ValueError:
    """The error of a formula that uses what a place has not."""
    of = f" of {whose}" if whose else ""
    return ValueError(
        f"The formula {formula!r}{of} uses {', '.join(sorted(unknown))}; what it may use here is "
        f"{', '.join(sorted(known))}."
    )


class Written(NamedTuple):
    """A node's formula and derivatives in Python's arithmetic, with the operands' names there."""

    operands: tuple[str, ...]
    formula: str
    derivatives: tuple[str, ...]


def written(node: Value) -> Written:
    """How the node's operation is written for as many operands as the node has.

    Raises:
        ValueError: the node is a leaf.
    """
    if node.operation is None:
        raise ValueError(f"{node!r} is a leaf: no operation made it.")
    found = written_for(node.operation, len(node.parents))
    usual = f"{node.operation.name}({', '.join(found.operands)})"
    return found._replace(formula=found.formula or usual)


def written_for(operation: Operation, count: int) -> Written:
    """How an operation is written for so many operands, as far as the table says: else empty."""
    operands = operation.operands or tuple(f"a{i}" for i in range(count))
    formula, derivatives = operation.formula, operation.derivatives
    if callable(formula):
        formula = formula(*operands)
    if callable(derivatives):
        derivatives = derivatives(*operands)
    return Written(operands, formula, tuple(derivatives))
