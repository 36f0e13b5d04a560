"""Across the bridge to PyTorch a network computes what it computed before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from microrelu import (
    MLP,
    Value,
    from_torch,
    relu_at_zero,
    to_torch,
    total,
)
from microrelu.bridges.pytorch import TORCH
from microrelu.engine import Operation

EXAMPLES = np.random.default_rng(0).normal(size=(7, 3))


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def outputs_and_gradients(model: MLP, examples: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """By the engine: outputs, and gradients of their sum, in PyTorch's order of parameters."""
    rows = [model(example) for example in examples.tolist()]
    rows = [row if isinstance(row, list) else [row] for row in rows]
    model.zero_grad()
    total([r for row in rows for r in row]).backward()
    gradient = []
    for layer in model.layers:
        gradient += [w.grad for neuron in layer.neurons for w in neuron.weights]
        gradient += [neuron.bias.grad for neuron in layer.neurons]
    return np.array([[r.data for r in row] for row in rows]), gradient


def torch_outputs_and_gradients(torch: Any, module: Any, examples: np.ndarray) -> tuple[Any, Any]:
    outputs = module(torch.tensor(examples))
    module.zero_grad()
    outputs.sum().backward()
    gradient = torch.cat([each.grad.flatten() for each in module.parameters()])
    return outputs.detach().numpy(), gradient.numpy()


@pytest.mark.parametrize("activation", [*TORCH, "linear"])
@pytest.mark.parametrize("nouts", [[4, 5, 2], [4, 1], [1]])
def test_torch_has_the_same_outputs_and_gradients(torch, activation, nouts):
    model = MLP(3, nouts, activation, seed=1)
    for i, parameter in enumerate(model.parameters()):
        parameter.data += i / 1000  # biases too: at 0, a closed layer puts the next at its kinks
    module = to_torch(model)
    for ours, theirs in zip(
        outputs_and_gradients(model, EXAMPLES),
        torch_outputs_and_gradients(torch, module, EXAMPLES),
        strict=True,
    ):
        close(theirs, ours)


@pytest.mark.parametrize("output", [*TORCH, "linear"])
def test_the_output_has_an_activation_of_its_own(torch, output):
    model = MLP(3, [4, 2], "tanh", output, seed=1)
    ours, _ = outputs_and_gradients(model, EXAMPLES)
    theirs, _ = torch_outputs_and_gradients(torch, to_torch(model), EXAMPLES)
    close(theirs, ours)


@pytest.mark.parametrize("activation", TORCH)
def test_torch_is_exact_far_out_too(torch, activation):
    model = MLP(1, [1], output=activation, seed=0)
    for parameter, number in zip(model.parameters(), [1.0, 0.0], strict=True):
        parameter.data = number
    far = np.array([[x] for x in (-700.0, -39.0, -20.5, 19.5, 20.5, 25.0, 36.0, 39.5, 40.5, 700.0)])
    ours, gradient = outputs_and_gradients(model, far)
    theirs, their_gradient = torch_outputs_and_gradients(torch, to_torch(model), far)
    np.testing.assert_allclose(theirs, ours, rtol=1e-15, atol=1e-15)
    close(their_gradient, gradient)


def test_at_zero_torch_agrees_where_relu_at_zero_says_0(torch):
    model = MLP(2, [3, 1], seed=1)
    origin = np.zeros((1, 2))  # biases are 0, and so is every z
    _, theirs = torch_outputs_and_gradients(torch, to_torch(model), origin)
    _, ours = outputs_and_gradients(model, origin)
    assert not np.allclose(theirs, ours)
    with relu_at_zero(0.0):
        _, ours = outputs_and_gradients(model, origin)
    close(theirs, ours)


def test_a_sequential_reads_as_the_network_does(torch):
    assert repr(to_torch(MLP(2, [16, 3, 1], "leaky_relu", output="sigmoid"))) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=16, bias=True)\n"
        "  (1): LeakyReLU(negative_slope=0.01)\n"
        "  (2): Linear(in_features=16, out_features=3, bias=True)\n"
        "  (3): LeakyReLU(negative_slope=0.01)\n"
        "  (4): Linear(in_features=3, out_features=1, bias=True)\n"
        "  (5): Sigmoid()\n"
        ")"
    )


