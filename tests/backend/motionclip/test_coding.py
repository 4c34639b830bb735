"""Linear codes: what a change of a frame's numbers does to the body decides which are kept."""

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.motionclip.batches import PLAIN
from impromptu.backend.motionclip.coding import fit_codes, metric_of
from impromptu.backend.motionclip.evaluation.geometry import pose_error, posed
from impromptu.backend.motionclip.evaluation.reconstruction import coded_by, errors, fit_components
from impromptu.backend.motionclip.evaluation.sets import motions_of
from impromptu.backend.motionclip.features import HEIGHT, ROTATIONS, WIDTH
from impromptu.backend.motionclip.model import ModelConfig, MotionClip
from impromptu.backend.motionclip.surface import Surface
from impromptu.backend.motionclip.training import statistics

CODES = 24


@pytest.fixture(scope="module")
def surface():
    return Surface(kept_body("neutral"))


@pytest.fixture(scope="module")
def fitted(corpus, surface):
    """Training windows of the small corpus, their statistics, and an untrained model with codes of them."""
    indices = corpus.of_split("train")
    mean, std = statistics(corpus, indices)
    config = ModelConfig(latent=corpus.text_vectors.shape[1], codes=CODES, width=48, layers=1, hidden=64, keys=2)
    codes = fit_codes(corpus, indices, config, mean, std, surface, PLAIN)
    torch.manual_seed(0)
    return motions_of(corpus, indices), mean, std, MotionClip(config, mean, std, codes).eval()


def still(frames):
    frames = frames.clone()
    frames[:, ROTATIONS:HEIGHT] = 0
    return frames


def test_metric_is_how_far_the_surface_moves(fitted, surface):
    motions, _, std, _ = fitted
    poses = still(motions.features[::7, 30])
    metric, inverse = metric_of(surface, poses, std)
    torch.testing.assert_close(metric @ inverse, torch.eye(WIDTH), atol=1e-3, rtol=0)
    torch.testing.assert_close(metric, metric.T, atol=1e-5, rtol=0)

    def moved(column, size=0.02):
        """Metres by which points move, root mean square over poses and points, and what the metric says."""
        change = torch.zeros(WIDTH)
        change[column] = size
        points = [torch.cat(surface((poses + by)[:, None]), 2)[:, 0] for by in (0 * change, change)]
        apart = float((points[1] - points[0]).square().sum(-1).mean().sqrt())
        return apart, float((change / std @ metric).norm())

    knee, wrist, height = moved(6 * 4 + 1), moved(6 * 20 + 1), moved(HEIGHT)
    assert height[0] == pytest.approx(0.02, rel=1e-3)
    # Both count for a little more than they move, by what a turn counts for in itself.
    for apart, told in (knee, height):
        assert apart <= told <= 1.4 * apart
    assert knee[1] > 1.5 * wrist[1]


def test_codes_keep_the_body_where_components_of_numbers_do_not(fitted):
    motions, mean, std, model = fitted
    plain = fit_components(motions.features, CODES, mean, std).coder(CODES)
    ours, theirs = (errors(code, motions) for code in (coded_by(model), plain))
    assert ours["pose_mm"] < 0.92 * theirs["pose_mm"]
    assert ours["place_mm"] < 0.92 * theirs["place_mm"]


def test_before_training_a_motion_is_what_its_codes_say(fitted):
    motions, mean, std, model = fitted
    with torch.no_grad():
        latents = model.encode(motions.features[:4])
        decoded = model.decode(latents)
        slow = torch.einsum("kt,btf->bkf", model.waves, (motions.features[:4] - mean) / std) @ model.metric
        codes = (slow.flatten(1) - model.centre) @ model.basis.T
        back = (codes @ model.basis + model.centre).unflatten(1, (-1, WIDTH)) @ model.inverse
        expected = torch.einsum("kt,bkf->btf", model.waves, back) * std + mean
    torch.testing.assert_close(decoded.features, expected, atol=1e-3, rtol=0)
    assert float(pose_error(posed(decoded.features), posed(expected), motions.mask[:4]).max()) < 1
    # What a motion means is told by none of them.
    assert float((model.meaning(latents) @ model.place.T).abs().max()) < 1e-4


def test_codes_are_the_same_again(corpus, fitted, surface):
    _, mean, std, model = fitted
    again = fit_codes(corpus, corpus.of_split("train"), model.config, mean, std, surface, PLAIN)
    np.testing.assert_allclose(again.metric, model.metric, atol=1e-6)
    np.testing.assert_allclose(again.centre, model.centre, atol=1e-4)
