"""Neurons, layers and multilayer perceptrons, made of Values.

A neuron makes two nodes, as the mathematics does: z = Σ wᵢ rᵢ + b and r = activation(z). Layer k
leads from the units r(k) to z(k+1) and r(k+1), with the inputs of the network as r(0). Read
`losses.py` and `optim.py` next.

Labels are W(k)_i,j from unit i of layer k to unit j of layer k+1, b(k)_j, z(k+1)_j and r(k+1)_j,
counted from 1. A layer with one unit writes no index on its own z, r and bias; W(k) writes none
where both of its ends are single units: W(0), b(0), z(1), r(1).
"""

from __future__ import annotations

import json
import math
import operator
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from microrelu import operations
from microrelu.errors import real_number
from microrelu.operations import OPERATIONS, Operation
from microrelu.value import Constant, Value, apply, as_values

Inputs = Iterable[Value | float] | Value | float
Outputs = Value | list[Value]
Activation = str | Callable[[Value], Value]  # an Operation is such a callable
Seed = int | random.Random | None

BOUNDS: dict[str, Callable[[int, int], float]] = {  # weights are drawn from −bound … bound
    "uniform": lambda nin, nout: 1.0,
    "he": lambda nin, nout: math.sqrt(6 / nin),  # He et al. 2015: variance 2 / nin
    "xavier": lambda nin, nout: math.sqrt(6 / (nin + nout)),  # Glorot, Bengio 2010, equation 16
}


class Module:
    """What has parameters: a part of a network, or the whole."""

    def parameters(self) -> list[Value]:
        """The leaves that training changes, always in the same order."""
        return []

    def zero_grad(self) -> None:
        """Set every parameter's gradient to the integer 0, as before the first sweep."""
        for parameter in self.parameters():
            parameter.grad = 0

    def save(self, path: str | Path) -> None:
        """Write the parameters as JSON, so that `load` gives the same floats to the last bit."""
        numbers = [float(parameter.data) for parameter in self.parameters()]
        entries = [each if math.isfinite(each) else str(each) for each in numbers]
        text = json.dumps({"architecture": repr(self), "parameters": entries}, indent=1)
        Path(path).write_text(text + "\n", encoding="utf-8")

    def load(self, path: str | Path) -> None:
        """Take the parameters that `save` wrote; gradients stay as they are.

        Raises:
            ValueError: the file is damaged or is of another architecture; nothing has changed.
            OSError: the file cannot be read.
        """
        parameters = self.parameters()
        for parameter, number in zip(parameters, self._read(path, len(parameters)), strict=True):
            parameter.data = number

    def _read(self, path: str | Path, count: int) -> list[float]:
        try:
            saved = json.loads(Path(path).read_text(encoding="utf-8"))
            architecture, entries = saved["architecture"], list(saved["parameters"])
            numbers = [_saved_number(each) for each in entries]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(
                f"{path} is damaged or was not written by save ({type(error).__name__}: {error})."
            ) from None
        if architecture != repr(self):
            raise ValueError(f"{path} holds {architecture}, and this is {self!r}: build that one.")
        if len(numbers) != count:
            raise ValueError(f"{path} is damaged: it has {len(numbers)} parameters, not {count}.")
        return numbers

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {len(self.parameters())} parameters"


