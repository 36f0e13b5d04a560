"""Numbers as a textbook sets them, and letters above and below the line."""

from __future__ import annotations

import math
from collections.abc import Mapping

RAISED = dict(zip("0123456789+−-()ijklnL", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁱʲᵏˡⁿᴸ", strict=True))
LOWERED = dict(zip("0123456789,aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉,ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def number(x: float, digits: int = 4) -> str:
    """A number as a textbook sets it: four significant digits, a true minus, powers of ten.

    A number that was rounded keeps its zeros; a shorter one is exact, to twelve digits.

    >>> number(-0.5), number(2.0), number(2.00004), number(1 / 3), number(1.5e-8), number(math.inf)
    ('−0.5', '2', '2.000', '0.3333', '1.5×10⁻⁸', '∞')
    """
    if not math.isfinite(x):
        return "NaN" if math.isnan(x) else "∞" if x > 0 else "−∞"
    whole = len(str(int(abs(x)))) if abs(x) < 1e6 else 0
    rounded, exact = f"{x + 0.0:#.{max(digits, whole)}g}", f"{x + 0.0:.12g}"
    digits_, _, exponent = rounded.partition("e")
    if float(rounded) == float(exact):
        digits_ = digits_.rstrip("0")
    raised = f"×10{indexed(str(int(exponent)), RAISED)}" if exponent else ""
    return ("0" if x == 0 else digits_.rstrip(".").replace("-", "−")) + raised


def indexed(text: str, letters: Mapping[str, str]) -> str | None:
    """The text in Unicode's raised or lowered letters; None where one is missing."""
    return "".join(map(letters.__getitem__, text)) if all(map(letters.__contains__, text)) else None
