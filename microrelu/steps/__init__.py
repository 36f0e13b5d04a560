"""The chain rule shown, node by node.

`sweep.py` has the backward pass as records, one for each node; `reasons.py` says why a step is as
it is; `derivations.py` writes one derivative, or the whole pass, out; `closed_form.py` asks SymPy.
"""
