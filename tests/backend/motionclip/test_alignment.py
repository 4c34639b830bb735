"""Moments of two motions that belong together, and mixes that keep their stride."""

import numpy as np
import pytest
import torch
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.resample import resample, sample
from impromptu.backend.motionclip import editing
from impromptu.backend.motionclip.alignment import align
from impromptu.backend.motionclip.features import ROTATIONS, features_of, joints_of


@pytest.fixture(scope="module")
def shipped():
    library = Library.open()
    return lambda name: resample(library.load(name), 30)


def test_a_motion_is_in_step_with_itself(shipped):
    walk = features_of(shipped("walk_long"))
    found = align(walk, walk)
    np.testing.assert_allclose(found.first, found.second, atol=1e-9)


def test_another_pace_is_found(shipped):
    """A walk that begins slower and ends faster."""
    walk = shipped("walk_long")
    last = len(walk) - 1
    share = np.linspace(0, 1, len(walk))
    bent = share + 0.08 * np.sin(2 * np.pi * share)
    found = align(features_of(walk), features_of(sample(walk, bent * last)))
    assert np.interp(found.second, share, bent) == pytest.approx(found.first, abs=0.012)
    # Without: off by a good third of a step.
    assert np.abs(bent - share).max() > 0.07


@pytest.mark.parametrize("names", [("walk_long", "run_long"), ("wave_right", "kick_high"), ("jump", "walk_long")])
def test_it_leads_from_start_to_start_and_end_to_end(shipped, names):
    first, second = (features_of(shipped(name)) for name in names)
    found = align(first, second)
    for moments in (found.first, found.second):
        assert moments[0] == pytest.approx(0, abs=1e-9)
        assert moments[-1] == pytest.approx(1)
        assert np.diff(moments).min() > 0
    one, two = found.times((len(first), len(second)), 0.0, len(first))
    np.testing.assert_allclose(one, np.arange(len(first)), atol=1e-6)
    assert two[-1] == pytest.approx(len(second) - 1)


def test_a_moment_is_too_short_to_align(shipped):
    walk = features_of(shipped("walk_long"))
    assert align(walk[:3], walk).first.tolist() == [0, 1]


def strides(clip):
    """How far the ankles part along the way, metres, in each third of a clip."""
    still = features_of(clip).astype(np.float32)
    still[:, ROTATIONS:] = 0
    places = joints_of(torch.from_numpy(still)).numpy()
    return np.array([np.ptp(third) for third in np.array_split(places[:, 7, 2] - places[:, 8, 2], 3)])


def test_mixed_gaits_keep_their_stride(shipped, model):
    """Half way between a walk and a run no third of the motion strides less than the walk."""
    walk, run = shipped("walk_long"), shipped("run_long")
    least = strides(walk).min()
    assert strides(editing.mixed(model, walk, run, 0.5).clip).min() > 1.2 * least
    # Latents mixed out of step cancel.
    assert strides(editing.mixed(model, walk, run, 0.5, in_step=False).clip).min() < least
