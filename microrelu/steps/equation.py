"""A gradient, or another quantity, as the sum that it is; and the lines that it takes.

An equation that does not fit the columns of a terminal has its symbols and its numbers on lines of
their own. Where several of a kind stand below each other their equals signs do so too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from microrelu.engine import Value
from microrelu.operations import log_sum_exp, total, weighted_sum
from microrelu.steps.graph import unrepeated
from microrelu.text import align, text_width
from microrelu.writing.notation import LATEX, SUM, TEXT, Notation, Part
from microrelu.writing.writer import LONGEST_FORMULA, Writer

WIDTH = 80  # columns of a terminal; what is longer is broken
FEW = 3  # classes that are all written in the sum of a softmax
LARGEST = 8  # terms of a sum, and units of a layer whose equations are all written out

Term = tuple[Part, Part]  # in symbols, and in numbers


class Equation(NamedTuple):
    """A gradient as the sum that it is, in symbols, in numbers, and what these come to.

    Attributes:
        left: The gradient.
        symbols: The terms of the sum.
        numbers: The same terms in numbers.
        result: The gradient's number.
    """

    left: Part
    symbols: list[Part]
    numbers: list[Part]
    result: Part

    def sides(self, notation: Notation) -> list[Part]:
        """The left side, then what it equals, nothing twice."""
        sums = [notation.sum(terms) for terms in (self.symbols, self.numbers) if terms]
        return unrepeated([self.left, *sums, self.result])


# Made of terms


def levels(terms: list[Term], writer: Writer) -> tuple[list[Part], list[Part]]:
    """The terms in symbols, and in numbers; a term that is a sum is bracketed among others."""
    symbols, numbers = [symbol for symbol, _ in terms], [number for _, number in terms]
    if len(terms) > 1:
        symbols, numbers = (_summands(level, writer) for level in (symbols, numbers))
    return symbols, numbers


def _summands(terms: list[Part], writer: Writer) -> list[Part]:
    """The terms of a sum; a number less than 0 is subtracted from the first, p − 1."""
    first, second, *others = map(writer.notation.term, terms)
    if second.number is None or second.number >= 0 or others:
        return [first, second, *others]
    return [
        writer.notation.write("p - t", {"p": first, "t": writer.notation.number(-second.number)})
    ]


def product(upstream: Term | None, local: Term, writer: Writer) -> Term:
    """Both as one term, in symbols and in numbers, without factors that are 1 whatever happens."""
    if upstream is None:
        return local
    if local[0].text == writer.notation.number(1.0).text:
        return upstream
    symbols, numbers = zip(upstream, local, strict=True)
    return writer.notation.product(symbols), writer.notation.product(numbers)


def shortened(equation: Equation, writer: Writer) -> Equation:
    """The equation with the first term and the last, where there are very many."""
    if len(equation.symbols) <= LARGEST:
        return equation
    dots = writer.notation.left_out()
    symbols, numbers = (
        [terms[0], dots, terms[-1]] if terms else []
        for terms in (equation.symbols, equation.numbers)
    )
    return equation._replace(symbols=symbols, numbers=numbers)


def briefly(node: Value, writer: Writer, numbers: bool = False) -> Part:
    """What a node was made of, or its operation's symbol where that is too long for a line."""
    if node.operation is log_sum_exp and len(node.parents) > FEW:
        parts = [writer.number(z) if numbers else writer.node(z) for z in node.parents]
        return writer.notation.write("log(all)", {"all": exps(parts, writer)})
    is_sum = node.operation is total or node.operation is weighted_sum
    text = writer.in_notation(TEXT).value(node, numbers=numbers).text
    if is_sum or node.operation is None or text_width(text) <= WIDTH:
        return writer.value(node, numbers=numbers)
    return Part(writer.notation.name(node.operation.symbol).text, SUM)


def exps(operands: Sequence[Part], writer: Writer) -> Part:
    """Σ exp(z) term by term; of many the first and the last."""
    shown = operands if len(operands) <= FEW else [operands[0], operands[-1]]
    terms = [writer.notation.write("exp(z)", {"z": z}) for z in shown]
    if len(operands) > FEW:
        terms.insert(1, writer.notation.left_out())
    return writer.notation.sum(terms)


