import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body, model, patches
from impromptu.backend.body.lbs import rotation_matrices
from impromptu.backend.body.patches import cut
from impromptu.backend.protocol import InvalidInput
from scipy.spatial.transform import Rotation


@pytest.fixture
def body(body_file):
    return load_body(body_file("smplx"))


def random_pose(batch, joints=55, seed=0):
    return torch.randn(batch, joints, 3, generator=torch.Generator().manual_seed(seed))


def test_rotations_equal_scipys_from_zero_to_beyond_a_turn():
    g = np.random.default_rng(0)
    vectors = g.normal(size=(400, 3)) * np.logspace(-9, 0.8, 400)[:, None]
    vectors[0] = 0
    ours = rotation_matrices(torch.tensor(vectors, dtype=torch.float32)).numpy()
    assert np.abs(ours - Rotation.from_rotvec(vectors).as_matrix()).max() < 2e-6


def test_rotation_gradients_are_right_at_zero_and_around():
    vectors = torch.cat((torch.zeros(1, 3), torch.randn(5, 3) * 1e-3, torch.randn(5, 3))).double()
    assert torch.autograd.gradcheck(rotation_matrices, vectors.requires_grad_())


def test_patches_hold_every_vertex_once(members):
    arrays = members("smpl", vertices=500)
    pieces = cut(arrays["weights"], arrays["posedirs"], smallest=40)
    assert len(pieces) > 3
    assert sorted(np.concatenate([p.vertices for p in pieces])) == list(range(500))
    assert min(len(p.vertices) for p in pieces) >= 40


def test_learned_weights_with_many_combinations_are_cut_too(members, monkeypatch):
    arrays = members("smpl", vertices=500)
    monkeypatch.setattr(patches, "MOST_CLASSES", 5)
    by_joint = cut(arrays["weights"], arrays["posedirs"], smallest=40)
    assert sorted(np.concatenate([p.vertices for p in by_joint])) == list(range(500))
    for patch in by_joint:
        kept = np.zeros((len(patch.vertices), 24))
        kept[:, patch.joints] = patch.weights.T
        assert np.array_equal(kept, arrays["weights"][patch.vertices])


def test_more_patches_give_the_same_vertices(body_file, monkeypatch):
    path, pose = body_file("smpl"), random_pose(3, 24)
    coarse = load_body(path)(pose=pose).vertices
    monkeypatch.setattr(model, "cut", lambda w, p: cut(w, p, smallest=2))
    fine = load_body(path)
    assert len(fine.skinning.rows) > 10
    assert any(fine.skinning.rigid)
    assert torch.allclose(fine(pose=pose).vertices, coarse, atol=1e-6)


def test_at_rest_the_body_is_its_template(body):
    out = body()
    assert torch.allclose(out.vertices[0], torch.from_numpy(body.arrays.v_template), atol=1e-6)
    assert torch.allclose(out.joints, body.rest_joints(), atol=1e-6)


def test_matrices_and_axis_angle_pose_alike(body):
    pose = random_pose(3)
    one, two = body(pose=pose), body(pose=rotation_matrices(pose))
    assert torch.equal(one.vertices, two.vertices)
    assert torch.equal(body(pose=pose.flatten(1)).joints, one.joints)


def test_parts_make_up_the_pose(body):
    pose = random_pose(3)
    parts = {name: pose[:, a : a + n] for name, (a, n) in body.parts.items()}
    assert torch.equal(body(**parts).vertices, body(pose=pose).vertices)
    turned = body(pose=pose, global_orient=rotation_matrices(pose[:, :1]))
    assert torch.allclose(turned.vertices, body(pose=pose).vertices, atol=1e-6)
    with pytest.raises(InvalidInput, match="tail_pose"):
        body(tail_pose=pose)


