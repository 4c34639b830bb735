"""Labelled motions from libraries and from files."""

import json

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip, Label, save_clip
from impromptu.backend.motion.library import Library
from impromptu.backend.pictures.motions import open_motions
from impromptu.backend.protocol import InvalidInput


def packed(folder, name, labels, frames=40):
    """A packed set: poses of all clips after one another, and a record a clip beside it."""
    total = frames * len(labels)
    trans = np.zeros((total, 3), np.float16)
    trans[:, 1] = 0.9
    folder.mkdir(exist_ok=True)
    np.savez(folder / f"{name}.npz", poses=np.zeros((total, 22, 3), np.float16), trans=trans, fps=30)
    records = [
        {"id": f"{name}_{i}", "label": label, "start": i * frames, "frames": frames} for i, label in enumerate(labels)
    ]
    (folder / f"{name}.json").write_text(json.dumps(records))
    return folder


def test_the_default_library_is_read_and_loads_its_clips():
    motions = open_motions()
    assert len(motions.clips) > 200
    assert [c.name for c in motions.clips] == sorted(c.name for c in motions.clips)
    first = motions.clips[0]
    assert first.load().name == first.name
    assert len(first.load()) == first.frames


def test_a_folder_of_packed_sets_is_a_library_of_its_labelled_clips(tmp_path):
    folder = packed(tmp_path / "sets", "one", ["walk", "", "run"])
    packed(folder, "two", ["wave"])
    motions = open_motions([str(folder)])
    assert [(c.name, c.labels[0].text) for c in motions.clips] == [
        ("one_0", "walk"),
        ("one_2", "run"),
        ("two_0", "wave"),
    ]
    assert open_motions([str(folder / "one.npz"), str(folder / "two.npz")]).sha256 == motions.sha256


def test_a_file_without_motion_is_left_out_of_a_folder_and_refused_by_name(tmp_path):
    folder = packed(tmp_path / "sets", "one", ["walk"])
    np.savez(folder / "shape.npz", betas=np.zeros(10))
    motions = open_motions([str(folder)])
    assert len(motions.clips) == 1
    assert len(motions.refused) == 1
    assert "shape.npz" in motions.refused[0]
    with pytest.raises(InvalidInput, match=r"shape\.npz"):
        open_motions([str(folder / "shape.npz")])


def test_what_a_set_depends_on_changes_its_sum(tmp_path):
    one = packed(tmp_path / "a", "one", ["walk", "run"])
    other = packed(tmp_path / "b", "one", ["walk", "jog"])
    assert open_motions([str(one)]).sha256 != open_motions([str(other)]).sha256


def test_nothing_labelled_is_said_in_one_sentence(tmp_path):
    packed(tmp_path / "sets", "one", ["", "unknown"])
    (tmp_path / "empty").mkdir()
    for name in ("sets", "empty"):
        with pytest.raises(InvalidInput, match="no labelled motion"):
            open_motions([str(tmp_path / name)])
    with pytest.raises(InvalidInput):
        open_motions([str(tmp_path / "absent")])


def test_a_library_and_a_file_may_stand_together(tmp_path):
    library = Library.create(tmp_path / "lib")
    poses, trans = np.zeros((5, 22, 3), np.float32), np.zeros((5, 3), np.float32)
    library.add([Clip("stand", poses, trans, 30.0, (Label("stand", 0, 5),))])
    save_clip(tmp_path / "sit.npz", Clip("sit", poses, trans, 30.0, (Label("sit", 0, 5),)))
    motions = open_motions([str(tmp_path / "lib"), str(tmp_path / "sit.npz")])
    assert [c.name for c in motions.clips] == ["sit", "stand"]
