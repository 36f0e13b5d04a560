"""Neurons, layers and multilayer perceptrons, made of Values.

A neuron makes two nodes, as the mathematics does: z = Σ wᵢ rᵢ + b and r = activation(z). Layer k
leads from the units r(k) to z(k+1) and r(k+1), with the inputs of the network as r(0).

Labels are W(k)_i,j from unit i of layer k to unit j of layer k+1, b(k)_j, z(k+1)_j and r(k+1)_j,
counted from 1. A layer with one unit writes no index on its own z, r and bias; W(k) writes none
where both of its ends are single units: W(0), b(0), z(1), r(1).
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import operator
import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from microrelu import operations
from microrelu.engine import (
    OPERATIONS,
    Constant,
    Operation,
    Value,
    apply,
    as_values,
    topological_order,
)
from microrelu.errors import real_number
from microrelu.text import unit_label, weight_labels

Inputs = Iterable[Value | float] | Value | float
Outputs = Value | list[Value]
Activate = Callable[[Value], Value]
Activation = str | Activate  # an Operation is such a callable
Seed = int | random.Random | None

BOUNDS: dict[str, Callable[[int, int], float]] = {  # weights are drawn from −bound … bound
    "uniform": lambda nin, nout: 1.0,
    "he": lambda nin, nout: math.sqrt(6 / nin),  # He et al. 2015: variance 2 / nin
    "xavier": lambda nin, nout: math.sqrt(6 / (nin + nout)),  # Glorot, Bengio 2010, equation 16
}

SAMPLES = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)  # by what it makes of them a function is known


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
        entries = [_entry(parameter.data) for parameter in self.parameters()]
        document: dict[str, Any] = {"architecture": repr(self), "parameters": entries}
        samples = list(map(_samples, self._activations()))
        if any(samples):
            document["activations"] = samples
        _replace(Path(path), json.dumps(document, indent=1) + "\n")

    def load(self, path: str | Path) -> None:
        """Take the parameters that `save` wrote; gradients stay as they are.

        Raises:
            ValueError: the file is damaged, is of another architecture or was saved with another
                function as activation; nothing has changed.
            OSError: the file cannot be read.
        """
        parameters = self.parameters()
        for parameter, number in zip(parameters, self._read(path, len(parameters)), strict=True):
            parameter.data = number

    def _read(self, path: str | Path, count: int) -> list[float]:
        own = self._activations()
        architecture, numbers, samples = _parsed(path)
        samples = samples or [{}] * len(own)  # files of before have none
        if architecture != repr(self):
            raise ValueError(f"{path} holds {architecture}, and this is {self!r}: build that one.")
        if len(numbers) != count:
            raise ValueError(f"{path} is damaged: it has {len(numbers)} parameters, not {count}.")
        if len(samples) != len(own):
            raise ValueError(f"{path} is damaged: it has {len(samples)} activations.")
        for activate, made in zip(own, samples, strict=True):
            if difference := _difference(activate, made):
                raise ValueError(f"{path} was saved with another activation: {difference}.")
        return numbers

    def _activations(self) -> list[Activate | None]:
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
        if self._activate is None:
            return z
        r = self._activate(z)
        r.label = r.label or self._r  # an activation may hand back z itself, or a named node
        return r

    def parameters(self) -> list[Value]:
        """The weights in the order of the inputs, then the bias."""
        return [*self.weights, self.bias]

    def _activations(self) -> list[Activate | None]:
        return [self._activate]

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
        self._inputs = self.neurons[0]._inputs

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

    def _activations(self) -> list[Activate | None]:
        return self.neurons[0]._activations()

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

    def _activations(self) -> list[Activate | None]:
        return [activate for layer in self.layers for activate in layer._activations()]

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


def _activation(choice: Any) -> tuple[Activate | None, str]:
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
        by_name = choice.name != "linear" and OPERATIONS.get(choice.name) is choice
        return _Applied(choice), f'"{choice.name}"' if by_name else choice.name
    if not callable(choice):
        raise TypeError(f"An activation is a name or a function of a Value, not {choice!r}.")
    return _Checked(choice), getattr(choice, "__name__", type(choice).__name__)


def _takes_one(operation: Operation) -> bool:
    defaults = operation.function.__defaults__ or ()
    return bool(operation.operands) and len(operation.operands) - len(defaults) <= 1


class _Applied:
    """An operation as activation."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.others = as_values(operation.function.__defaults__ or ())  # the slope of leaky_relu

    def __call__(self, z: Value) -> Value:
        return apply(self.operation, (z, *self.others))


