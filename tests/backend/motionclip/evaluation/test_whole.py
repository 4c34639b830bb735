"""The evaluation on the little that a fresh machine has: held-out clips, baselines, the judge, the report."""

import json

import numpy as np
import pytest
import torch
from impromptu.backend.motionclip.evaluation import reconstruction as r
from impromptu.backend.motionclip.evaluation.judge import FILE, Judge, judged, load_judge
from impromptu.backend.motionclip.evaluation.judging import JudgeOptions, train_judge
from impromptu.backend.motionclip.evaluation.latents import clip_latents, meanings_of, said_of
from impromptu.backend.motionclip.evaluation.recognition import recognition, trained_actions
from impromptu.backend.motionclip.evaluation.report import ablation_text
from impromptu.backend.motionclip.evaluation.runs import ablation, best_step, model_of_run
from impromptu.backend.motionclip.evaluation.sets import drawn_set, held_out_sets, motions_of, per_clip, trained
from impromptu.backend.motionclip.evaluation.whole import EvalOptions, as_json, evaluate
from impromptu.backend.motionclip.space import LatentSpace
from impromptu.backend.protocol import InvalidInput


def test_sets_are_whole_held_out_clips(few, held):
    """Every window of every held-out clip, none of another."""
    assert set(held.indices) == set(few.of_split("test"))
    assert len(held.of) == len({c.name for c in few.clips if c.split == "test"})
    assert {few.clips[i].split for i in held.of} == {"test"}
    assert (held.of[held.clips] == few.windows.clip[held.indices]).all()
    assert held.few
    some = drawn_set(few, "some", few.of_split("test"), most=5)
    assert 5 <= len(some.indices) < len(held.indices)
    assert some.all_clips == len(held.of)
    for clip in some.of:
        assert (few.windows.clip[some.indices] == clip).sum() == (few.windows.clip == clip).sum()


def test_recordings_that_train_under_the_same_name_are_left_out(few, monkeypatch):
    """Another conversion of a trained recording is not held out, whatever the split says."""
    from dataclasses import replace

    first = next(i for i, c in enumerate(few.clips) if c.split == "test")
    name = next(c.name for c in few.clips if c.split == "train")
    clips = list(few.clips)
    clips[first] = replace(clips[first], name=name, origins=(name,))
    monkeypatch.setattr(few, "clips", tuple(clips))
    [found] = held_out_sets(few)
    assert found.dropped == 1
    assert first not in found.of


def test_means_of_clips():
    values = np.array([[1.0, 2], [3, 4], [10, 20]])
    assert per_clip(values, np.array([0, 0, 1]), 2).tolist() == [[2, 3], [10, 20]]


def test_components_of_full_rank_give_all_back(few):
    """Of the windows that they were fitted to; fewer are worse, and fewer than none are there."""
    motions = motions_of(few, few.of_split("train"))
    mean, std = motions.features.mean((0, 1)), motions.features.std((0, 1)).clamp(min=0.05)
    found = r.fit_components(motions.features, 10_000, mean, std)
    assert len(found.basis) < len(motions)
    torch.testing.assert_close(found.basis @ found.basis.T, torch.eye(len(found.basis)), atol=1e-3, rtol=0)
    torch.testing.assert_close(found.coder(10_000)(motions), motions.features, atol=0.02, rtol=0)
    poses = [r.errors(found.coder(k), motions)["pose_mm"] for k in (2, 8, 10_000)]
    assert poses[0] > poses[1] > 10 > 1 > poses[2]


def test_low_rank_components_agree_with_exact_ones(few, monkeypatch):
    motions = motions_of(few, few.of_split("train"))
    mean, std = torch.zeros(136), torch.ones(136)
    exact = r.fit_components(motions.features, 10, mean, std).coder(10)(motions)
    monkeypatch.setattr(r, "EXACT", 0)
    near = r.fit_components(motions.features, 10, mean, std).coder(10)(motions)
    assert (near - motions.features).norm() == pytest.approx((exact - motions.features).norm().item(), rel=0.01)


def test_data_have_no_error(few, held):
    motions = motions_of(few, held.indices)
    found = r.errors(lambda m: m.features, motions)
    assert all(found[name] == 0 for name in r.ERRORS)
    assert 0 < found["slide_mm_per_frame"] < 3
    assert found["speed_m_per_s"] > 0.05


def test_perfect_scores_recognise_everything(few, held):
    """A scorer that knows the answer is right on all, and one that is turned round on none."""
    known = list(trained_actions(few, trained(few)))
    actions = few.windows.action[held.indices]
    kept = actions[np.isin(actions, known)]
    truth = np.eye(len(few.actions))[kept]
    found = recognition(
        few, held, np.zeros((len(actions), 4), np.float32), {"all": lambda _: truth, "none": lambda _: -truth}, known
    )
    assert found["rates"]["all"]["clip_top1"] == found["rates"]["all"]["balanced_top1"] == 1
    assert found["rates"]["none"]["clip_top1"] == 0
    assert len(found["actions"]) >= 3


