"""How things are written: numbers, names, formulas and sentences.

`notation.py` sets labels, numbers and formulas as text, LaTeX and MathML; `words.py` has every
sentence, in three languages.
"""