class Neuron(Module):
    """One unit: r = activation(Σ wᵢ xᵢ + b).

    Args:
        nin: How many inputs it takes.
        activation: The name of an operation of one operand, an operation, a function from Value
            to Value, or "linear" for z alone.
        init: How weights are drawn: "uniform" (−1 … 1), "he" or "xavier"; biases start at 0.
        seed: For its own random numbers; Python's `random` where it is None.
        layer: The k of W(k) in its labels.
        index: Its place j in its layer, counted from 1.
        width: How many neurons that layer has.

    Raises:
        TypeError, ValueError: a size is no positive integer, a name is unknown.

    >>> neuron = Neuron(2)
    >>> [parameter.label for parameter in neuron.parameters()]
    ['W(0)_1,1', 'W(0)_2,1', 'b(0)']
    >>> r = neuron([1.0, 2.0])
    >>> r.label, [z.label for z in r.parents]
    ('r(1)', ['z(1)'])
    """

    def __init__(
        self,
        nin: int,
        activation: Activation = "relu",
        init: str = "uniform",
        seed: Seed = None,
        *,
        layer: int = 0,
        index: int = 1,
        width: int = 1,
    ) -> None:
        self.nin = _size("nin", nin)
        self._activate, self._activation = _activation(activation)
        if init not in BOUNDS:
            raise ValueError(f"There is no init {init!r}: write one of {', '.join(BOUNDS)}.")
        bound = BOUNDS[init](self.nin, width)
        uniform = (_generator(seed) or random).uniform
        self.weights = tuple(
            Value(uniform(-bound, bound), label)
            for label in _weight_labels(layer, self.nin, index, width)
        )
        place = "" if width == 1 else f"_{index}"
        self.bias = Value(0.0, f"b({layer}){place}")
        self._z, self._r = f"z({layer + 1}){place}", f"r({layer + 1}){place}"
        self._inputs = _unit_labels(layer, self.nin)

    def __call__(self, inputs: Inputs) -> Value:
        """The node r of the inputs, numbers or Values; z where the activation is "linear".

        Raises:
            ValueError: there are more or fewer inputs than weights.
        """
        return self.fire(_nodes(self, inputs, self._inputs))

    def fire(self, nodes: Sequence[Value]) -> Value:
        """What a call does, for exactly `nin` Values: a layer has looked at them already."""
        z = apply(operations.weighted_sum, (*self.weights, *nodes, self.bias))
        z.label = self._z
        if self._activate is None:
            return z
        r = self._activate(z)
        r.label = r.label or self._r  # an activation may hand back z itself, or a named node
        return r

    def parameters(self) -> list[Value]:
        """The weights in the order of the inputs, then the bias."""
        return [*self.weights, self.bias]

    def __repr__(self) -> str:
        return f"Neuron({self.nin}, activation={self._activation})"


class Layer(Module):
    """Neurons side by side that share their inputs; the arguments are those of `Neuron`.

    >>> z = Layer(3, 2, activation="tanh", layer=1)([0.1, 0.2, 0.3])
    >>> [each.label for each in z]
    ['r(2)_1', 'r(2)_2']
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: Activation = "relu",
        init: str = "uniform",
        seed: Seed = None,
        *,
        layer: int = 0,
    ) -> None:
        self.nin, self.nout = _size("nin", nin), _size("nout", nout)
        generator = _generator(seed)
        self.neurons = [
            Neuron(nin, activation, init, generator, layer=layer, index=j, width=self.nout)
            for j in range(1, self.nout + 1)
        ]
        self._inputs = _unit_labels(layer, self.nin)

    def __call__(self, inputs: Inputs) -> Outputs:
        """The outputs of all neurons, as a list; of a layer with one neuron the Value itself.

        Raises:
            ValueError: there are more or fewer inputs than `nin`.
        """
        nodes = _nodes(self, inputs, self._inputs)
        outputs = [neuron.fire(nodes) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def parameters(self) -> list[Value]:
        """The parameters neuron by neuron."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def __repr__(self) -> str:
        return f"Layer({self.nin}, {self.nout}, activation={self.neurons[0]._activation})"


class MLP(Module):
    """A multilayer perceptron: layers one behind the other.

    Args:
        nin: How many inputs it takes.
        nouts: The width of every layer, the output's last.
        activation: Of the hidden layers, as for `Neuron`.
        output: The activation of the last layer; "linear" gives its z.
        init: "uniform" (−1 … 1), "he" or "xavier"; for many layers one of the latter.
        seed: For its own random numbers; Python's `random` where it is None, weight by weight and
            neuron by neuron.

    Raises:
        TypeError, ValueError: a size is no positive integer, a name is unknown.

    >>> model = MLP(2, [16, 16, 1])
    >>> model, len(model.parameters())
    (MLP(2, [16, 16, 1], activation="relu"), 337)
    >>> model([0.5, -0.5]).label
    'z(3)'
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: Activation = "relu",
        output: Activation = "linear",
        init: str = "uniform",
        seed: Seed = None,
    ) -> None:
        if not isinstance(nouts, Iterable) or not (widths := list(nouts)):
            raise ValueError(f"nouts lists the width of each layer, [16, 16, 1] say, not {nouts}.")
        self._hidden, self._output = _activation(activation)[1], _activation(output)[1]
        generator = _generator(seed)
        sizes = [nin, *widths]
        self.layers = [
            Layer(
                sizes[k],
                sizes[k + 1],
                activation if k + 1 < len(widths) else output,
                init,
                generator,
                layer=k,
            )
            for k in range(len(widths))
        ]

    def __call__(self, inputs: Inputs) -> Outputs:
        """The output of the last layer: a list, or the Value itself where its width is 1.

        Numbers become Constants labelled r(0)_i; Values are kept as they are.

        Raises:
            ValueError: there are more or fewer inputs than `nin`.
        """
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs  # type: ignore[return-value]  # there is at least one layer

    def parameters(self) -> list[Value]:
        """The parameters layer by layer, from the inputs on."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def __repr__(self) -> str:
        widths = [layer.nout for layer in self.layers]
        output = "" if self._output == '"linear"' else f", output={self._output}"
        return f"MLP({self.layers[0].nin}, {widths}, activation={self._hidden}{output})"


