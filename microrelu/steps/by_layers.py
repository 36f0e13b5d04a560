"""The gradients of a network layer by layer, each by the general equation that gives it.

Equation 1 leads through an activation from ∂C/∂r to ∂C/∂z, equation 2 from the z of a layer back to
what it was fed with, equation 3 to its weights. Whatever reaches a node in another way, as weight
decay or a skip connection does, is a further term of its sum. `explanation.py` tells all of it,
`derivations.py` as much as one derivative needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from microrelu.engine import Constant, Value
from microrelu.operations import divide, log_sum_exp, square, subtract, total
from microrelu.steps.equation import (
    LARGEST,
    WIDTH,
    Equation,
    Term,
    briefly,
    exps,
    levels,
    product,
    shortened,
)
from microrelu.steps.graph import Graph
from microrelu.steps.structure import Layer, Unit, layers_of
from microrelu.steps.sweep import Contribution, Step
from microrelu.text import split_label, text_width
from microrelu.writing.formula import FUNCTIONS, written
from microrelu.writing.notation import TEXT, Part
from microrelu.writing.writer import LONGEST_FORMULA, Writer

Received = tuple[Step, Contribution]


class Group(NamedTuple):
    """Nodes whose gradients one general equation gives; None where none of the three does."""

    equation: int | None
    nodes: list[Value]


class Section(NamedTuple):
    """The way from a layer to the one before it; number 0 is the cost."""

    number: int
    groups: list[Group]


class Error(NamedTuple):
    """½ (y − ŷ)² of a loss, which is differentiated in one go."""

    whole: Value
    square: Value
    difference: Value


class ByLayers:
    """The finished sweep of a graph in the order of its layers, last to first.

    Args:
        graph: The finished sweep.
        wanted: Nodes that have equations of their own, whatever lies around them.
        is_combined: Are equations 1 and 2 one, from the z of a layer to the z of the next?
    """

    def __init__(
        self, graph: Graph, wanted: Iterable[Value] = (), is_combined: bool = False
    ) -> None:
        self.graph, self.wanted, self.is_combined = graph, {*wanted}, is_combined
        self.layers = layers_of(graph.names)
        self.layer_of = {unit.z: layer for layer in self.layers for unit in layer.units}
        self.units = {unit.z: unit for layer in self.layers for unit in layer.units}
        self.errors = {error.difference: error for error in self._errors()}
        self.depth = max((layer.number for layer in self.layers), default=0)

    # What stands where

    @cached_property
    def sections(self) -> list[Section]:
        """The cost, then the layers from the last to the first, each with its equations."""
        found: dict[int, list[Value]] = defaultdict(list)
        for node in self.graph.step_of:
            if node is not self.graph.root and not self.is_passed_over(node):
                found[self._places[node]].append(node)
        return [
            Section(self.depth + 1 - place if place else 0, self._groups(found[place]))
            for place in range(self.depth + 1)
        ]

    @cached_property
    def _places(self) -> dict[Value, int]:
        """The section of each node: 0 for the cost, 1 for the last layer, and so on."""
        places: dict[Value, int] = {}
        for node in self.graph.step_of:
            if node in self._activated:
                places[node] = self.depth + 1 - self._activated[node].number
                continue
            senders = [step.node for step, _ in self.graph.received[node]]
            places[node] = max(
                (self._place_from(sender, places[sender]) for sender in senders), default=0
            )
        return places

    def _place_from(self, sender: Value, place: int) -> int:
        layer = self.layer_of.get(sender)
        return place if layer is None else max(place, self.depth + 1 - layer.number)

    @cached_property
    def _activated(self) -> dict[Value, Layer]:
        """What equation 1 gives: z, and what lies between it and r."""
        return {
            node: self.layer_of[unit.z]
            for unit in self.units.values()
            if not unit.is_linear
            for node in (unit.z, *unit.between[:-1])
        }

    @cached_property
    def _weighed(self) -> dict[Value, int]:
        """Weights unit by unit, then biases."""
        units = self.units.values()
        weights = [weight for unit in units for weight in unit.weights]
        ordered = [*weights, *(unit.bias for unit in units if not unit.bias.parents)]
        return {node: place for place, node in enumerate(dict.fromkeys(ordered))}

    @cached_property
    def _inputs(self) -> dict[Value, int]:
        """What the layers read, in order."""
        ordered = [node for layer in self.layers for node in layer.inputs]
        return {node: place for place, node in enumerate(dict.fromkeys(ordered))}

    def equation_of(self, node: Value) -> int | None:
        """Which of the three general equations gives the node's gradient."""
        if node in self._activated:
            return 1
        if node in self._weighed:
            return 3
        fed = [step.node for step, _ in self.graph.received[node] if step.node in self.units]
        return 2 if fed and node in self._inputs else None

    def _groups(self, nodes: list[Value]) -> list[Group]:
        """The nodes of a section, each after those that it received from."""
        depth: dict[Value, int] = {}
        for node in nodes:
            senders = [self._stated(step.node) for step, _ in self.graph.received[node]]
            depth[node] = 1 + max((depth.get(sender, -1) for sender in senders), default=-1)
        ranks = {1: 0, None: 1, 2: 1, 3: 2}
        z = {node: place for place, node in enumerate(self.units)}
        forward = {node: place for place, node in enumerate(reversed(nodes))}

        def order(node: Value) -> tuple[int, ...]:
            equation = self.equation_of(node)
            if equation == 1:
                return 0, z.get(self.owner[node].z, 0), -forward[node]
            if equation == 3:
                return 2, self._weighed[node], 0
            place = self._inputs.get(node, z.get(node, len(nodes) + forward[node]))
            return ranks[equation], depth[node], place

        grouped = groupby(sorted(nodes, key=order), self.equation_of)
        return [Group(equation, list(members)) for equation, members in grouped]

    @cached_property
    def owner(self) -> dict[Value, Unit]:
        """The unit that each node of an activation is of."""
        return {node: unit for unit in self.units.values() for node in (unit.z, *unit.between)}

    def _stated(self, sender: Value) -> Value:
        """The node whose gradient stands in an equation for that of a sender."""
        sender = self.errors[sender].whole if sender in self.errors else sender
        return self.alias.get(sender, sender)

    # What has no equation of its own

    def is_passed_over(self, node: Value) -> bool:
        """Is the gradient written in others' equations, and so without one of its own?"""
        if node in self.wanted:
            return False
        if node in self._inner or node in self.alias or node in self.combined:
            return True
        return any(node in (error.square, error.difference) for error in self.errors.values())

    @cached_property
    def _inner(self) -> dict[Value, Unit]:
        """The inside of activations of several operations, of which r alone is used elsewhere."""
        return {
            node: unit
            for unit in self.units.values()
            if self.has_several(unit)
            for node in unit.between[:-1]
        }

    @cached_property
    def combined(self) -> set[Value]:
        """Each r whose gradient is written within that of its z."""
        one = [unit for unit in self.units.values() if len(unit.between) == 1]
        return {
            unit.r
            for unit in one
            if self.is_combined
            and unit.r is not self.graph.root
            and unit.r in self._inputs
            and {given.parent for given in self.graph.step_of[unit.r].contributions} == {unit.z}
            and len(self.graph.step_of[unit.r].contributions) == 1
        }

    def has_several(self, unit: Unit) -> bool:
        """Does an activation of several operations lead from z to r, and nowhere else?"""
        inner = unit.between[:-1]
        if not inner or not self.wanted.isdisjoint(inner):
            return False
        return all(
            step.node in unit.between for node in inner for step, _ in self.graph.received[node]
        )

    @cached_property
    def alias(self) -> dict[Value, Value]:
        """Terms of a sum, and the sum whose gradient they have."""
        known = {*self.units, *self.owner, *self._inputs, *self.wanted}
        found: dict[Value, Value] = {}
        for node in self.graph.step_of:
            received = self.graph.received[node]
            if len(received) == 1 and node.parents and node not in known:
                sender, contribution = received[0][0].node, received[0][1]
                is_plain = sender not in self.units and sender not in self.errors
                if is_plain and _is_one(sender, contribution.operand):
                    found[node] = found.get(sender, sender)
        return found

    def _errors(self) -> Iterator[Error]:
        """Each ½ (y − ŷ)² below the root."""
        for step in self.graph.steps:
            whole = step.node
            if whole.operation is not divide or not isinstance(whole.parents[1], Constant):
                continue
            power = whole.parents[0]
            if power.operation is not square or whole.parents[1].data != 2:
                continue
            difference = power.parents[0]
            alone = all(len(self.graph.received[node]) == 1 for node in (power, difference))
            is_one = difference.operation is subtract and len({*difference.parents}) == 2
            if alone and is_one and self.wanted.isdisjoint((power, difference)):
                yield Error(whole, power, difference)

    # Equations

    def equations(self, node: Value, writer: Writer) -> list[Equation]:
        """The node's gradient, after what else is needed for it."""
        unit = self.units.get(node)
        if unit is not None and self.has_several(unit):
            return [*self._inside(unit, writer), self._through(unit, writer)]
        if unit is not None and not unit.is_linear and unit.r in self.combined:
            return [self._at_once(unit, writer)]
        return [self._gathered(node, self.graph.received[node], writer)]

    def _gathered(
        self,
        node: Value,
        received: Iterable[Received],
        writer: Writer,
        first: Term | None = None,
    ) -> Equation:
        terms = [first] if first else []
        in_layers = sorted(received, key=lambda pair: not self.is_of_a_unit(pair[0].node))
        terms += [self.term(step, contribution, writer) for step, contribution in in_layers]
        result = writer.notation.number(self.graph.step_of[node].upstream)
        return Equation(writer.gradient(node), *levels(terms, writer), result)

    def term(self, step: Step, contribution: Contribution, writer: Writer) -> Term:
        """What a node receives from another: in symbols, and in numbers."""
        if step.node in self.errors:
            return self._error_term(step.node, contribution, writer)
        symbol, number = self._local(step, contribution, writer)
        return product(self._upstream(step.node, writer), (symbol, number), writer)

    def _upstream(self, node: Value, writer: Writer) -> Term | None:
        """∂C/∂node; None where that is 1 because the node is the root, or a term of it."""
        node = self._stated(node)
        if node is self.graph.root:
            return None
        step = self.graph.step_of[node]
        return writer.gradient(node), writer.notation.number(step.upstream)

    def _error_term(self, difference: Value, contribution: Contribution, writer: Writer) -> Term:
        """∂C/∂ŷ of ½ (y − ŷ)²: ŷ − y, times what reaches the whole."""
        a, b = difference.parents
        formula = "a - b" if contribution.operand == 0 else "b - a"
        symbols = {"a": writer.node(a), "b": writer.node(b)}
        numbers = {"a": writer.number(a), "b": writer.number(b)}
        written_as = (
            writer.notation.write(formula, symbols),
            writer.notation.write(formula, numbers),
        )
        return product(self._upstream(difference, writer), written_as, writer)

    def _local(self, step: Step, contribution: Contribution, writer: Writer) -> Term:
        """A local derivative: the weight, the input, f′(z), or what the operation writes."""
        node, operand = step.node, contribution.operand
        number = writer.notation.number(contribution.local_derivative)
        if node in self.units:
            return self._weight_or_input(node, operand, writer), number
        if operand == 0 and node in self.primes:
            return writer.notation.prime(self.primes[node], writer.node(node.parents[0])), number
        if node is self.softmax:
            return _share(operand, writer), number
        symbol = writer.local_derivative(node, operand) or writer.local_symbol(node, operand)
        return number if symbol is None or symbol.text == number.text else symbol, number

    def _weight_or_input(self, z: Value, operand: int, writer: Writer) -> Part:
        count = len(z.parents) // 2
        if operand == 2 * count:
            return writer.notation.number(1.0)
        return writer.node(z.parents[(operand + count) % (2 * count)])

    def _inside(self, unit: Unit, writer: Writer) -> Iterator[Equation]:
        """∂r/∂z of an activation of several operations, by its own nodes."""
        notation, r = writer.notation, writer.node(unit.r)
        slopes: dict[Value, float] = {unit.r: 1.0}
        for node in (*reversed(unit.between[:-1]), unit.z):
            terms, whole = [], 0.0
            for step, contribution in self.graph.received[node]:
                if step.node not in slopes:
                    continue
                whole += slopes[step.node] * contribution.local_derivative
                above = notation.partial(r, writer.node(step.node))
                upstream = (above, notation.number(slopes[step.node]))
                local = self._local(step, contribution, writer)
                terms.append(product(None if step.node is unit.r else upstream, local, writer))
            slopes[node] = whole
            left = notation.partial(r, writer.node(node))
            yield Equation(left, *levels(terms, writer), notation.number(whole))

    def _through(self, unit: Unit, writer: Writer) -> Equation:
        """∂C/∂z = ∂C/∂r · ∂r/∂z, and what else reaches z."""
        slope = [*self._inside(unit, writer)][-1]
        first = product(self._upstream(unit.r, writer), (slope.left, slope.result), writer)
        others = [
            (step, contribution)
            for step, contribution in self.graph.received[unit.z]
            if step.node not in unit.between
        ]
        return self._gathered(unit.z, others, writer, first)

    def _at_once(self, unit: Unit, writer: Writer) -> Equation:
        """∂C/∂z = (Σ ∂C/∂z · W) · f′(z), with the z of the next layer, and what else reaches z."""
        sums = self._gathered(unit.r, self.graph.received[unit.r], writer)
        step = self.graph.step_of[unit.r]
        local = self._local(step, step.contributions[0], writer)
        whole = writer.notation.sum(sums.symbols), writer.notation.sum(sums.numbers)
        others = [pair for pair in self.graph.received[unit.z] if pair[0].node is not unit.r]
        return self._gathered(unit.z, others, writer, product(whole, local, writer))

    # Softmax

    @cached_property
    def softmax(self) -> Value | None:
        """The one log Σ exp of the graph, and its local derivatives are p₁, p₂ and so on."""
        found = [node for node in self.graph.names if node.operation is log_sum_exp]
        taken = any(split_label(name).base == "p" for name in self.graph.names.values())
        is_one = len(found) == 1 and len({*found[0].parents}) == len(found[0].parents)
        return found[0] if is_one and not taken else None

    def shares(self, writer: Writer) -> list[Equation]:
        """The definition of each p: what exp(z) is of the sum of all."""
        if self.softmax is None:
            return []
        slopes = map(writer.notation.number, self.softmax.local_derivatives)
        return [
            Equation(_share(operand, writer), [_of_all(self.softmax, operand, writer)], [], slope)
            for operand, slope in enumerate(slopes)
        ]

    # Activations

    @cached_property
    def primes(self) -> dict[Value, str]:
        """Each r whose derivative is written f′(z), and the f; Step stands for itself.

        Where activations of one name differ, as leaky ReLUs of two slopes do, each is written out;
        and in a derivation, above which no formula of an f′ stands.
        """
        if self.wanted:
            return {}
        chosen = {
            unit.r: prime_of(unit.r)
            for unit in self.units.values()
            if len(unit.between) == 1 and unit.r.parents[0] is unit.z
        }
        kinds: dict[str, set[tuple[object, ...]]] = defaultdict(set)
        for r, name in chosen.items():
            kinds[name].add((r.operation, *(other.data for other in r.parents[1:])))
        return {r: name for r, name in chosen.items() if name and len(kinds[name]) == 1}

    def is_of_a_unit(self, node: Value) -> bool:
        """Is it a unit's z, its r, or what lies between?"""
        return node in self.owner

    @cached_property
    def inside_cost(self) -> list[Value]:
        """What lies between the last layer and the root and has an equation of its own."""
        nodes = {node for group in self.sections[0].groups for node in group.nodes}
        return [
            node
            for node in self.graph.names
            if node in nodes and node.parents and not self.is_of_a_unit(node)
        ]

    def definition(self, node: Value, writer: Writer) -> Equation:
        """How a node of the cost was made."""
        terms = [self.made_of(node, writer)]
        if node.operation is total:
            terms = [writer.notation.term(self.inlined(term, writer)) for term in node.parents]
        made = Equation(writer.node(node), terms or [writer.number(node)], [], writer.number(node))
        return shortened(made, writer)

    def made_of(self, node: Value, writer: Writer) -> Part:
        """What a node of the cost is made of, down to what has an equation, if that fits a line."""
        if node.operation is total and len(node.parents) > LARGEST:
            ends = [self.inlined(node.parents[place], writer) for place in (0, -1)]
            first, last = map(writer.notation.term, ends)
            return writer.notation.sum([first, writer.notation.left_out(), last])
        text = self._written_out(node, writer.in_notation(TEXT)).text
        return (
            briefly(node, writer)
            if text_width(text) > WIDTH - 20
            else self._written_out(node, writer)
        )

    def _written_out(self, node: Value, writer: Writer) -> Part:
        if len(node.parents) > LONGEST_FORMULA or not node.parents:
            return writer.value(node)
        if node.operation is log_sum_exp:
            return briefly(node, writer)
        parts = [self.inlined(parent, writer) for parent in node.parents]
        row = written(node)
        return writer.notation.write(row.formula, dict(zip(row.operands, parts, strict=True)))

    def inlined(self, node: Value, writer: Writer) -> Part:
        """A node by its name, or by what it is made of where it has no equation of its own."""
        squares = {inner for error in self.errors.values() for inner in error[1:]}
        if node in self.alias or node in squares:
            return self._written_out(node, writer)
        return writer.node(node)

    def needed(self, writer: Writer) -> list[list[Equation]]:
        """From the cost back, the equations that the wanted gradients need, theirs the last.

        Those of one general equation are together.
        """
        root = self.graph.root
        above = {node for wanted in self.wanted for node in self.graph.above(wanted)}
        if above == {root}:
            one = writer.notation.number(1.0)
            return [[Equation(writer.gradient(root), [], [], one)]]
        found = [] if self.is_of_a_unit(root) else self._cost(above, writer)
        for group in (group for section in self.sections for group in section.groups):
            nodes = [node for node in group.nodes if node in above]
            found.append([row for node in nodes for row in self.equations(node, writer)])
        return [[shortened(each, writer) for each in equations] for equations in found if equations]

    def _cost(self, above: set[Value], writer: Writer) -> list[list[Equation]]:
        """What the cost is, and what it is made of as far as that is needed."""
        root = self.graph.root
        cost = Equation(writer.node(root), [self.made_of(root, writer)], [], writer.number(root))
        inside = [node for node in self.inside_cost if node in above]
        return [[cost], self.shares(writer), [self.definition(node, writer) for node in inside]]


def _share(operand: int, writer: Writer) -> Part:
    """The name of a local derivative of log Σ exp: p₂ of the second operand."""
    return writer.notation.name(f"p_{operand + 1}")


def _of_all(softmax: Value, operand: int, writer: Writer) -> Part:
    """What exp(z) of one operand is of the sum of all."""
    z = [writer.node(each) for each in softmax.parents]
    own = writer.notation.write("exp(z)", {"z": z[operand]})
    return writer.notation.write("own / all", {"own": own, "all": exps(z, writer)})


def prime_of(r: Value) -> str:
    """The name under which f′ of an activation is written; "" for ReLU, whose f′ is Step."""
    operation = r.operation
    if operation is None or operation.name == "relu":
        return ""
    if operation.name in FUNCTIONS:
        return operation.name
    return operation.symbol if operation.symbol.isidentifier() else operation.name


def _is_one(node: Value, operand: int) -> bool:
    """Does the operation hand its gradient on as it is?"""
    derivatives = written(node).derivatives
    return bool(derivatives) and derivatives[operand] == "1"
