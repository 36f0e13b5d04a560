"""`microrelu grade my_engine.py:Value`: a class examined in a process of its own.

That process has limits on its time and its memory, since it runs someone else's code; it is no
sandbox: the code may read and write what its user may. `commands.py` calls `grade`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

from microrelu.cli.output import fitted
from microrelu.expressions import MistakeError
from microrelu.reports.examination import Examination, diagnose
from microrelu.writing.words import LANGUAGE, language, say

LONGEST_OUTPUT = 2_000  # characters of what the code printed as errors, its end
LARGEST_FILE = 2**27  # bytes that it may write into one file
MODULE = "engine_to_grade"


def grade(options: Namespace) -> int:
    """Examine a class, and print what holds.

    Returns:
        The exit status: 0, or 1 where something required does not hold, or the code ends badly.

    Raises:
        MistakeError: there is no such file, or a limit is none.
    """
    path, colon, name = options.engine.rpartition(":")
    if not colon or not name.isidentifier():
        raise MistakeError(
            f"{options.engine!r} names no class in a file: write my_engine.py:Value, say."
        )
    if not Path(path).is_file():
        raise MistakeError(f"There is no file {path}.")
    for limit in ("time", "memory"):
        if not 0 < getattr(options, limit) <= 1_000_000:
            raise MistakeError(f"--{limit} takes a number above 0, not {getattr(options, limit)}.")
    found = _in_a_process(path, name, options.time, options.memory)
    if "mistake" in found:
        raise MistakeError(found["mistake"])
    if options.json:
        print(json.dumps({key: found[key] for key in found if key != "text"}, indent=1))
    else:
        print(fitted(found["text"]))
    return 0 if found["passes"] else 1


def _in_a_process(path: str, name: str, seconds: float, megabytes: float) -> dict[str, Any]:
    """What the examination found, or how the process ended; what the code prints is not shown."""
    with tempfile.TemporaryDirectory(prefix="microrelu-") as folder:
        answer, errors = Path(folder, "answer.json"), Path(folder, "errors.txt")
        given = [path, name, str(answer), str(seconds), str(megabytes), LANGUAGE.get()]
        command = [sys.executable, "-m", "microrelu.cli.grading", *given]
        root = str(Path(__file__).parent.parent.parent)
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        try:
            with errors.open("wb") as said:
                status = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env={**os.environ, "PYTHONPATH": paths},
                    timeout=seconds,
                ).returncode
        except subprocess.TimeoutExpired:
            return _ended(say("took too long", seconds=f"{seconds:g}"))
        try:
            return dict(json.loads(answer.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            told = errors.read_text(encoding="utf-8", errors="replace").strip()[-LONGEST_OUTPUT:]
            return _ended("\n".join([say("ended without answer", status=status), told]).strip())


def _ended(text: str) -> dict[str, Any]:
    return {"passes": False, "error": text, "rows": [], "mistakes": [], "text": text}


def _answer(path: str, name: str) -> Mapping[str, Any]:
    """What is told of the class, run in the process of its own."""
    sys.path.insert(0, str(Path(path).resolve().parent))  # for what the file imports beside it
    loader = SourceFileLoader(MODULE, path)
    spec = spec_from_loader(MODULE, loader)
    assert spec is not None
    module = sys.modules[MODULE] = module_from_spec(spec)
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:
        return _ended(say("file raises", path=path, error=f"{type(error).__name__}: {error}"))
    kind = getattr(module, name, None)
    if not isinstance(kind, type):
        classes = ", ".join(key for key, each in vars(module).items() if isinstance(each, type))
        known = f": it has {classes}" if classes else ""
        return {"mistake": f"{path} has no class {name}{known}."}
    report = diagnose(kind)
    assert isinstance(report, Examination)
    mistakes = report.smallest.mistakes if report.smallest is not None else ()
    return {
        "passes": bool(report),
        "error": None,
        "rows": [
            {
                "code": row.code,
                "required": row.is_required,
                "holds": row.holds,
                "told": row.told,
            }
            for row in report.rows
        ],
        "mistakes": [each.sentence for each in mistakes],
        "text": repr(report),
    }


def _limit(seconds: float, megabytes: float) -> None:
    """Limits on the processor's time and on memory, where the system has them: not on Windows."""
    try:
        import resource
    except ImportError:
        return
    limits = {
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_AS: int(megabytes * 2**20),
        resource.RLIMIT_FSIZE: LARGEST_FILE,
    }
    for kind, limit in limits.items():
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # a lower one is in force, or the system does not know it
            continue


def _main(path: str, name: str, answer: str, seconds: str, megabytes: str, spoken: str) -> None:
    sys.dont_write_bytecode = True
    _limit(float(seconds), float(megabytes))
    with language(spoken):
        found = _answer(path, name)
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    _main(*sys.argv[1:])
