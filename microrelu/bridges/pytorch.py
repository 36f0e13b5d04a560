"""To PyTorch and back: a network's weights and activations as a Sequential."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from microrelu.activations import Activation
from microrelu.nn import MLP

if TYPE_CHECKING:
    from torch.nn import Sequential

# our activation → a module of PyTorch's, and what it is made with
TORCH: dict[str, tuple[str, dict[str, float]]] = {
    "relu": ("ReLU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.01}),
    "elu": ("ELU", {"alpha": 1.0}),
    "softplus": ("Softplus", {"beta": 1.0, "threshold": 40.0}),  # from there on it is a, exactly
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
}
LEAST_THRESHOLD = 20.0  # PyTorch's own, where a is log(1 + exp(a)) but for 2e-9


def to_torch(model: MLP) -> Sequential:
    """The network as Linear modules and activations, in float64, with a copy of the weights.

    `to_torch(MLP(2, [16, 1], "tanh"))` is Sequential(Linear(2, 16), Tanh(), Linear(16, 1)).
    It takes shape (B, nin) and gives (B, nout), also where nout is 1. Activations become ReLU,
    LeakyReLU(0.01), ELU, Softplus, Sigmoid and Tanh; "linear" becomes nothing. Outputs and
    gradients are the same to rounding, but for one point: PyTorch says ReLU'(0) = 0, and this
    package 1. A unit sits exactly at zero more often than one thinks: where a whole layer is
    closed and biases are 0, all of the next one does. `relu_at_zero(0.0)` makes both agree.
    The module's parameters lie in PyTorch's order, all weights of a layer before its biases.

    Raises:
        TypeError: it is no MLP.
        ValueError: an activation has no counterpart among those.
        ImportError: PyTorch is not installed.
    """
    torch = library("torch", "PyTorch")
    if not isinstance(model, MLP):
        raise TypeError(f"to_torch takes an MLP, not {model!r}.")
    modules: list[Any] = []
    for layer in model.layers:
        weights = [[weight.data for weight in neuron.weights] for neuron in layer.neurons]
        biases = [neuron.bias.data for neuron in layer.neurons]
        linear = torch.nn.Linear(layer.nin, layer.nout, device="meta")  # draws no random numbers
        linear.weight = torch.nn.Parameter(torch.tensor(weights, dtype=torch.float64))
        linear.bias = torch.nn.Parameter(torch.tensor(biases, dtype=torch.float64))
        modules += [linear, *_torch_activation(layer.activation, torch)]
    sequential: Sequential = torch.nn.Sequential(*modules)
    return sequential


def from_torch(module: Sequential) -> MLP:
    """The MLP with the weights of a Sequential of Linear modules and activations.

    Known are those that `to_torch` makes, and Identity. A Linear without bias gets biases of 0.
    PyTorch's Softplus is linear above its threshold of 20, ours nowhere: they differ by 2e-9. Of
    ReLU'(0) see `to_torch`.

    Raises:
        TypeError: it is no Sequential.
        ValueError: it holds something else, or no MLP can be made of it: sizes that do not fit,
            hidden layers with different activations.
        ImportError: PyTorch is not installed.
    """
    torch = library("torch", "PyTorch")
    if not isinstance(module, torch.nn.Sequential):
        raise TypeError(f"from_torch takes a torch.nn.Sequential, not {type(module).__name__}.")
    linears, activations = _layers(module, torch)
    *hidden, output = activations
    if len(set(hidden)) > 1:
        raise ValueError(
            f"The hidden layers have the activations {', '.join(hidden)}: an MLP has one for all."
        )
    widths = [linear.out_features for linear in linears]
    activation = hidden[0] if hidden else "relu"
    model = MLP(linears[0].in_features, widths, activation, output, seed=0)
    for layer, linear in zip(model.layers, linears, strict=True):
        weights = linear.weight.tolist()  # a list for each neuron
        biases = [0.0] * layer.nout if linear.bias is None else linear.bias.tolist()
        for neuron, own, bias in zip(layer.neurons, weights, biases, strict=True):
            for parameter, number in zip(neuron.parameters(), [*own, bias], strict=True):
                parameter.data = number
    return model


def _torch_activation(activation: Activation, torch: Any) -> list[Any]:
    """The module of an activation; none where it is linear."""
    if activation.name == "linear":
        return []
    if activation.name not in TORCH:
        known = ", ".join([*TORCH, "linear"])
        raise ValueError(f"to_torch knows the activations {known}, and was given {activation}.")
    kind, options = TORCH[activation.name]
    return [getattr(torch.nn, kind)(**options)]


def _layers(module: Any, torch: Any) -> tuple[list[Any], list[str]]:
    """The Linear modules, and the name of the activation that follows each."""
    linears: list[Any] = []
    activations: list[str] = []
    for part in module:
        if isinstance(part, torch.nn.Linear):
            if linears and linears[-1].out_features != part.in_features:
                raise ValueError(f"{part} follows {linears[-1]}: their sizes do not fit.")
            linears.append(part)
            activations.append("linear")
        elif (name := _name(part, torch)) != "linear":
            if not linears or activations[-1] != "linear":
                raise ValueError(f"{part} follows no Linear: an activation belongs to a layer.")
            activations[-1] = name
    if not linears:
        raise ValueError("The Sequential has no Linear module: there is no MLP without layers.")
    return linears, activations


def _name(module: Any, torch: Any) -> str:
    """Our name for an activation of PyTorch's."""
    if isinstance(module, torch.nn.Identity):
        return "linear"
    for name, (kind, options) in TORCH.items():
        if type(module) is getattr(torch.nn, kind) and all(
            getattr(module, option) == number
            or (option == "threshold" and module.threshold >= LEAST_THRESHOLD)
            for option, number in options.items()
        ):
            return name
    known = ", ".join(
        f"{kind}({', '.join(f'{k}={v:g}' for k, v in options.items() if k != 'threshold')})"
        for kind, options in TORCH.values()
    )
    raise ValueError(f"from_torch knows Linear, Identity, {known}, and was given {module}.")


def library(name: str, title: str) -> Any:
    """A library that is asked for when it is needed, or an ImportError that says how to get it."""
    try:
        return import_module(name)
    except ImportError as error:
        message = f'This bridge needs {title}: pip install "microrelu[{name}]".'
        raise ImportError(message) from error