def _size(name: str, size: Any) -> int:
    try:
        number = operator.index(size)
    except TypeError:
        raise TypeError(f"{name} counts units: write a positive integer, not {size!r}.") from None
    if number < 1:
        raise ValueError(f"{name} counts units: write a positive integer, not {number}.")
    return number


def _generator(seed: Seed) -> random.Random | None:
    return seed if seed is None or isinstance(seed, random.Random) else random.Random(seed)


def _unit_labels(layer: int, width: int) -> list[str]:
    if width == 1:
        return [f"r({layer})"]
    return [f"r({layer})_{i}" for i in range(1, width + 1)]


def _weight_labels(layer: int, nin: int, index: int, width: int) -> list[str]:
    if nin == width == 1:
        return [f"W({layer})"]
    return [f"W({layer})_{i},{index}" for i in range(1, nin + 1)]


def _nodes(owner: Neuron | Layer, inputs: Inputs, labels: list[str]) -> list[Value]:
    """The inputs as Values, as many as there are labels; a lone one is what a unit before gave."""
    given = list(inputs) if isinstance(inputs, Iterable) else [inputs]
    if len(given) != len(labels):
        raise ValueError(
            f"{owner!r} takes {len(labels)} inputs and was given {len(given)}: "
            "call it with one example, [model(x) for x in examples] for many."
        )
    return [
        each if isinstance(each, Value) else Constant(each, label)
        for each, label in zip(given, labels, strict=True)
    ]


def _activation(choice: Any) -> tuple[Callable[[Value], Value] | None, str]:
    """The function from z to r, None for "linear", and how a repr writes it."""
    if isinstance(choice, str):
        if choice == "linear":
            return None, '"linear"'
        if choice not in OPERATIONS or not _takes_one(OPERATIONS[choice]):
            known = ", ".join(["linear", *filter(lambda k: _takes_one(OPERATIONS[k]), OPERATIONS)])
            raise ValueError(f"There is no activation {choice!r}: write one of {known}.")
        choice = OPERATIONS[choice]
    if isinstance(choice, Operation):
        if not _takes_one(choice):
            raise ValueError(f"{choice.name} is no activation: it takes more than one operand.")
        return _applied(choice), f'"{choice.name}"'
    if not callable(choice):
        raise TypeError(f"An activation is a name or a function of a Value, not {choice!r}.")
    return _checked(choice), getattr(choice, "__name__", type(choice).__name__)


def _takes_one(operation: Operation) -> bool:
    defaults = operation.function.__defaults__ or ()
    return bool(operation.operands) and len(operation.operands) - len(defaults) <= 1


def _applied(operation: Operation) -> Callable[[Value], Value]:
    others = as_values(operation.function.__defaults__ or ())  # the slope of leaky_relu
    return lambda z: apply(operation, (z, *others))


def _checked(function: Callable[[Value], Any]) -> Callable[[Value], Value]:
    def activate(z: Value) -> Value:
        r = function(z)
        if not isinstance(r, Value):  # math.tanh, say: a number without its gradient
            raise TypeError(f"The activation made {r!r} of {z!r}: it must return a Value.")
        return r

    return activate


def _saved_number(entry: Any) -> float:
    return float(entry) if entry in ("nan", "inf", "-inf") else real_number(entry)
