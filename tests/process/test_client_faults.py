"""Blender's side of the pipe against hosts that crash, hang, babble or ignore: the next job always works."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from impromptu.addon.client.jobs import JobQueue, Timing
from impromptu.addon.client.process import HostProcess
from impromptu.backend.protocol import CheckRequest, FindRequest, Incompatible, InvalidInput, RuntimeMissing

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake hosts are told apart by POSIX signals")
ROOT = Path(__file__).parents[2]
QUICK = Timing(hello=8, silence=0.8, answer=0.4, patience=0.6, interrupt=0.8, kill=1.2, leave=0.5)
HOST = """
import json, os, signal, subprocess, sys, time
def say(type, **f): os.write(1, json.dumps(dict(type=type, **f)).encode() + b"\\n")
def hello(protocol=1): say("hello", protocol=protocol, version="t", device="cpu", memory={}, pid=os.getpid())
def progress(id, step, total=20): say("progress", id=id, stage="work", step=step, total=total, eta_s=1.0)
def result(m):
    open(os.path.join(m["folder"], "r.json"), "w").write("{}")
    say("result", id=m["id"], files={"ranking": "r.json"}, metrics={"a": 1})
def messages():
    for line in sys.stdin.buffer: yield json.loads(line)
def serve(work):
    hello()
    for m in messages():
        if m["type"] == "submit":
            say("accepted", id=m["id"]); work(m)
        elif m["type"] == "shutdown": break
def proper(m):
    for i in range(3): progress(m["id"], i)
    result(m)
def first_time(m):
    mark = os.path.join(os.path.dirname(m["folder"]), "mark")
    if os.path.exists(mark): return False
    open(mark, "w").close(); return True
"""


def host(tmp_path, body="serve(proper)", name="host.py"):
    path = tmp_path / name
    path.write_text(HOST + textwrap.dedent(body), encoding="utf-8")
    return [sys.executable, str(path)]


@pytest.fixture
def make(tmp_path):
    """Queues that are shut down at the end."""
    made = []

    def build(command, timing=QUICK, **more):
        queue = JobQueue(lambda: command, tmp_path / "jobs", tmp_path / "host.log", timing=timing, **more)
        made.append(queue)
        return queue

    yield build
    for queue in made:
        queue.shutdown()


def until(queue, true, limit=15.0):
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, "it never came to that"
        queue.tick()
        time.sleep(0.01)


def gone(pid):
    """No such process, or a zombie that its reaper has not come to yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def all_gone(pids, limit=8.0):
    end = time.monotonic() + limit
    while time.monotonic() < end and not all(map(gone, pids)):
        time.sleep(0.05)
    return all(map(gone, pids))


def test_a_proper_host_does_two_jobs(make, tmp_path):
    queue = make(host(tmp_path))
    jobs = [queue.submit(FindRequest(prompt=p), p, extra={"target": p}) for p in ("walk", "run")]
    assert [queue.wait(j.id, 15).state for j in jobs] == ["done", "done"]
    assert jobs[0].files["ranking"].is_file()
    assert jobs[0].metrics == {"a": 1}
    later = make(host(tmp_path))
    assert [(j.id, j.state, j.extra) for j in later.jobs] == [(j.id, "done", j.extra) for j in jobs]


SLOW = "serve(lambda m: ([(progress(m['id'], i), time.sleep(.03)) for i in range(20)], result(m)))"


@pytest.mark.parametrize("seed", range(6))
def test_a_host_killed_at_any_moment_fails_one_job_and_not_the_next(make, tmp_path, seed):
    queue = make(host(tmp_path, SLOW))
    first, second = (queue.submit(CheckRequest(), t) for t in "ab")
    queue.tick()
    process = queue._runner.link.process
    end = time.monotonic() + random.Random(seed).uniform(0, 0.35)
    while time.monotonic() < end:
        queue.tick()
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    queue.wait(first.id, 15)
    assert first.state == "failed"
    assert "SIGKILL" in first.error.message
    assert first.log_tail()
    assert queue.wait(second.id, 15).state == "done"
    assert all_gone([process.pid])


@pytest.mark.parametrize(
    "moment",
    [
        "os.write(2, b'last words\\n'); os._exit(3)",
        "os.write(2, b'last words\\n'); progress(m['id'], 1); os.kill(os.getpid(), 9)",
        "os.write(2, b'last words\\n'); open(m['folder'] + '/r.json', 'w').close(); os.kill(os.getpid(), 9)",
    ],
)
def test_a_crash_tells_the_last_words(make, tmp_path, moment):
    body = f"def work(m):\n    if first_time(m):\n        {moment}\n    result(m)\nserve(work)"
    queue = make(host(tmp_path, body))
    first, second = (queue.submit(CheckRequest(), t) for t in "ab")
    assert queue.wait(first.id, 15).state == "failed"
    assert "last words" in first.error.message
    assert "last words" in first.log_tail()
    assert queue.wait(second.id, 15).state == "done"
    assert queue.wait(queue.resume(first.id).id, 15).state == "done"


