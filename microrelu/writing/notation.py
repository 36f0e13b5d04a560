"""How labels, numbers and formulas are set: as plain text, as LaTeX, as MathML.

A formula comes in Python's arithmetic, from `operations.py`; one walk over its syntax tree sets it
in any of the three, with brackets where they are needed only.
"""

from __future__ import annotations

import ast
import html
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache, partial, reduce
from itertools import chain, count
from typing import NamedTuple

from microrelu.engine import Constant, Operation, Value, topological_order

# How tightly a piece holds together; a label that is no name (a+b) is bracketed in any formula.
LITERAL, SUM, NEGATIVE, QUOTIENT, PRODUCT, POWER, ATOM = range(-1, 6)
LONGEST_FORMULA = 24  # operands; beyond it an operation is written by its symbol
MOST_EDGES = 10_000  # looked at, to find whether an operand reaches a node through others too

_RAISED = dict(zip("0123456789+−-()ijklnL", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁱʲᵏˡⁿᴸ", strict=True))
_LOWERED = dict(zip("0123456789,aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉,ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_PRIMES = {"′": 1, "″": 2}
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}


class Part(NamedTuple):
    """A piece of a formula, set, with how tightly it holds together."""

    text: str
    level: int = ATOM
    number: float | None = None  # its value, where it is nothing but a number
    is_divided: bool = False  # in text: is it a quotient, which goes on as one, a / b c?


class Label(NamedTuple):
    """A label taken apart: `W(0)_1,2` is the base W with 0 above and 1,2 below.

    The mark, ′ or [2], tells it from others that would be set alike.
    """

    base: str
    above: str = ""
    below: str = ""
    mark: str = ""


def split_label(label: str) -> Label:
    """The base, superscript, subscript and mark of a label; any other text is a base alone.

    >>> split_label("W(0)_1,2")
    Label(base='W', above='0', below='1,2', mark='')
    >>> split_label("x1")[:3], split_label("<b>")[:3], split_label("x1′")
    (('x', '', '1'), ('<b>', '', ''), Label(base='x', above='', below='1', mark='′'))
    """
    found = re.search(r"(?:[′″]|\[\d+\])\Z", label)
    mark = found[0] if found else ""
    unmarked = label.removesuffix(mark)
    plain = unmarked.translate(_DIGITS)
    match = re.fullmatch(r"([^\W\d_]\w*?)(?:\(([\w+−-]+)\))?(?:_?([\d,]+)|_(\w[\w,]*))?", plain)
    if match is None:
        return Label(unmarked, mark=mark)
    base, above, digits, below = match.groups(default="")
    if len(base) > 1 and below:  # learning_rate is one name, x_max is x with an index
        base, below = f"{base}_{below}", ""
    return Label(base, above, digits or below, mark)


def number(x: float, digits: int = 4) -> str:
    """A number as a textbook sets it: four significant digits, a true minus, powers of ten.

    A number that was rounded keeps its zeros; a shorter one is exact, to twelve digits.

    >>> number(-0.5), number(2.0), number(2.00004), number(1 / 3), number(1.5e-8), number(math.inf)
    ('−0.5', '2', '2.000', '0.3333', '1.5×10⁻⁸', '∞')
    """
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "−∞"
    whole = len(str(int(abs(x)))) if abs(x) < 1e6 else 0
    rounded, exact = f"{x + 0.0:#.{max(digits, whole)}g}", f"{x + 0.0:.12g}"
    digits_, _, exponent = rounded.partition("e")
    if float(rounded) == float(exact):
        digits_ = digits_.rstrip("0")
    raised = f"×10{_indexed(str(int(exponent)), _RAISED)}" if exponent else ""
    return ("0" if x == 0 else digits_.rstrip(".").replace("-", "−")) + raised


class Notation:
    """Plain text, and what the other two share; a subclass gives its own templates.

    `write` sets a formula of Python's arithmetic. `@` stands for a product with its dot shown, `*`
    for one without, where a reader needs none.
    """

    templates: Mapping[str, str] = {
        "Add": "%s + %s", "Sub": "%s − %s", "Mult": "%s %s", "MatMult": "%s · %s", "Div": "%s / %s",
        "USub": "−%s", "brackets": "(%s)", "abs": "|%s|", "sqrt": "√%s", "call": "%s(%s)",
        "comma": ", ", "equals": " = ", "gains": " += ", "partial": "∂%s/∂%s", "place": "∂%s(%s)",
    }  # fmt: skip
    functions: Mapping[str, str] = {"sigmoid": "σ"}
    fraction_bar = False  # is a fraction set over a bar, and so needs no brackets inside?

    def name(self, label: str) -> Part:
        """A label with its superscript and subscript, or as literal text."""
        base, above, below, mark = split_label(label)
        if not base.isidentifier():
            return self._literal(base, mark)
        raised = _indexed(f"({above})", _RAISED) if above else ""
        lowered = _indexed(below, _LOWERED) if len(below) == 1 or not below.isalpha() else None
        if raised is None or lowered is None:
            return Part(label, POWER if mark else ATOM)
        return Part(base + raised + lowered + mark, POWER if above or mark else ATOM)

    def _literal(self, text: str, mark: str) -> Part:
        if not mark:
            return Part(self._literally(text), LITERAL)
        return Part(self.templates["brackets"] % self._literally(text) + self._mark(mark), POWER)

    def _literally(self, text: str) -> str:
        return text

    def _mark(self, mark: str) -> str:
        return mark

    def number(self, x: float) -> Part:
        """A number, by the rules of `number`."""
        text = number(x)
        level = NEGATIVE if text.startswith("−") else PRODUCT if "×" in text else ATOM
        return Part(self._typeset_number(text), level, x)

    def partial(self, over: Part, under: Part) -> Part:
        """The derivative ∂over/∂under of two names that are already set."""
        sides = self._bracket(over, SUM), self._bracket(under, SUM)
        return Part(self.templates["partial"] % sides, POWER)

    def function_partial(self, function: Part, under: Part) -> Part:
        """The derivative of an operation's own function: ∂(v₁ − z₂)/∂z₂, all else held."""
        return self.partial(Part(self._bracket(function, ATOM)), under)

    def place_partial(self, function: Part, place: int) -> Part:
        """The derivative of an operation's own function by its operand at a place, from 1."""
        return Part(self.templates["place"] % (self._place(place), function.text), POWER)

    def _place(self, place: int) -> str:
        return _indexed(str(place), _LOWERED) or ""

    def equation(self, *parts: Part, gains: bool = False, aligned: bool = False) -> str:
        """The parts joined by equals signs, or the first by += where it gains the rest.

        Where they are aligned, LaTeX's & stands before the first sign.
        """
        sign = self.templates["equals"]
        first = self.templates["gains"] if gains else sign
        first = f" &{first.lstrip()}" if aligned else first
        return parts[0].text + first + sign.join(part.text for part in parts[1:])

    def sum(self, parts: Sequence[Part]) -> Part:
        """The parts with plus signs between them."""
        return reduce(partial(self._binary, "Add"), parts)

    def product(self, parts: Sequence[Part]) -> Part:
        """The parts with dots between them."""
        return reduce(partial(self._binary, "MatMult"), parts)

    def write(self, formula: str, names: Mapping[str, Part]) -> Part:
        """Set a formula with each name in it replaced by its part."""
        part = self._write(_parse(formula), names)
        return Part(self._bracket(part, SUM)) if part.level == LITERAL else part

    def _write(self, tree: ast.expr, names: Mapping[str, Part]) -> Part:
        match tree:
            case ast.Constant(value=float() | int() as value):
                return self.number(value)
            case ast.Name(id=identifier):
                return names.get(identifier) or self.name(identifier)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._bracket(self._write(operand, names), PRODUCT)
                return Part(self.templates["USub"] % inner, NEGATIVE)
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return self._power(self._write(base, names), self._exponent(exponent, names))
            case ast.BinOp(left=left, op=sign, right=right):
                sides = self._write(left, names), self._write(right, names)
                return self._binary(type(sign).__name__, *sides)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                return self._call(function, [self._write(each, names) for each in arguments])
        raise ValueError(
            f"A formula is made of names, numbers, + - * / ** and calls, not of {tree}."
        )

    def _binary(self, sign: str, left: Part, right: Part) -> Part:
        if sign in ("Add", "Sub"):
            lowest = QUOTIENT if sign == "Sub" or right.level == NEGATIVE else SUM
            sides = self._bracket(left, SUM), self._bracket(right, lowest)
            return Part(self.templates[sign] % sides, SUM)
        if sign == "Div" and self.fraction_bar:
            return Part(self.templates[sign] % (left.text, right.text), PRODUCT)
        if sign == "Mult" and right.number is not None:
            sign = "MatMult"
        level, lowest = (QUOTIENT, POWER) if sign == "Div" else (PRODUCT, PRODUCT)
        ambiguous = left.is_divided and sign != "Div"  # 1 / 2 · x reads as 1 / (2 · x)
        sides = (
            self._bracket(left, ATOM if ambiguous else NEGATIVE),
            self._bracket(right, lowest),
        )
        level = NEGATIVE if left.level == NEGATIVE else level
        return Part(self.templates[sign] % sides, level, is_divided=sign == "Div")

    def _exponent(self, tree: ast.expr, names: Mapping[str, Part]) -> Part:
        """An exponent; 3 − 1, from the derivative of a cube, is set as 2."""
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Sub):
            left, right = (self._write(side, names).number for side in (tree.left, tree.right))
            if left is not None and right is not None:
                return self.number(left - right)
        return self._write(tree, names)

    def _power(self, base: Part, exponent: Part) -> Part:
        raised = _indexed(exponent.text, _RAISED) or "^" + self._bracket(exponent, ATOM)
        return Part(self._bracket(base, ATOM) + raised, POWER)

    def _call(self, function: str, arguments: list[Part]) -> Part:
        if function == "sqrt":
            root = self.templates["sqrt"] % self._under_root(arguments[0])
            return Part(root, ATOM if self.fraction_bar else POWER)
        if function == "abs":
            return Part(self.templates["abs"] % self._bracket(arguments[0], SUM))
        lowest = SUM if len(arguments) > 1 else LITERAL
        inner = self.templates["comma"].join(self._bracket(each, lowest) for each in arguments)
        return Part(self.templates["call"] % (self._function(function), inner))

    def _under_root(self, argument: Part) -> str:
        return self._bracket(argument, ATOM)

    def _function(self, name: str) -> str:
        return self.functions.get(name, name)

    def _bracket(self, part: Part, lowest: int) -> str:
        return part.text if part.level >= lowest else self.templates["brackets"] % part.text

    def _typeset_number(self, text: str) -> str:
        return text


class Latex(Notation):
    """LaTeX for the inside of a formula, as MathJax, KaTeX and amsmath read it."""

    templates: Mapping[str, str] = {
        "Add": "%s + %s", "Sub": "%s - %s", "Mult": r"%s \, %s", "MatMult": r"%s \cdot %s",
        "Div": r"\frac{%s}{%s}", "USub": "-%s", "brackets": r"\left(%s\right)",
        "abs": r"\left|%s\right|", "sqrt": r"\sqrt{%s}", "call": r"%s\left(%s\right)",
        "comma": ", ", "equals": " = ", "gains": r" \mathrel{+}= ",
        "partial": r"\frac{\partial %s}{\partial %s}",
        "place": r"\partial_{%s}\left(%s\right)",
    }  # fmt: skip
    functions: Mapping[str, str] = {
        "sigmoid": r"\sigma",
        **{known: rf"\{known}" for known in ("exp", "log", "sin", "cos", "tanh", "max", "min")},
    }
    fraction_bar = True

    def name(self, label: str) -> Part:  # noqa: D102
        base, above, below, mark = split_label(label)
        if not base.isidentifier():
            return self._literal(base, mark)
        primes = r"\prime" * _PRIMES.get(mark, 0)
        above = (f"({_latex_index(above)})" if above else "") + primes
        raised = f"^{{{above}}}" if above else ""
        lowered = f"_{{{_latex_index(below)}}}" if below else ""
        text = _latex_letters(base) + raised + lowered + ("" if primes else mark)
        return Part(text, POWER if above or mark else ATOM)

    def _literally(self, text: str) -> str:
        return rf"\text{{{_latex_text(text)}}}"

    def _mark(self, mark: str) -> str:
        return "'" * _PRIMES.get(mark, 0) or mark

    def _place(self, place: int) -> str:
        return str(place)

    def _power(self, base: Part, exponent: Part) -> Part:
        return Part(f"{self._bracket(base, ATOM)}^{{{exponent.text}}}", POWER)

    def _under_root(self, argument: Part) -> str:
        return argument.text

    def _function(self, name: str) -> str:
        return self.functions.get(name) or rf"\operatorname{{{_latex_text(name)}}}"

    def _typeset_number(self, text: str) -> str:
        text = text.replace("−", "-").replace("∞", r"\infty").replace("NaN", r"\text{NaN}")
        digits, times, exponent = text.partition("×10")
        return digits + (rf" \times 10^{{{_plain(exponent)}}}" if times else "")


class MathML(Notation):
    """MathML Core for the inside of a `<math>` element."""

    templates: Mapping[str, str] = {
        **{
            kind: f"<mrow>%s<mo>{sign}</mo>%s</mrow>"
            for kind, sign in {"Add": "+", "Sub": "−", "Mult": "&#x2062;", "MatMult": "·"}.items()
        },
        "Div": "<mfrac>%s%s</mfrac>",
        "USub": "<mrow><mo>−</mo>%s</mrow>",
        "brackets": "<mrow><mo>(</mo>%s<mo>)</mo></mrow>",
        "abs": "<mrow><mo>|</mo>%s<mo>|</mo></mrow>",
        "sqrt": "<msqrt>%s</msqrt>",
        "call": "<mrow>%s<mo>&#x2061;</mo><mrow><mo>(</mo>%s<mo>)</mo></mrow></mrow>",
        "comma": "<mo>,</mo>",
        "equals": "<mo>=</mo>",
        "gains": "<mo>+=</mo>",
        "partial": "<mfrac><mrow><mo>∂</mo>%s</mrow><mrow><mo>∂</mo>%s</mrow></mfrac>",
        "place": "<mrow><msub><mo>∂</mo><mn>%s</mn></msub><mo>(</mo>%s<mo>)</mo></mrow>",
    }
    fraction_bar = True

    def name(self, label: str) -> Part:  # noqa: D102
        base, above, below, mark = split_label(label)
        if not base.isidentifier():
            return self._literal(base, mark)
        prime, bracketed = (self._mark(mark), "") if mark in _PRIMES else ("", self._mark(mark))
        if above:
            prime = f"<mrow><mo>(</mo>{_mathml_index(above)}<mo>)</mo>{prime}</mrow>"
        kind = ("sub" if below else "") + ("sup" if prime else "")
        text = f"<mi>{base}</mi>{_mathml_index(below) if below else ''}{prime}"
        text = f"<m{kind}>{text}</m{kind}>" if kind else text
        text = f"<mrow>{text}{bracketed}</mrow>" if bracketed else text
        return Part(text, POWER if above or mark else ATOM)

    def _literal(self, text: str, mark: str) -> Part:
        part = super()._literal(text, mark)
        return part._replace(text=f"<mrow>{part.text}</mrow>") if mark else part

    def _literally(self, text: str) -> str:
        return f"<mtext>{html.escape(text)}</mtext>"

    def _mark(self, mark: str) -> str:
        if not mark or mark in _PRIMES:
            return f"<mo>{mark}</mo>" if mark else ""
        return f"<mo>[</mo><mn>{mark[1:-1]}</mn><mo>]</mo>"

    def _place(self, place: int) -> str:
        return str(place)

    def _power(self, base: Part, exponent: Part) -> Part:
        return Part(f"<msup>{self._bracket(base, ATOM)}{exponent.text}</msup>", POWER)

    def _under_root(self, argument: Part) -> str:
        return argument.text

    def _function(self, name: str) -> str:
        return f"<mi>{self.functions.get(name, name)}</mi>"

    def _typeset_number(self, text: str) -> str:
        digits, times, exponent = text.partition("×10")
        minus = "<mo>−</mo>" if digits.startswith("−") else ""
        ten = f"<mo>×</mo><msup><mn>10</mn><mn>{_plain(exponent, '−')}</mn></msup>" if times else ""
        written = f"{minus}<mn>{digits.lstrip('−')}</mn>{ten}"
        return f"<mrow>{written}</mrow>" if minus or ten else written


TEXT, LATEX, MATHML = Notation(), Latex(), MathML()


class Names(dict[Value, str]):
    """What each node of a graph is called, in topological order; "" is a constant's name.

    Attributes:
        data: The numbers that the nodes had when they were named.
    """

    def __init__(self, names: Mapping[Value, str]) -> None:
        super().__init__(names)
        self.data = {node: node.data for node in self}
        self._indirect: dict[Value, set[Value]] = {}

    @cached_property
    def uses(self) -> Counter[Value]:
        """How many operands each node is."""
        return Counter(parent for node in self for parent in node.parents)

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {node: place for place, node in enumerate(self)}

    def indirect(self, node: Value) -> set[Value]:
        """The operands of the node that reach it through another operand too, or may.

        Where it would take too long to see, all that are used elsewhere may.
        """
        if node not in self._indirect:
            wanted = {each for each in node.parents if self.uses[each] > 1}
            self._indirect[node] = self._found_below(node, wanted) if wanted else wanted
        return self._indirect[node]

    def _found_below(self, node: Value, wanted: set[Value]) -> set[Value]:
        """Those of the wanted that an operand of the node was made of; all, if unsure."""
        first = min(map(self._places.__getitem__, wanted))  # nothing before it was made of any
        found: set[Value] = set()
        seen = set(node.parents)
        stack, edges = list(seen), 0
        while stack and len(found) < len(wanted):
            parents = stack.pop().parents
            edges += len(parents)
            if edges > MOST_EDGES:
                return wanted
            found.update(wanted.intersection(parents))
            new = {each for each in parents if each.parents and self._places[each] > first} - seen
            seen |= new
            stack += new
        return found


def node_names(root: Value) -> Names:
    """A name for each node: its label, else C for the root, v1, v2, … for others; constants none.

    Names follow the topological order, so they are the same each time. Where labels would be set
    alike, marks tell the nodes apart: x, x′, x″; of more than three x[1], x[2], …
    """
    order = topological_order(root)
    alike: dict[str, list[Value]] = defaultdict(list)
    for node in order:
        if node.label:
            alike[_as_set(node.label)].append(node)
    names = {node: node.label for node in order}
    for group in [each for each in alike.values() if len(each) > 1]:
        numbered = map("[{}]".format, count(1))
        few = len(group) <= len(_PRIMES) + 1
        marks = chain(_PRIMES, numbered) if few else numbered
        for node in group[1:] if few else group:
            marked = (node.label + mark for mark in marks)
            names[node] = next(name for name in marked if _as_set(name) not in alike)
            alike[_as_set(names[node])].append(node)
    if not root.label and "C" not in alike:
        names[root] = "C"
    as_set = str.maketrans(_LOWERED)
    spare = (f"v{n}" for n in count(1) if "v" + str(n).translate(as_set) not in alike)
    for node in order:
        if not names[node] and not isinstance(node, Constant):
            names[node] = next(spare)
    return Names(names)


@lru_cache(maxsize=4096)
def _as_set(label: str) -> str:
    """A label as it looks: x1 and x_1 are one."""
    return unicodedata.normalize("NFC", " ".join(TEXT.name(label).text.split()))


def typeset_node(node: Value, names: Names, notation: Notation = TEXT) -> Part:
    """A node by its name, or a constant by its number."""
    return notation.name(names[node]) if names[node] else notation.number(names.data[node])


def inline(node: Value, names: Names, notation: Notation = TEXT) -> str:
    """A node's name for the middle of a sentence."""
    name = typeset_node(node, names, notation).text
    return f"${name}$" if notation is LATEX else name


def typeset_value(
    node: Value, names: Names, notation: Notation = TEXT, numbers: bool = False
) -> Part:
    """What a node is made of: `w x + b`, or with numbers `0.5 · 2 + 0.1`; a leaf is its number."""
    if node.operation is None or not node.parents:
        return notation.number(names.data[node])
    if len(node.parents) > LONGEST_FORMULA:
        return Part(notation.name(node.operation.symbol).text, SUM)
    return _typeset(written(node).formula, node, names, notation, numbers)


def typeset_local_derivative(
    node: Value, index: int, names: Names, notation: Notation = TEXT
) -> Part | None:
    """∂node/∂parent as its operation writes it: `x`, `Step(z)`; None where it does not say."""
    if node.operation is None or len(node.parents) > LONGEST_FORMULA:
        return None
    derivatives = written(node).derivatives
    return _typeset(derivatives[index], node, names, notation) if derivatives else None


def typeset_local_symbol(
    node: Value, operand: int, names: Names, notation: Notation = TEXT
) -> Part | None:
    """The symbol of a local derivative, never that of a gradient which it is not.

    ∂z/∂w is the derivative of z by w in the whole graph, and so the local one only where w reaches
    z as this operand alone. Where it reaches z through other operands as well, the operation's own
    function is written, ∂(v − w)/∂w; where it is an operand twice there is no symbol (None), but
    what `typeset_local_derivative` says of that place, or ∂₂(f(w, w)) where that says nothing.
    """
    parent = node.parents[operand]
    if node.parents.count(parent) > 1:
        if typeset_local_derivative(node, operand, names, notation) is not None:
            return None
        return notation.place_partial(typeset_value(node, names, notation), operand + 1)
    under = typeset_node(parent, names, notation)
    if parent in names.indirect(node):
        return notation.function_partial(typeset_value(node, names, notation), under)
    return notation.partial(typeset_node(node, names, notation), under)


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


def _typeset(
    formula: str,
    node: Value,
    names: Names,
    notation: Notation,
    numbers: bool = False,
) -> Part:
    parts = [
        notation.number(names.data[parent]) if numbers else typeset_node(parent, names, notation)
        for parent in node.parents
    ]
    return notation.write(formula, dict(zip(written(node).operands, parts, strict=True)))


@lru_cache(maxsize=1024)
def _parse(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


def _indexed(text: str, letters: Mapping[str, str]) -> str | None:
    """The text in Unicode's raised or lowered letters; None where one is missing."""
    return "".join(map(letters.__getitem__, text)) if all(map(letters.__contains__, text)) else None


def _latex_index(text: str) -> str:
    """An index as it is if it is made of numbers and single letters; as text if of words."""
    words = re.split("[,+−-]", text)
    return (
        text
        if all(len(each) == 1 or each.isdecimal() for each in words) and "_" not in text
        else rf"\text{{{_latex_text(text)}}}"
    )


def _plain(raised: str, minus: str = "-") -> str:
    return "".join(minus if each == "⁻" else str(unicodedata.digit(each)) for each in raised)


def _mathml_index(text: str) -> str:
    return f"<mn>{text}</mn>" if re.fullmatch(r"[\d,]+", text) else f"<mi>{text}</mi>"


def _latex_text(text: str) -> str:
    escapes = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    escapes |= {each: f"\\{each}" for each in "{}$&#_%"} | {"\n": " "}
    return "".join(escapes.get(each, each) for each in text)


def _latex_letters(base: str) -> str:
    parts = unicodedata.normalize("NFD", base)
    if parts[1:] in _ACCENTS:
        return rf"\{_ACCENTS[parts[1:]]}{{{parts[0]}}}"
    return base if len(base) == 1 and base.isalpha() else rf"\mathit{{{_latex_text(base)}}}"
