"""microrelu: a scalar autograd engine for people who learn and teach the chain rule.

The public names, and what a notebook asks a Value for. The engine is here at once; what pictures,
trains or replays a graph is imported when it is first asked for. Read `operations.py` and
`engine.py` first.
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
    from microrelu.bridges.jax_function import to_jax
    from microrelu.bridges.pytorch import from_torch, to_torch
    from microrelu.check.gradients import check_gradients
    from microrelu.expressions import expression
    from microrelu.foreign import adopt
    from microrelu.losses import cross_entropy, half_squared_error, hinge, mean, softmax
    from microrelu.nn import MLP, Layer, Module, Neuron
    from microrelu.optim import SGD, Adam
    from microrelu.picture.drawing import draw, draw_dot
    from microrelu.player.page import play
    from microrelu.reports.examination import diagnose
    from microrelu.reports.health import layers
    from microrelu.steps.derivations import derivation
    from microrelu.steps.explanation import explain
    from microrelu.steps.sweep import backward_steps
    from microrelu.tape.tape import Tape
    from microrelu.writing.words import language

__version__ = "0.1.0"

_ROOMS = {
    "expressions": ("expression",),
    "foreign": ("adopt",),
    "losses": ("cross_entropy", "half_squared_error", "hinge", "mean", "softmax"),
    "nn": ("MLP", "Layer", "Module", "Neuron"),
    "optim": ("SGD", "Adam"),
    "writing.words": ("language",),
    "steps.sweep": ("backward_steps",),
    "steps.derivations": ("derivation",),
    "steps.explanation": ("explain",),
    "check.gradients": ("check_gradients",),
    "picture.drawing": ("draw", "draw_dot"),
    "player.page": ("play",),
    "reports.health": ("layers",),
    "reports.examination": ("diagnose",),
    "tape.tape": ("Tape",),
    "bridges.pytorch": ("from_torch", "to_torch"),
    "bridges.jax_function": ("to_jax",),
}
_LATER = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    *("Constant", "Value", "absolute", "add", "cos", "divide", "elu", "exp", "leaky_relu", "log"),
    *("log_sum_exp", "maximum", "minimum", "multiply", "negate", "operation", "power", "relu"),
    *("relu_at_zero", "sigmoid", "sin", "softplus", "sqrt", "square", "subtract", "tanh"),
    *("topological_order", "total", "weighted_sum"),
    *(name for name, room in _LATER.items() if not room.startswith(("bridges", "tape"))),  # extras
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(
            f"microrelu has no {name!r}; it has {', '.join(sorted({*__all__, *_LATER}))}."
        )
    return getattr(import_module(f"microrelu.{_LATER[name]}"), name)


def _displayed(value: Value) -> str:
    from microrelu.steps.display import as_latex

    return as_latex(value)


Value._repr_latex_ = _displayed  # type: ignore[attr-defined]  # the engine knows of no formulas


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
