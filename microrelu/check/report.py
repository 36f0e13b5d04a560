"""What a check found: a line for each leaf, notes, and whether all agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from microrelu.writing.figures import number
from microrelu.writing.notation import TEXT
from microrelu.writing.report import LONGEST_TABLE, Parts, ReportLook
from microrelu.writing.words import LANGUAGE, say


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
            These words are the same in every language; a report shows their translation.
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
class Report(ReportLook):
    """What `check_gradients` found: true when every row agrees; it shows itself as a table.

    A row that cannot be measured is neither agreement nor error: its `agrees` is None, the count at
    the end keeps it apart, and the report, which does not confirm it, is not true.

    Attributes:
        rows: One LeafCheck for each leaf.
        notes: Sentences: wrong local derivatives, nodes at their kinks, what rounding hides.
        source: Where the gradients come from, "backpropagation" or "given".
        language: That of its sentences.
    """

    rows: tuple[LeafCheck, ...]
    notes: tuple[str, ...] = ()
    source: str = "backpropagation"
    language: str = field(default_factory=LANGUAGE.get)

    def __bool__(self) -> bool:
        return all(row.agrees for row in self.rows)

    @property
    def worst(self) -> LeafCheck | None:
        """The leaf that is furthest off, those that do not agree first; None without leaves."""
        return max(self.rows, key=lambda row: (-_rank(row), row.distance), default=None)

    def _parts(self) -> Parts:
        """What the look of a report is given."""
        shown: Sequence[LeafCheck] = self.rows
        if len(shown) > LONGEST_TABLE:
            shown = sorted(shown, key=_rank)[:LONGEST_TABLE]
        keys = ["column leaf", self.source, "left", "central", "right", "verdict"]
        cells = [
            [
                TEXT.name(row.leaf).text,
                number(row.gradient, 8),
                *[_slope_text(slope, row, self.language) for slope in row.slopes],
                self._say("at kink" if row.verdict == "kink" else row.verdict),
            ]
            for row in shown
        ]
        head = [*map(self._say, keys)]
        return head, cells, self.notes, self._conclusion(), len(self.rows), self.language

    def _conclusion(self) -> str:
        if (row := self.worst) is None:
            return self._say("no leaf")
        agree = sum(row.agrees is True for row in self.rows)
        counts = self._say("agree", agree=agree, count=len(self.rows))
        if unmeasured := sum(row.agrees is None for row in self.rows):
            counts += self._say("unmeasured", count=unmeasured)
        return self._say(
            f"furthest by {self.source}",
            counts=counts,
            leaf=TEXT.name(row.leaf).text,
            gradient=number(row.gradient, 12),
            slope=by_differences(row, 12, self.language),
            hint=self._say(hint) if (hint := _hint(row)) else "",
        )


def _rank(row: LeafCheck) -> int:
    """What a reader should see first: errors, then what cannot be measured."""
    return 2 if row.agrees else 1 if row.agrees is None else 0


def _slope_text(slope: float | None, row: LeafCheck, language: str, digits: int = 8) -> str:
    if slope is None:
        return say("no slope", language)
    is_noise = 0 < abs(slope) <= (row.uncertainty or 0.0)
    return "≈ 0" if is_noise else number(slope, digits)


def by_differences(row: LeafCheck, digits: int, language: str) -> str:
    """What differences say, left and right where they differ."""
    left, central, right = (_slope_text(slope, row, language, digits) for slope in row.slopes)
    return say("left and right", language, left=left, right=right) if row.is_two_sided else central


def _hint(row: LeafCheck) -> str:
    """The row of the table of words that says what a student may have forgotten."""
    if row.verdict != "WRONG" or row.central is None:
        return ""
    if row.central == 0 == row.left == row.right:
        return "factor 0"
    return "sign" if math.isclose(row.gradient, -row.central, rel_tol=1e-6) else ""
