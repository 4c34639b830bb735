"""Frames drawn by numpy, beside the same frames rendered by Cycles."""

import math
from concurrent.futures import ThreadPoolExecutor

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import style_material
from impromptu.addon.scene.outfit import ATTRIBUTE
from impromptu.addon.scene.style_data import to_linear
from impromptu.addon.scene.style_slots import Slot
from impromptu.rendering.drafts import Drafts
from impromptu.rendering.drawing import codes_of, draw
from impromptu.rendering.frames import Quality, read_picture, render_frame, set_quality
from impromptu.rendering.lights import light_stage
from impromptu.rendering.previews import Previews
from impromptu.rendering.scene import create_floor

SIZE = 160
RED, BLUE = (0.6, 0.05, 0.04), (0.03, 0.08, 0.5)


@pytest.fixture
def stage(scene):
    """The stage of previews, without an actor: a camera that looks along +y, light from its left."""
    focus = bpy.data.objects.new("Camera focus", None)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.parent, camera.location = focus, (0, -7, 2.2)
    camera.rotation_euler = (math.radians(80), 0, 0)
    for obj in (focus, camera):
        scene.collection.objects.link(obj)
    scene.camera = camera
    bpy.context.view_layer.update()
    light_stage(-90)
    create_floor(1.0)
    scene.view_settings.view_transform = "Standard"
    return scene


