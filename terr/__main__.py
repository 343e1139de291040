"""`python -m terr`: the command line."""

import sys

from terr.cli import main

if __name__ == "__main__":
    sys.exit(main())
