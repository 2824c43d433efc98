"""Run the command line: ``python -m neuronclaims`` is the command ``neuronclaims``."""

import sys

from neuronclaims.cli import main

if __name__ == "__main__":
    sys.exit(main())
