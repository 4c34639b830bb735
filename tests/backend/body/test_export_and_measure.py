import json

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body, write_actor_body
from impromptu.backend.body.axes import resolve_betas
from impromptu.backend.body.load import DEFAULT_FILE
from impromptu.backend.body.measure import leg_length, measure, volume
from impromptu.backend.cli import main
from impromptu.backend.files import load_npz
from impromptu.backend.protocol import InvalidInput

default = pytest.mark.skipif(not DEFAULT_FILE.is_file(), reason="the default body is not built")


def test_actor_body_has_what_the_rig_needs(body_file, tmp_path):
    body = load_body(body_file("smplx"))
    write_actor_body(body, tmp_path / "body.npz", [1, 0, 2], [0.5])
    data = load_npz(tmp_path / "body.npz")
    V, J, S, E = 90, 55, 300, 100
    shapes = {
        "v_template": ((V, 3), "f4"), "shapedirs": ((V, 3, S), "f4"), "exprdirs": ((V, 3, E), "f4"),
        "betas": ((S,), "f4"), "expression": ((E,), "f4"), "joints": ((J, 3), "f4"), "weights": ((V, J), "f4"),
        "parents": ((J,), "i4"), "faces": ((150, 3), "i4"), "posedirs": ((V, 3, (J - 1) * 9), "f2"),
    }  # fmt: skip
    for key, (shape, dtype) in shapes.items():
        assert (data[key].shape, data[key].dtype.str[1:]) == (shape, dtype), key
    assert data["parents"][0] == -1
    assert not {"vt", "ft", "regions"} & set(data)
    header = json.loads(data["header"].tobytes())
    assert set(header) == {"name", "kind", "gender", "sha256", "licence"}
    assert len(header["sha256"]) == 64
    regressor = np.zeros((J, V))
    regressor[data["jr_rows"], data["jr_cols"]] = data["jr_vals"]
    shaped = data["v_template"] + data["shapedirs"] @ data["betas"] + data["exprdirs"] @ data["expression"]
    assert np.allclose(regressor @ shaped, data["joints"], atol=1e-5)
    expected = body.rest_joints(torch.tensor([1.0, 0, 2]), torch.tensor([0.5]))[0]
    assert np.allclose(data["joints"], expected, atol=1e-5)


def test_body_without_correctives_exports_none(body_file, tmp_path):
    body = load_body(body_file("smal", posedirs=np.zeros((90, 3, 288))))
    write_actor_body(body, tmp_path / "body.npz", torch.zeros(1, 41))
    assert "posedirs" not in load_npz(tmp_path / "body.npz")
    with pytest.raises(InvalidInput, match="42 betas"):
        write_actor_body(body, tmp_path / "body.npz", np.zeros(42))


def test_volume_of_a_cube_wherever_it_stands():
    corners = torch.tensor([[x, y, z] for x in (0, 0.1) for y in (0, 0.1) for z in (0, 0.1)])
    faces = [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
    ]
    faces = torch.tensor([*faces, (1, 5, 7), (1, 7, 3)])
    assert float(volume(corners + 5, faces)) == pytest.approx(1.0, rel=1e-4)


def test_leg_is_the_sum_of_its_two_bones():
    names = ("left_hip", "left_knee", "left_ankle", "right_hip", "right_knee", "right_ankle")
    joints = torch.tensor([[0, 1.0, 0], [0, 0.5, 0], [0, 0.5, 0.3], [1, 1, 0], [1, 0.5, 0], [1, 0, 0]])
    assert float(leg_length(joints, names)) == pytest.approx((0.8 + 1.0) / 2)
    assert leg_length(joints, ("root",) * 6) is None


@default
def test_default_body_is_of_human_size():
    for spec in ("neutral", "male", "female"):
        body = load_body(spec)
        size = measure(body)
        assert (body.kind, body.gender, body.licence) == ("impromptu", spec, "CC0-1.0")
        assert 1.5 < size.height_m < 1.95
        assert 45 < size.volume_l < 100
        assert 0.65 < size.leg_m < 0.95


@default
def test_default_body_equals_smplx():
    from impromptu.backend.body.smplx_model import smplx_forward, smplx_model

    body = load_body("neutral")
    g = torch.Generator().manual_seed(0)
    betas, face = torch.randn(3, body.num_betas, generator=g), torch.randn(3, body.num_expression, generator=g)
    pose, transl = torch.randn(3, 55, 3, generator=g) * 0.5, torch.randn(3, 3, generator=g)
    vertices, joints = smplx_forward(smplx_model(body.arrays, 3), body.kind, betas, face, pose, transl)
    ours = body(betas, face, pose=pose, transl=transl)
    assert (ours.vertices - vertices).abs().max() < 1e-5
    assert (ours.joints - joints[:, :55]).abs().max() < 1e-5


def test_axes_by_name_and_number(body_file):
    names = np.array([f"axis {i}" for i in range(10)])
    body = load_body(body_file("smplx", beta_names=names, shapedirs=np.zeros((90, 3, 20))))
    assert resolve_betas(body, [("axis 2", 1.5), ("0", -1)])[0, :3].tolist() == [-1, 0, 1.5]
    for pair in (("axis 10", 1), ("10", 1), ("0", float("nan")), ("0", 11)):
        with pytest.raises(InvalidInput):
            resolve_betas(body, [pair])


def test_command_describes_a_file_and_writes_its_mesh(body_file, tmp_path, capsys):
    path, goal = body_file("smpl"), tmp_path / "mesh.obj"
    assert main(["body", "--body", str(path), "--betas", "1,0,2", "--json", "--obj", str(goal)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["vertices"], facts["joints"], facts["faces"]) == ("smpl", 90, 24, 150)
    lines = goal.read_text().splitlines()
    mesh = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    expected = load_body(path).shaped(torch.tensor([1.0, 0, 2]))[0]
    assert np.allclose(mesh, expected, atol=1e-5)
    assert sum(line.startswith("f ") for line in lines) == 150
    assert main(["body", "--body", str(path)]) == 0
    assert "24 joints" in capsys.readouterr().out
    assert main(["body", "--body", str(path), "--obj", str(tmp_path / "mesh.ply")]) == 2
