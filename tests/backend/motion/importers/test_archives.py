import json

import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip, Label, save_clip
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.kinematics import matrix_from_axis_angle
from impromptu.backend.motion.skeleton import JOINT_NAMES
from impromptu.backend.protocol import InvalidInput

FRAMES = 60
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def amass(width=156, frames=FRAMES, **changes):
    """A person who stands upright in a z-up world, facing -y, and turns."""
    poses = np.zeros((frames, width))
    poses[:, 0] = np.pi / 2
    poses[:, 3 * 16 + 2] = -1.0
    trans = np.tile([1.0, 2.0, 1.1], (frames, 1))
    data = {"poses": poses, "trans": trans, "betas": np.ones(16) / 3, "gender": np.array("female")}
    return {**data, "mocap_framerate": np.array(60.0)} | changes


def written(path, **data):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{k: v for k, v in data.items() if v is not None})
    return path


@pytest.mark.parametrize(
    ("width", "name", "joints"), [(72, "SMPL", 24), (156, "SMPL-H", 52), (165, "SMPL-X", 55), (66, "body", 22)]
)
def test_models_are_told_by_their_width(tmp_path, width, name, joints):
    (result,) = import_file(written(tmp_path / "Subj/turn_left_poses.npz", **amass(width)))
    assert result.report["convention"] == f"AMASS {name}"
    assert (result.report["joints"], result.report["matched_joints"]) == (joints, 22)
    assert len(result.clip) == FRAMES // 2
    assert result.clip.meta["gender"] == "female"
    assert len(result.clip.meta["betas"]) == 16
    assert [label.text for label in result.clip.labels] == ["turn left"]


@pytest.mark.parametrize("key", ["mocap_frame_rate", "mocap_framerate", "fps"])
def test_all_names_of_the_rate(tmp_path, key):
    data = amass(mocap_framerate=None) | {key: np.array(15.0)}
    (result,) = import_file(written(tmp_path / "x_poses.npz", **data))
    assert result.clip.fps == 30
    assert len(result.clip) == 2 * FRAMES - 1


def test_z_up_becomes_y_up_and_y_up_stays(tmp_path):
    (result,) = import_file(written(tmp_path / "z_poses.npz", **amass()))
    upright = matrix_from_axis_angle(result.clip.poses[:, 0])
    np.testing.assert_allclose(upright, np.broadcast_to(np.eye(3), upright.shape), atol=1e-5)
    assert result.report["up_axis"] == "z"
    data = amass()
    data["poses"][:, 0], data["trans"] = 0.0, data["trans"] @ Y_UP.T
    (same,) = import_file(written(tmp_path / "y_poses.npz", **data))
    assert same.report["up_axis"] == "y"
    np.testing.assert_allclose(same.clip.poses, result.clip.poses, atol=1e-5)
    np.testing.assert_allclose(same.clip.trans, result.clip.trans, atol=1e-4)


def test_split_fields_of_smplx(tmp_path):
    whole = amass(165)
    data = {k: v for k, v in whole.items() if k != "poses"}
    data |= {"root_orient": whole["poses"][:, :3], "pose_body": whole["poses"][:, 3:66]}
    data |= {"pose_jaw": whole["poses"][:, 66:69]}
    (split,) = import_file(written(tmp_path / "a_stageii.npz", **data))
    (one,) = import_file(written(tmp_path / "b_stageii.npz", **whole))
    np.testing.assert_array_equal(split.clip.poses, one.clip.poses)
    assert split.report["convention"] == "AMASS SMPL-X"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (amass(150), "150 pose numbers"),
        (amass(mocap_framerate=np.array(0.0)), "rate of 0 fps"),
        (amass(trans=np.zeros((3, 3))), "60 poses and 3 translations"),
        (amass(trans=np.full((FRAMES, 3), np.nan)), "not numbers in 60 frames, first in frame 0"),
        (amass(trans=np.full((FRAMES, 3), 1e8)), "1e.08 m away"),
        ({"betas": np.zeros(10), "gender": np.array("male")}, "shape but no motion"),
        ({"vertices": np.zeros((5, 3))}, "no motion that is known: it has vertices"),
    ],
)
def test_bad_archives(tmp_path, data, says):
    with pytest.raises(InvalidInput, match=says):
        import_file(written(tmp_path / "bad.npz", **data))


def test_objects_and_truncation(tmp_path):
    path = written(tmp_path / "object.npz", poses=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InvalidInput, match="Python objects"):
        import_file(path)
    path.write_text("no archive at all")
    with pytest.raises(InvalidInput, match="damaged or not an"):
        import_file(path)
    good = written(tmp_path / "good.npz", **amass())
    good.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    with pytest.raises(InvalidInput, match="damaged"):
        import_file(good)


