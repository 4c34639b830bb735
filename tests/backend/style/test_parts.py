"""The pieces of the method, each by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.people.atlas import Atlas
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.style.appearance import BOUND, FIELD_BOUND, SHADE, TINT, Appearance
from impromptu.backend.style.attention import attention_weights, foreground_attention
from impromptu.backend.style.augment import Warp, warped
from impromptu.backend.style.content import best_frames, candidates, pose_content
from impromptu.backend.style.costume import cut_costume, grey_costume
from impromptu.backend.style.field import PUBLISHED, FieldOptions, StyleField
from impromptu.backend.style.freedom import find_freedom
from impromptu.backend.style.options import ABLATIONS, StyleOptions, ablated, published
from impromptu.backend.style.regions import region
from impromptu.backend.style.words import read_look

LOOK = read_look("a man wearing a red shirt and blue jeans")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_attention_is_equation_5() -> None:
    embeddings = torch.randn(3, 4, generator=generator())
    masks = torch.zeros(3, 2, 2)
    masks[0], masks[1, 0] = 1, 1
    expected = (1.0 * embeddings[0] + 0.5 * embeddings[1]) / 1.5
    assert torch.allclose(foreground_attention(embeddings, masks), expected)
    assert torch.allclose(foreground_attention(embeddings, masks, "rejected"), embeddings[:2].mean(0))
    assert torch.allclose(foreground_attention(embeddings, masks, "mean"), embeddings.mean(0))


def test_attention_that_sees_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput, match="No view sees the mesh"):
        attention_weights(torch.zeros(3))


def test_a_field_begins_at_nothing_and_is_the_same_left_and_right() -> None:
    places = torch.randn(50, 3, generator=generator())
    mirrored = places * torch.tensor([-1.0, 1.0, 1.0])
    field = StyleField(places, FieldOptions(), generator())
    colour, shape = field()
    assert not colour.any()
    assert not shape.any()
    with torch.no_grad():
        for parameter in field.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator(1)))
    assert torch.allclose(field()[0], field(field.encode(mirrored))[0], atol=1e-5)
    free = StyleField(places, FieldOptions(symmetric=False), generator())
    assert not torch.allclose(free.encode(places), free.encode(mirrored))


def test_the_published_field_has_the_published_size() -> None:
    field = StyleField(torch.randn(9, 3), PUBLISHED, generator())
    linear = [m for m in field.modules() if isinstance(m, torch.nn.Linear)]
    # The input layer and four of the trunk, and of each branch two and the last.
    assert len(linear) == 5 + 2 * 3
    assert {m.out_features for m in linear} == {256, 3, 1}
    assert published().images == 264


def test_warps_move_pixels_not_values_and_carry_gradients() -> None:
    images = torch.rand(2, 3, 32, 32, generator=generator(), requires_grad=True)
    same = warped(images, Warp(chance=0.0), generator())
    assert torch.allclose(same, images, atol=1e-5)
    cropped = warped(images, Warp(chance=0.0, crop=0.5), generator())
    assert cropped.shape == images.shape
    assert not torch.allclose(cropped, images)
    cropped.sum().backward()
    assert images.grad is not None
    # Half of the side is a quarter of the picture: what lies outside has no gradient.
    assert 0.2 < float((images.grad.abs().sum(1) > 0).float().mean()) < 0.35
    tilted = warped(torch.ones(4, 1, 16, 16), Warp(), generator())
    assert torch.allclose(tilted, torch.ones_like(tilted))


def test_the_best_frames_are_apart_in_time() -> None:
    scores = np.array([0.1, 0.9, 0.8, 0.85, 0.1, 0.1, 0.1, 0.1, 0.5, 0.1, 0.1, 0.4])
    assert best_frames(scores, 3) == [1, 3, 8]
    assert best_frames(scores, 3, "centre") == [6]
    assert best_frames(scores, 20) == list(range(12))
    assert candidates(1) == [0]
    assert candidates(500)[-1] == 499


def test_a_displacement_moves_with_the_joints_as_a_shape_key_does() -> None:
    body = kept_body("neutral")
    costume = cut_costume(body.arrays, LOOK)
    poses = np.zeros((1, body.num_joints, 3), np.float32)
    poses[0, body.joint_names.index("left_elbow")] = (0.0, -1.2, 0.0)
    lifted = 0.03 * costume.direction
    still = pose_content(body, poses, torch.zeros(1, body.num_betas), costume.direction, [0])
    along = still.displaced(torch.full((body.num_vertices,), 0.03), torch.tensor([0]))[0]
    as_offsets = pose_content(body, poses, torch.zeros(1, body.num_betas), costume.direction, [0], lifted)
    # Both stand in the middle of their own box.
    middle = (along.amax(0) + along.amin(0)) / 2
    assert torch.allclose(along - middle, as_offsets.vertices[0], atol=1e-5)


def test_motions_of_other_bodies_and_without_frames_are_refused() -> None:
    body = kept_body("neutral")
    direction = torch.zeros(body.num_vertices, 3)
    with pytest.raises(InvalidInput, match="no frame"):
        pose_content(body, np.zeros((0, 55, 3)), torch.zeros(1, 10), direction, [])
    with pytest.raises(InvalidInput, match="joints"):
        pose_content(body, np.zeros((2, 24, 3)), torch.zeros(1, 10), direction, [0])


def test_garments_cover_what_they_are_worn_on() -> None:
    body = kept_body("neutral")
    costume = cut_costume(body.arrays, LOOK)
    atlas = Atlas(body.arrays)
    shown = {g.worn.kind: share.numpy() for g, share in zip(costume.garments, costume.shown(), strict=True)}
    assert set(shown) == {"shirt", "jeans", "trainers"}
    assert shown["shirt"][region(atlas, ("forearms",))].mean() > 0.8
    assert shown["jeans"][region(atlas, ("thighs", "calves"))].mean() > 0.8
    assert shown["trainers"][region(atlas, ("feet",))].mean() > 0.7
    for kind in shown:
        assert shown[kind][region(atlas, ("hands", "face"))].mean() < 0.05, kind
    total = sum(shown.values())
    assert total.max() < 1.001
    assert costume.offsets().norm(dim=1).max() < BOUND


def test_what_is_asked_for_takes_the_place_of_plain_clothes() -> None:
    body = kept_body("neutral")
    dress = cut_costume(body.arrays, read_look("a woman in a yellow dress"))
    assert [(g.worn.kind, g.asked) for g in dress.garments] == [("trainers", False), ("short dress", True)]
    swims = cut_costume(body.arrays, read_look("a man in blue swim shorts"))
    assert [g.worn.kind for g in swims.garments] == ["swim shorts"]
    bare = cut_costume(body.arrays, read_look("a man walking"), plain=False)
    assert not bare.garments


def test_what_nobody_speaks_of_stays_as_it_is() -> None:
    body = kept_body("neutral")
    costume = cut_costume(body.arrays, LOOK)
    freedom = find_freedom(body.arrays, costume, LOOK)
    atlas = Atlas(body.arrays)
    skin = torch.from_numpy(region(atlas, ("face", "hands", "hair")))
    assert float((freedom.shade + freedom.colour)[skin].mean()) < 0.05
    appearance = Appearance(costume, freedom, FieldOptions(), generator())
    before = appearance()
    with torch.no_grad():
        for parameter in appearance.field.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator(1)))
        appearance.palette.fill_(0.2)
    after = appearance()
    change = (after.colour - before.colour).abs().amax(1)
    plain = torch.from_numpy(region(atlas, ("feet",)))
    change = change.detach()
    assert float(change[torch.from_numpy(region(atlas, ("face",)))].mean()) < 0.01
    assert float(change[plain].mean()) < 0.05, "plain trainers were not asked for"
    assert float(change[torch.from_numpy(region(atlas, ("thighs",)))].mean()) > 0.05
    moved = (after.displacement - before.displacement).detach()
    assert float(moved.abs().max()) <= FIELD_BOUND + 1e-6


def test_kept_regions_are_kept_and_others_alone_may_be_named() -> None:
    body = kept_body("neutral")
    atlas = Atlas(body.arrays)
    costume = cut_costume(body.arrays, LOOK)
    kept = find_freedom(body.arrays, costume, LOOK, keep=("torso",))
    torso, thighs = (torch.from_numpy(region(atlas, (name,))) for name in ("torso", "thighs"))
    assert float(kept.shade[torso].mean()) < 0.1 < float(kept.shade[thighs].mean())
    only = find_freedom(body.arrays, costume, LOOK, only=("torso",))
    assert float(only.shade[thighs].mean()) < 0.1 < float(only.shade[torso].mean())


def test_a_known_garment_changes_by_shades_more_than_by_hues() -> None:
    body = kept_body("neutral")
    costume = cut_costume(body.arrays, LOOK)
    appearance = Appearance(costume, find_freedom(body.arrays, costume, LOOK), FieldOptions(), generator())
    one, none = torch.ones(1, 1), torch.zeros(1, 1)
    light = appearance.field_colour(torch.full((1, 3), 50.0), one, none)
    hue = appearance.field_colour(torch.tensor([[50.0, 0.0, -50.0]]), one, none)
    assert torch.allclose(light, torch.full((1, 3), SHADE), atol=1e-4)
    assert torch.allclose(hue, torch.tensor([[TINT, 0.0, -TINT]]), atol=1e-4)


def test_a_body_whose_joints_are_not_named_can_be_styled_bare() -> None:
    body = kept_body("neutral")
    costume = grey_costume(body.arrays)
    assert not costume.garments
    freedom = find_freedom(body.arrays, costume, read_look("a zombie"))
    appearance = Appearance(costume, freedom, FieldOptions(), generator())
    assert torch.allclose(appearance().colour, torch.full((1, 3), 0.5), atol=1e-3)


def test_every_ablation_differs_from_the_whole_in_its_piece() -> None:
    plain = StyleOptions()
    for name, changes in ABLATIONS.items():
        own = ablated(plain, name)
        assert all(getattr(own, key) == value for key, value in changes.items())
        assert (own == plain) is (not changes), name
    with pytest.raises(InvalidInput, match="no ablation"):
        ablated(plain, "no such piece")


def test_a_second_colour_that_nobody_asked_for_stays() -> None:
    arrays = kept_body("neutral").arrays
    look = read_look("a chef in a white uniform")
    for grey in (False, True):
        costume = cut_costume(arrays, look, grey=grey)
        appearance = Appearance(costume, find_freedom(arrays, costume, look), FieldOptions(), generator())
        with torch.no_grad():
            appearance.palette += 0.1
        moved = (appearance.own_palette() - appearance.begun).abs().amax(2)
        row = [g.worn.kind for g in costume.garments].index("chef uniform")
        assert moved[row].tolist() == pytest.approx([0.1, 0.1 if grey else 0.0])
