import numpy as np
import pytest
from impromptu.backend.motion.importers.mapping import Mapping
from impromptu.backend.motion.importers.source import Source
from impromptu.backend.motion.kinematics import forward_kinematics, matrix_from_axis_angle
from impromptu.backend.motion.retarget import CHUNK, LIMB_BONES, retarget
from impromptu.backend.motion.skeleton import INDEX, JOINT_NAMES, LEG_LENGTH, OFFSETS, PARENTS
from impromptu.backend.protocol import InvalidInput


def source(frames=20, scale=1.0, offsets=OFFSETS):
    t = np.linspace(0, 3, frames)[:, None, None]
    poses = 0.3 * np.sin(t + np.arange(66).reshape(1, 22, 3))
    trans = np.tile([0.0, 0.95, 0.0], (frames, 1))
    return Source(
        JOINT_NAMES, PARENTS, offsets * scale, matrix_from_axis_angle(poses), {0: trans * scale}, 30.0
    ), poses  # fmt: skip


def mapping():
    joints = {name: j for name, j in INDEX.items() if not name.startswith("spine")}
    return Mapping(joints, (INDEX["spine1"], INDEX["spine2"], INDEX["spine3"]))


def test_our_own_skeleton_is_the_identity():
    moving, poses = source()
    result = retarget(moving, mapping())
    np.testing.assert_allclose(matrix_from_axis_angle(result.poses), matrix_from_axis_angle(poses), atol=1e-6)
    assert result.report["limb_error_deg"] < 1e-3
    assert result.report["missing"] == {}


@pytest.mark.parametrize("scale", [0.5, 100.0])
def test_the_leg_sets_the_scale(scale):
    moving, _ = source(scale=scale)
    result = retarget(moving, mapping())
    np.testing.assert_allclose(result.trans, np.tile([0, 0.95, 0], (20, 1)), atol=2e-3)
    leg = sum(np.linalg.norm(OFFSETS[INDEX[f"left_{bone}"]]) for bone in ("knee", "ankle"))
    assert leg == pytest.approx(LEG_LENGTH, abs=1e-3)
    assert result.report["units"]["leg"] == pytest.approx(leg * scale, rel=1e-3)


def test_long_motions_are_done_in_chunks_without_seams():
    moving, _ = source(CHUNK + 3)
    result = retarget(moving, mapping())
    assert np.abs(np.diff(result.poses, axis=0)).max() < 0.01


def test_a_bend_of_the_rest_pose_is_kept():
    """A forearm that is bent at rest stays bent: the source's bone direction counts, not its angle to rest."""
    offsets = OFFSETS.copy()
    offsets[INDEX["left_wrist"]] = [0.23, 0, 0.07]
    moving, _ = source(offsets=offsets)
    still = Source(JOINT_NAMES, PARENTS, offsets, np.tile(np.eye(3), (2, 22, 1, 1)), {}, 30.0)
    result = retarget(still, mapping())
    _, joints = forward_kinematics(result.poses, result.trans)
    forearm = joints[0, INDEX["left_wrist"]] - joints[0, INDEX["left_elbow"]]
    assert np.degrees(np.arctan2(forearm[2], forearm[0])) == pytest.approx(
        np.degrees(np.arctan2(0.07, 0.23)), abs=0.1
    )
    assert retarget(moving, mapping()).report["limb_error_deg"] < 1e-3


def test_the_report_measures_and_is_not_zero_by_construction():
    """Missing bones are filled and said so; the spine's direction, which is not forced, shows in the report."""
    moving, _ = source()
    few = mapping().joints
    few = {k: v for k, v in few.items() if k not in ("neck", "left_foot", "right_foot", "left_collar")}
    result = retarget(moving, Mapping(few, (INDEX["spine3"],)))
    assert {"neck", "left_foot", "right_foot", "left_collar", "spine1", "spine2"} == set(result.report["missing"])
    assert {child for _, child in LIMB_BONES} <= set(result.report["joint_error_deg"])


def test_legs_without_length_are_refused():
    moving, _ = source(offsets=OFFSETS * 0)
    with pytest.raises(InvalidInput, match="no length"):
        retarget(moving, mapping())