def test_meanings_of_clips(few, held, untrained):
    latents = meanings_of(untrained, few, held.indices, chunk=7)
    np.testing.assert_allclose(latents, meanings_of(untrained, few, held.indices), atol=1e-5)
    assert np.linalg.norm(clip_latents(latents, held), axis=1) == pytest.approx(1)
    for clip, text in zip(held.of, said_of(few, held), strict=True):
        assert few.texts[text] == few.clips[clip].labels[0].lower()


def test_a_judge_learns_and_keeps_what_it_learnt(few, tmp_path):
    """A hundred steps tell the training clips apart (its own training windows: only that it learns is tested)."""
    lines = []
    options = JudgeOptions(steps=100, batch=32, every=50)
    judge = train_judge(few, tmp_path / "judge.safetensors", options, report=lines.append)
    assert len(lines) == 2
    index = few.of_split("train")
    index = index[few.windows.action[index] >= 0]
    motions = motions_of(few, index)
    said, seen = judged(judge, motions.features, motions.lengths)
    right = np.array([judge.actions.index(few.actions[a]) for a in few.windows.action[index]])
    assert (said.argmax(1) == right).mean() > 0.6 > 2 * np.bincount(right).max() / len(right) - 0.6
    assert seen.shape == (len(index), 64)
    again = load_judge(tmp_path / "judge.safetensors")
    assert again.actions == judge.actions
    np.testing.assert_allclose(judged(again, motions.features, motions.lengths)[0], said, atol=0.1)


def test_a_judge_does_not_see_padding(few):
    judge = Judge(few.actions).eval()
    features = motions_of(few, few.of_split("test")[:2]).features
    other = features.clone()
    other[:, 41:] += 1
    lengths = torch.tensor([40, 40])
    torch.testing.assert_close(judge(features, lengths)[0], judge(other, lengths)[0], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(judge(features), judge(other))


def test_the_judge_that_ships():
    """Small, and of actions that there are."""
    assert FILE.stat().st_size < 400_000
    assert len(load_judge().actions) > 30


def test_no_judge(tmp_path):
    (tmp_path / "judge.safetensors").write_bytes(b"no judge")
    with pytest.raises(InvalidInput):
        load_judge(tmp_path / "judge.safetensors")
    with pytest.raises(InvalidInput):
        model_of_run(tmp_path, 384)


@pytest.fixture(scope="module")
def report(few, untrained):
    space = LatentSpace("minilm")
    judge = Judge([a for a in few.actions if a in ("walk", "kick", "wave", "sit", "squat", "jump")]).eval()

    @torch.no_grad()
    def words_alone(prompts, seed):
        return untrained.decode(torch.from_numpy(space.texts(prompts)).float(), left=1.0).features.numpy()

    ways = {"words alone": words_alone}
    return evaluate(untrained, few, judge, ways, EvalOptions(components=(4,), repeats=2), space)


def test_everything_is_there(report):
    """Every figure with what it is compared with, for the library alone, said to be few."""
    found = report.found
    [name] = found["sets"]
    assert found["sets"][name]["few"]
    rows = found["reconstruction"][name]
    assert {"model", "mean motion", "PCA 4", "data"} <= set(rows)
    # Weights that nobody trained are no better than the mean, and components are.
    assert rows["PCA 4"]["pose_mm"] < rows["mean motion"]["pose_mm"] * 1.2
    assert {
        "model, labels",
        "model, bare name",
        "poses, centroids",
        "poses, neighbours",
        "most frequent",
        "even guess",
        "judge",
    } <= set(found["recognition"][name]["rates"])
    assert {"model", "chance"} == set(found["retrieval"][name]["text_to_motion"])
    for made in found["generation"].values():
        assert {
            "words alone",
            "nearest label",
            "recorded, held out",
            "recorded, training",
            "mean motion",
            "guessing",
        } == set(made)
        # The text alone is decoded: two seeds give one motion.
        assert made["words alone"]["within_prompt"] == pytest.approx(0, abs=1e-5)
        assert len({row["windows"] for row in made.values() if "windows" in row}) == 1


def test_the_report_can_be_read(report):
    text = report.text()
    assert "FEW" in text
    assert "even guess" in text
    assert "mean motion" in text
    assert "random orders" in text
    assert max(len(line) for line in text.splitlines()) < 130
    again = json.loads(as_json(report))
    assert again["reconstruction"].keys() == report.found["reconstruction"].keys()


def test_nothing_generated_is_nothing_measured(few, untrained):
    found = evaluate(
        untrained, few, options=EvalOptions(components=(2,), split="valid"), space=LatentSpace("minilm")
    ).found
    assert "generation" not in found
    assert found["split"] == "valid"


def test_runs_side_by_side(run, few):
    """A run beside itself, with the step that was best on `valid`."""
    found = ablation({"one": run, "same": run}, few)
    assert found["one"] == found["same"]
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    losses = {row["step"]: row["valid"]["loss"] for row in rows}
    assert losses[best_step(run)] == min(losses.values())
    [row] = found["one"]["sets"].values()
    assert row["pose_mm"] > 1
    assert 0 < row["R@1_chance"] < 1
    assert f"same (step {best_step(run)})" in ablation_text(found)
