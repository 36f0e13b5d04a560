"""The health of a network: how large its numbers are, layer by layer, and which units are dead.

It looks at a loss that was swept, of one example or of a batch, and keeps numbers alone: a report
says the same after training has gone on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from microrelu.engine import Earlier, Value, topological_order
from microrelu.picture.look import GRADIENT, VALUE
from microrelu.reports.plotting import Line, beyond_scale, new_axes, plot
from microrelu.steps.holds import changed_nodes, refuse_changed
from microrelu.steps.structure import Layer, Unit, dead_units, layers_of, same_units
from microrelu.text import unit_label
from microrelu.writing.figures import number
from microrelu.writing.names import node_names
from microrelu.writing.notation import TEXT
from microrelu.writing.report import LONGEST_TABLE, Parts, ReportLook
from microrelu.writing.words import LANGUAGE

VANISHED, EXPLODED = 1e-3, 1e3  # mean |∂C/∂z| of a layer, divided by the last layer's
NEARLY = 0.05  # of the examples, in which a unit is open that is nearly dead
ENDS, AROUND = 5, 1  # layers that a long table shows: at its ends, and about each fault
LONGEST_LIST = 8  # units by their names


@dataclass(frozen=True)
class LayerHealth:
    """One layer's numbers, means and maxima of absolute values over units and examples.

    Attributes:
        number: 1 for the layer that reads the inputs, and so on, by what feeds what.
        units: How many there are.
        gradient: Mean |∂C/∂z|.
        largest_gradient: The largest |∂C/∂z|.
        relative: That mean divided by the last layer's; NaN where that is 0, ∞ or NaN.
        weight_gradient: Mean |∂C/∂W|.
        largest_weight_gradient: The largest |∂C/∂W|.
        z: Mean |z|.
        r: Mean |r|, of the activations.
        weights: Mean |W|.
        open: The share of units and examples in which the activation lets something back; None of
            a layer whose activation has no kink, and so cannot close.
        dead: The units that were closed for every example, by name.
        nearly_dead: The units that were open for some examples, but for one in twenty at most.
    """

    number: int
    units: int
    gradient: float
    largest_gradient: float
    relative: float
    weight_gradient: float
    largest_weight_gradient: float
    z: float
    r: float
    weights: float
    open: float | None
    dead: tuple[str, ...]
    nearly_dead: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """What became of the gradient: "passes", "vanished", "exploded"; or "not finite"."""
        sizes = (self.gradient, self.weight_gradient, self.z, self.r, self.weights)
        if not all(map(math.isfinite, sizes)):
            return "not finite"
        if self.gradient == 0 or self.relative < VANISHED:
            return "vanished"
        return "exploded" if self.relative > EXPLODED else "passes"


@dataclass(frozen=True, repr=False)
class Health(ReportLook):
    """What `layers` found: true when no unit is dead and the gradient passes through every layer.

    It shows itself as a table; `plot` draws it.

    Attributes:
        rows: One LayerHealth for each layer, from the inputs on.
        examples: How many the loss is of, by how often a unit stands in it.
        root: What the loss is called, C or its label.
        language: That of its sentences.
    """

    rows: tuple[LayerHealth, ...]
    examples: int
    root: str = "C"
    language: str = field(default_factory=LANGUAGE.get)

    def __bool__(self) -> bool:
        return not any(row.dead or row.verdict != "passes" for row in self.rows)

    def plot(self, axes: Any = None) -> Any:
        """Draw the table on a log scale with Matplotlib (extra `train`).

        Blue are values, orange gradients, the largest of each layer thin. What has no place on a
        log scale stands at the edges: 0 below, ∞ and NaN above.

        Args:
            axes: Matplotlib's Axes to draw on; by default those of a new figure.

        Returns:
            The Axes.

        Raises:
            ImportError: Matplotlib is missing.
        """
        axes = new_axes() if axes is None else axes

        def line(label: str, color: str, style: str, *attributes: str) -> Line:
            sizes = ([getattr(row, each) for row in self.rows] for each in attributes)
            return Line(label, color, style, *sizes)

        lines = [
            line(self._size("z"), GRADIENT, "-", "gradient", "largest_gradient"),
            line(self._size("W"), GRADIENT, "--", "weight_gradient", "largest_weight_gradient"),
            line("|z|", VALUE, "-", "z"),
            line("|r|", VALUE, "--", "r"),
            line("|W|", VALUE, ":", "weights"),
        ]
        plot(axes, [row.number for row in self.rows], lines, self._say("column layer"))
        return axes

    @property
    def _has_gates(self) -> bool:
        """May any unit close?"""
        return any(row.open is not None for row in self.rows)

    # As text and as HTML

    def _parts(self) -> Parts:
        """What the look of a report is given."""
        largest = self._say("column largest")
        gradients = [self._size("z"), largest, self._size("W"), largest]
        head = [*map(self._say, ("column layer", "column units")), *gradients, "|z|", "|r|", "|W|"]
        if self._has_gates:
            head += map(self._say, ("column open", "column dead"))
        lines = []
        for is_shown, rows in groupby(self.rows, self._shown().__contains__):
            cells = [_cells(row)[: len(head)] for row in rows]
            lines += cells if is_shown else [["…"] + [""] * (len(head) - 1)]
        count = len(self.rows) + sum(line[0] == "…" for line in lines)
        return head, lines, self._notes(), self._conclusion(), count, self.language

    def _shown(self) -> set[LayerHealth]:
        """The rows that the table has room for: its ends, and where things go wrong."""
        rows = self.rows
        if len(rows) <= LONGEST_TABLE:
            return {*rows}
        shown = {*rows[:ENDS], *rows[-ENDS:]}
        faults = [row for _, row in self._faults()] + [row for row in rows if row.dead][:1]
        for row in faults:
            shown |= {*rows[max(row.number - 1 - AROUND, 0) : row.number + AROUND]}
        return shown

    def _notes(self) -> list[str]:
        """What the columns are, where numbers begin to be none, what vanishes, who is dead."""
        notes = [self._say("means", count=self.examples)]
        if self._has_gates:
            notes.append(self._say("share open"))
        notes += [note for note, _ in self._faults()]
        for key, units in (("dead units", "dead"), ("nearly dead units", "nearly_dead")):
            if names := [name for row in self.rows for name in getattr(row, units)]:
                notes.append(self._say(key, units=self._listed(names), share=number(NEARLY)))
        if self.examples == 1 and any(row.dead for row in self.rows):
            notes.append(self._say("one example"))
        return notes

    def _faults(self) -> Iterator[tuple[str, LayerHealth]]:
        """What goes wrong, each with the layer where it begins."""
        yield from self._beginnings("begins forward", "z", self.rows, "z")
        gradient, backward = self._partial("z"), self.rows[::-1]
        yield from self._beginnings("begins backward", gradient, backward, "gradient")
        for key, verdict, bound, extreme in (
            ("vanishes", "vanished", VANISHED, min),
            ("explodes", "exploded", EXPLODED, max),
        ):
            rows = [row for row in backward if row.verdict == verdict and row.gradient]
            if rows:  # 0 has been told
                worst = extreme(rows, key=lambda row: row.relative)
                ratio, first = number(worst.relative, 3), rows[0]
                words = {"bound": number(bound), "ratio": ratio, "extreme": worst.number}
                quantity = self._size("z")
                yield self._say(key, quantity=quantity, layer=first.number, **words), first

    def _beginnings(
        self, key: str, quantity: str, rows: Iterable[LayerHealth], attribute: str
    ) -> Iterator[tuple[str, LayerHealth]]:
        """Where 0, ∞ and NaN begin."""
        begun = {""}
        for row in rows:
            if (kind := beyond_scale(getattr(row, attribute))) not in begun:
                begun.add(kind)
                yield self._say(key, quantity=quantity, number=kind, layer=row.number), row

    def _conclusion(self) -> str:
        if self:
            bounds = {"low": number(VANISHED), "high": number(EXPLODED)}
            return self._say("healthy", quantity=self._size("z"), **bounds)
        units = sum(row.units for row in self.rows)
        faults = [("some dead", sum(len(row.dead) for row in self.rows), units)]
        for key, verdict in (
            ("vanished", "vanished"),
            ("exploded", "exploded"),
            ("layers not finite", "not finite"),
        ):
            faults.append((key, sum(row.verdict == verdict for row in self.rows), len(self.rows)))
        told = [self._say(key, count=count, all=whole) for key, count, whole in faults if count]
        return self._say("unhealthy", faults=self._say("comma").join(told))

    def _listed(self, names: Sequence[str]) -> str:
        shown = self._say("comma").join(TEXT.name(name).text for name in names[:LONGEST_LIST])
        hidden = len(names) - LONGEST_LIST
        return self._say("and more", some=shown, count=hidden) if hidden > 0 else shown

    def _partial(self, under: str) -> str:
        return TEXT.partial(TEXT.name(self.root), TEXT.name(under)).text

    def _size(self, under: str) -> str:
        return f"|{self._partial(under)}|"


def layers(loss: Value) -> Health:
    """How a network is, layer by layer: its gradients, its numbers, its open and its dead units.

    Layers are found by how the graph is made: a weighted sum of weights that are Values is a unit,
    and those of as many layers below them are a layer, of all examples of a batch. What is reported
    is what the last `loss.backward()` left, before an optimiser's step; gradients of weights are
    what has added up since they were last set to 0.

    A unit is dead when its activation, one with a kink such as ReLU, let nothing back in any
    example. The gradient has vanished where the mean |∂C/∂z| of a layer is 0 or less than 0.001 of
    the last layer's, and exploded where it is more than 1,000 times that.

    Args:
        loss: What was swept, that of one example or the mean over a batch.

    Returns:
        A report that is true when no unit is dead, no gradient vanished or exploded, and all is
        finite; it shows itself as a table, and `plot()` draws it.

    Raises:
        TypeError: loss is no Value.
        ValueError: there is no layer below it, it was not swept, or data was assigned since.

    >>> from microrelu import MLP, half_squared_error, mean
    >>> model = MLP(1, [3, 1], seed=0)
    >>> loss = mean([half_squared_error(model(x), 1.0) for x in (0.5, 1.0, 2.0)])
    >>> loss.backward()
    >>> layers(loss)
    layer  units  |∂C/∂z|  largest  |∂C/∂W|  largest  |z|    |r|    |W|    open  dead
    1      3      0.0770   0.264    0.291    0.833    0.530  0.469  0.455  0.67  1
    2      1      0.458    0.547    0.694    1.19     0.374  0.374  0.232  –     –
    Means of absolute values in each layer, over all examples (3).
    open: for what share of units and examples the activation lets the gradient back.
    Dead, closed for every example: z⁽¹⁾₃.
    Not healthy: 1 of 4 units dead.
    """
    if not isinstance(loss, Value):
        raise TypeError(f"layers needs a Value, a loss that was swept, not {loss!r}.")
    order = topological_order(loss)
    found = layers_of(order)
    _refuse_without_layers(found)
    _refuse_unswept(loss, found)
    if changed_nodes(order):
        refuse_changed(node_names(loss))
    dead, examples = dead_units(found), max(map(len, same_units(found)))
    numbered = {k: [*same] for k, same in groupby(found, lambda layer: layer.number)}
    last = numbered[found[-1].number]
    reference, _ = _sizes(unit.z.grad for layer in last for unit in layer.units)
    rows = [_row(k, same_units(same), dead, reference) for k, same in numbered.items()]
    return Health(tuple(rows), examples, loss.label or "C")


def _refuse_without_layers(found: Sequence[Layer]) -> None:
    if not found:
        raise ValueError(
            "There is no layer in this graph, which is a weighted_sum(weights, inputs) of weights "
            "that are Values, as a Neuron makes it: layers(loss) takes the loss of an MLP."
        )


def _refuse_unswept(loss: Value, found: Sequence[Layer]) -> None:
    """Raise a ValueError where the gradients of the graph are none, or none of this loss."""
    name = loss.label if loss.label.isidentifier() else "loss"
    weights = (weight for layer in found for unit in layer.units for weight in unit.weights)
    if type(loss.grad) is int:
        fault = "There are no gradients yet"
    elif type(loss.grad) is Earlier:
        fault = "The gradients are from before the values were computed anew"
    elif loss.grad != 1:
        fault = f"The gradients are those of another root, of which {name} is a part"
    elif any(type(weight.grad) is int for weight in weights):
        fault = "The gradients of weights were set to 0 after the sweep"
    else:
        return
    raise ValueError(
        f"{fault}: write model.zero_grad() and {name}.backward(), and then layers({name})."
    )


def _row(
    layer: int, units: Sequence[Sequence[Unit]], dead: set[Unit], reference: float
) -> LayerHealth:
    """A layer's row, of its units as they are in all examples."""
    every = [unit for same in units for unit in same]
    gradient, largest = _sizes(unit.z.grad for unit in every)
    weights = [weight for same in units for weight in same[0].weights]
    weight_gradient, largest_weight_gradient = _sizes(weight.grad for weight in weights)
    is_comparable = reference > 0 and math.isfinite(reference)
    names = [
        same[0].z.label or unit_label("z", layer, place, len(units))
        for place, same in enumerate(units, start=1)
    ]
    shares = [sum(not unit.is_closed for unit in same) / len(same) for same in units]
    pairs = [*zip(names, shares, units, strict=True)]
    gates = [not unit.is_closed for unit in every if unit.has_kink]
    return LayerHealth(
        number=layer,
        units=len(units),
        gradient=gradient,
        largest_gradient=largest,
        relative=gradient / reference if is_comparable else math.nan,
        weight_gradient=weight_gradient,
        largest_weight_gradient=largest_weight_gradient,
        z=_sizes(unit.z.data for unit in every)[0],
        r=_sizes(unit.r.data for unit in every)[0],
        weights=_sizes(weight.data for weight in weights)[0],
        open=sum(gates) / len(gates) if gates else None,
        dead=tuple([name for name, _, same in pairs if same[0] in dead]),
        nearly_dead=tuple(
            [name for name, share, same in pairs if share <= NEARLY and same[0] not in dead]
        ),
    )


def _sizes(numbers: Iterable[float]) -> tuple[float, float]:
    """The mean and the largest of the absolute values; NaN where one of them is."""
    sizes = [*map(abs, numbers)]
    whole = sum(sizes)
    if math.isnan(whole):
        return math.nan, math.nan
    largest = max(sizes)
    if whole == math.inf > largest:
        return sum(size / len(sizes) for size in sizes), largest
    return whole / len(sizes), largest


def _cells(row: LayerHealth) -> list[str]:
    """A row of the table."""
    sizes = (row.gradient, row.largest_gradient, row.weight_gradient, row.largest_weight_gradient)
    shown = [number(size, 3) for size in (*sizes, row.z, row.r, row.weights)]
    gates = ["–", "–"] if row.open is None else [number(row.open, 2), str(len(row.dead))]
    return [str(row.number), str(row.units), *shown, *gates]
