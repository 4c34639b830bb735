"""The folder of a set: nothing twice, nothing broken, nothing of another set, however a run ends."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from impromptu.backend.pictures import store as store_module
from impromptu.backend.pictures.store import JOURNAL, MANIFEST, open_store
from impromptu.backend.pictures.taking import Taken, parts_name, picture_name
from impromptu.backend.protocol import InvalidInput

RUN = """
import hashlib, os, sys, time
from pathlib import Path
from impromptu.backend.pictures.store import open_store
from impromptu.backend.pictures.taking import Taken, parts_name, picture_name

folder, total, log = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])

def take(index):
    picture = hashlib.sha256(b"picture%d" % index).digest() * 400
    parts = hashlib.sha256(b"parts%d" % index).digest() * 40
    sums = [hashlib.sha256(c).hexdigest() for c in (picture, parts)]
    row = {"index": index, "file": picture_name(index, "png"), "sha256": sums[0], "parts": parts_name(index),
           "parts_sha256": sums[1], "label": "l\\u00e4uft"}
    with open(log, "a") as stream:
        stream.write(f"{index}\\n")
    time.sleep(0.0005)
    return Taken(index, picture, parts, row)

with open_store(folder, {"request": {"seed": 1}, "fingerprint": "f"}, total) as store:
    print("open", flush=True)
    for index in store.missing(total):
        store.add(take(index))
    store.finish(total)
"""
IDENTITY = {"request": {"seed": 1, "count": 3}, "fingerprint": "f"}


def taken(index, content=b"picture", parts=b""):
    row = {"index": index, "file": picture_name(index, "png"), "sha256": hashlib.sha256(content).hexdigest()}
    if parts:
        row |= {"parts": parts_name(index), "parts_sha256": hashlib.sha256(parts).hexdigest()}
    return Taken(index, content, parts, row)


def fill(folder, count, total, identity=IDENTITY, again=False):
    """Take the first missing pictures, `count` at most; the indices that were missing."""
    with open_store(folder, identity, total, again) as store:
        missing = store.missing(total)
        for index in missing[:count]:
            store.add(taken(index))
        if not store.missing(total):
            store.finish(total)
    return missing


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def start(folder, total, log):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), str(total), str(log)], stdout=subprocess.PIPE, text=True
    )


def test_a_run_killed_at_any_moment_is_gone_on_with_and_gives_the_same_set(tmp_path):
    total, whole = 1200, tmp_path / "whole"
    assert start(whole, total, tmp_path / "whole.log").wait(60) == 0
    lots, folder, log, kills = random.Random(5), tmp_path / "killed", tmp_path / "killed.log", 0
    while kills < 5:
        child = start(folder, total, log)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(lots.uniform(0.02, 0.25))
        child.send_signal(signal.SIGKILL) if os.name != "nt" else child.kill()
        if child.wait(60) == 0:
            break
        kills += 1
    assert kills >= 3, "the machine is too fast for this test: raise `total`"
    assert start(folder, total, log).wait(60) == 0
    assert files_of(folder) == files_of(whole)
    renders = [int(line) for line in log.read_text().split()]
    # Only what was under way at a kill was taken a second time.
    assert total <= len(renders) <= total + kills


def test_a_torn_line_and_a_broken_picture_are_taken_again_and_nothing_else(tmp_path):
    assert fill(tmp_path, 4, 6) == [0, 1, 2, 3, 4, 5]
    journal = tmp_path / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-9])
    (tmp_path / picture_name(1, "png")).write_bytes(b"half")
    assert fill(tmp_path, 9, 6) == [1, 3, 4, 5]
    assert not journal.exists()
    rows = [json.loads(line) for line in (tmp_path / MANIFEST).read_text().splitlines()]
    assert [r["index"] for r in rows] == list(range(6))
    assert (tmp_path / picture_name(1, "png")).read_bytes() == b"picture"


def test_a_whole_set_lacks_nothing_until_a_picture_is_lost(tmp_path):
    fill(tmp_path, 3, 3)
    before = files_of(tmp_path)
    assert fill(tmp_path, 3, 3) == []
    assert files_of(tmp_path) == before
    (tmp_path / picture_name(2, "png")).unlink()
    assert fill(tmp_path, 3, 3) == [2]
    assert files_of(tmp_path) == before


def test_a_lost_map_of_parts_is_a_lost_picture(tmp_path):
    with open_store(tmp_path, IDENTITY, 1) as store:
        store.add(taken(0, parts=b"parts"))
    (tmp_path / parts_name(0)).write_bytes(b"other")
    with open_store(tmp_path, IDENTITY, 1) as store:
        assert store.missing(1) == [0]


def test_a_picture_that_comes_twice_is_kept_once(tmp_path):
    with open_store(tmp_path, IDENTITY, 1) as store:
        store.add(taken(0))
        store.add(taken(0, b"another"))
        manifest = store.finish(1)
    assert len(manifest.read_text().splitlines()) == 1
    assert (tmp_path / picture_name(0, "png")).read_bytes() == b"picture"


def test_a_larger_count_goes_on_and_a_smaller_one_is_refused(tmp_path):
    fill(tmp_path, 3, 3)
    more = {"request": {"seed": 1, "count": 5}, "fingerprint": "f"}
    assert fill(tmp_path, 5, 5, more) == [3, 4]
    with pytest.raises(InvalidInput, match="more than 3"):
        fill(tmp_path, 3, 3)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        ({"request": {"seed": 2, "count": 3}, "fingerprint": "f"}, "seed was 1 and is 2"),
        ({"request": {"seed": 1, "count": 3}, "fingerprint": "g"}, "another library, body or version"),
    ],
)
def test_another_set_is_refused_in_a_sentence_unless_it_is_to_be_taken_again(tmp_path, identity, said):
    fill(tmp_path, 3, 3)
    before = files_of(tmp_path)
    with pytest.raises(InvalidInput, match=said) as caught:
        fill(tmp_path, 3, 3, identity)
    assert "--again" in caught.value.hint
    assert files_of(tmp_path) == before
    assert fill(tmp_path, 3, 3, identity, again=True) == [0, 1, 2]


@pytest.mark.parametrize("again", [False, True])
def test_a_folder_with_other_files_is_left_alone(tmp_path, again):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InvalidInput, match="other files"):
        fill(tmp_path, 1, 1, again=again)
    assert (tmp_path / "thesis.txt").exists()


def test_a_damaged_request_is_refused_and_again_mends_it(tmp_path):
    fill(tmp_path, 1, 3)
    (tmp_path / "request.json").write_text("[]")
    with pytest.raises(InvalidInput, match="damaged"):
        fill(tmp_path, 1, 3)
    assert fill(tmp_path, 3, 3, again=True) == [0, 1, 2]


def test_two_runs_do_not_write_to_one_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(store_module, "LOCK_S", 0.1)
    with open_store(tmp_path, IDENTITY, 3), pytest.raises(InvalidInput, match="Another process has been writing"):
        fill(tmp_path, 3, 3)
    assert fill(tmp_path, 3, 3) == [0, 1, 2]
