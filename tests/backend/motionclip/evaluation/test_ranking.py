"""Ranks, chance and what is counted by them."""

from itertools import permutations

import numpy as np
import pytest
from impromptu.backend.motionclip.evaluation.baselines import Known, constant_rates
from impromptu.backend.motionclip.evaluation.ranking import chance, chance_within, ranks, recall
from impromptu.backend.motionclip.evaluation.recognition import rates
from impromptu.backend.motionclip.evaluation.retrieval import both_ways


def test_ties_go_against():
    """A collapsed latent, for which all candidates are alike, must not be right."""
    scores = np.array([[1.0, 1, 1, 1], [0, 3, 2, 1]])
    right = np.array([[1, 0, 0, 0], [0, 0, 1, 1]], bool)
    assert ranks(scores, right).tolist() == [4, 2]


@pytest.mark.parametrize(("right", "k"), [(1, 1), (1, 3), (2, 1), (2, 3), (4, 2)])
def test_chance_is_the_share_of_all_orders(right, k):
    """Counted over all orders of five candidates."""
    marks = [i < right for i in range(5)]
    share = np.mean([any(order[:k]) for order in permutations(marks)])
    assert chance_within(k, 5, [right])[0] == pytest.approx(share)


def test_chance_of_large_sets():
    """No overflow, and right at the ends."""
    assert chance_within(10, 5000, [1])[0] == pytest.approx(10 / 5000)
    assert chance_within(4999, 5000, [2])[0] == 1
    assert chance(np.eye(101, dtype=bool))["median_rank"] == 51


def test_perfect_latents_find_everything():
    """Motions whose latents are their texts' vectors, two of them of one text."""
    texts = np.eye(6)
    own = np.array([0, 1, 2, 3, 4, 5, 5])
    found = both_ways(texts, texts[own], own)
    for way in ("text_to_motion", "motion_to_text"):
        assert found[way]["model"] == {"R@1": 1, "R@3": 1, "R@10": 1, "median_rank": 1}
        assert found[way]["chance"]["R@1"] < 0.3
    assert found["text_to_motion"]["chance"]["R@1"] == pytest.approx((5 / 7 + 2 / 7) / 6)


def test_random_latents_are_at_chance():
    """The chance that is reported is what latents that know nothing reach."""
    lots = np.random.default_rng(0)
    own = lots.integers(0, 12, 40)
    own = np.unique(own, return_inverse=True)[1]
    reached = []
    for _ in range(300):
        texts, motions = lots.standard_normal((own.max() + 1, 32)), lots.standard_normal((40, 32))
        reached.append(both_ways(texts, motions, own)["motion_to_text"]["model"]["R@3"])
    assert np.mean(reached) == pytest.approx(
        both_ways(texts, motions, own)["motion_to_text"]["chance"]["R@3"], abs=0.03
    )


def test_latents_of_another_motion_find_nothing():
    own = np.array([0, 1, 2, 3])
    assert both_ways(np.eye(4), np.roll(np.eye(4), 1, 0), own)["motion_to_text"]["model"]["R@1"] == 0


def test_rates_of_clips_windows_and_actions():
    """Three clips of one action, all right, and one of another, wrong in both its windows."""
    scores = np.array([[2.0, 1], [2, 1], [0, 0.5], [2, 1], [2, 1], [2, 1]])
    # Clip 1 has a wrong window, and is right on the mean.
    found = rates(scores, np.array([0, 0, 0, 0, 1, 1]), np.array([0, 1, 1, 2, 3, 3]))
    assert found["clip_top1"] == 0.75
    assert found["balanced_top1"] == 0.5
    assert found["window_top1"] == 0.5
    assert found["clip_top5"] == found["balanced_top5"] == 1


def test_unknown_actions_are_never_named():
    """A classifier that does not know an action is wrong on it, and the mean of a clip stays a number."""
    scores = np.array([[1.0, -np.inf], [1.0, -np.inf]])
    assert rates(scores, np.array([0, 1]), np.array([0, 1]))["clip_top1"] == 0.5


def test_constant_rates():
    found = constant_rates(np.array([0] * 6 + [1] * 3 + [2]), range(3))
    assert found["most frequent"]["clip_top1"] == 0.6
    assert found["most frequent"]["balanced_top1"] == found["even guess"]["clip_top1"] == pytest.approx(1 / 3)


def test_neighbours_and_centroids():
    """Two clouds with a third inside a ring: neighbours tell the ring from its middle, centroids do not."""
    lots = np.random.default_rng(0)
    angle = lots.uniform(0, 2 * np.pi, 400)
    ring = 5 * np.stack([np.cos(angle), np.sin(angle)], 1)
    middle = 0.3 * lots.standard_normal((50, 2))
    numbers = np.concatenate([ring, middle]).astype(np.float32)
    known = Known.of(numbers, np.array([3] * 400 + [1] * 50), 5)
    asked = np.array([[5.0, 0], [0, -5], [0, 0]], np.float32)
    near = known.neighbour_scores(asked)
    assert near.argmax(1).tolist() == [3, 3, 1]
    assert np.isneginf(near[:, [0, 2, 4]]).all()
    assert np.isneginf(known.centroid_scores(asked)[:, 0]).all()
    gap = np.abs(known.centroid_scores(ring[:1].astype(np.float32))[0, [1, 3]])
    assert gap[0] == pytest.approx(gap[1], rel=0.2)


def test_recall():
    assert recall([1, 2, 4, 20]) == {"R@1": 0.25, "R@3": 0.5, "R@10": 0.75, "median_rank": 3}
