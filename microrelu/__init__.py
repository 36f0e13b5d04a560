"""microrelu: a scalar autograd engine for people who learn and teach the chain rule.

The public names, and nothing else. Read `operations.py` and `value.py` first.
"""

from microrelu.operations import (
    absolute,
    add,
    cos,
    divide,
    elu,
    exp,
    leaky_relu,
    log,
    maximum,
    minimum,
    multiply,
    negate,
    operation,
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
)
from microrelu.value import Constant, Value, log_sum_exp, topological_order, total, weighted_sum

__version__ = "0.1.0"
