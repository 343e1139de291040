"""Writes the registry as text to stdout: `python -m terr.metrics > docs/metrics.md`."""

import sys

from terr.metrics.registry import markdown

sys.stdout.write(markdown())
