"""A recording as straight-line NumPy: the forward and the backward pass, to be read and run.

Every group of nodes is one array with a row for each example and a column for each node (one row
alone where nothing depends on the example). In the backward pass the three equations of a layer
stand beneath each other; comments number them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from microrelu import operations
from microrelu.engine import Operation
from microrelu.operations import log_sum_exp, total, weighted_sum
from microrelu.tape.recording import Group, Recording
from microrelu.writing.formula import (
    FUNCTIONS,
    Written,
    fold,
    names_in,
    unknown_functions,
    written_for,
)

SIGNS: dict[str, ast.operator] = {
    **{"+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div(), "**": ast.Pow()},
    "@": ast.Mult(),
}
NUMPY = {name: name for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs")}
NUMPY.update(max="maximum", min="minimum")
NUMPY_ALONE = {"expm1": "expm1", "logaddexp": "logaddexp"}  # in the formulas below
# The table's formulas where they would overflow, lose digits or be 0 · ∞: as its functions compute.
STABLE: dict[Operation, tuple[str, ...]] = {  # formula and derivatives
    operations.divide: ("a / b", "1 / b", "-a / b / b"),
    operations.power: ("a**b", "power_by_base(a, b)", "power_by_exponent(a, b)"),
    operations.maximum: ("max(a, b)", "above(a, b)", "1 - above(a, b)"),
    operations.minimum: ("min(a, b)", "above(b, a)", "1 - above(b, a)"),
    operations.elu: ("max(a, 0) + expm1(min(a, 0))", "exp(min(a, 0))"),
    operations.softplus: ("logaddexp(a, 0)", "sigmoid(a)"),
    operations.sigmoid: ("sigmoid(a)", "sigmoid(a) * sigmoid(-a)"),
    operations.tanh: ("tanh(a)", "4 * sigmoid(2 * a) * sigmoid(-2 * a)"),
}
DEFINITIONS = {  # what formulas call and NumPy does not have; {slope} is what relu_at_zero says
    "Step": "def Step(z):\n    return np.heaviside(z, {slope})",
    "ReLU": "def ReLU(z):\n    return np.maximum(z, 0)",
    "sigmoid": "def sigmoid(z):\n    return np.exp(-np.logaddexp(0, -z))",
    "above": "def above(a, b):\n"  # two infinities alike have no difference
    "    equal = a == b\n"
    "    return np.heaviside(np.where(equal, 0, a) - np.where(equal, 0, b), {slope})",
    "softmax": "def softmax(z):\n"
    "    largest = z.max(axis=1, keepdims=True)\n"
    "    equal = z == largest\n"
    "    terms = np.exp(np.where(equal, 0, z) - np.where(equal, 0, largest))\n"
    "    return terms / terms.sum(axis=1, keepdims=True)",
    "power_by_base": "def power_by_base(a, b):\n"
    "    return b * np.power(a, np.where(b == 0, 0, b - 1))",
    "power_by_exponent": "def power_by_exponent(a, b):\n"
    "    return np.power(a, b) * np.log(np.where(a == 0, 1, np.where(a < 0, np.nan, a)))",
    "columns": "def columns(*parts):\n"
    "    rows = max(map(len, parts))\n"
    "    return np.hstack([np.broadcast_to(part, (rows, part.shape[1])) for part in parts])",
}


def listing(recording: Recording, single: bool, at_zero: float, backward: bool) -> str:
    """Python text that defines `replay(parameters, batch)`.

    Raises:
        ValueError: an operation has no formula, or not one derivative for each operand.
    """
    writer = _Writer(recording)
    for group in recording.groups:
        writer.forward(group)
    returned = writer.outputs(single)
    if backward:
        writer.lines += ["", "# backward: dz is the derivative of the mean output by z"]
        writer.seed()
        for group in reversed(recording.groups):
            writer.backward(group)
        returned += ", gradient"
    body = "".join(f"    {line}".rstrip() + "\n" for line in [*writer.lines, f"return {returned}"])
    used = [text for name, text in DEFINITIONS.items() if f"{name}(" in body]
    head = "\n\n\n".join(["import numpy as np", *used]).replace("{slope}", repr(at_zero))
    return f"{head}\n\n\ndef replay(parameters, batch):\n{body}"


class _Writer:
    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.moves = recording.moving("parameters")
        self.lines: list[str] = []
        self.arrays: list[tuple[str, range]] = []  # names, and the nodes that are their columns
        self.home: dict[int, int] = {}  # node → index of its array
        self.layers = self.others = 0  # arrays of weighted sums, and of the rest
        self.activations: set[str] = set()  # names of arrays
        self.weights: dict[
            int, str
        ] = {}  # first node of a layer → where its weights' gradient goes
        self.started = {"p"}  # arrays that have a gradient so far
        if recording.parameters:
            self._array("p", range(recording.parameters))
            self.lines.append("p = parameters.reshape(1, -1)")
        if recording.inputs:
            self._array("x", range(recording.shared, recording.shared + recording.inputs))
            self.lines.append("x = batch")

    def _array(self, name: str, nodes: range) -> str:
        self.home.update(dict.fromkeys(nodes, len(self.arrays)))
        self.arrays.append((name, nodes))
        return name

    # Reading nodes

    def _runs(self, nodes: Sequence[int]) -> Iterator[tuple[str, range, list[int]]]:
        """The nodes by the arrays that hold them: its name, its nodes, the wanted columns."""
        for home, run in groupby(nodes, lambda node: self.home.get(node, -1)):
            name, columns = self.arrays[home] if home >= 0 else ("", range(0))
            yield name, columns, [node - columns.start for node in run]

    def _constant(self, node: int) -> float:
        return self.recording.constants[node - self.recording.parameters]

    def _read(self, nodes: Sequence[int]) -> str:
        """An expression for the array whose columns are these nodes."""
        parts = [
            name + _index(wanted, len(columns))
            if name
            else f"np.array([[{', '.join([_number(self._constant(node)) for node in wanted])}]])"
            for name, columns, wanted in self._runs(nodes)
        ]
        return parts[0] if len(parts) == 1 else f"columns({', '.join(parts)})"

    def _operands(self, group: Group) -> list[str]:
        """An expression for each operand: a number or a single column where that is all."""
        columns = [list(column) for column in zip(*group.operands, strict=True)]
        texts, widest = [], 0
        for column in columns:
            numbers = {self._constant(node) for node in column if node not in self.home}
            if len(numbers) == 1 and not any(node in self.home for node in column):
                texts.append(_number(numbers.pop()))
                continue
            single = len(set(column)) == 1
            texts.append(self._read(column[:1] if single else column))
            widest = max(widest, 1 if single else len(column))
        if widest < len(group.operands):
            texts[0] = self._read(columns[0])
        return texts

    # Forward

    def forward(self, group: Group) -> None:
        """Write the lines that compute a group."""
        if group.operation is weighted_sum:
            self._layer(group)
            return
        if group.operation is total:
            text = self._read(group.operands[0]) + ".sum(axis=1, keepdims=True)"
            text += f".repeat({len(group.operands)}, axis=1)" * (len(group.operands) > 1)
        elif group.operation is log_sum_exp:
            parts = [
                f"np.logaddexp.reduce({self._read(operands)}, axis=1, keepdims=True)"
                for operands in group.operands
            ]
            text = parts[0] if len(parts) == 1 else f"columns({', '.join(parts)})"
        else:
            found = _stable(group.operation, len(group.operands[0]))
            text = _filled(found.formula, found.operands, self._operands(group))
        self.lines.append(f"{self._array(self._name(group), group.nodes)} = {text}")

    def _name(self, group: Group) -> str:
        """r1 for the activation of z1; v and a number for the rest."""
        home = self.home.get(group.operands[0][0])
        if len(group.operands[0]) == 1 and home is not None:
            layer, nodes = self.arrays[home]
            name = layer.replace("z", "r")
            whole = [operand for (operand,) in group.operands] == list(nodes)
            if layer[0] == "z" and whole and name not in self.activations:
                self.activations.add(name)
                return name
        self.others += 1
        return f"v{self.others}"

    def _layer(self, group: Group) -> None:
        self.layers += 1
        count, n = len(group.operands), len(group.operands[0]) // 2
        weights = [operands[:n] for operands in group.operands]
        biases = [operands[-1] for operands in group.operands]
        inputs = self._read(group.operands[0][n:-1])
        w, b, z = f"W{self.layers - 1}", f"b{self.layers - 1}", f"z{self.layers}"
        matrix = _matrix(weights, self.recording.parameters)
        self.weights[group.first] = matrix and f"gradient{matrix}{'[:]' * matrix.endswith(')')}"
        flat = [node for row in weights for node in row]
        self.lines.append(
            f"{w} = parameters{matrix}"
            if matrix
            else f"{w} = {self._read(flat)}.reshape({count}, {n})"
        )
        text = f"{z} = {inputs} @ {w}.T"
        if any(node in self.home or self._constant(node) for node in biases):
            self.lines.append(f"{b} = {self._read(biases)}")
            text += f" + {b}"
        self._array(z, group.nodes)
        self.lines.append(text)

    def outputs(self, single: bool) -> str:
        """Write the line for the outputs, and return their name."""
        text = self._read(self.recording.outputs)
        if all(node < self.recording.shared for node in self.recording.outputs):
            text = f"np.broadcast_to({text}, (len(batch), {len(self.recording.outputs)}))"
        self.lines.append(f"outputs = {text}" + "[:, 0]" * single)
        return "outputs"

    # Backward

    def seed(self) -> None:
        """Write where the backward pass starts: 1 / B at the first output of each example."""
        self.lines.append("gradient = np.zeros(len(parameters))")
        if self.recording.parameters:
            self.lines.append("dp = gradient.reshape(1, -1)")
        root = self.recording.outputs[:1]
        self._give(root, "np.full((len(batch), 1), 1 / len(batch))", True)

    def backward(self, group: Group) -> None:
        """Write the lines that pass a group's gradient on to its operands."""
        name, _ = self.arrays[self.home[group.first]]
        if name not in self.started:
            return
        upstream = f"d{name}"
        if group.operation is weighted_sum:
            self._layer_back(group, upstream, name[1:])
        elif group.operation is total:
            n = len(group.operands[0])
            text = f"{upstream}.sum(axis=1, keepdims=True).repeat({n}, axis=1)"
            self._give(group.operands[0], text, group.per_example)
        elif group.operation is log_sum_exp:
            for i, operands in enumerate(group.operands):
                column = _index([i], len(group.operands))
                text = f"{upstream}{column} * softmax({self._read(operands)})"
                self._give(operands, text, group.per_example)
        else:
            texts = self._operands(group)
            found = _stable(group.operation, len(texts))
            comment = "  # 1: through the activation" if name[0] == "r" else ""
            for i, derivative in enumerate(found.derivatives):
                text = _filled(derivative, found.operands, texts, upstream)
                nodes = [operands[i] for operands in group.operands]
                self._give(nodes, text, group.per_example, comment)

    def _layer_back(self, group: Group, upstream: str, layer: str) -> None:
        n, w = len(group.operands[0]) // 2, f"W{int(layer) - 1}"
        inputs = group.operands[0][n:-1]
        comment = "  # 2: summed over all that it fed"
        self._give(inputs, f"{upstream} @ {w}", group.per_example, comment)
        text, comment = f"{upstream}.T @ {self._read(inputs)}", "  # 3: to the weights"
        if self.weights[group.first]:
            self.lines.append(f"{self.weights[group.first]} += {text}{comment}")
        else:
            flat = [node for operands in group.operands for node in operands[:n]]
            self._give(flat, f"({text}).reshape(1, -1)", False, comment)
        self._give([operands[-1] for operands in group.operands], upstream, group.per_example)

    def _give(self, nodes: Sequence[int], text: str, per_example: bool, comment: str = "") -> None:
        """Write that the nodes' gradients grow by an array with a column for each of them."""
        runs, start = list(self._runs(nodes)), 0
        if len(runs) > 1:
            self.lines.append(f"g = {text}{comment}")
            comment = ""
        for name, columns, wanted in runs:
            piece = f"g[:, {start}:{start + len(wanted)}]" if len(runs) > 1 else text
            start += len(wanted)
            if not name or not any(self.moves[columns.start + i] for i in wanted):
                continue
            if per_example and columns.start < self.recording.shared:
                piece = f"{_bracketed(piece)}.sum(axis=0, keepdims=True)"
            if len(wanted) > 1 and len(set(wanted)) == 1:
                piece, wanted = f"{_bracketed(piece)}.sum(axis=1, keepdims=True)", wanted[:1]
            index = _index(wanted, len(columns))
            if name not in self.started and not index:
                # what will be added to must be no view of what others are given as well
                copied = f"{piece}.copy()" if _is_view(piece) else piece
                self.lines.append(f"d{name} = {copied}{comment}")
            else:
                if name not in self.started:
                    self.lines.append(f"d{name} = np.zeros_like({name})")
                grow = f"d{name}{index} += {piece}"
                if len(set(wanted)) < len(wanted):
                    grow = f"np.add.at(d{name}, (slice(None), {wanted}), {piece})"
                self.lines.append(grow + comment)
            self.started.add(name)


