"""The most memory a process has held, on every system the app runs on."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_mb() -> float:
    """Of this process, in MB of 2**20 bytes.

    On Linux from /proc: `ru_maxrss` there counts the process that forked it as well.
    """
    if sys.platform == "linux":
        told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
        return int(told["VmHWM"].split()[0]) / 1024
    if sys.platform == "win32":
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS tells bytes
