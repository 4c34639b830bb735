"""Pictures by our own rasteriser: light, edges, parts, floors."""

import dataclasses

import numpy as np
import pytest
import torch
from impromptu.backend.pictures.framing import stand_at
from impromptu.backend.pictures.part_map import part_mapper
from impromptu.backend.pictures.raster_engine import RasterEngine, shade
from impromptu.backend.pictures.stage import Figure, Stage, assemble

FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
SQUARE = np.array([[-0.5, 0.5, 0], [0.5, 0.5, 0], [0.5, 1.5, 0], [-0.5, 1.5, 0]], np.float32)


def stage(vertices=SQUARE, colour=(0.5, 0.5, 0.5), backdrop="plain", **other):
    """A square, a metre wide, that faces +z."""
    n = len(vertices)
    looks = np.tile(np.array(colour, np.float32), (n, 1)), np.ones(n, np.float32), np.zeros(n, np.float32)
    parts = np.full(n, 3, np.uint8)
    figure = Figure(FACES, np.asarray(vertices, np.float32), *looks, parts, ("a", "b", "c", "d"), np.zeros((1, 3)))
    fields = dict(
        camera=stand_at(0, 0, 4.0, np.array([0, 1.0, 0]), 40.0), light_direction=np.array([[0, 0, 1.0]]),
        light_colour=np.array([[0.5, 0.5, 0.5]]), ambient=np.array([0.25, 0.25, 0.25]),
        backdrop_colours=np.array([[0, 0, 1.0], [1.0, 1.0, 1.0]]), seed=3,
    )  # fmt: skip
    return Stage(figure, backdrop=backdrop, **{**fields, **other})


def shoot(*stages, size=64):
    scenes = assemble(stages, size)
    return list(RasterEngine().shoot(scenes, lambda: None)), scenes


def srgb(linear):
    return round(255 * (1.055 * linear ** (1 / 2.4) - 0.055))


def test_a_matt_square_has_lamberts_light_before_its_backdrop():
    (shot,), _ = shoot(stage())
    expected = srgb(0.5 * (0.25 + 0.5) + 0.5 * 0.04 * 8 / 8)
    assert abs(shot.picture[32, 32].astype(int) - expected).max() <= 1
    assert (shot.picture[2, 2] == (0, 0, 255)).all()


def test_light_from_the_side_is_weaker_by_its_cosine_and_none_comes_through():
    side = stage(light_direction=np.array([[np.sin(1), 0, np.cos(1)]]), colour=(1, 1, 1))
    back = stage(light_direction=np.array([[0, 0, -1.0]]), colour=(1, 1, 1))
    (one, other), _ = shoot(side, back)
    assert abs(int(one.picture[32, 32, 0]) - srgb(0.25 + 0.5 * np.cos(1))) < 6
    assert abs(int(other.picture[32, 32, 0]) - srgb(0.25)) <= 1


def test_both_sides_of_a_face_are_seen_and_lit_from_where_they_look():
    (front, behind), _ = shoot(stage(), stage(camera=stand_at(180, 0, 4.0, np.array([0, 1.0, 0]), 40.0)))
    assert front.picture[32, 32, 0] > behind.picture[32, 32, 0]
    assert abs(int(behind.picture[32, 32, 0]) - srgb(0.5 * 0.25)) <= 1


def test_edges_are_mixed_and_the_middle_is_whole():
    (shot,), _ = shoot(stage(vertices=SQUARE @ np.array([[0.96, 0.28, 0], [-0.28, 0.96, 0], [0, 0, 1]], np.float32)))
    blue = shot.picture[..., 2].astype(int)
    inside = blue[32, 32]
    between = ((blue > inside + 20) & (blue < 235)).sum()
    assert 20 < between < 300


def test_parts_are_those_in_front_and_nothing_elsewhere():
    (shot,), scenes = shoot(stage())
    assert set(np.unique(shot.parts)) == {3, 255}
    theirs = part_mapper(scenes)(0)
    assert (shot.parts != theirs).mean() < 0.03
    assert (shot.parts == 3).mean() == pytest.approx((theirs == 3).mean(), abs=0.03)


def test_metal_takes_the_colour_of_its_highlight_from_itself():
    carried = torch.tensor([[0, 0, 0, 0, 0, 1, 0.9, 0.1, 0.1, 0.3, m] for m in (0.0, 1.0)])
    eye, sun = torch.tensor([0, 0, 5.0]), torch.tensor([[0, 0, 1.0]])
    matt, metal = shade(carried, eye, sun, torch.ones(1, 3), torch.zeros(3))
    assert metal[0] > matt[0]
    assert metal[0] / metal[1] == pytest.approx(9, rel=0.01)
    assert matt[0] / matt[1] < 6


def test_a_ground_has_a_floor_with_a_shadow_on_the_far_side_of_the_sun():
    sun = np.array([[-0.7, 0.7, 0.14]]) / np.linalg.norm([-0.7, 0.7, 0.14])
    stands = SQUARE - (0, 0.5, 0)
    high = stand_at(0, 35, 5.0, np.array([0, 0.5, 0]), 40.0)
    above = stage(stands, backdrop="ground", light_direction=sun, camera=high)
    (shot,), _ = shoot(above, size=96)
    picture = shot.picture[..., 0].astype(int)
    left, right = picture[70, 12], picture[70, 84]
    row = picture[40:80]
    assert row[:, 62:].min() < row[:, :34].min() - 15
    assert abs(left - right) < 60
    lit = srgb(0.25 + 0.5 * sun[0, 1])
    assert abs(picture[88, 48] - lit) < 8


def test_a_picture_does_not_depend_on_its_batch():
    colours, backdrops = np.eye(3), ("noise", "chess", "ground")
    stages = [stage(colour=c, backdrop=b) for c, b in zip(colours, backdrops, strict=True)]
    together, _ = shoot(*stages)
    for one, shot in zip(stages, together, strict=True):
        (alone,), _ = shoot(one)
        np.testing.assert_array_equal(alone.picture, shot.picture)
        np.testing.assert_array_equal(alone.parts, shot.parts)


def test_what_is_behind_the_camera_or_without_area_is_not_drawn():
    gone = dataclasses.replace(stage().figure, vertices=SQUARE * 0 + (0, 1, 0))
    behind = stage(vertices=np.add(SQUARE, (0, 0, 9)))
    (one, other), _ = shoot(dataclasses.replace(stage(), figure=gone), behind)
    for shot in (one, other):
        assert (shot.parts == 255).all()
        assert (shot.picture == (0, 0, 255)).all()


def test_a_cancel_is_felt_between_two_pictures():
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt

    shots = RasterEngine().shoot(assemble([stage()] * 3, 32), check)
    next(shots)
    with pytest.raises(KeyboardInterrupt):
        next(shots)
