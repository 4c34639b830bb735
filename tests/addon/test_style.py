"""A look on an actor: what is written, what keeps working with it, what other programs get, and how it is undone."""

import dataclasses
import json
import struct
from pathlib import Path

import bpy
import numpy as np
import pytest
from impromptu.addon.scene import (
    correctives,
    outfit,
    provenance,
    style,
    style_data,
    style_look,
    style_preview,
    style_slots,
)
from impromptu.addon.scene.actor import build_actor
from impromptu.addon.scene.axes import to_blender
from impromptu.addon.scene.duplicate import duplicate_beside
from impromptu.addon.scene.export import export_actor
from impromptu.addon.scene.handles import skin_of
from impromptu.addon.scene.placement import replace_action, rig_reach
from impromptu.addon.scene.shape import set_values
from impromptu.backend.protocol import InvalidInput

FRAME = 8


def make_look(count, seed=0, relief=0.02):
    """A look of random colours and relief."""
    rng = np.random.default_rng(seed)
    return style_data.StyleData(
        colour=rng.random((count, 3)),
        offsets=rng.normal(0, relief, (count, 3)),
        roughness=rng.random(count),
        metallic=rng.random(count),
        prompt=f"look {seed}",
    )


def save_look(path, data):
    """As the backend writes it."""
    length = np.linalg.norm(data.offsets, axis=1)
    direction = np.divide(data.offsets, length[:, None], where=length[:, None] > 0, out=np.zeros_like(data.offsets))
    np.savez(
        path,
        colour=data.colour.astype(np.float32),
        displacement=length.astype(np.float32),
        direction=direction.astype(np.float32),
        offsets=data.offsets.astype(np.float32),
        roughness=data.roughness.astype(np.float32),
        metallic=data.metallic.astype(np.float32),
        prompt=np.array(data.prompt),
    )


def save_picture(path, colour, size=8):
    """A picture of one colour, 0 to 1."""
    image = bpy.data.images.new("made", size, size)
    image.pixels.foreach_set(np.tile(np.float32([*colour, 1]), size * size))
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)


def pixels_of(path):
    """The first pixel of a picture."""
    image = bpy.data.images.load(str(path))
    try:
        return image.pixels[:3]
    finally:
        bpy.data.images.remove(image)


def linear(skin, name):
    attribute = skin.data.color_attributes[name]
    values = np.empty(len(attribute.data) * 4, np.float32)
    attribute.data.foreach_get("color", values)
    return values.reshape(-1, 4)[:, :3]


def key_values(skin):
    return {k.name: round(k.value, 4) for k in skin.data.shape_keys.key_blocks if k.name.startswith("Style")}


def style_things():
    """All that a look leaves in a file."""
    skins = [o for o in bpy.data.objects if o.type == "MESH"]
    found = [m.name for m in bpy.data.materials if m.name.startswith("Impromptu style")]
    found += [i.name for i in bpy.data.images]
    for skin in skins:
        found += [a.name for a in skin.data.attributes if "style" in a.name]
        found += [k.name for k in skin.data.shape_keys.key_blocks if "Style" in k.name]
        found += [
            k for o in (skin, skin.parent) for k in dict(o.items()) if "style" in k or "aside" in k or "plain" in k
        ]
    return found


@pytest.fixture
def flat(body):
    """The body with texture coordinates."""
    rng = np.random.default_rng(5)
    return dataclasses.replace(body, uv=(rng.random((len(body.v_template), 2)), body.faces))


@pytest.fixture
def actor(scene, flat, motion):
    return build_actor(flat, motion, "Actor", {"prompt": "a test", "seed": 3})


@pytest.fixture
def look(body):
    return make_look(len(body.v_template))


@pytest.fixture
def pictures(scene, tmp_path):
    """An albedo and a normal map."""
    save_picture(tmp_path / "albedo.png", (0.8, 0.2, 0.1))
    save_picture(tmp_path / "normal.png", (0.5, 0.5, 1.0))
    return style_data.Textures(tmp_path / "albedo.png", tmp_path / "normal.png")


# Reading


