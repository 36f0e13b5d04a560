"""A Value shows itself in a notebook: after its variables, in their language, and truly."""

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from graphs import graphs
from hypothesis import given
from readback import Binding, equations, faults

from microrelu import (
    MLP,
    Constant,
    Value,
    backward_steps,
    check_gradients,
    derivation,
    explain,
    half_squared_error,
    language,
    log_sum_exp,
)
from microrelu.steps import display
from microrelu.writing.names import node_names
from microrelu.writing.notation import LATEX
from microrelu.writing.words import LANGUAGES


def lines(value):
    """The lines of what a notebook shows."""
    shown = value._repr_latex_()
    assert shown.startswith("$\\displaystyle \\begin{aligned}\n")
    assert shown.endswith("\n\\end{aligned}$")
    return shown.split("\n", 1)[1].removesuffix("\n\\end{aligned}$").split(" \\\\\n")


@pytest.fixture
def notebook(monkeypatch):
    """The namespace of a notebook that runs, as far as a Value asks."""
    variables = {}
    running = SimpleNamespace(get_ipython=lambda: SimpleNamespace(user_ns=variables))
    monkeypatch.setitem(sys.modules, "IPython", running)
    return variables


def test_a_value_is_called_what_the_notebooks_variable_is_called(notebook):
    w, x, b = Value(0.5), Value(2.0), Value(0.1, "b")
    z = w * x + b
    notebook.update(w=w, x=x, z=z, _=b, Out={1: z}, In=[z])
    assert lines(z) == [
        r"z &= w \, x + b = 0.5 \cdot 2 + 0.1 = 1.1",
        r"\text{gradient} & \text{ not yet}",
    ]
    z.backward()
    assert lines(w) == ["w &= 0.5", r"\text{gradient} & = 2"]
    del notebook["z"]
    assert lines(z)[0] == r"\text{value} &= w \, x + b = 0.5 \cdot 2 + 0.1 = 1.1"


@pytest.mark.parametrize("module", [SimpleNamespace(get_ipython=lambda: None), SimpleNamespace()])
def test_labels_name_where_no_notebook_runs(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "IPython", module)
    w = Value(0.5, "w")
    assert lines(w.relu())[0] == (
        r"\text{value} &= \operatorname{ReLU}\left(w\right) = "
        r"\operatorname{ReLU}\left(0.5\right) = 0.5"
    )
    assert lines(Value(2.0))[0] == r"\text{value} &= 2"
    assert lines(Constant(2.0)) == [r"\text{value} &= 2"]


def test_long_formulas_are_written_by_fewer_levels_or_by_their_symbol():
    x = Value(0.5, "x")
    chain = x
    for _ in range(9):
        chain = chain.tanh() + x
    assert lines(chain)[0].startswith(r"\text{value} &= \tanh\left(\tanh\left(")
    assert len(lines(chain)[0]) < 250
    z = MLP(2, [1], seed=1)([1.0, 2.0])
    assert len(lines(z)) == 3  # symbols, numbers, gradient
    assert lines(log_sum_exp([x] * 40))[0].endswith(r"\text{log Σ exp} = 4.189")


def test_no_equation_is_stated_of_operands_that_have_changed():
    w, x = Value(2.0, "w"), Value(3.0, "x")
    product = w * x
    root = product + 1
    w.data = 10.0
    assert lines(product) == [
        r"\text{value} &= 6",
        r"& \text{operands changed}",
        r"\text{gradient} & \text{ not yet}",
    ]
    assert lines(root)[0] == r"\text{value} &= v_{1} + 1 = 6 + 1 = 7"
    root.backward()
    root.recompute()
    assert lines(root)[0] == r"\text{value} &= w \, x + 1 = 10 \cdot 3 + 1 = 31"
    assert lines(root)[1] == r"\text{gradient} & \text{ not yet}"  # of what it is now


@pytest.mark.parametrize(
    ("name", "value", "gradient"),
    [("id", "nilai", r"gradien} & \text{ belum}"), ("ja", "値", r"勾配} & \text{ 未計算}")],
)
def test_it_speaks_the_language_in_force(name, value, gradient):
    with language(name):
        assert lines(Value(1.0)) == [rf"\text{{{value}}} &= 1", rf"\text{{{gradient}"]


