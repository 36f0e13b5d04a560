import copy
import math
import pickle
import random

import numpy as np
import pytest

from microrelu import (
    MLP,
    SGD,
    Adam,
    Constant,
    Layer,
    Module,
    Neuron,
    Value,
    hinge,
    leaky_relu,
    mean,
    operation,
    relu,
    topological_order,
    total,
)
from microrelu.datasets import moons
from microrelu.engine import OPERATIONS

# what micrograd 0.1.0 gives after random.seed(1337) for MLP(2, [16, 16, 1]) on
# moons(100, 0.1, seed=0), with the loss of its demo, 1/n Σ hinge + 1e-4 Σ p², and its learning
# rate, 1.0 - 0.9 k / 100
MICROGRAD = [
    0.8738159842207315,
    1.2269387977359556,
    0.44772927582822486,
    0.3330750509001223,
    0.31083679499351397,
    0.33890652879992944,
    0.35308225212982364,
    0.2356398382185881,
    0.22985247580352255,
    0.2628409360767662,
    0.3658100286558479,
    0.44181842328804344,
    0.2818432859343174,
    0.21571078266119598,
    0.20193325541733742,
    0.18189541037680565,
    0.17385250156150306,
    0.17920494633754547,
    0.2152720300262581,
    0.26118212892057324,
]


def labels(values):
    return [each.label for each in values]


def numbers(module):
    return [parameter.data for parameter in module.parameters()]


# --- the trajectory of micrograd -------------------------------------------------------------


def test_the_moons_demo_has_the_losses_of_micrograd_and_ends_at_100_percent():
    inputs, targets = moons(100, 0.1, seed=0)
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    optimizer = SGD(model.parameters(), lr=1.0)
    losses = []
    for k in range(100):
        scores = [model(x) for x in inputs]
        cost = mean([hinge(s, y) for s, y in zip(scores, targets, strict=True)])
        cost += 1e-4 * total([p * p for p in model.parameters()])
        optimizer.zero_grad()
        cost.backward()
        optimizer.lr = 1.0 - 0.9 * k / 100
        optimizer.step()
        losses.append(cost.data)
    assert losses[:20] == pytest.approx(MICROGRAD, rel=0, abs=1e-9)
    signs = [math.copysign(1, model(x).data) for x in inputs]
    assert signs == targets


def test_a_script_in_the_words_of_micrograd_runs():
    random.seed(1337)
    points, classes = moons(100, 0.1, seed=0)
    examples, y = np.array(points), np.array(classes, dtype=np.int64)
    model = MLP(2, [16, 16, 1])
    assert len(model.parameters()) == 337
    for k in range(3):
        inputs = [list(map(Value, xrow)) for xrow in examples]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * scorei).relu() for yi, scorei in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        reg_loss = 1e-4 * sum(p * p for p in model.parameters())
        total_loss = data_loss + reg_loss
        correct = [(yi > 0) == (scorei.data > 0) for yi, scorei in zip(y, scores, strict=True)]
        assert 0 < sum(correct) / len(correct) < 1
        model.zero_grad()
        total_loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        assert total_loss.data == pytest.approx(MICROGRAD[k], rel=0, abs=1e-9)


# --- weights ---------------------------------------------------------------------------------


def test_uniform_weights_are_drawn_one_by_one_neuron_by_neuron_and_biases_are_zero():
    random.seed(7)
    model = MLP(2, [3, 1])
    random.seed(7)
    for layer in model.layers:
        for neuron in layer.neurons:
            assert [w.data for w in neuron.weights] == [
                random.uniform(-1, 1) for _ in neuron.weights
            ]
            assert neuron.bias.data == 0.0


def test_a_seed_leaves_pythons_own_random_numbers_alone():
    random.seed(0)
    expected = random.random()
    random.seed(0)
    first, second, other = (MLP(3, [4, 2], seed=seed) for seed in (5, 5, 6))
    assert random.random() == expected
    assert numbers(first) == numbers(second) != numbers(other)
    assert numbers(Layer(3, 4, seed=5)) == numbers(first)[:16]
    drawn = numbers(Layer(3, 2, seed=5))
    assert drawn[:3] != drawn[4:7]  # one stream for the layer, not one seed for each neuron


