"""`microrelu train`: a small network learns two classes of points, and draws its boundary.

The training loop is the one of the README; Matplotlib draws the boundary, in symbols alone, since
its fonts lack the letters of some languages. `commands.py` calls it.
"""

from __future__ import annotations

import io
import math
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any, cast

from microrelu import datasets
from microrelu.cli.output import VALUE, colored, fitted, write
from microrelu.engine import Value
from microrelu.expressions import MistakeError
from microrelu.losses import hinge, mean
from microrelu.nn import MLP
from microrelu.operations import total
from microrelu.optim import SGD
from microrelu.writing.words import say

DATA: dict[str, Callable[[int], tuple[datasets.Inputs, datasets.Targets]]] = {
    "moons": lambda seed: datasets.moons(100, seed=seed),
    "spirals": lambda seed: datasets.spirals(100, classes=2, seed=seed),
    "xor": lambda seed: datasets.xor(),
}

MOST_STEPS = 1_000_000_000


def train(options: Namespace) -> int:
    """Train a network on two classes of points, and print its loss and accuracy.

    Returns:
        The exit status: 0, or 1 where the loss ceases to be a number.

    Raises:
        MistakeError: an option has no sense, or Matplotlib is missing for `--png`.
    """
    if not 1 <= options.steps <= MOST_STEPS:
        raise MistakeError(f"--steps takes a number from 1 to {MOST_STEPS}, not {options.steps}.")
    if not 0 < options.lr < math.inf:
        raise MistakeError(f"--lr takes a number above 0, not {options.lr}.")
    figure = _figure() if options.png else None  # what is missing is said before training
    inputs, targets = DATA[options.data](options.seed)
    signs = [1 if target > 0 else -1 for target in targets]
    model = MLP(2, [16, 16, 1], init="he", seed=options.seed)
    optimizer = SGD(model.parameters(), lr=options.lr)
    loss, accuracy = evaluate(model, inputs, signs)
    print(fitted(say("trained", model=model, count=len(inputs), data=options.data)))
    print(fitted(say("before training", reached=_reached(loss, accuracy))), flush=True)
    for step in (bar := _progress(options.steps)):
        optimizer.zero_grad()
        loss.backward()
        optimizer.lr = options.lr * (1 - 0.9 * step / options.steps)
        optimizer.step()
        loss, accuracy = evaluate(model, inputs, signs)
        if not math.isfinite(loss.data):
            return _diverged(bar, step + 1, loss, options.lr)
        if hasattr(bar, "set_postfix_str"):  # not without tqdm
            bar.set_postfix_str(_reached(loss, accuracy))
    print(fitted(say("after training", steps=options.steps, reached=_reached(loss, accuracy))))
    if figure is not None:
        draw_boundary(figure, model, inputs, signs)
        write(options.png, lambda: _png(figure))
    if options.svg is not None:
        optimizer.zero_grad()
        loss.backward()
        write(options.svg, lambda: draw_network(loss))
    return 0


def evaluate(
    model: MLP, inputs: Sequence[Sequence[float]], signs: Sequence[int]
) -> tuple[Value, float]:
    """The mean hinge loss with weight decay, and the share of points on their side."""
    scores = [cast(Value, model(point)) for point in inputs]  # one output: no list
    decay = 1e-4 * total(parameter**2 for parameter in model.parameters())
    loss = mean(map(hinge, scores, signs)) + decay
    right = sum(score.data * sign > 0 for score, sign in zip(scores, signs, strict=True))
    return loss, right / len(signs)


def _reached(loss: Value, accuracy: float) -> str:
    """How good the network is by now."""
    return say("reached", loss=colored(f"{loss.data:.4f}", VALUE), accuracy=f"{accuracy:.0%}")


def _diverged(bar: Any, step: int, loss: Value, lr: float) -> int:
    if hasattr(bar, "close"):
        bar.close()
    print(
        f"microrelu: the training diverged: after step {step} the loss is {loss.data}. "
        f"Try a smaller learning rate than --lr {lr}.",
        file=sys.stderr,
    )
    return 1


def _progress(steps: int) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return range(steps)
    return tqdm(range(steps), desc=say("training"), disable=None)  # none where it is no terminal


def _figure() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MistakeError(
            '--png needs Matplotlib: pip install "microrelu[train]", or train without it.'
        ) from None
    return Figure(figsize=(6, 5), layout="constrained")


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150)
    return file.getvalue()


def draw_network(loss: Value) -> bytes:
    """The trained network as SVG, with its weights as lines, at the first of its points."""
    from microrelu.picture.drawing import draw

    return bytes(draw(loss, weights="edges", names=None).pipe("svg", quiet=True))


def draw_boundary(
    figure: Any, model: MLP, inputs: Sequence[Sequence[float]], signs: Sequence[int]
) -> None:
    """The points, and behind them the score of the network, with the boundary where it is 0."""
    import numpy as np

    points = np.array(inputs).T
    x, y = np.meshgrid(*np.linspace(points.min(1) - 0.5, points.max(1) + 0.5, 300).T)
    scores = grid_scores(model, np.stack([x.ravel(), y.ravel()])).reshape(x.shape)
    limit = max(1.0, float(np.percentile(abs(scores), 90)))
    axes = figure.add_subplot(xlabel="x₁", ylabel="x₂")
    shades = axes.pcolormesh(x, y, scores, cmap="PuOr", vmin=-limit, vmax=limit, rasterized=True)
    figure.colorbar(shades, label="$z^{(3)}$")
    if scores.min() < 0 < scores.max():
        axes.contour(x, y, scores, levels=[0], colors="black", linewidths=1.5)
    for sign, name, marker, colour in (
        (-1, "$y = -1$", "o", "#F1A340"),
        (1, "$y = +1$", "^", "#998EC3"),
    ):
        chosen = points[:, np.array(signs) == sign]
        axes.scatter(*chosen, marker=marker, color=colour, edgecolors="black", label=name)
    axes.legend(loc="upper right")  # "best" searches long


def grid_scores(model: MLP, points: Any) -> Any:
    """The outputs of a ReLU network at an array of points, one a column.

    It computes with matrices, since a graph for each of 90,000 points would take a minute.
    """
    import numpy as np

    for layer in model.layers:
        weights = np.array([[weight.data for weight in neuron.weights] for neuron in layer.neurons])
        biases = np.array([[neuron.bias.data] for neuron in layer.neurons])
        points = weights @ points + biases
        if layer is not model.layers[-1]:
            points = np.maximum(points, 0.0)
    return points
