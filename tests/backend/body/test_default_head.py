"""The committed default head: what its model card claims, measured on the file itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.body.build.check import BuiltBody
from impromptu.backend.body.build.head.cut import MIRROR
from impromptu.backend.body.build.head.sheets import turned
from impromptu.backend.body.smplx_model import smplx_forward, smplx_model

DATA = Path(__file__).parents[3] / "backend" / "body" / "data"
FILE = DATA / "impromptu_head.npz"


@pytest.fixture(scope="module")
def head() -> BuiltBody:
    return BuiltBody(FILE)


@pytest.fixture(scope="module")
def axes(head) -> list[str]:
    return [str(n) for n in head.arrays["beta_names"]]


@pytest.fixture(scope="module")
def expressions(head) -> list[str]:
    return [str(n) for n in head.arrays["expression_names"]]


@pytest.fixture(scope="module")
def mirror(head) -> np.ndarray:
    """(V,) the vertex at the other side, by place."""
    from scipy.spatial import KDTree

    x = head.template
    found = np.full(len(x), -1)
    # Sheets that lie on each other, as eyeballs in their lids, keep to their own region.
    names = [str(n) for n in head.arrays["region_names"]]
    for name in names:
        other = name.replace("left", "#").replace("right", "left").replace("#", "right")
        mine, theirs = np.nonzero(head.region(name))[0], np.nonzero(head.region(other))[0]
        if len(mine):
            found[mine] = theirs[KDTree(x[theirs]).query(x[mine] * (-1, 1, 1))[1]]
    return found


def test_it_loads_by_name_in_the_layout_of_flame_under_its_own_name():
    body = load_body("head")
    assert (body.name, body.kind, body.licence) == ("Impromptu head", "impromptu_head", "CC0-1.0")
    assert body.joint_names == ("root", "neck", "jaw", "left_eye", "right_eye")
    assert body.parents == (-1, 0, 1, 1, 1)
    assert (body.num_betas, body.num_expression) == (49, 28)
    assert set(body.parts) == {"global_orient", "neck_pose", "jaw_pose", "leye_pose", "reye_pose"}
    out = body(torch.randn(2, 10), torch.randn(2, 28), jaw_pose=torch.tensor([[0.3, 0, 0]]))
    assert out.vertices.shape == (2, body.num_vertices, 3)


def test_the_file_is_small_and_plain(head):
    assert FILE.stat().st_size < 1_000_000
    assert not any(x.dtype.hasobject for x in head.arrays.values())
    weights = head.arrays["weights"]
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    assert (weights >= 0).all()
    assert np.allclose(head.arrays["J_regressor"].sum(1), 1, atol=1e-5)


def test_smplx_poses_it_as_we_do():
    pytest.importorskip("smplx")
    body = load_body("head")
    g = torch.Generator().manual_seed(1)
    betas, expression = torch.randn(2, 49, generator=g), torch.randn(2, 28, generator=g)
    pose, zero = 0.4 * torch.randn(2, 5, 3, generator=g), torch.zeros(2, 3)
    vertices, joints = smplx_forward(smplx_model(body.arrays, 2), body.kind, betas, expression, pose, zero)
    ours = body(betas, expression, pose=pose)
    assert torch.allclose(ours.vertices, vertices, atol=1e-5)
    assert torch.allclose(ours.joints, joints[:, :5], atol=1e-5)


def test_it_is_the_head_of_the_default_body(head):
    """Skin, turning head and jaw and the body's ten expressions agree with the body's, vertex for vertex."""
    body = BuiltBody(DATA / "impromptu_body.npz")
    skin = head.arrays["body_vertex"] >= 0
    of_body = head.arrays["body_vertex"][skin]
    origin = head.arrays["body_origin"].astype(float)
    assert np.abs(head.template[skin] + origin - body.template[of_body]).max() < 2e-4
    pose = np.repeat(np.eye(3)[None], 55, 0)
    turn = turned("jaw", (0.3, 0, 0), head)
    pose[body.joint_names.index("jaw")] = turn[2]
    ours, theirs = head.posed(turn)[skin] + origin, body.posed(pose)[of_body]
    face = head.region("face", "lips", "scalp")[skin]
    assert np.abs(ours - theirs)[face].max() < 0.002
    smile = body.arrays["shapedirs"][of_body][:, :, 10].astype(float)
    assert np.abs(head.arrays["shapedirs"][skin][:, :, 49].astype(float) - smile).max() < 2e-4


def test_it_is_symmetric_in_every_axis(head, axes, expressions, mirror):
    x = head.template
    assert np.abs(x[mirror] * (-1, 1, 1) - x).max() < 1e-4
    weights = head.arrays["weights"]
    assert np.abs(weights[mirror][:, MIRROR] - weights).max() < 1e-3
    for k, name in enumerate(axes + expressions):
        if not name.endswith(("_left", "_right")):
            d = head.arrays["shapedirs"][:, :, k].astype(float)
            assert np.abs(d[mirror] * (-1, 1, 1) - d).max() < 2e-4, name


def test_its_pieces_are_sheets(head):
    """Skin with one border at the bust, closed eyeballs and sheets of teeth: no edge has three faces."""
    f = head.faces
    edges, count = np.unique(np.sort(np.r_[f[:, :2], f[:, 1:], f[:, [2, 0]]], 1), axis=0, return_counts=True)
    assert count.max() == 2
    border = edges[count == 1]
    skin = ~head.region("upper_teeth", "lower_teeth", "tongue", "left_eye", "right_eye")
    low = head.template[:, 1] < 0.02
    bust = border[skin[border].all(1) & low[border].all(1)]
    assert len(bust) == 44
    assert (np.unique(bust, return_counts=True)[1] == 2).all()


def span(head: BuiltBody, shape: np.ndarray, axis: int, *regions: str) -> float:
    return float(np.ptp(shape[head.region(*regions), axis]))


def measured(head: BuiltBody, shape: np.ndarray) -> dict[str, float]:
    """Metres; places on the face are found on the mean and followed."""
    x = head.template
    eyes = [head.joints(shape)[head.joint_names.index(f"{s}_eye")] for s in ("left", "right")]
    middle = np.abs(x[:, 0]) < 0.012
    face = head.region("face")
    nose = np.where(face & middle, x[:, 2], -np.inf).argmax()
    chin = np.where(face & middle & (x[:, 1] < x[head.region("lips"), 1].min() - 0.015), x[:, 2], -np.inf).argmax()
    lips, neck = head.region("lips"), head.region("neck")
    brow = face & (np.abs(x[:, 1] - eyes[0][1] - 0.025) < 0.008) & (x[:, 2] > x[:, 2].max() - 0.05)
    jaw = face & (np.abs(x[:, 1] - x[lips, 1].mean()) < 0.015)
    return {
        "height": float(np.ptp(shape[head.region("scalp", "face"), 1])),
        "width": span(head, shape, 0, "scalp"),
        "depth": span(head, shape, 2, "scalp", "face"),
        "jaw": float(np.ptp(shape[jaw, 0])),
        "eyes": float(eyes[0][0] - eyes[1][0]),
        "brow": float(shape[brow, 1].mean() - eyes[0][1]),
        "nose": float(shape[nose, 2] - eyes[0][2]),
        "mouth": float(np.ptp(shape[lips, 0])),
        "lips": span(head, shape, 1, "lips"),
        "ear": span(head, shape, 1, "left_ear"),
        "ears": span(head, shape, 0, "left_ear", "right_ear"),
        "chin": float(shape[chin, 2] - eyes[0][2]),
        "neck": float(np.ptp(shape[neck, 0])),
        "long neck": float(shape[:, 1].max() - shape[:, 1].min()),
        "throat": float(np.ptp(shape[face & (x[:, 1] < x[chin, 1]), 0])),
    }


@pytest.mark.parametrize(
    ("axis", "what", "least"),
    [
        ("head_height", "height", 0.004), ("head_width", "width", 0.003), ("head_depth", "depth", 0.003),
        ("weight", "jaw", 0.002), ("jaw_width", "jaw", 0.001), ("eye_spacing", "eyes", 0.002),
        ("brow_height", "brow", 0.001), ("nose_projection", "nose", 0.001), ("mouth_width", "mouth", 0.002),
        ("lower_lip", "lips", 0.0005), ("ear_size", "ear", 0.003), ("ears_out", "ears", 0.004),
        ("chin_forward", "chin", 0.001), ("neck_width", "neck", 0.003), ("neck_length", "long neck", 0.008),
    ],
)  # fmt: skip
def test_axes_do_what_they_say(head, axes, axis, what, least):
    low, high = (measured(head, head.shaped({axes.index(axis): b})) for b in (-1, 1))
    assert high[what] - low[what] > least


def gap(head: BuiltBody, shape: np.ndarray) -> float:
    """Metres between the middles of upper and lower lip."""
    lips = head.region("lips") & (np.abs(head.template[:, 0]) < 0.006)
    lower = head.arrays["weights"][:, 2] > 0.5
    return float(shape[lips & ~lower, 1].mean() - shape[lips & lower, 1].mean())


def test_the_mouth_opens_by_joint_and_by_expression(head, axes, expressions):
    shut = gap(head, head.template)
    by_joint = gap(head, head.posed(turned("jaw", (0.35, 0, 0), head)))
    by_expression = gap(head, head.shaped({len(axes) + expressions.index("mouth_open"): 3.0}))
    assert by_joint - shut > 0.012
    assert by_expression - shut > 0.02


def corner(head: BuiltBody, shape: np.ndarray) -> float:
    """Metres by which the corner of the mouth is above the middle of the lips."""
    x = head.template
    lips = head.region("lips")
    left = np.where(lips, x[:, 0], -np.inf).argmax()
    return float(shape[left, 1] - shape[lips & (np.abs(x[:, 0]) < 0.006), 1].mean())


def test_expressions_show(head, axes, expressions):
    def shown(name: str) -> np.ndarray:
        return head.shaped({len(axes) + expressions.index(name): 3.0})

    assert corner(head, shown("smile")) - corner(head, head.template) > 0.004
    assert corner(head, shown("frown")) - corner(head, head.template) < -0.003
    assert measured(head, shown("brows_raise"))["brow"] - measured(head, head.template)["brow"] > 0.002
    assert measured(head, shown("pucker"))["mouth"] < measured(head, head.template)["mouth"] - 0.004
    still = head.region("scalp", "left_ear", "right_ear", "shoulders", "left_eye", "right_eye")
    for name in expressions:
        assert np.abs(shown(name) - head.template)[still].max() < 0.004, name


def test_joints_stay_where_the_face_moves(head, axes, expressions):
    rest = head.joints(head.template)
    for k in range(len(expressions)):
        moved = np.abs(head.joints(head.shaped({len(axes) + k: 3.0})) - rest)
        assert moved.max() < 0.001, expressions[k]


@pytest.mark.parametrize("value", [-2.5, 2.5])
def test_extremes_look_like_heads(head, axes, value):
    for k, name in enumerate(axes):
        shape = head.shaped({k: value})
        assert len(head.turned_faces(shape)) <= 40, name
        assert 0.25 < np.ptp(shape[:, 1]) < 0.42, name
        assert_inside(head, shape, name)


def assert_inside(head: BuiltBody, shape: np.ndarray, name: str) -> None:
    """Eyeballs between the ears and behind the nose; teeth and tongue behind the lips."""
    face = shape[head.region("face")]
    assert shape[head.region("left_eye", "right_eye"), 2].max() < face[:, 2].max(), name
    lips = shape[head.region("lips"), 2].max()
    assert shape[head.region("upper_teeth", "lower_teeth", "tongue"), 2].max() < lips, name
    assert np.abs(shape[head.region("upper_teeth", "lower_teeth"), 0]).max() < np.abs(face[:, 0]).max() - 0.02, name


def test_random_heads_hold(head, axes):
    rng = np.random.default_rng(1)
    for i in range(10):
        shape = head.shaped(dict(enumerate(rng.normal(size=len(axes)))))
        assert len(head.turned_faces(shape)) <= 60
        assert_inside(head, shape, f"random {i}")


def test_eyes_turn_without_their_lids(head):
    moved = np.linalg.norm(head.posed(turned("left_eye", (0, 0.35, 0), head)) - head.template, axis=1)
    eye = head.region("left_eye")
    assert moved[eye].max() > 0.002
    assert moved[~eye].max() < 1e-6


def test_landmarks_lie_on_the_face(head):
    faces, weights = head.arrays["lmk_faces_idx"], head.arrays["lmk_bary_coords"]
    places = (head.template[head.faces[faces]] * weights[:, :, None]).sum(1)
    assert len(places) == 51
    assert (places[:, 2] > 0.05).all()
    assert head.arrays["dynamic_lmk_faces_idx"].shape == (79, 17)
