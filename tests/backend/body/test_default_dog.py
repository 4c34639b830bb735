"""The committed default dog: what its model card claims, measured on the file itself."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.body.build.check import BuiltBody, volume
from impromptu.backend.body.build.dog.__main__ import build, main
from impromptu.backend.body.build.dog.rig import MIRROR
from impromptu.backend.body.build.dog.sheets import POSES, local_rotations
from impromptu.backend.body.build.dog.skin import read_skin
from impromptu.backend.body.smplx_model import smplx_forward, smplx_model
from scipy.spatial import KDTree

DATA = Path(__file__).parents[3] / "backend" / "body" / "data"
FILE = DATA / "impromptu_dog.npz"


@pytest.fixture(scope="module")
def dog() -> BuiltBody:
    return BuiltBody(FILE)


@pytest.fixture(scope="module")
def axes(dog) -> list[str]:
    return [str(n) for n in dog.arrays["beta_names"]]


@pytest.fixture(scope="module")
def mirror(dog) -> np.ndarray:
    """(V,) the vertex at the other side."""
    return KDTree(dog.template).query(dog.template * (-1, 1, 1))[1]


def test_it_loads_by_name_under_its_own_name():
    body = load_body("dog")
    assert (body.name, body.kind, body.licence) == ("Impromptu dog", "impromptu_dog", "Apache-2.0")
    assert (body.num_joints, body.num_betas, body.num_expression) == (35, 23, 0)
    assert body.joint_names[7] == "left_shoulder"
    assert body.joint_names[32:] == ("jaw", "left_ear", "right_ear")
    out = body(torch.randn(2, 23), body_pose=0.1 * torch.randn(2, 34, 3))
    assert out.vertices.shape == (2, body.num_vertices, 3)


def test_the_file_is_small_and_plain_and_its_licence_lies_beside_it(dog):
    assert FILE.stat().st_size < 1_500_000
    assert not any(x.dtype.hasobject for x in dog.arrays.values())
    weights = dog.arrays["weights"]
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    assert (weights >= 0).all()
    assert np.allclose(dog.arrays["J_regressor"].sum(1), 1, atol=1e-5)
    assert "Apache License" in (DATA / "LICENSE-APACHE-2.0.txt").read_text(encoding="utf-8")


def test_smplx_poses_it_as_we_do():
    pytest.importorskip("smplx")
    body = load_body("dog")
    g = torch.Generator().manual_seed(1)
    betas, pose = torch.randn(2, 10, generator=g), 0.3 * torch.randn(2, 35, 3, generator=g)
    vertices, joints = smplx_forward(smplx_model(body.arrays, 2), body.kind, betas, None, pose, torch.zeros(2, 3))
    ours = body(betas, pose=pose)
    assert torch.allclose(ours.vertices, vertices, atol=1e-5)
    assert torch.allclose(ours.joints, joints[:, :35], atol=1e-5)


def test_it_is_one_closed_surface(dog):
    f = dog.faces
    edges, count = np.unique(np.sort(np.r_[f[:, :2], f[:, 1:], f[:, [2, 0]]], 1), axis=0, return_counts=True)
    assert (count == 2).all()
    assert len(dog.template) - len(edges) + len(f) == 2
    assert 5 < volume(dog.template, f) < 60


def test_it_is_symmetric_in_every_axis(dog, axes, mirror):
    x = dog.template
    assert np.abs(x[mirror] * (-1, 1, 1) - x).max() < 1e-5
    weights = dog.arrays["weights"]
    assert np.abs(weights[mirror][:, MIRROR] - weights).max() < 2e-3
    for k, name in enumerate(axes):
        d = dog.arrays["shapedirs"][:, :, k].astype(float)
        assert np.abs(d[mirror] * (-1, 1, 1) - d).max() < 1e-4, name


def test_it_stands_on_its_paws(dog, axes):
    paws = dog.region("left_front_paw", "right_front_paw"), dog.region("left_hind_paw", "right_hind_paw")
    for k, name in enumerate(axes):
        for value in (-2.0, 0.0, 2.0):
            shape = dog.shaped({k: value})
            front, hind = (shape[paw, 1].min() for paw in paws)
            assert abs(front) < 0.012, name
            assert abs(hind - front) < 0.015, name


def measured(dog: BuiltBody, shape: np.ndarray) -> dict[str, float]:
    """Metres, litres."""
    joints = dict(zip(dog.joint_names, dog.joints(shape), strict=True))

    def size(axis: int, *regions: str) -> float:
        return float(np.ptp(shape[dog.region(*regions), axis]))

    def radius(region: str) -> float:
        """How far the skin lies from the middle of a tail's or limb's cross-sections, on average."""
        at = dog.region(region)
        line = np.array([joints[f"tail{i}"] for i in range(1, 8)])
        fine = np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(line)])
        return float(KDTree(fine).query(shape[at])[0].mean())

    eye = shape[dog.region("left_eye")].mean(0)
    ear = shape[dog.region("left_ear")]
    leg = dog.region("left_front_leg")
    rest_eye = dog.template[dog.region("left_eye")].mean(0)
    brow = dog.region("head") & (np.abs(dog.template - rest_eye)[:, 2] < 0.015) & (np.abs(dog.template[:, 0]) < 0.02)
    brow &= dog.template[:, 1] > rest_eye[1]
    belly = dog.region("belly")
    return {
        "height": float(shape[:, 1].max()),
        "volume": volume(shape, dog.faces),
        "trunk width": size(0, "back", "belly", "chest"),
        "legs": float(joints["left_shoulder"][1] - joints["left_front_toes"][1]),
        "trunk": float(joints["neck1"][2] - joints["root"][2]),
        "chest": size(1, "chest"),
        "belly": float(joints["spine3"][1] - shape[belly, 1].min()),
        "neck": float(np.linalg.norm(joints["head"] - joints["neck1"])),
        "neck width": size(0, "neck"),
        "head": size(0, "head"),
        "skull": size(0, "head"),
        "forehead": float(shape[brow, 1].mean() - eye[1]),
        "snout": float(shape[dog.region("nose"), 2].max() - eye[2]),
        "snout width": size(0, "muzzle"),
        "snout depth": size(1, "muzzle", "nose"),
        "ear": float(np.linalg.norm(np.ptp(ear, axis=0))),
        "ear tip": -float(ear[:, 1].max() - eye[1]),
        "tail": float(sum(np.linalg.norm(joints[f"tail{i + 1}"] - joints[f"tail{i}"]) for i in range(1, 7))),
        "tail radius": radius("tail"),
        "tail tip": float(joints["tail7"][1]),
        "thigh": size(0, "left_hind_leg"),
        "leg": float(np.linalg.norm(shape[leg] - shape[leg].mean(0), axis=1).mean()),
        "forearm": float(np.ptp(shape[leg & (np.abs(dog.template[:, 1] - 0.18) < 0.02), 0])),
        "paw": size(0, "left_front_paw"),
    }


@pytest.mark.parametrize(
    ("axis", "what", "least"),
    [
        ("size", "height", 0.1), ("weight", "volume", 4.0), ("weight", "trunk width", 0.02),
        ("muscle", "thigh", 0.004),
        ("leg_length", "legs", 0.06), ("body_length", "trunk", 0.06), ("chest_depth", "chest", 0.01),
        ("belly", "belly", 0.02), ("neck_length", "neck", 0.03), ("neck_thickness", "neck width", 0.008),
        ("head_size", "head", 0.01), ("head_width", "skull", 0.01), ("forehead", "forehead", 0.006),
        ("snout_length", "snout", 0.02), ("snout_width", "snout width", 0.006), ("snout_depth", "snout depth", 0.006),
        ("ear_size", "ear", 0.008), ("ear_droop", "ear tip", 0.03), ("tail_length", "tail", 0.04),
        ("tail_bushy", "tail radius", 0.002), ("tail_up", "tail tip", 0.04), ("leg_thickness", "forearm", 0.004),
        ("paw_size", "paw", 0.005), ("coat", "volume", 1.0),
    ],
)  # fmt: skip
def test_axes_do_what_they_say(dog, axes, axis, what, least):
    low, high = (measured(dog, dog.shaped({axes.index(axis): b})) for b in (-1, 1))
    assert high[what] - low[what] > least


def test_axes_leave_alone_what_they_do_not_name(dog, axes):
    def change(axis: str, what: str) -> float:
        low, high = (measured(dog, dog.shaped({axes.index(axis): b})) for b in (-1, 1))
        return abs(high[what] - low[what])

    assert change("snout_length", "legs") < 0.002
    assert change("leg_length", "snout") < 0.002
    assert change("tail_bushy", "tail") < 0.01
    assert change("body_length", "legs") < 0.005
    assert change("weight", "legs") < 0.01


@pytest.mark.parametrize("value", [-2.0, 2.0])
def test_extremes_look_like_dogs(dog, axes, value):
    for k, name in enumerate(axes):
        shape = dog.shaped({k: value})
        assert len(dog.turned_faces(shape)) <= 25, name
        assert 0.45 < np.ptp(shape[:, 1]) < 1.15, name
        assert 6 < volume(shape, dog.faces) < 60, name


def test_random_dogs_hold(dog, axes):
    rng = np.random.default_rng(1)
    for _ in range(10):
        shape = dog.shaped(dict(enumerate(rng.normal(size=len(axes)))))
        assert len(dog.turned_faces(shape)) < 60
        joints = dog.joints(shape)
        assert ((joints > shape.min(0)) & (joints < shape.max(0))).all()


def test_jaw_shuts_and_opens(dog):
    def gap(name: str) -> float:
        posed = dog.posed(local_rotations(dog, POSES[name]))
        chin, nose = posed[dog.region("jaw")], posed[dog.region("nose")]
        return float(nose[:, 1].mean() - chin[chin[:, 2].argmax(), 1])

    shut, open_ = gap("jaw shut"), gap("jaw open")
    assert open_ - shut > 0.03


@pytest.mark.parametrize("name", ["walk", "look", "tail up"])
def test_named_poses_turn_few_faces_over(dog, name):
    posed = dog.posed(local_rotations(dog, POSES[name]))
    assert len(dog.turned_faces(posed)) < 40
    assert abs(volume(posed, dog.faces) / volume(dog.template, dog.faces) - 1) < 0.05


def test_every_region_has_skin_and_both_sides(dog):
    names = [str(n) for n in dog.arrays["region_names"]]
    counts = np.bincount(dog.arrays["regions"], minlength=len(names))
    assert (counts > 20).all()
    x = dog.template
    for name in names:
        if name.startswith("left_"):
            assert counts[names.index(name)] == counts[names.index("right_" + name[5:])]
            assert (x[dog.region(name), 0] > 0).all()
    assert x[dog.region("left_ear"), 1].min() > x[dog.region("muzzle"), 1].mean()
    assert x[dog.region("nose"), 2].max() == x[:, 2].max()


def test_another_file_than_the_pinned_one_is_refused(tmp_path, capsys):
    wrong = tmp_path / "dog_skin.skn"
    wrong.write_bytes(b"\0" * 100)
    assert main(["--data", str(wrong), "-o", str(tmp_path / "dog.npz")]) == 2
    assert "1.0.50" in capsys.readouterr().err
    assert not (tmp_path / "dog.npz").exists()


def test_it_is_built_again_alike(dog):
    wheel = os.environ.get("IMPROMPTU_DM_CONTROL_WHEEL")
    if not wheel:
        pytest.skip("set IMPROMPTU_DM_CONTROL_WHEEL to the wheel of dm_control 1.0.50 to build the dog again")
    again, _ = build(read_skin(wheel), log=lambda stage: None)
    for name, value in dog.arrays.items():
        if value.dtype.kind == "f":
            assert np.abs(again[name].astype(float) - value.astype(float)).max() < 1e-4, name
        else:
            assert np.array_equal(again[name], value), name
