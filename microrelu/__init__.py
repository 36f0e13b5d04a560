"""microrelu: a scalar autograd engine for people who learn and teach the chain rule.

The public names, and nothing else. The engine is here at once; what pictures, trains or replays a
graph is imported when it is first asked for. Read `operations.py` and `engine.py` first.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from microrelu.engine import Constant, Value, operation, topological_order
from microrelu.operations import (
    absolute,
    add,
    cos,
    divide,
    elu,
    exp,
    leaky_relu,
    log,
    log_sum_exp,
    maximum,
    minimum,
    multiply,
    negate,
    power,
    relu,
    relu_at_zero,
    sigmoid,
    sin,
    softplus,
    sqrt,
    square,
    subtract,
    tanh,
    total,
    weighted_sum,
)

if TYPE_CHECKING:
    from microrelu.bridges import from_torch, to_jax, to_torch
    from microrelu.check import check_gradients
    from microrelu.formulas import derivation, explain
    from microrelu.losses import cross_entropy, half_squared_error, hinge, mean, softmax
    from microrelu.nn import MLP, Layer, Module, Neuron
    from microrelu.optim import SGD, Adam
    from microrelu.picture import draw, draw_dot
    from microrelu.player import play
    from microrelu.steps import backward_steps
    from microrelu.tape import Tape

__version__ = "0.1.0"

_ROOMS = {
    "bridges": ("from_torch", "to_jax", "to_torch"),
    "check": ("check_gradients",),
    "formulas": ("derivation", "explain"),
    "losses": ("cross_entropy", "half_squared_error", "hinge", "mean", "softmax"),
    "nn": ("MLP", "Layer", "Module", "Neuron"),
    "optim": ("SGD", "Adam"),
    "picture": ("draw", "draw_dot"),
    "player": ("play",),
    "steps": ("backward_steps",),
    "tape": ("Tape",),
}
_LATER = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    *("Constant", "Value", "absolute", "add", "cos", "divide", "elu", "exp", "leaky_relu", "log"),
    *("log_sum_exp", "maximum", "minimum", "multiply", "negate", "operation", "power", "relu"),
    *("relu_at_zero", "sigmoid", "sin", "softplus", "sqrt", "square", "subtract", "tanh"),
    *("topological_order", "total", "weighted_sum"),
    *(name for name, room in _LATER.items() if room not in ("bridges", "tape")),  # need an extra
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(
            f"microrelu has no {name!r}; it has {', '.join(sorted({*__all__, *_LATER}))}."
        )
    return getattr(import_module(f"microrelu.{_LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
