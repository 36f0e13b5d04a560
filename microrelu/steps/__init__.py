"""The chain rule shown, node by node.

`sweep.py` has the backward pass as records, one for each node; `reasons.py` says why a step is as
it is, `holds.py` whether what was recorded still holds; `graph.py` is the finished sweep.
`derivations.py` writes one derivative out, with its closed form from `closed_form.py`;
`explanation.py` tells the whole pass. `structure.py` finds the layers of a network, and
`by_layers.py` writes its gradients layer by layer; `telling.py` gives these their headings.
`display.py` is what a notebook shows of a single Value.
"""
