"""`python -m microrelu` is the command line; it stands in `cli/commands.py`."""

import sys

from microrelu.cli.commands import main

if __name__ == "__main__":
    sys.exit(main())
