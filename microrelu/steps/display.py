"""What a notebook shows of a Value: its name, how it was made, its value and its gradient."""

from __future__ import annotations

from microrelu.engine import Constant, Value
from microrelu.steps.equation import Equation, as_made, latex_lines, shortened
from microrelu.steps.holds import changed_nodes
from microrelu.text import text_width
from microrelu.writing.formula import written
from microrelu.writing.notation import LATEX, TEXT, Part, aligned
from microrelu.writing.variables import names_in_notebook
from microrelu.writing.writer import LONGEST_FORMULA, Writer

LONGEST, DEEPEST = 40, 4  # columns and levels of a formula whose inner nodes have no names


def as_latex(node: Value) -> str:
    """A node as a formula, with the names of the notebook's variables.

    Where its operands have changed since it was computed, no equation of theirs is stated.
    """
    writer = Writer(names_in_notebook(node), LATEX)
    changed = changed_nodes(_near(node))
    made = as_made(node, writer) if changed else _made(node, writer)
    if node not in writer.names.given:
        made = made._replace(left=_word("value", writer))
    if node in changed:
        made = made._replace(symbols=[], numbers=[])
    lines = latex_lines(shortened(made, writer))
    if node in changed:
        lines.append(f"& {_word('changed', writer).text}")
    if not isinstance(node, Constant):
        is_swept = type(node.grad) is float  # in this graph, and not in the one before `recompute`
        number = f"= {LATEX.number(node.grad).text}"
        found = number if is_swept else rf"\text{{ {writer.say('not yet')}}}"
        lines.append(f"{_word('gradient', writer).text} & {found}")
    return f"$\\displaystyle {aligned(lines)}$"


def _word(key: str, writer: Writer) -> Part:
    return Part(rf"\text{{{writer.say(key)}}}")


def _near(node: Value) -> set[Value]:
    """The node, and what its formula may be written out of."""
    found = level = {node}
    for _ in range(DEEPEST - 1):
        level = {parent for each in level for parent in each.parents}
        found = found | level
    return found


def _made(node: Value, writer: Writer) -> Equation:
    """How the node was made, of as many named nodes as have room: `w x + b`, not `v₁ + b`."""
    made, text = as_made(node, writer), writer.in_notation(TEXT)
    for depth in range(1, DEEPEST):
        if len(made.symbols) > 1 or text_width(_written_out(node, text, depth).text) > LONGEST:
            break
        numbers = _written_out(node, writer, depth, numbers=True)
        made = made._replace(symbols=[_written_out(node, writer, depth)], numbers=[numbers])
    return made


def _written_out(node: Value, writer: Writer, depth: int, numbers: bool = False) -> Part:
    """What a node was made of, its operands without a name likewise, so many levels deep."""
    if not 0 < len(node.parents) <= LONGEST_FORMULA:
        return writer.value(node, numbers)
    setter = writer.number if numbers else writer.node
    parts = [
        _written_out(parent, writer, depth - 1, numbers)
        if depth and parent.parents and parent not in writer.names.given
        else setter(parent)
        for parent in node.parents
    ]
    row = written(node)
    return writer.notation.write(row.formula, dict(zip(row.operands, parts, strict=True)))
