import json

import numpy as np
import pytest
from impromptu.backend.files import load_npz
from impromptu.backend.kinds import body, check, imports, models
from impromptu.backend.models_list import MODELS
from impromptu.backend.motion.export import write_bvh
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.skeleton import JOINT_NAMES, OFFSETS, PARENTS
from impromptu.backend.protocol import BodyRequest, CheckRequest, ImportRequest, InvalidInput, ModelsRequest


def test_body_with_what_its_measures_need(context):
    job = context()
    files, metrics = body.run(BodyRequest("female", (("weight", 2.0),)), job)
    data = load_npz(job.folder / files["body"])
    assert data["betas"][list(data["beta_names"]).index("weight")] == 2
    assert {"height", "weight", "chest", "waist", "hips"} <= set(data["measure_names"])
    assert len(data["measure_units"]) == len(data["measure_names"])
    shaped = data["v_template"] + data["shapedirs"] @ data["betas"]
    for i, name in enumerate(data["girth_names"]):
        part = slice(data["girth_start"][i], data["girth_start"][i + 1])
        a, b, t = (data[f"girth_{key}"][part] for key in "abt")
        points = shaped[a] + t[:, None] * (shaped[b] - shaped[a])
        around = np.linalg.norm(points - np.roll(points, -1, 0), axis=1).sum()
        assert around == pytest.approx(metrics["measurements"]["girths_m"][str(name)], abs=2e-3)
    with pytest.raises(InvalidInput, match="axis"):
        body.run(BodyRequest("female", (("nosuch", 1.0),)), context("b"))


def test_import_performs_a_file(context):
    job = context()
    clip = Library.open().load("walk")
    path = job.folder / "walk.bvh"
    write_bvh(path, (clip.poses, clip.trans), OFFSETS, JOINT_NAMES, PARENTS, clip.fps)
    _, metrics = imports.run(ImportRequest(str(path), body="male"), job)
    motion = load_npz(job.folder / "motion.npz")
    assert motion["poses"].shape[1] == len(load_npz(job.folder / "body.npz")["joint_names"])
    travel = np.ptp(motion["trans"][:, 2]) / np.ptp(clip.trans[:, 2])
    assert 0.9 < travel < 1.1
    facts = json.loads((job.folder / "result.json").read_text())
    assert facts["label"] == "walk"
    assert metrics["people"] == 1
    with pytest.raises(InvalidInput):
        imports.run(ImportRequest(str(job.folder / "nosuch.bvh")), context("b"))


def test_models_say_what_is_there_and_what_is_wrong(context, monkeypatch, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.safetensors").write_bytes(b"not the published one")
    monkeypatch.setenv("IMPROMPTU_MINILM", str(other))
    monkeypatch.setenv("IMPROMPTU_SMPLX", str(tmp_path / "nowhere.npz"))
    np.savez(tmp_path / "flame.npz", nothing=np.zeros(3))
    monkeypatch.setenv("IMPROMPTU_FLAME", str(tmp_path / "flame.npz"))
    _, metrics = models.run(ModelsRequest(verify=True), context())
    state = {m["name"]: m for m in metrics["models"]}
    assert [m.name for m in MODELS] == list(state)
    assert state["minilm"]["found"]
    assert state["minilm"]["sha256_ok"] is False
    assert not state["smplx"]["found"]
    assert "nowhere.npz" in state["smplx"]["problem"]
    assert "body model" in state["flame"]["problem"]
    assert (state["body"]["found"], state["body"]["problem"]) == (True, "")
    monkeypatch.delenv("IMPROMPTU_MINILM")
    _, metrics = models.run(ModelsRequest(), context("b"))
    assert all(m["sha256_ok"] is None for m in metrics["models"])


def test_check_computes_something_of_each(context):
    _, metrics = check.run(CheckRequest(), context())
    assert metrics["device"] == "cpu"
    assert 1.5 < metrics["height_m"] < 2
    assert metrics["encoders"]["minilm"] == 384
    assert metrics["clips"] > 50
    assert set(metrics["seconds"]) == {"libraries", "body", "sentence", "library"}
