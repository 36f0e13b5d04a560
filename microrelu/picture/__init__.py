"""The graph as a graphviz picture: `nodes.py` draws it."""
