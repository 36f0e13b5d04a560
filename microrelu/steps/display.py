"""What a notebook shows of a Value: its name, how it was made, its value and its gradient."""

from __future__ import annotations

from microrelu.engine import Constant, Value
from microrelu.steps.by_layers import shortened
from microrelu.steps.holds import changed_nodes
from microrelu.steps.telling import as_made, latex_lines
from microrelu.writing.notation import LATEX, Part, aligned
from microrelu.writing.variables import names_in_notebook
from microrelu.writing.writer import Writer


def as_latex(node: Value) -> str:
    """A node as a formula, with the names of the notebook's variables.

    Where its operands have changed since it was computed, no equation of theirs is stated.
    """
    writer = Writer(names_in_notebook(node), LATEX)
    made = shortened(as_made(node, writer), writer)
    if node not in writer.names.given:
        made = made._replace(left=_word("value", writer))
    if has_changed := bool(changed_nodes([node])):
        made = made._replace(symbols=[], numbers=[])
    lines = latex_lines(made)
    if has_changed:
        lines.append(f"& {_word('changed', writer).text}")
    if not isinstance(node, Constant):
        is_swept = type(node.grad) is float  # in this graph, and not in the one before `recompute`
        found = f"= {LATEX.number(node.grad).text}" if is_swept else _word("not yet", writer).text
        lines.append(f"{_word('gradient', writer).text} & {found}")
    return f"$\\displaystyle {aligned(lines)}$"


def _word(key: str, writer: Writer) -> Part:
    return Part(rf"\text{{{writer.say(key)}}}")
