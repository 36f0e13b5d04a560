"""What the page is told of the graph: its nodes, as they were recorded, and its operations.

Each node is an entry; each operation is a row, once for each number of operands, with its formulas
as trees. The script sets and computes everything else from these.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from microrelu import operations
from microrelu.engine import Constant, Operation, Value, topological_order
from microrelu.expressions import Parts
from microrelu.player.around import Excerpt, Rest
from microrelu.steps.by_layers import ByLayers
from microrelu.steps.graph import Graph
from microrelu.steps.holds import at_kink, changed_nodes, recompute
from microrelu.steps.structure import Layer, layers_of
from microrelu.steps.telling import Telling
from microrelu.writing.formula import fold, written
from microrelu.writing.names import Names
from microrelu.writing.notation import MATHML, TEXT
from microrelu.writing.words import LANGUAGES, language, say
from microrelu.writing.writer import LONGEST_FORMULA, Writer


def graph_data(names: Names, given: Any = None, excerpt: Excerpt | None = None) -> dict[str, Any]:
    """The graph as it was recorded: one entry a node, one row for each operation and arity.

    Args:
        names: The nodes of the graph.
        given: What the names were made of: of an expression's the text is shown, too.
        excerpt: What the graph is of a larger one.
    """
    index = {node: i for i, node in enumerate(names)}
    changed = set(changed_nodes([*names]))
    rows: dict[tuple[Operation, int], dict[str, Any]] = {}
    places: dict[tuple[Operation, int], int] = {}
    nodes = []
    for node in names:
        kind = -2 if isinstance(node, Constant) else -1
        if node.operation is not None:
            key = node.operation, len(node.parents)
            if key not in rows:
                places[key], rows[key] = len(rows), _row(node, node.operation)
            kind = places[key]
        entry: list[Any] = [kind, node.data, TEXT.name(names[node]).text]
        entry.append(list(MATHML.name(names[node])[:2]) if names[node] else 0)
        if node.parents:
            parents = [index[parent] for parent in node.parents]
            entry += [parents, node.local_derivatives, int(at_kink(node))]
            indirect = names.indirect(node)
            entry.append([k for k, parent in enumerate(node.parents) if parent in indirect])
            entry.append(int(node in changed))
        nodes.append(entry)
    data = {
        "atZero": operations.at_zero(),
        "recompute": recompute(names),
        "rows": list(rows.values()),
        "nodes": nodes,
        "leaves": [index[leaf] for leaf in _leaves(names, given)],
        "examples": [[index[node] for node in own] for own in _examples(names)],
    }
    if excerpt is not None:
        shown = {node: index[copy] for node, copy in excerpt.copies.items()}
        hidden = f"{len(excerpt.whole) - len(names):,}"
        data["excerpt"] = {"center": excerpt.center, "hidden": hidden}
        data |= {"units": _units(layers_of(excerpt.whole), shown), "layers": []}
    elif not changed:
        data |= _layered(names, index)
    if isinstance(given, Parts):
        found = [[*given.places[node], i] for node, i in index.items() if node in given.places]
        data |= {"text": given.text, "places": found}
    return {key: _finite(value) for key, value in data.items()}


def _row(node: Value, operation: Operation) -> dict[str, Any]:
    """The node's operation as the page needs it: its formulas as trees, and whether it is live.

    Only the package's own operations are: the page cannot run a Python function.
    """
    row: dict[str, Any] = {
        "name": operation.name,
        "symbol": operation.symbol,
        "shown": list(MATHML.name(operation.symbol)[:2]),
        "live": getattr(operations, operation.name, None) is operation,
        "hasKink": operation.has_kink,
    }
    if isinstance(operation, Rest):
        row["hidden"] = f"{operation.count:,}"
    elif 0 < len(node.parents) <= LONGEST_FORMULA:
        operands, formula, derivatives = written(node)
        row["formula"] = _tree(formula, operands)
        row["derivatives"] = [_tree(derivative, operands) for derivative in derivatives]
    return row


def _leaves(names: Names, given: Any) -> list[Value]:
    """The leaves in the order of the expression's text; of a network, what is learnt first."""
    leaves = {
        node: None for node in names if node.operation is None and not isinstance(node, Constant)
    }
    if isinstance(given, Parts):
        return sorted(leaves, key=lambda leaf: given.places.get(leaf, (len(given.text), 0)))
    units = [unit for layer in layers_of(names) for unit in layer.units]
    learnt = [node for unit in units for node in (*unit.weights, unit.bias)]
    return [leaf for leaf in dict.fromkeys([*learnt, *leaves]) if leaf in leaves]


