"""The files of the player's script, and the linter that the gate runs on them."""

import json
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from microrelu.player.page import SCRIPTS

ROOT = Path(__file__).parent.parent.parent
LINTER = ROOT / "node_modules" / ".bin" / "eslint"
FOLDER = resources.files("microrelu.player").joinpath("script")


def lint(name, text):
    """What ESLint says of a text that stands in the place of one of the files: lines and rules."""
    if shutil.which("node") is None or not LINTER.exists():
        pytest.skip("needs Node and ESLint, where .ci/run installs it")
    place = name if "/" in name else f"microrelu/player/script/{name}"
    done = subprocess.run(
        [LINTER, "--stdin", "--stdin-filename", place, "--format", "json"],
        input=text,
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""
    [file] = json.loads(done.stdout)
    return [(said["line"], said["ruleId"]) for said in file["messages"]]


def test_every_file_is_in_the_page():
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_file_says_what_it_is_for(name):
    assert FOLDER.joinpath(name).read_text(encoding="utf-8").startswith("/* The ")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("missing();", "no-undef"),
        ("const unused = 1;", "no-unused-vars"),
        ("function unused() {}", "no-unused-vars"),
        ("nodes = [];", "no-const-assign"),  # declared in another file
    ],
)
def test_the_linter_finds_a_fault_and_where(line, rule):
    lines = FOLDER.joinpath("equations.js").read_text(encoding="utf-8").splitlines()
    assert lint("equations.js", "\n".join([*lines, line])) == [(len(lines) + 1, rule)]


@pytest.mark.parametrize("name", ["contrast", "measure"])
def test_the_linter_reads_what_the_tests_run_in_the_page(name):
    text = Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")
    assert lint(f"tests/player/{name}.js", text) == []
    wrong = text.replace("faults = ", "faults = missing || ", 1)
    assert [rule for _, rule in lint(f"tests/player/{name}.js", wrong)] == ["no-undef"]


def test_the_linter_finds_what_is_no_javascript():
    assert [rule for _, rule in lint("equations.js", "function open() {")] == [None]
