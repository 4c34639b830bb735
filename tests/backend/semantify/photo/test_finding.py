"""Which pixels are a person's, in files as people have them."""

import numpy as np
import pytest
from impromptu.backend.protocol import InvalidInput, RuntimeMissing
from impromptu.backend.semantify.photo import finding
from impromptu.backend.semantify.photo.crop import crop_of
from impromptu.backend.semantify.photo.finding import Found, find_people, largest_part, plain_backdrop
from impromptu.backend.semantify.photo.picture import WORKED_ON, Photo, read_photo
from PIL import Image


@pytest.fixture
def alone(monkeypatch):
    """As where nothing is installed that finds people."""
    monkeypatch.setattr(finding, "pose_there", lambda: False)


def figure(height=120, width=90, backdrop=(200, 210, 220)):
    """A picture with a dark figure of known box on a backdrop that darkens evenly downwards."""
    pixels = np.tile(np.array(backdrop, float), (height, width, 1))
    pixels -= np.linspace(0, 30, height)[:, None, None]
    pixels[20:100, 30:60] = (40, 30, 60)
    return pixels.astype(np.uint8)


def photo(pixels, alpha=None):
    return Photo(pixels, alpha, 1.0, "photo.png", "")


def test_a_plain_backdrop_tells_the_person(alone):
    (found,) = find_people(photo(figure()))
    assert found.by == "backdrop"
    assert found.box == (30, 20, 30, 80)
    assert found.mask.sum() == 80 * 30
    assert found.points is None


def test_a_busy_backdrop_does_not_and_the_whole_picture_is_taken(alone):
    noise = np.random.default_rng(0).integers(0, 255, (120, 90, 3)).astype(np.uint8)
    assert plain_backdrop(noise) is None
    (found,) = find_people(photo(noise))
    assert (found.by, found.box, found.mask) == ("whole", (0, 0, 90, 120), None)


def test_the_largest_of_a_cut_out_comes_first_and_specks_are_left_out(alone):
    alpha = np.zeros((120, 90), np.uint8)
    alpha[20:40, 5:15], alpha[10:110, 40:80], alpha[2, 2] = 255, 255, 255
    found = find_people(photo(figure(), alpha))
    assert [f.box for f in found] == [(40, 10, 40, 100)]
    alpha[20:80, 5:25] = 255
    assert [f.box for f in find_people(photo(figure(), alpha))] == [(40, 10, 40, 100), (5, 20, 20, 60)]


def test_a_crop_is_looked_in_alone(alone):
    (found,) = find_people(photo(figure()), "whole", (10, 20, 50, 60))
    assert found.box == (10, 20, 50, 60)
    for crop in ((0, 0, 91, 50), (-1, 0, 50, 50), (0, 0, 5, 50)):
        with pytest.raises(InvalidInput, match="crop"):
            find_people(photo(figure()), "auto", crop)


def test_nobody_there_and_nothing_installed_are_sentences(alone, monkeypatch):
    with pytest.raises(InvalidInput, match=r"Nobody was found in photo\.png"):
        find_people(photo(np.full((60, 60, 3), 255, np.uint8)), "backdrop")
    with pytest.raises(InvalidInput, match="no finder"):
        find_people(photo(figure()), "magic")
    monkeypatch.setitem(__import__("sys").modules, "mediapipe", None)
    finding._mediapipe.cache_clear()
    finding._detector.cache_clear()
    with pytest.raises(RuntimeMissing, match=r"impromptu\[photo\]"):
        find_people(photo(figure()), "pose")
    finding._mediapipe.cache_clear()


def test_largest_part_has_no_holes():
    mask = np.zeros((20, 20), bool)
    mask[2:10, 2:10], mask[5, 5], mask[15:18, 15:18] = True, False, True
    assert largest_part(mask).sum() == 64
    assert largest_part(np.zeros((4, 4), bool)).sum() == 0


def test_a_crop_is_square_and_white_beyond_the_photo_and_around_the_person():
    pixels = figure()
    mask = np.zeros((120, 90), bool)
    mask[20:100, 30:60] = True
    found = Found((30, 20, 30, 80), mask, None, None, "alpha")
    seen, alone = crop_of(pixels, found), crop_of(pixels, found, alone=True)
    assert seen.shape == alone.shape == (90, 90, 3)
    assert (alone != 255).any(2).sum() == 80 * 30
    edge = crop_of(pixels, Found((0, 0, 20, 120), None, None, None, "whole"))
    assert (edge[:, 0] == 255).all()
    assert (edge[60, 60] == pixels[53, 3]).all()


# Files


def test_a_photo_is_shrunk_and_keeps_what_is_transparent(tmp_path):
    pixels = np.zeros((1536, 2048, 4), np.uint8)
    pixels[:, 1024:] = (10, 20, 30, 255)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    read = read_photo(tmp_path / "p.png")
    assert read.size == (768, WORKED_ON)
    assert read.scale == 2
    assert read.alpha[0, 0] == 0
    assert read.pixels[0, 0].tolist() == [255] * 3
    assert read.pixels[0, -1].tolist() == [10, 20, 30]
    assert len(read.sha256) == 64


def test_what_cannot_be_used_is_a_sentence(tmp_path):
    frames = [Image.new("RGB", (60, 60), c) for c in ("red", "blue")]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    Image.new("RGB", (60, 20)).save(tmp_path / "tiny.png")
    (tmp_path / "text.png").write_text("no picture")
    for name, said in (("moving.gif", "animated"), ("tiny.png", "60 x 20"), ("text.png", "not a picture")):
        with pytest.raises(InvalidInput, match=said):
            read_photo(tmp_path / name)
    with pytest.raises(InvalidInput):
        read_photo(tmp_path / "missing.png")


def test_grey_and_scanned_photos_are_read(tmp_path):
    Image.new("L", (60, 70), 90).save(tmp_path / "grey.tif", save_all=True, append_images=[Image.new("L", (60, 70))])
    assert read_photo(tmp_path / "grey.tif").pixels.tolist()[0][0] == [90, 90, 90]
