"""`python -m terr`: the command line."""

import sys

from terr.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
