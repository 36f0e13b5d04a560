"""How things are written.

`formula.py` reads a formula of the table once and has the one fold over it; `notation.py` sets it
as text, LaTeX or MathML, with `figures.py` for its numbers. `names.py` says what the nodes of a
graph are called, `variables.py` what they are to the caller, `words.py` has every sentence, in
three languages, and `writer.py` is all of that in one object. `report.py` has the look of a report.
"""
