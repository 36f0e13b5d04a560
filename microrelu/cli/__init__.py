"""The command line: `commands.py` explains an expression, `training.py` trains a network.

`grading.py` examines someone's engine in a process of its own. `output.py` fits what they print to
the terminal, and colours it.
"""
