"""Fonts for Matplotlib: its own, and one of the system's for the letters that its own lacks."""

from __future__ import annotations

import contextlib
from typing import Any

OWN = "DejaVu Sans"  # comes with Matplotlib
# What has the letters of Chinese and Japanese on Linux, macOS and Windows
FONTS = ("Noto Sans CJK JP", "IPAexGothic", "Hiragino Sans", "Yu Gothic", "MS Gothic")


def fallback() -> str | None:
    """A font with the letters that Matplotlib's own lacks, where there is one."""
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((name for name in FONTS if name in known), None)


def families(text: str) -> list[str]:
    """The fonts that have every letter of the text.

    Raises:
        ValueError: there is a letter that none of them has.
    """
    lacking = _lacking(text, OWN)
    if not lacking:
        return [OWN]
    other = fallback() or _found_anew()
    if other is not None:
        lacking = _lacking(lacking, other)
    if other is None or lacking:
        raise ValueError(
            f"No font that Matplotlib finds here has {', '.join(lacking[:5])}: for Japanese and "
            "Chinese install Noto Sans CJK (Debian and Ubuntu: apt install fonts-noto-cjk); "
            "for other letters write other labels."
        )
    return [OWN, other]


def _lacking(text: str, family: str) -> str:
    """The letters of the text that the font has not, each once."""
    from matplotlib import font_manager

    font: Any = font_manager.get_font(font_manager.findfont(family))
    return "".join(letter for letter in dict.fromkeys(text) if not font.get_char_index(ord(letter)))


def _found_anew() -> str | None:
    """What was installed since Matplotlib last looked what fonts there are."""
    from matplotlib import font_manager

    with contextlib.suppress(ValueError, IndexError):
        font_manager.findfont(FONTS[0], fallback_to_default=False)  # which looks again
    return fallback()
