"""A small body and a small motion, made of numbers alone; tests of this folder run where bpy is."""

from __future__ import annotations

import importlib.util
import json
import sys
import textwrap

import numpy as np
import pytest

HAS_BPY = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BPY else ["test_*.py"]

if HAS_BPY:
    import bpy
    from impromptu.addon import registration, session
    from impromptu.addon.scene.actor import build_actor
    from impromptu.addon.scene.actor_data import BodyData, MotionData
    from impromptu.backend.motion.skeleton import JOINT_NAMES, OFFSETS, PARENTS

HOST = """
    import json, pathlib, shutil, sys
    canned = pathlib.Path(sys.argv[1])
    def send(**m):
        sys.stdout.write(json.dumps(m) + "\\n"); sys.stdout.flush()
    def until_cancelled(id):
        for line in sys.stdin:
            m = json.loads(line)
            if m["type"] == "cancel" and m["id"] == id:
                return send(type="cancelled", id=id)
    send(type="hello", protocol=1, version="0", device="cpu", memory=0, pid=0)
    for line in sys.stdin:
        m = json.loads(line)
        if m["type"] != "submit":
            continue
        id, folder, p = m["id"], pathlib.Path(m["folder"]), m["params"]
        send(type="accepted", id=id)
        send(type="progress", id=id, stage="Working", step=1, total=2, eta_s=1.0)
        if p.get("prompt") == "fail":
            send(type="error", id=id, code="out_of_memory", message="It did not fit.", hint="Use the CPU.")
            continue
        if p.get("prompt") == "slow" and not (folder / "checkpoint.json").exists():
            (folder / "checkpoint.json").write_text("{}")
            until_cancelled(id)
            continue
        files = {}
        for f in canned.iterdir():
            shutil.copy(f, folder / f.name)
            files[f.stem] = f.name
        send(type="result", id=id, files=files, metrics={})
"""
"""Answers at once; the prompt `fail` fails, and `slow` goes on until it is cancelled, unless it was begun before."""
RESULT = {
    "prompt": "walk", "seed": 0, "label": "walking", "betas": [0.7, -0.4],
    "variants": [{"label": "walking", "file": "motion.npz"}],
}  # fmt: skip
RANKING = {
    "ranked": [
        {"label": n, "score": s, "clips": [{"clip": n, "seconds": 2.0}]} for n, s in (("walk", 0.9), ("run", 0.5))
    ]
}
EYES = ("jaw", "left_eye_smplhf", "right_eye_smplhf")
FINGER = ("left_middle1",)


def skeleton():
    """Names, parents and rest joints: the 22 body joints, a face and one finger joint; soles at y = -1.2."""
    names = (*JOINT_NAMES, *EYES, *FINGER)
    head, wrist = names.index("head"), names.index("left_wrist")
    parents = np.array([*PARENTS, head, head, head, wrist])
    offsets = np.vstack([OFFSETS, [[0, 0, 0.05], [0.03, 0.05, 0.09], [-0.03, 0.05, 0.09], [0.09, 0, 0]]])
    joints = np.zeros((len(names), 3))
    for j, p in enumerate(parents):
        joints[j] = offsets[j] + (joints[p] if p >= 0 else (0.0, -0.3, 0.02))
    return names, parents, joints


def make_body(seed: int = 0, betas=(0.7, -0.4), expression=(0.5,)):
    """Tetrahedra around every joint, skinned to it and its parent, with random shape, expression and pose spaces."""
    rng = np.random.default_rng(seed)
    names, parents, template_joints = skeleton()
    count = len(names)
    vertices = (template_joints[:, None] + rng.normal(0, 0.03, (count, 8, 3))).reshape(-1, 3)
    owner = np.repeat(np.arange(count), 8)
    weights = np.zeros((len(vertices), count))
    share = rng.uniform(0.6, 1.0, len(vertices))
    weights[np.arange(len(vertices)), owner] = share
    np.add.at(weights, (np.arange(len(vertices)), np.where(parents[owner] < 0, owner, parents[owner])), 1 - share)
    shapedirs = rng.normal(0, 0.01, (len(vertices), 3, 2))
    posedirs = rng.normal(0, 0.004, (len(vertices), 3, 9 * (count - 1))).astype(np.float16)
    first = np.arange(0, len(vertices), 8)[:, None]
    faces = np.concatenate([first + t for t in ([0, 1, 2], [1, 3, 2], [4, 5, 6], [5, 7, 6])])
    rows = np.repeat(np.arange(count), 8)
    mean = vertices.reshape(count, 8, 3).mean(1)
    shape_mean = (shapedirs @ np.array(betas)).reshape(count, 8, 3).mean(1)
    return BodyData(
        v_template=vertices,
        shapedirs=shapedirs,
        exprdirs=rng.normal(0, 0.01, (len(vertices), 3, 1)),
        betas=np.array(betas),
        expression=np.array(expression),
        joints=mean + shape_mean,
        weights=weights,
        parents=parents,
        joint_names=names,
        faces=faces,
        beta_names=("stature", "weight"),
        expression_names=("smile",),
        header={"name": "Test body", "kind": "test", "sha256": "0" * 64, "licence": "CC0-1.0"},
        posedirs=posedirs,
        regressor=(rows, np.arange(len(vertices)), np.full(len(vertices), 1 / 8)),
    )


