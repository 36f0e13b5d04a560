"""Why a step multiplies by what it multiplies by, in one sentence of the reader's language."""

from __future__ import annotations

from microrelu.engine import Value
from microrelu.steps.sweep import Step
from microrelu.writing.notation import LATEX
from microrelu.writing.writer import Writer

_REASONS = {"add": "sum", "total": "sum", "maximum": "chooses", "minimum": "chooses"}
_REASONS |= {key: key for key in ("subtract", "negate", "multiply", "weighted_sum", "log_sum_exp")}


def why(step: Step, writer: Writer) -> str:
    """One sentence on why the step multiplies by what it multiplies by."""
    node, operation = step.node, step.node.operation
    name = writer.inline(node)
    if operation is None:
        return writer.say("leaf", node=name)
    # LaTeX's text fonts do not have every letter of the symbols, √ and Σ among them.
    is_latex = writer.notation is LATEX
    symbol = operation.name.replace("_", " ") if is_latex else operation.symbol
    slopes = [contribution.local_derivative for contribution in step.contributions]
    if step.is_at_kink and slopes:
        numbers = ", ".join(writer.notation.number(slope).text for slope in slopes)
        return writer.say("kink", symbol=symbol, slope=f"${numbers}$" if is_latex else numbers)
    if operation.has_kink and slopes and not any(slopes):
        return writer.say("closed", symbol=symbol)
    if operation.has_kink and set(slopes) == {1}:
        return writer.say("open", symbol=symbol)
    return writer.say(reason(operation.name), node=name, symbol=symbol)


def reason(operation: str) -> str:
    """The row that says what an operation of that name does to the gradient."""
    return _REASONS.get(operation, "chain")


def is_blocked(node: Value, index: int) -> bool:
    """Does the node's operation, one with a kink such as ReLU, let nothing back to that parent?"""
    operation = node.operation
    return operation is not None and operation.has_kink and node.local_derivatives[index] == 0
