"""What the page is told of the graph: its nodes, as they were recorded, and its operations.

Each node is an entry; each operation is a row, once for each number of operands, with its formulas
as trees. The script sets and computes everything else from these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from microrelu import operations
from microrelu.engine import Constant, Operation, Value
from microrelu.steps.holds import at_kink, changed_nodes, recompute
from microrelu.writing.formula import fold, written
from microrelu.writing.names import Names
from microrelu.writing.notation import MATHML, TEXT
from microrelu.writing.writer import LONGEST_FORMULA


def graph_data(names: Names) -> dict[str, Any]:
    """The graph as it was recorded: one entry a node, one row for each operation and arity."""
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
    }
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
    if 0 < len(node.parents) <= LONGEST_FORMULA:
        operands, formula, derivatives = written(node)
        row["formula"] = _tree(formula, operands)
        row["derivatives"] = [_tree(derivative, operands) for derivative in derivatives]
    return row


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
