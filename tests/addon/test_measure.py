"""Height, weight and girths of the shape that the sliders show."""

import dataclasses

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import measure as m
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.shape import set_values


def test_volume_of_a_box():
    corners = np.array([[x, y, z] for x in (0, 2) for y in (0, 1) for z in (0, 3)], float)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
                      [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]])  # fmt: skip
    assert abs(m.volume(corners + 5, tuple(faces.T))) == pytest.approx(6.0)


def test_height_and_leg_follow_the_slider(actor, body):
    for betas in (body.betas, np.array([3.0, -2.0])):
        set_values(actor.rig, {f"Shape{k:03d}": float(b) for k, b in enumerate(betas)})
        told = m.measure(actor.rig)
        rest = body.v_template + body.shapedirs @ betas
        assert told.height_m == pytest.approx(np.ptp(rest[:, 1]), abs=1e-4)
        joints = rest.reshape(len(body.parents), 8, 3).mean(1)
        chain = [
            joints[[body.joint_names.index(f"{s}_{n}") for n in ("hip", "knee", "ankle")]] for s in ("left", "right")
        ]
        assert told.leg_m == pytest.approx(np.linalg.norm(np.diff(chain, axis=1), axis=2).sum(1).mean(), abs=1e-4)


def test_nothing_is_computed_twice(actor, monkeypatch):
    first = m.measure(actor.rig)
    monkeypatch.setattr(m, "measure_arrays", None)
    assert m.measure(actor.rig) is first


def test_two_actors_are_measured_apart(actor, body, motion):
    other = build_actor(dataclasses.replace(body, betas=np.array([3.0, 3.0])), motion, "Other", {})
    assert m.measure(actor.rig) != m.measure(other.rig)
    assert m.measure(actor.rig).girths_m == {}


def test_scale_and_units_count(scene, body, motion):
    plain = m.measure(build_actor(body, motion, "Metres", {}).rig)
    scene.unit_settings.scale_length = 0.01
    actor = build_actor(body, motion, "Centimetres", {})
    bpy.context.view_layer.update()
    assert m.measure(actor.rig).height_m == pytest.approx(plain.height_m, rel=1e-4)
    actor.rig.scale *= 2
    bpy.context.view_layer.update()
    twice = m.measure(actor.rig)
    assert twice.height_m == pytest.approx(2 * plain.height_m, rel=1e-4)
    assert twice.weight_kg == pytest.approx(8 * plain.weight_kg, rel=1e-3, abs=1e-6)


def test_girths_are_closed_lines_through_edges(scene, body, motion):
    girths = {"names": np.array(["waist", "head"]), "start": np.array([0, 3, 5]), "a": np.array([0, 8, 16, 24, 32]),
              "b": np.array([1, 9, 17, 25, 33]), "t": np.array([0.0, 0.5, 1.0, 0.25, 0.75])}  # fmt: skip
    actor = build_actor(dataclasses.replace(body, girths=girths), motion, "Taped", {})
    told = m.measure(actor.rig).girths_m
    t = girths["t"][:, None]
    points = body.rest[girths["a"]] * (1 - t) + body.rest[girths["b"]] * t
    waist = sum(np.linalg.norm(points[i] - points[(i + 1) % 3]) for i in range(3))
    assert list(told) == ["waist", "head"]
    assert told["waist"] == pytest.approx(waist, abs=1e-5)
