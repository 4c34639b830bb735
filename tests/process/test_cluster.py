"""Sets of pictures from two worker processes: nothing is lost or doubled, whatever happens to a worker."""

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")

from impromptu.backend import children  # noqa: E402
from impromptu.backend.blender import find_blender  # noqa: E402
from impromptu.backend.pictures import cluster as cluster_module  # noqa: E402
from impromptu.backend.pictures import engines, hands, plans, store, taking  # noqa: E402
from impromptu.backend.pictures.cluster import run  # noqa: E402
from impromptu.backend.pictures.farm import Pace  # noqa: E402
from impromptu.backend.pictures.requests import ShapesRequest  # noqa: E402
from impromptu.backend.protocol import (  # noqa: E402
    ImpromptuError,
    Incompatible,
    InvalidInput,
    JobCancelled,
    RuntimeMissing,
)

STAND_IN = Path(__file__).with_name("cluster_stand_in.py")
REAL = plans.PLANS["shapes"], engines.ENGINES["raster"]
QUICK = Pace(task_s=0.2, late_s=2.0)
PATIENT = Pace(task_s=0.2, late_s=60.0)
"""For faults that must be heard: what is late goes to another worker, and then nobody hears how it ended."""
DASK = [sys.executable, "-m", "dask"]
CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
import cluster_stand_in
cluster_stand_in.install()
from pathlib import Path
from test_cluster import REQUEST, QUICK, take_set
take_set(Path(sys.argv[2]), REQUEST, sys.argv[3], lambda taken: print(taken.index, flush=True))
"""
REQUEST = ShapesRequest(count=60, views=2, size=16, engine="raster", seed=3)


def take_set(folder, request, address="", hear=lambda taken: None, tell=lambda line: None, pace=QUICK):
    """A whole set in a folder, from a cluster or, without an address, from here."""
    total = len(taking.plan_of(request))
    identity = {"request": {"seed": request.seed}, "fingerprint": taking.fingerprint(request)}
    with store.open_store(folder, identity, total) as opened:
        missing = opened.missing(total)
        if address:
            pictures = run(request, missing, address, tell=tell, pace=pace)
        else:
            pictures = taking.take(request, missing, engines.open_engine(request))
        with contextlib.closing(pictures):
            for taken in pictures:
                opened.add(taken)
                hear(taken)
        opened.finish(total)
    return missing


def files(folder):
    """Every file of a set, and its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """The stand-in for a plan and an engine, in this process too."""
    spec = importlib.util.spec_from_file_location("cluster_stand_in", STAND_IN)
    module = importlib.util.module_from_spec(spec)
    before = dict(plans.PLANS), dict(engines.ENGINES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STAND_IN.parent)
        for name in ("IDLE_S", "CODE"):
            patch.setattr(hands, name, getattr(hands, name))
        spec.loader.exec_module(module)
        module.FOLDER = tmp_path_factory.mktemp("own")
        module.install()
        taking.plan_of.cache_clear()
        yield module
        plans.PLANS.update(before[0])
        engines.ENGINES.update(before[1])
        taking.plan_of.cache_clear()


@pytest.fixture(scope="module")
def farm(stand_in, tmp_path_factory):
    """Two worker processes, started again by their nannies when they die, and the folder of their faults."""
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPROMPTU_TEST_FAULTS", str(folder))
        with local_cluster(2) as cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield Farm(cluster, folder, client)


def local_cluster(workers):
    """Worker processes, with Dask's nannies."""
    return distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=":0", preload=[str(STAND_IN)],
        silence_logs=50,
    )  # fmt: skip


class Farm:
    """What tests do to a cluster."""

    def __init__(self, cluster, folder, client):
        self.cluster, self.folder, self.client = cluster, folder, client
        self.address = cluster.scheduler_address

    def complete(self):
        """Have both workers there: a nanny gives up where its worker ends before it has quite begun."""
        end = time.monotonic() + 10
        while len(self.client.nthreads()) != 2:
            time.sleep(0.05)
            if time.monotonic() > end:
                self.cluster.scale(0)
                wait_for(lambda: not self.client.nthreads())
                self.cluster.scale(2)
                wait_for(lambda: len(self.client.nthreads()) == 2)

    def order(self, fault):
        (self.folder / fault).touch()

    def pids(self):
        return self.client.run(os.getpid)

    def tasks(self):
        """Tasks that any worker still has."""
        return [key for keys in self.client.processing().values() for key in keys]

    def quiet(self):
        """Whether no worker is at anything: what was cancelled goes on for a moment, and could take up a fault."""
        busy = self.client.run(lambda dask_worker: len(dask_worker.state.executing))
        return not self.tasks() and not any(busy.values())

    def idle(self):
        """Whether no worker has an engine open."""
        return not any((self.folder / f"open-{pid}").exists() for pid in self.pids().values())


@pytest.fixture
def cluster(farm):
    """The cluster with both workers there and at rest, and no fault ordered."""
    farm.complete()
    wait_for(farm.quiet)
    for path in farm.folder.iterdir():
        if not path.name.startswith("open"):
            path.unlink()
    return farm


