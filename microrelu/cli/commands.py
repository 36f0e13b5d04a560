"""The command line: an expression explained step by step, a network trained, an engine graded.

`expressions.py` reads the expression; `steps`, `check`, `picture` and `player` show it;
`training.py` trains, and `grading.py` grades.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import re
import sys
import tempfile
import warnings
import webbrowser
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from microrelu import __version__, operations
from microrelu.check.gradients import check_gradients
from microrelu.check.report import Report
from microrelu.cli.output import GRADIENT, HEADING, VALUE, colored, fitted, write
from microrelu.cli.training import DATA, train
from microrelu.engine import Value, topological_order
from microrelu.expressions import (
    MistakeError,
    Parts,
    expression,
    functions,
    read_assignments,
)
from microrelu.operations import relu_at_zero
from microrelu.steps.sweep import Step, backward_steps
from microrelu.text import align, text_width, wrapped
from microrelu.writing.figures import number
from microrelu.writing.names import node_names
from microrelu.writing.report import LONGEST_TABLE
from microrelu.writing.words import LANGUAGE, LANGUAGES, language, say
from microrelu.writing.writer import LONGEST_FORMULA, Writer

if TYPE_CHECKING:
    from microrelu.picture.renderer import Picture


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help in the language in force, whose letters may be wide."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """What introduces the usage is a word of the language too."""
        super().add_usage(usage, actions, groups, say("usage") if prefix is None else prefix)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(text, width)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser in the language in force, whose errors are one line, like all others here.

    Args:
        settings: Those of an ArgumentParser.
    """

    def __init__(self, prog: str = "microrelu", **settings: Any) -> None:
        settings |= {"formatter_class": Formatter, "allow_abbrev": False, "add_help": False}
        super().__init__(prog=prog, **settings)
        self.operands = self.add_argument_group(say("arguments"))
        self.options = self.add_argument_group(say("options"))

    def option(self, *flags: str, row: str = "", **settings: Any) -> None:
        """Add an option; its help is the row of the table of words that bears its name."""
        self.options.add_argument(*flags, help=say(row or flags[-1]), **settings)

    def file_option(self, flag: str, row: str = "") -> None:
        """Add an option that names a file to write."""
        self.option(flag, row=row, metavar="FILE", type=Path)

    def general_options(self) -> None:
        """Add what every command takes."""
        self.option("--lang", metavar="LANGUAGE", choices=LANGUAGES)
        self.option("-h", "--help", action="help")

    def error(self, message: str) -> NoReturn:
        """Raise MistakeError instead of printing the usage and leaving."""
        raise MistakeError(f"{message[:1].upper()}{message[1:]} (see {self.prog} --help).")


EXAMPLES = """\
  microrelu "(y - relu(w*x + b))**2 / 2" w=0.5 x=2 b=0.1 y=3 --svg neuron.svg
  microrelu "z = w*x + b; r = relu(z); (y - r)**2 / 2" w=0.5 x=2 b=0.1 y=3
  microrelu train moons --png moons.png
  microrelu grade my_engine.py:Value
"""


def explain_parser() -> Parser:
    """The options of `microrelu EXPRESSION`."""
    known = say("functions", functions=", ".join(sorted(functions())))
    notes = [known, say("named parts"), say("train first"), "", say("explain status")]
    parser = Parser(
        usage=f"%(prog)s EXPRESSION [NAME=NUMBER ...] [{say('options')}]\n"
        f"{' ' * text_width(say('usage'))}%(prog)s train DATA [{say('options')}]\n"
        f"{' ' * text_width(say('usage'))}%(prog)s grade FILE:CLASS [{say('options')}]",
        description=fitted(say("explain description")),
        epilog="\n".join([say("examples"), EXAMPLES, *map(fitted, notes)]),
    )
    add = parser.operands.add_argument
    add("expression", metavar="EXPRESSION", nargs="?", default="", help=say("expression"))
    add("assignments", metavar="NAME=NUMBER", nargs="*", help=say("assignments"))
    for kind in ("svg", "png", "dot", "html"):
        parser.file_option(f"--{kind}")
    parser.option("--open", action="store_true")
    parser.option("--relu-at-zero", metavar="SLOPE", type=float)
    parser.option("--json", action="store_true")
    parser.option("--version", action="version", version=f"microrelu {__version__}")
    parser.general_options()
    return parser


