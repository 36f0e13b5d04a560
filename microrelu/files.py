"""The numbers of a network in a JSON file, and back to the last bit.

Beside them stands what network it is: its repr, and what an activation of one's own makes of a few
numbers, so that neither another architecture nor another function of the same name takes them.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from microrelu.activations import Activation
from microrelu.engine import Constant, Value, topological_order
from microrelu.errors import real_number

SAMPLES = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)  # by what it makes of them a function is known


def write(
    path: str | Path, architecture: str, numbers: Iterable[float], activations: Iterable[Activation]
) -> None:
    """Write a file with the numbers; one that was there before stays until this one is whole.

    Raises:
        OSError: the file cannot be written.
    """
    document: dict[str, Any] = {
        "architecture": architecture,
        "parameters": [_entry(number) for number in numbers],
    }
    samples = [_samples(activation) for activation in activations]
    if any(samples):
        document["activations"] = samples
    _replace(Path(path), json.dumps(document, indent=1) + "\n")


def read(
    path: str | Path, architecture: str, count: int, activations: Sequence[Activation]
) -> list[float]:
    """The numbers of a file, so many of them, that was written of this network.

    Raises:
        ValueError: the file is damaged, or is of another network.
        OSError: the file cannot be read.
    """
    saved, numbers, samples = _parsed(path)
    samples = samples or [{}] * len(activations)  # files of before have none
    if saved != architecture:
        raise ValueError(f"{path} holds {saved}, and this is {architecture}: build that one.")
    if len(numbers) != count:
        raise ValueError(f"{path} is damaged: it has {len(numbers)} parameters, not {count}.")
    if len(samples) != len(activations):
        raise ValueError(f"{path} is damaged: it has {len(samples)} activations.")
    for activation, made in zip(activations, samples, strict=True):
        if difference := _difference(activation, made):
            raise ValueError(f"{path} was saved with another activation: {difference}.")
    return numbers


def _entry(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)  # JSON has no NaN and no infinity


def _number(entry: Any) -> float:
    return float(entry) if entry in ("nan", "inf", "-inf") else real_number(entry)


def _parsed(path: str | Path) -> tuple[str, list[float], list[dict[float, float]]]:
    """The architecture, the parameters, and what each layer's activation makes of some numbers."""
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        numbers = [_number(entry) for entry in list(saved["parameters"])]
        samples = [
            {float(x): real_number(r) for x, r in (made or {}).items()}
            for made in saved.get("activations", [])
        ]
        return saved["architecture"], numbers, samples
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged or was not written by save ({type(error).__name__}: {error})."
        ) from None


def _samples(activation: Activation) -> dict[str, float] | None:
    """What an activation of one's own makes of a few numbers."""
    if activation.is_built_in:
        return None
    made = {str(x): _sample(activation, x) for x in SAMPLES}
    return {x: r for x, r in made.items() if r is not None}


def _sample(activation: Activation, x: float) -> float | None:
    """What the activation makes of a number; None where that alone does not decide it."""
    z = Value(x)
    try:
        r, again = activation(z), activation(z)
    except Exception:  # outside of its domain, or a function that wants more of z
        return None
    leaves = (node for node in topological_order(r) if not node.parents)
    by_z_alone = all(leaf is z or isinstance(leaf, Constant) for leaf in leaves)
    return r.data if by_z_alone and r.data == again.data and math.isfinite(r.data) else None


def _difference(activation: Activation, samples: Mapping[float, float]) -> str:
    """Where the activation makes another number than the saved one did, or ""."""
    for x, saved in samples.items():
        r = _sample(activation, x)
        if r is not None and not math.isclose(r, saved, rel_tol=1e-9, abs_tol=1e-12):
            return f"it made {saved} of {x}, and this one makes {r}"
    return ""


def _replace(path: Path, text: str) -> None:
    """Write a file beside this one, whole, and give it this one's name."""
    if path.exists() and not path.is_file():  # a pipe has nothing to keep
        path.write_text(text, encoding="utf-8")
        return
    target = path.resolve()  # a link stays one
    beside = target.with_name(f".{os.urandom(8).hex()}.json")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError):  # which knows of the other name only, or of none
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
