"""The look of a report: a table, notes and a conclusion, each as long as one reads.

Whatever is told of a whole graph (its gradients checked, its layers) prints by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from microrelu.text import align

LONGEST_TABLE, LONGEST_NOTES = 40, 12  # lines


def report_text(
    head: Sequence[str],
    lines: Sequence[Sequence[str]],
    notes: Sequence[str],
    conclusion: str,
    count: int,
) -> str:
    """A report as text.

    Args:
        head: Above the columns.
        lines: The cells of each line that is shown.
        notes: Sentences below the table.
        conclusion: The last line.
        count: How many lines there are, with those that are not shown.

    >>> print(report_text(["leaf", "grad"], [["w", "−4"], ["重み", "1"]], [], "All agree.", 2))
    leaf  grad
    w     −4
    重み  1
    All agree.
    """
    table = align([head, *lines], gap="  ") if lines else []
    return "\n".join([*table, *_more(count - len(lines), ""), *_shown(notes), conclusion])


def _shown(notes: Sequence[str]) -> list[str]:
    return [*notes[:LONGEST_NOTES], *_more(len(notes) - LONGEST_NOTES, " notes")]


def _more(hidden: int, of_what: str) -> list[str]:
    return [f"… and {hidden} more{of_what}."] if hidden > 0 else []
