import math
from types import SimpleNamespace

import numpy as np
import pytest

from microrelu import MLP, SGD, Adam, Value, sin


def cost(a, b, c):
    return (a - 1) ** 2 + 10 * (b - a * a) ** 2 + (a * c - 0.5) ** 4 + 0.1 * sin(c * b)


def after_50_steps(make, schedule=None):
    parameters = [Value(-0.5), Value(1.5), Value(0.75)]
    optimizer = make(parameters)
    for k in range(50):
        if schedule:
            optimizer.lr = schedule(k)
        optimizer.zero_grad()
        cost(*parameters).backward()
        optimizer.step()
    return [p.data for p in parameters]


# the parameters of torch 2.13, in float64, after the same 50 steps
@pytest.mark.parametrize(
    ("make", "schedule", "pytorch"),
    [
        (
            lambda p: SGD(p, lr=0.01),
            None,
            [-0.2795575289047896, 0.14036973704646705, 0.10845040239556902],
        ),
        (
            lambda p: SGD(p, lr=0.005, momentum=0.9),
            None,
            [0.5063582934584556, 0.30726670845852533, -0.12495161793428475],
        ),
        (
            lambda p: SGD(p, lr=0.005, momentum=0.9, weight_decay=0.1),
            None,
            [0.49944482842441484, 0.3019881276768282, -0.08993555749083425],
        ),
        (
            lambda p: SGD(p, lr=0.005, momentum=0.9),
            lambda k: 0.01 - 0.0001 * k,
            [0.5760921414388228, 0.24094548700420554, -0.27006730990305455],
        ),
        (Adam, None, [-0.5500804745508452, 1.4505056579839948, 0.699211390008879]),
        (
            lambda p: Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-3),
            None,
            [-0.6752697491919283, 0.5299329332563149, -0.47765926006147713],
        ),
        (
            lambda p: Adam(p, lr=0.05, weight_decay=0.1),
            None,
            [-0.7554730919711543, 0.5856620033869876, -0.5634394878022266],
        ),
    ],
)
def test_fifty_steps_agree_with_pytorch(make, schedule, pytorch):
    assert after_50_steps(make, schedule) == pytest.approx(pytorch, rel=1e-11)


def test_one_step_by_hand():
    """V ← μ v + g + λ p, p ← p − η v, twice."""
    p = Value(2.0)
    optimizer = SGD([p], lr=0.5, momentum=0.25, weight_decay=0.5)
    p.grad = 3.0
    optimizer.step()
    assert p.data == 2.0 - 0.5 * 4.0
    optimizer.step()
    assert p.data == 0.0 - 0.5 * (0.25 * 4.0 + 3.0)


@pytest.mark.parametrize("gradient", [1e-3, -7.0, 4000.0])
def test_the_first_step_of_adam_is_as_long_as_lr(gradient):
    p = Value(0.0)
    p.grad = gradient
    Adam([p], lr=0.1, eps=0.0).step()
    assert p.data == pytest.approx(-math.copysign(0.1, gradient))


@pytest.mark.parametrize("unreached", [0, 0.0, 1e-200])  # the square of the last is 0
def test_adam_without_eps_leaves_a_parameter_without_gradient_where_it_is(unreached):
    still, moved = Value(2.0), Value(2.0)
    optimizer = Adam([still, moved], lr=0.5, eps=0.0)
    for _ in range(3):
        still.grad, moved.grad = unreached, 1e-3
        optimizer.step()
    assert still.data == 2.0
    assert moved.data == pytest.approx(2.0 - 3 * 0.5)


def test_adam_without_eps_steps_on_arrays_as_well():
    """A tape gives it all parameters as one, with arrays for numbers."""
    optimizer = Adam([Value(0.0)], lr=0.5, eps=0.0)
    optimizer.parameters = [together := SimpleNamespace(data=np.ones(2), grad=np.array([0.0, 4.0]))]
    optimizer.step()
    assert together.data.tolist() == pytest.approx([1.0, 0.5])


def test_a_learning_rate_from_numpy_leaves_python_floats():
    for make in (SGD, Adam):
        p = Value(1.0)
        p.grad = 1.0
        make([p], lr=np.float64(0.5)).step()
        assert type(p.data) is float


def test_zero_grad_leaves_the_integer_zero():
    model = MLP(2, [2, 1])
    optimizer = SGD(model.parameters(), lr=0.1)
    model([1.0, 2.0]).backward()
    optimizer.zero_grad()
    assert {(p.grad, type(p.grad)) for p in model.parameters()} == {(0, int)}


def test_a_parameter_that_is_given_twice_moves_once():
    p = Value(1.0)
    p.grad = 1.0
    SGD([p, p], lr=0.25).step()
    assert p.data == 0.75


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda p: SGD(p, lr=-0.1), ValueError, "lr is 0 or more, not -0.1."),
        (lambda p: SGD(p, lr=math.nan), ValueError, "lr is 0 or more, not nan."),
        (lambda p: SGD(p, 0.1, momentum=-1), ValueError, "momentum is 0 or more, not -1."),
        (lambda p: Adam(p, weight_decay=-1), ValueError, "weight_decay is 0 or more, not -1."),
        (lambda p: Adam(p, eps=-1), ValueError, "eps is 0 or more, not -1."),
        (lambda p: Adam(p, betas=(0.9, 1.0)), ValueError, "betas are two numbers from 0 up to"),
        (lambda p: Adam(p, betas=(0.9,)), ValueError, "betas are two numbers from 0 up to"),
        (lambda p: SGD([], 0.1), ValueError, "at least one parameter, and was given none."),
        (lambda p: SGD([0.5], 0.1), TypeError, "A parameter is a Value, not 0.5"),
        (lambda p: SGD(MLP(2, [1]), 0.1), TypeError, r"takes a list: model.parameters\(\), not"),
        (lambda p: SGD([p[0] * 2], 0.1), ValueError, "was computed: only a leaf can be"),
    ],
)
def test_errors_are_sentences(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make([Value(1.0)])
