"""A network told in matrices: a layer's z, r and b as columns, its weights as one matrix.

Where something is no product of matrices alone, as with a skip connection, weights that are used
twice or weight decay, it is written unit by unit, and it says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from microrelu.engine import Constant, Value
from microrelu.steps.by_layers import ByLayers, prime_of
from microrelu.steps.equation import LARGEST
from microrelu.steps.forward import Forward
from microrelu.steps.structure import Layer
from microrelu.steps.tables import shown_places
from microrelu.steps.telling import Entry, General, Telling
from microrelu.text import split_label, text_width
from microrelu.writing.formula import written
from microrelu.writing.notation import LATEX, Part
from microrelu.writing.writer import Writer

FEWER = 4  # rows and columns of what is too wide, one of which stands for those left out
BRACKETS = {"(": "⎛⎜⎝", ")": "⎞⎟⎠"}

Matrix = list[list[Part]]


class InMatrices(NamedTuple):
    """An equation of matrices, in symbols and in numbers.

    Attributes:
        left: The left side.
        symbols: The right side in symbols, if there are any.
        factors: The same in numbers, each matrix with the sign before it.
        result: What they come to; None where it has just been said.
    """

    left: Part
    symbols: Part | None
    factors: list[tuple[str, Matrix]]
    result: Matrix | None

    def text(self, room: int) -> list[str]:
        """As lines of text, so shortened that they fit."""
        sides = [self.left, *([self.symbols] if self.symbols else [])]
        head = " = ".join(side.text for side in sides)
        if self.result is None:
            return [head]
        is_below = bool(self.symbols and self.factors)
        indent = " " * text_width(self.left.text if is_below else head)
        for lines in self._ways():
            if len(indent) + max(map(text_width, lines)) <= room:
                break
        if is_below:
            return [head, *(indent + line for line in lines)]
        lines = [indent + line for line in lines]
        middle = (len(lines) - 1) // 2
        lines[middle] = head + lines[middle].removeprefix(indent)
        return lines

    def _ways(self) -> Iterator[list[str]]:
        """The numbers on one level, on two, with fewer of them, the result alone."""
        result = [("=", self.result or [])]
        for most in (LARGEST, FEWER):
            factors = [
                ("=" if i == 0 else sign, matrix) for i, (sign, matrix) in enumerate(self.factors)
            ]
            yield _beside([*factors, *result], most)
            if factors:
                yield [*_beside(factors, most), *_beside(result, most)]
        yield _beside(result, FEWER)

    def latex(self) -> list[str]:
        """As lines of an `aligned` environment."""
        sides = [self.symbols.text] if self.symbols else []
        if self.factors:
            sides.append(
                " ".join(f"{sign} {_pmatrix(matrix)}".strip() for sign, matrix in self.factors)
            )
        if self.result is not None:
            sides.append(_pmatrix(self.result))
        first, *others = sides
        return [f"{self.left.text} &= {first}", *(f"&= {other}" for other in others)]


def _beside(pieces: list[tuple[str, Matrix]], most: int) -> list[str]:
    """Matrices beside each other, each after its sign, on lines of text."""
    blocks = []
    for sign, matrix in pieces:
        block = _bracketed(_cells(matrix, most))
        blocks += [[f" {sign} " if sign else " "], block]
    height = max(map(len, blocks))
    columns = []
    for block in blocks:
        above = (height - len(block)) // 2
        blank = " " * text_width(block[0])
        columns.append([*[blank] * above, *block, *[blank] * (height - len(block) - above)])
    return ["".join(row).rstrip() for row in zip(*columns, strict=True)]


def _cells(matrix: Matrix, most: int = LARGEST) -> list[list[str]]:
    """The entries as they are set; of many rows and columns the first and the last."""
    rows, columns = shown_places(len(matrix), most), shown_places(len(matrix[0]), most)
    return [["…" if i is None or j is None else matrix[i][j].text for j in columns] for i in rows]


def _bracketed(cells: list[list[str]]) -> list[str]:
    widths = [max(map(text_width, column)) for column in zip(*cells, strict=True)]
    rows = [
        "  ".join(
            " " * (width - text_width(cell)) + cell for cell, width in zip(row, widths, strict=True)
        )
        for row in cells
    ]
    if len(rows) == 1:
        return [f"({rows[0]})"]
    ends = [0, *[1] * (len(rows) - 2), 2]
    return [
        BRACKETS["("][end] + row + BRACKETS[")"][end] for end, row in zip(ends, rows, strict=True)
    ]


def _pmatrix(matrix: Matrix) -> str:
    rows = " \\\\ ".join(" & ".join(row).replace("…", r"\cdots") for row in _cells(matrix))
    return rf"\begin{{pmatrix}} {rows} \end{{pmatrix}}"


class Columns:
    """What of a network is a matrix: its layers, each the only one of its number.

    Args:
        layers: The equations.
        writer: Notation and language.
    """

    def __init__(self, layers: ByLayers, writer: Writer) -> None:
        self.layers, self.writer, self.received = layers, writer, layers.graph.received
        numbers = [layer.number for layer in layers.layers]
        self._only = {
            layer.number: layer for layer in layers.layers if numbers.count(layer.number) == 1
        }

    def layer(self, number: int) -> Layer | None:
        """The layer of that number, if it reads a column: the inputs, or one whole layer."""
        layer = self._only.get(number)
        if layer is None or not self._is_counted(layer):
            return None
        if number == 1:
            return layer
        below = self._only.get(number - 1)
        is_whole = below is not None and layer.inputs == tuple(unit.r for unit in below.units)
        return layer if is_whole else None

    def _is_counted(self, layer: Layer) -> bool:
        """Are all units there, and none but the third called z₃?"""
        places = [split_label(self.layers.graph.names[unit.z]).below for unit in layer.units]
        return all(place in ("", str(j)) for j, place in enumerate(places, start=1))

    def fed(self, number: int) -> str:
        """The label of the column that layer reads: r(k), or z(k) where there is no activation."""
        below = self._only.get(number - 1)
        is_linear = below is not None and all(unit.is_linear for unit in below.units)
        return f"z({number - 1})" if is_linear else f"r({number - 1})"

    def is_of_one(self, layer: Layer) -> bool:
        """Is the activation one operation, the same of each z?"""
        kinds = {
            (unit.r.operation, *(other.data for other in unit.r.parents[1:]))
            for unit in layer.units
            if len(unit.between) == 1 and unit.r.parents[0] is unit.z
        }
        alone = all(
            unit.between == (unit.r,) and unit.r.parents.count(unit.z) == 1 for unit in layer.units
        )
        return alone and len(kinds) == 1

    def feeds_alone(self, layer: Layer) -> bool:
        """Does each that the layer reads and that has a gradient feed its units, and no more?"""
        zs = [unit.z for unit in layer.units]
        fed = [node for node in layer.inputs if node in self.layers.graph.step_of]
        return fed == [*dict.fromkeys(layer.inputs)] and all(
            self._senders(node) == {*zs} and len(self.received[node]) == len(zs) for node in fed
        )

    def weigh_alone(self, layer: Layer, is_bias: bool) -> bool:
        """Is each weight, or each bias, used in one place?"""
        return all(
            len(self.received[node]) == 1
            for unit in layer.units
            for node in ([unit.bias] if is_bias else unit.weights)
        )

    def _senders(self, node: Value) -> set[Value]:
        return {step.node for step, _ in self.received[node]}

    # Matrices and their symbols

    def name(self, label: str) -> Part:
        """A column or a matrix by its label."""
        return self.writer.notation.name(label)

    def gradient(self, label: str) -> Part:
        """∂C/∂ of it."""
        return self.writer.notation.partial(
            self.writer.node(self.layers.graph.root), self.name(label)
        )

    def times(self, left: Part, right: Part) -> Part:
        """Their product."""
        return self.writer.notation.write("a * b", {"a": left, "b": right})

    def transposed(self, part: Part) -> Part:
        """A matrix with rows for columns."""
        if self.writer.notation is LATEX:
            return Part(rf"{{{part.text}}}^{{\top}}")
        return Part(f"{part.text}ᵀ")

    def entrywise(self, left: Part, right: Part) -> Part:
        """Their product entry by entry."""
        return Part(f"{left.text} {self.dot} {right.text}")

    @property
    def dot(self) -> str:
        """The sign of a product entry by entry."""
        return r"\odot" if self.writer.notation is LATEX else "⊙"

    def column(self, nodes: Sequence[Value]) -> Matrix:
        """The numbers of nodes."""
        return [[self.writer.number(node)] for node in nodes]

    def gradients(self, nodes: Sequence[Value]) -> Matrix:
        """Their gradients."""
        step_of = self.layers.graph.step_of
        return [[self.writer.notation.number(step_of[node].upstream)] for node in nodes]

    def weights(self, layer: Layer, transposed: bool = False) -> Matrix:
        """Those of a layer: a row for each i, a column for each j; or transposed."""
        rows = [[self.writer.number(weight) for weight in unit.weights] for unit in layer.units]
        return rows if transposed else [[*row] for row in zip(*rows, strict=True)]


class MatrixForward(Forward):
    """The forward pass in matrices."""

    def __init__(self, layers: ByLayers, writer: Writer) -> None:
        super().__init__(layers, writer)
        self.columns = Columns(layers, writer)

    def entries(self) -> Iterator[Entry]:
        """The equations in general, and how to read them; then those of each layer."""
        of, write = self.columns, self.writer.notation.write
        w, r, b, z = map(of.name, ("W(k)", "r(k)", "b(k)", "z(k+1)"))
        made = self.writer.notation.sum([of.times(of.transposed(w), r), b])
        yield Entry(None, InMatrices(z, made, [], None))
        plain = {letter: of.name(letter) for letter in ("W", "r", "b", "z")}
        ours = {**plain, "W": of.transposed(plain["W"])}
        letters = {letter: self.writer.in_sentence(of.name(letter)) for letter in "ij"}
        w_ij = self.writer.in_sentence(of.name("W_ij"))
        for key, parts in (("our weights", ours), ("their weights", plain)):
            equation = Part(self.writer.notation.equation(parts["z"], write("W * r + b", parts)))
            shown = self.writer.in_sentence(equation)
            yield Entry(None, self.writer.say(key, **letters, w=w_ij, equation=shown))
        yield from super().entries()

    def inputs(self) -> Iterator[Entry]:
        """The column r(0), if there is one."""
        layer = self.columns.layer(1)
        if layer is None:
            yield from super().inputs()
            return
        self.told |= {*layer.inputs}
        names = [[self.writer.node(node)] for node in layer.inputs]
        numbers = self.columns.column(layer.inputs)
        factors = [("", names)] if names != numbers else []
        yield Entry(None, InMatrices(self.columns.name("r(0)"), None, factors, numbers))

    def layer(self, layer: Layer) -> Iterator[Entry]:
        """z = Wᵀ r + b and r = f(z), if these are so."""
        of, n = self.columns, layer.number
        if of.layer(n) is None or (
            not all(unit.is_linear for unit in layer.units) and not of.is_of_one(layer)
        ):
            yield Entry(None, self.writer.say("unit by unit"))
            yield from super().layer(layer)
            return
        self.told |= {parent for unit in layer.units for parent in unit.z.parents}
        made = of.times(of.transposed(of.name(f"W({n - 1})")), of.name(of.fed(n)))
        factors = [("", of.weights(layer, transposed=True)), ("", of.column(layer.inputs))]
        biases = [unit.bias for unit in layer.units]
        if any(not isinstance(bias, Constant) or bias.data for bias in biases):
            made = self.writer.notation.sum([made, of.name(f"b({n - 1})")])
            factors.append(("+", of.column(biases)))
        z = of.name(f"z({n})")
        yield Entry(None, InMatrices(z, made, factors, of.column([unit.z for unit in layer.units])))
        if not layer.units[0].is_linear:
            r = layer.units[0].r
            parts = dict(
                zip(written(r).operands, (z, *map(self.writer.node, r.parents[1:])), strict=True)
            )
            called = "ReLU" if not prime_of(r) else prime_of(r)
            made = self.writer.notation.write(f"{called}({', '.join(parts)})", parts)
            rs = of.column([unit.r for unit in layer.units])
            yield Entry(None, InMatrices(of.name(f"r({n})"), made, [], rs))


class MatrixTelling(Telling):
    """The backward pass in matrices."""

    def __init__(self, layers: ByLayers, writer: Writer) -> None:
        super().__init__(layers, writer)
        self.columns = Columns(layers, writer)

    def title(self) -> str:
        """What the sign of a product entry by entry is."""
        dot = self.writer.in_sentence(Part(self.columns.dot))
        return self.writer.say("by layers in matrices", dot=dot)

    def general(self) -> Iterator[General]:
        """The three equations, and the formulas of each f′."""
        of, say = self.columns, self.writer.say
        z, r = of.gradient("z(k+1)"), of.gradient("r(k+1)")
        slope = self.slope("(k+1)")
        if slope == self.writer.notation.partial(of.name("r(k+1)"), of.name("z(k+1)")):
            yield next(super().general())  # of each unit: a column by a column is no column
        elif slope:
            yield General(1, [z, of.entrywise(r, slope)], say("through"))
        fed = of.times(of.name("W(k)"), z)
        yield General(2, [of.gradient("r(k)"), fed], say("summed over all"))
        bias = Part(self.writer.notation.equation(of.gradient("b(k)"), z))
        sides = [of.gradient("W(k)"), of.times(of.name("r(k)"), of.transposed(self._bracketed(z)))]
        yield General(3, sides, say("to weights", bias=self.writer.in_sentence(bias)))
        yield from self.primes()

    def _bracketed(self, part: Part) -> Part:
        return Part(self.writer.notation.templates["brackets"] % part.text)

    def group(self, number: int, equation: int | None, nodes: list[Value]) -> Iterator[Entry]:
        """The equation in matrices, if it is one; else of each unit."""
        layer = self.columns.layer(number)
        found = [*self._equation(layer, equation, nodes)] if layer is not None and equation else []
        yield from (Entry(equation if i == 0 else None, each) for i, (each, _) in enumerate(found))
        said = {node for _, members in found for node in members}
        if others := [node for node in nodes if node not in said]:
            if equation:
                yield Entry(None, self.writer.say("unit by unit"))
            yield from super().group(number, None if found else equation, others)

    def _equation(
        self, layer: Layer, equation: int | None, nodes: list[Value]
    ) -> Iterator[tuple[InMatrices, list[Value]]]:
        """Each equation in matrices with the nodes whose gradients it gives."""
        of, n, zs = self.columns, layer.number, [unit.z for unit in layer.units]
        dz = of.gradient(f"z({n})")
        if equation == 1 and {*nodes} == {*zs} and (f := self._slope_of(layer)):
            slopes = [
                [self.writer.notation.number(unit.r.local_derivatives[0])] for unit in layer.units
            ]
            symbols = of.entrywise(of.gradient(f"r({n})"), f)
            dr = of.gradients([unit.r for unit in layer.units])
            yield InMatrices(dz, symbols, [("", dr), (of.dot, slopes)], of.gradients(zs)), nodes
        elif equation == 2 and {*nodes} == {*layer.inputs} and of.feeds_alone(layer):
            symbols = of.times(of.name(f"W({n - 1})"), dz)
            factors = [("", of.weights(layer)), ("", of.gradients(zs))]
            left = of.gradient(of.fed(n))
            yield InMatrices(left, symbols, factors, of.gradients(layer.inputs)), nodes
        elif equation == 3:
            yield from self._to_weights(layer, {*nodes})

    def _to_weights(
        self, layer: Layer, nodes: set[Value]
    ) -> Iterator[tuple[InMatrices, list[Value]]]:
        of, n, zs = self.columns, layer.number, [unit.z for unit in layer.units]
        dz, fed = of.gradient(f"z({n})"), of.name(of.fed(n))
        weights = [weight for unit in layer.units for weight in unit.weights]
        if {*weights} <= nodes and of.weigh_alone(layer, is_bias=False):
            symbols = of.times(fed, of.transposed(self._bracketed(dz)))
            row = [[each for [each] in of.gradients(zs)]]
            factors = [("", of.column(layer.inputs)), ("", row)]
            result = [of.gradients(unit.weights) for unit in layer.units]
            matrix = [[each for [each] in row] for row in zip(*result, strict=True)]
            yield InMatrices(of.gradient(f"W({n - 1})"), symbols, factors, matrix), weights
        biases = [unit.bias for unit in layer.units]
        if {*biases} <= nodes and of.weigh_alone(layer, is_bias=True):
            yield InMatrices(of.gradient(f"b({n - 1})"), dz, [], None), biases

    def _slope_of(self, layer: Layer) -> Part | None:
        """f′(z), if ∂C/∂z = ∂C/∂r ⊙ f′(z) and nothing else."""
        received = self.layers.graph.received
        is_through = (
            self.columns.is_of_one(layer)
            and self.layers.graph.root is not layer.units[0].r
            and all(len(received[unit.z]) == 1 for unit in layer.units)
        )
        z = self.columns.name(f"z({layer.number})")
        return self.prime(layer.units[0].r, z) if is_through else None
