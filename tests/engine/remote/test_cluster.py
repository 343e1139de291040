"""A real Dask cluster: a scheduler and two workers, separate processes on loopback."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from terr.engine import design, frontier, rebalance
from terr.engine.executor import Threads
from terr.engine.remote import cluster as cluster_module
from terr.engine.remote.calls import designed
from terr.engine.remote.cluster import Cluster
from terr.errors import InputError, PlanError, SolveError
from terr.model.problem import Problem
from terr.model.progress import Progress, ProgressUpdate
from tests.helpers.cluster import LoopbackCluster
from tests.helpers.servers import free_port
from tests.helpers.strategies import grid

pytestmark = pytest.mark.slow
SEEDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    made = LoopbackCluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


def lumpy(side: int = 8, k: int = 4, **more: object) -> Problem:
    return grid(side, side, k, np.random.default_rng(0).lognormal(0, 1, side * side), **more)


def plans(executor: object, problem: Problem, progress: Progress | None = None) -> list[np.ndarray]:
    told = progress or Progress()
    made = executor.run(partial(designed, None, 0.3), [(problem, s) for s in SEEDS], progress=told, stage="Plan")  # type: ignore[attr-defined]
    return [r.assign for r in made]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_every_way_gives_the_same_bits(loopback: LoopbackCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of one design and of a rebalance, points of a frontier, and whole designs."""
    monkeypatch.setattr(cluster_module, "SHORT_S", 0.0)  # the steps of so small a map would stay here
    address = loopback.ready()
    p, many = lumpy(), lumpy(9, 12)
    there = Cluster(address, Threads())
    assert there.width == 2
    one, here = (design(many, seed=3, effort=0.3, executor=e) for e in (there, None))
    assert np.array_equal(one.assign, here.assign)
    assert one.objective == here.objective
    assert there.sent_calls > 20
    assert there.sent_bytes < 40 * 2**10 + 1500 * there.sent_calls  # the map travels once, not with each call
    today = lumpy(start=design(lumpy(limit=0.5), seed=9).assign, limit=0.05)
    a, b = (
        rebalance(today, seed=1, time_limit_s=None, effort=0.1, prove=False, executor=e)
        for e in (Cluster(address, Threads()), None)
    )
    assert np.array_equal(a.assign, b.assign)
    assert a.objective == b.objective
    points = [frontier(today, seed=1, points=8, executor=e, effort=0.05) for e in (Cluster(address, Threads()), None)]
    assert same([x.result.assign for x in points[0]], [x.result.assign for x in points[1]])
    seen: list[ProgressUpdate] = []
    assert same(plans(Cluster(address, Threads()), p, Progress(seen.append)), plans(Threads(), p))
    assert seen[-1].fraction == 1
    assert all(x.fraction <= y.fraction for x, y in pairwise(seen))
    assert there.notes == ()


def test_errors_come_back_as_they_are(loopback: LoopbackCluster) -> None:
    calls = [(grid(2, 2, 5), 1), (grid(3, 3, 2), 1)]
    with pytest.raises(PlanError, match="or fewer"):
        Cluster(loopback.ready(), Threads()).run(partial(designed, None, 0.1), calls, progress=Progress())
    with pytest.raises(InputError, match="TERR_SCHEDULER"):
        Cluster("10.0.0.5:8786", Threads())


def test_a_killed_worker_loses_no_run(loopback: LoopbackCluster) -> None:
    p = lumpy(24, 12)  # large enough that both workers are in their first call when one is killed
    here = plans(Threads(), p)
    for _ in range(4):  # should the moment fall between two calls of that worker, there is nothing to do again
        executor, began = Cluster(loopback.ready(), Threads()), threading.Event()

        def told(now: ProgressUpdate, began: threading.Event = began) -> None:
            if now.fraction > 0.05 and not began.is_set():
                began.set()
                loopback.kill(loopback.workers[0])

        found = plans(executor, p, Progress(told))
        assert began.is_set()
        assert same(found, here)
        if executor.notes:
            break
    assert [n.code for n in executor.notes] == ["cluster_retry"]


