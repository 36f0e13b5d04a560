"""Neurons, layers and multilayer perceptrons, made of Values.

A neuron makes two nodes, as the mathematics does: z = Σ wᵢ rᵢ + b and r = activation(z). Layer k
leads from the units r(k) to z(k+1) and r(k+1), with the inputs of the network as r(0).

Labels are W(k)_i,j from unit i of layer k to unit j of layer k+1, b(k)_j, z(k+1)_j and r(k+1)_j,
counted from 1. A layer with one unit writes no index on its own z, r and bias; W(k) writes none
where both of its ends are single units: W(0), b(0), z(1), r(1).
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from microrelu import files, operations
from microrelu.activations import Activation, ActivationLike, chosen
from microrelu.engine import Constant, Value, apply
from microrelu.text import unit_label, weight_labels

Inputs = Iterable[Value | float] | Value | float
Outputs = Value | list[Value]
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
        """Write the parameters as JSON, so that `load` gives the same floats to the last bit.

        An old file at this place stays until the new one is whole. With an activation of one's
        own stands what it makes of a few numbers, by which `load` knows another of its name.

        Raises:
            OSError: the file cannot be written.
        """
        numbers = [parameter.data for parameter in self.parameters()]
        files.write(path, repr(self), numbers, self._activations())

    def load(self, path: str | Path) -> None:
        """Take the parameters that `save` wrote; gradients stay as they are.

        Raises:
            ValueError: the file is damaged, is of another architecture or was saved with another
                function as activation; nothing has changed.
            OSError: the file cannot be read.
        """
        parameters = self.parameters()
        numbers = files.read(path, repr(self), len(parameters), self._activations())
        for parameter, number in zip(parameters, numbers, strict=True):
            parameter.data = number

    def _activations(self) -> list[Activation]:
        """What leads from z to r, layer by layer."""
        return []

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
        activation: ActivationLike = "relu",
        init: str = "uniform",
        seed: Seed = None,
        *,
        layer: int = 0,
        index: int = 1,
        width: int = 1,
    ) -> None:
        self.nin = _size("nin", nin)
        self.activation = chosen(activation)
        if init not in BOUNDS:
            raise ValueError(f"There is no init {init!r}: write one of {', '.join(BOUNDS)}.")
        bound = BOUNDS[init](self.nin, width)
        uniform = (_generator(seed) or random).uniform
        self.weights = tuple(
            Value(uniform(-bound, bound), label)
            for label in weight_labels(layer, self.nin, index, width)
        )
        self.bias = Value(0.0, unit_label("b", layer, index, width))
        self._z = unit_label("z", layer + 1, index, width)
        self._r = unit_label("r", layer + 1, index, width)
        self._inputs = [unit_label("r", layer, i + 1, self.nin) for i in range(self.nin)]

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
        r = self.activation(z)
        r.label = r.label or self._r  # an activation may hand back z itself, or a named node
        return r

    @property
    def labels(self) -> tuple[list[str], str]:
        """What its inputs are called where they are numbers, and what it gives on."""
        return [*self._inputs], self._z if self.activation.name == "linear" else self._r

    @property
    def w(self) -> tuple[Value, ...]:
        """The weights under micrograd's name."""
        return self.weights

    @property
    def b(self) -> Value:
        """The bias under micrograd's name."""
        return self.bias

    def parameters(self) -> list[Value]:
        """The weights in the order of the inputs, then the bias."""
        return [*self.weights, self.bias]

    def _activations(self) -> list[Activation]:
        return [self.activation]

    def __repr__(self) -> str:
        return f"Neuron({self.nin}, activation={self.activation})"


class Layer(Module):
    """Neurons side by side that share their inputs; the arguments are those of `Neuron`.

    >>> z = Layer(3, 2, activation="tanh", layer=1)([0.1, 0.2, 0.3])
    >>> [node.label for node in z]
    ['r(2)_1', 'r(2)_2']
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: ActivationLike = "relu",
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
        self._inputs = self.neurons[0]._inputs

    def __call__(self, inputs: Inputs) -> Outputs:
        """The outputs of all neurons, as a list; of a layer with one neuron the Value itself.

        Raises:
            ValueError: there are more or fewer inputs than `nin`.
        """
        nodes = _nodes(self, inputs, self._inputs)
        outputs = [neuron.fire(nodes) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    @property
    def activation(self) -> Activation:
        """What leads from each z to its r."""
        return self.neurons[0].activation

    def parameters(self) -> list[Value]:
        """The parameters neuron by neuron."""
        return [parameter for neuron in self.neurons for parameter in neuron.parameters()]

    def _activations(self) -> list[Activation]:
        return [self.activation]

    def __repr__(self) -> str:
        return f"Layer({self.nin}, {self.nout}, activation={self.activation})"


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
        activation: ActivationLike = "relu",
        output: ActivationLike = "linear",
        init: str = "uniform",
        seed: Seed = None,
    ) -> None:
        if not isinstance(nouts, Iterable) or not (widths := list(nouts)):
            raise ValueError(f"nouts lists the width of each layer, [16, 16, 1] say, not {nouts}.")
        self._hidden, self._output = chosen(activation), chosen(output)
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

    def _activations(self) -> list[Activation]:
        return [layer.activation for layer in self.layers]

    def __repr__(self) -> str:
        widths = [layer.nout for layer in self.layers]
        output = "" if self._output.name == "linear" else f", output={self._output}"
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


def _nodes(owner: Neuron | Layer, inputs: Inputs, labels: list[str]) -> list[Value]:
    """The inputs as Values, as many as there are labels; a lone one is what a unit before gave."""
    given = list(inputs) if isinstance(inputs, Iterable) else [inputs]
    if len(given) != len(labels):
        raise ValueError(
            f"{owner!r} takes {len(labels)} inputs and was given {len(given)}: "
            "call it with one example, [model(x) for x in examples] for many."
        )
    return [
        number if isinstance(number, Value) else Constant(number, label)
        for number, label in zip(given, labels, strict=True)
    ]