def make_motion(body, frames: int = 12, fps: float = 25.0):
    """Smooth rotations with more than half a turn in some joints, walking ahead."""
    rng = np.random.default_rng(1)
    t = np.linspace(0, 1, frames)[:, None, None]
    poses = rng.normal(0, 0.5, (1, len(body.parents), 3)) + t * rng.normal(0, 0.8, (1, len(body.parents), 3))
    poses[:, body.joint_names.index("left_knee")] = t[:, 0] * [[4.2, 0.3, 0]]
    poses[:, body.joint_names.index("neck")] = 0
    trans = np.c_[0.1 * t[:, 0, 0], -body.floor + 0 * t[:, 0, 0], t[:, 0, 0]]
    return MotionData(poses=poses, trans=trans, fps=fps)


def rotation_matrices(axis_angle):
    """Rodrigues' formula, written out again so that the product is not tested against itself."""
    out = np.empty((len(axis_angle), 3, 3))
    for i, v in enumerate(axis_angle):
        angle = np.linalg.norm(v)
        x, y, z = v / angle if angle > 0 else v
        k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        out[i] = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    return out


def skin(body, pose, trans):
    """SMPL's linear blend skinning: posed vertices (V, 3) and joints (J, 3) in SMPL's frame."""
    r = rotation_matrices(pose)
    v = body.v_template + body.shapedirs @ body.betas + body.exprdirs @ body.expression
    v = v + body.posedirs.astype(np.float64) @ (r[1:] - np.eye(3)).reshape(-1)
    rotations, origins = [], []
    for j, p in enumerate(body.parents):
        if p < 0:
            rotations.append(r[j])
            origins.append(body.joints[j])
        else:
            rotations.append(rotations[p] @ r[j])
            origins.append(origins[p] + rotations[p] @ (body.joints[j] - body.joints[p]))
    posed = np.zeros_like(v)
    for j in range(len(r)):
        posed += body.weights[:, j : j + 1] * ((v - body.joints[j]) @ rotations[j].T + origins[j])
    return posed + trans, np.array(origins) + trans


def in_blender(points):
    """SMPL's y-up points in Blender's z-up frame: x stays, z comes towards the viewer as -y."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1)


@pytest.fixture
def scene():
    """An empty file for each test."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


@pytest.fixture
def body():
    return make_body()


@pytest.fixture
def motion(body):
    return make_motion(body)


@pytest.fixture
def actor(scene, body, motion):
    return build_actor(
        body, motion, "Actor", {"prompt": "a test", "seed": 3, "clip": {"name": "c", "licence": "CC0"}}
    )


@pytest.fixture
def reference(body, motion):
    """frame index -> (vertices, joints) in Blender's frame, by linear blend skinning in numpy."""
    return lambda frame: tuple(map(in_blender, skin(body, motion.poses[frame], motion.trans[frame])))


@pytest.fixture
def evaluated():
    """An object's evaluated vertices in the world, (V, 3)."""

    def vertices(obj):
        mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        points = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", points)
        world = np.array(obj.matrix_world)
        return points.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]

    return vertices


@pytest.fixture
def canned(tmp_path, body, motion):
    """A folder of the results that the stand-in gives."""
    folder = tmp_path / "canned"
    folder.mkdir()
    fields = ("v_template", "shapedirs", "exprdirs", "betas", "expression", "joints", "weights", "parents", "faces")
    rows, columns, values = body.regressor
    np.savez(
        folder / "body.npz",
        **{name: getattr(body, name) for name in fields},
        joint_names=np.array(body.joint_names),
        beta_names=np.array(body.beta_names),
        expression_names=np.array(body.expression_names),
        header=np.frombuffer(json.dumps(body.header).encode(), np.uint8),
        posedirs=body.posedirs,
        jr_rows=rows,
        jr_cols=columns,
        jr_vals=values,
    )
    np.savez(folder / "motion.npz", poses=motion.poses, trans=motion.trans, fps=motion.fps, betas=body.betas)
    (folder / "result.json").write_text(json.dumps(RESULT))
    (folder / "ranking.json").write_text(json.dumps(RANKING))
    return folder


@pytest.fixture
def panel(tmp_path, canned, scene):
    """The scene's settings, with the add-on registered over the stand-in host."""
    host = tmp_path / "host.py"
    host.write_text(textwrap.dedent(HOST))
    registration.register()
    session.use(lambda: [sys.executable, str(host), str(canned)], tmp_path)
    bpy.ops.ed.undo_push(message="Before")
    bpy.context.scene.impromptu.prompt = "walk"
    bpy.ops.ed.undo_push(message="Typed")
    yield lambda: bpy.context.scene.impromptu
    registration.unregister()


@pytest.fixture
def link_rig(tmp_path):
    """A function that saves the file, starts an empty one, links all objects of the first, and gives its armature."""

    def link():
        path = str(tmp_path / "library.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        with bpy.data.libraries.load(path, link=True) as (source, target):
            target.objects = list(source.objects)
        for obj in target.objects:
            bpy.context.scene.collection.objects.link(obj)
        return next(o for o in target.objects if o.type == "ARMATURE")

    return link
