"""Pose correctives: compression, the quadratic form, and drivers that need no scripts."""

import numpy as np
import pytest
from impromptu.addon.scene import correctives as c
from impromptu.addon.scene.axes import quaternion_from_axis_angle, rotate_axes


def random_rotation(rng):
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def test_quadratic_form_equals_the_rotation_feature():
    rng = np.random.default_rng(0)
    for _ in range(20):
        feature, axes = rng.normal(size=9), random_rotation(rng)
        q = quaternion_from_axis_angle(rng.normal(size=3))
        w, x, y, z = rotate_axes(q[None], axes[None])[0]
        terms = np.array([x * x, y * y, z * z, x * y, x * z, y * z, w * x, w * y, w * z])
        assert terms @ c.quadratic_form(feature, axes) == pytest.approx(feature @ c.feature_of_quaternion(q))


def test_expression_is_the_form_and_short_enough():
    factors = np.array([-123.4567, 1.5, -2.25, 0.125, 10, -11, 12, -13, 99.9999])
    text = c.expression(factors)
    assert len(text) <= c.MAX_EXPRESSION
    w, x, y, z = quaternion_from_axis_angle([0.3, -0.4, 0.5])
    terms = np.array([x * x, y * y, z * z, x * y, x * z, y * z, w * x, w * y, w * z])
    value = eval(text, {"w": 2 * w, "x": 2 * x, "y": 2 * y, "z": 2 * z})
    assert value == pytest.approx(terms @ factors, rel=1e-4)


def test_directions_that_do_nothing_are_dropped():
    rng = np.random.default_rng(0)
    columns = np.outer(rng.normal(0, 0.01, 30), rng.normal(size=9))
    kept = c.compress_joint(columns, c._spread())
    assert len(kept) == 1
    offset, feature = kept[0]
    assert np.allclose(np.outer(offset.ravel(), feature), columns, atol=1e-9)


def test_a_model_without_posedirs_has_none(body):
    import dataclasses

    assert c.compress(dataclasses.replace(body, posedirs=None)) == []


def test_drivers_are_evaluated_natively(actor):
    drivers = actor.skin.data.shape_keys.animation_data.drivers
    assert len(drivers) == actor.corrective_keys > 0
    assert all(d.driver.is_simple_expression and d.driver.is_valid for d in drivers)


def test_correctives_vanish_at_rest(scene, actor):
    actor.rig.animation_data.action = None
    for bone in actor.rig.pose.bones:
        bone.matrix_basis.identity()
    scene.frame_set(2)
    values = [k.value for k in actor.skin.data.shape_keys.key_blocks if k.name.startswith("Pose_")]
    assert np.abs(values).max() < 1e-6


def test_correctives_follow_a_bone_in_any_rotation_mode(actor):
    import bpy

    bone = actor.rig.pose.bones["left_knee"]
    keys = [k for k in actor.skin.data.shape_keys.key_blocks if k.name.startswith("Pose_left_knee_")]
    assert keys
    actor.rig.animation_data_clear()
    values = []
    for mode in ("QUATERNION", "XYZ", "AXIS_ANGLE"):
        bone.rotation_mode = mode
        if mode == "QUATERNION":
            bone.rotation_quaternion = (np.cos(0.5), np.sin(0.5), 0, 0)
        elif mode == "XYZ":
            bone.rotation_euler = (1.0, 0, 0)
        else:
            bone.rotation_axis_angle = (1.0, 1, 0, 0)
        bpy.context.view_layer.update()
        evaluated = actor.skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.shape_keys
        values.append([evaluated.key_blocks[k.name].value for k in keys])
    assert np.abs(values[0]).max() > 0.01
    assert np.allclose(values[0], values[1], atol=1e-5)
    assert np.allclose(values[0], values[2], atol=1e-5)
