"""The exponential, the logarithm and tanh in plain arithmetic, for the loops of the tape.

C's `exp` takes one number; this, which is compiled into a loop, takes as many at once as a vector
register holds. Results are within three units in the last place of those of `math`. `compiled.py`
compiles it.
"""

from __future__ import annotations

import math
import struct

LOG_2, HIGH, LOW = 0.6931471805599453, 0.6931471803691238, 1.9082149292705877e-10  # log 2 in parts
ROUND = 1.5 * 2.0**52  # a float near it has no digits behind the point
SQRT_HALF = 0.7071067811865476


def bits(x: float) -> int:
    """The 64 bits of a float, as an integer."""
    (whole,) = struct.unpack("<q", struct.pack("<d", x))
    return int(whole)


def from_bits(whole: int) -> float:
    """The float of these bits."""
    (x,) = struct.unpack("<d", struct.pack("<Q", whole % 2**64))
    return float(x)


def power_of_two(n: float) -> float:
    """2ⁿ for a whole number n from −1022 to 1023: its exponent is n + 1023, in the bits from 52."""
    return from_bits((bits(n + ROUND) - bits(ROUND) + 1023) << 52)


def reduced(x: float) -> tuple[float, float]:
    """n and eʳ − 1 with x = n log 2 + r: the first terms of r + r²/2! + … for |r| ≤ ½ log 2."""
    n = (x * (1.0 / LOG_2) + ROUND) - ROUND
    r = x - n * HIGH - n * LOW
    q = r * r  # side by side, not one term after the other
    low = (1.0 / 2 + 1.0 / 6 * r) + q * (1.0 / 24 + 1.0 / 120 * r)
    middle = (1.0 / 720 + 1.0 / 5040 * r) + q * (1.0 / 40320 + 1.0 / 362880 * r)
    high = (1.0 / 3628800 + 1.0 / 39916800 * r) + q * (1.0 / 479001600 + 1.0 / 6227020800 * r)
    return n, r + q * (low + q * q * (middle + q * q * high))


def exp(x: float) -> float:
    """eˣ = 2ⁿ eʳ."""
    n, less = reduced(800.0 if x > 800.0 else -800.0 if x < -800.0 else x)
    half = (0.5 * n + ROUND) - ROUND  # 2ⁿ may be beyond the largest float, or below the smallest
    return (1.0 + less) * power_of_two(half) * power_of_two(n - half)


def exp_less_1(x: float) -> float:
    """eˣ − 1 = 2ⁿ (eʳ − 1) + 2ⁿ − 1, from −40 to 40."""
    n, less = reduced(x)
    power = power_of_two(n)
    return power * less + (power - 1.0)


def expm1(x: float) -> float:
    """eˣ − 1, which is −1 up to −40, and eˣ from 40 on."""
    less = exp_less_1(40.0 if x > 40.0 else -40.0 if x < -40.0 else x)
    return exp(x) if x > 40.0 else less


def tanh(x: float) -> float:
    """(e²ˣ − 1) / (e²ˣ + 1), which is 1 from 20 on."""
    less = exp_less_1(40.0 if abs(x) > 20.0 else 2.0 * abs(x))
    return -less / (less + 2.0) if x < 0.0 else less / (less + 2.0)


def log(x: float) -> float:
    """n log 2 + log m with x = 2ⁿ m and m near 1: 2 (s + s³/3 + …), where s = (m − 1) / (m + 1)."""
    scaled = x * 2.0**54 if x < 2.0**-1022 else x
    exponent = (bits(scaled) - bits(SQRT_HALF)) >> 52
    m = from_bits(bits(scaled) - (exponent << 52))
    n = from_bits(exponent + bits(ROUND)) - ROUND - (54.0 if x < 2.0**-1022 else 0.0)
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    low = (1.0 / 3 + 1.0 / 5 * q) + q * q * (1.0 / 7 + 1.0 / 9 * q)
    middle = (1.0 / 11 + 1.0 / 13 * q) + q * q * (1.0 / 15 + 1.0 / 17 * q)
    terms = q * (low + q**4 * (middle + q**4 * (1.0 / 19 + 1.0 / 21 * q)))
    found = n * HIGH + (2.0 * s + (2.0 * s * terms + n * LOW))
    return found if 0.0 < x < math.inf else x if x > 0.0 else -math.inf if x == 0.0 else math.nan


def log1p(x: float) -> float:
    """log(1 + x), and what 1 + x lost in rounding."""
    whole = 1.0 + x
    lost = (x - (whole - 1.0)) / whole if 0.0 < whole < math.inf else 0.0
    return log(whole) + lost


FUNCTIONS = (exp, expm1, log, log1p, tanh)
