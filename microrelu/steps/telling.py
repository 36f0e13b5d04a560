"""The backward pass of a network as it is told: the general equations, then layer by layer.

`by_layers.py` has the equations; here they get their headings, and what is too much to be written
out becomes a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from microrelu.engine import Value
from microrelu.operations import total, weighted_sum
from microrelu.steps.by_layers import (
    LARGEST,
    WIDTH,
    ByLayers,
    Equation,
    Section,
    briefly,
    shortened,
)
from microrelu.steps.structure import Layer
from microrelu.text import align, layer_of, text_width
from microrelu.writing.figures import number
from microrelu.writing.formula import written
from microrelu.writing.notation import LATEX, SUM, TEXT, Part, aligned
from microrelu.writing.writer import LONGEST_FORMULA, Writer

BOTH = "1,2"  # equations 1 and 2 combined
WIDEST = 100  # where an equation and its sentence stand side by side
LARGEST_TABLE = 16  # rows and columns
FIRST = 3  # of many that are alike, with the last


class General(NamedTuple):
    """One of the three general equations, or the formula of an f′, and what it says."""

    number: int | str | None
    sides: list[Part]
    sentence: str


class Table(NamedTuple):
    """Numbers in rows; the first row and the first cell of each are headings."""

    rows: list[list[str]]


class Entry(NamedTuple):
    """Equations, the first with the number of its general equation; or a sentence, or a table."""

    number: int | str | None
    what: list[Equation] | str | Table


class Telling:
    """What is told of a network's backward pass, for one writer.

    Args:
        layers: The equations.
        writer: Notation and language.
    """

    def __init__(self, layers: ByLayers, writer: Writer) -> None:
        self.layers, self.writer = layers, writer
        zs = [unit.z for layer in layers.layers for unit in layer.units]
        numbers = {z: layer.number for z, layer in layers.layer_of.items()}
        self.is_labelled = all(layer_of(z.label) in (None, numbers[z]) for z in zs)

    # The general equations

    def title(self) -> str:
        """What i, j and k are."""
        letters = {letter: self._inline(letter) for letter in "ijk"}
        following = self.writer.in_sentence(Part("k + 1"))
        return self.writer.say("by layers", **letters, next=following)

    def general(self) -> Iterator[General]:
        """The three equations in i and j, equation 1 where there is any activation."""
        notation, say = self.writer.notation, self.writer.say
        d, name = self._gradient, notation.name
        z, r, w = d("z(k+1)_j"), d("r(k)_i"), d("W(k)_ij")
        if slope := self._slope():
            sides = [z, notation.product([d("r(k+1)_j"), slope])]
            yield General(1, sides, say("through"))
        fed = notation.sum_over("j", notation.product([z, name("W(k)_ij")]))
        yield General(2, [r, fed], say("summed", i=self._inline("i")))
        if slope and self.layers.is_combined:
            own = self._slope("k", "i") or slope
            sides = [d("z(k)_i"), notation.product([notation.term(fed._replace(level=SUM)), own])]
            yield General(BOTH, sides, say("both"))
        bias = Part(notation.equation(d("b(k)_j"), z))
        sentence = say("to weights", bias=self.writer.in_sentence(bias))
        yield General(3, [w, notation.product([z, name("r(k)_i")])], sentence)
        yield from self._primes()

    def _slope(self, layer: str = "k+1", unit: str = "j") -> Part | None:
        """What stands for f′ in equation 1: Step, f′ under its name, or ∂r/∂z."""
        notation, layers = self.writer.notation, self.layers
        units = [unit for unit in layers.units.values() if not unit.is_linear]
        z = notation.name(f"z({layer})_{unit}")
        kinds = {layers.primes.get(unit.r) or _operation(unit.between) for unit in units}
        if not kinds:
            return None
        if kinds == {"relu"}:
            return notation.write("Step(z)", {"z": z})
        if "" in kinds or kinds - {"relu"} - {*layers.primes.values()}:
            return notation.partial(notation.name(f"r({layer})_{unit}"), z)
        return notation.prime(kinds.pop() if len(kinds) == 1 else "f", z)

    def _primes(self) -> Iterator[General]:
        """The formula of each f′, once."""
        notation, z = self.writer.notation, self.writer.notation.name("z")
        for name, r in {name: r for r, name in self.layers.primes.items()}.items():
            row = written(r)
            others = map(self.writer.node, r.parents[1:])
            parts = dict(zip(row.operands, (z, *others), strict=True))
            function = notation.write(f"{name}({', '.join(row.operands)})", parts)
            sides = [notation.prime(name, z)]
            sides += [notation.write(derivative, parts) for derivative in row.derivatives[:1]]
            told = self.writer.say("derivative of", function=self.writer.in_sentence(function))
            yield General(None, sides, told)

    def _gradient(self, label: str) -> Part:
        notation = self.writer.notation
        return notation.partial(self.writer.node(self.layers.graph.root), notation.name(label))

    def _inline(self, letter: str) -> str:
        return self.writer.in_sentence(self.writer.notation.name(letter))

    # Layer by layer

    def sections(self) -> Iterator[tuple[str, list[Entry]]]:
        """A heading for each section, and what stands below it."""
        for section in self.layers.sections:
            entries = [*self._entries(section)]
            if section.number == 0:
                entries = [*self._start(), *entries]
            yield self._heading(section), entries

    def _heading(self, section: Section) -> str:
        if section.number == 0:
            root = self.layers.graph.root
            if self.layers.is_of_a_unit(root):
                return self.writer.say("seed", node=self.writer.inline(root))
            made = self.layers.made_of(root, self.writer)
            cost = Part(self.writer.notation.equation(self.writer.node(root), made))
            return self.writer.say("cost", cost=self.writer.in_sentence(cost))
        layers = [layer for layer in self.layers.layers if layer.number == section.number]
        is_linear = all(unit.is_linear for layer in layers for unit in layer.units)
        lower = section.number - 1
        key = ("linear " if is_linear else "") + ("to layer" if lower else "to inputs")
        k = self.writer.in_sentence(Part(f"k = {lower}"))
        return self.writer.say(key, k=k, upper=section.number, lower=lower)

    def _start(self) -> Iterator[Entry]:
        """The root's own gradient where it is a unit; else the cost's inner nodes, defined."""
        root, writer = self.layers.graph.root, self.writer
        if self.layers.is_of_a_unit(root):
            one = writer.notation.number(1.0)
            yield Entry(None, [Equation(writer.gradient(root), [], [], one)])
            return
        if shares := self.layers.shares(writer):
            yield from self._softmax(shares)
        for node in self.layers.inside_cost:
            yield Entry(None, [self.layers.definition(node, writer)])

    def _softmax(self, shares: list[Equation]) -> Iterator[Entry]:
        """What p is, once, and the numbers of each."""
        yield Entry(None, shares if len(shares) <= LARGEST else [*shares[:FIRST], shares[-1]])

    def _entries(self, section: Section) -> Iterator[Entry]:
        layers = [layer for layer in self.layers.layers if layer.number == section.number]
        is_large = any(max(len(layer.units), len(layer.inputs)) > LARGEST for layer in layers)
        for equation, nodes in section.groups:
            shown_as: int | str | None = equation
            hidden = len(nodes) - FIRST - 1 if is_large or not layers else 0
            is_cut = hidden > 1 and (is_large or len(nodes) > LARGEST)
            shown = [*nodes[:FIRST], nodes[-1]] if is_cut else nodes
            for node in shown:
                unit = self.layers.units.get(node)
                if equation == 1 and shown_as and unit and unit.r in self.layers.combined:
                    shown_as = BOTH
                yield Entry(shown_as, self._equations(node))
                shown_as = None
                if (remark := self._remark(node)) is not None:
                    yield Entry(None, remark)
            if is_cut:
                yield Entry(None, self.writer.say("alike", count=hidden))
                yield from [Entry(None, table) for table in self._tables(equation, nodes, layers)]

    def _equations(self, node: Value) -> list[Equation]:
        return [shortened(each, self.writer) for each in self.layers.equations(node, self.writer)]

    def _remark(self, z: Value) -> str | None:
        """What the activation is at its kink is by convention, and said."""
        unit = self.layers.units.get(z)
        if unit is None or unit.is_linear or self.layers.equation_of(z) != 1:
            return None
        for node in unit.between:
            step = self.layers.graph.step_of[node]
            if step.is_at_kink and step.contributions:
                slope = self.writer.notation.number(step.contributions[0].local_derivative)
                named, told = self.writer.inline(z), self.writer.in_sentence(slope)
                return self.writer.say("unit at kink", z=named, slope=told)
        return None

    # Tables

    def _tables(
        self, equation: int | None, nodes: list[Value], layers: list[Layer]
    ) -> Iterator[Table]:
        if equation != 3:
            told = [node for node in nodes if not self.layers.is_passed_over(node)]
            if equation is None and told[0] in self.layers.layer_of:  # outputs, which C is made of
                equation, layers = 1, [self.layers.layer_of[told[0]]]
            letter = {1: "j", 2: "i"}.get(equation or 0, "")
            yield from self._row(self._symbol(equation, layers, letter), told)
            return
        for layer in layers:
            if len(layer.units) == 1:
                yield from self._row(self._symbol(3, [layer], "i"), layer.units[0].weights)
            else:
                yield from self._matrix(layer)

    def _row(self, symbol: str, nodes: Sequence[Value]) -> Iterator[Table]:
        for some in _cut(nodes, self._columns(nodes)):
            heads = [self._place(place) for place, _ in some]
            yield Table([[symbol, *heads], ["", *(self._number(node) for _, node in some)]])

    def _matrix(self, layer: Layer) -> Iterator[Table]:
        """∂C/∂W of a layer: a row for each unit i below it, a column for each of its units j."""
        most = LARGEST_TABLE if len(layer.inputs) * len(layer.units) <= LARGEST**2 else FIRST
        weights = [weight for unit in layer.units for weight in unit.weights]
        for some in _cut(layer.units, self._columns(weights), most):
            table = [[self._symbol(3, [layer], "ij"), *(self._place(j) for j, _ in some)]]
            for [(i, _)] in _cut(layer.inputs, 1, most):
                row = [None if i is None or not unit else unit.weights[i] for _, unit in some]
                table.append([self._place(i), *map(self._number, row)])
            yield Table(table)

    def _columns(self, nodes: Sequence[Value]) -> int:
        """How many numbers fit a line beside a symbol."""
        steps = [self.layers.graph.step_of.get(node) for node in nodes]
        widest = max(text_width(number(step.upstream)) for step in steps if step is not None)
        return min(LARGEST, (WIDTH - 20) // (widest + 2))

    def _symbol(self, equation: int | None, layers: list[Layer], letter: str) -> str:
        if not layers or equation is None:
            return ""
        upper = layers[0].number
        base, above = {1: ("z", upper), 2: ("r", upper - 1), 3: ("W", upper - 1)}[equation]
        return self._gradient(f"{base}({above})_{letter}").text

    def _place(self, place: int | None) -> str:
        return "…" if place is None else str(place + 1)

    def _number(self, node: Value | None) -> str:
        if node is None:
            return "…"
        step = self.layers.graph.step_of.get(node)
        return "" if step is None else self.writer.notation.number(step.upstream).text


def _operation(between: Sequence[Value]) -> str:
    """The operation of an activation of one; "" of several."""
    if len(between) != 1 or between[0].operation is None:
        return ""
    return between[0].operation.name


def _cut(
    members: Sequence[Any], size: int = LARGEST, most: int = LARGEST_TABLE
) -> Iterator[list[tuple[int | None, Any]]]:
    """The members with their places, so many at a time; of very many the first and the last."""
    placed: list[tuple[int | None, Any]] = [*enumerate(members)]
    if len(placed) > max(most, FIRST + 1):
        placed = [*placed[:FIRST], (None, None), placed[-1]]
    for start in range(0, len(placed), size):
        yield placed[start : start + size]


# As text and as LaTeX


def as_text(telling: Telling) -> list[str]:
    """The lines of the backward pass."""
    lines = [telling.title()]
    rows = [
        [_numbered(row.number), TEXT.equation(*row.sides), f"  {row.sentence}"]
        for row in telling.general()
    ]
    beside = align(rows, gap="  ")
    fits = max(map(text_width, beside)) <= WIDEST
    lines += beside if fits else [line for row in rows for line in _below(*row)]
    if not telling.is_labelled:
        lines.append(telling.writer.say("by structure"))
    for heading, entries in telling.sections():
        lines += ["", heading]
        for entry in entries:
            lines += _entry_as_text(entry)
    return [line.rstrip() for line in lines]


def _numbered(number: int | str | None) -> str:
    return f"{number:>3}." if number else ""


def _below(number: str, equation: str, sentence: str) -> list[str]:
    return [f"{number:4}  {equation}", f"        {sentence}"]


def _entry_as_text(entry: Entry) -> Iterator[str]:
    start = f"{_numbered(entry.number):6}"
    if isinstance(entry.what, str):
        yield start + entry.what
    elif isinstance(entry.what, Table):
        yield from (f"{start}  {row}" for row in align(entry.what.rows, gap="  "))
    else:
        for equation in entry.what:
            yield from broken(equation, start)
            start = " " * 6


def broken(equation: Equation, start: str = "") -> Iterator[str]:
    """An equation as one line of text, or as one of symbols and one of numbers; or as more."""
    sides = equation.sides(TEXT)
    whole = start + TEXT.equation(*sides)
    if text_width(whole) <= WIDTH or not equation.symbols:
        yield whole
        return
    left = start + equation.left.text
    indent = " " * text_width(left)
    symbols, numbers = (_wrapped(terms, len(indent)) for terms in equation[1:3])
    levels = [symbols, *([numbers] if numbers and numbers != symbols else [])]
    result = f" = {equation.result.text}"
    if len(indent) + 5 + text_width(levels[-1][-1] + result) <= WIDTH:
        levels[-1][-1] += result
    else:
        levels.append([equation.result.text])
    for level in levels:
        yield f"{left} = {level[0]}"
        yield from (f"{indent}   + {line}" for line in level[1:])
        left = indent


def _wrapped(terms: list[Part], indent: int) -> list[str]:
    """A sum in lines, each with as many terms as fit; all but the first follow a plus."""
    lines: list[str] = []
    for term in _pieces(terms):
        if lines and indent + 8 + text_width(f"{lines[-1]}{term}") <= WIDTH:
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


def as_latex(telling: Telling) -> list[str]:
    """The paragraphs of the backward pass."""
    rows = [
        f"{row.number or ''} & {LATEX.equation(*row.sides)} & \\text{{{row.sentence}}}"
        for row in telling.general()
    ]
    table = " \\\\\n".join(rows)
    parts = [
        f"\\section*{{{telling.title()}}}",
        f"\\[\n\\begin{{array}}{{rll}}\n{table}\n\\end{{array}}\n\\]",
    ]
    if not telling.is_labelled:
        parts.append(telling.writer.say("by structure"))
    for heading, entries in telling.sections():
        parts.append(f"\\subsection*{{{heading}}}")
        parts += _entries_as_latex(entries)
    return parts


def _entries_as_latex(entries: list[Entry]) -> Iterator[str]:
    """Equations in one `aligned` environment, up to the next numbered one or a sentence."""
    lines: list[str] = []
    tag = ""
    for entry in [*entries, Entry(None, "")]:
        if lines and (entry.number or not isinstance(entry.what, list) or len(lines) > LARGEST):
            yield f"\\[\n{aligned(lines)}{tag}\n\\]"
            lines, tag = [], ""
        if isinstance(entry.what, list):
            lines += [line for equation in entry.what for line in latex_lines(equation)]
            tag = f" \\tag{{{entry.number}}}" if entry.number else tag
        elif isinstance(entry.what, Table):
            yield _table_as_latex(entry.what)
        elif entry.what:
            yield entry.what


def _table_as_latex(table: Table) -> str:
    rows = " \\\\\n".join(" & ".join(row).replace("…", "\\dots") for row in table.rows)
    columns = "r" * len(table.rows[0])
    return f"\\[\n\\begin{{array}}{{{columns}}}\n{rows}\n\\end{{array}}\n\\]"


def latex_lines(equation: Equation) -> list[str]:
    """An equation as lines of an `aligned` environment: of a sum, symbols and numbers have one."""
    sides = equation.sides(LATEX)
    if len(equation.symbols) < 2:
        return [LATEX.equation(*sides, aligned=True)]
    left, symbols, *others = (side.text for side in sides)
    return [f"{left} &= {symbols}", *([f"&= {' = '.join(others)}"] if others else [])]


def as_made(node: Value, writer: Writer) -> Equation:
    """How a node was made: of a sum, each term by itself."""
    symbols, numbers = [briefly(node, writer)], [briefly(node, writer, numbers=True)]
    if len(node.parents) > LONGEST_FORMULA or not node.parents or symbols == numbers:
        numbers = []
    elif node.operation is weighted_sum or node.operation is total:
        symbols, numbers = (_terms(node, setter, writer) for setter in (writer.node, writer.number))
    return Equation(writer.node(node), symbols, numbers, writer.number(node))


def _terms(node: Value, setter: Callable[[Value], Part], writer: Writer) -> list[Part]:
    parts = [setter(parent) for parent in node.parents]
    if node.operation is total:
        return parts
    half = len(parts) // 2
    pairs = zip(parts[:half], parts[half:-1], strict=True)
    return [*(writer.notation.write("w * x", {"w": w, "x": x}) for w, x in pairs), parts[-1]]


def left_out(layers: ByLayers) -> set[Value]:
    """What of large layers is not told of the forward pass: more of the same."""
    found: set[Value] = set()
    for layer in layers.layers:
        if max(len(layer.units), len(layer.inputs)) > LARGEST:
            weights = [weight for unit in layer.units for weight in unit.weights]
            found |= {*weights[FIRST:-1]}
            for unit in layer.units[FIRST:-1]:
                found |= {unit.z, *unit.between, unit.bias}
    return found - {layers.graph.root}
