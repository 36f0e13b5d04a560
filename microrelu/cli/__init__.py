"""The command line: `commands.py` explains an expression, `training.py` trains a network."""