def _examples(names: Names) -> list[list[Value]]:
    """Of a mean of several losses, the nodes that each loss alone is made of."""
    root = names.root
    losses = root.parents[0].parents if root.operation is operations.divide else ()
    if len(losses) < 2 or root.parents[0].operation is not operations.total:
        return []
    below = [topological_order(loss) for loss in losses]
    count = Counter(chain.from_iterable(below))
    return [[node for node in nodes if count[node] == 1 and node.parents] for nodes in below]


def _layered(names: Names, index: dict[Value, int]) -> dict[str, Any]:
    """The units of a network, and its two passes layer by layer: formula, words, nodes."""
    layers = ByLayers(Graph(names))
    if not layers.layers:
        return {"units": [], "layers": []}
    units = _units(layers.layers, index)
    told = []
    for name in LANGUAGES:
        with language(name):
            told.append(_layer_steps(layers, names))
    found = [
        [phase, formula, [steps[i][2] for steps in told], [index[node] for node in nodes]]
        for i, (phase, formula, _, nodes) in enumerate(told[0])
    ]
    return {"units": units, "layers": found}


def _layer_steps(layers: ByLayers, names: Names) -> list[tuple[str, str, str, list[Value]]]:
    """Phase, formula, words and nodes of each step, in the language in force."""
    writer = Writer(names, MATHML)
    generals = {general.number: general for general in Telling(layers, writer).general()}
    spoken = {each.number: each for each in Telling(layers, writer.in_notation(TEXT)).general()}
    steps: list[tuple[str, str, str, list[Value]]] = []
    for number in range(1, layers.depth + 1):
        level = [layer for layer in layers.layers if layer.number == number]
        zs = [unit.z for layer in level for unit in layer.units]
        place = _from_layer(number - 1)
        steps.append(("forward", _weighed(), say("layer", number=number) + place, zs))
        between = [node for layer in level for unit in layer.units for node in unit.between]
        steps += [("forward", "", say("through") + place, between)] * bool(between)
    for section in layers.sections:
        for equation, nodes in section.groups:
            general = generals.get(equation)
            formula = MATHML.equation(*general.sides) if general else ""
            words = f"{equation}. {spoken[equation].sentence}" if general else ""
            words += _from_layer(section.number - 1) if general else ""
            steps.append(("backward", formula, words, nodes))
    return steps


def _units(layers: Iterable[Layer], index: Mapping[Value, int]) -> list[list[int]]:
    """Of each node of a unit that is shown: where it is, its layer, and its place there."""
    return [
        [index[node], layer.number, place]
        for layer in layers
        for place, unit in enumerate(layer.units, start=1)
        for node in dict.fromkeys((unit.z, *unit.between))
        if node in index
    ]


def _weighed() -> str:
    """z = Σ W r + b, of any unit j of the layer k + 1."""
    terms = MATHML.product([MATHML.name("W(k)_ij"), MATHML.name("r(k)_i")])
    whole = MATHML.sum([MATHML.sum_over("i", terms), MATHML.name("b(k)_j")])
    return MATHML.equation(MATHML.name("z(k+1)_j"), whole)


def _from_layer(k: int) -> str:
    return say("layers k", k=k, next=k + 1)


def _tree(formula: str, operands: Sequence[str]) -> Any:
    """A formula as nested lists: an operand is its index, anything else begins with its kind."""

    def named(name: str) -> Any:
        known = name in operands
        return operands.index(name) if known else ["name", *MATHML.name(name)[:2]]

    def call(function: str, given: list[Any]) -> Any:
        return ["call", function, MATHML.functions.get(function, function), *given]

    return fold(
        formula,
        number=lambda value: ["number", float(value)],
        name=named,
        negate=lambda operand: ["negate", operand],
        binary=lambda sign, left, right: [sign, left, right],
        call=call,
    )


def _finite(data: Any) -> Any:
    """The data with NaN and the infinities, which JSON lacks, as the strings that mean them."""
    if isinstance(data, float):
        return data if math.isfinite(data) else str(data).replace("inf", "Infinity")
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    return [_finite(element) for element in data] if isinstance(data, (list, tuple)) else data
