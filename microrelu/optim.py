"""How parameters move once their gradients are known: SGD and Adam, with PyTorch's numbers.

A training step is `optimizer.zero_grad()`, `loss.backward()`, `optimizer.step()`. Read `steps.py`
next, to see what `backward` did.
"""

from __future__ import annotations

from collections.abc import Iterable

from microrelu.engine import Value


class Optimizer:
    """What both have in common: the parameters, and `lr`, which may change between steps.

    A parameter that no sweep reached has gradient 0, and moves by momentum and weight decay alone.
    """

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float) -> None:
        self.parameters = _leaves(parameters)
        self.lr = _at_least_zero("lr", lr)
        self.weight_decay = _at_least_zero("weight_decay", weight_decay)

    def zero_grad(self) -> None:
        """Set every gradient to the integer 0, as before the first sweep."""
        for parameter in self.parameters:
            parameter.grad = 0

    def _gradients(self) -> list[float]:
        """The gradients of loss + ½ weight_decay Σ p²."""
        return [p.grad + self.weight_decay * p.data for p in self.parameters]


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

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = _at_least_zero("momentum", momentum)
        self.velocities = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Move every parameter against its gradient."""
        lr = float(self.lr)  # it may have become NumPy's; data stays a Python float
        for i, gradient in enumerate(self._gradients()):
            self.velocities[i] = self.momentum * self.velocities[i] + gradient
            self.parameters[i].data -= lr * self.velocities[i]


class Adam(Optimizer):
    """Kingma and Ba 2015, algorithm 1: steps scaled by running means of gradient and square.

    A parameter whose gradients were all 0 stays where it is, with `eps=0` as well.

    Raises:
        TypeError: a parameter is no Value.
        ValueError: there are no parameters, one is no leaf, a setting is negative, or a beta is
            not below 1.
    """

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
        self.steps = 0
        self.means = [0.0] * len(self.parameters)
        self.squares = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Move every parameter against its gradient."""
        self.steps += 1
        lr, (b1, b2) = float(self.lr), self.betas
        for i, gradient in enumerate(self._gradients()):
            self.means[i] = b1 * self.means[i] + (1 - b1) * gradient
            self.squares[i] = b2 * self.squares[i] + (1 - b2) * gradient * gradient
            mean = self.means[i] / (1 - b1**self.steps)  # both started at 0: undo that bias
            square = self.squares[i] / (1 - b2**self.steps)
            scale = square**0.5 + self.eps
            self.parameters[i].data -= lr * mean / (scale + (scale == 0))  # 0 / 0 moves nothing


def _leaves(parameters: Iterable[Value]) -> list[Value]:
    if not isinstance(parameters, Iterable):
        raise TypeError(f"An optimiser takes a list: model.parameters(), not {parameters!r}.")
    leaves = list(dict.fromkeys(parameters))  # a weight that two places share moves once
    if not leaves:
        raise ValueError("An optimiser needs at least one parameter, and was given none.")
    for each in leaves:
        if not isinstance(each, Value):
            raise TypeError(f"A parameter is a Value, not {each!r}: give model.parameters().")
        if each.parents:
            raise ValueError(f"{each!r} was computed: only a leaf can be a parameter.")
    return leaves


def _at_least_zero(name: str, setting: float) -> float:
    if not setting >= 0:  # NaN too
        raise ValueError(f"{name} is 0 or more, not {setting}.")
    return setting
