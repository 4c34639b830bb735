"""Regions, votes and the words that are left (section 3.3)."""

import numpy as np
import pytest
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.semantify.choosing import choose, correlations, votes
from impromptu.backend.semantify.clusters import clusters, silhouette
from impromptu.backend.semantify.families import Descriptor


def blobs(count, seed=0, each=40):
    lots = np.random.default_rng(seed)
    centres = 10 * np.eye(6)[:count]
    return np.concatenate([c + lots.normal(size=(each, 6)) for c in centres])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_regions_are_found(count):
    labels, widths = clusters(blobs(count), seed=1)
    assert max(widths, key=widths.get) == count
    assert all(len(set(labels[i * 40 : (i + 1) * 40])) == 1 for i in range(count))


def test_silhouette_is_the_textbook_one():
    points = np.array([[0.0], [1.0], [10.0], [12.0], [30.0]])
    labels = np.array([0, 0, 1, 1, 2])
    distances = np.abs(points - points.T)
    first, second = (11 - 1) / 11, (10 - 1) / 10
    third, fourth = (9.5 - 2) / 9.5, (11.5 - 2) / 11.5
    assert silhouette(distances, labels) == pytest.approx((first + second + third + fourth + 0) / 5)


def test_votes_are_shares_of_a_region():
    scores = np.zeros((4, 8))
    scores[:3, :5] = 1
    scores[3, 3:] = 1
    found = votes(scores, np.array([0, 0, 0, 1]))
    assert found.tolist() == [[1, 1, 1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1, 1, 1]]


def latent(seed=2):
    """Scores of six words over three independent traits: two say the same, one is a contrary of another."""
    lots = np.random.default_rng(seed)
    trait = lots.normal(size=(600, 3))
    scores = np.stack(
        [3 * trait[:, 0], 2.9 * trait[:, 0] + 0.1 * trait[:, 1], 2 * trait[:, 1], -1.5 * trait[:, 1], trait[:, 2],
         0.1 * lots.normal(size=600)], 1
    )  # fmt: skip
    words = [
        Descriptor("fat"), Descriptor("heavy"), Descriptor("tall", antonyms=("short",)), Descriptor("short"),
        Descriptor("strong"), Descriptor("odd"),
    ]  # fmt: skip
    return words, scores, trait


def test_correlated_words_and_contraries_are_left_out():
    words, scores, trait = latent()
    found = choose(words, scores, trait, seed=0, standardised=True)
    assert found.words[0] == "fat"
    assert "heavy" not in found.words
    assert not {"tall", "short"} <= set(found.words)
    assert found.threshold == pytest.approx(np.median(correlations(scores)[np.triu_indices(6, 1)]))
    variance = dict(zip([w.word for w in words], scores.var(0), strict=True))
    assert [variance[w] for w in found.words] == sorted((variance[w] for w in found.words), reverse=True)
    assigned = [w for region in found.regions for w in region]
    assert len(assigned) == len(set(assigned))
    assert found == choose(words, scores, trait, seed=0, standardised=True)


def test_any_number_and_forced_words():
    words, scores, trait = latent()
    for count in (1, 2, 6):
        assert len(choose(words, scores, trait, seed=0, count=count, standardised=True).words) == count
    found = choose(words, scores, trait, seed=0, forced=("short",), standardised=True)
    assert found.words[0] == "short"
    assert "tall" not in found.words
    four = choose(words, scores, trait, seed=0, count=4, standardised=True).words
    # What was filtered out comes back by variance, contraries last.
    assert not {"tall", "short"} <= set(four)


def test_what_cannot_be_chosen_is_told():
    words, scores, trait = latent()
    with pytest.raises(InvalidInput, match="no word of the family"):
        choose(words, scores, trait, seed=0, forced=("nobody",))
    with pytest.raises(InvalidInput, match="are wanted"):
        choose(words, scores, trait, seed=0, count=7)
    only = choose(words, scores, trait, seed=0, among=("tall", "odd"), standardised=True)
    assert set(only.words) <= {"tall", "odd"}