def as_made(node: Value, writer: Writer) -> Equation:
    """How a node was made: of a sum, each term by itself."""
    symbols, numbers = [briefly(node, writer)], [briefly(node, writer, numbers=True)]
    if node.operation is weighted_sum or node.operation is total:
        symbols, numbers = (_terms(node, setter, writer) for setter in (writer.node, writer.number))
    elif not 0 < len(node.parents) <= LONGEST_FORMULA or symbols == numbers:
        numbers = []
    return Equation(writer.node(node), symbols, numbers, writer.number(node))


def _terms(node: Value, setter: Callable[[Value], Part], writer: Writer) -> list[Part]:
    parts = [setter(parent) for parent in node.parents]
    if node.operation is total:
        return parts
    half = len(parts) // 2
    pairs = zip(parts[:half], parts[half:-1], strict=True)
    return [*(writer.notation.write("w * x", {"w": w, "x": x}) for w, x in pairs), parts[-1]]


# Its lines


def in_lines(equations: Iterable[Equation], start: str = "") -> Iterator[str]:
    """Equations of text below each other, the first after `start`, the others as far in.

    Those that are alike and fit a line each have their equals signs below each other.
    """
    indent = " " * text_width(start)
    for _, alike in groupby(equations, lambda each: (len(each.sides(TEXT)), len(each.symbols))):
        members = [*alike]
        rows = [each.sides(TEXT) for each in members]
        cells = [[row[0].text, *(f"= {side.text}" for side in row[1:])] for row in rows]
        lines = align(cells)
        if len(indent) + max(map(text_width, lines)) > WIDTH:
            lines = [line for each in members for line in _broken(each, len(indent))]
        for line in lines:
            yield start + line
            start = indent


def _broken(equation: Equation, indented: int) -> Iterator[str]:
    """An equation as one line of text, or as one of symbols and one of numbers; or as more."""
    whole = TEXT.equation(*equation.sides(TEXT))
    if indented + text_width(whole) <= WIDTH or not equation.symbols:
        yield whole
        return
    left = equation.left.text
    indent = " " * text_width(left)
    room = WIDTH - indented - len(indent)
    symbols, numbers = (_wrapped(terms, room) for terms in equation[1:3])
    found = [symbols, *([numbers] if numbers and numbers != symbols else [])]
    result = f" = {equation.result.text}"
    if 5 + text_width(found[-1][-1] + result) <= room:
        found[-1][-1] += result
    else:
        found.append([equation.result.text])
    for level in found:
        yield f"{left} = {level[0]}"
        yield from (f"{indent}   + {line}" for line in level[1:])
        left = indent


def _wrapped(terms: list[Part], room: int) -> list[str]:
    """A sum in lines, each with as many terms as fit; all but the first follow a plus."""
    lines: list[str] = []
    for term in _pieces(terms):
        if lines and 8 + text_width(f"{lines[-1]}{term}") <= room:
            lines[-1] += f" + {term}"
        else:
            lines.append(term)
    return lines


def _pieces(terms: list[Part]) -> list[str]:
    """What may stand on lines of their own: the terms, or those within the brackets of the one."""
    if len(terms) == 1 and terms[0].text.startswith("("):
        return _within(terms[0].text)
    pieces, before = [], ""
    for count in range(1, len(terms) + 1):
        whole = TEXT.sum(terms[:count]).text
        pieces.append(whole[len(before) :].removeprefix(" + "))
        before = whole
    return pieces


def _within(text: str) -> list[str]:
    """The text cut at each plus that stands in no more than one pair of brackets."""
    pieces, depth = [""], 0
    for part in text.split(" + "):
        if depth > 1:
            pieces[-1] += " + "
        elif pieces[-1]:
            pieces.append("")
        pieces[-1] += part
        depth += part.count("(") - part.count(")")
    return pieces


def latex_lines(equation: Equation) -> list[str]:
    """An equation as lines of an `aligned` environment: of a sum, symbols and numbers have one."""
    sides = equation.sides(LATEX)
    if len(equation.symbols) < 2:
        return [LATEX.equation(*sides, aligned=True)]
    left, symbols, *others = (side.text for side in sides)
    return [f"{left} &= {symbols}", *([f"&= {' = '.join(others)}"] if others else [])]


def beside_each_other(pieces: Sequence[str], room: int = WIDTH) -> list[str]:
    """Short pieces in lines, each with as many as fit, a comma between them."""
    lines: list[str] = []
    for piece in pieces:
        if lines and text_width(lines[-1]) + 3 + text_width(piece) <= room:
            lines[-1] += f",  {piece}"
        else:
            lines.append(piece)
    return lines