def test_stop_keeps_the_best_so_far(loopback: LoopbackCluster) -> None:
    stop = threading.Event()
    big = lumpy(30, 20)

    def told(now: ProgressUpdate) -> None:
        if now.fraction > 0.01:
            stop.set()

    found = Cluster(loopback.ready(), Threads()).run(
        partial(designed, 30.0, 1.0), [(big, s) for s in range(40)], progress=Progress(told, stop.is_set)
    )
    begun = [r for r in found if r is not None]
    assert 1 <= len(begun) < 8  # the others never began
    assert all(r.status in {"stopped", "limit_broken"} for r in begun)


def test_other_versions_are_refused(loopback: LoopbackCluster) -> None:
    address = loopback.ready()
    assert Cluster(address, Threads()).width == 2  # connected, as an app that runs already
    other = loopback.start_worker(other_version=True)
    loopback.wait_for(3)
    with pytest.raises(SolveError, match=r"terr 0\.0\.1 \(here .*install the same versions"):
        plans(Cluster(address, Threads()), lumpy(14, 8))
    loopback.kill(other)


def test_a_scheduler_that_is_away(loopback: LoopbackCluster) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    seen: list[str] = []
    executor = Cluster(nobody, Threads(), Progress(lambda now: seen.append(now.stage)))
    p = lumpy()
    made = design(p, seed=1, executor=executor)
    assert np.array_equal(made.assign, design(p, seed=1).assign)
    said = f"cluster at {nobody} can't be reached; this machine does the work"
    assert [e.message for e in made.explanations if e.code == "cluster_away"] == [f"the {said}"]
    assert f"The {said}" in seen


def test_a_scheduler_that_dies_in_the_middle(loopback: LoopbackCluster, caplog: pytest.LogCaptureFixture) -> None:
    address, p = loopback.ready(), lumpy(14, 8)
    executor, began = Cluster(address, Threads()), threading.Event()

    def told(now: ProgressUpdate) -> None:
        if now.fraction > 0.01 and not began.is_set():
            began.set()
            loopback.kill(loopback.scheduler)

    found = plans(executor, p, Progress(told))
    assert began.is_set()
    assert [n.message for n in executor.notes] == [f"the cluster at {address} went away; this machine does the work"]
    assert [r.message for r in caplog.records if r.name.startswith("distributed")] == []
    assert same(found, plans(Threads(), p))


def certificates(folder: Path) -> list[str]:
    """A certificate authority, a certificate of it for this machine, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir()
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, data in (("ca.pem", pem), ("cert.pem", pem), ("key.pem", secret)):
        (folder / file).write_bytes(data)
    return [str(folder / file) for file in ("ca.pem", "cert.pem", "key.pem")]


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the cluster's certificates it works; with others, nothing is sent."""
    own, others = certificates(tmp_path / "own"), certificates(tmp_path / "others")
    p = lumpy()

    def use(files: list[str]) -> None:
        for name, path in zip(cluster_module.TLS, files, strict=True):
            monkeypatch.setenv(name, path)

    secure = LoopbackCluster(tmp_path, own)
    try:
        use(own)
        there = Cluster(secure.ready(1), Threads())
        assert same(plans(there, p), plans(Threads(), p))
        assert there.notes == ()
        cluster_module.forget(secure.address)
        use(others)
        stranger = Cluster(secure.address, Threads())
        assert same(plans(stranger, p), plans(Threads(), p))
        assert [n.code for n in stranger.notes] == ["cluster_away"]
        assert stranger.sent_calls == 0
        monkeypatch.setenv("TERR_SCHEDULER_KEY", "")
        with pytest.raises(InputError, match="TERR_SCHEDULER_KEY must name a file"):
            plans(Cluster(secure.address, Threads()), p)
    finally:
        secure.close()
