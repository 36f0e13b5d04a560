"""Gradients held against differences.

`gradients.py` has the question and the report; `differences.py` takes the differences of a recorded
graph, in as many digits as `exact.py` is asked for.
"""
