import numpy as np
import pytest
from impromptu.backend.motion.clip import Clip
from impromptu.backend.motion.export import euler_zxy, write_amass, write_bvh
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.importers.bvh import read_bvh, source_of
from impromptu.backend.motion.kinematics import forward_kinematics, matrix_from_axis_angle
from impromptu.backend.motion.skeleton import JOINT_NAMES, OFFSETS, PARENTS
from impromptu.backend.protocol import InvalidInput
from scipy.spatial.transform import Rotation

RANDOM = np.random.default_rng(5)
FRAMES = 40


def motion(joints=22):
    """Smooth, moderate and upright."""
    t = np.linspace(0, 6, FRAMES)[:, None, None]
    poses = 0.35 * np.sin(t + RANDOM.uniform(0, 6, (1, joints, 3)))
    trans = np.stack([0.1 * t[:, 0, 0], 0.9 + 0 * t[:, 0, 0], 0.3 * t[:, 0, 0]], 1)
    return poses, trans


def test_bvh_holds_the_same_joints(tmp_path):
    poses, trans = motion()
    write_bvh(tmp_path / "a.bvh", Clip("a", poses, trans, 25.0))
    bvh = read_bvh(tmp_path / "a.bvh")
    source = source_of(bvh)
    assert source.fps == 25
    assert set(source.names) == set(JOINT_NAMES)
    _, theirs = source.pose()
    _, ours = forward_kinematics(poses, trans)
    np.testing.assert_allclose(theirs[:, [source.names.index(n) for n in JOINT_NAMES]] / 100, ours, atol=1e-4)
    assert all("end" not in j.name for j in bvh.joints)
    assert sum(j.end is not None for j in bvh.joints) == 5


def test_bvh_comes_back_through_the_importer(tmp_path):
    poses, trans = motion()
    write_bvh(tmp_path / "walk_about.bvh", (poses, trans), fps=30, centimetres=False)
    (result,) = import_file(tmp_path / "walk_about.bvh")
    turned = Rotation.from_rotvec(result.clip.poses.reshape(-1, 3)).inv() * Rotation.from_rotvec(poses.reshape(-1, 3))
    # Grounding may bend the toes, nothing else.
    angle = np.degrees(turned.magnitude()).reshape(FRAMES, 22)
    toes = [JOINT_NAMES.index(f"{side}_{bone}") for side in ("left", "right") for bone in ("foot", "ankle")]
    assert np.delete(angle, toes, axis=1).max() < 0.1
    moved = result.clip.trans - trans
    np.testing.assert_allclose(moved[:, [0, 2]], moved[:1, [0, 2]].repeat(FRAMES, 0), atol=1e-3)
    assert result.report["units"]["name"] == "metres"


def test_bvh_of_55_joints(tmp_path):
    names = [*JOINT_NAMES, *(f"extra {i}" for i in range(33))]
    parents = [*PARENTS, *([15] * 3 + [20] * 15 + [21] * 15)]
    offsets = np.concatenate([OFFSETS, RANDOM.normal(0, 0.05, (33, 3))])
    poses, trans = motion(55)
    write_bvh(tmp_path / "b.bvh", (poses, trans), offsets, names, parents, 30)
    source = source_of(read_bvh(tmp_path / "b.bvh"))
    _, theirs = source.pose()
    _, ours = forward_kinematics(poses, trans, offsets, parents)
    index = [source.names.index("_".join(n.split())) for n in names]
    np.testing.assert_allclose(theirs[:, index] / 100, ours, atol=1e-4)


def test_euler_angles_at_the_pole_and_elsewhere():
    angles = np.array([[0, 90, 0], [30, 90, 40], [10, -90, 20], [170, 45, -160], [0, 0, 0]])
    rotations = Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()
    for rotation in rotations:
        back = Rotation.from_euler("ZXY", euler_zxy(rotation[None])[0], degrees=True).as_matrix()
        np.testing.assert_allclose(back, rotation, atol=1e-6)


def test_amass_round_trip_and_its_own_axes(tmp_path):
    poses, trans = motion()
    write_amass(tmp_path / "walk_poses.npz", poses, trans, np.ones(10), "female", 30.0)
    data = np.load(tmp_path / "walk_poses.npz")
    assert data["poses"].shape == (FRAMES, 165)
    assert data["mocap_frame_rate"] == 30
    assert data["pose_body"].shape == (FRAMES, 63)
    assert str(data["gender"]) == "female"
    # Height is AMASS's z.
    np.testing.assert_allclose(data["trans"][:, 2], trans[:, 1])
    (result,) = import_file(tmp_path / "walk_poses.npz")
    assert result.report["up_axis"] == "z"
    mine, want = (matrix_from_axis_angle(p[:, 0]) for p in (result.clip.poses, poses))
    np.testing.assert_allclose(mine, want, atol=1e-5)
    np.testing.assert_allclose(np.diff(result.clip.trans[:, 2]), np.diff(trans[:, 2]), atol=1e-4)


def test_amass_keeps_the_pelvis_where_it_is(tmp_path):
    """SMPL turns about its pelvis joint: pelvis = rest + transl must be the same point in both axes."""
    poses, trans = motion()
    rest = np.array([0.0, -0.35, 0.01])
    write_amass(tmp_path / "a.npz", poses, trans, pelvis=rest)
    x, y, z = (np.load(tmp_path / "a.npz")["trans"] + rest).T
    np.testing.assert_allclose(np.stack([x, z, -y], 1), trans + rest, atol=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: write_bvh(p, (np.full((2, 22, 3), np.nan), np.zeros((2, 3))), fps=30),
        lambda p: write_bvh(p, (np.zeros((2, 21, 3)), np.zeros((2, 3))), fps=30),
        lambda p: write_bvh(p, (np.zeros((2, 22, 3)), np.zeros((2, 3)))),
        lambda p: write_bvh(p, (np.zeros((2, 22, 3)), np.zeros((2, 3))), parents=[-1, *([21] * 21)], fps=30),
        lambda p: write_amass(p, np.zeros((2, 30, 3)), np.zeros((2, 3))),
        lambda p: write_amass(p, np.zeros((2, 22, 3)), np.zeros((2, 3)), fps=0),
    ],
)
def test_what_cannot_be_written_leaves_the_old_file(tmp_path, make):
    path = tmp_path / "old.bvh"
    path.write_text("before")
    with pytest.raises(InvalidInput):
        make(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