class _Checked:
    """A function as activation, which must return a Value."""

    def __init__(self, function: Callable[[Value], Any]) -> None:
        self.function = function

    def __call__(self, z: Value) -> Value:
        r = self.function(z)
        if not isinstance(r, Value):  # math.tanh, say: a number without its gradient
            raise TypeError(f"The activation made {r!r} of {z!r}: it must return a Value.")
        return r

    def __deepcopy__(self, memo: dict[int, Any]) -> _Checked:
        return _Checked(copy.deepcopy(self.function, memo))

    def __reduce__(self) -> Any:
        try:
            pickle.dumps(self.function)
        except Exception as error:
            raise TypeError(
                f"The activation {self.function!r} cannot be pickled ({error}): define it with "
                "def outside of any function, or write model.save(path) for the parameters alone."
            ) from None
        return _Checked, (self.function,)


# What stands in a file


def _entry(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)  # JSON has no NaN and no infinity


def _number(entry: Any) -> float:
    return float(entry) if entry in ("nan", "inf", "-inf") else real_number(entry)


def _parsed(path: str | Path) -> tuple[str, list[float], list[dict[float, float]]]:
    """The architecture, the parameters, and what each layer's activation makes of some numbers."""
    try:
        saved = json.loads(Path(path).read_text(encoding="utf-8"))
        numbers = [_number(each) for each in list(saved["parameters"])]
        samples = [
            {float(x): real_number(r) for x, r in (made or {}).items()}
            for made in saved.get("activations", [])
        ]
        return saved["architecture"], numbers, samples
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged or was not written by save ({type(error).__name__}: {error})."
        ) from None


def _samples(activate: Activate | None) -> dict[str, float] | None:
    """What an activation of one's own makes of a few numbers."""
    if activate is None or (isinstance(activate, _Applied) and _built_in(activate.operation)):
        return None
    made = {str(x): _sample(activate, x) for x in SAMPLES}
    return {x: r for x, r in made.items() if r is not None}


def _built_in(operation: Operation) -> bool:
    return getattr(operations, operation.name, None) is operation


def _sample(activate: Activate, x: float) -> float | None:
    """What the activation makes of a number; None where that alone does not decide it."""
    z = Value(x)
    try:
        r, again = activate(z), activate(z)
    except Exception:  # outside of its domain, or a function that wants more of z
        return None
    leaves = (node for node in topological_order(r) if not node.parents)
    by_z_alone = all(leaf is z or isinstance(leaf, Constant) for leaf in leaves)
    return r.data if by_z_alone and r.data == again.data and math.isfinite(r.data) else None


def _difference(activate: Activate | None, samples: Mapping[float, float]) -> str:
    """Where the activation makes another number than the saved one did, or ""."""
    for x, saved in samples.items():
        r = _sample(activate, x) if activate else x
        if r is not None and not math.isclose(r, saved, rel_tol=1e-9, abs_tol=1e-12):
            return f"it made {saved} of {x}, and this one makes {r}"
    return ""


def _replace(path: Path, text: str) -> None:
    """Write a file beside this one, whole, and give it this one's name."""
    if path.exists() and not path.is_file():  # a pipe has nothing to keep
        path.write_text(text, encoding="utf-8")
        return
    target = path.resolve()  # a link stays one
    beside = target.with_name(f".{os.urandom(8).hex()}.json")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        if isinstance(error, OSError):  # which knows of the other name only, or of none
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
