"""The forward pass of a network as it is told: from the inputs on, layer by layer, then the cost.

What a unit learns stands on one line before it. Of a large layer the first unit is written out, and
the numbers of the others are a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby

from microrelu.engine import Value
from microrelu.operations import total, weighted_sum
from microrelu.steps.by_layers import ByLayers
from microrelu.steps.equation import Equation, as_made, briefly, shortened
from microrelu.steps.structure import Layer
from microrelu.steps.tables import LARGEST_TABLE, row_of
from microrelu.steps.telling import (
    Beside,
    Entry,
    entries_as_latex,
    first_ones,
    is_large,
    lines_of,
)
from microrelu.text import text_width
from microrelu.writing.formula import written
from microrelu.writing.notation import TEXT, Part
from microrelu.writing.writer import Writer

LONGEST_TERM = 40  # columns of what is written within a sum and has no line of its own


class Forward:
    """What is told of a network's forward pass, for one writer.

    Args:
        layers: The layers.
        writer: Notation and language.
    """

    def __init__(self, layers: ByLayers, writer: Writer) -> None:
        self.layers, self.writer, self.names = layers, writer, layers.graph.names
        self.told: set[Value] = set()

    def entries(self) -> Iterator[Entry]:
        """Each node once, after what it is made of."""
        self.told = set()
        yield from self.inputs()
        for layer, nodes in groupby(self._order, self._layer):
            yield from self._others([*nodes]) if layer is None else self.layer(layer)

    def inputs(self) -> Iterator[Entry]:
        """What the layers read that is made of nothing."""
        yield from self._given(node for layer in self.layers.layers for node in layer.inputs)

    def layer(self, layer: Layer) -> Iterator[Entry]:
        """What the units of a layer learn, and what they make."""
        if is_large(layer):
            yield from self._large(layer)
            return
        for unit in layer.units:
            yield from self._unit((unit.z, *unit.between))

    def text(self) -> list[str]:
        """The lines of text."""
        return [line for entry in self.entries() for line in lines_of(entry.what, " " * 4)]

    def latex(self) -> list[str]:
        """The paragraphs of LaTeX."""
        return [*entries_as_latex([*self.entries()])]

    @cached_property
    def _order(self) -> list[Value]:
        """What is made of others: layer by layer what they read and their units, then the cost."""
        units = {unit: place for place, unit in enumerate(self.layers.units.values())}
        order = [*self.names]
        depth: dict[Value, int] = {}
        read = {*self.layers.units}
        for node in order:
            depth[node] = max((depth[parent] for parent in node.parents), default=0)
            depth[node] += node in self.layers.units
        for node in reversed(order):
            if node in read:
                read |= {*node.parents}

        def place(node: Value) -> tuple[int, bool, int]:
            unit = self.layers.owner.get(node)
            if unit is not None:
                return depth[node], False, units[unit]
            return (depth[node] if node in read else len(order)), True, 0

        made = [node for node in order if node.parents and node in self.layers.graph.step_of]
        return sorted(made, key=place)

    def _layer(self, node: Value) -> Layer | None:
        unit = self.layers.owner.get(node)
        return None if unit is None else self.layers.layer_of[unit.z]

    def _given(self, nodes: Iterable[Value]) -> Iterator[Entry]:
        """The numbers of those that are given and have a name, if they have not been told."""
        new = [
            node
            for node in dict.fromkeys(nodes)
            if not node.parents and self.names[node] and node not in self.told
        ]
        self.told |= {*new}
        if new:
            told = [(self.writer.node(node), self.writer.number(node)) for node in new]
            yield Entry(None, Beside([Equation(left, [], [], right) for left, right in told]))

    def _unit(self, nodes: tuple[Value, ...]) -> Iterator[Entry]:
        yield from self._given(parent for node in nodes for parent in node.parents)
        yield Entry(None, [self._made(node) for node in nodes])

    def _large(self, layer: Layer) -> Iterator[Entry]:
        """One unit, and the numbers of the others."""
        first, *others = layer.units
        self.told |= {parent for unit in layer.units for parent in unit.z.parents}
        yield from self._unit((first.z, *first.between))
        if not others:
            return
        is_told = len(others) <= LARGEST_TABLE
        yield Entry(None, self.writer.say("alike" if is_told else "just alike", count=len(others)))
        rows = [("z", [unit.z for unit in others]), ("r", [unit.r for unit in others])]
        for letter, nodes in rows[: 1 if first.is_linear else 2] if is_told else []:
            label, numbers = f"{letter}({layer.number})_j", map(self.writer.number, nodes)
            width = text_width(TEXT.name(label).text)
            symbol = self.writer.notation.name(label)
            yield Entry(None, row_of(symbol, width, [each.text for each in numbers], 2))

    def _others(self, nodes: list[Value]) -> Iterator[Entry]:
        """What is of no unit; of many that are called alike the first."""
        told = [node for node in nodes if node not in self._within]
        first = {*first_ones(told, self.names)}
        for is_first, some in groupby(told, first.__contains__):
            members = [*some]
            if is_first:
                yield from self._given(parent for node in members for parent in self._below(node))
                yield Entry(None, [self._made(node) for node in members])
            else:
                self.told |= {parent for node in members for parent in node.parents}
                yield Entry(None, self.writer.in_sentence(self.writer.notation.left_out()))

    # How a node was made

    def _made(self, node: Value) -> Equation:
        """How a node was made, with the terms that stand in its sum."""
        made = as_made(node, self.writer)
        if not self._within.isdisjoint(node.parents):
            terms = [self._symbols(node)]
            if node.operation is total:
                terms = [self.writer.notation.term(self._part(parent)) for parent in node.parents]
            made = made._replace(symbols=terms)
        return shortened(made, self.writer)

    @cached_property
    def _within(self) -> set[Value]:
        """Terms of a sum that are short and have no name of their own: they stand in it."""
        text = self.writer.in_notation(TEXT)
        return {
            node
            for node in self.layers.alias
            if node not in self.names.given
            and self.layers.graph.received[node][0][0].node.operation is not weighted_sum
            and text_width(text.value(node).text) <= LONGEST_TERM
        }

    def _below(self, node: Value) -> Iterator[Value]:
        """What a node is made of, and what the terms are made of that stand in it."""
        for parent in node.parents:
            yield parent
            if parent in self._within:
                yield from self._below(parent)

    def _part(self, node: Value) -> Part:
        return self._symbols(node) if node in self._within else self.writer.node(node)

    def _symbols(self, node: Value) -> Part:
        if self._within.isdisjoint(node.parents):
            return briefly(node, self.writer)
        parts = map(self._part, node.parents)
        row = written(node)
        return self.writer.notation.write(row.formula, dict(zip(row.operands, parts, strict=True)))
