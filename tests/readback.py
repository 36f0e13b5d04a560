"""Printed equations read back: text, LaTeX or MathML parsed, bound to a graph, each side evaluated.

Nothing here knows how an equation was written. A name is bound to its node's unrounded number,
∂a/∂b to the derivative of a by b through the whole graph, ∂(v − z)/∂z to that of the function in
brackets, all other names held. A printed number stands for all that it may have been rounded from,
so sides are intervals, and those of one equation must meet: `faults` says where they do not.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree

from microrelu import Value, topological_order
from microrelu.engine import OPERATIONS, Operation
from microrelu.operations import log_sum_exp, step
from microrelu.writing.names import Names, node_names
from microrelu.writing.notation import LATEX, MATHML, TEXT
from microrelu.writing.writer import LONGEST_FORMULA

ROUNDED_FROM = 4  # significant digits; a shorter number is exact, to twelve digits
AGREEMENT = 1e-9  # how far sides of symbols may lie apart, relatively
ROUNDING = 1e-12  # what floats are trusted with; it grows where terms cancel


class UnreadableError(Exception):
    """The equation cannot be read, or could be read in two ways."""


# Intervals


class Interval(NamedTuple):
    """All that a side may be."""

    low: float
    high: float

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: Interval) -> Interval:  # type: ignore[override]
        return _hull([self.low + other.low, self.high + other.high])

    def __sub__(self, other: Interval) -> Interval:
        return self + -other

    def __mul__(self, other: Interval) -> Interval:  # type: ignore[override]
        return _hull(a * b for a in self for b in other)

    def __truediv__(self, other: Interval) -> Interval:
        if other.low <= 0 <= other.high:
            return ANYTHING
        return _hull(a / b for a in self for b in other)

    def meets(self, other: Interval) -> bool:
        if ANYTHING in (self, other):
            return True
        if math.isnan(self.low) or math.isnan(other.low):
            return math.isnan(self.low) and math.isnan(other.low)
        if math.inf in map(abs, (*self, *other)):
            return self.low <= other.high and other.low <= self.high
        slack = AGREEMENT * max(map(abs, (*self, *other)))
        return self.low - slack <= other.high and other.low - slack <= self.high


def _hull(ends: Iterable[float]) -> Interval:
    ends = list(ends)
    return ANYTHING if any(map(math.isnan, ends)) else Interval(min(ends), max(ends))


def point(x: float) -> Interval:
    return Interval(x, x)


def around(x: float, reach: float) -> Interval:
    return Interval(x - reach, x + reach)


ANYTHING = Interval(-math.inf, math.inf)
ZERO, ONE = point(0.0), point(1.0)


def printed(digits: str, exponent: int = 0) -> Interval:
    """All numbers that are written so."""
    significant = len(digits.replace(".", "").lstrip("0"))
    x = float(f"{digits}e{exponent}")
    if significant < ROUNDED_FROM:
        return around(x, abs(x) * 0.5e-11)
    places = len(digits.partition(".")[2])
    return around(x, 0.5 * 10.0 ** (exponent - places) * (1 + 1e-9))


def _monotone(function: Callable[[float], float]) -> Callable[[Interval], Interval]:
    def of(a: Interval) -> Interval:
        try:
            return _hull(map(function, a))
        except (ArithmeticError, ValueError):
            return ANYTHING

    return of


def _power(a: Interval, b: Interval) -> Interval:
    if a.low < 0 and not (math.isfinite(b.low) and b.high - b.low < AGREEMENT):
        return ANYTHING
    exponents = [float(round(b.low))] if a.low < 0 else b
    bases = [*a, 0.0] if a.low < 0 < a.high else a
    try:
        return _hull(math.pow(base, exponent) for base in bases for exponent in exponents)
    except (ArithmeticError, ValueError):
        return ANYTHING


def _sine(a: Interval) -> Interval:
    if not a.high - a.low < 3:
        return Interval(-1.0, 1.0)
    ends = [math.sin(a.low), math.sin(a.high)]
    first = math.ceil((a.low / math.pi) - 0.5)  # the peaks stand at π/2 + kπ
    peaks = (math.sin(math.pi * (k + 0.5)) for k in (first, first + 1) if _within(a, k))
    return _hull([*ends, *map(round, peaks)])


def _within(a: Interval, k: int) -> bool:
    return a.low <= math.pi * (k + 0.5) <= a.high


def _cosine(a: Interval) -> Interval:
    return _sine(a + around(math.pi / 2, 1e-15))


def _absolute(a: Interval) -> Interval:
    return _hull([*map(abs, a), *([0.0] if a.low < 0 < a.high else [])])


def _sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a)) if a > -700 else math.exp(a)


STEP = _monotone(step)
FUNCTIONS: Mapping[str, Callable[..., Interval]] = {
    **{name: _monotone(getattr(math, name)) for name in ("exp", "log", "sqrt", "tanh")},
    **{"sin": _sine, "cos": _cosine, "abs": _absolute, "Step": STEP, "σ": _monotone(_sigmoid)},
    "ReLU": _monotone(lambda a: max(a, 0.0)),
    "max": lambda *a: Interval(max(each.low for each in a), max(each.high for each in a)),
    "min": lambda *a: Interval(min(each.low for each in a), min(each.high for each in a)),
}
SLOPES: Mapping[str, Callable[..., list[Interval]]] = {  # by each argument
    "exp": lambda a: [FUNCTIONS["exp"](a)],
    "log": lambda a: [ONE / a],
    "sqrt": lambda a: [point(0.5) / FUNCTIONS["sqrt"](a)],
    "tanh": lambda a: [ONE - _power(FUNCTIONS["tanh"](a), point(2.0))],
    "sin": lambda a: [_cosine(a)],
    "cos": lambda a: [-_sine(a)],
    "abs": lambda a: [STEP(a) - STEP(-a)],
    "Step": lambda a: [ZERO],
    "σ": lambda a: [FUNCTIONS["σ"](a) * (ONE - FUNCTIONS["σ"](a))],
    "ReLU": lambda a: [STEP(a)],
    "max": lambda a, b: [STEP(a - b), ONE - STEP(a - b)],
    "min": lambda a, b: [STEP(b - a), ONE - STEP(b - a)],
}


# Graphs


class Binding:
    """What the names, symbols and gradients in the equations of a graph are.

    Raises:
        UnreadableError: two nodes are set alike.
    """

    def __init__(self, root: Value, names: Names | None = None) -> None:
        self.root = root
        self.names = node_names(root) if names is None else names
        self.operations: dict[str, Operation] = dict(OPERATIONS)
        self.symbols: dict[str, list[Value]] = {}
        for node in self.names:
            if node.operation is not None:
                self.operations.setdefault(node.operation.name, node.operation)
                if len(node.parents) > LONGEST_FORMULA or node.operation is log_sum_exp:
                    self.symbols.setdefault(node.operation.symbol, []).append(node)
        self._by: dict[Value, dict[Value, Interval]] = {}
        self._spelled: dict[Any, dict[str, Token]] = {}

    def spelled(self, notation: Any) -> dict[str, Token]:
        """Every name and symbol as the notation sets it, the longest first."""
        if notation not in self._spelled:
            found = self._spellings(notation)
            self._spelled[notation] = {each: found[each] for each in sorted(found, key=len)[::-1]}
        return self._spelled[notation]

    def _spellings(self, notation: Any) -> dict[str, Token]:
        found: dict[str, Token] = {
            notation.name(each).text: ("symbol", each) for each in self.symbols
        }
        for node, name in self.names.items():
            if name:
                text = notation.name(name).text
                if text in found:
                    raise UnreadableError(f"two nodes are called {text}")
                found[text] = ("name", node)
        whole = [node for node in self.names if node.operation is log_sum_exp]
        if len(whole) == 1:  # whose local derivatives are called p₁, p₂, … where no node is
            for place, slope in enumerate(whole[0].local_derivatives, start=1):
                share = ("number", _bound(slope, abs(slope)))
                found.setdefault(notation.name(f"p_{place}").text, share)
        if notation is MATHML:
            return {_spelling(_parsed(each)): token for each, token in found.items()}
        return found

    def derivative(self, over: Value, under: Value) -> Interval:
        """∂over/∂under through the whole graph, with what rounding may have done to it."""
        if over not in self._by:
            order = topological_order(over)
            exact, size = dict.fromkeys(order, 0.0), dict.fromkeys(order, 0.0)
            exact[over] = size[over] = 1.0
            for node in reversed(order):
                for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
                    exact[parent] += exact[node] * slope
                    size[parent] += size[node] * abs(slope)
            self._by[over] = {each: _bound(exact[each], size[each]) for each in order}
        return self._by[over].get(under, ZERO)

    def value(self, node: Value) -> Interval:
        return _bound(self.names.data[node], abs(self.names.data[node]))


def _bound(x: float, size: float) -> Interval:
    if math.isnan(x):
        return point(x)
    return around(x, ROUNDING * size) if math.isfinite(size) else point(x)


# Trees and what they come to: a value, and its derivative by one name

Token = tuple[Any, ...]
Tree = tuple[Any, ...]
Dual = tuple[Interval, Interval]


def evaluate(tree: Tree, binding: Binding, by: Value | None = None) -> Dual:
    kind, *parts = tree
    if kind == "number":
        return parts[0], ZERO
    if kind == "name":
        return binding.value(parts[0]), ONE if parts[0] is by else ZERO
    if kind == "total":
        return binding.derivative(*parts), ZERO
    if kind == "partial":
        function, under = parts
        if function[0] == "symbol":
            return _of_symbol(function[1], binding, lambda node: _slopes_by(node, under)), ZERO
        return evaluate(function, binding, under)[1], ZERO
    if kind == "place":
        return _at_place(*parts, binding), ZERO
    if kind == "symbol":
        return _of_symbol(parts[0], binding, lambda node: [node.data]), ZERO
    if kind == "call":
        return _call(*parts, binding, by)
    operands = [evaluate(each, binding, by) for each in parts]
    return _ARITHMETIC[kind](*operands)


def _of_symbol(
    symbol: str, binding: Binding, numbers: Callable[[Value], Iterable[float]]
) -> Interval:
    found = [each for node in binding.symbols[symbol] for each in numbers(node)]
    return _hull(end for each in found for end in _bound(each, abs(each)))


def _slopes_by(node: Value, under: Value) -> list[float]:
    pairs = zip(node.parents, node.local_derivatives, strict=True)
    return [slope for parent, slope in pairs if parent is under]


def _at_place(place: int, function: Tree, binding: Binding) -> Interval:
    if function[0] == "symbol":
        return _of_symbol(
            function[1], binding, lambda node: node.local_derivatives[place - 1 : place]
        )
    if function[0] != "call":
        raise UnreadableError("a place of what is no function")
    arguments = [evaluate(each, binding)[0] for each in function[2]]
    return _own(binding.operations[function[1]], arguments)[1][place - 1]


def _call(name: str, arguments: Sequence[Tree], binding: Binding, by: Value | None) -> Dual:
    if name.endswith("′"):
        return _prime(name[:-1], arguments, binding), ZERO
    duals = [evaluate(each, binding, by) for each in arguments]
    values = [value for value, _ in duals]
    prime = re.fullmatch(r"(\w+)_prime(\d*)", name)
    if prime and prime[1] in binding.operations:
        slopes = _own(binding.operations[prime[1]], values)[1]
        return slopes[int(prime[2] or 1) - 1], ZERO
    if name in FUNCTIONS:
        value = FUNCTIONS[name](*values)
        slopes = SLOPES[name](*values) if by is not None else []
    elif name in binding.operations:
        value, slopes = _own(binding.operations[name], values)
    else:
        raise UnreadableError(f"there is no function {name}")
    terms = [slope * each for slope, (_, each) in zip(slopes, duals, strict=False)]
    return value, sum(terms, ZERO)


def _prime(name: str, arguments: Sequence[Tree], binding: Binding) -> Interval:
    """f′(z): the slope of the node that f made of z, whatever its other operands are."""
    [[kind, z]] = arguments
    found = [node for node in binding.names if kind == "name" and z in node.parents[:1]]
    slopes = [node.local_derivatives[0] for node in found if name in _called(node.operation)]
    if not slopes:
        raise UnreadableError(f"{name} was not taken of {z!r}")
    return _hull(end for slope in slopes for end in _bound(slope, abs(slope)))


def _called(operation: Operation) -> tuple[str, str]:
    return operation.name, operation.symbol


def _own(operation: Operation, arguments: Sequence[Interval]) -> tuple[Interval, list[Interval]]:
    """A user's operation around its arguments: at their ends and in the middle."""
    grid = [(each.low, (each.low + each.high) / 2, each.high) for each in arguments]
    found = [operation.function(*numbers) for numbers in itertools.product(*grid)]
    slopes = [_wide(each) for each in zip(*(slopes for _, slopes in found), strict=True)]
    return _wide([value for value, _ in found]), slopes


