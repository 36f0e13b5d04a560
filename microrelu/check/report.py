"""What a check found: a line for each leaf, notes, and whether all agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from microrelu.writing.figures import number
from microrelu.writing.notation import TEXT
from microrelu.writing.report import LONGEST_TABLE, report_text


@dataclass(frozen=True)
class LeafCheck:
    """One leaf's gradient beside its differences.

    Attributes:
        leaf: Its label, or v1, v2, … as in the steps.
        gradient: By backpropagation, or as given.
        left: The slope to its left; None where the graph has no value there.
        central: The slope through both sides; None where one is missing.
        right: The slope to its right; None where the graph has no value there.
        uncertainty: How far off the differences may be, rounding included; None without any.
        agrees: Is the gradient right? None where differences cannot tell.
        verdict: "agrees"; "within rounding" (the slope is 0, and the gradient what is left of
            terms that cancel); "kink"; "one-sided"; "infinite"; "cannot be measured here" (what the
            floats lose is larger than what they measure); "no neighbours"; "not finite"; "WRONG".
    """

    leaf: str
    gradient: float
    left: float | None
    central: float | None
    right: float | None
    uncertainty: float | None
    agrees: bool | None
    verdict: str

    @property
    def slopes(self) -> tuple[float | None, float | None, float | None]:
        """Left, central, right."""
        return self.left, self.central, self.right

    @property
    def is_two_sided(self) -> bool:
        """Do left and right say more than the central slope: at a kink, or at an edge?"""
        if self.left is None or self.right is None:
            return self.slopes != (None,) * 3
        return self.verdict == "kink" or not math.isclose(self.left, self.right, rel_tol=1e-6)

    @property
    def distance(self) -> float:
        """How far the gradient is from the differences, relative to the larger of them."""
        sides = (self.left, self.right) if self.is_two_sided else (self.central,)
        slopes = [slope for slope in sides if slope is not None]
        if self.agrees and self.verdict in ("kink", "infinite"):
            return 0.0
        if not slopes or not math.isfinite(self.gradient):
            return math.inf
        apart = max(min(slopes) - self.gradient, self.gradient - max(slopes), 0.0)
        return apart / max(map(abs, [self.gradient, *slopes])) if apart else 0.0


@dataclass(frozen=True, repr=False)
class Report:
    """What `check_gradients` found: true when every row agrees; prints as a table.

    A row that cannot be measured is neither agreement nor error: its `agrees` is None, the count at
    the end keeps it apart, and the report, which does not confirm it, is not true.

    Attributes:
        rows: One LeafCheck for each leaf.
        notes: Sentences: wrong local derivatives, nodes at their kinks, what rounding hides.
        source: Where the gradients come from, "backpropagation" or "given".
    """

    rows: tuple[LeafCheck, ...]
    notes: tuple[str, ...] = ()
    source: str = "backpropagation"

    def __bool__(self) -> bool:
        return all(row.agrees for row in self.rows)

    @property
    def worst(self) -> LeafCheck | None:
        """The leaf that is furthest off, those that do not agree first; None without leaves."""
        return max(self.rows, key=lambda row: (-_rank(row), row.distance), default=None)

    def __repr__(self) -> str:
        """The table, the notes, and the worst leaf with both numbers."""
        shown: Sequence[LeafCheck] = self.rows
        if len(shown) > LONGEST_TABLE:
            shown = sorted(shown, key=_rank)[:LONGEST_TABLE]
        head = ["leaf", self.source, "left", "central", "right", "verdict"]
        cells = [
            [
                TEXT.name(row.leaf).text,
                number(row.gradient, 8),
                *[_slope_text(slope, row) for slope in row.slopes],
                row.verdict,
            ]
            for row in shown
        ]
        return report_text(head, cells, self.notes, self._conclusion(), len(self.rows))

    def _conclusion(self) -> str:
        if (row := self.worst) is None:
            return "There is no leaf to check."
        counts = f"{sum(row.agrees is True for row in self.rows)} of {len(self.rows)} agree"
        if unmeasured := sum(row.agrees is None for row in self.rows):
            counts += f", {unmeasured} cannot be measured here"
        claim = "as given" if self.source == "given" else f"by {self.source}"
        slope = by_differences(row, 12)
        return (
            f"{counts}. Furthest off is {TEXT.name(row.leaf).text}: "
            f"{number(row.gradient, 12)} {claim}, {slope} by differences{_hint(row)}."
        )


def _rank(row: LeafCheck) -> int:
    """What a reader should see first: errors, then what cannot be measured."""
    return 2 if row.agrees else 1 if row.agrees is None else 0


def _slope_text(slope: float | None, row: LeafCheck, digits: int = 8) -> str:
    if slope is None:
        return "none"
    is_noise = 0 < abs(slope) <= (row.uncertainty or 0.0)
    return "≈ 0" if is_noise else number(slope, digits)


def by_differences(row: LeafCheck, digits: int) -> str:
    """What differences say, left and right where they differ."""
    left, central, right = (_slope_text(slope, row, digits) for slope in row.slopes)
    return f"left {left} and right {right}" if row.is_two_sided else central


def _hint(row: LeafCheck) -> str:
    """What a student may have forgotten."""
    if row.verdict != "WRONG" or row.central is None:
        return ""
    if row.central == 0 == row.left == row.right:
        return ": a factor 0, such as a Step, is missing"
    return ": the sign is lost" if math.isclose(row.gradient, -row.central, rel_tol=1e-6) else ""
