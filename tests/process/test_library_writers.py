"""Two processes that make and fill one library at once, and one that is killed at any moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from impromptu.backend.motion.library import Library

WRITER = textwrap.dedent("""
    import sys
    import numpy as np
    from impromptu.backend.motion.clip import Clip, Label
    from impromptu.backend.motion.library import Library

    root, who, count, batch = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    rng = np.random.default_rng(ord(who))
    print("ready", flush=True)
    sys.stdin.readline()
    library = Library.open_or_create(root)
    for start in range(0, count, batch):
        clips = []
        for i in range(start, start + batch):
            poses = rng.normal(0, 0.1, (60, 22, 3))
            clips.append(Clip(f"{who}{i}", poses, np.zeros((60, 3)), 30.0, labels=(Label(f"{who} {i}", 0, 60),)))
        library.add(clips)
        print("added", flush=True)
    library.add_labels([(None, f"text of {who}")])
""")


@pytest.fixture
def start(tmp_path):
    """Starts a writer that waits for a line before it writes."""
    running = []

    def run(who, count, batch):
        command = [sys.executable, "-c", WRITER, str(tmp_path / "lib"), who, str(count), str(batch)]
        writer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
        running.append(writer)
        assert writer.stdout.readline() == "ready\n"
        return writer

    yield run
    for writer in running:
        writer.kill()
        writer.communicate()


def go(writer):
    writer.stdin.write("\n")
    writer.stdin.flush()


def test_two_processes_add_at_once(tmp_path, start):
    writers = [start("a", 20, 1), start("b", 20, 1)]
    for writer in writers:
        go(writer)
    # A reader never sees half a library.
    while any(w.poll() is None for w in writers):
        if not (tmp_path / "lib" / "library.json").exists():
            continue
        library = Library.open(tmp_path / "lib")
        if library.entries:
            assert len(library.load(library.entries[-1].name)) == 60
        time.sleep(0.01)
    assert [w.returncode for w in writers] == [0, 0]
    library = Library.open(tmp_path / "lib")
    assert {e.name for e in library.entries} == {f"{w}{i}" for w in "ab" for i in range(20)}
    assert {t.text for t in library.texts} == {"text of a", "text of b"}
    assert library.verify() == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.06, 0.1])
def test_a_killed_writer_leaves_a_whole_library(tmp_path, start, delay):
    writer = start("k", 400, 20)
    go(writer)
    assert writer.stdout.readline() == "added\n"
    time.sleep(delay)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    library = Library.open(tmp_path / "lib")
    assert len(library.entries) >= 20
    assert len(library.entries) % 20 == 0, "a batch is added whole or not at all"
    assert library.verify() == []
    # The next writer goes on, and clears away what the killed one left.
    other = start("z", 1, 1)
    go(other)
    other.communicate()
    assert other.returncode == 0
    library = Library.open(tmp_path / "lib")
    assert library.verify() == []
    assert sorted(p.name for p in library.root.iterdir()) == [".lock", "clips", "library.json"]
    files = {f"clips/{p.name}" for p in (library.root / "clips").iterdir()}
    assert files == {e.file for e in library.entries}
