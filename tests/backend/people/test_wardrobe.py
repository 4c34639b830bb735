"""Dressed people: what holds for every garment, on every body, in every pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.body import load_body
from impromptu.backend.body.model import MorphableBody
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import face_forward
from impromptu.backend.motion.perform import full_pose
from impromptu.backend.people.patterns import PATTERNS
from impromptu.backend.people.spec import PARTS, SLOTS, Garment, Person
from impromptu.backend.people.wardrobe import Wardrobe
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.raster import rasterise, vertex_normals

RED, BLUE = (0.6, 0.02, 0.02), (0.02, 0.05, 0.5)
EXTREMES = ((), (0, 3.0), (0, -2.5), (3.0, 0, 2.5), (-3.0, 0, 0, 2.5), (0, 0, 0, -2.5, 2.5))


@pytest.fixture(scope="module")
def body() -> MorphableBody:
    return load_body("neutral")


@pytest.fixture(scope="module")
def wardrobe(body: MorphableBody) -> Wardrobe:
    return Wardrobe(body)


@pytest.fixture(scope="module")
def bare_and_normals(wardrobe: Wardrobe) -> tuple[np.ndarray, np.ndarray]:
    """(6, V, 3) bodies of `EXTREMES` without clothes, and the directions of their skin."""
    size = wardrobe.num_body_vertices
    bare = wardrobe.dress([Person(betas=b, hair="bald") for b in EXTREMES]).vertices[:, :size]
    faces = wardrobe.faces[wardrobe.faces.max(1) < size]
    return bare, np.stack([vertex_normals(v, faces) for v in bare])


def garment(wardrobe: Wardrobe, kind: str, pattern: str = "plain") -> Garment:
    return Garment(kind, "red", RED, wardrobe.kinds[kind].materials[0], pattern, "blue", BLUE)


def wearing(wardrobe: Wardrobe, *kinds: str, **person) -> Person:
    return Person(**{"hair": "bald", **person}, garments=tuple(garment(wardrobe, k) for k in kinds))


def poses_of(body: MorphableBody, clip: str, frames: list[int]) -> np.ndarray:
    return full_pose(face_forward(Library.open().load(clip)).poses[frames], body)


def ears(body: MorphableBody) -> np.ndarray:
    names = [str(n) for n in body.arrays.extras["region_names"]]
    return np.isin(body.arrays.extras["regions"], [i for i, n in enumerate(names) if n.endswith("_ear")])


def every_kind() -> list[str]:
    from impromptu.backend.people.garments import KINDS

    return sorted(KINDS)


def test_a_bare_body_is_the_body(wardrobe: Wardrobe, body: MorphableBody):
    rng = np.random.default_rng(0)
    people = [Person(betas=tuple(b), expression=tuple(e), hair="bald") for b, e in rng.normal(0, 1, (3, 2, 10))]
    poses = rng.normal(0, 0.3, (3, 55, 3)).astype(np.float32)
    transl = rng.normal(0, 1, (3, 3)).astype(np.float32)
    with torch.inference_mode():
        expected = body.forward(
            torch.tensor([p.betas for p in people]), torch.tensor([p.expression for p in people]),
            pose=torch.from_numpy(poses), transl=torch.from_numpy(transl),
        )  # fmt: skip
    dressed = wardrobe.pose(people, poses, transl)
    assert np.abs(dressed.vertices[:, : body.num_vertices] - expected.vertices.numpy()).max() < 2e-5
    assert np.abs(dressed.joints - expected.joints.numpy()).max() < 2e-5


@pytest.mark.parametrize("kind", every_kind())
def test_a_garment_lies_on_or_outside_every_body_and_near_it(
    wardrobe: Wardrobe, body: MorphableBody, bare_and_normals: tuple[np.ndarray, np.ndarray], kind: str
):
    bare, normals = bare_and_normals
    dressed = wardrobe.dress([wearing(wardrobe, kind, betas=b) for b in EXTREMES])
    size = wardrobe.num_body_vertices
    cloth, pieces = dressed.vertices[:, :size], dressed.vertices[:, size:]
    assert np.isfinite(dressed.vertices).all()
    assert np.isfinite(dressed.colours).all()
    moved = cloth - bare
    assert np.linalg.norm(moved, axis=2).max() < 0.26  # a kimono's sleeves
    covered = dressed.parts[:, :size] == PARTS.index(wardrobe.kinds[kind].slot)
    covered[:, : body.num_vertices] &= ~ears(body)  # a hood presses them to the head
    # Soles are flat, toes are joined and chins are wrapped: there cloth is not everywhere outside the skin.
    wrapped = wardrobe.kinds[kind].slot == "shoes" or kind in ("headscarf", "knight's helmet")
    least = -0.02 if wrapped else -0.003
    outside = (moved * normals).sum(2)
    # A few vertices lie in folds and at ears, where the skin's own direction says nothing.
    assert not covered.any() or np.quantile(outside[covered], 0.03) > least
    low, high = bare.min(1), bare.max(1)
    assert (pieces > low[:, None] - 0.45).all()
    assert (pieces < high[:, None] + 0.45).all()


@pytest.mark.parametrize("kind", every_kind())
def test_a_garment_covers_what_it_says(wardrobe: Wardrobe, kind: str):
    row = wardrobe.kinds[kind]
    person = wearing(wardrobe, kind)
    size = wardrobe.num_body_vertices
    before, after = (wardrobe.dress([p]).parts[0] for p in (replace(person, garments=()), person))
    own = after == PARTS.index(row.slot)
    assert own.any()
    hangs = own[size:].any()
    for part in row.covers:
        if part == "hair" or (part == "legs" and hangs):
            continue
        was = before[:size] == PARTS.index(part)
        assert own[:size][was].mean() > 0.6, part


def test_a_row_of_the_wardrobe_is_complete(wardrobe: Wardrobe):
    for name, row in wardrobe.kinds.items():
        assert row.name == name
        assert row.materials, name
        assert row.slot in SLOTS
        assert set(row.materials) <= set(wardrobe.materials), name
        assert "plain" in row.patterns or set(row.patterns) <= {"camouflage"}, name
        assert set(row.patterns) <= set(PATTERNS), name
        assert set(row.excludes) <= set(SLOTS) | set(wardrobe.kinds), name
        assert set(row.needs) <= set(SLOTS), name
        assert row.gender in ("any", "male", "female"), name


def test_colour_and_pattern_are_what_was_asked_for(wardrobe: Wardrobe):
    torso = None
    for pattern in wardrobe.kinds["t-shirt"].patterns:
        person = Person(hair="bald", garments=(garment(wardrobe, "t-shirt", pattern),))
        dressed = wardrobe.dress([person])
        own = dressed.parts[0] == PARTS.index("top")
        torso = dressed.colours[0][own]
        red, blue = (np.linalg.norm(torso - np.array(c), axis=1) < 0.12 for c in (RED, BLUE))
        if pattern == "plain":
            assert red.mean() > 0.8
            assert not blue.any()
        else:
            assert min(red.mean() / 0.12, blue.mean() / 0.08) > 1, pattern


@pytest.mark.parametrize("style", ["hair", "beard"])
def test_hair_and_beards_show_in_their_colour(wardrobe: Wardrobe, style: str):
    names = wardrobe.hair_styles if style == "hair" else wardrobe.beard_styles
    people = [replace(Person(hair="bald", hair_rgb=(0.0, 0.8, 0.0)), **{style: name}) for name in names]
    dressed = wardrobe.dress(people)
    assert np.isfinite(dressed.vertices).all()
    green = (dressed.colours[:, :, 1] - dressed.colours[:, :, 0] > 0.1).sum(1)
    for name, seen in zip(names, green, strict=True):
        assert seen > 60 or name == "bald", name


@pytest.mark.parametrize(("kind", "clip"), [("long skirt", "walk"), ("short skirt", "walk"), ("long dress", "run")])
def test_a_skirt_follows_the_legs(wardrobe: Wardrobe, body: MorphableBody, kind: str, clip: str):
    frames = list(range(2, 30, 7))
    person = wearing(wardrobe, kind, template="female")
    rest = wardrobe.dress([person]).vertices[0]
    skirt = wardrobe.piece_vertices("skirt")
    dressed = wardrobe.pose([person] * len(frames), poses_of(body, clip, frames))
    own = PARTS.index(wardrobe.kinds[kind].slot)
    # What the skirt covers at rest, a hand's width above its hem.
    legs = (dressed.parts[0] == PARTS.index("legs")) & (rest[:, 1] > rest[skirt, 1].min() + 0.1)
    through = seen = 0
    for vertices in dressed.vertices:
        for axis, sign in ((0, 1), (0, -1), (2, 1), (2, -1)):
            pixels = np.stack((vertices[:, 2 - axis], -vertices[:, 1]), 1) * 120 + [110, 110]
            face, _ = rasterise(pixels, sign * vertices[:, axis], wardrobe.faces, 220, 260)
            first = wardrobe.faces[face[face >= 0], 0]
            through += legs[first].sum()
            seen += (dressed.parts[0][first] == own).sum()
    assert through < 0.02 * seen


def test_pieces_that_are_not_worn_are_points(wardrobe: Wardrobe):
    dressed = wardrobe.dress([wearing(wardrobe, "t-shirt", "jeans"), wearing(wardrobe, "long dress")])
    skirt = wardrobe.piece_vertices("skirt")
    assert np.ptp(dressed.vertices[0, wardrobe.num_body_vertices :], axis=0).max() == 0
    assert np.ptp(dressed.vertices[1, skirt], axis=0).min() > 0.3
    others = np.delete(np.arange(wardrobe.num_vertices), np.r_[: wardrobe.num_body_vertices, skirt])
    assert np.ptp(dressed.vertices[1, others], axis=0).max() == 0


def test_the_same_person_twice_and_alone_is_the_same(wardrobe: Wardrobe, body: MorphableBody):
    people = [
        wearing(wardrobe, "wizard robe", "wizard hat", "boots", betas=(1.0, -1), template="male", beard="long beard"),
        wearing(wardrobe, "sweater", "pleated skirt", "trainers", hair="ponytail", template="female"),
        wearing(wardrobe, "suit", "cape", hair="afro"),
    ]
    poses = poses_of(body, "walk", [3, 9, 15])
    together, again = wardrobe.pose(people, poses), wardrobe.pose(people, poses)
    for name in ("vertices", "colours", "roughness", "metallic", "parts", "joints"):
        assert np.array_equal(getattr(together, name), getattr(again, name)), name
    for i, person in enumerate(people):
        alone = wardrobe.pose([person], poses[i : i + 1])
        assert np.abs(alone.vertices[0] - together.vertices[i]).max() < 1e-5
        assert np.array_equal(alone.colours[0], together.colours[i])
        assert np.array_equal(alone.parts[0], together.parts[i])


def test_people_stand_on_the_floor_where_asked(wardrobe: Wardrobe, body: MorphableBody):
    poses = poses_of(body, "squat_hold", [10, 20])
    people = [wearing(wardrobe, "t-shirt", "jeans", "boots"), Person()]
    free, standing = wardrobe.pose(people, poses), wardrobe.pose(people, poses, ground=True)
    assert np.abs(standing.vertices[:, :, 1].min(1)).max() < 1e-6
    assert np.ptp(standing.joints - free.joints, axis=1).max() < 1e-5


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (Person(garments=(Garment("toga", "red", RED),)), "no garment 'toga'"),
        (Person(garments=(Garment("t-shirt", "red", RED, "glass"),)), "no material 'glass'"),
        (Person(garments=(Garment("t-shirt", "red", RED, pattern="paisley"),)), "no pattern 'paisley'"),
        (Person(garments=(Garment("t-shirt", "red", RED), Garment("shirt", "red", RED))), "cannot wear"),
        (Person(hair="mullet"), "no hair style 'mullet'"),
        (Person(beard="van dyke"), "no beard style 'van dyke'"),
        (Person(template="robot"), "no template 'robot'"),
        (Person(betas=(0.0,) * 11), "11 betas"),
    ],
)
def test_what_the_wardrobe_does_not_have_is_said_in_a_sentence(wardrobe: Wardrobe, person: Person, words: str):
    with pytest.raises(InvalidInput, match=words):
        wardrobe.dress([person])


def test_poses_of_another_shape_are_refused(wardrobe: Wardrobe):
    with pytest.raises(InvalidInput, match="shape"):
        wardrobe.pose([Person()], np.zeros((1, 22, 3)))


def test_another_body_is_shown_in_plain_skin(body: MorphableBody):
    renamed = tuple(f"joint{i}" for i in range(len(body.joint_names)))
    plain = Wardrobe(MorphableBody(replace(body.arrays, joint_names=renamed, kind="smplx")))
    assert not plain.kinds
    assert plain.hair_styles == ("bald",)
    dressed = plain.dress([Person(skin_rgb=(0.5, 0.3, 0.2))])
    assert np.allclose(dressed.colours[0, : body.num_vertices], (0.5, 0.3, 0.2))
    with pytest.raises(InvalidInput, match="no garment"):
        plain.dress([Person(garments=(Garment("t-shirt", "red", RED),))])
