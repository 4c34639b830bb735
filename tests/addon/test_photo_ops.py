"""Shape from Picture, with a host that stands in: which file is handed over, and what the actor gets."""

import json
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from impromptu.addon import session
from impromptu.addon.ops.photo import IMPROMPTU_OT_shape_from_picture
from impromptu.addon.panels.photo import IMPROMPTU_PT_photo
from impromptu.addon.scene import gender
from impromptu.addon.scene.handles import actors, skin_of
from impromptu.addon.scene.images import image_file
from impromptu.addon.scene.shape_arrays import betas_of
from impromptu.backend.protocol import InvalidInput

BETAS = {"stature": 1.25, "weight": -0.5}


@pytest.fixture
def photos(panel, canned):
    (canned / "result.json").write_text(json.dumps({"betas": BETAS, "found": {"by": "pose"}}))


@pytest.fixture
def painted():
    """An image that no file has, red above and green below."""
    image = bpy.data.images.new("Painted", 8, 4)
    pixels = np.zeros((4, 8, 4), np.float32)
    pixels[:2, :, 1] = pixels[2:, :, 0] = pixels[..., 3] = 1
    image.pixels.foreach_set(pixels.ravel())
    return image


def body():
    assert bpy.ops.impromptu.add_body("EXEC_DEFAULT", True) == {"FINISHED"}
    return actors(bpy.context.scene)[0]


def order(**values):
    return bpy.ops.impromptu.shape_from_picture("EXEC_DEFAULT", True, **values)


def test_the_actor_gets_the_shape_in_one_undo_step(photos, painted):
    before = betas_of(skin_of(body()))
    assert order(image="Painted") == {"FINISHED"}
    assert betas_of(skin_of(actors(bpy.context.scene)[0])) == pytest.approx([1.25, -0.5])
    bpy.ops.ed.undo()
    assert betas_of(skin_of(actors(bpy.context.scene)[0])) == pytest.approx(before)


def test_without_an_actor_a_body_is_added(photos, painted):
    assert not actors(bpy.context.scene)
    assert order(image="Painted") == {"FINISHED"}
    assert len(actors(bpy.context.scene)) == 1


def test_what_is_asked_for_reaches_the_job(photos, painted):
    body()
    assert order(image="Painted", height=1.8, person=2) == {"FINISHED"}
    job = session.queue().jobs[-1]
    assert job.kind == "fit"
    assert job.params["height"] == pytest.approx(1.8)
    assert job.params["person"] == 2
    assert job.params["image"].endswith("image.png")


def test_a_file_is_handed_over_as_it_is(photos, tmp_path, painted):
    path = image_file(painted, tmp_path)
    assert order(filepath=str(path)) == {"FINISHED"}
    assert session.queue().jobs[-1].params["image"] == str(path)
    loaded = bpy.data.images.load(str(path))
    assert image_file(loaded, tmp_path / "other") == path


def test_an_image_without_a_file_is_written_as_it_looks(scene, tmp_path, painted):
    again = bpy.data.images.load(str(image_file(painted, tmp_path)))
    pixels = np.empty(8 * 4 * 4, np.float32)
    again.pixels.foreach_get(pixels)
    assert pixels.reshape(4, 8, 4)[0, 0] == pytest.approx([0, 1, 0, 1])
    assert pixels.reshape(4, 8, 4)[3, 7] == pytest.approx([1, 0, 0, 1])


def test_light_is_encoded_for_the_screen(scene, tmp_path):
    image = bpy.data.images.new("Light", 4, 4, float_buffer=True)
    image.pixels.foreach_set(np.full(64, 0.2140, np.float32))
    again = bpy.data.images.load(str(image_file(image, tmp_path)))
    assert again.pixels[0] == pytest.approx(0.5, abs=0.01)


def test_no_picture_is_a_sentence(photos):
    with pytest.raises(RuntimeError, match="No picture is chosen"):
        order()
    with pytest.raises(RuntimeError, match="not there any more"):
        order(image="Nothing")
    film = SimpleNamespace(source="MOVIE", name="film")
    with pytest.raises(InvalidInput, match="A film"):
        image_file(film, None)


def test_betas_of_one_mean_fit_an_actor_of_another(actor, monkeypatch):
    monkeypatch.setattr(gender, "has_gender_axis", lambda rig: True)
    gender.set_axes(actor.rig, BETAS, "male")
    expected = [1.25 + gender.MEANS["male"]["stature"], -0.5 + gender.MEANS["male"]["weight"]]
    assert betas_of(skin_of(actor.rig)) == pytest.approx(expected)
    with pytest.raises(InvalidInput, match="none of these"):
        gender.set_axes(actor.rig, {"unknown": 1.0}, "neutral")


def test_a_damaged_result_leaves_the_actor_as_it_was(photos, painted, canned):
    before = betas_of(skin_of(body()))
    (canned / "result.json").write_text(json.dumps({"betas": [1, 2]}))
    with pytest.raises(RuntimeError, match="cannot be read"):
        order(image="Painted")
    assert betas_of(skin_of(actors(bpy.context.scene)[0])) == pytest.approx(before)


def test_the_image_editor_offers_it_where_an_image_is_open(scene, painted):
    assert IMPROMPTU_PT_photo.bl_space_type == "IMAGE_EDITOR"
    assert IMPROMPTU_PT_photo.poll(SimpleNamespace(space_data=SimpleNamespace(image=painted)))
    assert not IMPROMPTU_PT_photo.poll(SimpleNamespace(space_data=SimpleNamespace(image=None)))
    assert IMPROMPTU_OT_shape_from_picture.poll(bpy.context)
