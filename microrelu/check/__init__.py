"""Gradients held against differences.

`gradients.py` has the question and the verdict, `report.py` what is told of it. `differences.py`
takes the differences of a recorded graph, by formulas in as many digits as `exact.py` is asked for,
or by floats (`floats.py`) where there is no formula.
"""