@pytest.mark.parametrize(
    "noise",
    [
        "b'hello world\\n'",
        "bytes(range(256)) * 20 + b'\\n'",
        'b\'{"type": "result"}\\n[1]\\nnull\\n{\\n\'',
        "b'x' * 3000000 + b'\\n'",
    ],
)
def test_garbage_is_skipped(make, tmp_path, noise):
    body = f"serve(lambda m: (sys.stdout.buffer.write({noise}), sys.stdout.flush(), proper(m)))"
    queue = make(host(tmp_path, body))
    assert queue.wait(queue.submit(CheckRequest(), "a").id, 15).state == "done"


@pytest.mark.parametrize(
    ("body", "timing"),
    [
        ("time.sleep(60)", Timing(hello=0.5)),
        ("hello(); time.sleep(60)", QUICK),
        ("serve(lambda m: time.sleep(60))", QUICK),
        ("hello()\nwhile True: os.write(1, b'endless' * 1000)", QUICK),
        ("hello()\nwhile True: say('alive', memory={}); time.sleep(.05)", QUICK),
    ],
)
def test_a_host_that_hangs_is_ended(make, tmp_path, body, timing):
    queue = make(host(tmp_path, body), timing)
    job = queue.submit(CheckRequest(), "a")
    queue.tick()
    process = queue._runner.link.process
    assert queue.wait(job.id, 15).state == "failed"
    assert job.error.hint
    assert all_gone([process.pid])


def test_cancel_is_answered_in_time_by_a_host_that_ignores_everything(make, tmp_path):
    body = """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        def work(m):
            if not first_time(m): return result(m)
            while True: progress(m["id"], 1); time.sleep(.05)
        serve(work)
    """
    queue = make(host(tmp_path, body))
    job, second = (queue.submit(CheckRequest(), t) for t in "ab")
    until(queue, lambda: job.step == 1)
    process, begun = queue._runner.link.process, time.monotonic()
    queue.cancel(job.id)
    queue.wait(job.id, 15)
    assert job.state == "cancelled"
    assert time.monotonic() - begun < 2  # the client's own limit is 0.4 s
    assert queue.wait(second.id, 15).state == "done"
    until(queue, lambda: process.closed)
    assert process.returncode == -signal.SIGKILL
    assert job.state == "cancelled"


def test_a_person_waits_no_longer_than_half_a_second_for_a_cancel():
    tick = 0.1  # one look sends the cancel, a later one finds that the answer is overdue
    assert Timing().answer + 2 * tick < 0.5


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_removed(make, tmp_path):
    queue = make(host(tmp_path, SLOW.replace(".03", ".2")))
    first, second = (queue.submit(CheckRequest(), t) for t in "ab")
    until(queue, lambda: first.step > 0)
    queue.cancel(second.id)
    assert second.state == "cancelled"
    queue.remove(first.id)
    assert queue.jobs == [second]
    assert not first.folder.exists()


def test_a_full_pipe_never_blocks(tmp_path):
    process = HostProcess(host(tmp_path, "time.sleep(60)"), tmp_path / "log")
    process.send(b"x" * 5_000_000)
    assert process.alive
    assert process._unsent
    process.close()
    assert all_gone([process.pid])


def test_a_killed_blender_leaves_no_process_and_a_resumable_job(make, tmp_path):
    deaf = """
        def work(m):
            if not first_time(m): return result(m)
            child = subprocess.Popen(["sleep", "300"])
            open(m["folder"] + "/checkpoint.npz", "w").close()
            open(m["folder"] + "/pids", "w").write(f"{os.getpid()} {child.pid}")
            time.sleep(300)
        serve(work)
    """
    script = tmp_path / "blender.py"
    script.write_text(
        "import sys, time\nfrom pathlib import Path\nfrom impromptu.addon.client.jobs import JobQueue\n"
        "from impromptu.backend.protocol import CheckRequest\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"q = JobQueue(lambda: {host(tmp_path, deaf)!r}, folder / 'jobs', folder / 'log')\n"
        "q.submit(CheckRequest(), 'a'); q.submit(CheckRequest(), 'b')\nwhile True: q.tick(); time.sleep(.02)\n",
        encoding="utf-8",
    )
    blender = subprocess.Popen([sys.executable, str(script)], cwd=tmp_path)
    try:
        end, pids = time.monotonic() + 20, []
        while len(pids) < 2 and time.monotonic() < end:
            time.sleep(0.05)
            pids = [int(p) for f in (tmp_path / "jobs").glob("*/pids") for p in f.read_text().split()]
        assert len(pids) == 2
        assert make(["none"]).jobs == [], "an open Blender's jobs are its own"
    finally:
        blender.kill()
        blender.wait()
    assert all_gone(pids)
    queue = make(host(tmp_path, deaf))
    assert [(j.state, j.resumable) for j in queue.jobs] == [("failed", True)] * 2
    job = next(j for j in queue.jobs if j.has_checkpoint)
    assert "Blender was closed" in job.error.message
    assert queue.wait(queue.resume(job.id).id, 15).state == "done"


