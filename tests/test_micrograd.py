"""Scripts written for micrograd, run by search and replace: the same numbers, or a sentence."""

import random

import pytest

import microrelu
from microrelu import Value, relu_at_zero

EXPRESSIONS = """
from micrograd.engine import Value

a, b, c = Value(-2.3), Value(0.7), Value(1.9)
d = a * b + b**3
d += d + 1
d += 1 + c + (-a)
e = (d * 2 + (b + a).relu()) - (3 * c).relu() / 5
f = e - 4
g = f**2 / 2.0 + 10.0 / f
g.backward()
numbers = [each.data for each in (d, e, f, g)]
numbers += [each.grad for each in (a, b, c, d, e, f)]
"""

NETWORK = """
import random
from micrograd.engine import Value
from micrograd.nn import Neuron, Layer, MLP

random.seed(11)
n = MLP(3, [4, 4, 1])
xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0]]
ys = [1.0, -1.0, -1.0]
numbers = []
for k in range(5):
    ypred = [n(x) for x in xs]
    loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred))
    for p in n.parameters():
        p.grad = 0.0
    loss.backward()
    for p in n.parameters():
        p.data += -0.01 * p.grad
    numbers.append(loss.data)
numbers += [n.layers[0].neurons[0].w[0].data, n.layers[0].neurons[0].b.grad]
numbers.append(len(n.layers[1].neurons) + len(Layer(2, 3).parameters()))
numbers.append(Neuron(2)([Value(1.0), Value(-2.0)]).data)
"""

TRACE = """
from micrograd.engine import Value

def trace(root):
    nodes, edges = set(), set()
    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)
    build(root)
    return nodes, edges

x = Value(1.5)
y = (x * 2 + 1).relu()
y.backward()
nodes, edges = trace(y)
numbers = [len(nodes), len(edges), sum(n._op == "" for n in nodes)]
labels = ["{ data %.4f | grad %.4f }" % (n.data, n.grad) for n in nodes]
"""


def replaced(script):
    """What the script finds after search and replace, and what micrograd itself finds."""
    found = []
    for name in ("microrelu", "micrograd"):
        names = {}
        random.seed(1337)
        with relu_at_zero(0.0):  # micrograd's; a unit that gets nothing sits at its kink
            exec(script.replace("micrograd", name), names)
        found.append(names["numbers"])
    return found


@pytest.mark.parametrize("script", [EXPRESSIONS, NETWORK, TRACE])
def test_a_script_has_the_same_numbers(script):
    pytest.importorskip("micrograd.engine", reason="pip install micrograd")
    ours, theirs = replaced(script)
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_weights_and_bias_under_their_names_there():
    neuron = microrelu.MLP(2, [3, 1]).layers[0].neurons[0]
    assert neuron.w[0] is neuron.weights[0]
    assert neuron.b is neuron.bias


def test_draw_dot_draws():
    assert microrelu.draw_dot(Value(2.0, label="x").relu()).source.startswith("digraph")


def test_a_node_of_operands_by_hand_is_a_sentence():
    x = Value(0.5, label="x")
    for build in (lambda: Value(0.46, (x,), "tanh"), lambda: Value(0.46, (x,))):
        with pytest.raises(
            TypeError, match=r"is a leaf, .*: what has operands is made by an operation"
        ):
            build()
    with pytest.raises(TypeError, match=r"A label is a string, not 3: write Value\(2.0, 'w'\)"):
        Value(2.0, 3)


def test_a_closure_by_hand_is_a_sentence():
    out = Value(0.5).tanh()
    with pytest.raises(AttributeError, match="A Value has no _backward: it keeps its local deriv"):
        out._backward = lambda: None
    with pytest.raises(AttributeError, match="one node at a time"):
        out._backward()
    assert not hasattr(out, "_backward")
