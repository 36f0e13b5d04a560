"""The engine of the page, which is JavaScript, against that of the package, on random graphs.

Its files run by themselves in one empty page of Chromium, with what `graph_data` says of a graph.
Each node is held against its operation at the page's own operands, so that no rounding is carried
from node to node; and each step of the sweep against `Value.sweep`, to the last bit.
"""

import json
import math
import random
from dataclasses import dataclass
from importlib import resources

import pytest
import random_checks
from graphs import graphs, variables
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_browser import BUILT_IN, agree, by_gradient, python_says, variables_of

from microrelu import Constant, Value, relu_at_zero, topological_order, total, weighted_sum
from microrelu.player.data import graph_data
from microrelu.writing.names import node_names

pytestmark = pytest.mark.browser
SCRIPT = "\n".join(
    resources.files("microrelu.player").joinpath("script", name).read_text(encoding="utf-8")
    for name in ("operations.js", "graph.js")
)
# The values, the local derivatives and, step by step, what each node has received: as they were
# recorded, and with another number in a leaf.
RUN = """([script, graphs]) => graphs.map(([textContent, leaf, number]) => {
    const page = new Function("document", script + "; return { nodes, steps, stateAt, compute }");
    const { nodes, steps, stateAt, compute } = page({ getElementById: () => ({ textContent }) });
    return [undefined, Number(number)].map((changed) => {
        if (leaf >= 0) nodes[leaf].changed = changed;
        compute();
        const received = steps.map(({ phase, node, done }, at) => {
            if (phase === "forward" || done < 0) return null;
            const { grad, received } = stateAt(at);
            return [node.index, grad.map((each, i) => (received[i] ? each : null))];
        });
        return {
            data: nodes.map((node) => node.data),
            local: nodes.map((node) => node.local ?? []),
            received: received.filter(Boolean),
        };
    });
})"""


@dataclass
class Asked:
    """A graph, the place of one of its leaves (-1: it has none), and another number for that."""

    root: Value
    leaf: int
    number: float
    slope: float  # of ReLU at 0, when the graph was made

    def told(self):
        """The graph as the page is told of it."""
        with relu_at_zero(self.slope):
            data = json.dumps(graph_data(node_names(self.root)) | {"words": {}})
        return [data, self.leaf, str(self.number)]

    def faults(self, pages):
        """What the page computed otherwise; the graph has the page's numbers afterwards."""
        order = topological_order(self.root)
        recorded = [[node.data, *node.local_derivatives] for node in order]
        for is_changed, page in enumerate(pages):
            if is_changed and self.leaf >= 0:
                recorded[self.leaf] = [self.number]
            shown = zip(order, recorded, page["data"], page["local"], strict=True)
            for node, known, data, local in shown:
                if is_changed and node.operation:
                    is_right = is_near(node, data, local)
                else:
                    is_right = all(map(is_same, known, [data, *local]))
                if not is_right:
                    yield node.operation, [parent.data for parent in node.parents], data, local
                node.data, node.local_derivatives = data, tuple(local)
            yield from sweep_faults(self.root, page["received"])


def is_near(node, data, local):
    """Is it what the operation gives of these operands? Sums may be rounded in another order."""
    numbers = [parent.data for parent in node.parents]
    expected = python_says(node.operation, numbers)
    if expected is None:
        return not all(map(math.isfinite, [data, *local]))
    size = sum(abs(x * slope) for x, slope in zip(numbers, local, strict=True))
    is_sum = node.operation in (total, weighted_sum) and abs(data - expected[0]) <= 1e-13 * size
    return (is_sum or agree(data, expected[0])) and all(map(agree, local, expected[1]))


def is_same(ours, theirs):
    return ours == theirs or (
        None not in (ours, theirs) and math.isnan(ours) and math.isnan(theirs)
    )


def sweep_faults(root, received):
    """The steps after which a variable has received something else than in the engine's sweep."""
    order = topological_order(root)
    variables = [i for i, node in enumerate(order) if not isinstance(node, Constant)]
    swept = [(order.index(node), got) for node, got in by_gradient(root) if variables_of(node)]
    for (node, ours), (shown, theirs) in zip(swept, received, strict=True):
        if node != shown or not all(is_same(ours[i], theirs[i]) for i in variables):
            yield "the sweep", node, ours, theirs


@pytest.fixture(scope="module")
def faults(browser):
    """What the page computes otherwise of some graphs, by these files of its script."""
    page = browser.new_page()

    def faults_(asked, script=SCRIPT):
        pages = page.evaluate(RUN, [script, [each.told() for each in asked]])
        pages = json.loads(json.dumps(pages), parse_int=float)  # 1e18 comes as a whole number
        found = []
        for each, computed in zip(asked, pages, strict=True):
            with relu_at_zero(each.slope):
                found += each.faults(computed)
        return found

    yield faults_
    page.close()


def of_any_size(count, seed):
    """Graphs of `random_checks.py`, with numbers from the smallest to 10¹⁷."""
    for index in range(count):
        rng = random.Random(f"{seed} {index}")
        slope = rng.choice([0.0, 0.5, 1.0])
        with relu_at_zero(slope):
            root = random_checks.graph(rng)
        leaves = [i for i, n in enumerate(topological_order(root)) if n in variables(root)] or [-1]
        number = random_checks.number(rng) if rng.random() < 0.5 else rng.uniform(-3, 3)
        yield Asked(root, rng.choice(leaves), number, slope)


def test_the_page_computes_graphs_of_any_size_as_the_package_does(faults):
    asked = [*of_any_size(1000, seed=1)]
    assert {n.operation for each in asked for n in topological_order(each.root)} >= {*BUILT_IN}
    assert faults(asked) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graphs(), st.data())
def test_the_page_computes_every_graph_as_the_package_does(faults, made, data):
    root, leaves = made
    order = topological_order(root)
    leaf = data.draw(st.sampled_from([*map(order.index, leaves)] or [-1]))
    number = data.draw(st.integers(-2000, 2000)) / 1000
    assert faults([Asked(root, leaf, number, 1.0)]) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("cos: (a) => [Math.cos(a), [-Math.sin(a)]]", "cos: (a) => [Math.cos(a), [Math.sin(a)]]"),
        ("exp: (a) => [Math.exp(a),", "exp: (a) => [Math.exp(a) * (1 + 1e-9),"),
        ("grad[parent.index] += grad", "grad[parent.index] = grad"),
        ("data: Number(data),", "data: Math.fround(Number(data)),"),
    ],
)
def test_a_wrong_table_or_sweep_is_found(faults, right, wrong):
    assert SCRIPT.count(right) == 1
    assert faults([*of_any_size(100, seed=1)], SCRIPT.replace(right, wrong)) != []
