"""Who lays a picture out: an installed `dot`, or the graphviz-pure wheel, within a few seconds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import graphviz
from graphviz.backend import dot_command, execute

from microrelu.engine import Value
from microrelu.picture.look import LARGEST
from microrelu.picture.theme import FOLLOWS, following

LONGEST_LAYOUT = 4.0  # seconds that a tidy layout may take
APART = 14  # points between two nodes that a quick layout places


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A graphviz.Digraph that an installed `dot` renders, or else the graphviz-pure wheel.

    The wheel makes svg and png. Its png knows Latin, Greek and mathematical letters; for others,
    Chinese ones say, take the svg, or install Graphviz itself.
    """

    def _run(self, engine: str, output: str, quiet: bool = False, **options: Any) -> bytes:
        """What the layout program makes of the source; `dot_command` writes its command line."""
        command = dot_command.command(engine, output, **options)
        command[0] = dot = shutil.which("dot") or _wheel()
        if output in ("png", "jpg", "jpeg") and len(self.body) < LARGEST:
            command.append("-Gdpi=192")  # sharp on a projector; more pixels take time
        guesses = "graphviz-pure" in os.path.basename(dot)  # the widths of letters, and says so
        source = self.source.encode(self.encoding)
        try:
            done = self._laid_out(
                command, input=source, capture_output=True, quiet=quiet or guesses
            )
        except execute.CalledProcessError as error:
            if b"not recognized" not in error.stderr:
                raise
            raise ValueError(
                f"The graphviz-pure wheel makes svg and png, not {output}: for {output} install "
                "Graphviz itself, from https://graphviz.org/download."
            ) from None
        except (OSError, execute.ExecutableNotFound) as error:  # a browser starts no programs
            raise _not_found() from error
        drawn = bytes(done.stdout)
        follows = output == "svg" and self.graph_attr.get("class") == FOLLOWS
        return following(drawn) if follows else drawn

    def __repr__(self) -> str:
        return f"<Picture: .render('graph') writes graph.{self.format}>"

    def places(
        self, order: Sequence[Value], sizes: Mapping[Value, tuple[float, float]]
    ) -> dict[Value, dict[str, str]]:
        """The attribute that says where each node stands if a tidy layout takes too long."""
        self.graph_attr["inputscale"] = "72"  # points
        return {
            node: {"pos": f"{x:.0f},{y:.0f}"} for node, (x, y) in quick_places(order, sizes).items()
        }

    def _laid_out(self, command: list[str], **options: Any) -> Any:
        """The program's work; where tidiness takes too long, nodes stand at their `places`."""
        if "inputscale" not in self.graph_attr:
            return execute.run_check(command, **options)
        try:
            return execute.run_check(command, timeout=LONGEST_LAYOUT, **options)
        except subprocess.TimeoutExpired:
            quick = ["-Kneato", "-n2", "-Gsplines=line", "-Goutputorder=edgesfirst"]
            return execute.run_check([command[0], *quick, *command[2:]], **options)

    # The three places where the graphviz package reaches for `dot`; the rest of it stays as it is.

    def _pipe_lines(self, engine: str, output: str, lines: Any, **options: Any) -> bytes:
        del options["input_encoding"]
        return self._run(engine, output, **options)

    def _pipe_lines_string(self, engine: str, output: str, lines: Any, **options: Any) -> str:
        encoding: str = options.pop("encoding")
        return self._run(engine, output, **options).decode(encoding)

    def _render(
        self,
        engine: str,
        output: str,
        filepath: str | os.PathLike[str],
        *,
        outfile: str | os.PathLike[str] | None = None,
        raise_if_result_exists: bool = False,
        overwrite_filepath: bool = False,
        **options: Any,
    ) -> str:
        target = os.fspath(outfile or f"{os.fspath(filepath)}.{output}")
        drawn = self._run(engine, output, **options)
        with open(target, "xb" if raise_if_result_exists else "wb") as file:
            file.write(drawn)
        return target


def _wheel() -> str:
    """The path of the wheel's executable, which need not be on PATH."""
    if found := shutil.which("graphviz-pure"):
        return found
    from importlib import metadata  # which takes longer to import than all of this file

    try:
        files = metadata.files("graphviz-pure") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.stem == "graphviz-pure":
            return os.path.realpath(file.locate())
    raise _not_found()


def _not_found() -> Exception:
    error = graphviz.ExecutableNotFound(["dot"])
    error.args = (
        "A picture needs a program that lays it out, and none was found: write "
        "`pip install graphviz-pure`, or install Graphviz itself from "
        "https://graphviz.org/download. Its DOT text is there without: draw(root).source.",
    )
    return error  # type: ignore[no-any-return]


def columns(order: Sequence[Value]) -> dict[Value, int]:
    """How many columns before the last node each stands: just before what it feeds."""
    found = dict.fromkeys(order, 0)
    for node in reversed(order):
        for parent in node.parents:
            if parent in found:
                found[parent] = min(found[parent], found[node] - 1)
    return found


def quick_places(
    order: Sequence[Value], sizes: Mapping[Value, tuple[float, float]]
) -> dict[Value, tuple[float, float]]:
    """A layout that takes no time: columns, and each node beside what it feeds."""
    feeds, members = defaultdict(list), defaultdict(list)
    for node, column in columns(order).items():
        members[column].append(node)
        for parent in node.parents:
            feeds[parent].append(node)
    found: dict[Value, tuple[float, float]] = {}
    right = 0.0
    for column in sorted(members, reverse=True):
        nodes = members[column]
        nodes.sort(key=lambda node: sum(found[user][1] / len(feeds[node]) for user in feeds[node]))
        width = max(sizes[node][0] for node in nodes)
        y = -sum(sizes[node][1] + APART for node in nodes) / 2
        for node in nodes:
            found[node] = right - width / 2, y + (sizes[node][1] + APART) / 2
            y += sizes[node][1] + APART
        right -= width + 5 * APART
    return found
