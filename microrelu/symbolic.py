"""Derivatives in closed form, by SymPy (extra `symbolic`), set in the project's own notation.

Each operation's formula is handed to SymPy as it stands in the table; the chain rule is summed in
symbols, simplified, and written back as a formula. `formulas.py` asks for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from microrelu.notation import Notation, Part, written
from microrelu.value import Constant, Value, topological_order

try:
    import sympy
except ImportError:
    raise ImportError('The closed form needs SymPy: pip install "microrelu[symbolic]".') from None

MOST_TERMS = 2000  # names in the expression of the root, before anything is simplified
SIMPLIFIED = 300  # operations; a longer expression stays as the chain rule gives it

FUNCTIONS: dict[str, Any] = {
    **{name: sympy.Function(name) for name in ("ReLU", "Step", "sigmoid")},
    **{"max": sympy.Max, "min": sympy.Min, "abs": sympy.Abs},
    **{name: getattr(sympy, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
}
OURS = {function: name for name, function in FUNCTIONS.items()}

Edge = tuple[Value, int]  # a node and which of its operands


def derivative(root: Value, wrt: Value, names: Mapping[Value, str]) -> sympy.Expr:
    """∂root/∂wrt in the leaves, the shortest of a few forms.

    Raises:
        ValueError: the expression would have thousands of terms.
    """
    order = topological_order(root)
    sizes: dict[Value, int] = {}
    for node in order:
        sizes[node] = sum(sizes[parent] for parent in node.parents) or 1
    if sizes[root] > MOST_TERMS:
        raise ValueError(f"The closed form would have {sizes[root]} terms: too many to expand.")
    expressions = _expressions(order, names)
    adjoint = defaultdict(lambda: sympy.Integer(0), {root: sympy.Integer(1)})
    for node in reversed(order):
        for operand, parent in enumerate(node.parents):
            if not isinstance(parent, Constant):
                adjoint[parent] += adjoint[node] * _local((node, operand), expressions)
    plain = adjoint[wrt]
    if plain.count_ops() > SIMPLIFIED:
        return plain
    return min([plain, sympy.factor_terms(plain), sympy.factor(plain)], key=sympy.count_ops)


def written_back(
    expression: sympy.Expr,
    path: Sequence[Edge],
    names: Mapping[Value, str],
    notation: Notation,
) -> Part:
    """The expression as a formula, factors in the order in which the path meets them."""
    root = path[0][0] if path else next(iter(names))
    order = topological_order(root)
    expressions = _expressions(order, names)
    factors = [each for edge in path for each in sympy.Mul.make_args(_local(edge, expressions))]
    symbols = [_symbol(node, names) for node in order if node.operation is None]
    setter = _Setter([each for each in symbols if each.is_Symbol], factors)
    parts = {f"s{i}": notation.name(str(each)) for i, each in enumerate(setter.symbols)}
    return notation.write(setter.formula(expression), parts)


class _Setter:
    """SymPy's expressions as Python's arithmetic, in a textbook's order."""

    def __init__(self, symbols: Iterable[sympy.Symbol], path: Iterable[sympy.Expr] = ()) -> None:
        self.symbols = list(dict.fromkeys(symbols))
        self.path = [each.as_content_primitive()[1] for each in path]

    def formula(self, expression: Any) -> str:
        """The expression, each leaf as s0, s1, … by its place in the graph."""
        if expression.is_Symbol:
            return f"s{self.symbols.index(expression)}"
        if expression.is_Rational:
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
        above, below = sympy.fraction(expression)
        coefficient, rest = above.as_coeff_Mul()
        factors = sorted(sympy.Mul.make_args(rest), key=self._place)
        if coefficient.is_negative and (flipped := self._flipped(factors)):
            coefficient, factors = -coefficient, flipped
        pieces = [f"({self.formula(each)})" for each in factors if each != 1]
        if abs(coefficient) != 1 or not pieces:
            pieces.insert(0, self.formula(abs(coefficient)))
        text = (
            " * ".join(pieces)
            if below == 1
            else f"({' * '.join(pieces)}) / ({self.formula(below)})"
        )
        return f"-({text})" if coefficient.is_negative else text

    def _flipped(self, factors: Sequence[Any]) -> list[Any]:
        """The factors with the sign of one difference turned, to take up a minus; [] without."""
        for i, each in enumerate(factors):
            if each.is_Add and each.could_extract_minus_sign():
                return [*factors[:i], -each, *factors[i + 1 :]]
        return []

    def _place(self, factor: Any) -> tuple[int, int, str]:
        """Where the path meets the factor, else by the leaf in it that comes first."""
        own = factor.as_content_primitive()[1]
        for place, each in enumerate(self.path):
            if own in (each, -each):
                return place, 0, ""
        return len(self.path), self._rank(factor), str(factor)

    def _rank(self, part: Any) -> int:
        return min(map(self.symbols.index, part.free_symbols), default=len(self.symbols))


def _expressions(order: Sequence[Value], names: Mapping[Value, str]) -> dict[Value, sympy.Expr]:
    expressions: dict[Value, sympy.Expr] = {}
    for node in order:
        if node.operation is None:
            expressions[node] = _symbol(node, names)
        else:
            expressions[node] = _read(written(node).formula, node, expressions)
    return expressions


def _symbol(node: Value, names: Mapping[Value, str]) -> sympy.Expr:
    return sympy.Symbol(names[node]) if names[node] else sympy.Rational(str(node.data))


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
    own = {node.operation.name: sympy.Function(node.operation.name)} if node.operation else {}
    return sympy.sympify(formula, locals={**own, **FUNCTIONS, **names})
