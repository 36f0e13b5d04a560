import math
import sys
from collections import Counter

import pytest

from microrelu.datasets import digits, moons, spirals, xor


@pytest.mark.parametrize("make", [moons, spirals])
def test_the_seed_decides(make):
    assert make(seed=1) == make(seed=1) != make(seed=2)


def test_moons_without_noise_lie_on_two_half_circles():
    inputs, targets = moons(101, noise=0.0, seed=3)
    assert Counter(targets) == {-1: 51, 1: 50}
    for (x, y), target in zip(inputs, targets, strict=True):
        if target == 1:
            x, y = 1 - x, 0.5 - y
        assert math.hypot(x, y) == pytest.approx(1)
        assert y >= 0


def test_noise_is_a_standard_deviation():
    clean, noisy = (moons(2000, noise, seed=0)[0] for noise in (0.0, 0.25))
    assert len(clean) == len(noisy) == 2000
    around = [math.hypot(x, y) - 1 for x, y in noisy[::2]]  # of the upper moon
    deviation = math.sqrt(sum(d * d for d in around) / len(around))
    assert deviation == pytest.approx(0.25, rel=0.1)


def test_spirals_without_noise_wind_from_the_centre_to_the_unit_circle():
    inputs, targets = spirals(90, classes=3, noise=0.0)
    assert Counter(targets) == {0: 30, 1: 30, 2: 30}
    for arm in range(3):
        radii = [math.hypot(*x) for x, t in zip(inputs, targets, strict=True) if t == arm]
        assert radii == sorted(radii)
        assert radii[-1] == pytest.approx(1)
    x, y = inputs[1]  # class 1 starts a third of a turn on
    assert math.atan2(y, x) == pytest.approx(2 * math.pi / 3 + 4 / 30)


def test_xor_is_a_truth_table():
    inputs, targets = xor()
    assert [bool(a) != bool(b) for a, b in inputs] == targets


def test_digits_are_ink_from_zero_to_one():
    inputs, targets = digits()
    assert len(inputs) == len(targets) == 1797
    assert {len(image) for image in inputs} == {64}
    assert (min(map(min, inputs)), max(map(max, inputs))) == (0.0, 1.0)
    assert set(targets) == set(range(10))
    assert (type(inputs[0][0]), type(targets[0])) == (float, int)


def test_digits_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r'scikit-learn: pip install "microrelu\[digits\]"'):
        digits()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: moons(0), "n ≥ 1 points and noise ≥ 0, not n = 0, noise = 0.1."),
        (lambda: spirals(noise=-1.0), "noise = -1.0"),
        (lambda: spirals(classes=0), "A data set has at least one class."),
    ],
)
def test_errors_are_sentences(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
