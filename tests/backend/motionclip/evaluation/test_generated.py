"""Figures of generated motions against what is known of them."""

import numpy as np
import pytest
import torch
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import mirror_words
from impromptu.backend.motionclip.actions import action_names
from impromptu.backend.motionclip.evaluation.generated import (
    diversity,
    frechet,
    measures,
    nearest_labels,
    nearest_mm,
    poses_of,
    recorded,
    whole,
    within,
)
from impromptu.backend.motionclip.evaluation.judge import Judge
from impromptu.backend.motionclip.evaluation.prompts import labels, paraphrases, plain, seen_among
from impromptu.backend.motionclip.evaluation.sets import motions_of
from impromptu.backend.motionclip.wording import wordings


def test_frechet_of_a_set_with_itself():
    x = np.random.default_rng(0).standard_normal((200, 8))
    assert frechet(x, x) == pytest.approx(0, abs=1e-6)
    assert frechet(x, x[::-1]) == pytest.approx(0, abs=1e-6)


def test_frechet_of_known_gaussians():
    """|m|^2 + sum (s_i - t_i)^2 where the covariances have the same axes, whatever these are."""
    lots = np.random.default_rng(0)
    x = lots.standard_normal((500, 3))
    x = (x - x.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(x.T))).T  # exactly white
    axes = np.linalg.qr(lots.standard_normal((3, 3)))[0]
    a, b = x * (1, 2, 3) @ axes, x * (2, 2, 5) @ axes + (1, 0, -2)
    assert frechet(a, b) == pytest.approx(5 + 1 + 0 + 4)


def test_frechet_to_one_point():
    """A mean motion has no spread: the distance is all of the other's."""
    x = np.random.default_rng(0).standard_normal((100, 4))
    assert frechet(np.tile(x.mean(0), (10, 1)), x) == pytest.approx(np.cov(x.T).trace(), rel=1e-6)


def test_diversity():
    assert diversity(np.ones((5, 3))) == 0
    assert diversity(np.array([[0.0, 0], [3, 4]])) == pytest.approx(5)
    seen = np.array([[0.0], [1], [10], [13], [50]])
    assert within(seen, np.array([0, 0, 1, 1, 2])) == pytest.approx(2)
    assert np.isnan(within(seen, np.arange(5)))


def test_the_mean_motion_is_seen(few):
    """It does not move, does not vary, and is farther from recordings than other recordings are."""
    torch.manual_seed(0)
    judge = Judge(few.actions).eval().requires_grad_(False)
    index = few.of_split("train")
    motions = motions_of(few, index[few.windows.length[index] == 60])
    names = [few.actions[0]] * len(motions)
    real = judge.see(motions.features).numpy()
    moving = measures(whole(motions.features, names), judge, real)
    still = motions.features.mean((0, 1)).expand_as(motions.features).clone()
    still[..., -4:-1] = 0
    mean = measures(whole(still, names), judge, real)
    assert mean["speed_m_per_s"] == pytest.approx(0, abs=1e-5)
    assert moving["speed_m_per_s"] > 0.2
    assert mean["diversity"] == pytest.approx(0, abs=1e-5)
    assert moving["diversity"] > 0.01
    assert moving["frechet"] == pytest.approx(0, abs=1e-4)
    assert mean["frechet"] > 0.01
    assert moving["jerk_m_per_s3"] > 10 > mean["jerk_m_per_s3"]


def test_recordings_of_the_same_actions(few):
    """As many of each action as were asked for, of the split that was asked for; none of what is not there."""
    asked = ["walk", "kick", "clap", "walk", "kick"]
    found, kept = recorded(few, asked, "test")
    assert found.actions == ("walk", "kick", "walk", "kick")
    assert kept.tolist() == [0, 1, 3, 4]
    there = motions_of(few, few.of_split("test")).features
    for motion in found.motions.features:
        assert (there == motion).all((1, 2)).any()
    nothing, none = recorded(few, ["clap"], "test")
    assert len(nothing.motions) == len(none) == 0


def test_nearest_label_is_of_training(few):
    """The rival of generation finds the window of a training text that it is asked for."""
    index = few.of_split("train")
    text = int(few.windows.texts[int(index[5])][0])
    way = nearest_labels(few, (), few.text_vectors[[text]].astype(np.float32))
    motion = way([few.texts[text]], 0)[0]
    own = [int(i) for i in index if few.windows.texts[int(i)][0] == text]
    assert (motions_of(few, np.array(own)).features.numpy() == motion).all((1, 2)).any()


def test_paraphrases_are_in_no_corpus():
    """No label of the library, in no wording, nor mirrored; nor a label of the other list."""
    own = {label.text for entry in Library.open().entries for label in entry.labels}
    own |= {way for text in own for way in (*wordings(text), mirror_words(text))}
    assert len(own) > 1000
    assert seen_among(paraphrases(), own) == []
    assert not {plain(p) for p, _ in paraphrases()} & {plain(p) for p, _ in labels()}
    assert seen_among([("A Person walks.", "walk")], ["a person walks"]) == ["A Person walks."]


def test_prompts_cover_the_actions():
    """Each action is asked for in both lists, but for the one that the shipped library has none of."""
    assert {a for _, a in paraphrases()} == set(action_names())
    assert set(action_names()) - {a for _, a in labels()} == {"fight with a sword"}
    assert len({p for p, _ in paraphrases()}) == len(paraphrases()) >= 120


def test_labels_are_the_librarys():
    own = {label.text for entry in Library.open().entries for label in entry.labels}
    assert {p for p, _ in labels()} <= own


def test_a_copy_is_seen(few):
    """A training window is at no distance from itself, one that is stretched by a tenth is at some."""
    motions = motions_of(few, few.of_split("train"))
    known = poses_of(motions.features)
    assert nearest_mm(known[3:6], known) == pytest.approx(0, abs=0.5)
    assert nearest_mm(known[3:6] + 0.01, known) == pytest.approx(10 * 3**0.5, rel=0.05)
    assert nearest_mm(poses_of(motions_of(few, few.of_split("test")).features), known) > 10
