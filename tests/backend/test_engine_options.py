"""What Blender may be asked to render with."""

import pytest
from impromptu.backend.protocol import EngineOptions, InvalidInput


def test_the_defaults_are_valid():
    assert EngineOptions().engine == "cycles"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "luxcore"}, "engine of Blender's called 'luxcore'"),
        ({"denoiser": "nlm"}, "denoiser called 'nlm'"),
        ({"device": "tpu"}, "device called 'tpu'"),
        ({"samples": 0}, "0 samples"),
        ({"samples": 1 << 20}, "1048576 samples"),
        ({"threads": -1}, "-1 threads"),
        ({"engine": "workbench", "denoiser": "oidn"}, "workbench has no denoiser"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(options, words):
    with pytest.raises(InvalidInput, match=words):
        EngineOptions(**options)