def _index(wanted: Sequence[int], size: int) -> str:
    """The brackets that take these columns of an array with so many; none for all of them."""
    first, last = wanted[0], wanted[-1]
    step = wanted[1] - first if len(wanted) > 1 else 1
    if step < 1 or list(wanted) != list(range(first, last + 1, step)):
        return f"[:, {list(wanted)}]"
    if (first, last, step) == (0, size - 1, 1):
        return ""
    return f"[:, {first}:{last + 1}{f':{step}' if step > 1 else ''}]"


def _matrix(weights: list[tuple[int, ...]], parameters: int) -> str:
    """Brackets that make the matrix of the parameters; "" where they do not lie regularly."""
    count, n, first = len(weights), len(weights[0]), weights[0][0]
    step = weights[1][0] - first if count > 1 else n
    regular = [tuple(range(first + i * step, first + i * step + n)) for i in range(count)]
    if step < n or weights != regular or first + count * step > parameters:
        return ""
    text = f"[{first}:{first + count * step}].reshape({count}, {step})"
    return text + (f"[:, :{n}]" if n < step else "")


def formulas_of(operation: Operation, n: int) -> Written:
    """How an operation of n operands is written.

    Raises:
        ValueError: it has no formula, or not one derivative for each operand, or they use
            functions that NumPy and JAX are not told of.
    """
    found = written_for(operation, n)
    if not found.formula or len(found.derivatives) != n:
        raise ValueError(
            f"{operation.name} has no formula to be written with: say @operation(symbol, formula, "
            "derivatives), with one derivative for each operand."
        )
    for formula in (found.formula, *found.derivatives):
        if unknown := names_in(formula) - {*FUNCTIONS} - {*found.operands}:
            raise unknown_functions(formula, unknown, FUNCTIONS, operation.name)
    return found


