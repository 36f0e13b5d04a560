"""The replay benchmark times nothing but right gradients: what it accepts and refuses."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "replay", raising=False)
    return import_module("replay")


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_tape_matrices_and_the_engine_find_the_same_gradients(
    replay: ModuleType, activation: str
) -> None:
    names = ["microrelu tape", "NumPy matrices", "microrelu eager"]
    makers = {**replay.FAST, **replay.SLOW}
    found = replay.engines({name: makers[name] for name in names}, replay.Moons(20, activation))
    assert [engine.name for engine in found] == names


def test_what_is_not_installed_is_named(replay: ModuleType, capsys: pytest.CaptureFixture) -> None:
    def missing(moons: object) -> None:
        raise ImportError("no such engine")

    makers = {"NumPy matrices": replay.matrices, "absent": missing}
    assert len(replay.engines(makers, replay.Moons(2))) == 1
    assert capsys.readouterr().out == "absent is not installed.\n"


@pytest.mark.parametrize("error", [1e-8, float("nan")])
def test_one_gradient_off_by_a_little_is_refused(replay: ModuleType, error: float) -> None:
    right = np.arange(1.0, 4.0)
    replay.compare({"right": right, "right too": right * (1 + 1e-12)})
    with pytest.raises(ValueError, match=r"^wrong and right find different gradients"):
        replay.compare({"right": right, "wrong": right + np.array([0.0, 0.0, error])})


@pytest.mark.parametrize("make", ["random_graph", "chain"])
def test_graphs_without_layers_have_finite_gradients(replay: ModuleType, make: str) -> None:
    root, leaves = getattr(replay, make)(300)
    root.backward()
    assert np.isfinite([leaf.grad for leaf in leaves]).all()
