"""Blender's queue against the real host: what the panel's Find and Act do, without the panel."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from impromptu.addon.client.jobs import JobQueue
from impromptu.backend.protocol import BodyRequest, FindRequest, PerformRequest

pytest.importorskip("torch")

MAIN = Path(__file__).parents[2] / "backend" / "__main__.py"
LIMIT_S = 180


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("queue")
    queue = JobQueue(
        lambda: [sys.executable, str(MAIN), "serve"],
        folder / "jobs",
        folder / "host.log",
        env={"IMPROMPTU_CACHE": str(folder / "cache")},
    )
    yield queue
    queue.shutdown()


def done(queue, request):
    job = queue.wait(queue.submit(request, "a job").id, LIMIT_S)
    assert job.state == "done", (job.error, job.log_tail())
    return job


def test_find_ranks_and_draws(queue):
    job = done(queue, FindRequest("a man walking backwards", top=3))
    ranking = json.loads(job.files["ranking"].read_text(encoding="utf-8"))
    assert len(ranking["ranked"]) == 3
    first = ranking["ranked"][0]
    assert "backward" in first["label"]
    assert job.preview == job.folder / first["clips"][0]["thumbnail"]
    picture = job.folder / first["clips"][0]["thumbnail"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_act_gives_arrays_that_a_rig_can_be_built_from(queue):
    job = done(queue, PerformRequest("a tall woman walking", seconds=2.0, fps=20.0, seed=4))
    with np.load(job.files["motion"]) as motion, np.load(job.files["body"]) as body:
        assert len(motion["poses"]) == pytest.approx(2.0 * 20, abs=1)
        assert motion["poses"].shape[1:] == (len(body["parents"]), 3)
        assert dict(zip(body["beta_names"], body["betas"], strict=True))["stature"] > 0
    assert job.preview is not None
    assert job.preview.read_bytes().startswith(b"\x89PNG")
    told = json.loads(job.files["result"].read_text(encoding="utf-8"))
    assert told["seed"] == 4
    assert told["prompt"] == "a tall woman walking"


def test_append_goes_on_where_the_first_motion_ended(queue):
    first = done(queue, PerformRequest("a person walks", seconds=1.5)).files["motion"]
    second = done(queue, PerformRequest("wave", after=str(first), transition=0.4)).files["motion"]
    with np.load(first) as a, np.load(second) as b:
        assert np.linalg.norm(b["trans"][0, [0, 2]] - a["trans"][-1, [0, 2]]) < 0.15
        assert np.abs(b["poses"][0] - a["poses"][-1]).max() < 0.5


def test_one_host_does_all_and_loads_its_models_once(queue):
    done(queue, BodyRequest("female"))
    pid = queue.host_info["pid"]
    done(queue, FindRequest("sit down", thumbnails=False))
    assert queue.host_info["pid"] == pid


def test_a_job_cancelled_in_the_middle_leaves_the_host_for_the_next(queue):
    job = queue.submit(FindRequest("jump, kick, run, wave, sit, throw", top=200), "many pictures")
    end = time.monotonic() + LIMIT_S
    while job.step < 2 and time.monotonic() < end:
        queue.tick()
        time.sleep(0.02)
    pid = queue.host_info["pid"]
    queue.cancel(job.id)
    assert queue.wait(job.id, 10).state == "cancelled"
    assert "ranking" not in job.files
    done(queue, FindRequest("sit", thumbnails=False))
    assert queue.host_info["pid"] == pid
