"""The chain rule shown, node by node.

`sweep.py` has the backward pass as records, one for each node; `reasons.py` says why a step is as
it is, `holds.py` whether what was recorded still holds; `graph.py` is the finished sweep.
`derivations.py` writes one derivative out, with its closed form from `closed_form.py`;
`explanation.py` tells the whole pass. `structure.py` finds the layers of a network, and
`by_layers.py` writes its gradients layer by layer, each an `equation.py`; `telling.py` gives these
their headings, `forward.py` tells how the nodes were made, and what is too much for either is one
of `tables.py`. `matrices.py` tells both in matrices. `display.py` is what a notebook shows of a
single Value.
"""
