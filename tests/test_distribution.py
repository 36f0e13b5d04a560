"""The source distribution: it holds the repository, and its wheel passes the tests elsewhere.

The gate does the same with more of the tests, in an environment where the wheel is installed.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
QUICK = ["test_datasets.py", "test_losses.py", "test_optim.py", "writing/test_notation.py"]
QUICK += ["steps/test_sweep.py", "player/test_page.py"]


def python(*arguments, cwd, **environment):
    """A Python of its own, somewhere else; what it printed, after success."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def repository():
    """The files of the repository, or of a distribution that was unpacked: their paths in it."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z"]
    if (ROOT / ".git").exists() and (done := subprocess.run(command, capture_output=True)).stdout:
        paths = done.stdout.decode().strip("\0").split("\0")
        return [path for path in paths if (ROOT / path).exists()]
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]
    paths = [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return [
        path.as_posix()
        for path in paths
        if path.name != "PKG-INFO"
        and not any(fnmatch(part, each) for part in path.parts for each in ignored)
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the source distribution of a clean copy, unpacked, and its wheel, unpacked."""
    pytest.importorskip("setuptools")
    if not (ROOT / "microrelu").exists():
        pytest.skip("the package is not beside its tests")
    folder = tmp_path_factory.mktemp("distribution")
    for path in repository():
        (folder / "clone" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / "clone" / path)
    build = "from setuptools import build_meta as b; b.build_{}({!r})".format
    python("-c", build("sdist", str(folder)), cwd=folder / "clone")
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (folder / sdist.name.removesuffix(".tar.gz")).rename(folder / "source")
    python("-c", build("wheel", str(folder)), cwd=folder / "source")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder


def test_the_source_distribution_holds_the_repository(built):
    assert [path for path in repository() if not (built / "source" / path).is_file()] == []


def test_the_wheel_holds_the_package(built):
    package = [path for path in repository() if path.startswith("microrelu/")]
    assert "microrelu/py.typed" in package
    assert [path for path in package if not (built / "installed" / path).is_file()] == []


def test_the_wheel_passes_tests_of_the_source_distribution_elsewhere(built):
    """The quick ones; the gate runs more of them."""
    shutil.copytree(built / "source" / "tests", built / "elsewhere" / "tests")
    shutil.copy(built / "source" / "setup.cfg", built / "elsewhere")
    tests = [f"tests/{name}" for name in QUICK]
    environment = {"PYTHONPATH": str(built / "installed"), "PYTEST_ADDOPTS": "-p no:cacheprovider"}
    said = python("-c", "import microrelu; print(microrelu.__file__)", cwd=built, **environment)
    assert Path(said.strip()).is_relative_to(built / "installed")
    assert "passed" in python("-m", "pytest", "-v", *tests, cwd=built / "elsewhere", **environment)