@pytest.mark.parametrize(
    ("init", "bound"),
    [("uniform", 1.0), ("he", math.sqrt(6 / 50)), ("xavier", math.sqrt(6 / (50 + 40)))],
)
def test_inits_fill_their_bounds(init, bound):
    weights = [w.data for n in Layer(50, 40, init=init, seed=0).neurons for w in n.weights]
    assert 0.99 * bound < max(map(abs, weights)) <= bound
    assert sum(w * w for w in weights) / len(weights) == pytest.approx(bound**2 / 3, rel=0.05)


def test_he_keeps_the_size_of_signals_through_many_layers():
    def size(init):
        outputs = MLP(64, [64] * 8, output="relu", init=init, seed=1)([1.0] * 64)
        return sum(r.data**2 for r in outputs) / 64

    assert 0.05 < size("he") < 20
    assert size("uniform") > 1e5


# --- the two nodes of a neuron ---------------------------------------------------------------


def test_a_neuron_is_z_and_r():
    neuron = Neuron(2)
    w1, w2, b = neuron.parameters()
    w1.data, w2.data, b.data = 2.0, -1.0, 0.5
    x = [Value(3.0, "x"), Value(1.0, "y")]
    r = neuron(x)
    (z,) = r.parents
    assert (z.data, r.data) == (5.5, 5.5)
    assert z.parents == (w1, w2, *x, b)
    assert (z.operation.name, r.operation.name) == ("weighted_sum", "relu")
    r.backward()
    assert [p.grad for p in neuron.parameters()] == [3.0, 1.0, 1.0]
    assert [v.grad for v in x] == [2.0, -1.0]


def test_the_three_equations_of_the_note():
    """∂C/∂z = ∂C/∂r Step(z); ∂C/∂rᵢ = Σⱼ ∂C/∂zⱼ Wᵢⱼ; ∂C/∂Wᵢⱼ = ∂C/∂zⱼ rᵢ."""
    model = MLP(3, [4, 2], output="relu", seed=4)  # some units open, some closed
    inputs = [Value(0.3, "r(0)_1"), Value(-0.7, "r(0)_2"), Value(0.9, "r(0)_3")]
    cost = total(3 * r * r for r in model(inputs))
    cost.backward()
    node = {each.label: each for each in topological_order(cost)}
    for k, width, following in ((0, 3, 4), (1, 4, 2)):
        upstream = [node[f"z({k + 1})_{j}"].grad for j in range(1, following + 1)]
        for j in range(1, following + 1):
            z, r = node[f"z({k + 1})_{j}"], node[f"r({k + 1})_{j}"]
            assert z.grad == r.grad * (0 if z.data < 0 else 1)
        for i in range(1, width + 1):
            r = node[f"r({k})_{i}"]
            weights = [node[f"W({k})_{i},{j}"] for j in range(1, following + 1)]
            assert r.grad == pytest.approx(
                sum(d * w.data for d, w in zip(upstream, weights, strict=True))
            )
            assert [w.grad for w in weights] == pytest.approx([d * r.data for d in upstream])
        assert 0 < upstream.count(0.0) < following


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            MLP(2, [2, 1]),
            "W(0)_1,1 W(0)_2,1 b(0)_1 W(0)_1,2 W(0)_2,2 b(0)_2 W(1)_1,1 W(1)_2,1 b(1)",
        ),
        (MLP(1, [1, 1]), "W(0) b(0) W(1) b(1)"),
        (MLP(1, [2]), "W(0)_1,1 b(0)_1 W(0)_1,2 b(0)_2"),
        (Neuron(2), "W(0)_1,1 W(0)_2,1 b(0)"),
        (Layer(1, 2, layer=3), "W(3)_1,1 b(3)_1 W(3)_1,2 b(3)_2"),
    ],
)
def test_labels_of_parameters(model, expected):
    assert labels(model.parameters()) == expected.split()


