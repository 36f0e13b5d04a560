"""The replay benchmark times nothing but right gradients: what it accepts and refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.delitem(sys.modules, "replay", raising=False)
    return import_module("replay")


RUN = """
import contextlib, os, runpy, sys
_, path, name = sys.argv
sys.argv = [path, "--help"]
with contextlib.suppress(SystemExit):
    runpy.run_path(path, run_name=name)
print(os.environ.get("OPENBLAS_CORETYPE"), os.environ.get("OPENBLAS_L2_SIZE"))
sys.path.insert(0, os.path.dirname(path))
print(__import__("replay").kernels())
"""


def run_as(name: str, **environment: str) -> list[str]:
    """What is left of two variables, and which kernels run."""
    command = [sys.executable, "-c", RUN, str(BENCHMARKS / "replay.py"), name]
    environment = {**os.environ, **environment}
    ran = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    return ran.stdout.splitlines()[-2:]


def test_a_run_lets_openblas_choose_its_kernels_and_a_test_leaves_the_environment() -> None:
    pytest.importorskip("threadpoolctl", reason="pip install threadpoolctl")
    chosen = {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_L2_SIZE": "262144"}
    assert run_as("__main__", **chosen) == run_as("__main__")
    assert run_as("__main__", **chosen)[0] == "None None"
    assert run_as("replay", **chosen)[0] == "Prescott 262144"


def test_the_header_names_the_kernels(replay: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [{"internal_api": "openblas", "architecture": "Zen"}, {"internal_api": "openmp"}]
    monkeypatch.setitem(
        sys.modules, "threadpoolctl", SimpleNamespace(threadpool_info=lambda: found)
    )
    assert replay.kernels() == "OpenBLAS runs its kernels for Zen."
    found.pop(0)
    assert replay.kernels() == "NumPy computes without OpenBLAS."
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert replay.kernels().endswith("threadpoolctl would say: it is not installed.")


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
