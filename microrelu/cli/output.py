"""What is printed is no wider than the terminal, and coloured where it is one; files are written.

Values are blue and gradients orange, as in the pictures, in shades that light and dark terminals
both show well.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

from microrelu.expressions import MistakeError
from microrelu.text import text_width, wrapped

VALUE, GRADIENT, HEADING = "38;5;32", "38;5;166", "1"  # as terminals count colours and boldness

_PADDING = re.compile(r" {2,}(?=(?:=|\+=|\+|−) )|(?<==) {2,}")  # of equations in columns
_KEPT = "\xa0"  # a space that no line is broken at
# Where an equation may be broken: before = and +, and where two stand side by side.
_SEAM = re.compile(rf" (?=(?:=|\+=|\+|−) )|(?<={_KEPT}) ")


def colored(text: str, color: str) -> str:
    """The text in that colour, on a terminal that has colours and a reader who wants them."""
    has_colors = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    if not has_colors or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{color}m{text}\x1b[0m"


def fitted(text: str, width: int | None = None) -> str:
    """The lines of the text, those broken that are wider than that, or than the terminal.

    >>> print(fitted("    ∂C/∂w = ∂C/∂v₁ · x = −1.9 · 2   = −3.8   total −3.8", 32))
        ∂C/∂w = ∂C/∂v₁ · x
              = −1.9 · 2 = −3.8
              total −3.8
    >>> print(fitted("In a product each factor receives the gradient.", 30))
    In a product each factor
    receives the gradient.
    """
    width = width or shutil.get_terminal_size().columns or 80  # 0 where a terminal does not say
    return "\n".join(row for line in text.split("\n") for row in _rows(line, width))


def _rows(line: str, width: int) -> list[str]:
    if text_width(line) <= width:
        return [line]
    margin = " " * (len(line) - len(line.lstrip()))
    if line.endswith((".", "。")):  # a sentence
        return wrapped(line.strip(), width, margin, margin)
    pieces = _SEAM.split(re.sub(" {2,}", f"{_KEPT} ", _PADDING.sub(" ", line.strip())))
    left = text_width(f"{margin}{pieces[0]} ")  # what follows stands below the first =
    hanging = " " * left if 2 * left < width else f"{margin}    "
    kept = " ".join(
        piece.replace(" ", _KEPT) if text_width(hanging + piece) <= width else piece
        for piece in pieces
    )
    rows = wrapped(kept, width, margin, hanging)
    return [row.replace(_KEPT, " ").rstrip() for row in rows]


def write(path: Path, content: Callable[[], bytes]) -> None:
    """Write a file.

    Raises:
        MistakeError: it cannot be written: the graph is too large for the player, or no layout
            program is there or it failed.
    """
    try:
        path.write_bytes(content())
    except (OSError, RuntimeError, ValueError, CalledProcessError) as error:
        raise MistakeError(f"{path} cannot be written: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, CalledProcessError):
        said = error.stderr.decode(errors="replace").strip() or "it does not say why"
        return f"{error.cmd[0]} failed with exit status {error.returncode}: {said}"
    return getattr(error, "strerror", None) or str(error)
