"""The benchmarks time nothing but right gradients: what their comparison accepts and refuses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from microrelu import Value

ROOT = Path(__file__).parent.parent
SMALL = ["README expression", "one example", "moons step"]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    monkeypatch.delitem(sys.modules, "eager", raising=False)
    return import_module("eager")


def named(eager: ModuleType, kind: str, name: str) -> Any:
    return next(each for each in getattr(eager, kind)() if each.name == name)


@pytest.mark.parametrize("name", SMALL)
def test_weighted_sums_and_single_products_have_the_same_gradients(
    eager: ModuleType, name: str
) -> None:
    ours, plain = eager.installed()[:2]
    eager.compare(named(eager, "tasks", name), [ours, plain])


@pytest.mark.parametrize("name", SMALL)
def test_micrograd_has_the_same_gradients(eager: ModuleType, name: str) -> None:
    pytest.importorskip("micrograd.engine", reason="pip install micrograd")
    ours, theirs = eager.installed()[0], named(eager, "installed", "micrograd")
    eager.compare(named(eager, "tasks", name), [ours, theirs])


def test_a_wrong_derivative_is_refused(eager: ModuleType) -> None:
    leaky = eager.Engine("leaky", Value, Value, relu=lambda value: value.leaky_relu())
    with pytest.raises(ValueError, match=r"^one example: leaky finds .* for gradient \d+, micro"):
        eager.compare(named(eager, "tasks", "one example"), [eager.installed()[0], leaky])


@pytest.mark.parametrize("error", [1e-8, float("nan")])
def test_one_gradient_off_by_a_little_is_refused(eager: ModuleType, error: float) -> None:
    class Sloppy(eager.Engine):
        def gradients(self, build: Any, numbers: Sequence[float]) -> list[float]:
            *others, last = super().gradients(build, numbers)
            return [*others, last * (1 + error)]

    task = named(eager, "tasks", "README expression")
    engines = [eager.installed()[0], Sloppy("sloppy", Value, Value)]
    with pytest.raises(ValueError, match=r"^README expression: sloppy finds .* for gradient 3"):
        eager.compare(task, engines)