@pytest.mark.parametrize(
    ("model", "inputs", "expected"),
    [
        (MLP(1, [1, 1], output="relu"), [1.0], "r(0) z(1) r(1) z(2) r(2)"),
        (MLP(2, [1, 2]), [1.0, 2.0], "r(0)_1 r(0)_2 z(1) r(1) z(2)_1 z(2)_2"),
        (MLP(1, [2, 1]), [1.0], "r(0) z(1)_1 r(1)_1 z(1)_2 r(1)_2 z(2)"),
        (Neuron(2), [1.0, 2.0], "r(0)_1 r(0)_2 z(1) r(1)"),
    ],
)
def test_labels_of_units(model, inputs, expected):
    outputs = model(inputs)
    root = outputs if isinstance(outputs, Value) else total(outputs)
    order = [node.label for node in topological_order(root) if node.label[:1] in ("r", "z")]
    assert [label for label in order if label] == expected.split()


def test_numbers_become_labelled_constants_that_all_neurons_share():
    z = Layer(2, 3, "linear")([0.5, np.float64(2.0)])
    first, second = (node.parents[2:4] for node in z[:2])
    assert first == second
    assert [type(x) for x in first] == [Constant, Constant]
    assert [(x.data, x.label) for x in first] == [(0.5, "r(0)_1"), (2.0, "r(0)_2")]


def test_value_inputs_are_kept_as_they_are():
    x = Value(0.5, "height")
    z = MLP(2, [1])([x, 1.0])
    assert z.parents[2] is x
    assert x.label == "height"


def test_outputs_are_a_list_or_the_value_itself():
    assert isinstance(MLP(2, [3, 1])([1.0, 2.0]), Value)
    assert [type(r) for r in MLP(2, [3, 2])([1.0, 2.0])] == [Value, Value]


def test_hidden_layers_of_width_one_and_lone_inputs():
    model = MLP(1, [1, 1, 1], output="relu")
    for w in model.parameters():
        w.data = 2.0 if w.label.startswith("W") else 0.0
    for x in (3.0, Value(3.0), [3.0], np.float32(3.0), np.array([3.0])):
        model.zero_grad()
        r = model(x)
        assert r.data == 24.0
        r.backward()
        assert [p.grad for p in model.parameters()] == [12.0, 4.0, 12.0, 2.0, 12.0, 1.0]
    assert len(MLP(3, [4, 1, 4, 2])([1.0, 2.0, 3.0])) == 2


def test_zero_grad_leaves_the_integer_zero():
    model = MLP(2, [2, 1])
    model([1.0, 2.0]).backward()
    assert {type(p.grad) for p in model.layers[1].parameters()} == {float}
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0] * 9
    assert {type(p.grad) for p in model.parameters()} == {int}


# --- activations -----------------------------------------------------------------------------

OF_ONE = [
    name
    for name, row in OPERATIONS.items()
    if row.operands and len(row.operands) - len(row.function.__defaults__ or ()) == 1
]


