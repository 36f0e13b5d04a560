"""diagnose: a graph of someone's engine, or the class itself, examined on some thirty small graphs.

Each graph is a line of code, run with the class and with ours. Some are *required*, which micrograd
passes; the others go *beyond* it. `diagnosis.py` says what is wrong in the smallest that fails.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from microrelu.engine import Value
from microrelu.foreign import GRADIENTS, NUMBERS, adopt
from microrelu.picture.drawing import draw
from microrelu.picture.look import LARGEST
from microrelu.picture.renderer import Picture
from microrelu.recognition import CLOSE
from microrelu.reports.diagnosis import Diagnosis, diagnosed
from microrelu.writing.figures import number
from microrelu.writing.names import Names
from microrelu.writing.report import Parts, ReportLook
from microrelu.writing.variables import Given, names_for
from microrelu.writing.words import LANGUAGE, say

LEAVES = {"a": 0.7, "b": -1.3, "c": 2.9}
LONGEST_ERROR = 80  # characters
# A line of code, and what the class needs for it; without that the line is skipped.
REQUIRED: tuple[tuple[str, str], ...] = (
    ("C = a + b", ""),
    ("C = a * b", ""),
    ("C = a * b + c", ""),
    ("C = a * b + a", ""),
    ("C = a + a", ""),
    ("C = a * a", ""),
    ("h = a * b; C = (h + a) * (h + b)", ""),
    ("h = a * b + c; C = h * (h * a + b)", ""),
    ("h = a * b + c; C = (h * a + b) * h", ""),
    ("h = a\nfor _ in range(12): h = (h + h) * b\nC = h * c", ""),
    ("C = a * 2.5 + 4", ""),
    ("C = 2.5 + a", "__radd__"),
    ("C = 2.5 * a", "__rmul__"),
    ("C = sum([a * b, b * c, c * a])", "__radd__"),
    ("C = a - b", "__sub__"),
    ("C = 2.5 - a", "__rsub__"),
    ("C = -a * b", "__neg__"),
    ("C = a / b", "__truediv__"),
    ("C = 2.5 / a", "__rtruediv__"),
    ("C = b**3", "__pow__"),
    ("C = b**-1", "__pow__"),
    ("C = a**0.5", "__pow__"),
    ("C = a.relu() * b", "relu"),
    ("C = b.relu() * a + b", "relu"),
    ("C = (a * 1.5 + b * -0.5 + c).relu() * a", "relu"),
    ("C = a.tanh() * b", "tanh"),
    ("C = a.exp() * b", "exp"),
    ("C = a.log() * b", "log"),
    ("C = a.sigmoid() * b", "sigmoid"),
    ("C = a * b; C += c; C *= a", ""),
    ("h = a * b; C = h; C += a; C = C * h", ""),
    ("C = a * b; C.backward(); a.grad = b.grad = 0; C = a * b + b", ""),
    ("C = a * b; C.backward(); C = a + b * c", ""),
)
BEYOND: tuple[tuple[str, str], ...] = (
    ("C = 2.0**a", "__rpow__"),
    ("C = a**c", "__pow__"),
    ("C = a * b * a; C.backward()", ""),
    ("h = a * b; C = h * c; C.backward(); C = h + a", ""),
    ("C = (a + float('nan')).relu()", "relu"),
    ("C = a\nfor _ in range(10_000): C = C * 0.9999 + b", ""),
)


@dataclass(frozen=True)
class Trial:
    """One graph.

    Attributes:
        code: How it was made, of a = 0.7, b = −1.3 and c = 2.9; then comes `C.backward()`.
        is_required: Does micrograd pass it?
        holds: Are its value and its gradients ours? None where it was skipped.
        told: What differs, what was raised, or what the class lacks.
    """

    code: str
    is_required: bool
    holds: bool | None
    told: str = ""


@dataclass(frozen=True, repr=False)
class Examination(ReportLook):
    """What `diagnose` found of a class: true when all that is required holds; prints as a table.

    Attributes:
        rows: One Trial for each graph.
        smallest: The diagnosis of the smallest graph that fails; None where there is none.
        language: That of its sentences.
    """

    rows: tuple[Trial, ...]
    smallest: Diagnosis | None = None
    language: str = field(default_factory=LANGUAGE.get)

    def __bool__(self) -> bool:
        return all(row.holds is not False for row in self.rows if row.is_required)

    @property
    def picture(self) -> Picture | None:
        """The smallest graph that fails; None where there is none, or it is too large to see."""
        if self.smallest is None or len(self.smallest.rows) > LARGEST:
            return None
        return draw(self.smallest.root, names=self.smallest.names)

    def _repr_html_(self) -> str:
        shown = super()._repr_html_()
        if (picture := self.picture) is None:
            return shown
        encoded = base64.b64encode(picture.pipe(format="svg")).decode()
        return f'{shown}\n<img src="data:image/svg+xml;base64,{encoded}" alt="">'

    def _parts(self) -> Parts:
        """What the look of a report is given."""
        words = {True: "holds", False: "fails", None: "skipped"}
        cells = [
            [
                row.code.replace("\n", "; "),
                self._say("required" if row.is_required else "beyond"),
                self._say(words[row.holds]),
                row.told,
            ]
            for row in self.rows
        ]
        head = [*map(self._say, ("column code", "column kind", "verdict")), ""]
        notes = []
        if self.smallest is not None:
            notes = [self._say("smallest failing", count=len(self.smallest.rows))]
            notes += [mistake.sentence for mistake in self.smallest.mistakes]
        return head, cells, notes, self._conclusion(), len(cells), self.language

    def _conclusion(self) -> str:
        tried = [row for row in self.rows if row.holds is not None]
        required = [row for row in tried if row.is_required]
        beyond = [row for row in tried if not row.is_required]
        return self._say(
            "examined",
            required=sum(bool(row.holds) for row in required),
            of_required=len(required),
            beyond=sum(bool(row.holds) for row in beyond),
            of_beyond=len(beyond),
            skipped=len(self.rows) - len(tried),
        )


def diagnose(root: Any, names: Given = ...) -> Diagnosis | Examination:
    """Find what is wrong in someone's engine: in a graph, after its `backward()`, or in the class.

    In a graph each gradient is held against ours in the order of the sweep, and against the
    gradients above it, so that the first wrong one is named, and what may have made it so:
    overwritten instead of added, passed on before it was complete, a factor lost, left from an
    earlier sweep, a root that does not start with 1, a wrong local derivative, NaN, a recursion
    that ended. A class builds some thirty small graphs, which are held against ours.

    Args:
        root: The root of a graph of someone's nodes, as `adopt` takes it, or what `adopt` gave; or
            the class, of which `Value(2.0)` is a leaf, and which has `backward()`.
        names: What nodes without a label are called: by default as your variables, w, and w₁ for
            `w[0]`; nodes by their names, {"w": w} say; or None for v₁, v₂ and so on.

    Returns:
        A report that is true when all is right, of a class when all that is required is. It prints
        as a table with sentences.

    Raises:
        TypeError, ValueError: what `adopt` raises.

    >>> class Node:
    ...     def __init__(self, value, inputs=(), grad=0.0):
    ...         self.value, self.inputs, self.grad = value, inputs, grad
    >>> w, x = Node(2.0, grad=3.0), Node(3.0, grad=-2.0)
    >>> C = Node(6.0, (w, x), grad=1.0)
    >>> diagnose(C)
    node  made     theirs  should be  verdict
    C     w x = 6  1       1          right
    x     3        −2      2          WRONG
    w     2        3       3          right
    x got −2 and should have got 2: C = w x passed on its contribution 2 with the other sign.
    2 of 3 gradients are right.
    >>> bool(diagnose(Value))
    True
    """
    if isinstance(root, type):
        return _examined(root)
    return diagnosed(names_for(adopt(root), names))


def _examined(kind: Any) -> Examination:
    lines = [(True, *line) for line in REQUIRED] + [(False, *line) for line in BEYOND]
    rows, failing = [], []
    for is_required, code, needs in lines:
        row, made = _tried(kind, code, needs, is_required)
        rows.append(row)
        if row.holds is False and made:
            failing.append((code, is_required, made))
    return Examination(tuple(rows), _smallest(failing))


def _smallest(failing: Sequence[tuple[str, bool, dict[str, Any]]]) -> Diagnosis | None:
    """The diagnosis of the smallest graph: a required one that was swept once, if there is one."""
    ranks = [(".backward()" in code, not required, "for" in code) for code, required, _ in failing]
    best = min(ranks, default=None)
    graphs = [_named(each[2]) for each, rank in zip(failing, ranks, strict=True) if rank == best]
    names = [each for each in graphs if each is not None]
    return diagnosed(min(names, key=len)) if names else None


def _tried(kind: Any, code: str, needs: str, is_required: bool) -> tuple[Trial, dict[str, Any]]:
    """What comes of a line of code, and what its variables are, where it makes a C."""
    if needs and not hasattr(kind, needs):
        return Trial(code, is_required, None, say("lacks", name=needs)), {}
    made: dict[str, Any] = {}
    try:
        made = _built(kind, code)
        made["C"].backward()
        told = _difference(_numbers(made), code)
    except (Exception, SystemExit) as error:  # theirs may do anything
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        told = told if len(told) <= LONGEST_ERROR else f"{told[: LONGEST_ERROR - 1]}…"
    return Trial(code, is_required, not told, told), made


def _built(kind: Any, code: str) -> dict[str, Any]:
    """The leaves, and what the code makes of them, C among it, by their names."""
    made: dict[str, Any] = {name: kind(x) for name, x in LEAVES.items()}
    code = code.replace(".grad ", f".{_kept(made['a'], GRADIENTS)} ")
    exec(code, {}, made)
    return made


def _numbers(made: dict[str, Any]) -> dict[str, float]:
    """The value of C, and the gradients of the leaves."""
    root = made["C"]
    found = {"C": float(getattr(root, _kept(root, NUMBERS)))}
    for name in LEAVES:
        leaf = made[name]
        found[f"∂C/∂{name}"] = float(getattr(leaf, _kept(leaf, GRADIENTS)) or 0)
    return found


@cache
def _ours(code: str) -> dict[str, float]:
    made = _built(Value, code)
    made["C"].backward()
    return _numbers(made)


def _kept(node: Any, names: Sequence[str]) -> str:
    return next((name for name in names if hasattr(node, name)), names[0])


def _difference(theirs: dict[str, float], code: str) -> str:
    """What differs from ours first, in words; "" where nothing does."""
    for name, right in _ours(code).items():
        got = theirs[name]
        if not math.isclose(got, right, rel_tol=CLOSE, abs_tol=CLOSE) and not (
            math.isnan(got) and math.isnan(right)
        ):
            return say("instead", what=name, got=number(got), right=number(right))
    return ""


def _named(made: dict[str, Any]) -> Names | None:
    """The names of the graph, after the variables; None where it cannot be read."""
    try:
        return names_for(adopt(made["C"]), made)
    except (TypeError, ValueError):
        return None
