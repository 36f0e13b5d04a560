"""A network in matrices: what is printed is read back and held against NumPy's own matrices."""

import re
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks
from readback import Binding, equations, faults

from microrelu import (
    MLP,
    Value,
    explain,
    half_squared_error,
    language,
    mean,
    topological_order,
    total,
    weighted_sum,
)
from microrelu.steps.matrices import Columns
from microrelu.text import text_width
from microrelu.writing.notation import LATEX, TEXT
from microrelu.writing.words import LANGUAGES, WORDS

CELLS = re.compile(r"(?:[⎛⎜⎝]|(?<!\w)[(])([^⎛⎜⎝(⎞⎟⎠)]*)[⎞⎟⎠)]")
A_COLUMN = re.compile(r"^(?:[ \d.]*)((?:∂[^/ ]+/∂)?[zrWb]⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾) = ")
A_MATRIX = re.compile(r"[⎛⎜⎝]|= \([^·∂]*\)$")
SLOPES = {
    "relu": lambda z: (z >= 0) * 1.0,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "linear": np.ones_like,
}
FUNCTIONS = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh, "linear": lambda z: z}


def network(sizes=(2, 2, 1), seed=211, **options):
    """The cost of an MLP, one example of it."""
    outputs = MLP(2, [*sizes], seed=seed, **options)([2.0, 1.0])
    return half_squared_error(outputs, [1.0] * sizes[-1] if sizes[-1] > 1 else 1.0)


def shown(root, lang="en"):
    with language(lang):
        return str(explain(root, form="matrices", names=None))


# What is printed is read


class Block(NamedTuple):
    """A matrix as it stands in the text: its first line and the columns that it takes."""

    top: int
    left: int
    right: int
    rows: list


def blocks(lines):
    """Every matrix of the lines."""
    found = []
    for i, line in enumerate(lines):
        for cells in CELLS.finditer(line):
            row, first = cells[1].split(), cells[0][0]
            if first in "⎛(":
                found.append(Block(i, cells.start(), cells.end(), [row]))
            else:
                above = [b for b in found if b.left == cells.start() and b.top + len(b.rows) == i]
                above[-1].rows.append(row)
    return found


def levels(found):
    """The matrices that stand beside each other, from left to right."""
    groups = []
    for block in found:
        bottom = block.top + len(block.rows)
        near = [
            g for g in groups if any(b.top < bottom and block.top < b.top + len(b.rows) for b in g)
        ]
        joined = [block, *(b for group in near for b in group)]
        groups = [*(group for group in groups if group not in near), joined]
    return [sorted(group, key=lambda block: block.left) for group in groups]


def stated(text):
    """Each equation in matrices: what is on its left, and its sides as signs and matrices."""
    lines = text.splitlines()
    kept = [line if A_MATRIX.search(line) and "·" not in line else "" for line in lines]
    found = {}
    for group in levels(blocks(kept)):
        top = min(block.top for block in group)
        rows = range(top, max(block.top + len(block.rows) for block in group))
        head = next(
            A_COLUMN.match(lines[i])
            for i in [*rows, *range(top - 1, -1, -1)]
            if A_COLUMN.match(lines[i])
        )
        sides = found.setdefault(head[1], [])
        end = 0
        for block in group:
            between = "".join(lines[i][end : block.left] for i in rows)
            end = block.right
            sign = next((each for each in ("=", "⊙", "+") if each in between), "")
            if sign == "=":
                sides.append([("", block.rows)])
            else:
                sides[-1].append((sign, block.rows))
    return found


def numbers(rows):
    """A matrix of numbers; NaN where it is left out or is no number."""

    def number(cell):
        plain = cell.replace("−", "-").replace("×10", "e").translate(RAISED)
        return float(plain) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", plain) else np.nan

    return np.array([[number(cell) for cell in row] for row in rows])


RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def evaluated(side, of=lambda matrix: matrix):
    """What a side of an equation comes to."""
    whole, term = 0, None
    for sign, rows in side:
        matrix = of(numbers(rows))
        if term is None or sign == "+":
            whole, term = whole if term is None else whole + term, matrix
        else:
            term = term * matrix if sign == "⊙" else term @ matrix
    return whole + term


def untrue(text):
    """The equations of which two sides of numbers are not one matrix, as far as digits tell."""
    found = []
    for left, sides in stated(text).items():
        values = [(evaluated(side), evaluated(side, np.abs)) for side in sides]
        for value, size in values:
            apart = np.abs(value - values[-1][0])
            if np.any(apart > 2e-3 * size + 1e-12):  # NaN is not
                found.append(left)
    return found


