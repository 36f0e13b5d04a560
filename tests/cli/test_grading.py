"""`microrelu grade`: the exit status, JSON, and code that does not end, or ends badly."""

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import engines
import pytest

from microrelu.cli.commands import main

DOCS = Path(__file__).parent.parent.parent / "docs" / "grading.md"
ENGINES = Path(__file__).parent.parent / "engines.py"


@pytest.fixture
def engine(tmp_path):
    """A file with this code, as the command line names a class in it."""

    def write(code, name="Value"):
        path = tmp_path / "my_engine.py"
        path.write_text(code, encoding="utf-8")
        return f"{path}:{name}"

    return write


def test_a_right_engine_passes(capsys):
    assert main(["grade", f"{ENGINES}:Closures"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("Required: 31 of 31 hold.")


def test_a_wrong_one_fails_and_json_says_where(capsys):
    assert main(["grade", f"{ENGINES}:Overwrites", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["passes"] is False
    assert found["error"] is None
    assert "C = a + a" in [row["code"] for row in found["rows"] if row["holds"] is False]
    assert "overwrote what was there" in found["mistakes"][0]


def test_it_speaks_the_language(capsys):
    assert main(["grade", f"{ENGINES}:Overwrites", "--lang", "ja"]) == 1
    assert "不合格" in capsys.readouterr().out


def test_a_mistake_in_the_command_is_one_line_and_status_2(capsys, engine):
    cases = {
        "my_engine.py": "names no class in a file: write my_engine.py:Value",
        "nowhere.py:Value": "There is no file nowhere.py.",
        engine("class Node: pass\n"): "has no class Value: it has Node.",
    }
    for given, told in cases.items():
        assert main(["grade", given]) == 2
        assert told in capsys.readouterr().err
    assert main(["grade", f"{ENGINES}:Closures", "--time", "0"]) == 2
    assert "--time takes a number above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import nothing_of_that_name", "cannot be run: ModuleNotFoundError"),
        ("class Value", "cannot be run: SyntaxError"),
        ("raise SystemExit(0)", "cannot be run: SystemExit: 0"),
        ("import os; os._exit(0)", "ended without an answer, with exit status 0"),
        ("import sys, os; sys.stderr.write('why'); sys.stderr.flush(); os._exit(3)", "why"),
    ],
)
def test_code_that_ends_badly_fails(capsys, engine, code, told):
    assert main(["grade", engine(code)]) == 1
    assert told in capsys.readouterr().out


def test_code_that_does_not_end_is_ended(capsys, engine):
    assert main(["grade", engine("while True: pass"), "--time", "1"]) == 1
    assert capsys.readouterr().out == "The engine took longer than 1 seconds.\n"


@pytest.mark.skipif(sys.platform != "linux", reason="limits on memory are Linux's here")
def test_memory_has_a_limit(capsys, engine):
    assert main(["grade", engine("x = bytearray(2**31)"), "--memory", "1024"]) == 1
    assert "MemoryError" in capsys.readouterr().out


def test_what_the_code_prints_and_imports_beside_it(capsys, engine, tmp_path):
    (tmp_path / "parts.py").write_text(ENGINES.read_text(encoding="utf-8"), encoding="utf-8")
    code = "from __future__ import annotations\nimport dataclasses\nfrom parts import Closures\n"
    code += "print('noise')\n@dataclasses.dataclass\nclass Note:\n    text: str\nValue = Closures\n"
    assert main(["grade", engine(code)]) == 0
    assert "noise" not in capsys.readouterr().out
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(("kind", "passes"), [(engines.Closures, True), (engines.Forward, False)])
def test_the_cells_of_the_documentation_grade(monkeypatch, kind, passes):
    otter = ModuleType("otter.test_files")
    otter.test_case = lambda **_: lambda test: test
    monkeypatch.setitem(sys.modules, "otter", ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", otter)
    nbgrader, tests = re.findall("```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert max(len(nbgrader.splitlines()), len(tests.splitlines())) <= 13
    names = {}
    exec(tests, names)
    for run in (lambda: exec(nbgrader, {"Value": kind}), lambda: names["test_required"](kind)):
        if passes:
            run()
        else:
            with pytest.raises(AssertionError, match=r"C = a \* b \+ c"):
                run()
