"""How parameters move once their gradients are known: SGD and Adam, with PyTorch's numbers.

A training step is `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from microrelu.engine import Value


class Optimizer:
    """What optimisers have in common: the parameters, and `lr`, which may change between steps.

    One of your own is a subclass with a method `moved`, arithmetic that numbers and NumPy's arrays
    both know: a tape moves all its parameters at once with it. `keeps` counts the numbers that it
    keeps for each parameter, 0 at first. A parameter that no sweep reached has gradient 0, and
    moves by what is kept and by weight decay alone.

    Attributes:
        kept: For each of those numbers a list, one for each parameter.
        steps: How many were taken.
    """

    keeps = 0

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float = 0.0) -> None:
        self.parameters = _leaves(parameters)
        self.lr = _at_least_zero("lr", lr)
        self.weight_decay = _at_least_zero("weight_decay", weight_decay)
        self.steps = 0
        self.kept = [[0.0] * len(self.parameters) for _ in range(self.keeps)]

    def zero_grad(self) -> None:
        """Set every gradient to the integer 0, as before the first sweep."""
        for parameter in self.parameters:
            parameter.grad = 0

    def step(self) -> None:
        """Move every parameter against its gradient."""
        self.steps += 1
        for i, parameter in enumerate(self.parameters):
            kept = [numbers[i] for numbers in self.kept]
            parameter.data, *kept = self.moved(parameter.data, parameter.grad, *kept)
            for numbers, number in zip(self.kept, kept, strict=True):
                numbers[i] = number

    def __repr__(self) -> str:
        count = len(self.parameters)
        return f"{type(self).__name__}(lr={self.lr:g}, {count} parameter{'s' * (count > 1)})"

    def moved(self, data: Any, gradient: Any, *kept: Any) -> tuple[Any, ...]:
        """Where a step leads: the new data, then what is kept; numbers, or arrays of them."""
        raise NotImplementedError(f"{type(self).__name__} needs a method `moved`.")

    def _decayed(self, data: Any, gradient: Any) -> Any:
        """The gradient of loss + ½ weight_decay Σ p²."""
        return gradient + self.weight_decay * data


class SGD(Optimizer):
    """Gradient descent: v ← momentum v + ∂loss/∂p, then p ← p − lr v.

    Raises:
        TypeError: a parameter is no Value.
        ValueError: there are no parameters, one is no leaf, or a setting is negative.

    >>> w = Value(1.0)
    >>> optimizer = SGD([w], lr=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.5
    """

    keeps = 1  # velocity

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = _at_least_zero("momentum", momentum)

    def moved(self, data: Any, gradient: Any, *kept: Any) -> tuple[Any, ...]:
        """Data and velocity after a step."""
        (velocity,) = kept
        velocity = self.momentum * velocity + self._decayed(data, gradient)
        return data - float(self.lr) * velocity, velocity  # lr may have become NumPy's


class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1: steps scaled by running means of gradient and square.

    A parameter whose gradients were all 0 stays where it is, with `eps=0` as well.

    Raises:
        TypeError: a parameter is no Value.
        ValueError: there are no parameters, one is no leaf, a setting is negative, or a beta is
            not below 1.
    """

    keeps = 2  # the running means of gradient and square

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas are two numbers from 0 up to, not at, 1, not {betas}.")
        self.betas = betas
        self.eps = _at_least_zero("eps", eps)

    def moved(self, data: Any, gradient: Any, *kept: Any) -> tuple[Any, ...]:
        """Data and both means after a step."""
        (mean, square), (b1, b2) = kept, self.betas
        gradient = self._decayed(data, gradient)
        mean = b1 * mean + (1 - b1) * gradient
        square = b2 * square + (1 - b2) * gradient * gradient
        # both started at 0: undo that bias
        scale = (square / (1 - b2**self.steps)) ** 0.5 + self.eps
        step = mean / (1 - b1**self.steps) / (scale + (scale == 0))  # 0 / 0 moves nothing
        return data - float(self.lr) * step, mean, square


def _leaves(parameters: Iterable[Value]) -> list[Value]:
    if not isinstance(parameters, Iterable):
        raise TypeError(f"An optimiser takes a list: model.parameters(), not {parameters!r}.")
    leaves = list(dict.fromkeys(parameters))  # a weight that two places share moves once
    if not leaves:
        raise ValueError("An optimiser needs at least one parameter, and was given none.")
    for leaf in leaves:
        if not isinstance(leaf, Value):
            raise TypeError(f"A parameter is a Value, not {leaf!r}: give model.parameters().")
        if leaf.parents:
            raise ValueError(f"{leaf!r} was computed: only a leaf can be a parameter.")
    return leaves


def _at_least_zero(name: str, setting: float) -> float:
    if not setting >= 0:  # NaN too
        raise ValueError(f"{name} is 0 or more, not {setting}.")
    return setting
