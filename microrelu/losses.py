"""What training makes small: a cost as one more node of the graph.

Each takes the prediction first, then the target. Targets may be Values too, so that a recorded
graph can be given others. What lies within a loss has a label, e for the error say; its root has
none, since it may be C or one term of it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from microrelu.engine import Constant, Value, as_value
from microrelu.errors import real_number
from microrelu.operations import log_sum_exp, total, weighted_sum

Numbers = Value | float | Iterable[Value | float]
Target = int | Iterable[Value | float]
ROUNDING = 1e-6  # by so much probabilities may miss 0 and their sum 1


def half_squared_error(prediction: Numbers, target: Numbers) -> Value:
    """½ (y − ŷ)² of the target y and the prediction ŷ; of two lists the sum over their entries.

    Raises:
        ValueError: the lists are not of one length.

    >>> prediction = Value(1.0)
    >>> half_squared_error(prediction, 3.0).backward()
    >>> prediction.grad  # ŷ − y
    -2.0
    """
    return _summed("half_squared_error", _half_square, prediction, target)


def _half_square(prediction: Value, target: Any, index: str) -> Value:
    error = _labelled(_called_y(target, index) - prediction, f"e{index}")
    return _labelled(error**2, f"E{index}") / 2


def hinge(prediction: Numbers, target: Numbers) -> Value:
    """max(0, 1 − y s) of the target y, −1 or +1, and the score s; of two lists the sum.

    A target that is a Value is not looked at: its number may change later.

    Raises:
        ValueError: a target is a number but not −1 or 1, or the lists are not of one length.

    >>> hinge(Value(0.25), -1).data
    1.25
    """
    return _summed("hinge", _hinge, prediction, target)


def _hinge(score: Value, target: Any, index: str) -> Value:
    if not isinstance(target, Value) and target not in (-1, 1):
        raise ValueError(f"hinge takes the targets -1 and 1, not {target}: 2 * y - 1 of 0 and 1.")
    margin = _labelled(_called_y(target, index) * score, f"m{index}")
    return _labelled(1 - margin, f"e{index}").relu()


def _summed(
    name: str, loss: Callable[[Value, Any, str], Value], prediction: Numbers, target: Numbers
) -> Value:
    if not isinstance(prediction, Iterable) and not isinstance(target, Iterable):
        return loss(as_value(prediction), target, "")
    if not isinstance(prediction, Iterable) or not isinstance(target, Iterable):
        raise TypeError(f"{name} takes two numbers or two lists, not one of each.")
    predictions, targets = _listed(name, prediction), list(target)
    _same_length(name, "predictions", predictions, "targets", targets)
    pairs = enumerate(zip(predictions, targets, strict=True), start=1)
    return total([_labelled(loss(p, y, f"_{i}"), f"C_{i}") for i, (p, y) in pairs])


def _labelled(node: Value, label: str) -> Value:
    """The node, which its loss has just made and so may name."""
    node.label = label
    return node


def _called_y(target: Any, index: str) -> Value:
    """A target as a Value; a number is y where it is written."""
    return target if isinstance(target, Value) else Constant(target, f"y{index}")


def cross_entropy(logits: Iterable[Value | float], target: Target) -> Value:
    """−Σ tₖ log pₖ of p = softmax(logits), as log Σ exp zⱼ − Σ tₖ zₖ: stable for large logits.

    Args:
        logits: One score z for each class.
        target: The class, counted from 0; or the probabilities t, one for each class, none below 0,
            which add up to 1. Where they are Values one recorded graph serves every class, and it
            is up to you to see to that: nothing looks at them.

    Raises:
        TypeError: the target is neither an integer nor a list.
        ValueError: there is no such class, there are more or fewer probabilities than classes, or
            these are numbers of which one is below 0 or which do not add up to 1.

    >>> logits = [Value(0.0), Value(0.0)]
    >>> cross_entropy(logits, 1).backward()
    >>> [z.grad for z in logits]  # p − t
    [0.5, -0.5]
    """
    z = _listed("cross_entropy", logits)
    if not isinstance(target, Iterable):
        return _log_sum(z) - z[_class_index(target, len(z))]
    t = list(target)
    _same_length("cross_entropy", "logits", z, "probabilities", t)
    numbers = [real_number(number) for number in t if not isinstance(number, Value)]
    if below := [number for number in numbers if number < -ROUNDING]:
        raise ValueError(
            f"The targets of cross_entropy are probabilities, or the class as one integer: "
            f"{below[0]} is below 0."
        )
    if len(numbers) == len(t) and not abs(sum(numbers) - 1) <= ROUNDING:  # NaN too
        raise ValueError(f"The probabilities of cross_entropy add up to 1, not to {sum(numbers)}.")
    return _log_sum(z) - _labelled(weighted_sum(t, z), "z̄")


def _log_sum(z: list[Value]) -> Value:
    return _labelled(log_sum_exp(z), "lse")


def _class_index(target: Any, classes: int) -> int:
    try:
        index = operator.index(target)
    except TypeError:
        raise TypeError(
            f"The target of cross_entropy is a class, an integer, or a list of probabilities, "
            f"not {target!r}: write int(y), or one 0.0 or 1.0 for each class."
        ) from None
    if not 0 <= index < classes:
        raise ValueError(f"There is no class {index}: {classes} logits have 0 to {classes - 1}.")
    return index


def softmax(logits: Iterable[Value | float]) -> list[Value]:
    """pₖ = exp(zₖ − log Σ exp zⱼ) for each logit: probabilities, stable for large logits.

    >>> [f"{p:.3f}" for p in softmax([1000.0, 1000.0, -1000.0])]
    ['0.500', '0.500', '0.000']
    """
    z = _listed("softmax", logits)
    whole = _log_sum(z)
    return [(logit - whole).exp() for logit in z]


def mean(values: Iterable[Value | float]) -> Value:
    """The mean, for the losses of a batch, as one sum and one division.

    Raises:
        ValueError: there are no values.

    >>> mean([Value(1.0), Value(4.0)]).data
    2.5
    """
    operands = _listed("mean", values)
    return _labelled(total(operands), "S") / len(operands)


def _listed(name: str, values: Any) -> list[Value]:
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} takes a list of numbers or Values, not {values!r}.")
    if not (listed := [as_value(value) for value in values]):
        raise ValueError(f"{name} was given an empty list: it needs at least one number.")
    return listed


def _same_length(name: str, left: str, a: Sequence[Any], right: str, b: Sequence[Any]) -> None:
    if len(a) != len(b):
        raise ValueError(f"{name} was given {len(a)} {left} and {len(b)} {right}: one for each.")
