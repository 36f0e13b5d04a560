"""The graph as a graphviz picture.

`drawing.py` has `draw` and chooses the view: `nodes.py` draws a box for each node, `collapsed.py`
one for each layer. `look.py` has limits, colours and text; `renderer.py` has it laid out.
"""