def false(root):
    """What is false in what each node of a graph shows, its own names being those of the graph."""
    names, binding, found = node_names(root), Binding(root), []
    for node in names:
        named = node_names(node)
        if node.parents and (node is root or all(names[each] == named[each] for each in named)):
            shown = node._repr_latex_().replace(r"\text{value}", LATEX.name(names[node]).text)
            [stated] = [each for each in equations(shown, LATEX) if "text" not in each]
            found += faults(stated, LATEX, binding)
    return found


@given(graphs(max_nodes=6))
def test_what_it_states_is_true(graph):
    assert false(graph[0]) == []


def test_what_is_false_is_found(monkeypatch):
    w, x = Value(2.0, "w"), Value(3.0, "x")
    root = (w * x + 1).tanh()
    assert false(root) == []
    w.data = 10.0
    assert false(root) == []
    monkeypatch.setattr(display, "changed_nodes", lambda nodes: [])
    assert false(root) != []


def test_ipython_shows_a_value_as_latex_in_a_notebook_and_as_its_repr_in_a_terminal():
    pytest.importorskip("IPython")
    code = """
import json
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("from microrelu import Value; w = Value(2.0); z = w * 3")
formatter = shell.display_formatter
notebook = formatter.format(shell.user_ns["z"])[0]
formatter.active_types = ["text/plain"]
print(json.dumps([notebook, formatter.format(shell.user_ns["z"])[0]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    notebook, terminal = json.loads(done.stdout.splitlines()[-1])
    assert terminal == {"text/plain": "Value(data=6.0, grad=0)"}
    assert {*notebook} == {"text/plain", "text/latex"}  # HTML would be shown instead of LaTeX
    assert re.search(r"z &= w \\cdot 3 = 2 \\cdot 3 = 6", notebook["text/latex"])


def test_an_explanation_is_markdown_with_formulas():
    """Each heading, each formula and the sentences between them are paragraphs of their own."""
    shown = explain(Value(2.0, "a") ** 2)._repr_markdown_()
    assert [part.strip("\n") for part in re.split("\n\n+", shown)] == [
        "#### Forward: values",
        "$$\n\\begin{aligned}\na &= 2 \\\\\nC &= a^{2} = 2^{2} = 4\n\\end{aligned}\n$$",
        "#### Backward: gradients",
        "$C$ is what is differentiated, so the sweep starts with 1.",
        "$$\n\\begin{aligned}\n\\frac{\\partial C}{\\partial C} &= 1\n\\end{aligned}\n$$",
        "The chain rule: the gradient with respect to $C$, times the local derivative of square.",
        "$$\n\\begin{aligned}\n"
        "\\frac{\\partial C}{\\partial a} &= \\frac{\\partial C}{\\partial C} \\cdot 2 \\, a \\\\\n"
        "&= 1 \\cdot 4 \\\\\n&= 4\n\\end{aligned}\n$$",
    ]


@pytest.mark.parametrize("name", LANGUAGES)
def test_the_markdown_of_a_network_is_its_document_without_the_frame(name):
    root = half_squared_error(MLP(2, [2, 2, 1], seed=211)([2.0, 1.0]), 1.0)
    with language(name):
        explanation = explain(root)
    shown = explanation._repr_markdown_()
    assert "section" not in shown
    assert "document" not in shown
    assert shown.count("\n$$\n") == 2 * explanation.latex().count("\\[\n") - 1  # the last ends it
    assert len(re.findall(r"^#{4,5} \S.*\n$", shown, re.MULTILINE)) == 6
    assert equations(shown, LATEX) == equations(explanation.latex(), LATEX)


def test_formulas_show_as_such_and_html_is_for_tables():
    """JupyterLab prefers HTML to LaTeX."""
    x = Value(2.0, "x")
    for each in (x, next(backward_steps(x.tanh())), derivation(x.tanh(), x)):
        assert each._repr_latex_().startswith("$\\displaystyle")
        assert not hasattr(each, "_repr_html_")
    assert not hasattr(explain(x.tanh()), "_repr_html_")
    assert check_gradients(x.tanh())._repr_html_().startswith("<table ")
