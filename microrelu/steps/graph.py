"""The finished sweep of a graph: what each node received, and from whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from microrelu.engine import Value
from microrelu.steps.sweep import Contribution, Step, backward_steps, grads_kept
from microrelu.writing.names import Names
from microrelu.writing.notation import Part
from microrelu.writing.writer import Writer


class Graph:
    """The finished sweep of a graph: its steps, and what each node received from whom."""

    def __init__(self, names: Names) -> None:
        self.names, self.root = names, names.root
        with grads_kept(self.root):
            self.steps = list(backward_steps(self.root, names))
        self.step_of = {step.node: step for step in self.steps}
        self.received: dict[Value, list[tuple[Step, Contribution]]] = defaultdict(list)
        for step in reversed(self.steps):  # sums are written in the order of the forward pass
            for contribution in step.contributions:
                self.received[contribution.parent].append((step, contribution))

    def above(self, node: Value) -> list[Value]:
        """The nodes that the node is a part of, itself last, in the order of the sweep."""
        found = {node}
        for step in reversed(self.steps):
            if any(contribution.parent in found for contribution in step.contributions):
                found.add(step.node)
        return [step.node for step in self.steps if step.node in found]

    def count_paths(self, node: Value) -> int:
        """How many paths lead from the root to the node."""
        counts = defaultdict(int, {self.root: 1})
        for step in self.steps:
            for contribution in step.contributions:
                counts[contribution.parent] += counts[step.node]
        return counts[node]

    def gathered(self, node: Value, writer: Writer) -> list[Part]:
        """Equation 2: ∂C/∂r, then Σ ∂C/∂z · ∂z/∂r term by term, with symbols, then with numbers."""
        received, notation = self.received[node], writer.notation
        left = writer.gradient(node)
        if len(received) == 1:
            sender, contribution = received[0]
            return [left, *sender.product(contribution, writer)]
        factors = [sender.factors(contribution, writer) for sender, contribution in received]
        sums = [
            notation.sum([notation.product(pair) for pair in pairs])
            for pairs in zip(*factors, strict=True)
        ]
        return unrepeated([left, *sums, notation.number(self.step_of[node].upstream)])


def unrepeated(parts: Iterable[Part]) -> list[Part]:
    """The sides of an equation, those that are set alike once."""
    return list({part.text: part for part in parts}.values())