@pytest.fixture(scope="module")
def alone(stand_in, tmp_path_factory):
    """What one machine makes of the request."""
    folder = tmp_path_factory.mktemp("alone") / "set"
    take_set(folder, REQUEST)
    return files(folder)


def test_a_cluster_makes_the_bytes_of_one_machine(cluster, alone, tmp_path):
    lines = []
    take_set(tmp_path / "set", REQUEST, cluster.address, tell=lines.append)
    assert files(tmp_path / "set") == alone
    assert len(alone) == 2 + len(taking.plan_of(REQUEST)) + 1
    assert any("2" in line and line.startswith("Workers") for line in lines)


def test_a_worker_that_is_killed_costs_nothing_but_time(cluster, alone, tmp_path):
    seen = []

    def hear(taken):
        seen.append(taken.index)
        if len(seen) == 5:
            os.kill(min(cluster.pids().values()), signal.SIGKILL)

    take_set(tmp_path / "set", REQUEST, cluster.address, hear)
    assert files(tmp_path / "set") == alone
    assert sorted(seen) == list(range(120))


def test_a_worker_that_dies_of_its_task_is_replaced(cluster, alone, tmp_path):
    cluster.order("die")
    lines = []
    take_set(tmp_path / "set", REQUEST, cluster.address, tell=lines.append)
    assert files(tmp_path / "set") == alone
    assert any("lost" in line for line in lines)


def test_what_a_slow_worker_does_not_bring_another_one_does(cluster, alone, tmp_path):
    cluster.order("sleep")
    seen, lines = [], []
    take_set(tmp_path / "set", REQUEST, cluster.address, lambda t: seen.append(t.index), lines.append)
    assert files(tmp_path / "set") == alone
    assert sorted(seen) == list(range(120))
    assert any("takes long" in line for line in lines)
    wait_for(lambda: (cluster.folder / "woken").exists())


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_fault_on_one_worker_is_tried_on_another(cluster, alone, tmp_path):
    cluster.order("fail")
    lines = []
    take_set(tmp_path / "set", REQUEST, cluster.address, tell=lines.append, pace=PATIENT)
    assert files(tmp_path / "set") == alone
    assert any("ZeroDivisionError" in line and "tcp://" in line for line in lines)


def test_what_fails_everywhere_ends_the_run_with_its_reason(cluster, tmp_path):
    cluster.order("faulty-50")
    with pytest.raises(ImpromptuError, match=r"tcp://.*ZeroDivisionError"):
        take_set(tmp_path / "set", REQUEST, cluster.address, pace=PATIENT)
    wait_for(lambda: not cluster.tasks())


def test_pictures_that_end_every_worker_are_named(cluster, alone, tmp_path):
    cluster.order("deadly-50")
    with pytest.raises(ImpromptuError, match=r"[Pp]ictures? .*ended 2 workers.*tcp://.*memory"):
        take_set(tmp_path / "set", REQUEST, cluster.address, pace=Pace(task_s=0.2, losses=1))
    (cluster.folder / "deadly-50").unlink()
    # What could be taken before is kept.
    assert len(take_set(tmp_path / "set", REQUEST, cluster.address)) < 120
    assert files(tmp_path / "set") == alone


def test_a_worker_without_an_engine_is_left_out(cluster, alone, tmp_path):
    wait_for(cluster.idle)
    cluster.order("no-engine")
    lines = []
    take_set(tmp_path / "set", REQUEST, cluster.address, tell=lines.append)
    assert files(tmp_path / "set") == alone
    assert any("tcp://" in line and "Blender is not installed" in line and "left out" in line for line in lines)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"version": "0.0.9"}, "0.0.9"), ({"code": "x"}, "other code"), ({"fingerprint": "x"}, "library or body")],
)
def test_a_worker_that_differs_is_refused(cluster, tmp_path, monkeypatch, changed, words):
    before = cluster_module.identity
    monkeypatch.setattr(cluster_module, "identity", lambda request: before(request) | changed)
    with pytest.raises(Incompatible, match=rf"tcp://.*{words}"):
        take_set(tmp_path / "set", REQUEST, cluster.address)
    assert not list((tmp_path / "set").rglob("*.png"))


def test_a_cancelled_run_leaves_the_cluster_idle_and_resumes(cluster, alone, tmp_path):
    seen = []

    def cancel(taken):
        seen.append(taken.index)
        if len(seen) == 20:
            raise JobCancelled("Cancelled.")

    with pytest.raises(JobCancelled):
        take_set(tmp_path / "set", REQUEST, cluster.address, cancel)
    wait_for(lambda: not cluster.tasks())
    missing = take_set(tmp_path / "set", REQUEST, cluster.address)
    assert not set(missing) & set(seen)
    assert len(missing) == 100
    assert files(tmp_path / "set") == alone


