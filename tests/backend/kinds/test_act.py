import json

import numpy as np
import pytest
from impromptu.backend.body.load import load_arrays
from impromptu.backend.files import load_npz
from impromptu.backend.kinds import find
from impromptu.backend.kinds.act import run
from impromptu.backend.motion.choosing import alike
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import mirror
from impromptu.backend.protocol import FindRequest, Incompatible, InvalidInput, JobCancelled, PerformRequest


def result(context):
    return json.loads((context.folder / "result.json").read_text())


def test_motion_body_and_provenance_are_written(context):
    job = context()
    files, metrics = run(PerformRequest("an old man waves", seconds=2, fps=24), job)
    assert files == {"motion": "motion.npz", "body": "body.npz", "result": "result.json"}
    motion, body = load_npz(job.folder / "motion.npz"), load_npz(job.folder / "body.npz")
    assert motion["poses"].shape == (48, len(body["joint_names"]), 3)
    assert motion["contacts"].shape == (48, 4)
    assert np.allclose(motion["betas"], body["betas"])
    facts = result(job)
    assert "wav" in facts["label"]
    assert facts["body"]["words"] == ["old", "man"]
    assert facts["variants"][0]["clip"] == facts["clip"]["name"]
    assert metrics["frames"] == facts["frames"] == 48
    assert [step for _, step, _ in job.told] == sorted(step for _, step, _ in job.told)


def test_the_chosen_motion_is_shown_before_it_is_performed(context, monkeypatch):
    job, found = context(), context("found")
    run(PerformRequest("a person jumps", seconds=1), job)
    assert job.previews == [("preview.png", "Choosing the motion")]
    find.run(FindRequest("a person jumps", top=1), found)
    assert (job.folder / "preview.png").read_bytes() == (found.folder / "thumb_0.png").read_bytes()
    # A picture is worth no failed job.
    (job.folder / "thumbnails").touch()
    monkeypatch.setenv("IMPROMPTU_CACHE", str(job.folder))
    blind = context("blind")
    run(PerformRequest("a person jumps", seconds=1), blind)
    assert blind.previews == []


def rig_s_own(prompt, **more):
    return PerformRequest(prompt, seconds=1, kept_body="male", kept_betas=(("0", 1.25), ("weight", -0.5)), **more)


def test_a_prompt_without_a_body_keeps_the_one_that_is_there(context):
    job = context()
    run(rig_s_own("jump"), job)
    told, body = result(job), load_npz(job.folder / "body.npz")
    assert (told["body"]["spec"], told["body"]["kept"]) == ("male", True)
    assert np.allclose(body["v_template"], load_arrays("male").v_template, atol=1e-5)
    assert dict(zip(body["beta_names"], told["betas"], strict=True))["weight"] == -0.5
    assert told["betas"][0] == 1.25
    job = context("betas")
    run(rig_s_own("jump", betas=(("0", 2.0),)), job)
    assert (result(job)["betas"][0], result(job)["body"]["spec"]) == (2.0, "male")


@pytest.mark.parametrize(("prompt", "named"), [("an old woman jumps", "auto"), ("jump", "female")])
def test_a_body_that_is_named_wins_over_the_one_that_is_there(context, prompt, named):
    job = context()
    run(rig_s_own(prompt, body=named), job)
    told = result(job)
    assert (told["body"]["spec"], told["body"]["kept"]) == ("female", False)
    assert 1.25 not in told["betas"]
    assert -0.5 not in told["betas"]


def test_variants_are_different_motions_and_the_seed_fixes_them(context):
    library = Library.open()
    picks = {}
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        job = context(name)
        files, _ = run(PerformRequest("a person kicks", variants=4, seed=seed), job)
        assert {f"motion_{i}" for i in (1, 2, 3)} <= files.keys()
        picks[name] = [v["clip"] for v in result(job)["variants"]]
        clips = [library.load(clip) for clip in picks[name]]
        assert not any(alike(a, b) for i, a in enumerate(clips) for b in clips[:i])
        assert all((job.folder / v["file"]).is_file() for v in result(job)["variants"])
    assert picks["a"] == picks["b"]


def test_a_mirrored_clip_is_the_same_motion():
    library = Library.open()
    kick = library.load("kick_front")
    assert alike(kick, library.load("kick_front_mirrored"))
    assert alike(kick, mirror(kick))
    assert not alike(kick, library.load("walk").with_(fps=kick.fps))


def test_a_named_clip_or_label_is_played_whatever_ranks_first(context):
    job = context("clip")
    run(PerformRequest("walk", clip="jump"), job)
    assert result(job)["clip"]["name"] == "jump"
    assert result(job)["ranking"][0]["label"].startswith("walk")
    job = context("label")
    run(PerformRequest("walk", label="Take a  bow"), job)
    assert result(job)["label"] == "take a bow"
    for wrong in ({"clip": "nosuch"}, {"label": "nosuch"}, {"clip": "jump", "label": "bow"}):
        with pytest.raises(InvalidInput):
            run(PerformRequest("walk", **wrong), context(str(wrong)))


def test_after_goes_on_one_frame_later(context):
    first, second = context("first"), context("second")
    run(PerformRequest("walk", clip="walk"), first)
    run(PerformRequest("wave", clip="wave_right", after=str(first.folder / "motion.npz")), second)
    a, b = (load_npz(job.folder / "motion.npz") for job in (first, second))
    step = np.linalg.norm(a["trans"][-1] - a["trans"][-2])
    assert np.linalg.norm(b["trans"][0] - a["trans"][-1]) < step + 0.02
    assert result(second)["variants"][0]["transition"]["frames"] >= 12
    np.savez(second.folder / "other.npz", poses=np.zeros((5, 24, 3)), trans=np.zeros((5, 3)), fps=30.0)
    with pytest.raises(Incompatible, match="24 joints"):
        run(PerformRequest("wave", after=str(second.folder / "other.npz")), context("third"))


@pytest.mark.parametrize("steps", [0, 2, 4, 7])
def test_cancelled_between_any_two_steps(context, steps):
    job = context(steps=steps)
    with pytest.raises(JobCancelled):
        run(PerformRequest("walk", clip="walk", seconds=2), job)
    assert not (job.folder / "result.json").exists()