def ball(place=(0, 0, 1), radius=0.7, colours=lambda points: np.full((len(points), 3), RED)):
    """A ball with the outfit's colour attribute and its material."""
    from impromptu.addon.scene.outfit import outfit_material

    bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=32, radius=radius, location=place)
    obj = bpy.context.object
    obj.data.shade_smooth()
    points = np.array([v.co for v in obj.data.vertices])
    attribute = obj.data.color_attributes.new(ATTRIBUTE, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", np.c_[colours(points), np.ones(len(points))].astype(np.float32).ravel())
    obj.data.materials.append(outfit_material())
    return obj


def drawn(frame=1.0, size=SIZE):
    return draw(Drafts(size, size).moment(frame)).astype(int)


def reddish(picture):
    return picture[..., 0] > 1.2 * picture[..., 2]


def test_curve_of_srgb_and_back():
    codes = np.arange(256)
    np.testing.assert_array_equal(codes_of(to_linear(codes / 255)), codes)


def test_looks_like_cycles(stage, tmp_path):
    ball()
    set_quality(stage, Quality(SIZE, SIZE, 32))
    traced = render_frame(stage, 1, tmp_path).astype(int)
    ours = drawn()
    both, either = reddish(ours) & reddish(traced), reddish(ours) | reddish(traced)
    assert both.sum() / either.sum() > 0.97
    assert np.abs(ours - traced).mean() < 6
    # The shadow is where it is, and as dark; the lit floor and the sky are as bright.
    floor = ~either & (np.arange(SIZE)[:, None] > SIZE * 0.6)
    assert np.corrcoef(ours[floor].sum(-1), traced[floor].sum(-1))[0, 1] > 0.85
    assert np.abs(ours[:20] - traced[:20]).max() < 5


def test_empty_stage_has_floor_and_sky(stage):
    picture = drawn()
    assert np.ptp(picture[:10].reshape(-1, 3), axis=0).max() == 0
    assert len(np.unique(picture[-30:, :, 0])) > 5


def test_shadow_falls_away_from_the_key_light(stage):
    bare = drawn()
    ball(place=(0, 0, 0.6), radius=0.5)
    with_ball = drawn()
    darker = (bare - with_ball).sum(-1) > 40
    darker &= ~reddish(with_ball)
    columns = np.nonzero(darker)[1]
    assert len(columns) > 100
    assert columns.mean() > SIZE / 2, "the light comes from the left"


def test_colours_of_vertices_are_where_they_belong(stage):
    ball(colours=lambda p: np.where(p[:, :1] < 0, RED, BLUE))
    picture = drawn()
    middle = picture[SIZE // 4 : SIZE * 2 // 3]
    red, blue = reddish(middle), middle[..., 2] > 1.5 * middle[..., 0]
    assert red.sum() > 300
    assert blue.sum() > 300
    assert np.nonzero(red)[1].max() <= np.nonzero(blue)[1].min() + 2


def test_colour_of_a_material_without_the_attribute(stage):
    obj = ball()
    obj.data.color_attributes.remove(obj.data.color_attributes[ATTRIBUTE])
    surface = next(n for n in obj.data.materials[0].node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = (*RED, 1)
    assert reddish(drawn()).sum() > 300


def look(obj, slot, colour, metal=0.0, rough=0.5):
    """The attributes of a look on a mesh."""
    count = len(obj.data.vertices)
    attribute = obj.data.color_attributes.new(slot.colour, "FLOAT_COLOR", "POINT")
    attribute.data.foreach_set("color", np.tile(np.array([*colour, 1], np.float32), count))
    for name, value in ((slot.roughness, rough), (slot.metallic, metal)):
        obj.data.attributes.new(name, "FLOAT", "POINT").data.foreach_set("value", np.full(count, value, np.float32))
    obj.shape_key_add(name="Basis") if obj.data.shape_keys is None else None
    obj.shape_key_add(name=slot.key)


def test_two_looks_blend(stage):
    obj, slots = ball(), (Slot(0), Slot(1))
    for slot, colour in zip(slots, (RED, BLUE), strict=True):
        look(obj, slot, colour)
    obj.data.materials[0] = style_material.make_material([(s, style_material.Images()) for s in slots])
    middle = (SIZE * 45 // 100, SIZE // 2)
    seen = []
    for mix in (0.0, 0.5, 1.0):
        obj[style_material.MIX] = mix
        obj.update_tag()
        seen.append(drawn()[middle])
    assert seen[0][0] > 2 * seen[0][2]
    assert seen[2][2] > 2 * seen[2][0]
    assert seen[2][0] < seen[1][0] < seen[0][0]


def test_a_picture_lies_as_its_coordinates_say(stage):
    bpy.ops.mesh.primitive_plane_add(size=2, location=(0, 0, 1.2), rotation=(math.radians(90), 0, 0))
    obj = bpy.context.object
    look(obj, Slot(0), (1, 1, 1))
    image = bpy.data.images.new("quarters", 2, 2)
    # From the lowest row up: red and blue, green and grey.
    quarters = [(0.8, 0, 0), (0, 0, 0.8), (0, 0.8, 0), (0.5, 0.5, 0.5)]
    image.pixels.foreach_set(np.array([[*c, 1] for c in quarters], np.float32).ravel())
    obj.data.materials.append(style_material.make_material([(Slot(0), style_material.Images(image))]))
    obj[style_material.TEXTURE] = 1.0
    picture = drawn()
    rows, columns = np.nonzero(np.ptp(picture, axis=-1) > 60)
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    low, high = bottom - (bottom - top) // 4, top + (bottom - top) // 4
    west, east = left + (right - left) // 4, right - (right - left) // 4
    assert [int(picture[p].argmax()) for p in ((low, west), (low, east), (high, west))] == [0, 2, 1]
    assert np.ptp(picture[high, east]) < 40


def test_metal_mirrors_the_light(stage):
    spread = []
    for metal, rough in ((0.0, 1.0), (1.0, 0.2)):
        obj = ball()
        look(obj, Slot(0), (0.5, 0.5, 0.5), metal, rough)
        obj.data.materials[0] = style_material.make_material([(Slot(0), style_material.Images())])
        picture = drawn()
        spread.append(int(np.ptp(picture[SIZE * 45 // 100 - 12 : SIZE * 45 // 100 + 12, SIZE // 2 - 14 : SIZE // 2])))
        bpy.data.objects.remove(obj)
    assert spread[1] > 1.5 * spread[0]


@pytest.mark.parametrize("far_first", [True, False])
def test_nearer_things_hide_farther_ones(stage, far_first):
    def blue():
        ball(place=(0, 1.5, 1), colours=lambda p: np.full((len(p), 3), BLUE))

    blue() if far_first else ball(place=(0, -1.5, 1))
    alone = drawn()
    ball(place=(0, -1.5, 1)) if far_first else blue()
    picture = drawn()
    assert reddish(picture).sum() > 300
    bluish = picture[..., 2] > 1.5 * picture[..., 0]
    assert bluish.sum() < 0.25 * ((alone[..., 2] > 1.5 * alone[..., 0]) | reddish(alone)).sum()


def test_a_files_own_floor_is_a_thing_like_others(stage):
    bare = drawn()
    ball().name = "Floor"
    assert reddish(drawn()).sum() > 300
    assert np.abs(drawn() - bare)[-10:].max() < 60


def test_scenes_in_other_units_look_the_same(stage):
    ball()
    metres = drawn()
    stage.unit_settings.scale_length = 0.01
    for obj in stage.objects:
        obj.location = obj.location * 100
        if obj.type == "MESH":
            obj.scale = (100, 100, 100)
    stage.camera.data.clip_end = 1e5
    bpy.context.view_layer.update()
    assert np.abs(drawn() - metres).mean() < 0.5


def test_mirrored_and_flattened_objects(stage):
    obj = ball(colours=lambda p: np.where(p[:, :1] < 0, RED, BLUE))
    obj.scale = (-1, 1, 1)
    picture = drawn()
    red, blue = reddish(picture), picture[..., 2] > 1.5 * picture[..., 0]
    assert np.nonzero(red)[1].min() >= np.nonzero(blue)[1].max() - 2
    obj.scale = (0, 0, 0)
    assert not reddish(drawn()).any()


def test_pictures_need_not_be_square(stage, tmp_path):
    ball()
    set_quality(stage, Quality(200, 120, 8))
    traced, ours = render_frame(stage, 1, tmp_path), draw(Drafts(200, 120).moment(1.0))
    assert ours.shape == traced.shape == (120, 200, 3)
    both, either = reddish(ours.astype(int)), reddish(traced.astype(int))
    assert (both & either).sum() / (both | either).sum() > 0.95


def test_hidden_and_empty_objects_and_no_sun(stage):
    bare = drawn()
    ball().hide_render = True
    stage.collection.objects.link(bpy.data.objects.new("nothing", bpy.data.meshes.new("nothing")))
    np.testing.assert_array_equal(drawn(), bare)
    for lamp in [o for o in stage.objects if o.type == "LIGHT"]:
        bpy.data.objects.remove(lamp)
    ball()
    dark = drawn()
    assert reddish(dark).sum() > 300
    assert dark[-20:].mean() < bare[-20:].mean()


def test_things_behind_the_camera_are_not_drawn(stage):
    bare = drawn()
    ball(place=(0, -12, 1))
    assert np.abs(drawn() - bare)[:40].max() == 0


def test_moments_are_drawn_alike_in_any_thread(stage):
    obj = ball()
    for frame, x in ((1, -0.5), (11, 0.5)):
        obj.location.x = x
        obj.keyframe_insert("location", frame=frame)
    drafts = Drafts(SIZE, SIZE)
    moments = [drafts.moment(f) for f in (1, 6, 11)]
    alone = [draw(m) for m in moments]
    with ThreadPoolExecutor(3) as threads:
        for one, other in zip(alone, threads.map(draw, moments), strict=True):
            np.testing.assert_array_equal(one, other)
    columns = [np.nonzero(reddish(p.astype(int)))[1].mean() for p in alone]
    assert columns[0] < columns[1] - 5 < columns[2] - 10


def test_film_is_drawn_and_the_sheet_is_rendered(stage, tmp_path):
    ball()
    steps = []
    show = Previews(tmp_path, Quality(64, 64, 1), 0.4, 30, lambda *step: steps.append(step), drawn=True)
    assert len(show.plan({".mp4"})) == 0
    assert len(show.plan({".mp4", ".png"})) == 8
    show.write_film(tmp_path / "a.mp4", "a ball")
    assert steps[-1] == ("render", 6, 6)
    show.render({".png", ".mp4"})
    assert [step[2] for step in steps[6:]] == [14] * 8
    assert b"moov" in (tmp_path / "a.mp4").read_bytes()
    assert reddish(read_picture(tmp_path / "film-000003.png").astype(int)).sum() > 30
