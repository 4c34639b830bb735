"""What tests of sliders share."""

import numpy as np
import pytest
from impromptu.backend.semantify.evaluation import sweep
from impromptu.backend.semantify.measured import tape, wanted
from impromptu.backend.semantify.sampling import stream


def measured_along(studio, sliders, samples):
    """Word -> (steps,) of what a tape says of it along its slider, in deviations of random samples of the model."""
    known = {d.word: d for d in studio.family.words_for(studio.figures.person.template)}
    crowd = np.stack(list(stream(0, samples, studio.count, studio.limit, 99, studio.one_sided)))
    paths = [sweep(sliders, i) for i in range(len(sliders.words))]
    measured = tape(studio, np.concatenate((crowd, *paths)))
    out = {}
    for i, word in enumerate(sliders.words):
        truth = wanted(known[word], measured)
        assert truth is not None, word
        out[word] = np.split(truth[samples:], len(paths))[i]
    return out


@pytest.fixture
def along():
    """`measured_along`."""
    return measured_along
