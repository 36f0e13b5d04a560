"""Why a step multiplies by what it multiplies by, in one sentence of the reader's language."""

from __future__ import annotations

from microrelu.steps.sweep import Step
from microrelu.writing.notation import LATEX, TEXT, Notation, inline
from microrelu.writing.words import say

_REASONS = {"add": "sum", "total": "sum", "maximum": "chooses", "minimum": "chooses"}
_REASONS |= {key: key for key in ("subtract", "negate", "multiply", "weighted_sum", "log_sum_exp")}


def why(step: Step, lang: str = "en", notation: Notation = TEXT) -> str:
    """One sentence on why the step multiplies by what it multiplies by."""
    node, operation = step.node, step.node.operation
    name = inline(node, step.names, notation)
    if operation is None:
        return say("leaf", lang, node=name)
    # LaTeX's text fonts do not have every letter of the symbols, √ and Σ among them.
    symbol = operation.name.replace("_", " ") if notation is LATEX else operation.symbol
    slopes = [each.local_derivative for each in step.contributions]
    if step.is_at_kink and slopes:
        written = ", ".join(notation.number(slope).text for slope in slopes)
        return say(
            "kink", lang, symbol=symbol, slope=f"${written}$" if notation is LATEX else written
        )
    if operation.has_kink and slopes and not any(slopes):
        return say("closed", lang, symbol=symbol)
    if operation.has_kink and set(slopes) == {1}:
        return say("open", lang, symbol=symbol)
    return say(reason(operation.name), lang, node=name, symbol=symbol)


def reason(operation: str) -> str:
    """The row that says what an operation of that name does to the gradient."""
    return _REASONS.get(operation, "chain")
