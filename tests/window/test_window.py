"""A person at the panel, in a real Blender window on a virtual screen: `make test-window`."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from impromptu.backend.protocol.slider_map import read_sliders, shipped_file

ROOT = Path(__file__).parents[2]
if not os.environ.get("IMPROMPTU_WINDOW"):
    pytest.skip("a window takes minutes: run `make test-window`", allow_module_level=True)

spec = importlib.util.spec_from_file_location("window_harness", Path(__file__).with_name("harness.py"))
harness = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = harness
spec.loader.exec_module(harness)
PICTURES = ROOT / "docs" / "images"
# In the checkout, so that a Blender in a file system of its own sees it under the same name.
FOLDER = ROOT / "build" / "window"


@pytest.fixture(scope="module")
def archive() -> Path:
    """The extension, built anew."""
    if harness.missing():
        pytest.fail(harness.missing())
    command = [ROOT / ".venv-blender/bin/python", "-m", "impromptu.backend.extension", ROOT / "build" / "dist"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.splitlines()[-1])


def play(scenario: str, archive: Path, **options) -> "harness.Report":
    report = harness.play(scenario, FOLDER / scenario, archive, **options)
    print(f"\nBlender {report.blender}, {scenario}: {len(report.checks)} checks")
    for name, value in report.measured.items():
        print(f"  {name}: {value:.3f}")
    return report


@pytest.mark.parametrize("scenario", ["act", "cancel"])
def test_a_person_at_the_panel(scenario, archive):
    report = play(scenario, archive)
    assert not report.failed, "\n".join([*report.failed, report.log[-3000:]])


def test_a_look_grows_is_cancelled_undone_and_finished(archive):
    report = play("look", archive, seconds=3000)
    for name, picture in report.pictures.items():
        # For whoever wants to see; the manual has pictures of its own.
        print(f"  {harness.save(picture, FOLDER / 'look', name)} {picture.size}")
    assert not report.failed, "\n".join([*report.failed, report.log[-3000:]])


def test_a_word_slider_is_dragged_keyed_and_rendered(archive):
    report = play("words", archive, seconds=900)
    for name, picture in report.pictures.items():
        wanted = PICTURES if name in ("panel_words", "words_affected") else FOLDER / "words"
        print(f"  {harness.save(picture, wanted, name, photo=name == 'words_affected')} {picture.size}")
    words = read_sliders(shipped_file("body")).words
    print(f"  {harness.save_sheet(FOLDER / 'words', PICTURES / 'words_sheet.jpg', words)}")
    assert not report.failed, "\n".join([*report.failed, report.log[-3000:]])
    sizes = [picture.size for name, picture in report.pictures.items() if name.startswith("panel")]
    assert sizes
    assert all(width > 200 and height > 200 for width, height in sizes)


def test_a_motion_is_generated_changed_mixed_and_recognised(archive):
    report = play("motion", archive, seconds=900)
    for name, picture in report.pictures.items():
        wanted = PICTURES if name in ("panel_motion", "panel_main") else FOLDER / "motion"
        print(f"  {harness.save(picture, wanted, name)} {picture.size}")
    assert not report.failed, "\n".join([*report.failed, report.log[-3000:]])


def test_pictures_of_the_panel(archive):
    report = play("pictures", archive, size=(1600, 1520))
    for name, picture in report.pictures.items():
        print(f"  {harness.save(picture, PICTURES, name)} {picture.size}")
    assert not report.failed, "\n".join([*report.failed, report.log[-3000:]])
    # A screen that nothing was drawn on has one colour.
    assert all(len(picture.getcolors(1 << 24)) > 20 for picture in report.pictures.values())