def test_to_torch_copies_and_draws_no_random_numbers(torch):
    model, before = MLP(2, [3, 1], seed=0), torch.get_rng_state()
    module = to_torch(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert {each.dtype for each in module.parameters()} == {torch.float64}
    assert all(each.requires_grad for each in module.parameters())
    weight = model.parameters()[0].data
    model.parameters()[0].data = 100.0
    assert module[0].weight[0, 0].item() == weight


@pytest.mark.parametrize("activation", ["sin", lambda z: z.relu()])
def test_to_torch_names_the_activations_that_it_knows(torch, activation):
    with pytest.raises(
        ValueError,
        match=r"^to_torch knows the activations relu, leaky_relu, elu, softplus, sigmoid, tanh, "
        r'linear, and was given ("sin"|<lambda>)\.$',
    ):
        to_torch(MLP(2, [3, 1], activation))


def test_an_operation_of_the_same_name_is_not_taken_for_the_built_in_one(torch):
    def tanh(a):
        return a, (1.0,)

    with pytest.raises(ValueError, match="was given tanh"):
        to_torch(MLP(2, [3, 1], Operation(tanh)))


def test_to_torch_takes_an_mlp(torch):
    with pytest.raises(TypeError, match=r"^to_torch takes an MLP, not Value\(data=1\.0"):
        to_torch(Value(1.0))


@pytest.mark.parametrize("activation", [*TORCH, "linear"])
@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_there_and_back_is_the_same_network(torch, activation, output):
    model = MLP(3, [4, 5, 2], activation, output, seed=1)
    model.layers[1].neurons[2].bias.data = 0.1
    back = from_torch(to_torch(model))
    assert repr(back) == repr(model)
    assert [p.data for p in back.parameters()] == [p.data for p in model.parameters()]
    assert [p.label for p in back.parameters()] == [p.label for p in model.parameters()]


def test_from_torch_takes_float32_identity_and_no_bias(torch):
    nn = torch.nn
    module = nn.Sequential(
        nn.Linear(3, 4, bias=False), nn.ReLU(inplace=True), nn.Identity(), nn.Linear(4, 2)
    )
    model = from_torch(module)
    assert repr(model) == 'MLP(3, [4, 2], activation="relu")'
    assert [neuron.bias.data for neuron in model.layers[0].neurons] == [0.0] * 4
    ours, _ = outputs_and_gradients(model, EXAMPLES)
    theirs, _ = torch_outputs_and_gradients(torch, module.double(), EXAMPLES)
    close(theirs, ours)


def test_from_torch_leaves_the_random_numbers_of_python_alone(torch):
    import random

    before = random.getstate()
    from_torch(torch.nn.Sequential(torch.nn.Linear(2, 1)))
    assert random.getstate() == before


def test_from_torch_says_what_cannot_be_an_mlp(torch):
    nn = torch.nn
    linear = nn.Linear(2, 2)
    for modules, sentence in (
        ([], "The Sequential has no Linear module"),
        ([nn.Identity()], "The Sequential has no Linear module"),
        ([nn.ReLU(), linear], r"ReLU\(\) follows no Linear: an activation belongs to a layer"),
        ([linear, nn.ReLU(), nn.Tanh()], r"Tanh\(\) follows no Linear"),
        ([linear, nn.Linear(3, 1)], r"Linear\(in_features=3.* follows Linear\(in_features=2"),
        (
            [linear, nn.ReLU(), linear, nn.Tanh(), linear],
            "The hidden layers have the activations relu, tanh: an MLP has one for all",
        ),
        ([linear, nn.ReLU(), linear, linear], "have the activations relu, linear"),
    ):
        with pytest.raises(ValueError, match=sentence):
            from_torch(nn.Sequential(*modules))


def test_from_torch_names_the_modules_that_it_knows(torch):
    nn = torch.nn
    for unknown, written in (
        (nn.Dropout(0.5), "Dropout(p=0.5, inplace=False)"),
        (nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
        (nn.ELU(2.0), "ELU(alpha=2.0)"),
        (nn.Softplus(2.0), "Softplus(beta=2.0, threshold=20.0)"),
        (nn.Softplus(threshold=1.0), "Softplus(beta=1.0, threshold=1.0)"),
    ):
        with pytest.raises(ValueError, match="from_torch knows") as caught:
            from_torch(nn.Sequential(nn.Linear(2, 2), unknown))
        assert str(caught.value) == (
            "from_torch knows Linear, Identity, ReLU(), LeakyReLU(negative_slope=0.01), "
            f"ELU(alpha=1), Softplus(beta=1), Sigmoid(), Tanh(), and was given {written}."
        )


def test_from_torch_takes_pytorchs_own_softplus(torch):
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Softplus()).double()
    ours, _ = outputs_and_gradients(from_torch(module), 100 * EXAMPLES)
    close(module(torch.tensor(100 * EXAMPLES)).detach(), ours, 3e-9)


def test_from_torch_takes_a_sequential(torch):
    with pytest.raises(TypeError, match=r"from_torch takes a torch\.nn\.Sequential, not Linear\."):
        from_torch(torch.nn.Linear(2, 1))
