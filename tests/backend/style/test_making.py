"""Looks from requests: what is written, that it is the same again, that it goes on, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.files import load_npz, save_npz
from impromptu.backend.protocol import InvalidInput, JobCancelled, StylizeRequest
from impromptu.backend.style.making import Hooks, make_looks
from impromptu.backend.style.options import StyleOptions
from impromptu.backend.style.plan import make_plan
from impromptu.backend.style.views import draw, fixed_shots
from PIL import Image

PROMPT = "a man walking, wearing a red shirt and blue jeans"
SMALL = StyleOptions(views=1, size=96, sampling="spread", frames=1)


def make(folder: Path, hooks: Hooks | None = None, **fields: object) -> dict[str, np.ndarray]:
    folder.mkdir(exist_ok=True)
    asked = {"prompt": PROMPT, "steps": 4, "texture": 0, **fields}
    make_looks(StylizeRequest(**asked), folder, hooks, SMALL)  # type: ignore[arg-type]
    return load_npz(folder / "style.npz")


def test_a_look_is_arrays_pictures_and_where_it_comes_from(tmp_path: Path) -> None:
    style = make(tmp_path / "a", texture=64)
    body = kept_body("neutral")
    count = body.num_vertices
    assert {k: v.shape for k, v in style.items()} == {
        "colour": (count, 3), "offsets": (count, 3), "direction": (count, 3), "displacement": (count,),
        "roughness": (count,), "metallic": (count,), "prompt": (),
    }  # fmt: skip
    assert 0 <= style["colour"].min() <= style["colour"].max() <= 1
    assert np.abs(style["offsets"]).max() < 0.1
    with Image.open(tmp_path / "a" / "albedo.png") as albedo:
        assert albedo.size == (64, 64)
    told = json.loads((tmp_path / "a" / "result.json").read_text())
    assert told["style_text"] == "a man wearing a red shirt and blue jeans"
    assert told["encoder"]["digest"]
    assert told["seed"] == 0
    assert [part["garment"] for part in told["scores"]["parts"]] == ["shirt", "jeans"]
    assert all(part["right"] for part in told["scores"]["parts"])


def test_a_seed_fixes_the_look(tmp_path: Path) -> None:
    one, again, other = make(tmp_path / "a"), make(tmp_path / "b"), make(tmp_path / "c", seed=1)
    assert np.array_equal(one["colour"], again["colour"])
    assert np.array_equal(one["offsets"], again["offsets"])
    assert not np.array_equal(one["colour"], other["colour"])


def test_a_stopped_look_goes_on_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    whole = make(tmp_path / "a", steps=8)

    def stop(stage: str, step: int, total: int) -> None:
        if stage == "Styling" and step == 6:
            raise JobCancelled("Cancelled; nothing was written.")

    previews: list[str] = []
    with pytest.raises(JobCancelled):
        make(tmp_path / "b", Hooks(stop, previews.append), steps=8)
    left = {p.name for p in (tmp_path / "b").iterdir()}
    assert left == {"checkpoint.npz", "preview.npz", "preview.png"}
    assert set(previews) == {"preview.png"}
    seen: list[int] = []
    watching = Hooks(lambda stage, step, total: seen.append(step) if stage == "Styling" else None)
    resumed = make(tmp_path / "b", watching, steps=8)
    assert seen[0] == 6
    assert np.array_equal(whole["colour"], resumed["colour"])
    # Of another request, the checkpoint counts for nothing.
    seen.clear()
    make(tmp_path / "b", watching, steps=9)
    assert seen[0] == 0


def test_a_damaged_checkpoint_counts_as_none(tmp_path: Path) -> None:
    whole = make(tmp_path / "a")
    (tmp_path / "a" / "checkpoint.npz").write_bytes(b"PK\x03\x04 no archive")
    assert np.array_equal(make(tmp_path / "a")["colour"], whole["colour"])


def test_variants_have_seeds_and_files_of_their_own(tmp_path: Path) -> None:
    make(tmp_path / "a", variants=2, steps=3)
    told = json.loads((tmp_path / "a" / "result.json").read_text())
    assert [(v["file"], v["seed"]) for v in told["variants"]] == [("style.npz", 0), ("style_1.npz", 1)]
    second = load_npz(tmp_path / "a" / "style_1.npz")
    assert np.array_equal(second["colour"], make(tmp_path / "b", seed=1, steps=3)["colour"])


def test_the_present_look_stays_where_nothing_is_said(tmp_path: Path) -> None:
    count = kept_body("neutral").num_vertices
    rng = np.random.default_rng(0)
    present = rng.uniform(0.2, 0.8, (count, 3)).astype(np.float32)
    save_npz(tmp_path / "look.npz", colour=present, offsets=np.zeros((count, 3), np.float32))
    style = make(tmp_path / "a", prompt="green trousers", start="present", look=str(tmp_path / "look.npz"))
    changed = np.abs(style["colour"] - present).max(1) > 0.02
    assert 0.05 < changed.mean() < 0.6
    face = kept_body("neutral").arrays.v_template[:, 1] > 0.35
    assert not changed[face].any()


@pytest.mark.parametrize(
    ("prompt", "garments"),
    [
        ("a man in a beige coat", ["coat"]),
        ("a woman in a turquoise dress", ["short dress"]),
        ("a superhero wearing blue jeans", ["superhero costume"]),
        ("a man wearing a golden crown", []),
        ("a man in a dark red sweater and blue jeans", ["jeans", "sweater"]),
    ],
)
def test_colours_without_a_basic_name_and_garments_that_do_not_show(
    tmp_path: Path, prompt: str, garments: list[str]
) -> None:
    make(tmp_path / "a", prompt=prompt, steps=2)
    told = json.loads((tmp_path / "a" / "result.json").read_text())
    assert [part["kind"] for part in told["parts"]] == garments


def test_kept_regions_keep_what_they_wear(tmp_path: Path) -> None:
    count = kept_body("neutral").num_vertices
    present = np.full((count, 3), 0.5, np.float32)
    save_npz(tmp_path / "look.npz", colour=present, offsets=np.full((count, 3), 0.001, np.float32))
    style = make(
        tmp_path / "a", prompt="a red shirt and blue jeans", start="present", look=str(tmp_path / "look.npz"),
        keep=("torso", "upper arms", "forearms"), relief=0.0,
    )  # fmt: skip
    changed = np.abs(style["colour"] - present).max(1) > 0.1
    height = kept_body("neutral").arrays.v_template[:, 1]
    assert changed[(height > -0.9) & (height < -0.5)].mean() > 0.5
    assert changed[(height > 0.0) & (height < 0.2)].mean() < 0.1
    assert np.allclose(style["offsets"][height > 0.3], 0.001, atol=1e-5), "relief is of what is new"


def test_a_variant_that_is_done_is_not_made_again(tmp_path: Path) -> None:
    def stop(stage: str, step: int, total: int) -> None:
        if stage == "Styling" and step == 3 and total == 6 and (tmp_path / "a" / "finished_0.npz").exists():
            raise JobCancelled("Cancelled; nothing was written.")

    with pytest.raises(JobCancelled):
        make(tmp_path / "a", Hooks(stop), variants=2, steps=3)
    seen: list[int] = []
    make(tmp_path / "a", Hooks(lambda stage, step, total: seen.append(step) if stage == "Styling" else None),
         variants=2, steps=3)  # fmt: skip
    assert seen[0] == 3


def test_textures_of_an_earlier_look_do_not_stay(tmp_path: Path) -> None:
    make(tmp_path / "a", texture=32, steps=2)
    assert (tmp_path / "a" / "albedo.png").exists()
    make(tmp_path / "a", texture=0, steps=2)
    assert not (tmp_path / "a" / "albedo.png").exists()


def test_relief_of_nothing_moves_nothing(tmp_path: Path) -> None:
    assert not make(tmp_path / "a", relief=0.0)["offsets"].any()


def test_a_picture_can_be_wanted_instead_of_words(tmp_path: Path) -> None:
    Image.new("RGB", (40, 60), (30, 90, 200)).save(tmp_path / "blue.png")
    style = make(tmp_path / "a", prompt="", image=str(tmp_path / "blue.png"))
    assert np.isfinite(style["colour"]).all()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"prompt": "   "}, "empty"),
        ({"prompt": ""}, "nothing to look like"),
        ({"style_text": "a red shirt " * 40}, "words"),
        ({"keep": ("torso",), "only": ("torso",)}, "to change and to stay"),
        ({"only": ("elbow",)}, "no region"),
        ({"relief": 2.0}, "relief"),
        ({"steps": 0}, "steps"),
        ({"start": "present"}, "look"),
        ({"image": "missing.png"}, "missing.png"),
        ({"motion": "missing.npz"}, "missing.npz"),
        ({"body": "missing.npz"}, "missing.npz"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        make(tmp_path / "a", **fields)
    assert not (tmp_path / "a" / "style.npz").exists()


def test_looks_of_other_meshes_are_refused(tmp_path: Path) -> None:
    for name, arrays in (
        ("other.npz", {"colour": np.zeros((7, 3), np.float32), "offsets": np.zeros((7, 3), np.float32)}),
        ("none.npz", {"poses": np.zeros(3)}),
    ):
        save_npz(tmp_path / name, **arrays)
        with pytest.raises(InvalidInput, match=name):
            make(tmp_path / "a", start="present", look=str(tmp_path / name))


def test_guidance_raises_the_guides_score_from_grey() -> None:
    options = StyleOptions(steps=40, sampling="spread", frames=2, views=2, size=96)
    plan = make_plan(StylizeRequest(prompt=PROMPT, start="grey"), options)
    stylist = plan.stylist(options)
    before = stylist.shown().colour
    for _ in range(options.steps):
        stylist.advance()
    shown = {g.worn.kind: share > 0.9 for g, share in zip(plan.costume.garments, plan.costume.shown(), strict=True)}
    red, blue = shown["shirt"], shown["jeans"]
    after = stylist.shown().colour
    assert float((before[red] - before[red].mean(1, keepdim=True)).abs().mean()) < 0.02, "it begins grey"
    assert float(after[red].mean(0)[0] - after[red].mean(0)[2]) > 0.1
    assert float(after[blue].mean(0)[2] - after[blue].mean(0)[0]) > 0.1


def test_a_finer_mesh_shows_the_same_surface_and_tells_of_the_bodys_own_vertices() -> None:
    options = StyleOptions(steps=2, sampling="spread", frames=1, views=1, size=96, subdivisions=1)
    plan = make_plan(StylizeRequest(prompt=PROMPT), options)
    fine, coarse = plan.stylist(options), plan.stylist(replace(options, subdivisions=0))
    count = plan.body.num_vertices
    assert len(fine.appearance.costume.rest) > 3 * count
    assert len(fine.topology.faces) == 4 * len(coarse.topology.faces)
    assert torch.allclose(fine.shown().colour, coarse.shown().colour, atol=1e-6)
    assert abs(float(fine.areas.sum() / coarse.areas.sum()) - 1) < 1e-5
    drawn = [
        draw(s.content, s.topology, s.appearance(), fixed_shots(s.content, 64, (20.0,), grounds=1)).images
        for s in (fine, coarse)
    ]
    assert float((drawn[0] - drawn[1]).detach().abs().mean()) < 2e-3
    for _ in range(2):
        fine.advance()
    assert fine.shown().colour.shape == (count, 3)
    assert fine.shown().displacement.shape == (count,)
    assert not torch.equal(fine.shown().colour, plan.begun().colour)


def test_without_garments_a_grey_body_is_all_the_fields() -> None:
    plan = make_plan(StylizeRequest(prompt=PROMPT, start="grey"), replace(SMALL, garments=False))
    assert not plan.costume.garments
    begun = plan.begun()
    assert float(begun.colour.std()) < 1e-6
    assert float(plan.stylist(SMALL).appearance.freedom.colour.max()) == 1
