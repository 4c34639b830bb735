import json

import pytest
from impromptu.backend.benchmarks import render_bodies, render_scaling
from impromptu.backend.benchmarks.render_work import body_work, leaves, soft_step, step
from impromptu.backend.protocol import InvalidInput, RuntimeMissing
from impromptu.backend.render.renderer import RenderOptions, open_renderer


def test_without_pytorch3d_its_rows_are_left_out_and_the_way_to_them_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render_bodies, "PYTHON", tmp_path / "python")
    assert render_bodies.run() == []
    assert "make pytorch3d" in capsys.readouterr().err


def test_rows_are_made_of_what_the_child_prints(tmp_path, monkeypatch):
    python = tmp_path / "python"
    found = {"vertices": 53950, "version": "0", "ours": {"numba": 0.5, "torch": 1.0, "antialias": 2.0}, "peer": 100.0}
    python.write_text(f"#!/bin/sh\necho a word before\necho '{json.dumps(found)}'\n")
    python.chmod(0o755)
    monkeypatch.setattr(render_bodies, "PYTHON", python)
    rows = render_bodies.run()
    assert [row.ratio for row in rows] == [200.0, 100.0, 50.0]
    assert all("54k vertices x 15 views" in row.name for row in rows)


def test_a_child_that_fails_is_one_sentence(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such module >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(render_bodies, "PYTHON", python)
    with pytest.raises(RuntimeMissing, match="no such module"):
        render_bodies.run()


def test_steps_draw_the_body_and_leave_nothing_behind():
    work = body_work(0, 2, 32)
    own = open_renderer("own")
    assert (own.render(work.mesh, work.cameras, RenderOptions()).alpha > 0.5).float().mean() > 0.05
    assert all(leaf.requires_grad for leaf in leaves(work))
    step(own, work, RenderOptions())
    soft_step(work)
    assert work.mesh.vertices.grad is None


def test_scaling_has_a_row_for_each_setting(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render_scaling, "BASE", {"views": 2, "levels": 0, "size": 32})
    monkeypatch.setattr(render_scaling, "SWEEPS", {"views": (1, 2), "levels": (1,)})
    render_scaling.run(tmp_path / "out.json", "cpu", 1)
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert [(r["views"], r["faces"]) for r in rows] == [(1, 26972), (2, 26972), (2, 107888)]
    assert all(r[f"{name}_ms"] > 0 for r in rows for name in ("hard", "antialias", "soft"))
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_device_that_is_not_there_is_named():
    with pytest.raises(InvalidInput, match="'tpu'"):
        next(render_scaling.measure("tpu"))
