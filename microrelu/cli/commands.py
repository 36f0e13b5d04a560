"""The command line: an expression explained step by step, or a small network trained.

`expressions.py` reads the expression; `steps`, `check`, `picture` and `player` show it;
`training.py` trains.
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
import textwrap
import warnings
import webbrowser
from collections.abc import Iterable, Sequence
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, Any, NoReturn

from microrelu import operations
from microrelu.check.gradients import check_gradients
from microrelu.check.report import Report
from microrelu.cli.training import DATA, train
from microrelu.engine import Value, topological_order
from microrelu.expressions import MistakeError, expression, functions, read_assignments
from microrelu.operations import relu_at_zero
from microrelu.steps.sweep import Step, backward_steps
from microrelu.text import align
from microrelu.writing.figures import number
from microrelu.writing.names import node_names
from microrelu.writing.writer import LONGEST_FORMULA, Writer

if TYPE_CHECKING:
    from microrelu.picture.renderer import Picture


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose errors are one line, like all others here."""

    def error(self, message: str) -> NoReturn:
        """Raise MistakeError instead of printing the usage and leaving."""
        raise MistakeError(f"{message[:1].upper()}{message[1:]} (see {self.prog} --help).")


DESCRIPTION = """\
Explain the backpropagation of an expression: the forward values, the backward steps, and the
gradient of every variable beside its check by differences."""
EPILOG = """\
examples:
  microrelu "(y - relu(w*x + b))**2 / 2" w=0.5 x=2 b=0.1 y=3 --svg neuron.svg
  microrelu "z = w*x + b; r = relu(z); (y - r)**2 / 2" w=0.5 x=2 b=0.1 y=3
  microrelu train moons --png moons.png     (see microrelu train --help)

An expression has names, numbers, + - * / **, brackets, and these functions:
{functions}.
Parts that it names, between semicolons, keep their names in the steps and the picture.
The first word `train` always means training: write "(train)" for a variable of that name.

exit status: 0; 1 where the check by differences does not confirm every gradient, because it
disagrees or cannot tell; 2 where the command has a mistake"""


def explain_parser() -> Parser:
    """The options of `microrelu EXPRESSION`."""
    known = textwrap.fill(", ".join(sorted(functions())), 96)
    parser = Parser(
        prog="microrelu",
        usage="%(prog)s EXPRESSION [NAME=NUMBER ...] [options]\n"
        "       %(prog)s train DATA [options]",
        description=DESCRIPTION,
        epilog=EPILOG.format(functions=known),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "expression",
        metavar="EXPRESSION",
        nargs="?",
        default="",
        help="what to differentiate, in quotes",
    )
    add("assignments", metavar="NAME=NUMBER", nargs="*", help="the value of a name: w=-0.5, x=1e-3")
    add("--svg", metavar="FILE", type=Path, help="write the picture as SVG")
    add("--png", metavar="FILE", type=Path, help="write the picture as PNG")
    add("--dot", metavar="FILE", type=Path, help="write the picture as Graphviz's DOT text")
    add("--html", metavar="FILE", type=Path, help="write the step player, a page of its own")
    add("--open", action="store_true", help="show the file that was written, or else the picture")
    add("--relu-at-zero", metavar="SLOPE", type=float, help="ReLU'(0): 0 to 1, 1 unless given")
    json_help = 'print one JSON document; in it NaN and ±∞ are "NaN", "Infinity", "-Infinity"'
    add("--json", action="store_true", help=json_help)
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
        root, _ = expression(options.expression, **read_assignments(options.assignments))
        steps = list(backward_steps(root, names=None))
        write_files(root, options)
        report = check_gradients(root, names=None)
    if options.json:
        document = {"expression": options.expression.strip(), "relu_at_zero": slope}
        document |= as_json(root, steps, report)
        print(json.dumps(document, indent=1, allow_nan=False))
    else:
        print("Forward", *forward_lines(root), sep="\n")
        print("\nBackward", *(step for step in steps if step.contributions), sep="\n")
        print(f"\nGradients\n{report}")
    return 0 if report else 1


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


def write_files(root: Value, options: argparse.Namespace) -> None:
    """Write the files that were asked for, and open the last of them if that was, too.

    Raises:
        MistakeError: a file cannot be written: the graph is too large for the player, or no
            layout program is there or it failed.
    """
    asked = {"svg": options.svg, "png": options.png, "dot": options.dot, "html": options.html}
    files = {kind: path for kind, path in asked.items() if path is not None}
    if options.open and not files:
        files["svg"] = Path(tempfile.mkdtemp(prefix="microrelu-")) / "picture.svg"
    if not files:
        return
    from microrelu.picture.drawing import draw

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda remark, *_: print(f"microrelu: {remark}", file=sys.stderr)
        picture = draw(root, names=None) if files.keys() - {"html"} else None
        for kind, path in files.items():
            try:
                path.write_bytes(_content(kind, root, picture))
            except (OSError, RuntimeError, ValueError, CalledProcessError) as error:
                raise MistakeError(f"{path} cannot be written: {_reason(error)}") from None
    if options.open and not webbrowser.open(path.resolve().as_uri()):
        print(f"microrelu: no program was found that shows {path}.", file=sys.stderr)


def _content(kind: str, root: Value, picture: Picture | None) -> bytes:
    if picture is None or kind == "html":
        from microrelu.player.page import play

        return play(root, names=None).html.encode()
    return picture.source.encode() if kind == "dot" else bytes(picture.pipe(kind, quiet=True))


def _reason(error: Exception) -> str:
    if isinstance(error, CalledProcessError):
        said = error.stderr.decode(errors="replace").strip() or "it does not say why"
        return f"{error.cmd[0]} failed with exit status {error.returncode}: {said}"
    return getattr(error, "strerror", None) or str(error)


def train_parser() -> Parser:
    """The options of `microrelu train`."""
    parser = Parser(
        prog="microrelu train",
        description="Train MLP(2, [16, 16, 1]) to tell two classes of points apart, by gradient "
        "descent on the hinge loss with a little weight decay.",
        epilog="example: microrelu train moons --png moons.png\n\n"
        "exit status: 0; 1 where the training diverges; 2 where the command has a mistake",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("data", metavar="DATA", choices=sorted(DATA), help=", ".join(sorted(DATA)))
    add("--steps", metavar="N", type=int, default=100, help="passes over all points (100)")
    add("--lr", type=float, default=1.0, help="learning rate, falling to a tenth of it (1.0)")
    add("--seed", metavar="N", type=int, default=0, help="of the points and the weights (0)")
    add("--png", metavar="FILE", type=Path, help="write the points and the decision boundary")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ∂ shows ? instead
        sys.stdout.reconfigure(errors="replace")
    try:
        if arguments[:1] == ["train"]:
            status = train(train_parser().parse_args(arguments[1:]))
        else:
            status = explain(arguments)
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