def test_a_look_is_read_as_it_was_written(tmp_path, look):
    save_look(tmp_path / "style.npz", look)
    read = style_data.load_style(tmp_path / "style.npz", len(look.colour))
    for name in ("colour", "offsets", "roughness", "metallic"):
        assert getattr(read, name) == pytest.approx(getattr(look, name), abs=1e-6), name
    assert read.prompt == "look 0"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("colour", None, "lacks colour"),
        ("colour", np.zeros(5), "do not fit"),
        ("colour", np.full((240, 3), np.nan), "do not fit"),
        ("offsets", np.zeros((7, 3)), "do not fit"),
        ("offsets", np.full((240, 3), 3.0), "more than"),
        ("roughness", np.zeros((240, 2)), "do not fit"),
        ("metallic", np.array(["x"] * 240), "do not fit"),
        ("colour", np.array([{}] * 240), "cannot be read"),
    ],
)
def test_a_damaged_look_is_one_sentence(tmp_path, field, value, said):
    arrays = {"colour": np.zeros((240, 3)), "offsets": np.zeros((240, 3)), field: value}
    np.savez(tmp_path / "style.npz", **{k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(InvalidInput, match=said):
        style_data.load_style(tmp_path / "style.npz")


def test_a_look_for_another_body_is_refused(actor, tmp_path):
    save_look(tmp_path / "style.npz", make_look(100))
    with pytest.raises(InvalidInput, match="body of 100 points"):
        style_data.load_style(tmp_path / "style.npz", len(actor.skin.data.vertices))
    with pytest.raises(InvalidInput, match="body of 100 points"):
        style.apply_style(actor.rig, make_look(100))
    assert style_things() == []


def test_textures_are_found_by_the_number_of_their_look(tmp_path):
    for name in ("albedo.png", "albedo_2.png", "normal_2.png"):
        (tmp_path / name).touch()
    assert style_data.Textures.beside(tmp_path / "style.npz") == style_data.Textures(tmp_path / "albedo.png", None)
    second = style_data.Textures.beside(tmp_path / "style_2.npz")
    assert (second.albedo.name, second.normal.name) == ("albedo_2.png", "normal_2.png")


def test_colours_come_back_from_linear():
    values = np.linspace(0, 1, 101)
    assert style_data.to_srgb(style_data.to_linear(values)) == pytest.approx(values, abs=1e-12)
    assert style_data.to_linear(0.5) == pytest.approx(0.21404, abs=1e-5)


# On the actor


def test_colours_and_surface_are_attributes_of_the_mesh(actor, look):
    style.apply_style(actor.rig, look)
    mesh = actor.skin.data
    attribute = mesh.color_attributes["style"]
    assert (attribute.data_type, attribute.domain) == ("FLOAT_COLOR", "POINT")
    assert mesh.color_attributes.active_color.name == "style"
    assert mesh.color_attributes[mesh.color_attributes.render_color_index].name == "style"
    assert linear(actor.skin, "style") == pytest.approx(style_data.to_linear(look.colour), abs=1e-6)
    for name in ("roughness", "metallic"):
        values = np.empty(len(mesh.vertices), np.float32)
        mesh.attributes[f"style_{name}"].data.foreach_get("value", values)
        assert values == pytest.approx(getattr(look, name), abs=1e-6)


def test_relief_is_a_key_from_0_to_1_in_blenders_frame(actor, look):
    style.apply_style(actor.rig, look)
    keys = actor.skin.data.shape_keys.key_blocks
    key = keys["Style"]
    assert (key.value, key.slider_min, key.slider_max) == (1, 0, 1)
    assert key.relative_key == keys["Basis"]
    points = np.array([p.co for p in key.data]) - np.array([p.co for p in keys["Basis"].data])
    assert points == pytest.approx(to_blender(look.offsets), abs=1e-6)


def test_relief_is_carried_by_the_skeleton_with_shape_and_correctives(scene, flat, motion, look, evaluated):
    """The same offsets in the mean shape itself must give the same surface, in a pose with correctives."""
    styled = build_actor(flat, motion, "Styled", {})
    style.apply_style(styled.rig, look)
    moulded = dataclasses.replace(flat, v_template=flat.v_template + look.offsets)
    reference = build_actor(moulded, motion, "Moulded", {})
    for skin, rig in ((styled.skin, styled.rig), (reference.skin, reference.rig)):
        set_values(rig, {"Shape000": -1.2}, joints=False)
        assert [k for k in skin.data.shape_keys.key_blocks if k.name.startswith("Pose_")]
    assert correctives.compress(flat)
    scene.frame_set(FRAME)
    # The rigs' floors differ by the lowest vertex of the rest shape alone.
    difference = evaluated(styled.skin) - evaluated(reference.skin)
    assert np.ptp(difference, axis=0) == pytest.approx(0, abs=2e-4)
    styled.skin.data.shape_keys.key_blocks["Style"].value = 0
    bpy.context.view_layer.update()
    assert np.ptp(evaluated(styled.skin) - evaluated(reference.skin), axis=0).max() > 0.02


def test_eyes_turn_under_a_look(actor, look, evaluated):
    style.apply_style(actor.rig, look)
    bpy.context.scene.frame_set(1)
    actor.rig.animation_data_clear()
    before = evaluated(actor.skin)
    eye = actor.rig.pose.bones["left_eye_smplhf"]
    eye.rotation_mode = "QUATERNION"
    eye.rotation_quaternion = (0.9, 0.3, 0.3, 0.1)
    bpy.context.view_layer.update()
    group = actor.skin.vertex_groups["left_eye_smplhf"].index
    own = [any(g.group == group and g.weight > 0.5 for g in v.groups) for v in actor.skin.data.vertices]
    moved = np.linalg.norm(evaluated(actor.skin) - before, axis=1)
    assert moved[own].max() > 1e-3


def test_a_second_look_replaces_the_first(actor, look, pictures):
    style.apply_style(actor.rig, look, pictures, {"seed": 1})
    images = len(bpy.data.images)
    style.apply_style(actor.rig, make_look(len(look.colour), 1), pictures, {"seed": 2})
    assert style.count_styles(actor.rig) == 1
    assert len(bpy.data.images) == images == 2
    assert len([m for m in bpy.data.materials if m.name.startswith("Impromptu style")]) == 1
    assert [s["seed"] for s in style.known_styles(actor.rig)] == [2]
    assert style.MIX not in actor.rig


def test_two_looks_are_blended_by_one_slider(actor, look, pictures):
    style.apply_style(actor.rig, look, pictures, {"seed": 1})
    assert style.apply_style(actor.rig, make_look(len(look.colour), 1), pictures, {"seed": 2}, keep=True) == 1
    rig, skin = actor.rig, actor.skin
    assert {"style", "style.001"} <= set(skin.data.color_attributes.keys())
    ui = rig.id_properties_ui("style_mix").as_dict()
    assert (ui["min"], ui["max"], rig["style_mix"]) == (0, 1, 1)
    assert [s["seed"] for s in style.known_styles(rig)] == [1, 2]
    for mix in (0.0, 0.25, 1.0):
        rig["style_mix"] = mix
        rig.update_tag()
        bpy.context.view_layer.update()
        assert key_values(skin) == {"Style": 1 - mix, "Style.001": mix}
        seen = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
        assert seen["style_mix"] == pytest.approx(mix)
    # A third takes the place of the second.
    style.apply_style(rig, make_look(len(look.colour), 2), pictures, {"seed": 3}, keep=True)
    assert [s["seed"] for s in style.known_styles(rig)] == [1, 3]
    assert style.count_styles(rig) == 2


def test_the_slider_can_be_keyed(actor, look):
    style.apply_style(actor.rig, look)
    style.apply_style(actor.rig, make_look(len(look.colour), 1), keep=True)
    for frame, value in ((1, 0.0), (11, 1.0)):
        actor.rig["style_mix"] = value
        assert actor.rig.keyframe_insert('["style_mix"]', frame=frame)
    bpy.context.scene.frame_set(6)
    assert key_values(actor.skin)["Style"] == pytest.approx(0.5, abs=0.05)
    bpy.context.scene.frame_set(11)
    assert key_values(actor.skin)["Style"] == pytest.approx(0, abs=0.05)


def rendered(scene, tmp_path):
    """The mean colour of the picture's middle, as it is stored."""
    path = tmp_path / "render.png"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(image_size(scene), image_size(scene), 4)[6:10, 6:10, :3].mean((0, 1))


def image_size(scene):
    return scene.render.resolution_x


@pytest.fixture
def plate(scene, flat, motion, tmp_path):
    """A still actor so close to the camera that its surface fills the picture's middle; lit alike from everywhere."""
    corners = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    count = len(flat.v_template)
    v = np.repeat(corners, -(-count // 4), 0)[:count]
    faces = np.array([[0, count // 4, count // 2], [0, count // 2, count - 1]])
    uv = (np.full((count, 2), 0.5), faces)
    plate = dataclasses.replace(flat, v_template=v, faces=faces, uv=uv, betas=np.zeros(2), expression=np.zeros(1))
    still = dataclasses.replace(motion, poses=np.zeros_like(motion.poses)[:1], trans=np.zeros((1, 3)))
    actor = build_actor(plate, still, "Plate", {})
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 0.4
    camera.location, camera.rotation_euler = (0.05, -5, 1), (np.pi / 2, 0, 0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("World")
    scene.world.color = (1, 1, 1)
    if scene.world.node_tree is None:
        scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (1, 1, 1, 1)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 16, False
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.view_settings.view_transform = "Raw"
    return actor


def one_colour(count, rgb):
    return style_data.StyleData(np.tile(rgb, (count, 1)), np.zeros((count, 3)), np.ones(count), np.zeros(count))


def test_the_sliders_reach_the_picture(plate, scene, tmp_path):
    """Red vertices and a green picture; then a blue look: what is rendered follows both sliders, driven and keyed."""
    count = len(plate.skin.data.vertices)
    save_picture(tmp_path / "albedo.png", (0, 1, 0))
    textures = style_data.Textures(tmp_path / "albedo.png", None)
    style.apply_style(plate.rig, one_colour(count, (1.0, 0, 0)), textures)
    colours = {}
    for texture in (1.0, 0.0):
        plate.rig["style_texture"] = texture
        scene.frame_set(1)
        colours[texture] = rendered(scene, tmp_path)
    assert colours[1.0].argmax() == 1, colours
    assert colours[0.0].argmax() == 0, colours
    style.apply_style(plate.rig, one_colour(count, (0, 0, 1.0)), keep=True)
    assert plate.rig["style_texture"] == 0
    for mix, channel in ((0.0, 0), (1.0, 2)):
        plate.rig["style_mix"] = mix
        scene.frame_set(1)
        assert rendered(scene, tmp_path).argmax() == channel, mix
    plate.rig["style_mix"] = 0.5
    scene.frame_set(1)
    red, green, blue = rendered(scene, tmp_path)
    assert red == pytest.approx(blue, rel=0.15)
    assert green < red - 0.15


def test_taking_the_look_off_leaves_the_plain_outfit(actor, look, pictures, evaluated):
    plain, material = evaluated(actor.skin), actor.skin.data.materials[0]
    before = provenance.read(actor.rig)
    style.apply_style(actor.rig, look, pictures)
    style.apply_style(actor.rig, make_look(len(look.colour), 1), keep=True)
    style.remove_style(actor.rig)
    assert style_things() == []
    assert evaluated(actor.skin) == pytest.approx(plain, abs=1e-6)
    assert actor.skin.data.materials[0] == material
    assert actor.skin.data.color_attributes.active_color.name == outfit.ATTRIBUTE
    assert provenance.read(actor.rig) == before
    drivers = actor.skin.data.shape_keys.animation_data
    assert not [d for d in (drivers.drivers if drivers else ()) if "Style" in d.data_path]


def test_a_persons_own_material_comes_back(actor, look):
    own = bpy.data.materials.new("Mine")
    actor.skin.data.materials[0] = own
    style.apply_style(actor.rig, look)
    style.apply_style(actor.rig, look)
    style.remove_style(actor.rig)
    assert actor.skin.data.materials[0] == own


def test_sliders_of_shape_work_and_another_motion_keeps_the_look(actor, flat, motion, look):
    style.apply_style(actor.rig, look, record={"seed": 4})
    set_values(actor.rig, {"Shape000": 2.0})
    key = actor.skin.data.shape_keys.key_blocks["Style"]
    assert key.value == 1
    replace_action(actor.rig, flat, motion, "Again", {"prompt": "another"})
    assert key.value == 1
    record = provenance.read(actor.rig)
    assert (record["prompt"], record["styles"][0]["seed"]) == ("another", 4)
    assert actor.rig["impromptu_style"] == "look 0"


# What it shows


def test_what_an_actor_shows_is_what_it_was_given(actor, look):
    style.apply_style(actor.rig, look)
    colour, offsets = style_look.shown_look(actor.rig)
    assert colour == pytest.approx(look.colour, abs=1e-5)
    assert offsets == pytest.approx(look.offsets, abs=1e-6)
    actor.skin.data.shape_keys.key_blocks["Style"].value = 0.5
    assert style_look.shown_look(actor.rig)[1] == pytest.approx(look.offsets / 2, abs=1e-6)
    actor.skin.data.shape_keys.key_blocks["Style"].value = 0
    assert np.abs(style_look.shown_look(actor.rig)[1]).max() == 0


def test_what_an_actor_shows_without_a_look_is_its_outfit(actor, flat):
    colour, offsets = style_look.shown_look(actor.rig)
    expected = style_data.to_srgb(outfit.vertex_colours(flat)[:, :3])
    assert colour == pytest.approx(expected, abs=1e-5)
    assert not offsets.any()


def test_colours_painted_on_corners_are_seen_too(actor):
    mesh = actor.skin.data
    painted = mesh.color_attributes.new("mine", "BYTE_COLOR", "CORNER")
    painted.data.foreach_set("color_srgb", np.tile(np.float32([1, 0, 0.5, 1]), len(mesh.loops)))
    mesh.color_attributes.active_color = mesh.color_attributes["mine"]
    used = np.unique([v for p in mesh.polygons for v in p.vertices])
    assert style_look.shown_look(actor.rig)[0][used] == pytest.approx(np.tile([1, 0, 0.5], (len(used), 1)), abs=0.01)


def test_of_two_looks_the_blend_is_shown(actor, look):
    other = make_look(len(look.colour), 1)
    style.apply_style(actor.rig, look)
    style.apply_style(actor.rig, other, keep=True)
    actor.rig["style_mix"] = 0.25
    actor.rig.update_tag()
    bpy.context.view_layer.update()
    colour, offsets = style_look.shown_look(actor.rig)
    assert offsets == pytest.approx(0.75 * look.offsets + 0.25 * other.offsets, abs=1e-5)
    wanted = 0.75 * style_data.to_linear(look.colour) + 0.25 * style_data.to_linear(other.colour)
    assert colour == pytest.approx(style_data.to_srgb(wanted), abs=1e-5)


# Previews


def test_a_preview_is_updated_in_place_and_leaves_nothing(actor, look, evaluated):
    plain = evaluated(actor.skin)
    for seed in range(3):
        style_preview.show_preview(actor.rig, make_look(len(look.colour), seed))
        assert len([m for m in bpy.data.materials if m.name.startswith("Impromptu style")]) == 1
    shown = make_look(len(look.colour), 2)
    assert linear(actor.skin, "style") == pytest.approx(style_data.to_linear(shown.colour), abs=1e-6)
    assert np.abs(evaluated(actor.skin) - plain).max() > 0.01
    assert style_preview.bring_back(actor.rig)
    assert not style_preview.bring_back(actor.rig)
    assert style_things() == []
    assert evaluated(actor.skin) == pytest.approx(plain, abs=1e-6)
    assert actor.skin.data.color_attributes.active_color.name == outfit.ATTRIBUTE


def test_two_looks_come_back_after_a_preview(actor, look, pictures, evaluated):
    style.apply_style(actor.rig, look, pictures)
    style.apply_style(actor.rig, make_look(len(look.colour), 1), keep=True)
    actor.rig["style_mix"] = 0.25
    actor.rig.update_tag()
    bpy.context.view_layer.update()
    before, things, material = evaluated(actor.skin), sorted(style_things()), actor.skin.data.materials[0]
    style_preview.show_preview(actor.rig, make_look(len(look.colour), 7))
    shown = style_look.shown_look(actor.rig)
    assert shown[1] == pytest.approx(make_look(len(look.colour), 7).offsets, abs=1e-6)
    style_preview.bring_back(actor.rig)
    bpy.context.view_layer.update()
    assert sorted(style_things()) == things
    assert actor.skin.data.materials[0] == material
    assert evaluated(actor.skin) == pytest.approx(before, abs=1e-5)
    actor.rig["style_mix"] = 1.0
    actor.rig.update_tag()
    bpy.context.view_layer.update()
    assert key_values(actor.skin) == {"Style": 0, "Style.001": 1}


# Copies


def test_a_copy_stands_beside_with_data_of_its_own(actor, look):
    style.apply_style(actor.rig, look)
    style.apply_style(actor.rig, make_look(len(look.colour), 1), keep=True)
    made = duplicate_beside(actor.rig)
    assert rig_reach(made)[0] > rig_reach(actor.rig)[1]
    assert made["impromptu_uid"] != actor.rig["impromptu_uid"]
    assert skin_of(made) != actor.skin
    assert skin_of(made).data != actor.skin.data
    made["style_mix"] = 0.0
    made.update_tag()
    bpy.context.view_layer.update()
    assert key_values(skin_of(made)) == {"Style": 1, "Style.001": 0}
    assert key_values(actor.skin) == {"Style": 0, "Style.001": 1}
    assert (skin_of(made)["style_mix"], actor.skin["style_mix"]) == (0, 1)
    set_values(made, {"Shape000": 3.0})
    assert actor.skin.data.shape_keys.key_blocks["Shape000"].value == pytest.approx(0.7)


# Exports


def read_glb(path):
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<I", raw, 12)
    return json.loads(raw[20 : 20 + length]), raw


def test_a_glb_holds_the_pictures_and_the_relief(actor, look, pictures, tmp_path):
    style.apply_style(actor.rig, look, pictures, {"seed": 9})
    worn = actor.skin.data.materials[0]
    path = tmp_path / "out" / "a.glb"
    path.parent.mkdir()
    export_actor(actor, path)
    told, raw = read_glb(path)
    surface = told["materials"][told["meshes"][0]["primitives"][0]["material"]]
    albedo = surface["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    normal = surface["normalTexture"]["index"]
    assert albedo != normal
    start = 28 + struct.unpack_from("<I", raw, 12)[0]
    for texture, file in ((albedo, pictures.albedo), (normal, pictures.normal)):
        view = told["bufferViews"][told["images"][told["textures"][texture]["source"]]["bufferView"]]
        at = start + view.get("byteOffset", 0)
        assert raw[at : at + view["byteLength"]] == file.read_bytes()
    attributes = told["meshes"][0]["primitives"][0]["attributes"]
    assert not [name for name in attributes if name.startswith("COLOR")], "viewers multiply pictures by these"
    names = told["meshes"][0]["extras"]["targetNames"]
    assert told["meshes"][0]["weights"][names.index("Style")] == 1
    assert any("look 0" in str(node.get("extras", {})) for node in told["nodes"])
    assert actor.skin.data.materials[0] == worn
    assert [m.name for m in bpy.data.materials if m.name.startswith("Impromptu look")] == []
    assert [p.name for p in path.parent.iterdir()] == ["a.glb"]


def glb_array(told, raw, accessor):
    """An accessor of three floats."""
    found = told["accessors"][accessor]
    view = told["bufferViews"][found["bufferView"]]
    start = 28 + struct.unpack_from("<I", raw, 12)[0] + view.get("byteOffset", 0) + found.get("byteOffset", 0)
    return np.frombuffer(raw, np.float32, found["count"] * 3, start).reshape(-1, 3)


def test_a_glb_is_lit_by_its_relief(actor, look, tmp_path):
    normals = {}
    mesh = actor.skin.data
    attributes = sorted(a.name for a in mesh.attributes)
    for name in ("flat", "raised"):
        if name == "raised":
            style.apply_style(actor.rig, look)
        export_actor(actor, tmp_path / f"{name}.glb")
        told, raw = read_glb(tmp_path / f"{name}.glb")
        primitive = told["meshes"][0]["primitives"][0]["attributes"]
        points = glb_array(told, raw, primitive["POSITION"])
        normals[name] = dict(zip(map(tuple, points.round(4)), glb_array(told, raw, primitive["NORMAL"]), strict=True))
    shared = [p for p in normals["flat"] if p in normals["raised"]]
    assert len(shared) > 20
    assert max(1 - normals["flat"][p] @ normals["raised"][p] for p in shared) > 0.1
    assert not mesh.has_custom_normals
    style.remove_style(actor.rig)
    assert sorted(a.name for a in mesh.attributes) == attributes


def test_a_glb_without_pictures_holds_the_vertex_colours(actor, look, tmp_path):
    style.apply_style(actor.rig, look)
    export_actor(actor, tmp_path / "a.glb")
    told, _ = read_glb(tmp_path / "a.glb")
    assert "COLOR_0" in told["meshes"][0]["primitives"][0]["attributes"]
    assert "images" not in told


def test_a_blend_of_two_looks_is_exported_as_one_picture(actor, look, tmp_path):
    for i, value in enumerate((0.0, 1.0)):
        save_picture(tmp_path / "albedo.png", (value, value, value))
        textures = style_data.Textures(tmp_path / "albedo.png", None)
        style.apply_style(actor.rig, make_look(len(look.colour), i), textures, keep=True)
    actor.rig["style_mix"] = 0.5
    images = sorted(i.name for i in bpy.data.images)
    export_actor(actor, tmp_path / "a.glb")
    assert sorted(i.name for i in bpy.data.images) == images
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "a.glb"))
    (image,) = (i for i in bpy.data.images if i.size[0] == 8)
    assert image.pixels[0] == pytest.approx(style_data.to_srgb(0.5), abs=0.01)


def test_an_fbx_holds_the_pictures(actor, look, pictures, tmp_path):
    style.apply_style(actor.rig, look, pictures)
    (tmp_path / "out").mkdir()
    export_actor(actor, tmp_path / "out" / "a.fbx")
    raw = (tmp_path / "out" / "a.fbx").read_bytes()
    assert pictures.albedo.read_bytes() in raw
    assert pictures.normal.read_bytes() in raw
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.fbx"]


def test_a_usd_has_its_pictures_beside_it(actor, look, pictures, tmp_path):
    style.apply_style(actor.rig, look, pictures)
    (tmp_path / "out").mkdir()
    export_actor(actor, tmp_path / "out" / "a.usdc")
    beside = sorted((tmp_path / "out" / "textures").iterdir())
    assert [round(pixels_of(p)[0], 1) for p in beside] == [0.8, 0.5]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(tmp_path / "out" / "a.usdc"))
    found = {Path(bpy.path.abspath(i.filepath)).name for i in bpy.data.images if i.size[0] == 8}
    assert found == {p.name for p in beside}


def test_a_blend_needs_nothing_beside_it(actor, look, pictures, tmp_path):
    style.apply_style(actor.rig, look, pictures, {"seed": 9})
    export_actor(actor, tmp_path / "a.blend")
    for path in (pictures.albedo, pictures.normal):
        path.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    images = [i for i in bpy.data.images if i.size[0] == 8]
    assert len(images) == 2
    assert all(i.packed_file for i in images)
    assert str(tmp_path) not in "".join(i.filepath for i in images)
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert style.known_styles(rig)[0]["seed"] == 9


def test_a_linked_actor_is_refused(actor, look, link_rig):
    rig = link_rig()
    with pytest.raises(InvalidInput, match="another file"):
        style.apply_style(rig, look)
    with pytest.raises(InvalidInput, match="another file"):
        style.remove_style(rig)
    assert style_slots.slots_of(skin_of(rig)) == []