def explain(arguments: Sequence[str]) -> int:
    """Print what happens in an expression: 0, or 1 where the check does not confirm a gradient."""
    # argparse takes -x**2 for an option: a space in front makes it an expression.
    is_operand = re.compile(r"-(?!h$|-$|-[a-z][a-z-]*(=|$))").match
    shielded = [f" {argument}" if is_operand(argument) else argument for argument in arguments]
    options = explain_parser().parse_intermixed_args(shielded)
    slope = operations.at_zero() if options.relu_at_zero is None else options.relu_at_zero
    if not 0 <= slope <= 1:
        raise MistakeError(f"--relu-at-zero takes a slope from 0 to 1, not {slope}.")
    with relu_at_zero(slope):
        root, parts = expression(options.expression, **read_assignments(options.assignments))
        steps = list(backward_steps(root, names=None))
        write_files(root, parts, options)
        report = check_gradients(root, names=None)
    if options.json:
        document = {"expression": options.expression.strip(), "relu_at_zero": slope}
        document |= as_json(root, steps, report)
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        _print_part("forward", *(_last_colored(line, VALUE) for line in forward_lines(root)))
        print()
        _print_part("backward", *map(_step_lines, (step for step in steps if step.contributions)))
        print()
        _print_part("gradients", _report_lines(report))
    return 0 if report else 1


def _print_part(heading: str, *texts: str) -> None:
    print(colored(say(heading), HEADING), *map(fitted, texts), sep="\n")


def _last_colored(line: str, color: str) -> str:
    """The line with its last number coloured."""
    return re.sub(r"\S+(?=\s*$)", lambda found: colored(found[0], color), line)


def _step_lines(step: Step) -> str:
    """A step, its value blue, its gradient and what it passes on orange."""
    first, *others = str(step).splitlines()
    equation, gradient = first.rsplit("    ", 1)
    lines = [f"{_last_colored(equation, VALUE)}    {_last_colored(gradient, GRADIENT)}"]
    for line in others:
        if line.endswith((".", "。")):  # a remark
            lines.append(line)
        else:
            amount, total = line.rsplit("  ", 1)
            lines.append(f"{_last_colored(amount, GRADIENT)}  {_last_colored(total, GRADIENT)}")
    return "\n".join(lines)


def _report_lines(report: Report) -> str:
    """The report, its gradients, the second column, orange; long names on lines of their own."""
    lines = str(report).splitlines()
    table = lines[: 1 + min(len(report.rows), LONGEST_TABLE)]
    is_wide = any(fitted(row) != row for row in table)
    rows = [table[0]]
    for row in table[1:]:
        name, gap, gradient, rest = re.split(r"( {2,})(\S+)", row, maxsplit=1)
        rows.append(f"{name}{gap}{colored(gradient, GRADIENT)}{rest}")
    if is_wide:
        rows = [re.sub(" {2,}", "\n    ", row, count=1) for row in rows]
    return "\n".join([*rows, *lines[len(table) :]])


def forward_lines(root: Value) -> list[str]:
    """The variables, then how every other node was made of them, in columns."""
    names = node_names(root)
    nodes = [node for node in topological_order(root) if names[node]]
    writer, rows = Writer(names), []
    for node in sorted(nodes, key=lambda node: bool(node.parents)):
        cells = [writer.value(node).text]
        if node.parents and len(node.parents) <= LONGEST_FORMULA:
            cells.append(writer.value(node, numbers=True).text)
        if node.parents:
            cells.append(number(node.data))
        cells = [writer.node(node).text, *(f"= {cell}" for cell in cells)]
        rows.append(cells + [""] * (4 - len(cells)))
    return align(rows)


def as_json(root: Value, steps: Iterable[Step], report: Report) -> dict[str, Any]:
    """Values, steps, gradients and check, with nodes by their number in topological order."""
    order, names = topological_order(root), node_names(root)
    place = {node: i for i, node in enumerate(order)}
    nodes = [
        {
            "name": names[node] or None,
            "operation": node.operation.name if node.operation else None,
            "value": _json_number(node.data),
            "gradient": _json_number(node.grad),
            "parents": [place[parent] for parent in node.parents],
            "local_derivatives": list(map(_json_number, node.local_derivatives)),
        }
        for node in order
    ]
    backward = [
        {
            "node": place[step.node],
            "upstream": _json_number(step.upstream),
            "at_kink": step.is_at_kink,
            "contributions": [
                {
                    "parent": place[contribution.parent],
                    "local_derivative": _json_number(contribution.local_derivative),
                    "amount": _json_number(contribution.amount),
                    "running_total": _json_number(contribution.running_total),
                }
                for contribution in step.contributions
            ],
        }
        for step in steps
    ]
    check = {
        row.leaf: {
            "gradient": _json_number(row.gradient),
            "left": _json_number(row.left),
            "central": _json_number(row.central),
            "right": _json_number(row.right),
            "agrees": row.agrees,
            "verdict": row.verdict,
        }
        for row in report.rows
    }
    return {
        "value": _json_number(root.data),
        "nodes": nodes,
        "steps": backward,
        "gradients": check,
        "agrees": bool(report),
        "notes": list(report.notes),
    }


