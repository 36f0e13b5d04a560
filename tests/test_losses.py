import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from microrelu import (
    Value,
    cross_entropy,
    half_squared_error,
    hinge,
    log_sum_exp,
    mean,
    softmax,
    topological_order,
)

numbers = st.floats(-50, 50)
logits = st.lists(numbers, min_size=1, max_size=6)


def values(data):
    return [Value(x) for x in data]


@given(numbers, numbers)
@example(37.14243384907168, -2.999568084630269)  # where d ** 2 rounds otherwise than d * d
def test_half_squared_error_is_half_the_square_and_its_gradient_the_difference(p, y):
    prediction, target = Value(p), Value(y)
    cost = half_squared_error(prediction, target)
    cost.backward()
    assert cost.data == (y - p) * (y - p) / 2
    assert (prediction.grad, target.grad) == (p - y, y - p)


def test_half_squared_error_of_lists_is_the_sum():
    prediction = values([1.0, 2.0])
    cost = half_squared_error(prediction, [3.0, 1.0])
    cost.backward()
    assert cost.data == 2.5
    assert [p.grad for p in prediction] == [-2.0, 1.0]


@given(numbers, st.sampled_from([-1, 1, 1.0, np.int64(-1)]))
def test_hinge_is_zero_beyond_the_margin_and_a_line_before_it(s, y):
    score = Value(s)
    cost = hinge(score, y)
    cost.backward()
    assert cost.data == max(0.0, 1 - y * s)
    assert score.grad == (0.0 if y * s > 1 else -y)


def test_hinge_with_a_target_that_is_a_value():
    for y in (-1.0, 1.0):
        score, target = Value(0.5), Value(y)
        cost = hinge(score, target)
        cost.backward()
        assert (cost.data, score.grad, target.grad) == (1 - 0.5 * y, -y, -0.5)


def test_hinge_of_lists_is_the_sum():
    assert hinge([0.5, -2.0, 3.0], [1, 1, -1]).data == 0.5 + 3.0 + 4.0


@given(logits)
def test_softmax_is_positive_adds_up_to_one_and_keeps_the_ratios(z):
    p = [each.data for each in softmax(z)]
    assert sum(p) == pytest.approx(1)
    for a, q in zip(z, p, strict=True):
        assert q == pytest.approx(p[0] * math.exp(a - z[0]), rel=1e-9)


def test_the_jacobian_of_softmax():
    """∂pₖ/∂zⱼ = pₖ ([j = k] − pⱼ)."""
    z = values([0.5, -1.0, 2.0])
    p = [q.data for q in softmax(z)]
    for k in range(3):
        for each in z:
            each.grad = 0
        softmax(z)[k].backward()
        expected = [p[k] * ((j == k) - p[j]) for j in range(3)]
        assert [each.grad for each in z] == pytest.approx(expected, abs=1e-15)


@given(logits, st.data())
def test_the_gradient_of_cross_entropy_is_p_minus_one_hot(data, draw):
    t = draw.draw(st.integers(0, len(data) - 1))
    one_hot = [float(k == t) for k in range(len(data))]
    p = [q.data for q in softmax(data)]
    for target in (t, one_hot, values(one_hot), np.int64(t), np.array(one_hot)):
        z = values(data)
        cost = cross_entropy(z, target)
        cost.backward()
        assert cost.data == pytest.approx(-math.log(p[t]), rel=1e-9, abs=1e-9)
        assert [each.grad for each in z] == pytest.approx(
            [q - k for q, k in zip(p, one_hot, strict=True)], abs=1e-12
        )


def test_cross_entropy_of_soft_targets():
    z, t = values([1.0, -2.0, 0.5]), [0.2, 0.5, 0.3]
    p = [q.data for q in softmax(z)]
    cost = cross_entropy(z, t)
    cost.backward()
    expected = -sum(a * math.log(q) for a, q in zip(t, p, strict=True))
    assert cost.data == pytest.approx(expected)
    assert [each.grad for each in z] == pytest.approx([q - a for q, a in zip(p, t, strict=True)])


def test_cross_entropy_does_not_look_at_targets_that_are_values():
    cost = cross_entropy([1.0, 2.0], values([-1.0, 3.0]))
    assert cost.data == pytest.approx(log_sum_exp([1.0, 2.0]).data - (-1.0 + 3.0 * 2.0))


def test_probabilities_may_be_off_by_what_rounding_took():
    assert cross_entropy([0.0, 0.0, 0.0], [0.7, 0.3, 1 - 0.7 - 0.3 - 1e-16]).data > 0


