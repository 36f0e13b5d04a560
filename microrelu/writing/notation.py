"""How labels, numbers and formulas are set: as plain text, as LaTeX, as MathML.

A formula comes in Python's arithmetic, from `operations.py`; one walk over its syntax tree sets it
in any of the three, with brackets where they are needed only.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import NamedTuple

from microrelu.text import split_label
from microrelu.writing.figures import LOWERED, RAISED, indexed, number
from microrelu.writing.formula import fold

# How tightly a piece holds together; a label that is no name (a+b) is bracketed in any formula.
LITERAL, SUM, NEGATIVE, QUOTIENT, PRODUCT, POWER, ATOM = range(-1, 6)
PRIMES = {"′": 1, "″": 2}
MINUS = re.compile("(<m[a-z]+>)*[−-]")  # what a term begins with that is bracketed in a sum
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot"}


class Part(NamedTuple):
    """A piece of a formula, set, with how tightly it holds together."""

    text: str
    level: int = ATOM
    number: float | None = None  # its value, where it is nothing but a number
    is_divided: bool = False  # in text: is it a quotient, which goes on as one, a / b c?
    difference: float | None = None  # its value, where it is one number less another


class Notation:
    """Plain text, and what the other two share; a subclass gives its own templates.

    `write` sets a formula of Python's arithmetic. `@` stands for a product with its dot shown, `*`
    for one without, where a reader needs none.
    """

    templates: Mapping[str, str] = {
        "+": "%s + %s", "-": "%s − %s", "*": "%s %s", "@": "%s · %s", "/": "%s / %s",
        "negate": "−%s", "brackets": "(%s)", "abs": "|%s|", "sqrt": "√%s", "call": "%s(%s)",
        "comma": ", ", "equals": " = ", "gains": " += ", "partial": "∂%s/∂%s", "place": "∂%s(%s)",
        "sum over": "Σ%s %s", "prime": "%s′", "left out": "…",
    }  # fmt: skip
    functions: Mapping[str, str] = {"sigmoid": "σ"}
    fraction_bar = False  # is a fraction set over a bar, and so needs no brackets inside?

    def name(self, label: str) -> Part:
        """A label with its superscript and subscript, or as literal text."""
        base, above, below, mark = parts = split_label(label)
        if not parts.is_name:
            return self._literal(base, mark)
        raised = indexed(f"({above})", RAISED) if above else ""
        is_word = len(below) > 1 and below.isalpha() and not is_general(below)
        lowered = None if is_word else indexed(below, LOWERED)
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
        return indexed(str(place), LOWERED) or ""

    def left_out(self) -> Part:
        """What stands for the terms of a sum that are not written out."""
        return Part(self.templates["left out"])

    def sum_over(self, index: str, term: Part) -> Part:
        """Σ over one index of a product."""
        return Part(self.templates["sum over"] % (self._index(index), term.text), PRODUCT)

    def _index(self, index: str) -> str:
        return indexed(index, LOWERED) or index

    def prime(self, function: str, operand: Part) -> Part:
        """The derivative of a function of one operand, tanh′(z)."""
        primed = self.templates["prime"] % self._function(function)
        return Part(self.templates["call"] % (primed, self._bracket(operand, LITERAL)))

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
        return reduce(partial(self._binary, "+"), parts)

    def term(self, part: Part) -> Part:
        """A sum in brackets, to be one term of another."""
        return part if part.level > SUM else Part(self._bracket(part, NEGATIVE))

    def product(self, parts: Sequence[Part]) -> Part:
        """The parts with dots between them."""
        return reduce(partial(self._binary, "@"), parts)

    def write(self, formula: str, names: Mapping[str, Part]) -> Part:
        """Set a formula with each name in it replaced by its part."""
        part = fold(
            formula,
            number=self.number,
            name=lambda name: names.get(name) or self.name(name),
            negate=self._negative,
            binary=self._binary,
            call=self._call,
        )
        return Part(self._bracket(part, SUM)) if part.level == LITERAL else part

    def _negative(self, operand: Part) -> Part:
        return Part(self.templates["negate"] % self._bracket(operand, PRODUCT), NEGATIVE)

    def _binary(self, sign: str, left: Part, right: Part) -> Part:
        if sign == "**":  # 3 − 1, from the derivative of a cube, is set as 2
            known = right.difference
            return self._power(left, right if known is None else self.number(known))
        if sign in "+-":
            lowest = QUOTIENT if sign == "-" or MINUS.match(right.text) else SUM
            sides = self._bracket(left, SUM), self._bracket(right, lowest)
            difference = None
            if sign == "-" and left.number is not None and right.number is not None:
                difference = left.number - right.number
            return Part(self.templates[sign] % sides, SUM, difference=difference)
        if sign == "/" and self.fraction_bar:
            return Part(self.templates[sign] % (left.text, right.text), PRODUCT)
        if sign == "*" and right.number is not None:
            sign = "@"
        level, lowest = (QUOTIENT, POWER) if sign == "/" else (PRODUCT, PRODUCT)
        ambiguous = left.is_divided and sign != "/"  # 1 / 2 · x reads as 1 / (2 · x)
        sides = (
            self._bracket(left, ATOM if ambiguous else NEGATIVE),
            self._bracket(right, lowest),
        )
        level = NEGATIVE if left.level == NEGATIVE else level
        return Part(self.templates[sign] % sides, level, is_divided=sign == "/")

    def _power(self, base: Part, exponent: Part) -> Part:
        raised = indexed(exponent.text, RAISED) or "^" + self._bracket(exponent, ATOM)
        return Part(self._bracket(base, ATOM) + raised, POWER)

    def _call(self, function: str, arguments: list[Part]) -> Part:
        if function == "sqrt":
            root = self.templates["sqrt"] % self._under_root(arguments[0])
            return Part(root, ATOM if self.fraction_bar else POWER)
        if function == "abs":
            return Part(self.templates["abs"] % self._bracket(arguments[0], SUM))
        lowest = SUM if len(arguments) > 1 else LITERAL
        inner = self.templates["comma"].join(
            self._bracket(argument, lowest) for argument in arguments
        )
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
        "+": "%s + %s", "-": "%s - %s", "*": r"%s \, %s", "@": r"%s \cdot %s",
        "/": r"\frac{%s}{%s}", "negate": "-%s", "brackets": r"\left(%s\right)",
        "abs": r"\left|%s\right|", "sqrt": r"\sqrt{%s}", "call": r"%s\left(%s\right)",
        "comma": ", ", "equals": " = ", "gains": r" \mathrel{+}= ",
        "partial": r"\frac{\partial %s}{\partial %s}",
        "place": r"\partial_{%s}\left(%s\right)",
        "sum over": r"\sum_{%s} %s", "prime": "%s'",
        "left out": r"\cdots",
    }  # fmt: skip
    functions: Mapping[str, str] = {
        "sigmoid": r"\sigma",
        **{known: rf"\{known}" for known in ("exp", "log", "sin", "cos", "tanh", "max", "min")},
    }
    fraction_bar = True

    def name(self, label: str) -> Part:  # noqa: D102
        base, above, below, mark = parts = split_label(label)
        if not parts.is_name:
            return self._literal(base, mark)
        primes = r"\prime" * PRIMES.get(mark, 0)
        above = (f"({_latex_index(above)})" if above else "") + primes
        raised = f"^{{{above}}}" if above else ""
        lowered = f"_{{{_latex_index(below)}}}" if below else ""
        text = _latex_letters(base) + raised + lowered + ("" if primes else mark)
        return Part(text, POWER if above or mark else ATOM)

    def _literally(self, text: str) -> str:
        return rf"\text{{{_latex_text(text)}}}"

    def _mark(self, mark: str) -> str:
        return "'" * PRIMES.get(mark, 0) or mark

    def _place(self, place: int) -> str:
        return str(place)

    def _index(self, index: str) -> str:
        return index

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
            for kind, sign in {"+": "+", "-": "−", "*": "&#x2062;", "@": "·"}.items()
        },
        "/": "<mfrac>%s%s</mfrac>",
        "negate": "<mrow><mo>−</mo>%s</mrow>",
        "brackets": "<mrow><mo>(</mo>%s<mo>)</mo></mrow>",
        "abs": "<mrow><mo>|</mo>%s<mo>|</mo></mrow>",
        "sqrt": "<msqrt>%s</msqrt>",
        "call": "<mrow>%s<mo>&#x2061;</mo><mrow><mo>(</mo>%s<mo>)</mo></mrow></mrow>",
        "comma": "<mo>,</mo>",
        "equals": "<mo>=</mo>",
        "gains": "<mo>+=</mo>",
        "partial": "<mfrac><mrow><mo>∂</mo>%s</mrow><mrow><mo>∂</mo>%s</mrow></mfrac>",
        "place": "<mrow><msub><mo>∂</mo><mn>%s</mn></msub><mo>(</mo>%s<mo>)</mo></mrow>",
        "sum over": "<mrow><munder><mo>∑</mo><mi>%s</mi></munder>%s</mrow>",
        "prime": "<mrow>%s<mo>′</mo></mrow>",
        "left out": "<mi>⋯</mi>",
    }
    fraction_bar = True

    def name(self, label: str) -> Part:  # noqa: D102
        base, above, below, mark = parts = split_label(label)
        if not parts.is_name:
            return self._literal(base, mark)
        prime, bracketed = (self._mark(mark), "") if mark in PRIMES else ("", self._mark(mark))
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
        if not mark or mark in PRIMES:
            return f"<mo>{mark}</mo>" if mark else ""
        return f"<mo>[</mo><mn>{mark[1:-1]}</mn><mo>]</mo>"

    def _place(self, place: int) -> str:
        return str(place)

    def _index(self, index: str) -> str:
        return index

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


def is_general(below: str) -> bool:
    """Are these indices in general, the ij of W_ij, and no word?"""
    return len(below) == 2 and len({*below}) == 2 and {*below} <= {*"ijk"}


def _latex_index(text: str) -> str:
    """An index as it is if it is made of numbers and single letters; as text if of words."""
    words = re.split("[,+−-]", text)
    return (
        text
        if all(len(word) == 1 or word.isdecimal() or is_general(word) for word in words)
        and "_" not in text
        else rf"\text{{{_latex_text(text)}}}"
    )


def _plain(raised: str, minus: str = "-") -> str:
    return "".join(minus if letter == "⁻" else str(unicodedata.digit(letter)) for letter in raised)


def _mathml_index(text: str) -> str:
    if is_general(text):
        return f"<mrow><mi>{text[0]}</mi><mi>{text[1]}</mi></mrow>"
    if found := re.fullmatch(r"([ijk])\+(\d)", text):
        return f"<mrow><mi>{found[1]}</mi><mo>+</mo><mn>{found[2]}</mn></mrow>"
    return f"<mn>{text}</mn>" if re.fullmatch(r"[\d,]+", text) else f"<mi>{text}</mi>"


def _latex_text(text: str) -> str:
    escapes = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    escapes |= {letter: f"\\{letter}" for letter in "{}$&#_%"} | {"\n": " "}
    return "".join(escapes.get(letter, letter) for letter in text)


def _latex_letters(base: str) -> str:
    parts = unicodedata.normalize("NFD", base)
    if parts[1:] in _ACCENTS:
        return rf"\{_ACCENTS[parts[1:]]}{{{parts[0]}}}"
    return base if len(base) == 1 and base.isalpha() else rf"\mathit{{{_latex_text(base)}}}"


def aligned(lines: Iterable[str]) -> str:
    """Equations in LaTeX as an `aligned` environment."""
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