def _json_number(x: float | None) -> float | str | None:
    if x is None or math.isfinite(x):
        return x
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def write_files(root: Value, parts: Parts, options: argparse.Namespace) -> None:
    """Write the files that were asked for, and open the last of them, or the player."""
    asked = {"svg": options.svg, "png": options.png, "dot": options.dot, "html": options.html}
    files = {kind: path for kind, path in asked.items() if path is not None}
    if options.open and not files:
        files["html"] = Path(tempfile.mkdtemp(prefix="microrelu-")) / "player.html"
    if not files:
        return
    from microrelu.picture.drawing import draw

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda remark, *_: print(f"microrelu: {remark}", file=sys.stderr)
        picture = draw(root, names=None) if files.keys() - {"html"} else None
        for kind, path in files.items():
            write(path, partial(_content, kind, root, parts, picture))
    if options.open and not webbrowser.open(path.resolve().as_uri()):
        print(f"microrelu: no program was found that shows {path}.", file=sys.stderr)


def _content(kind: str, root: Value, parts: Parts, picture: Picture | None) -> bytes:
    if picture is None or kind == "html":
        from microrelu.player.page import play

        return play(root, names=parts).html.encode()
    return picture.source.encode() if kind == "dot" else bytes(picture.pipe(kind, quiet=True))


def train_parser() -> Parser:
    """The options of `microrelu train`."""
    example = "  microrelu train moons --png moons.png --svg network.svg\n"
    parser = Parser(
        "microrelu train",
        usage=f"%(prog)s DATA [{say('options')}]",
        description=fitted(say("train description")),
        epilog="\n".join([say("examples"), example, fitted(say("train status"))]),
    )
    known = sorted(DATA)
    parser.operands.add_argument("data", metavar="DATA", choices=known, help=", ".join(known))
    parser.option("--steps", metavar="N", type=int, default=100)
    parser.option("--lr", metavar="RATE", type=float, default=1.0)
    parser.option("--seed", metavar="N", type=int, default=0)
    parser.file_option("--png", "train --png")
    parser.file_option("--svg", "train --svg")
    parser.general_options()
    return parser


def grade_parser() -> Parser:
    """The options of `microrelu grade`."""
    parser = Parser(
        "microrelu grade",
        usage=f"%(prog)s FILE:CLASS [{say('options')}]",
        description=fitted(say("grade description")),
        epilog="\n".join(
            [say("examples"), "  microrelu grade my_engine.py:Value\n", fitted(say("grade status"))]
        ),
    )
    parser.operands.add_argument("engine", metavar="FILE:CLASS", help=say("engine"))
    parser.option("--time", metavar="SECONDS", type=float, default=60.0)
    parser.option("--memory", metavar="MEGABYTES", type=float, default=2048.0)
    parser.option("--json", action="store_true")
    parser.general_options()
    return parser


def run(arguments: Sequence[str]) -> int:
    """Explain, train, grade, or help, in the language in force; the exit status."""
    if not arguments:
        explain_parser().print_help()
        return 0
    if arguments[0] == "train":
        return train(train_parser().parse_args(arguments[1:]))
    if arguments[0] == "grade":
        from microrelu.cli.grading import grade

        return grade(grade_parser().parse_args(arguments[1:]))
    return explain(arguments)


def _language(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The language that is asked for, else the one in force; and all other arguments."""
    parser = Parser()
    parser.option("--lang", choices=LANGUAGES, default=LANGUAGE.get())
    options, others = parser.parse_known_args(arguments)
    return options.lang, others


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ∂ shows ? instead
        sys.stdout.reconfigure(errors="replace")
    try:
        spoken, arguments = _language(sys.argv[1:] if argv is None else argv)
        with language(spoken):
            status = run(arguments)
        print(end="", flush=True)
    except MistakeError as mistake:
        print(f"microrelu: {mistake}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except OSError as error:  # standard output: head has seen enough, or the disk is full
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 141
        print(f"microrelu: {error.strerror}", file=sys.stderr)
        return 2
    return status