@pytest.mark.parametrize(
    ("data", "target", "cost"),
    [
        ([1000.0, -1000.0], 0, 0.0),
        ([1000.0, -1000.0], 1, 2000.0),
        ([-1000.0, -1000.0], 1, math.log(2)),
        ([1000.0, 1000.0], [0.5, 0.5], math.log(2)),
    ],
)
def test_cross_entropy_at_a_thousand(data, target, cost):
    z = values(data)
    result = cross_entropy(z, target)
    result.backward()
    assert result.data == pytest.approx(cost, abs=1e-12)
    assert all(math.isfinite(each.grad) for each in z)
    assert sum(q.data for q in softmax(z)) == pytest.approx(1)


@given(st.lists(numbers, min_size=1))
def test_mean(data):
    each = values(data)
    average = mean(v for v in each)
    average.backward()
    assert average.data == pytest.approx(sum(data) / len(data))
    assert [v.grad for v in each] == [1 / len(data)] * len(data)


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: hinge(Value(1.0), 0), ValueError, "hinge takes the targets -1 and 1, not 0: 2"),
        (lambda: hinge([1.0], [2]), ValueError, "hinge takes the targets -1 and 1, not 2"),
        (
            lambda: hinge([1.0, 2.0], [1]),
            ValueError,
            "hinge was given 2 predictions and 1 targets: one for each.",
        ),
        (lambda: hinge([1.0], 1), TypeError, "hinge takes two numbers or two lists, not one of"),
        (lambda: half_squared_error(1.0, [1.0]), TypeError, "half_squared_error takes two numbers"),
        (lambda: half_squared_error([], []), ValueError, "half_squared_error was given an empty"),
        (lambda: half_squared_error(1.0, None), TypeError, "A Value holds one real number"),
        (lambda: cross_entropy([1.0, 2.0], 2), ValueError, "no class 2: 2 logits have 0 to 1."),
        (lambda: cross_entropy([1.0, 2.0], -1), ValueError, "There is no class -1"),
        (lambda: cross_entropy([1.0, 2.0], 1.0), TypeError, "is a class, an integer, or .* 1.0"),
        (lambda: cross_entropy([1.0, 2.0], Value(1.0)), TypeError, "is a class, an integer, or"),
        (
            lambda: cross_entropy([1.0, 2.0], [1.0]),
            ValueError,
            "cross_entropy was given 2 logits and 1 probabilities: one for each.",
        ),
        (lambda: cross_entropy([1.0, 2.0], [1, 1]), ValueError, "add up to 1, not to 2.0."),
        (
            lambda: cross_entropy([1.0, 2.0], [-1, 2]),
            ValueError,
            "are probabilities, or the class as one integer: -1.0 is below 0.",
        ),
        (lambda: cross_entropy([1.0, 2.0], [Value(2.0), -1]), ValueError, "-1.0 is below 0."),
        (lambda: cross_entropy([1.0, 2.0], ["1", 0]), TypeError, "one real number, not '1'"),
        (lambda: cross_entropy([1.0, 2.0], [math.nan, 1]), ValueError, "add up to 1, not to nan."),
        (lambda: cross_entropy(Value(1.0), 0), TypeError, "cross_entropy takes a list of numbers"),
        (lambda: softmax([]), ValueError, "softmax was given an empty list"),
        (lambda: mean([]), ValueError, "mean was given an empty list: it needs at least one"),
        (lambda: mean(Value(1.0)), TypeError, "mean takes a list of numbers or Values, not Value"),
    ],
)
def test_errors_are_sentences(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()


@pytest.mark.parametrize(
    ("cost", "labels"),
    [
        (lambda z: half_squared_error(z[0], 1.0), ["e", "E"]),
        (lambda z: half_squared_error(z, [1.0, 0.0]), ["C_1", "C_2", "E_1", "E_2", "e_1", "e_2"]),
        (lambda z: hinge(z[0], 1), ["e", "m"]),
        (lambda z: cross_entropy(z, 1), ["lse"]),
        (lambda z: cross_entropy(z, [0.5, 0.5]), ["lse", "z̄"]),
        (lambda z: mean(z), ["S"]),
    ],
)
def test_what_lies_within_a_loss_has_a_label_and_its_root_has_none(cost, labels):
    root = cost(values([1.0, -2.0]))
    inner = [node for node in topological_order(root) if node.parents and node is not root]
    assert sorted(node.label for node in inner) == sorted(labels)
    assert root.label == ""
