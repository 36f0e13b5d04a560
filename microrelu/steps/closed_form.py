"""Derivatives in closed form, by SymPy (extra `symbolic`), set in the project's own notation.

Each operation's formula is handed to SymPy as it stands in the table; the chain rule is summed in
symbols, simplified, and written back as a formula. `derivations.py` asks for it.
"""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from inspect import CO_GENERATOR
from itertools import count
from time import thread_time
from types import FrameType
from typing import Any

from microrelu.engine import Constant, Value
from microrelu.writing.figures import number
from microrelu.writing.formula import evaluated, names_in, written
from microrelu.writing.names import Names
from microrelu.writing.notation import Part
from microrelu.writing.words import say
from microrelu.writing.writer import Writer

try:
    import sympy
except ImportError:
    raise ImportError(say("no sympy")) from None

MOST_TERMS = 2000  # names in the expression of the root, before anything is simplified
SIMPLIFIED = 300  # operations; a longer expression stays as the chain rule gives it
LARGEST_FRACTION = 9  # the denominator up to which a number is written as a fraction
SECONDS = {"chain rule": 0.9, "simplify": 0.25, "write": 0.4}  # of the processor

FUNCTIONS: dict[str, Any] = {
    **{name: sympy.Function(name) for name in ("ReLU", "Step", "sigmoid")},
    **{"max": sympy.Max, "min": sympy.Min, "abs": sympy.Abs},
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
}
OURS = {function: name for name, function in FUNCTIONS.items()}

Edge = tuple[Value, int]  # a node and which of its operands


def derivative(wrt: Value, names: Names) -> sympy.Expr:
    """∂root/∂wrt in the leaves, the shortest of a few forms that are quickly found.

    Raises:
        ValueError: the expression would have thousands of terms, takes too long, or has terms
            without a value.
    """
    root = names.root
    sizes: dict[Value, float] = {}
    for node in names:
        sizes[node] = sum(sizes[parent] for parent in node.parents) or 1.0
    if sizes[root] > MOST_TERMS:
        raise ValueError(say("many terms", count=number(sizes[root])))
    with _limits("chain rule"):
        plain = _known(_chain_rule(root, wrt, names))
        forms = {plain: plain.count_ops()}
    if forms[plain] <= SIMPLIFIED:
        for simplify in (sympy.factor_terms, sympy.factor):
            with suppress(ValueError), _limits("simplify"):
                form = _known(simplify(plain))
                forms[form] = form.count_ops()
    return min(forms, key=forms.__getitem__)


def _chain_rule(root: Value, wrt: Value, names: Names) -> sympy.Expr:
    expressions = _expressions(names)
    adjoint = defaultdict(lambda: sympy.Integer(0), {root: sympy.Integer(1)})
    for node in reversed(names):
        for operand, parent in enumerate(node.parents):
            if not isinstance(parent, Constant):
                adjoint[parent] += adjoint[node] * _local((node, operand), expressions)
    return adjoint[wrt]


def _known(expression: sympy.Expr) -> sympy.Expr:
    """The expression, if it has a value and is made of what can be written."""
    ours = all(
        isinstance(type(function), sympy.core.function.UndefinedFunction) or function.func in OURS
        for function in expression.atoms(sympy.Function)
    )
    if not ours or expression.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I):
        raise ValueError(say("closed form without value"))
    return expression


