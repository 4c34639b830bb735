import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_arrays, load_body
from impromptu.backend.body.load import FACTORIES
from impromptu.backend.body.smplx_model import smplx_forward, smplx_model
from impromptu.backend.protocol import InvalidInput

KINDS = ("smpl", "smplh", "smplx", "flame", "smal")


def test_every_kind_has_a_factory():
    assert set(FACTORIES) == {*KINDS, "impromptu", "impromptu_head", "impromptu_dog"}


@pytest.mark.parametrize("kind", KINDS)
def test_forward_equals_smplx(body_file, kind):
    body = load_body(body_file(kind))
    assert body.kind == kind
    g = torch.Generator().manual_seed(1)
    # smplx uses ten coefficients of files that have fewer than 300 axes
    shapes = 300 if body.num_betas >= 300 else 10
    betas = torch.randn(4, shapes, generator=g)
    expression = torch.randn(4, 100, generator=g) if body.num_expression else None
    pose = torch.randn(4, body.num_joints, 3, generator=g)
    pose[0] = 0
    transl = torch.randn(4, 3, generator=g)
    vertices, joints = smplx_forward(smplx_model(body.arrays, 4), kind, betas, expression, pose, transl)
    ours = body(betas, expression, pose=pose, transl=transl)
    assert torch.allclose(ours.vertices, vertices, atol=1e-5)
    assert torch.allclose(ours.joints, joints[:, : body.num_joints], atol=1e-5)


def test_small_smplx_file_splits_shape_and_expression_as_smplx_does(body_file, members):
    body = load_body(body_file("smplx", shapedirs=members("smplx")["shapedirs"][:, :, :20]))
    assert (body.num_betas, body.num_expression) == (10, 10)
    betas, expression, pose, zero = torch.randn(2, 10), torch.randn(2, 10), torch.zeros(2, 55, 3), torch.zeros(2, 3)
    vertices, _ = smplx_forward(smplx_model(body.arrays, 2), "smplx", betas, expression, pose, zero)
    assert torch.allclose(body(betas, expression).vertices, vertices, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_pickles_hold_the_same_body(tmp_path, members, kind, as_python2, chumpy_classes, sparse_regressor):
    arrays = members(kind)
    plain = tmp_path / "plain.npz"
    np.savez(plain, **arrays)
    published = dict(arrays, J_regressor=sparse_regressor(arrays), bs_style="lbs", pose_training_info={"n": 1})
    published["shapedirs"] = chumpy_classes("Ch", x=arrays["shapedirs"])
    path = tmp_path / "model.pkl"
    path.write_bytes(as_python2(published))
    chumpy_classes.forget()
    one, two = load_arrays(plain), load_arrays(path)
    assert two.kind == kind
    for key in ("v_template", "shapedirs", "exprdirs", "posedirs", "J_regressor", "weights", "parents", "faces"):
        assert np.array_equal(getattr(one, key), getattr(two, key)), key


def test_expressions_matter_only_where_they_are_needed(tmp_path, members, as_python2, chumpy_classes):
    product = chumpy_classes("add", a=1, b=2)
    arrays = members("smpl")
    (tmp_path / "a.pkl").write_bytes(as_python2(dict(arrays, J=product)))
    (tmp_path / "b.pkl").write_bytes(as_python2(dict(arrays, shapedirs=product)))
    (tmp_path / "c.pkl").write_bytes(as_python2(dict(arrays, J_regressor=product)))
    chumpy_classes.forget()
    assert load_arrays(tmp_path / "a.pkl").kind == "smpl"
    with pytest.raises(InvalidInput, match="expression"):
        load_arrays(tmp_path / "b.pkl")
    with pytest.raises(InvalidInput):
        load_arrays(tmp_path / "c.pkl")


def test_npz_with_objects_is_read(body_file):
    path = body_file("smplx", joint2num=np.array({"pelvis": 0}, dtype=object))
    assert load_arrays(path).kind == "smplx"


def test_kind_comes_from_the_arrays_not_from_the_name(body_file):
    body = load_arrays(body_file("smplh", name="SMPLX_FEMALE.npz"))
    assert (body.kind, body.gender) == ("smplh", "female")
    assert body.name == "SMPL-H layout, 90 vertices"
    assert body.licence == "not stated in the file"


@pytest.mark.parametrize("spec", ["head", "dog"])
def test_heads_and_animals_are_told_that_motions_are_not_theirs(spec):
    from impromptu.backend.motion.perform import body_offsets

    body = load_body(spec)
    with pytest.raises(InvalidInput, match="Motions are people's"):
        body_offsets(body.rest_joints()[0].numpy(), body.joint_names)


def test_joint_names():
    from impromptu.backend.body import names

    smplx = names.LAYOUTS["smplx"].joints
    assert (len(smplx), smplx[20], smplx[22], smplx[25], smplx[40]) == (
        55,
        "left_wrist",
        "jaw",
        "left_index1",
        "right_index1",
    )
    assert names.joint_names("smal", 33, None)[32] == "joint32"


@pytest.fixture
def refused(tmp_path):
    def check(path, match="."):
        with pytest.raises(InvalidInput, match=match) as caught:
            load_body(path)
        assert "\n" not in str(caught.value)
        assert caught.value.hint

    return check


def test_files_that_are_no_body(refused, tmp_path, body_file):
    refused(tmp_path / "missing.npz", "no body")
    refused(tmp_path, "folder")
    for name, content in (
        ("empty.npz", b""),
        ("picture.npz", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        ("rig.pkl", b"Kaydara FBX Binary  \x00\x1a\x00" + bytes(50)),
        ("text.pkl", b"not a pickle"),
        ("list.pkl", pickle.dumps([1, 2])),
        ("zip.npz", b"PK\x03\x04" + bytes(60)),
    ):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, name)
    np.savez(tmp_path / "clip.npz", poses=np.zeros((9, 156)), trans=np.zeros((9, 3)))
    refused(tmp_path / "clip.npz", "no v_template")
    whole = body_file("smpl").read_bytes()
    for part in (0.1, 0.5, 0.9, 0.999):
        (tmp_path / "cut.npz").write_bytes(whole[: int(len(whole) * part)])
        refused(tmp_path / "cut.npz", "damaged")


@pytest.mark.parametrize(
    "shape", [b"(9**9,3)}", b"(99999, 3), }", b"(-9, 3), }", b"(90, 3), ", b"(90, 3, }", b"(90, x), }"]
)
def test_array_headers_that_lie(refused, tmp_path, members, shape):
    path = tmp_path / "smpl.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in members("smpl").items():
            out = io.BytesIO()
            np.save(out, array)
            archive.writestr(f"{name}.npy", out.getvalue().replace(b"(90, 3), }", shape.ljust(10)))
    refused(path, "damaged")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"weights": np.zeros((90, 23))}, "weights"),
        ({"v_template": np.full((90, 3), np.nan)}, "v_template"),
        ({"v_template": np.zeros((90, 2))}, "v_template"),
        ({"f": np.full((4, 3), 90)}, "f do not"),
        ({"posedirs": np.ones((90, 3, 7))}, "posedirs"),
        ({"kintree_table": np.stack((np.r_[-1, np.arange(2, 25)], np.arange(24)))}, "kintree_table"),
        ({"J_regressor": np.ones((17, 90))}, "17 joints"),
        ({"shapedirs": None}, "no shapedirs"),
        ({"weights": np.array([["a"] * 24] * 90)}, "usable"),
    ],
)
def test_arrays_that_contradict_each_other(refused, body_file, changes, match):
    refused(body_file("smpl", **changes), match)
