"""Small data sets to learn on, each as plain lists: (inputs, targets).

All but the digits are made here from a seed, so that they come out the same each time.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

Inputs = list[list[float]]
Targets = list[int]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> tuple[Inputs, Targets]:
    """Two half circles that reach into each other.

    Args:
        n: How many points, in turn of the upper moon (target −1) and of the lower one (target +1).
        noise: The standard deviation of what is added to both coordinates.
        seed: Of the angles and of the noise.

    Returns:
        Points (x, y) with −1 ≤ x ≤ 2 and −0.5 ≤ y ≤ 1 before the noise, and targets −1 and +1.
    """
    generator = _generator(n, noise, seed)
    inputs, targets = [], []
    for target in _in_turn(n, (-1, 1)):
        angle = generator.uniform(0, math.pi)
        x, y = math.cos(angle), math.sin(angle)
        if target == 1:
            x, y = 1 - x, 0.5 - y
        inputs.append([x + generator.gauss(0, noise), y + generator.gauss(0, noise)])
        targets.append(target)
    return inputs, targets


def spirals(
    n: int = 150, classes: int = 3, noise: float = 0.02, seed: int = 0
) -> tuple[Inputs, Targets]:
    """Arms that wind out from the centre, most of a turn each, one arm for each class.

    Args:
        n: How many points, of each class in turn.
        classes: How many arms.
        noise: The standard deviation of what is added to both coordinates.
        seed: Of the noise.

    Returns:
        Points (x, y) in the unit circle before the noise, and targets 0 … classes − 1.
    """
    generator = _generator(n, noise, seed)
    inputs, targets = [], []
    for i, target in enumerate(_in_turn(n, range(classes))):
        radius = (i // classes + 1) / math.ceil(n / classes)
        angle = 2 * math.pi * target / classes + 4 * radius
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        inputs.append([x + generator.gauss(0, noise), y + generator.gauss(0, noise)])
        targets.append(target)
    return inputs, targets


def xor() -> tuple[Inputs, Targets]:
    """The four rows of exclusive or: inputs 0.0 and 1.0, targets 0 and 1.

    >>> xor()
    ([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    return [[float(a), float(b)] for a in (0, 1) for b in (0, 1)], [0, 1, 1, 0]


def digits() -> tuple[Inputs, Targets]:
    """The 1,797 handwritten digits of scikit-learn, in its order.

    Returns:
        Images of 8 × 8 pixels, row by row as 64 numbers from 0.0 (paper) to 1.0 (ink), and
        targets 0 … 9.

    Raises:
        ImportError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ImportError(
            'The digits need scikit-learn: pip install "microrelu[digits]".'
        ) from None
    pixels, targets = load_digits(return_X_y=True)
    return (pixels / 16).tolist(), targets.tolist()


def _generator(n: int, noise: float, seed: int) -> random.Random:
    if n < 1 or not noise >= 0:
        raise ValueError(
            f"A data set has n ≥ 1 points and noise ≥ 0, not n = {n}, noise = {noise}."
        )
    return random.Random(seed)


def _in_turn(n: int, targets: Sequence[int]) -> list[int]:
    if not targets:
        raise ValueError("A data set has at least one class.")
    return [targets[i % len(targets)] for i in range(n)]
