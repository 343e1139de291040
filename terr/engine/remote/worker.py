"""What runs on the workers of a Dask cluster.

Start one with `dask worker ADDRESS --nthreads 1 --preload terr.engine.remote.worker`, so that it has compiled what it
needs before the first call.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from typing import Any

from terr.engine.remote.calls import perform
from terr.engine.remote.versions import versions
from terr.engine.remote.wire import Packed
from terr.engine.warmup import warm
from terr.model.progress import Progress, ProgressUpdate

EVERY_S = 0.3
"""How often a call tells how far it is."""
_stopped: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()
_REMEMBERED = 1000


def dask_setup(_worker: Any) -> None:
    """Dask calls this when a worker is started with this module as its preload."""
    warm()


def own_versions() -> dict[str, str]:
    """`versions` of this worker."""
    return versions()


def keep(data: bytes) -> bytes:
    """What many calls share; the scheduler makes it anew where a worker that had it is gone."""
    return data


def stop(run: str) -> None:
    """End the calls of a run that are under way, each with the best so far."""
    with _lock:
        _stopped[run] = None
        while len(_stopped) > _REMEMBERED:
            _stopped.popitem(last=False)


def work(
    topic: str, run: str, number: int, head: bytes, digests: tuple[str, ...], watched: bool, *shared: bytes
) -> bytes:
    """One call of a run.

    Args:
        topic: where its news go.
        run, number: which one it is.
        head, digests, shared: the call, packed.
        watched: it tells how far it is.

    Returns:
        Its reply, packed.
    """
    from distributed import get_worker

    me = get_worker()
    me.log_event(topic, {"run": run, "number": number, "began": me.address})
    last = 0.0

    def told(now: ProgressUpdate) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S and math.isfinite(now.fraction):
            last = time.monotonic()
            me.log_event(topic, {"run": run, "number": number, "fraction": float(now.fraction)})

    packed = Packed(head, dict(zip(digests, shared, strict=True)))
    return perform(packed, Progress(told if watched else None, lambda: run in _stopped), watched=watched)