def _wide(numbers: Sequence[float]) -> Interval:
    low, high = _hull(numbers)
    reach = 0.2 * (high - low) + ROUNDING * max(abs(low), abs(high))
    return Interval(low - reach, high + reach)


def _times(a: Dual, b: Dual) -> Dual:
    return a[0] * b[0], a[1] * b[0] + a[0] * b[1]


def _over(a: Dual, b: Dual) -> Dual:
    return a[0] / b[0], (a[1] - a[0] / b[0] * b[1]) / b[0]


def _raised(a: Dual, b: Dual) -> Dual:
    value = _power(a[0], b[0])
    slope = a[1] * b[0] * _power(a[0], b[0] - ONE) if a[1] != ZERO else ZERO
    return value, slope + (b[1] * value * FUNCTIONS["log"](a[0]) if b[1] != ZERO else ZERO)


_ARITHMETIC: Mapping[str, Callable[..., Dual]] = {
    "+": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "−": lambda a, b: (a[0] - b[0], a[1] - b[1]),
    "minus": lambda a: (-a[0], -a[1]),
    "·": _times,
    "/": _over,
    "^": _raised,
}


# The grammar, which is the same in all three once an equation is cut into tokens


class Parser:
    """Tokens to a tree; what could be read in two ways is refused."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = list(tokens)
        self.place = 0
        self.in_bars = False  # where a bar after an operand closes

    def whole(self) -> Tree:
        tree = self.sum()
        if self.place < len(self.tokens):
            raise UnreadableError(f"{self.tokens[self.place]} cannot stand there")
        return tree

    def kind(self) -> Any:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else None

    def take(self, kind: Any = None) -> Token:
        if self.place == len(self.tokens) or (kind and self.kind() != kind):
            raise UnreadableError(f"{kind or 'something'} is missing at {self.place}")
        self.place += 1
        return self.tokens[self.place - 1]

    def sum(self) -> Tree:
        if self.kind() == "−":
            self.take()
            tree: Tree = ("minus", self.product())
        else:
            tree = self.product()
        while self.kind() in ("+", "−"):
            tree = (self.take()[0], tree, self.product())
        return tree

    def product(self) -> Tree:
        tree = self.power()
        divided = False
        while self.kind() in ("·", "/", *ATOMS) or (self.kind() == "|" and not self.in_bars):
            if self.kind() == "/":
                self.take()
                tree, divided = ("/", tree, self.power()), True
                continue
            if divided:
                raise UnreadableError("a / b c could be read in two ways")
            if self.kind() == "·":
                self.take()
            tree = ("·", tree, self.power())
        return tree

    def power(self) -> Tree:
        if self.kind() == "√":
            self.take()
            return ("call", "sqrt", [self.power()])  # √a² reads as the root of a²
        tree = self.atom()
        while self.kind() in ("raised", "^"):
            token = self.take()
            exponent = Parser(token[1]).whole() if token[0] == "raised" else self.atom()
            tree = ("^", tree, exponent)
        return tree

    def atom(self) -> Tree:
        token = self.take()
        match token:
            case ("number" | "name" | "symbol", _):
                return token
            case ("(",):
                return self.inside(")")
            case ("|",):
                return ("call", "abs", [self.inside("|")])
            case ("function", name):
                return ("call", name, self.arguments())
            case ("root", inside):
                return ("call", "sqrt", [Parser(inside).whole()])
            case ("place", place):
                self.take("(")
                return ("place", place, self.inside(")"))
            case ("∂",):
                over = self.atom()
                self.take("/")
                self.take("∂")
                return _partial(over, self.atom())
            case ("fraction", [("∂",), *over], [("∂",), *under]):
                return _partial(*(_one_atom(each) for each in (over, under)))
            case ("fraction", over, under):
                return ("/", Parser(over).whole(), Parser(under).whole())
        raise UnreadableError(f"{token} cannot stand there")

    def inside(self, closing: str) -> Tree:
        outside, self.in_bars = self.in_bars, closing == "|"
        tree = self.sum()
        self.take(closing)
        self.in_bars = outside
        return tree

    def arguments(self) -> list[Tree]:
        self.take("(")
        outside, self.in_bars = self.in_bars, False
        found = [self.sum()]
        while self.kind() == ",":
            self.take()
            found.append(self.sum())
        self.take(")")
        self.in_bars = outside
        return found


ATOMS = ("number", "name", "symbol", "(", "function", "root", "place", "∂", "fraction", "√")


def _one_atom(tokens: Sequence[Token]) -> Tree:
    parser = Parser(tokens)
    tree = parser.atom()
    if parser.place < len(tokens):
        raise UnreadableError("∂ of what is not in brackets")
    return tree


def _partial(over: Tree, under: Tree) -> Tree:
    if under[0] != "name":
        raise UnreadableError("a derivative by what is no name")
    if over[0] == "name":
        return ("total", over[1], under[1])
    return ("partial", over, under[1])


# Text

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?")
_SPECIAL = {"∞": point(math.inf), "NaN": point(math.nan)}


def _plain(text: str, letters: Mapping[str, str]) -> int:
    return int("".join(letters[each] for each in text))


def text_tokens(text: str, names: Mapping[str, Token]) -> Iterator[Token]:
    i = 0
    while i < len(text):
        rest = text[i:]
        name = next((each for each in names if _stands(rest, each)), None)
        if rest[0] == " ":
            i += 1
        elif name is not None:
            yield names[name]
            i += len(name)
        elif special := next((each for each in _SPECIAL if rest.startswith(each)), None):
            yield ("number", _SPECIAL[special])
            i += len(special)
        elif found := _NUMBER.match(rest):
            yield ("number", printed(found[1], _plain(found[2], _RAISED) if found[2] else 0))
            i += found.end()
        elif found := re.match(r"([^\W\d]\w*′?)\(", rest):
            yield ("function", found[1])
            i += len(found[1])
        elif rest[0] == "…":
            yield ("number", ANYTHING)
            i += 1
        elif found := re.match("∂([₀₁₂₃₄₅₆₇₈₉]+)", rest):
            yield ("place", _plain(found[1], _LOWERED))
            i += found.end()
        elif found := re.match("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", rest):
            yield ("raised", [*_signed(_plain(found[0], _RAISED))])
            i += found.end()
        elif rest[0] in "+−·/()|,^√∂":
            yield (rest[0],)
            i += 1
        else:
            raise UnreadableError(f"{rest!r} is no part of a formula")


def _signed(whole: int) -> Iterator[Token]:
    if whole < 0:
        yield ("−",)
    yield ("number", printed(str(abs(whole))))


def _stands(rest: str, name: str) -> bool:
    """Does the name stand there, and not as the beginning of a longer word?"""
    if not rest.startswith(name):
        return False
    after = rest[len(name) : len(name) + 1]
    if name[-1].isalnum() and after.isalpha():
        return False
    return not (after == "(" and name.isidentifier() and name in FUNCTIONS)


# LaTeX

_COMMANDS = {r"\cdot": "·", r"\partial": "∂"}
_LATEX_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?: \\times 10\^\{(-?\d+)\})?")


def latex_tokens(text: str, names: Mapping[str, Token]) -> Iterator[Token]:
    i = 0
    while i < len(text):
        rest = text[i:]
        name = next((each for each in names if rest.startswith(each)), None)
        if name is not None:
            yield names[name]
            i += len(name)
        elif rest[0] == " " or rest.startswith(r"\,"):
            i += 1 if rest[0] == " " else 2
        elif found := re.match(r"\\(?:left|right)(.)", rest):
            yield (found[1],)
            i += found.end()
        elif found := re.match(r"\\infty|\\text\{NaN\}", rest):
            yield ("number", point(math.inf if "infty" in found[0] else math.nan))
            i += found.end()
        elif found := _LATEX_NUMBER.match(rest):
            yield ("number", printed(found[1], int(found[2] or 0)))
            i += found.end()
        elif found := re.match(r"\\(?:cdots|dots)", rest):
            yield ("number", ANYTHING)
            i += found.end()
        elif rest.startswith((r"\frac", r"\sqrt", "^")):
            command = re.match(r"\\frac|\\sqrt|\^", rest)[0]  # type: ignore[index]
            groups, length = _groups(rest[len(command) :], 2 if command == r"\frac" else 1)
            inside = [[*latex_tokens(each, names)] for each in groups]
            yield ({r"\frac": "fraction", r"\sqrt": "root", "^": "raised"}[command], *inside)
            i += len(command) + length
        elif found := re.match(r"\\partial_\{(\d+)\}", rest):
            yield ("place", int(found[1]))
            i += found.end()
        elif rest.startswith(r"\operatorname"):
            (word,), length = _groups(rest[len(r"\operatorname") :], 1)
            i += len(r"\operatorname") + length
            yield ("function", word.replace(r"\_", "_") + "′" * text[i:].startswith("'"))
            i += text[i:].startswith("'")
        elif found := re.match(r"\\([a-z]+)('?)", rest):
            word = "\\" + found[1]
            function = ("σ" if word == r"\sigma" else found[1]) + "′" * len(found[2])
            yield (_COMMANDS[word],) if word in _COMMANDS else ("function", function)
            i += found.end()
        elif rest[0] in "+-,()|":
            yield (rest[0].replace("-", "−"),)
            i += 1
        else:
            raise UnreadableError(f"{rest!r} is no part of a formula")


def _groups(text: str, count: int) -> tuple[list[str], int]:
    """So many {…} {…} at the beginning, and how long they are."""
    found, start = [], 0
    for _ in range(count):
        depth, i = 0, start
        while True:
            if i >= len(text) or (depth == 0 and text[i] != "{"):
                raise UnreadableError(f"{text!r} does not begin with a group")
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            i += 2 if text[i] == "\\" else 1
            if depth == 0:
                break
        found.append(text[start + 1 : i - 1])
        start = i
    return found, start


# MathML


def mathml_tokens(markup: str, names: Mapping[str, Token]) -> Iterator[Token]:
    yield from _row([*_parsed(markup)], names)


def _parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<mrow>{markup}</mrow>")


def _spelling(row: ElementTree.Element) -> str:
    (one,) = row if len(row) == 1 else (row,)
    return ElementTree.tostring(one, encoding="unicode")


def _row(elements: Sequence[ElementTree.Element], names: Mapping[str, Token]) -> Iterator[Token]:
    i = 0
    while i < len(elements):
        each, text = elements[i], elements[i].text or ""
        after = elements[i + 1].text if i + 1 < len(elements) else None
        i += 1
        if (spelling := ElementTree.tostring(each, encoding="unicode")) in names:
            yield names[spelling]
        elif each.tag == "mn" and after == "×":
            exponent = elements[i + 1][1].text or ""
            yield ("number", printed(text, int(exponent.replace("−", "-"))))
            i += 2
        else:
            yield from _element(each, text, after, names)


def _element(
    each: ElementTree.Element, text: str, after: str | None, names: Mapping[str, Token]
) -> Iterator[Token]:
    inside = [[*_row([child], names)] for child in each] if each.tag != "mrow" else []
    if each.tag == "mrow" and after == "\u2061":
        yield ("function", "".join(part.text or "" for part in each))
    elif each.tag == "mrow":
        yield from _row([*each], names)
    elif text == "⋯":
        yield ("number", ANYTHING)
    elif each.tag == "mn":
        yield ("number", _SPECIAL.get(text) or printed(text))
    elif each.tag == "mi" and after == "\u2061":
        yield ("function", text)
    elif each.tag == "mo" and text in ("\u2061", "\u2062"):
        return
    elif each.tag == "mo":
        yield (text,)
    elif each.tag == "msqrt":
        yield ("root", [token for part in inside for token in part])
    elif each.tag == "mfrac":
        yield ("fraction", *inside)
    elif each.tag == "msup":
        yield from inside[0]
        yield ("raised", inside[1])
    elif each.tag == "msub" and inside[0] == [("∂",)]:
        yield ("place", int(each[1].text or ""))
    else:
        raise UnreadableError(f"{ElementTree.tostring(each)!r} is no part of a formula")


# Equations


class Equation(NamedTuple):
    """The sides of an equation; the first gains the others where it is written with +=."""

    sides: list[Tree]
    gains: bool


def read(equation: str, notation: Any, binding: Binding) -> Equation:
    """An equation of TEXT, LATEX or MATHML as trees."""
    names = binding.spelled(notation)
    if notation is MATHML:
        tokens = [*mathml_tokens(equation, names)]
    else:
        equation = equation.replace("&", "").replace(r"\mathrel{+}=", "+=")
        cut = text_tokens if notation is TEXT else latex_tokens
        pieces = re.split(r"(?<!\\)(\+?=)", equation)
        tokens = [
            token
            for piece in pieces
            for token in ([(piece,)] if piece in ("=", "+=") else cut(piece, names))
        ]
    sides: list[list[Token]] = [[]]
    for token in tokens:
        if token[0] in ("=", "+="):
            sides.append([])
        else:
            sides[-1].append(token)
    return Equation([Parser(each).whole() for each in sides], ("+=",) in tokens)


def faults(equation: str, notation: Any, binding: Binding) -> list[str]:
    """What is not true in an equation; [] if it is true."""
    try:
        sides, gains = read(equation, notation, binding)
        values = [evaluate(each, binding)[0] for each in sides[gains:]]
    except UnreadableError as error:
        return [f"{equation}: {error}"]
    pairs = itertools.combinations(values, 2)
    apart = [f"{a} is not {b}" for a, b in pairs if not a.meets(b)]
    return [f"{equation}: {', '.join(apart)}"] if apart else []


def equations(shown: str, notation: Any) -> list[str]:
    """The equations in what a step, a derivation or an explanation shows."""
    if notation is MATHML:
        table = ElementTree.fromstring(shown)
        return ["".join(map(_markup, cell)) for cell in table.iter("mtd")]
    if notation is LATEX:
        blocks = re.findall(r"\\begin\{aligned\}\n(.*?)\n\\end\{aligned\}", shown, re.DOTALL)
        lines = [line for block in blocks for line in re.split(r" \\\\\n|, \\quad ", block)]
        return _joined(line.replace("&", "") for line in lines)
    lines = [_bare(line) for line in shown.splitlines()]
    parts = [
        line.split(",  ") if line.startswith(" ") else re.split(" {4}(?=[^ =])", line)
        for line in lines
    ]
    return _joined(
        each for part in parts for each in part if "=" in each or each.strip()[:1] == "+"
    )


def _bare(line: str) -> str:
    """A line without a total, the number of an equation, or the words of a heading."""
    if "⁽ᵏ" in line or re.match(r"k = |\s+\S+′\(z\)", line):  # of no layer, or no unit
        return ""
    line = re.sub(r"^ {0,2}[123,]+\. {1,2}(?=∂)", " " * 6, line.partition("  total ")[0])
    return re.sub(r"^[^∂=]*[^∂=\s][:：] ?(?=.* = )", "", line)


def _markup(element: ElementTree.Element) -> str:
    return ElementTree.tostring(element, encoding="unicode")


def _joined(lines: Iterable[str]) -> list[str]:
    """Lines that begin with an equals sign, or a plus, go on with the equation before."""
    found: list[str] = []
    for line in lines:
        if line.strip().startswith(("=", "+")):
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.strip())
    return found
