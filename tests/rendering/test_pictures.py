"""Captions, sheets, frames and films."""

import bpy
import numpy as np
import pytest
from impromptu.backend.protocol import InvalidInput
from impromptu.rendering.captions import draw_text, fill_triangles
from impromptu.rendering.film import encode_film, film_times
from impromptu.rendering.frames import Quality, read_picture, render_frame, set_quality, write_picture
from impromptu.rendering.previews import captions
from impromptu.rendering.sheet import compose_sheet, sheet_times


def blank(height=120, width=400):
    return np.full((height, width, 3), 255, np.uint8)


def inked(picture):
    rows, columns = np.nonzero((picture < 200).any(2))
    return columns.min(), columns.max(), rows.min(), rows.max()


def test_triangle_fills_half_a_square():
    mask = fill_triangles(np.array([[[0, 0], [10, 0], [0, 10]]], float), 20, 20)
    assert 45 <= mask.sum() <= 55
    assert mask[1, 1]
    assert not mask[9, 9]


def test_text_stands_on_its_baseline_within_its_room(scene):
    left, right, top, bottom = inked(draw_text(blank(), "walking Ég", 20, 60, 30, 360))
    assert 18 <= left <= 26
    assert right < 380
    assert 25 < top < 45
    assert 60 <= bottom < 72


def test_long_text_is_shortened(scene):
    words = "a person walks and walks and walks " * 8
    assert inked(draw_text(blank(), words, 20, 60, 30, 300))[1] <= 322


@pytest.mark.parametrize("text", ["", "   ", "走る人", "مشي", "🏃", "a\nb"])
def test_any_text_can_be_drawn(scene, text):
    assert draw_text(blank(), text, 20, 60, 30, 300).shape == (120, 400, 3)


def test_text_is_cut_at_the_edges_of_the_picture(scene):
    assert draw_text(blank(20, 60), "Wy", 5, 18, 30, 500).shape == (20, 60, 3)


def test_text_leaves_nothing_in_the_file(scene):
    draw_text(blank(), "walking", 20, 60, 30, 300)
    assert not bpy.data.curves
    assert not bpy.data.objects
    assert not bpy.data.meshes


def test_picture_survives_the_file(scene, tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (30, 44, 3)).astype(np.uint8)
    write_picture(tmp_path / "a.png", picture)
    assert np.array_equal(read_picture(tmp_path / "a.png"), picture)


def test_picture_in_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(InvalidInput, match="could not be written"):
        write_picture(tmp_path / "no" / "a.png", blank())


def test_sheet_has_all_pictures_in_order(scene):
    pictures = [np.full((90, 90, 3), 20 * i, np.uint8) for i in range(8)]
    sheet = compose_sheet(pictures, sheet_times(3.5), "a man walking backwards", "walk back · CMU · 3.5 s")
    assert sheet.shape[0] % 2 == sheet.shape[1] % 2 == 0
    centres = [sheet[45 + (i // 4) * 96, 45 + (i % 4) * 96, 0] for i in range(8)]
    assert centres == [20 * i for i in range(8)]
    assert inked(sheet[192:])[0] < 20


def test_moments_of_sheet_and_film():
    assert sheet_times(3.5)[[0, -1]].tolist() == [0.0, 3.5]
    assert len(film_times(4.0, 15)) == 60
    assert film_times(0.0, 15).tolist() == [0.0]


def test_captions_say_what_is_known():
    title, subtitle = captions({"prompt": "bow", "label": "bowing", "clip": {"name": "cmu_01"}}, "Actor", 2.0, 30.0)
    assert title == "bow"
    assert all(w in subtitle for w in ("bowing", "cmu_01", "2.0 s", "30 fps"))
    assert captions({}, "Actor", 1.0, 30.0)[0] == "Actor"
    made = {"label": "bowing", "clip": {"name": "generated", "kind": "generated"}}
    assert captions(made, "Actor", 2.0, 30.0)[1] == "bowing  ·  generated  ·  2.0 s  ·  30 fps"


def test_rendered_frame_has_what_the_camera_sees(scene, tmp_path):
    world = bpy.data.worlds.new("w")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0, 1, 0, 1)
    scene.world = world
    scene.camera = bpy.data.objects.new("c", bpy.data.cameras.new("c"))
    scene.view_settings.view_transform = "Standard"
    set_quality(scene, Quality(32, 48, samples=1))
    picture = render_frame(scene, 1.5, tmp_path)
    assert picture.shape == (48, 32, 3)
    assert picture.reshape(-1, 3).mean(0) == pytest.approx([0, 255, 0], abs=3)
    assert scene.frame_subframe == pytest.approx(0.5)


@pytest.mark.parametrize("wrong", [{"width": 33}, {"height": 0}, {"samples": 0}])
def test_impossible_quality_is_refused(wrong):
    with pytest.raises(InvalidInput):
        Quality(**wrong)


def test_film_has_its_frames_and_rate(scene, tmp_path):
    files = []
    for i in range(12):
        files.append(tmp_path / f"film-{i:06d}.png")
        write_picture(files[-1], np.full((64, 96, 3), 20 * i, np.uint8))
    encode_film(files, tmp_path / "a.mp4", 12.0)
    clip = bpy.data.movieclips.load(str(tmp_path / "a.mp4"))
    assert (tuple(clip.size), clip.frame_duration, clip.fps) == ((96, 64), 12, 12.0)
    assert [s.name for s in bpy.data.scenes] == [scene.name]
