"""The command line: `commands.py` explains an expression, `training.py` trains a network.

`output.py` fits what they print to the terminal, and colours it.
"""
