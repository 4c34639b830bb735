import json

import numpy as np
import pytest
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.importers.finish import clip_name, label_of
from impromptu.backend.motion.kinematics import forward_kinematics
from impromptu.backend.motion.skeleton import INDEX
from impromptu.backend.protocol import InvalidInput

STILL = [0.1, 0, 0.9, 0] + [1, 0, 0, 0] * 3 + [1, 0, 0, 0, 0, 1, 0, 0, 0] + [1, 0, 0, 0, 0] + [
    1, 0, 0, 0, 0, 1, 0, 0, 0] + [1, 0, 0, 0, 0]  # fmt: skip
RIGHT_KNEE, LEFT_ELBOW = 20, 43


def written(tmp_path, frames, name="humanoid3d_high_kick.txt"):
    path = tmp_path / name
    path.write_text(json.dumps({"Loop": "wrap", "Frames": frames}))
    return path


def test_the_rest_pose_hangs_its_arms_and_faces_forward(tmp_path):
    (result,) = import_file(written(tmp_path, [STILL] * 4))
    _, joints = forward_kinematics(result.clip.poses, result.clip.trans)
    first = joints[0]
    down = first[INDEX["left_wrist"]] - first[INDEX["left_shoulder"]]
    assert down[1] < -0.45
    assert abs(down[0]) < 0.02
    assert first[INDEX["left_hip"], 0] > 0.05 > first[INDEX["right_hip"], 0]
    assert first[INDEX["left_foot"], 2] > first[INDEX["left_ankle"], 2] + 0.1
    assert result.report["limb_error_deg"] < 0.01
    assert [label.text for label in result.clip.labels] == ["high kick"]


def test_hinges_bend_knees_back_and_elbows_forward(tmp_path):
    frame = list(STILL)
    frame[RIGHT_KNEE], frame[LEFT_ELBOW] = -1.0, 1.0
    (result,) = import_file(written(tmp_path, [frame] * 4))
    _, joints = forward_kinematics(result.clip.poses, result.clip.trans)
    assert joints[0, INDEX["right_ankle"], 2] < joints[0, INDEX["right_knee"], 2] - 0.2
    assert joints[0, INDEX["left_wrist"], 2] > joints[0, INDEX["left_elbow"], 2] + 0.15
    # Hinges of the hanging arm bend about the same axis as those of the T-pose.
    axis = result.clip.poses[0, INDEX["left_elbow"]]
    np.testing.assert_allclose(axis / np.linalg.norm(axis), [0, -1, 0], atol=0.02)


def test_uneven_durations_are_resampled(tmp_path):
    frames = [[d, *STILL[1:]] for d in (0.1, 0.2, 0.1, 0.0)]
    for frame, x in zip(frames, (0.0, 0.1, 0.3, 0.4), strict=True):
        frame[1] = x
    (result,) = import_file(written(tmp_path, frames))
    assert len(result.clip) == 13
    steps = np.diff(result.clip.trans[:, 2])
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-3)


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([[0.1] * 20] * 3, "20 numbers a frame"),
        ([], "0 numbers a frame"),
        ([[0.0, *STILL[1:]]] * 3, "last 0 s"),
        ([[0.1, float("nan"), *STILL[2:]]], "not numbers"),
        ("walk", "table of numbers"),
    ],
)
def test_bad_files(tmp_path, frames, says):
    with pytest.raises(InvalidInput, match=says):
        import_file(written(tmp_path, frames))


def test_a_text_that_is_no_motion(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("buy milk")
    with pytest.raises(InvalidInput, match="not a DeepMimic motion"):
        import_file(path)


@pytest.mark.parametrize(
    ("stem", "label"),
    [
        ("walk_backwards", "walk backwards"),
        ("WalkBackwards_01", "walk backwards"),
        ("humanoid3d_spinkick", "spinkick"),
        ("02_01", ""),
        ("take 001", ""),
        ("cmu_07_01", ""),
        ("B12_x3", ""),
        ("sit-down then stand up", "sit down then stand up"),
    ],
)
def test_labels_from_file_names(stem, label):
    assert label_of(stem) == label


def test_names_are_identifiers():
    assert clip_name("walk (2) über.x") == "walk_2_ber.x"
    assert clip_name("___") == "clip"
