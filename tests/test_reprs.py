"""Whatever a public function gives shows itself without an address, and alike each time."""

import pytest

import microrelu
from microrelu import datasets, operation
from microrelu.engine import OPERATIONS

GIVES = {  # by public name, what it gives
    "SGD": lambda: microrelu.SGD(model().parameters(), lr=0.1),
    "Adam": lambda: microrelu.Adam(model().parameters(), lr=0.01),
    "MLP": lambda: model(),
    "Layer": lambda: microrelu.Layer(2, 3),
    "Neuron": lambda: microrelu.Neuron(2, activation=lambda z: z * z),
    "Module": lambda: microrelu.Module(),
    "Tape": lambda: tape(),
    "Value": lambda: [microrelu.Value(1.0), microrelu.Value(1.0).relu],
    "Constant": lambda: microrelu.Constant(1.0),
    "backward_steps": lambda: [each := microrelu.backward_steps(cost()), *each],
    "adopt": lambda: microrelu.adopt(their_node()),
    "check_gradients": lambda: [report := microrelu.check_gradients(cost()), *report.rows],
    "cross_entropy": lambda: microrelu.cross_entropy([1.0, 2.0], 1),
    "derivation": lambda: microrelu.derivation(cost(), "W(0)_1,1"),
    "diagnose": lambda: [microrelu.diagnose(swept()), microrelu.diagnose(microrelu.Value)],
    "draw": lambda: [microrelu.draw(cost()), microrelu.draw(model(), format="png")],
    "draw_dot": lambda: microrelu.draw_dot(cost(), weights="edges"),
    "explain": lambda: microrelu.explain(cost()),
    "expression": lambda: microrelu.expression("z = w*x; z**2", w=2.0, x=1.0),
    "from_torch": lambda: microrelu.from_torch(torch_of(model())),
    "half_squared_error": lambda: cost(),
    "hinge": lambda: microrelu.hinge(0.5, 1.0),
    "language": lambda: microrelu.language("en"),
    "layers": lambda: [report := microrelu.layers(swept()), *report.rows],
    "log_sum_exp": lambda: [microrelu.log_sum_exp, microrelu.log_sum_exp([1.0])],
    "mean": lambda: microrelu.mean([1.0, 2.0]),
    "operation": lambda: own(),
    "play": lambda: microrelu.play(cost()),
    "relu_at_zero": lambda: microrelu.relu_at_zero(1.0),
    "softmax": lambda: microrelu.softmax([1.0, 2.0]),
    "to_torch": lambda: torch_of(model()),
    "topological_order": lambda: microrelu.topological_order(cost()),
    "total": lambda: microrelu.total([1.0, 2.0]),
    "weighted_sum": lambda: microrelu.weighted_sum([1.0], [2.0]),
}
FUNCTIONS = {"to_jax"}  # a plain function of Python's, for JAX
DATA = [datasets.moons(4), datasets.spirals(4), datasets.xor()]


def model():
    return microrelu.MLP(2, [2, 1], seed=211)


def cost():
    return microrelu.half_squared_error(model()([2.0, 1.0]), 1.0)


def their_node():
    return type("Node", (), {"data": 1.0, "grad": 0.0, "prev": ()})()


def swept():
    root = cost()
    root.backward()
    return root


def tape():
    pytest.importorskip("numpy")
    x = microrelu.Value(1.0, "x")
    return microrelu.Tape(x.tanh(), inputs=[x])


def torch_of(network):
    pytest.importorskip("torch")
    return microrelu.to_torch(network)


def own():
    @operation()
    def own(a):
        return a, (1.0,)

    return own


def test_nothing_public_is_left_out():
    public = {name for name in dir(microrelu) if callable(getattr(microrelu, name, None))}
    public = {name for name in public if not name.startswith("_") and name != "import_module"}
    assert public - {*GIVES, *FUNCTIONS, "Any"} <= {*OPERATIONS}


@pytest.mark.parametrize("name", GIVES)
def test_no_repr_has_an_address(name, table):
    shown = repr(GIVES[name]())
    assert " at 0x" not in shown
    assert shown == repr(GIVES[name]())
    assert " at 0x" in repr(object())


def test_operations_and_data_have_no_address():
    assert " at 0x" not in repr([*OPERATIONS.values(), DATA])


def test_what_they_say():
    assert repr(GIVES["Adam"]()) == "Adam(lr=0.01, 9 parameters)"
    assert repr(microrelu.SGD([microrelu.Value(1.0)], lr=1e-3)) == "SGD(lr=0.001, 1 parameter)"
    assert repr(GIVES["MLP"]()) == 'MLP(2, [2, 1], activation="relu")'
    assert repr(microrelu.draw(cost())) == "<Picture: .render('graph') writes graph.svg>"
    assert repr(microrelu.draw(cost(), format="png")).endswith("writes graph.png>")
    steps = microrelu.backward_steps(cost())
    assert repr(steps) == "<Steps of C: next() takes one, list() all that are left>"
    assert repr(tape()) == "<Tape of 4 nodes: print() tells which>"  # with 0 and 1