def test_there_are_many_activations():
    assert {"relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "square"} <= set(OF_ONE)
    assert not {"maximum", "power", "total", "log_sum_exp", "weighted_sum"} & set(OF_ONE)


@pytest.mark.parametrize("name", OF_ONE)
def test_any_operation_of_one_operand_by_name_or_by_object(name):
    for activation in (name, OPERATIONS[name]):
        neuron = Neuron(1, activation)
        neuron.weights[0].data = 0.75
        expected = OPERATIONS[name](Value(1.5))
        r = neuron([2.0])
        assert (r.data, r.operation) == (expected.data, OPERATIONS[name])
        assert r.local_derivatives == expected.local_derivatives
        assert repr(neuron) == f'Neuron(1, activation="{name}")'


def test_a_users_operation_and_functions_of_a_value():
    @operation("□³", "a**3", ["3 * a**2"])
    def cube_in_nn(a):
        return a**3, (3 * a**2,)

    def swish(z):
        return z * z.sigmoid()

    try:
        for activation in (cube_in_nn, "cube_in_nn", lambda z: z * z * z):
            neuron = Neuron(1, activation)
            neuron.weights[0].data = 2.0
            r = neuron([1.0])
            assert (r.data, r.label) == (8.0, "r(1)")
    finally:
        del OPERATIONS["cube_in_nn"]
    assert repr(Layer(2, 3, swish)) == "Layer(2, 3, activation=swish)"
    assert repr(Neuron(2, lambda z: leaky_relu(z, 0.2))) == "Neuron(2, activation=<lambda>)"
    assert MLP(1, [1], output=swish)([0.0]).operation.name == "multiply"


def test_linear_makes_z_only():
    z = Neuron(2, "linear")([1.0, 2.0])
    assert (z.label, z.operation.name) == ("z(1)", "weighted_sum")


def test_an_activation_renames_no_node_that_has_a_name():
    bound = Value(0.0, "bound")
    neuron = Neuron(1, lambda z: z if z > bound else bound)
    neuron.weights[0].data = 1.0
    assert [neuron([x]).label for x in (1.0, -1.0)] == ["z(1)", "bound"]


def test_one_word_changes_the_activation_and_nothing_else():
    model, other = (MLP(2, [3, 1], name, seed=0) for name in ("sigmoid", "relu"))
    assert numbers(model) == numbers(other)
    names = [
        {node.operation.name for node in topological_order(m([1.0, 2.0])) if node.operation}
        for m in (model, other)
    ]
    assert names == [{"weighted_sum", "sigmoid"}, {"weighted_sum", "relu"}]


# --- reprs and errors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (MLP(2, [16, 16, 1]), 'MLP(2, [16, 16, 1], activation="relu")'),
        (MLP(2, (3,), "tanh"), 'MLP(2, [3], activation="tanh")'),
        (
            MLP(2, [np.int64(3)], relu, "sigmoid"),
            'MLP(2, [3], activation="relu", output="sigmoid")',
        ),
        (Layer(2, 3), 'Layer(2, 3, activation="relu")'),
        (Neuron(2, "linear"), 'Neuron(2, activation="linear")'),
        (Module(), "Module of 0 parameters"),
    ],
)
def test_reprs(module, expected):
    assert repr(module) == expected


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: MLP(0, [1]), ValueError, "nin counts units: write a positive integer, not 0."),
        (lambda: MLP(2, [3, -1]), ValueError, "nout counts units: .* not -1."),
        (lambda: MLP(2, [2.0]), TypeError, "nout counts units: .* not 2.0."),
        (lambda: Neuron("2"), TypeError, "nin counts units: .* not '2'."),
        (lambda: MLP(2, []), ValueError, r"nouts lists the width of each layer.* not \[\]."),
        (lambda: MLP(2, 1), ValueError, "nouts lists the width of each layer.* not 1."),
        (
            lambda: MLP(2, [1], "rleu"),
            ValueError,
            "no activation 'rleu': write one of linear, .*relu, leaky_relu, .*tanh.",
        ),
        (lambda: MLP(2, [1], output="soft"), ValueError, "There is no activation 'soft'"),
        (lambda: Neuron(2, "maximum"), ValueError, "There is no activation 'maximum'"),
        (lambda: Neuron(2, OPERATIONS["power"]), ValueError, "power is no activation: it takes"),
        (lambda: Neuron(2, None), TypeError, "a name or a function of a Value, not None."),
        (
            lambda: Neuron(2, init="glorot"),
            ValueError,
            "no init 'glorot': write one of uniform, he, xavier.",
        ),
        (
            lambda: MLP(2, [1])([1.0, 2.0, 3.0]),
            ValueError,
            r'Layer\(2, 1, activation="linear"\) takes 2 inputs and was given 3: call it with one',
        ),
        (lambda: Neuron(2)([1.0]), ValueError, r"takes 2 inputs and was given 1"),
        (lambda: Layer(2, 2)(1.0), ValueError, r"takes 2 inputs and was given 1"),
        (lambda: MLP(1, [1])(["1"]), TypeError, r"A Value holds one real number, not '1'"),
        (lambda: Neuron(1, math.tanh)([1.0]), TypeError, r"microrelu.exp\(v\) for math.exp\(v\)"),
        (lambda: Neuron(1, repr)([1.0]), TypeError, "The activation made .* a Value."),
    ],
)
def test_errors_are_sentences(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


# --- activations of one's own ----------------------------------------------------------------


def test_an_operation_named_linear_is_not_the_built_in_linear(table):
    @operation()
    def linear(a):
        return 2 * a, (2.0,)

    plain = MLP(1, [1, 1], output="linear", seed=0)
    doubled = MLP(1, [1, 1], output=linear, seed=0)
    assert doubled([1.0]).data == 2 * plain([1.0]).data
    assert repr(plain) == 'MLP(1, [1, 1], activation="relu")'
    assert repr(doubled) == 'MLP(1, [1, 1], activation="relu", output=linear)'
    assert repr(MLP(1, [1, 1], linear)) == "MLP(1, [1, 1], activation=linear)"


def test_a_network_is_called_the_same_when_its_operation_is_defined_anew(table):
    def softer(a):
        return a / 2, (0.5,)

    model = MLP(1, [1, 1], operation()(softer))
    operation()(softer)
    twin = copy.deepcopy(model)
    assert repr(model) == repr(twin) == 'MLP(1, [1, 1], activation="softer")'


# --- copies ----------------------------------------------------------------------------------


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


def cubed(z):
    return z * z * z


class Scaled:
    """An activation with a parameter of its own."""

    def __init__(self):
        self.slope = Value(0.5, "slope")

    def __call__(self, z):
        return z * self.slope


@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "linear", relu, cubed, Scaled()])
def test_a_copy_of_a_model_is_the_same_network_and_learns_alone(activation, twin_of):
    model = MLP(2, [3, 1], activation, seed=0)
    model([1.0, 2.0]).backward()
    before, gradients = numbers(model), [p.grad for p in model.parameters()]
    twin = twin_of(model)
    assert repr(twin) == repr(model)
    assert numbers(twin) == before
    assert [p.grad for p in twin.parameters()] == gradients
    assert labels(twin.parameters()) == labels(model.parameters())
    r, s = (
        [
            (node.data, node.label, node.local_derivatives, node.operation)
            for node in topological_order(each([0.5, -0.25]))
        ]
        for each in (model, twin)
    )
    assert r == s
    SGD(twin.parameters(), lr=0.1).step()
    assert numbers(model) == before != numbers(twin)


