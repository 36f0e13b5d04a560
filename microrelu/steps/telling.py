"""The backward pass of a network as it is told: the general equations, then layer by layer.

`by_layers.py` has the equations; here they get their headings, and of what is too much to be
written out there is a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from microrelu.engine import Value
from microrelu.operations import relu
from microrelu.steps.by_layers import ByLayers, Section
from microrelu.steps.equation import (
    LARGEST,
    WIDTH,
    Equation,
    beside_each_other,
    in_lines,
    latex_lines,
    shortened,
)
from microrelu.steps.structure import Layer, Unit
from microrelu.steps.tables import FIRST, LARGEST_TABLE, Table, matrix_of, row_of
from microrelu.text import align, layer_of, split_label, text_width
from microrelu.writing.formula import written
from microrelu.writing.names import Names
from microrelu.writing.notation import LATEX, SUM, TEXT, Notation, Part, aligned
from microrelu.writing.writer import Writer

BOTH = "1,2"  # equations 1 and 2 combined
BESIDE = 4  # short equations on a line of LaTeX
WIDEST = 100  # where an equation and its sentence stand side by side


class General(NamedTuple):
    """One of the three general equations, or the formula of an f′, and what it says."""

    number: int | str | None
    sides: list[Part]
    sentence: str

    def equation(self, notation: Notation) -> str:
        """The sides; of an f′ without a formula the name alone."""
        return notation.equation(*self.sides) if self.sides[1:] else self.sides[0].text


class Beside(NamedTuple):
    """Equations that are short, the numbers of what is given, on one line."""

    equations: list[Equation]

    def text(self, room: int) -> list[str]:
        """As lines of text, each with as many as fit."""
        return beside_each_other(
            [TEXT.equation(*each.sides(TEXT)) for each in self.equations], room
        )

    def latex(self) -> list[str]:
        """As lines of an `aligned` environment."""
        lines = []
        for start in range(0, len(self.equations), BESIDE):
            some = [each.sides(LATEX) for each in self.equations[start : start + BESIDE]]
            first, *others = some
            texts = [LATEX.equation(*first, aligned=True), *(LATEX.equation(*x) for x in others)]
            lines.append(r", \quad ".join(texts))
        return lines


class Lines(Protocol):
    """What knows the lines that it takes."""

    def text(self, room: int) -> list[str]:
        """As lines of text, each with as many columns as there is room."""
        ...

    def latex(self) -> list[str]:
        """As lines of an `aligned` environment."""
        ...


Shown = str | Table | list[Equation] | Lines


class Entry(NamedTuple):
    """Equations, the first with the number of its general equation; or a sentence, or a table."""

    number: int | str | None
    what: Shown


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
        if slope := self.slope("(k+1)_j"):
            sides = [z, notation.product([d("r(k+1)_j"), slope])]
            yield General(1, sides, say("through"))
        fed = notation.sum_over("j", notation.product([z, name("W(k)_ij")]))
        yield General(2, [r, fed], say("summed", i=self._inline("i")))
        if slope and self.layers.is_combined:
            own = self.slope("(k)_i") or slope
            sides = [d("z(k)_i"), notation.product([notation.term(fed._replace(level=SUM)), own])]
            yield General(BOTH, sides, say("both"))
        bias = Part(notation.equation(d("b(k)_j"), z))
        sentence = say("to weights", bias=self.writer.in_sentence(bias))
        yield General(3, [w, notation.product([z, name("r(k)_i")])], sentence)
        yield from self.primes()

    def slope(self, index: str) -> Part | None:
        """What stands for f′ in equation 1: Step, f′ under its name, or ∂r/∂z."""
        notation, layers = self.writer.notation, self.layers
        units = [unit for unit in layers.units.values() if not unit.is_linear]
        z = notation.name(f"z{index}")
        kinds = {layers.primes.get(unit.r) or _operation(unit.between) for unit in units}
        if not kinds:
            return None
        if kinds == {"relu"}:
            return notation.write("Step(z)", {"z": z})
        if "" in kinds or kinds - {"relu"} - {*layers.primes.values()}:
            return notation.partial(notation.name(f"r{index}"), z)
        return notation.prime(kinds.pop() if len(kinds) == 1 else "f", z)

    def prime(self, r: Value, z: Part) -> Part | None:
        """f′ of what made r, under its name; None where it has none."""
        if r.operation is relu:
            return self.writer.notation.write("Step(z)", {"z": z})
        name = self.layers.primes.get(r)
        return self.writer.notation.prime(name, z) if name else None

    def primes(self) -> Iterator[General]:
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
        inside = self.layers.inside_cost
        shown = first_ones(inside, writer.names)
        yield Entry(None, [self.layers.definition(node, writer) for node in shown])
        if len(shown) < len(inside):
            yield Entry(None, writer.in_sentence(writer.notation.left_out()))

    def _softmax(self, shares: list[Equation]) -> Iterator[Entry]:
        """What p is, once, and the numbers of each."""
        yield Entry(None, shares if len(shares) <= LARGEST else [*shares[:FIRST], shares[-1]])

    def _entries(self, section: Section) -> Iterator[Entry]:
        for equation, nodes in section.groups:
            yield from self.group(section.number, equation, nodes)

    def group(self, number: int, equation: int | None, nodes: list[Value]) -> Iterator[Entry]:
        """What one general equation gives in the section of that number."""
        shown_as: int | str | None = equation
        if equation == 1 and any(unit.r in self.layers.combined for unit in self._units(nodes)):
            shown_as = BOTH
        for _, family in groupby(nodes, self._kind):
            for entry in self._family(self.layers.equation_of(nodes[0]), [*family]):
                yield entry._replace(number=shown_as)
                shown_as = None

    def _units(self, nodes: Sequence[Value]) -> list[Unit]:
        return [self.layers.units[node] for node in nodes if node in self.layers.units]

    def _kind(self, node: Value) -> object:
        """What the nodes have in common that are told together."""
        equation = self.layers.equation_of(node)
        if equation == 3:
            return self._is_bias(node)
        unit = self.layers.owner.get(node)
        return self.layers.layer_of[unit.z] if unit else split_label(self.writer.names[node])[:2]

    def _is_bias(self, node: Value) -> bool:
        return any(node is unit.bias for unit in self.layers.units.values())

    def _family(self, equation: int | None, nodes: list[Value]) -> Iterator[Entry]:
        """The equations of nodes that are alike, a table if there are too many; and remarks."""
        shown = self._shown(equation, nodes)
        rows = [self._equations(node) for node in shown]
        if all(len(each) == 1 for each in rows):
            rows = [[row for each in rows for row in each]]
        yield from (Entry(None, each) for each in rows)
        remarks = [self._remark(node) for node in shown]
        yield from (Entry(None, remark) for remark in remarks if remark is not None)
        if count := len(nodes) - len(shown):
            tables = [*self._tables(equation, nodes, len(shown) - 1)]
            yield Entry(None, self.writer.say("alike" if tables else "just alike", count=count))
            yield from (Entry(None, table) for table in tables)

    def _shown(self, equation: int | None, nodes: list[Value]) -> list[Value]:
        """The nodes whose equations are written out."""
        if equation == 3:
            is_cut = any(map(is_large, self._layers_of(nodes))) and len(nodes) > LARGEST
            return nodes[:1] if is_cut else nodes
        return [*nodes[:FIRST], nodes[-1]] if len(nodes) > LARGEST else nodes

    def _layers_of(self, nodes: Sequence[Value]) -> list[Layer]:
        """The layers that weights and biases are of."""
        known = {*nodes}
        return [
            layer
            for layer in self.layers.layers
            if any(not known.isdisjoint((*unit.weights, unit.bias)) for unit in layer.units)
        ]

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

    def _tables(self, equation: int | None, nodes: list[Value], start: int) -> Iterator[Table]:
        """Numbers of the nodes from a place on, but for the last; of weights, of all."""
        if equation == 3 and self._is_bias(nodes[0]):
            return  # they are those of the z
        if equation == 3:
            yield from (self._matrix(layer) for layer in self._layers_of(nodes))
            return
        label = self._label(nodes)
        if label and len(nodes) - start - 1 <= LARGEST_TABLE:
            yield row_of(*self._wide(label), [*map(self._number, nodes[start:-1])], start + 1)

    def _matrix(self, layer: Layer) -> Table:
        """∂C/∂W of a layer: a row for each unit i below it, a column for each of its units j."""
        k, units = layer.number - 1, layer.units
        rows = [[self._number(unit.weights[i]) for unit in units] for i in range(len(layer.inputs))]
        if len(units) == 1:
            return matrix_of(*self._wide(f"W({k})_i,1"), [[each for [each] in rows]])
        return matrix_of(*self._wide(f"W({k})_ij"), rows)

    def _wide(self, label: str) -> tuple[Part, int]:
        """A gradient by its label, and how many columns of text it takes."""
        root = self.writer.in_notation(TEXT).node(self.layers.graph.root)
        return self._gradient(label), text_width(TEXT.partial(root, TEXT.name(label)).text)

    def _label(self, nodes: list[Value]) -> str:
        """z(2)_j for the units of a layer; for other nodes their name if they are counted."""
        unit = self.layers.owner.get(nodes[0])
        if unit is not None:
            letter, index = "zj" if nodes[0] is unit.z else "ri"
            return f"{letter}({self.layers.layer_of[unit.z].number})_{index}"
        names = [split_label(self.writer.names[node]) for node in nodes]
        is_counted = [name.below for name in names] == [str(i + 1) for i in range(len(nodes))]
        base, above, *_ = names[0]
        return f"{base}({above})_i" * is_counted if above else f"{base}_i" * is_counted

    def _number(self, node: Value) -> str:
        step = self.layers.graph.step_of.get(node)
        return "0" if step is None else self.writer.notation.number(step.upstream).text


def first_ones(nodes: Sequence[Value], names: Names) -> list[Value]:
    """The nodes; of many that are called alike the first, and what the graph is of."""
    kinds = {node: split_label(names[node])[:2] for node in nodes}
    counts, seen = Counter(kinds.values()), set()
    found = []
    for node, kind in kinds.items():
        if counts[kind] <= LARGEST or kind not in seen or node is names.root:
            found.append(node)
        seen.add(kind)
    return found


def is_large(layer: Layer) -> bool:
    """Is it too large to be written out?"""
    return max(len(layer.units), len(layer.inputs)) > LARGEST


def _operation(between: Sequence[Value]) -> str:
    """The operation of an activation of one; "" of several."""
    if len(between) != 1 or between[0].operation is None:
        return ""
    return between[0].operation.name


# As text and as LaTeX


def as_text(telling: Telling) -> list[str]:
    """The lines of the backward pass."""
    lines = [telling.title()]
    rows = [
        [_numbered(row.number), row.equation(TEXT), f"  {row.sentence}"]
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
    return lines_of(entry.what, f"{_numbered(entry.number):6}")


def lines_of(what: Shown, start: str) -> Iterator[str]:
    """What is told as lines of text, the first after `start`."""
    if isinstance(what, str):
        yield start + what
    elif isinstance(what, Table):
        yield from (f"{start}  {row}" for row in what.text())
    elif isinstance(what, list):
        yield from in_lines(what, start)
    else:
        for line in what.text(WIDTH - len(start)):
            yield start + line
            start = " " * len(start)


def as_latex(telling: Telling) -> list[str]:
    """The paragraphs of the backward pass."""
    rows = [
        f"{row.number or ''} & {row.equation(LATEX)} & \\text{{{row.sentence}}}"
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
        parts += entries_as_latex(entries)
    return parts


def entries_as_latex(entries: list[Entry]) -> Iterator[str]:
    """Equations in one `aligned` environment, up to the next numbered ones, or what is not such."""
    lines: list[str] = []
    tag = ""
    for entry in [*entries, Entry(None, "")]:
        is_interrupted = not isinstance(entry.what, list)
        if lines and (entry.number or is_interrupted or len(lines) > LARGEST):
            yield f"\\[\n{aligned(lines)}{tag}\n\\]"
            lines, tag = [], ""
        if isinstance(entry.what, Table):
            yield entry.what.latex()
        elif isinstance(entry.what, str):
            yield from [entry.what] if entry.what else []
        elif isinstance(entry.what, list):
            lines += [line for equation in entry.what for line in latex_lines(equation)]
        else:
            lines += entry.what.latex()
        if not isinstance(entry.what, (Table, str)):
            tag = f" \\tag{{{entry.number}}}" if entry.number else tag
