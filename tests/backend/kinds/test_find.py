import json

import numpy as np
import pytest
from impromptu.backend import thumbnails
from impromptu.backend.kinds.find import run
from impromptu.backend.motion.kinematics import forward_kinematics
from impromptu.backend.motion.library import Library
from impromptu.backend.protocol import FindRequest, JobCancelled
from PIL import Image


def test_every_ranked_label_has_a_picture(context):
    job = context()
    files, metrics = run(FindRequest("a person jumps", top=4), job)
    ranked = json.loads((job.folder / "ranking.json").read_text())["ranked"]
    assert metrics["labels"] == len(ranked) == 4
    assert job.previews == [(ranked[0]["clips"][0]["thumbnail"], "Drawing")]
    assert [step for stage, step, _ in job.told if stage == "Drawing"] == [0, 1, 2, 3]
    for row in ranked:
        name = row["clips"][0]["thumbnail"]
        assert name in files.values()
        assert 0.3 < row["clips"][0]["seconds"] < 60
        with Image.open(job.folder / name) as picture:
            assert picture.size == (128, 128)
            pixels = np.asarray(picture.convert("RGB")).astype(int)
        assert (pixels.min(-1) > 120).mean() > 0.015, "no figure"


def test_pictures_are_drawn_once(context, monkeypatch):
    job = context("first")
    run(FindRequest("a person jumps", top=2), job)
    monkeypatch.setattr(thumbnails, "draw", lambda clip: pytest.fail("drawn again"))
    again = context("second")
    run(FindRequest("a person jumps", top=2), again)
    assert (again.folder / "thumb_0.png").read_bytes() == (job.folder / "thumb_0.png").read_bytes()


def test_without_pictures_and_cancelled(context):
    files, _ = run(FindRequest("wave", thumbnails=False), context("a"))
    assert files == {"ranking": "ranking.json"}
    with pytest.raises(JobCancelled):
        run(FindRequest("wave"), context("b", steps=2))


def test_the_telling_frame_of_a_jump_is_in_the_air():
    clip = Library.open().load("jump")
    _, positions = forward_kinematics(clip.poses, clip.trans)
    picks, main = thumbnails.telling_frames(positions)
    assert len(set(picks)) == 3
    height = positions[:, :, 1].min(1)
    assert height[picks[main]] > height.min() + 0.6 * np.ptp(height)