def test_a_cancel_is_heard_while_every_worker_is_busy(cluster, tmp_path):
    cluster.order("sleep")
    began = []

    def check():
        if list(cluster.folder.glob("sleep-by-*")):
            began.append(True)
            raise JobCancelled("Cancelled.")

    with pytest.raises(JobCancelled), contextlib.closing(run(REQUEST, range(120), cluster.address, check)) as all_:
        list(all_)
    # The worker's task ends too, though nobody waits for it.
    wait_for(lambda: (cluster.folder / "woken").exists())


def test_a_client_that_is_killed_resumes(cluster, alone, tmp_path):
    command = [sys.executable, "-c", CLIENT, str(STAND_IN.parent), str(tmp_path / "set"), cluster.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        seen = [int(client.stdout.readline()) for _ in range(10)]
        client.kill()
    wait_for(lambda: not cluster.tasks())
    missing = take_set(tmp_path / "set", REQUEST, cluster.address)
    assert not set(missing) & set(seen)
    assert files(tmp_path / "set") == alone


def test_a_worker_that_joins_is_used(cluster, alone, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "LOOK_S", 0.1)
    joined, lines = [], []

    def hear(taken):
        if not joined:
            joined.append(worker(cluster.address, cluster.folder))
        elif len(joined) == 1:
            wait_for(lambda: len(cluster.pids()) == 3)
            joined.append(True)

    try:
        take_set(tmp_path / "set", REQUEST, cluster.address, hear, lines.append)
        assert (cluster.folder / f"opened-{joined[0].pid}").exists()
    finally:
        joined[0].terminate()
        joined[0].wait()
    assert files(tmp_path / "set") == alone
    assert "Workers: 3, 1 new." in lines


def worker(address, faults):
    """One more worker process."""
    options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--preload", str(STAND_IN)]
    environment = os.environ | {"IMPROMPTU_TEST_FAULTS": str(faults)}
    return subprocess.Popen([*DASK, "worker", address, *options], env=environment, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9"])
def test_a_scheduler_that_is_not_there_is_one_sentence(stand_in, monkeypatch, address):
    monkeypatch.setattr(cluster_module, "CONNECT_S", 1)
    with pytest.raises(RuntimeMissing, match="No Dask scheduler answers at"):
        next(run(REQUEST, [0], address))


@pytest.mark.parametrize("address", ["http://127.0.0.1:8787", "localhost", "", "tls://127.0.0.1:9", "tcp://"])
def test_an_address_that_is_none_is_told(stand_in, address):
    with pytest.raises(InvalidInput):
        next(run(REQUEST, [0], address))


def test_a_scheduler_that_dies_is_one_sentence(stand_in, tmp_path):
    told = tmp_path / "scheduler.json"
    scheduler = subprocess.Popen(
        [*DASK, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)],
        stderr=subprocess.DEVNULL,
    )
    wait_for(told.exists)
    wait_for(lambda: told.read_text().strip().endswith("}"))
    address = json.loads(told.read_text())["address"]
    only = worker(address, tmp_path)
    try:
        with pytest.raises(RuntimeMissing, match=r"has gone.*same command"):
            take_set(tmp_path / "set", REQUEST, address, lambda taken: scheduler.kill())
    finally:
        for process in (scheduler, only):
            process.kill()
            process.wait()
    assert list((tmp_path / "set").rglob("*.png"))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_real_engines_make_the_same_bytes_and_leave_no_blender(tmp_path, monkeypatch):
    """Ours, and Cycles where there is a Blender, one of whose workers is killed."""
    monkeypatch.setitem(plans.PLANS, "shapes", REAL[0])
    monkeypatch.setitem(engines.ENGINES, "raster", REAL[1])
    monkeypatch.setattr(hands, "CODE", "the same")
    monkeypatch.delenv("IMPROMPTU_TEST_FAULTS", raising=False)
    taking.plan_of.cache_clear()
    sets = [ShapesRequest(count=3, size=32, engine="raster", parts=True)]
    try:
        find_blender()
        sets.append(ShapesRequest(count=3, size=32, engine="cycles", samples=1))
    except RuntimeMissing as error:
        print(f"Without Cycles: {error}")
    with local_cluster(2) as cluster, distributed.Client(cluster, set_as_default=False) as client:
        for request in sets:
            take_set(tmp_path / request.engine, request)
            folder, victims = tmp_path / f"{request.engine}-cluster", []

            def kill(taken, kind=request.engine, victims=victims):
                if kind == "cycles" and not victims:
                    victims += blenders(client)
                    os.kill(max(client.run(os.getpid).values()), signal.SIGKILL)

            take_set(folder, request, cluster.scheduler_address, kill, pace=Pace(first=1))
            assert files(folder) == files(tmp_path / request.engine)
        left = {*victims, *blenders(client)}
    assert victims or len(sets) == 1
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))


def blenders(client):
    """Process ids of the Blenders that workers have, on Linux."""
    return [pid for pids in client.run(children._descendants).values() for pid in pids if is_blender(pid)]


def is_blender(pid):
    with contextlib.suppress(OSError):
        return b"rendering/pictures.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
