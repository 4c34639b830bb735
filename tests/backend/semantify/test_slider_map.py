"""The file that both sides read, and the numpy that moves a model by it."""

import subprocess
import sys
import time

import numpy as np
import pytest
from impromptu.backend.files import save_npz
from impromptu.backend.protocol import AssetsMissing, Incompatible, InvalidInput
from impromptu.backend.protocol.slider_map import read_sliders, shipped_file, to_arrays
from impromptu.backend.semantify.fitting import fit_sliders
from impromptu.backend.semantify.training import save_sliders

LOTS = np.random.default_rng(4)
X = LOTS.normal(size=(800, 10)).clip(-2, 2)
SLIDERS = fit_sliders(
    ("tall", "fat", "old"), ("short", "thin", ""), X @ LOTS.normal(size=(10, 3)), X, 2.0, about={"family": "body"}
)


def test_one_slider_moves_and_the_rest_stays():
    present = X[0]
    moved = SLIDERS.moved(present, 1, 0.7)
    values = SLIDERS.values(moved)
    assert values[1] == pytest.approx(0.7)
    assert values[[0, 2]] == pytest.approx(SLIDERS.values(present)[[0, 2]])
    hidden = np.eye(10) - SLIDERS.move @ SLIDERS.read
    assert hidden @ moved == pytest.approx(hidden @ present)
    # Nothing shorter leads there.
    assert np.linalg.norm(moved - present) == pytest.approx(abs(0.7 - SLIDERS.values(present)[1]))


def test_values_and_coefficients_are_inverse():
    values = np.array([0.4, -0.8, 1.0])
    assert SLIDERS.values(SLIDERS.coefficients(values)) == pytest.approx(values)
    assert SLIDERS.coefficients(np.zeros(3)) == pytest.approx(SLIDERS.mean)


def test_no_coefficient_leaves_its_limit_and_no_other_slider_pays_for_it():
    present = np.full(10, 2.9)
    low, high = SLIDERS.reach(present, 0)
    assert low <= SLIDERS.values(present)[0] <= high
    for value in (-99.0, 99.0):
        moved = SLIDERS.moved(present, 0, value)
        assert np.abs(moved).max() <= SLIDERS.limit + 1e-9
        assert SLIDERS.values(moved)[1:] == pytest.approx(SLIDERS.values(present)[1:])
    assert np.abs(SLIDERS.coefficients(np.full(3, 99.0))).max() <= SLIDERS.limit


def test_scores_never_fall():
    levels = [SLIDERS.score(0, v) for v in np.linspace(-3, 3, 50)]
    assert (np.diff(levels) >= 0).all()
    assert levels[-1] > levels[0]


def test_file_round_trip(tmp_path):
    path = tmp_path / "sliders.npz"
    save_sliders(path, SLIDERS)
    found = read_sliders(path)
    assert path.stat().st_size < 20_000
    assert (found.words, found.opposites, found.about) == (SLIDERS.words, SLIDERS.opposites, SLIDERS.about)
    assert np.allclose(found.coefficients([1, 0, 0]), SLIDERS.coefficients([1, 0, 0]), atol=1e-5)


def test_a_step_takes_less_than_a_millisecond():
    took = []
    for _ in range(200):
        start = time.perf_counter()
        SLIDERS.moved(X[0], 0, 0.5)
        took.append(time.perf_counter() - start)
    assert np.median(took) < 1e-3


@pytest.mark.parametrize(
    "change",
    [
        {"format": np.array("something")},
        {"read": np.zeros((3, 9))},
        {"words": np.array(["a"])},
        {"move": np.full((10, 3), np.nan)},
        {"knots": np.zeros((3, 11))},
        {"about": np.array("[1]")},
        {"version": np.array("x")},
    ],
)
def test_a_wrong_file_is_refused(tmp_path, change):
    path = tmp_path / "wrong.npz"
    save_npz(path, **{**to_arrays(SLIDERS), **change})
    with pytest.raises(InvalidInput, match="no file of sliders"):
        read_sliders(path)


def test_damaged_missing_later_and_pickled_files(tmp_path):
    path = tmp_path / "sliders.npz"
    with pytest.raises(AssetsMissing):
        read_sliders(path)
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InvalidInput, match="damaged"):
        read_sliders(path)
    save_npz(path, **{**to_arrays(SLIDERS), "version": np.array(2)})
    with pytest.raises(Incompatible):
        read_sliders(path)
    np.savez(path, **{**to_arrays(SLIDERS), "words": np.array([{"a": 1}, 2, 3], dtype=object)})
    with pytest.raises(InvalidInput, match="damaged"):
        read_sliders(path)


def test_reading_needs_numpy_alone():
    code = (
        "import sys\nfrom impromptu.backend.protocol.slider_map import read_sliders\n"
        f"s = read_sliders({str(shipped_file('body'))!r})\ns.moved(s.mean, 0, 1.0)\n"
        "print(*{m.split('.')[0] for m in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "numpy" in loaded
    assert not {"torch", "scipy", "PIL"} & set(loaded)