def _stable(operation: Operation, n: int) -> Written:
    """The same as NumPy is to compute it: right wherever the operation's own function is."""
    if operation in STABLE:
        formula, *derivatives = STABLE[operation]
        return Written(operation.operands, formula, tuple(derivatives))
    return formulas_of(operation, n)


def _filled(formula: str, names: Sequence[str], texts: Sequence[str], upstream: str = "") -> str:
    """The formula with its operands' expressions put in; times what is upstream, if anything is."""
    if upstream and formula in ("1", "-1"):
        return upstream if formula == "1" else f"-{upstream}"
    below_zero = tuple([text.startswith("-") for text in texts])
    template = _template(formula, tuple(names), below_zero, bool(upstream))
    return template.format(*[text.removeprefix("-") for text in texts], upstream=upstream)


@cache
def _template(
    formula: str, names: tuple[str, ...], below_zero: tuple[bool, ...], times: bool
) -> str:
    """The formula with NumPy's names, and with {0}, {1}, … or -{0}, … for the operands."""

    def place(name: str) -> ast.expr:
        index = names.index(name)
        node = ast.Name(f"{{{index}}}")
        return ast.UnaryOp(ast.USub(), node) if below_zero[index] else node

    def call(function: str, operands: list[ast.expr]) -> ast.expr:
        known = NUMPY | NUMPY_ALONE
        name = f"np.{known[function]}" if function in known else function
        return ast.Call(ast.Name(name), operands, [])

    filled = fold(
        formula,
        number=ast.Constant,
        name=place,
        negate=lambda operand: ast.UnaryOp(ast.USub(), operand),
        binary=lambda sign, left, right: ast.BinOp(left, SIGNS[sign], right),
        call=call,
    )
    return ast.unparse(ast.BinOp(ast.Name("{upstream}"), ast.Mult(), filled) if times else filled)


def _number(number: float) -> str:
    if math.isfinite(number):
        return repr(number)
    return "np.nan" if number != number else "np.inf" if number > 0 else "-np.inf"


def _is_view(text: str) -> bool:
    """Whether it is an array that has a name, or a part of one."""
    return text.isidentifier() or text.startswith("g[")


def _bracketed(text: str) -> str:
    return text if _is_view(text) else f"({text})"