def by_numpy(root, sizes, activation):
    """Each column and matrix of a network and its gradients, by matrices alone."""
    nodes = {node.label: node.data for node in topological_order(root)}
    last, found = len(sizes), {"r⁽⁰⁾": np.array([[2.0], [1.0]])}
    ins = [2, *sizes]

    def name(letter, k):
        return TEXT.name(f"{letter}({k})").text

    for k in range(last):
        w = [
            [
                label(nodes, "W", k, ins[k] * ins[k + 1], f"{i},{j}")
                for j in range(1, ins[k + 1] + 1)
            ]
            for i in range(1, ins[k] + 1)
        ]
        b = [[label(nodes, "b", k, ins[k + 1], j)] for j in range(1, ins[k + 1] + 1)]
        found[name("W", k)] = np.array(w)
        r = found[name("r", k)]
        z = found[name("z", k + 1)] = np.array(w).T @ r + np.array(b)
        found[name("r", k + 1)] = FUNCTIONS[activation if k + 1 < last else "linear"](z)
    dz = found[name("z", last)] - 1.0
    for k in reversed(range(last)):
        found[f"∂C/∂{name('z', k + 1)}"] = dz
        found[f"∂C/∂{name('W', k)}"] = found[name("r", k)] @ dz.T
        dr = found[f"∂C/∂{name('r', k)}"] = found[name("W", k)] @ dz
        if k:
            dz = dr * SLOPES[activation](found[name("z", k)])
    return found


def label(nodes, letter, k, count, index):
    return nodes[f"{letter}({k})" if count == 1 else f"{letter}({k})_{index}"]


def apart(root, sizes, activation):
    """What is printed of a network and is not what NumPy says."""
    expected, found = by_numpy(root, sizes, activation), []
    for left, sides in stated(shown(root)).items():
        printed, true = numbers(sides[-1][0][1]), expected[left]
        for axis in (0, 1):  # of many rows or columns the first three and the last are shown
            if printed.shape[axis] != true.shape[axis]:
                places = [*range(printed.shape[axis] - 2), -2, -1]
                true = np.take(true, places, axis)
        if np.any(np.abs(printed - true) > 1e-3 * np.abs(true) + 1e-12):
            found.append(left)
    return found


sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@given(sizes, st.sampled_from([*FUNCTIONS]), st.integers(0, 99))
@settings(max_examples=60)
def test_every_matrix_is_what_numpy_says(sizes, activation, seed):
    root = network(sizes, seed, activation=activation)
    assert apart(root, sizes, activation) == []
    assert untrue(shown(root)) == []


def test_every_quantity_of_a_network_is_stated():
    labels = ["z⁽¹⁾", "r⁽¹⁾", "z⁽²⁾", "r⁽²⁾", "z⁽³⁾", "∂C/∂r⁽²⁾", "∂C/∂W⁽²⁾", "∂C/∂z⁽²⁾"]
    labels += ["∂C/∂r⁽¹⁾", "∂C/∂W⁽¹⁾", "∂C/∂z⁽¹⁾", "∂C/∂W⁽⁰⁾"]
    assert list(stated(shown(network()))) == ["r⁽⁰⁾", *labels]


@pytest.mark.parametrize("sizes", [(16, 16, 1), (9, 8, 9), (30, 2), (8, 8, 8)])
def test_large_matrices_are_shortened_and_true(sizes):
    root = network(sizes, 3)
    assert apart(root, sizes, "relu") == []
    lines = [line for line in shown(root).splitlines() if "⁽ᵏ" not in line]
    assert max(map(text_width, lines)) <= 80
    assert "…" in shown(root)


def test_a_wrong_matrix_is_found(monkeypatch):
    kept = Columns.weights
    monkeypatch.setattr(
        Columns, "weights", lambda self, layer, transposed=False: kept(self, layer, not transposed)
    )
    root = network((2, 2, 2))
    assert {"z⁽²⁾", "∂C/∂r⁽¹⁾"} <= {*untrue(shown(root))}
    monkeypatch.setattr(Columns, "gradients", Columns.column)
    assert "∂C/∂W⁽⁰⁾" in apart(root, (2, 2, 2), "relu")


@given(networks())
@settings(max_examples=60)
def test_random_networks_are_true_in_matrices_and_unit_by_unit(root):
    text = shown(root)
    assert untrue(text) == []
    in_matrices = stated(text)

    def is_matrix(line):
        left = A_COLUMN.match(line)
        return (
            "r + b" in line
            or (left and (left[1] in in_matrices or re.search(r"∂b\S+ = \S+$", line)))
            or A_MATRIX.search(line)
        )

    lines = "\n".join(line for line in text.splitlines() if not is_matrix(line))
    binding = Binding(root)
    found = [fault for each in equations(lines, TEXT) for fault in faults(each, TEXT, binding)]
    assert found == []


