"""The graph as a graphviz picture.

`drawing.py` has `draw` and chooses the view: `nodes.py` draws a box for each node, `collapsed.py`
one for each layer, and `network.py` units with the weights as lines between them, which
`units.py` finds in a graph or a model and `places.py` puts in their places. `look.py` has limits,
colours and text; `theme.py` makes them dark; `renderer.py` has it laid out. `fonts.py` is for what
Matplotlib draws.
"""