def test_fewer_coefficients_mean_zeros(body):
    betas = torch.randn(2, 5)
    full = torch.cat((betas, torch.zeros(2, body.num_betas - 5)), 1)
    face = torch.randn(1, 3)
    one = body(betas, face).vertices
    assert torch.allclose(one, body(full, torch.cat((face, torch.zeros(1, 97)), 1).expand(2, -1)).vertices, atol=1e-6)
    assert torch.allclose(body(betas[0]).vertices, body(betas).vertices[:1], atol=1e-6)
    with pytest.raises(InvalidInput, match="301 betas"):
        body(torch.zeros(1, 301))


def test_batches_of_one_are_shared_and_others_must_agree(body):
    pose, betas = random_pose(4), torch.randn(1, 10)
    one = body(betas, pose=pose).vertices
    assert torch.allclose(one, body(betas.expand(4, -1), pose=pose).vertices, atol=1e-6)
    with pytest.raises(InvalidInput, match="batch sizes"):
        body(torch.zeros(3, 10), pose=pose)
    with pytest.raises(InvalidInput, match="pose"):
        body(pose=torch.zeros(55, 54, 3))
    with pytest.raises(InvalidInput, match="transl"):
        body(transl=torch.zeros(3, 2))


def test_pieces_of_a_batch_equal_the_whole(body, monkeypatch):
    pose, betas, transl = random_pose(5), torch.randn(5, 10), torch.randn(5, 3)
    whole = body(betas, pose=pose, transl=transl)
    monkeypatch.setattr(model, "MOST_ELEMENTS", {"cpu": 2 * 12 * body.num_vertices})
    pieces = body(betas, pose=pose, transl=transl)
    assert torch.allclose(pieces.vertices, whole.vertices, atol=1e-6)
    assert torch.allclose(pieces.joints, whole.joints, atol=1e-6)


def test_gradients_reach_every_input(body_file):
    body = load_body(body_file("flame")).double()
    inputs = (torch.randn(1, 4), torch.randn(1, 3), torch.randn(1, 5, 3), torch.randn(1, 3))
    inputs = tuple(t.double().requires_grad_() for t in inputs)

    def run(betas, expression, pose, transl):
        out = body(betas, expression, pose=pose, transl=transl)
        return out.vertices[:, ::19], out.joints

    assert torch.autograd.gradcheck(run, inputs)


def test_gradients_at_rest_are_finite(body):
    pose = torch.zeros(1, 55, 3, requires_grad=True)
    body(pose=pose).vertices.square().sum().backward()
    assert torch.isfinite(pose.grad).all()
    assert pose.grad.abs().max() > 0


def test_autocast_keeps_full_precision(body):
    pose = random_pose(2)
    expected = body(torch.ones(1, 10), pose=pose)
    with torch.autocast("cpu", torch.bfloat16):
        got = body(torch.ones(1, 10, dtype=torch.bfloat16), pose=pose)
        assert body.rest_joints(torch.ones(1, 10)).dtype == body.shaped(torch.ones(1, 10)).dtype == torch.float32
    assert got.vertices.dtype == torch.float32
    assert torch.allclose(got.vertices, expected.vertices, atol=1e-6)
    assert torch.allclose(got.joints, expected.joints, atol=1e-6)


def test_compiles_in_one_graph(body_file):
    body = load_body(body_file("flame"))
    compiled = torch.compile(lambda b, p: body(b, pose=p), backend="eager", fullgraph=True)
    betas, pose = torch.randn(2, 10), random_pose(2, 5)
    assert torch.allclose(compiled(betas, pose).vertices, body(betas, pose=pose).vertices, atol=1e-6)


def test_relaxed_pose_is_the_files_hands(body):
    pose = body.relaxed_pose()
    assert pose.shape == (55, 3)
    assert not pose[:25].any()
    assert np.allclose(pose[25:40].ravel(), body.arrays.extras["hands_meanl"])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_gpu_gives_the_same(body):
    pose, betas = random_pose(3), torch.randn(3, 10)
    expected = body(betas, pose=pose)
    got = body.to("cuda")(betas.cuda(), pose=pose.cuda())
    assert torch.allclose(got.vertices.cpu(), expected.vertices, atol=1e-5)