def test_latex_has_the_matrices_of_the_text():
    root = network((3, 2))
    latex = explain(root, form="matrices", names=None).latex()
    found = [
        [row.replace("-", "−").split(" & ") for row in each.split(r" \\ ")]
        for each in re.findall(r"\\begin\{pmatrix\} (.*?) \\end\{pmatrix\}", latex)
        if "r^" not in each
    ]
    text = [rows for sides in stated(shown(root)).values() for side in sides for _, rows in side]
    assert found == [rows for rows in text if "⁾" not in rows[0][0]]


# What is no matrix is told unit by unit


def decayed():
    model = MLP(2, [2, 2, 1], seed=211)
    loss = half_squared_error(model([2.0, 1.0]), 1.0)
    return loss + 0.1 * total([p**2 for p in model.parameters()[:2]])


def skipping():
    inputs = [Value(2.0, "r(0)_1"), Value(1.0, "r(0)_2")]
    first, second = MLP(2, [2, 1], seed=211).layers
    return second([a + b for a, b in zip(first(inputs), inputs, strict=True)])


def of_two_examples():
    model = MLP(2, [2, 1], seed=211)
    return mean([half_squared_error(model(x), 1.0) for x in ([2.0, 1.0], [0.5, -1.0])])


def shared():
    weight = Value(0.5, "w")
    inputs = [Value(2.0, "x"), Value(1.0, "y")]
    return weighted_sum([weight, weight], inputs).tanh()


def of_several_operations():
    return network(activation=lambda z: z * z.sigmoid())


GRAPHS = [decayed, skipping, of_two_examples, shared, of_several_operations]


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_no_matrix_is_told_unit_by_unit_and_it_says_so(graph, lang):
    said = WORDS["unit by unit"][LANGUAGES.index(lang)]
    assert said in shown(graph(), lang)
    assert said not in shown(network(), lang)


def test_one_unit_of_a_layer_is_not_the_layer():
    outputs = MLP(2, [3], seed=211)([2.0, 1.0])
    assert "z⁽¹⁾" not in stated(shown(outputs[2]))
    assert WORDS["unit by unit"][0] in shown(outputs[2])


def test_weight_decay_leaves_all_but_its_own_weights_in_matrices():
    left = [*stated(shown(decayed()))]
    assert "∂C/∂W⁽⁰⁾" not in left
    assert {"∂C/∂W⁽¹⁾", "∂C/∂z⁽¹⁾", "z⁽¹⁾"} <= {*left}
    assert "  3.  ∂C/∂b⁽⁰⁾ = ∂C/∂z⁽¹⁾\n" in shown(decayed())


def test_a_derivative_of_several_operations_is_of_each_unit():
    first = "  1.  ∂C/∂z⁽ᵏ⁺¹⁾ⱼ = ∂C/∂r⁽ᵏ⁺¹⁾ⱼ · ∂r⁽ᵏ⁺¹⁾ⱼ/∂z⁽ᵏ⁺¹⁾ⱼ"
    assert first in shown(of_several_operations())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_how_our_weights_are_counted_is_said_once(lang):
    text = shown(network(), lang)
    assert text.count("z = Wᵀ r + b") == 1
    assert text.count("z = W r + b") == 1
    assert text.count("PyTorch") == 1
    assert max(map(text_width, text.splitlines())) <= 100


def test_the_equations_in_general():
    lines = shown(network(activation="tanh")).splitlines()
    assert "    z⁽ᵏ⁺¹⁾ = W⁽ᵏ⁾ᵀ r⁽ᵏ⁾ + b⁽ᵏ⁾" in lines
    general = [re.split(" {3,}", line[6:])[0] for line in lines if re.match(r"  [123]\..*⁽ᵏ", line)]
    assert general == [
        "∂C/∂z⁽ᵏ⁺¹⁾ = ∂C/∂r⁽ᵏ⁺¹⁾ ⊙ tanh′(z⁽ᵏ⁺¹⁾)",
        "∂C/∂r⁽ᵏ⁾ = W⁽ᵏ⁾ ∂C/∂z⁽ᵏ⁺¹⁾",
        "∂C/∂W⁽ᵏ⁾ = r⁽ᵏ⁾ (∂C/∂z⁽ᵏ⁺¹⁾)ᵀ",
    ]
    assert equations(explain(network(), form="matrices").latex(), LATEX)
