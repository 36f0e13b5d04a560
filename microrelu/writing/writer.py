"""A writer: the names of a graph, a notation and a language in one object that sets its nodes.

Whoever explains a graph asks a writer for each piece: a node's name or value, a local derivative
or its symbol, an equation, a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from microrelu.engine import Value
from microrelu.writing.formula import written
from microrelu.writing.names import Names
from microrelu.writing.notation import LATEX, SUM, TEXT, Notation, Part
from microrelu.writing.words import LANGUAGE, say

LONGEST_FORMULA = 24  # operands; beyond it an operation is written by its symbol


@dataclass(frozen=True, slots=True)
class Writer:
    """Sets the nodes of one graph.

    Attributes:
        names: What the nodes are called, and their numbers.
        notation: Text, LaTeX or MathML.
        language: That of its sentences, by default what is in force when it is made.
    """

    names: Names
    notation: Notation = TEXT
    language: str = field(default_factory=LANGUAGE.get)

    def in_notation(self, notation: Notation) -> Writer:
        """A writer of the same graph in another notation."""
        return replace(self, notation=notation)

    def node(self, node: Value) -> Part:
        """A node by its name, or a constant by its number."""
        name = self.names[node]
        return self.notation.name(name) if name else self.number(node)

    def number(self, node: Value) -> Part:
        """A node by its number."""
        return self.notation.number(self.names.data[node])

    def inline(self, node: Value) -> str:
        """A node's name for the middle of a sentence."""
        return self.in_sentence(self.node(node))

    def in_sentence(self, part: Part) -> str:
        """A piece of a formula for the middle of a sentence."""
        return f"${part.text}$" if self.notation is LATEX else part.text

    def say(self, key: str, **words: object) -> str:
        """A sentence of the table of words."""
        return say(key, self.language, **words)

    def value(self, node: Value, numbers: bool = False) -> Part:
        """What a node is made of: `w x + b`, or `0.5 · 2 + 0.1`; a leaf is its number."""
        if node.operation is None or not node.parents:
            return self.number(node)
        if len(node.parents) > LONGEST_FORMULA:
            return Part(self.notation.name(node.operation.symbol).text, SUM)
        return self._formula(written(node).formula, node, numbers)

    def equation(self, node: Value, numbers: bool = True, aligned: bool = False) -> str:
        """How a node was made, in symbols, in numbers, its value: `z = w x = 0.5 · 2 = 1`."""
        parts = [self.node(node), self.value(node)]
        if node.parents and numbers:
            if len(node.parents) <= LONGEST_FORMULA:
                parts.append(self.value(node, numbers=True))
            parts.append(self.number(node))
        return self.notation.equation(*parts, aligned=aligned)

    def gradient(self, node: Value) -> Part:
        """∂root/∂node."""
        return self.notation.partial(self.node(self.names.root), self.node(node))

    def local_derivative(self, node: Value, operand: int) -> Part | None:
        """∂node/∂parent as its operation writes it: `x`, `Step(z)`; None where it does not say."""
        if node.operation is None or len(node.parents) > LONGEST_FORMULA:
            return None
        derivatives = written(node).derivatives
        return self._formula(derivatives[operand], node) if derivatives else None

    def local_symbol(self, node: Value, operand: int) -> Part | None:
        """The symbol of a local derivative, never that of a gradient which it is not.

        ∂z/∂w is the derivative of z by w in the whole graph, and so the local one only where w
        reaches z as this operand alone. Where it reaches z through other operands as well, the
        operation's own function is written, ∂(v − w)/∂w; where it is an operand twice there is no
        symbol (None), but what `local_derivative` says of that place, or ∂₂(f(w, w)) where that
        says nothing.
        """
        parent = node.parents[operand]
        if node.parents.count(parent) > 1:
            if self.local_derivative(node, operand) is not None:
                return None
            return self.notation.place_partial(self.value(node), operand + 1)
        under = self.node(parent)
        if parent in self.names.indirect(node):
            return self.notation.function_partial(self.value(node), under)
        return self.notation.partial(self.node(node), under)

    def local(self, node: Value, operand: int) -> Part | None:
        """A local derivative's symbol, else what its operation writes, where it says anything."""
        return self.local_symbol(node, operand) or self.local_derivative(node, operand)

    def _formula(self, formula: str, node: Value, numbers: bool = False) -> Part:
        parts = [self.number(parent) if numbers else self.node(parent) for parent in node.parents]
        return self.notation.write(formula, dict(zip(written(node).operands, parts, strict=True)))
