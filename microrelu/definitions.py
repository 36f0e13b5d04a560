"""Operations of one's own: what is asked of a definition, and of every result; their docstrings.

The table of `operations.py` is trusted; what users enter in it is looked at here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import CO_VARARGS, Parameter, Signature, signature
from typing import Any

from microrelu.errors import not_one_for_each, real_number

FUNCTIONS = ("Step", "ReLU", "sigmoid", "max", "min", "abs")  # of formulas, beside the table's


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, seen to return a real number and as many derivatives as it was given operands.

    Numbers of other kinds, NumPy's say, become floats.
    """

    @wraps(function)
    def compute(*operands: float) -> tuple[float, tuple[float, ...]]:
        returned = function(*operands)
        name, shown = function.__name__, ", ".join(map(repr, operands))
        try:
            value, derivatives = returned
            derivatives = tuple(derivatives)
        except TypeError:
            raise TypeError(
                f"{name}({shown}) returned {returned!r}: return value, (one derivative for each "
                "operand); of one operand that is return value, (derivative,)."
            ) from None
        slopes = [real_number(d, f"A derivative of {name}({shown}) is") for d in derivatives]
        if len(slopes) != len(operands):
            raise not_one_for_each(name, len(slopes), len(operands))
        return real_number(value, f"The value of {name}({shown}) is"), tuple(slopes)

    return compute


def check(function: Any, formula: Any, derivatives: Any, table: Mapping[str, Any]) -> None:
    """Raise what `operation` says that it raises."""
    operands = _operands(function)
    name = function.__name__
    if name in table and table[name].function.__module__ != function.__module__:
        raise ValueError(
            f"There is an operation {name!r} already, of {table[name].function.__module__}: give "
            "yours another name."
        )
    if operands:
        _check_written(name, formula, derivatives, operands, {*FUNCTIONS, *table, name})
    elif not all(callable(part) or not part for part in (formula, derivatives)):
        raise ValueError(
            f"{name} takes any number of operands, so that its formula and its derivatives are "
            "functions of their names: lambda *a: ' + '.join(a), say."
        )


def _operands(function: Any) -> tuple[str, ...]:
    """The names of a function's operands; () where it takes any number of them."""
    code = getattr(function, "__code__", None)
    if code is None or not function.__name__.isidentifier():
        raise TypeError(
            "An operation has a name to be called by: write @operation(...) above def name(a): …, "
            f"not around {function!r}."
        )
    operands: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    if bool(operands) == bool(code.co_flags & CO_VARARGS) or code.co_kwonlyargcount:
        raise TypeError(
            f"An operation has operands, def {function.__name__}(a, b), or any number of them, "
            f"def {function.__name__}(*a), not {signature(function)}."
        )
    return operands


def _check_written(
    name: str, formula: Any, derivatives: Any, operands: Sequence[str], known: set[str]
) -> None:
    if callable(formula):
        formula = formula(*operands)
    written = list(derivatives(*operands) if callable(derivatives) else derivatives)
    if isinstance(derivatives, str) or len(written) not in (0, len(operands)):
        raise ValueError(
            f"{name} has the derivatives {derivatives!r} for {len(operands)} operands: give a list "
            "with a formula for each of them, or none."
        )
    for text in [formula, *written] if formula else written:
        _check_formula(name, text, operands, known)


def _check_formula(name: str, formula: Any, operands: Sequence[str], known: set[str]) -> None:
    """Raise a ValueError unless it is an expression of the operands and of known functions."""
    try:
        names = compile(formula, name, "eval").co_names
    except (SyntaxError, ValueError, TypeError):
        raise ValueError(
            f"The formula {formula!r} of {name} is no arithmetic: write it as Python does, "
            f'"{operands[0]}**2" say.'
        ) from None
    for used in names:
        if used not in known and used not in operands:
            raise ValueError(
                f"The formula {formula!r} of {name} has {used!r}, which is none of its operands "
                f"({', '.join(operands)}) and no function that formulas know."
            )


def docstring(function: Any, formula: Any, derivatives: Any) -> str:
    """What `help` says of an operation: `ReLU(a); derivative by a: Step(a).`, and its own words.

    One of any number of operands has its own words alone.
    """
    own = function.__doc__ or ""
    if callable(formula) or callable(derivatives) or not (formula or derivatives):
        return own or f"The operation {function.__name__}{signature(function)}."
    operands = function.__code__.co_varnames
    slopes = [
        f"by {operand}: {slope}" for operand, slope in zip(operands, derivatives, strict=False)
    ]
    usual = formula or f"{function.__name__}{signature(function)}"
    written = f"{usual}; derivative {', '.join(slopes)}." if slopes else f"{usual}."
    return f"{written}\n\n{own}".strip()


def describe(method: Any, function: Any, doc: str | None) -> None:
    """Give a method of Value the name, the words and the other operands of its operation."""
    name = function.__name__
    method.__name__, method.__qualname__ = name, f"Value.{name}"
    (first, *others) = signature(function).parameters.values()
    method.__doc__ = f"A new node, {name} of this node {first.name}: {doc}"
    shown = [each.replace(annotation=Parameter.empty) for each in others]
    method.__signature__ = Signature([first.replace(name="self", annotation=first.empty), *shown])


def name_for_pickle(function: Any) -> str:
    """The name by which pickle finds an operation in its module.

    Raises:
        TypeError: it was defined inside a function.
    """
    if "<locals>" in function.__qualname__:
        raise TypeError(
            f"The operation {function.__name__} was defined inside a function, where pickle cannot "
            "find it again: define it at the top of a module."
        )
    return str(function.__qualname__)