@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
@pytest.mark.parametrize("make", [lambda p: SGD(p, lr=0.1, momentum=0.9), lambda p: Adam(p)])
def test_a_model_and_its_optimizer_stay_together(make, twin_of):
    model = MLP(2, [3, 1], seed=0)
    both = model, make(model.parameters())

    def train(model, optimizer):
        optimizer.zero_grad()
        hinge(model([1.0, -0.5]), 1).backward()
        optimizer.step()

    train(*both)
    twins = twin_of(both)
    assert twins[1].parameters == twins[0].parameters()
    train(*both)
    train(*twins)
    assert numbers(twins[0]) == numbers(model)


@pytest.mark.parametrize("twin_of", [copy.deepcopy, pickled])
def test_two_losses_over_one_model_stay_over_one(twin_of):
    model = MLP(2, [3, 1], "tanh", seed=0)
    losses = [hinge(model([1.0, -0.5]), 1), hinge(model([0.5, 2.0]), -1)]
    twin, twins = twin_of((model, losses))
    for each in (*losses, *twins):
        each.backward()
    assert [p.grad for p in twin.parameters()] == [p.grad for p in model.parameters()]
    assert any(p.grad for p in twin.parameters())


def test_a_local_function_as_activation_is_copied_but_not_pickled():
    def swish(z):
        return z * z.sigmoid()

    model = MLP(1, [1, 1], swish, seed=0)
    assert copy.deepcopy(model)([0.5]).data == model([0.5]).data
    with pytest.raises(TypeError, match=r"swish.* cannot be pickled.*model\.save\(path\)"):
        pickle.dumps(model)