def test_what_a_crashed_host_started_goes_too(make, tmp_path):
    body = """
        def work(m):
            child = subprocess.Popen(["sleep", "300"])
            open(m["folder"] + "/pid", "w").write(str(child.pid)); os.kill(os.getpid(), 9)
        serve(work)
    """
    queue = make(host(tmp_path, body))
    job = queue.submit(CheckRequest(), "a")
    assert queue.wait(job.id, 15).state == "failed"
    assert all_gone([int((job.folder / "pid").read_text())])


def test_no_host_and_another_version_say_what_to_do(make, tmp_path):
    queue = make(["/nowhere/python"])
    job = queue.wait(queue.submit(CheckRequest(), "a").id, 15)
    assert isinstance(job.error, RuntimeMissing)
    assert job.error.hint
    queue = make(host(tmp_path, "hello(99); time.sleep(60)"))
    assert isinstance(queue.wait(queue.submit(CheckRequest(), "a").id, 15).error, Incompatible)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "missing.npz", 3])
def test_a_result_outside_the_folder_or_missing_fails(make, tmp_path, name):
    body = f"serve(lambda m: say('result', id=m['id'], files={{'a': {name!r}}}, metrics={{}}))"
    queue = make(host(tmp_path, body))
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "outside").touch()
    assert queue.wait(queue.submit(CheckRequest(), "a").id, 15).state == "failed"


def test_a_folder_that_cannot_be_written_is_one_sentence(make, tmp_path, monkeypatch):
    (tmp_path / "jobs").write_text("a file")
    with pytest.raises(InvalidInput, match="cannot be written"):
        make(host(tmp_path)).submit(CheckRequest(), "a")


def test_a_disk_that_fills_up_is_a_warning(make, tmp_path, monkeypatch):
    queue = make(host(tmp_path))
    job = queue.submit(CheckRequest(), "a")

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("impromptu.addon.client.store.write_json", full)
    assert queue.wait(job.id, 15).state == "done"
    assert "No space left" in queue.warning


def test_old_jobs_are_pruned_but_no_checkpoint(make, tmp_path):
    queue = make(host(tmp_path), keep=2)
    jobs = []
    for i in range(4):
        jobs.append(queue.submit(CheckRequest(), str(i)))
        queue.cancel(jobs[-1].id)
        if i == 0:
            (jobs[0].folder / "checkpoint.npz").touch()
    queue.submit(CheckRequest(), "last")
    assert [j.title for j in queue.jobs] == ["0", "2", "3", "last"]
    assert not jobs[1].folder.exists()


def test_damaged_job_folders_are_no_reason_to_fail(make, tmp_path):
    for name, text in (("a", "{"), ("b", "[]"), ("c", json.dumps({"kind": "check", "params": {}}))):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        (tmp_path / "jobs" / name / "request.json").write_text(text)
    assert [(j.id, j.state) for j in make(["none"]).jobs] == [("c", "failed")]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("state.json", '{"state": "failed", "step": 1' + "0" * 400 + "}"),
        ("state.json", '{"state": 5, "files": 7, "stage": {}, "step": "x", "preview": 5, "owner": [1], "error": []}'),
        ("state.json", '{"state": "failed", "stage": "\\ud800", "error": {"message": "\\ud800", "hint": 5}}'),
        ("state.json", "[" * 100_000),
        ("request.json", '{"kind": "check", "params": {}, "title": "\\udcff", "created": 1' + "0" * 400 + "}"),
        ("request.json", '{"kind": ["check"], "params": {}}'),
    ],
)
def test_odd_values_in_a_job_folder_are_read_as_lost(make, tmp_path, file, text):
    folder = tmp_path / "jobs" / "odd"
    folder.mkdir(parents=True)
    (folder / "request.json").write_text('{"kind": "check", "params": {}}')
    (folder / file).write_text(text)
    jobs = make(["none"]).jobs
    assert [job.state for job in jobs] == ["failed"] * len(jobs)
    for job in jobs:
        # What a panel shows has to be text that UTF-8 has.
        f"{job.title}{job.stage}{job.error}".encode()