@contextmanager
def _limits(work: str) -> Iterator[None]:
    """SymPy has no limits of its own: what takes longer or goes deeper is a ValueError."""
    end, calls = thread_time() + SECONDS[work], count()

    def look(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or frame.f_code.co_flags & CO_GENERATOR:  # which may be being closed
            return
        in_sympy = frame.f_globals.get("__name__", "").startswith("sympy")
        if in_sympy and next(calls) % 64 == 0 and thread_time() > end:
            raise TimeoutError

    before = sys.getprofile()
    if before is None:  # else someone measures this, and patiently
        sys.setprofile(look)
    try:
        yield
    except TimeoutError:
        raise ValueError(say("long to find")) from None
    except RecursionError:
        raise ValueError(say("nested too deeply")) from None
    except OverflowError:
        raise ValueError(say("closed form without float")) from None
    finally:
        sys.setprofile(before)


def written_back(expression: sympy.Expr, path: Sequence[Edge], writer: Writer) -> Part:
    """The expression as a formula, factors in the order in which the path meets them.

    Raises:
        ValueError: that takes too long, or a number in it is too large or too small for a float.
    """
    with _limits("write"):
        names, expressions = writer.names, _expressions(writer.names)
        factors = [
            factor for edge in path for factor in sympy.Mul.make_args(_local(edge, expressions))
        ]
        leaves = [node for node in names if node.operation is None and names[node]]
        setter = _Setter([expressions[leaf] for leaf in leaves], factors)
        parts = {f"s{i}": writer.node(leaf) for i, leaf in enumerate(leaves)}
        return writer.notation.write(setter.formula(_in_floats(expression)), parts)


def _in_floats(expression: sympy.Expr) -> sympy.Expr:
    """The expression with a float for each fraction that does not read as one."""
    found: dict[sympy.Rational, sympy.Float] = {}
    for exact in expression.atoms(sympy.Number):
        if not 0 < abs(float(exact)) < math.inf and exact != 0:
            raise ValueError(say("closed form without float"))
        if exact.is_Rational and exact.q > LARGEST_FRACTION:
            found[exact] = sympy.Float(float(exact))
    return expression.xreplace(found)


class _Setter:
    """SymPy's expressions as Python's arithmetic, in a textbook's order."""

    def __init__(self, symbols: Iterable[sympy.Symbol], path: Iterable[sympy.Expr] = ()) -> None:
        self.symbols = list(dict.fromkeys(symbols))
        self.path = [factor.as_content_primitive()[1] for factor in path]

    def formula(self, expression: Any) -> str:
        """The expression, each leaf as s0, s1, … by its place in the graph."""
        if expression.is_Symbol:
            return f"s{self.symbols.index(expression)}"
        if expression.is_Rational and abs(expression.p) < 2**53:
            return str(expression)
        if expression.is_Number or expression.is_NumberSymbol:
            return repr(float(expression))
        if expression.is_Add:
            return self._sum(expression)
        if expression.is_Mul or (expression.is_Pow and expression.exp.could_extract_minus_sign()):
            return self._product(expression)
        if expression.is_Pow:
            base, exponent = map(self.formula, expression.args)
            return f"sqrt({base})" if exponent == "1/2" else f"({base})**({exponent})"
        name = OURS.get(expression.func, expression.func.__name__)
        within = _Setter(self.symbols)  # as the operands were written
        return f"{name}({', '.join(map(within.formula, expression.args))})"

    def _sum(self, expression: Any) -> str:
        terms = sorted(expression.args, key=lambda t: (t.could_extract_minus_sign(), self._rank(t)))
        text = self.formula(terms[0])
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            text += f" - ({self.formula(-term)})" if minus else f" + {self.formula(term)}"
        return text

    def _product(self, expression: Any) -> str:
        above, below = self._fraction(expression)
        coefficient, rest = above.as_coeff_Mul()
        factors = sorted(sympy.Mul.make_args(rest), key=self._place)
        if coefficient.is_negative and (flipped := self._flipped(factors)):
            coefficient, factors = -coefficient, flipped
        pieces = [f"({self.formula(factor)})" for factor in factors if factor != 1]
        if abs(coefficient) != 1 or not pieces:
            pieces.insert(0, self.formula(abs(coefficient)))
        text = (
            " * ".join(pieces)
            if below == 1
            else f"({' * '.join(pieces)}) / ({self.formula(below)})"
        )
        return f"-({text})" if coefficient.is_negative else text

    def _fraction(self, product: Any) -> tuple[Any, Any]:
        """What stands above and below the bar; x**(-y) is 1 over x**y."""
        above, below = [], []
        for factor in sympy.Mul.make_args(product):
            if factor.is_Pow and factor.exp.could_extract_minus_sign():
                below.append(sympy.Pow(factor.base, -factor.exp))
            else:
                above.append(factor.p if factor.is_Rational else factor)
                below.append(factor.q if factor.is_Rational else sympy.Integer(1))
        return sympy.Mul(*above), sympy.Mul(*below)

    def _flipped(self, factors: Sequence[Any]) -> list[Any]:
        """The factors with the sign of one difference turned, to take up a minus; [] without."""
        for i, factor in enumerate(factors):
            if factor.is_Add and factor.could_extract_minus_sign():
                return [*factors[:i], -factor, *factors[i + 1 :]]
        return []

    def _place(self, factor: Any) -> tuple[int, int, str]:
        """Where the path meets the factor, else by the leaf in it that comes first."""
        own = factor.as_content_primitive()[1]
        for place, factor in enumerate(self.path):
            if own in (factor, -factor):
                return place, 0, ""
        return len(self.path), self._rank(factor), str(factor)

    def _rank(self, part: Any) -> int:
        return min(map(self.symbols.index, part.free_symbols), default=len(self.symbols))


def _expressions(names: Names) -> dict[Value, sympy.Expr]:
    """Each node in the leaves; what is made of constants alone is a number."""
    expressions: dict[Value, sympy.Expr] = {}
    for node in names:
        if node.operation is None and names[node]:
            expressions[node] = sympy.Symbol(names[node])
        elif all(expressions[parent].is_Number for parent in node.parents):
            expressions[node] = _number(names.data[node])
        else:
            expressions[node] = _read(written(node).formula, node, expressions)
    return expressions


def _number(x: float) -> sympy.Expr:
    """A number as a fraction if it is written exactly, else a float."""
    if not math.isfinite(x):
        raise ValueError(say("closed form without value"))
    is_short = float(f"{x:.4g}") == float(f"{x:.12g}")
    return sympy.Rational(f"{x:.4g}") if is_short else sympy.Float(x)


def _local(edge: Edge, expressions: Mapping[Value, sympy.Expr]) -> sympy.Expr:
    node, operand = edge
    formulas = written(node).derivatives
    if not formulas and node.operation is not None:  # of a user, without formulas
        index = operand + 1 if len(node.parents) > 1 else ""
        prime = sympy.Function(f"{node.operation.name}_prime{index}")
        return prime(*(expressions[parent] for parent in node.parents))
    return _read(formulas[operand], node, expressions)


def _read(formula: str, node: Value, expressions: Mapping[Value, sympy.Expr]) -> sympy.Expr:
    operands = [expressions[parent] for parent in node.parents]
    names = dict(zip(written(node).operands, operands, strict=True))
    others = {name: sympy.Function(name) for name in names_in(formula) - {*names}}
    return evaluated(formula, names, others | FUNCTIONS, sympy.sympify)
