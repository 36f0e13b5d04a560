"""What is told of a whole.

`health.py` has the layers of a network, each with its numbers and its dead units; `plotting.py`
draws numbers layer by layer on a log scale. `mistakes.py` names what explains a wrong gradient of
someone else's engine, and `diagnosis.py` holds a graph of it against ours;
`examination.py` has `diagnose`, of a graph or of the class.
"""