BABEL = {
    "7": {
        "feat_p": "KIT/KIT/4/RightTurn08_poses.npz",
        "dur": 1.0,
        "seq_ann": {"labels": [{"raw_label": "turning", "proc_label": "turn", "act_cat": ["turn"]}]},
        "frame_ann": {
            "labels": [
                {"raw_label": "stand still", "act_cat": ["stand"], "start_t": 0.0, "end_t": 0.4},
                {"raw_label": "transition", "act_cat": ["transition"], "start_t": 0.4, "end_t": 0.5},
                {"raw_label": "turn right", "act_cat": ["turn"], "start_t": 0.5, "end_t": 1.4},
            ]
        },
    },
    "8": {
        "feat_p": "KIT/KIT/5/RightTurn08_poses.npz",
        "dur": 1.0,
        "seq_ann": {"labels": [{"raw_label": "spin", "act_cat": None}]},
        "frame_ann": None,
    },
}


@pytest.mark.parametrize(("folder", "file"), [("KIT/4", "RightTurn08_poses"), ("KIT/4", "RightTurn08_stageii")])
def test_babel_labels_by_the_tail_of_the_path(tmp_path, folder, file):
    labels = tmp_path / "train.json"
    labels.write_text(json.dumps(BABEL))
    path = written(tmp_path / folder / f"{file}.npz", **amass())
    (result,) = import_file(path, babel=[labels])
    assert result.clip.labels == (Label("stand still", 0, 12), Label("turn right", 15, 30))
    assert result.report["labels_from"] == "BABEL"
    (other,) = import_file(written(tmp_path / "KIT/5" / f"{file}.npz", **amass()), babel=[labels])
    assert other.clip.labels == (Label("spin", 0, 30),)


def test_babel_does_not_guess_between_sequences(tmp_path):
    labels = tmp_path / "val.json"
    labels.write_text(json.dumps(BABEL))
    (result,) = import_file(written(tmp_path / "RightTurn08_poses.npz", **amass()), babel=[labels])
    assert [label.text for label in result.clip.labels] == ["right turn"]
    labels.write_text("[1, 2]")
    with pytest.raises(InvalidInput, match="not a BABEL label file"):
        import_file(written(tmp_path / "RightTurn08_poses.npz", **amass()), babel=[labels])


def packed(tmp_path, records, names=JOINT_NAMES, frames=50):
    poses = np.random.default_rng(0).normal(0, 0.1, (frames, len(names), 3)).astype(np.float16)
    path = written(
        tmp_path / "set.npz", poses=poses, trans=np.zeros((frames, 3), np.float16), fps=np.float32(30),
        joints=np.array(names),
    )  # fmt: skip
    if records is not None:
        path.with_suffix(".json").write_text(json.dumps(records))
    return path, poses


def test_packed_sets(tmp_path):
    records = [
        {"id": "one", "label": "wave-right-hand", "style": "proud", "source": "S 1", "start": 0, "frames": 20},
        {"id": "two", "label": "Unknown", "licence": "CC0-1.0", "source": "S 2", "start": 20, "frames": 30},
    ]
    order = list(reversed(JOINT_NAMES))
    path, poses = packed(tmp_path, records, order)
    one, two = import_file(path)
    assert [len(one.clip), len(two.clip)] == [20, 30]
    assert one.clip.labels == (Label("wave right hand", 0, 20), Label("proud wave right hand", 0, 20))
    assert one.clip.licence == "unknown"
    assert one.clip.meta["style"] == "proud"
    assert one.clip.source == "S 1"
    assert two.clip.licence == "CC0-1.0"
    assert "unlabelled" in two.clip.flags
    assert not two.clip.labels
    # Joints are taken by name, not by place.
    np.testing.assert_array_equal(one.clip.poses[:, 16], poses[:20, order.index("left_shoulder")])


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([{"id": "a", "start": 40, "frames": 20}], r"frames 40 \+ 20 of 50"),
        ([{"id": "a"}], "frames None"),
        ({"a": 1}, "not a list of clips"),
        ([3], "not a list of clips"),
    ],
)
def test_bad_packed_sets(tmp_path, records, says):
    with pytest.raises(InvalidInput, match=says):
        import_file(packed(tmp_path, records)[0])


def test_packed_sets_need_our_joints(tmp_path):
    with pytest.raises(InvalidInput, match="lacks the joints pelvis"):
        import_file(packed(tmp_path, None, ["hips", *JOINT_NAMES[1:]])[0])


def test_our_own_clips_come_back(tmp_path):
    clip = Clip("mine", np.zeros((10, 22, 3)), np.ones((10, 3)), 30.0, (Label("stand", 0, 10),), licence="CC0-1.0")
    save_clip(tmp_path / "mine.npz", clip)
    (result,) = import_file(tmp_path / "mine.npz")
    assert result.clip.digest() == clip.digest()
    assert result.clip.licence == "CC0-1.0"
