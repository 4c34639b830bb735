"""What the model is for: generate, edit, recognise; the file that it is in; jobs and commands."""

import itertools
import json
import os
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import torch
from impromptu.backend import cli
from impromptu.backend.context import JobContext
from impromptu.backend.jobs import function_of
from impromptu.backend.motion.importers import import_file
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip import editing, weights
from impromptu.backend.motionclip.bank import build_bank, open_bank
from impromptu.backend.motionclip.features import features_of
from impromptu.backend.motionclip.finishing import finish, measure, within_limits
from impromptu.backend.motionclip.generation import Draw, exchanged, generate, nearest
from impromptu.backend.motionclip.passages import cut, join, spans
from impromptu.backend.motionclip.recognition import encode_clip, recognise
from impromptu.backend.motionclip.space import LatentSpace
from impromptu.backend.motionclip.weights import VARIABLE, load_model
from impromptu.backend.protocol import (
    AssetsMissing,
    ClassifyRequest,
    EditRequest,
    Incompatible,
    InvalidInput,
    PerformRequest,
)
from impromptu.backend.takes import make_takes
from safetensors import safe_open
from safetensors.torch import save_file


@pytest.fixture(scope="session")
def library(small_library):
    return Library.open(small_library)


@pytest.fixture(scope="session")
def bank(library, model):
    return build_bank(library, model)


@pytest.fixture
def context(tmp_path):
    return JobContext("1", tmp_path, lambda *a, **k: None, Event())


@pytest.fixture(autouse=True)
def _tiny(model_file, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(model_file))
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize("frames", [1, 12, 60, 61, 100, 149, 307])
def test_windows_cover_a_motion_and_join_to_it(frames):
    """Cut and joined, numbers are what they were; windows overlap."""
    numbers = np.random.default_rng(0).normal(size=(frames, 136)).astype(np.float32)
    windows, lengths = cut(numbers)
    np.testing.assert_allclose(join(windows, frames), numbers, atol=1e-5)
    pieces = spans(frames)
    assert pieces[0][0] == 0
    assert pieces[-1][1] == frames
    assert all(b[0] <= a[1] - 20 for a, b in itertools.pairwise(pieces))
    assert [b - a for a, b in pieces] == lengths.tolist()


def test_the_bank_is_kept_and_read(library, model):
    """The second time it is read, and is the same."""
    first = open_bank(library, model)
    again = open_bank(library, model)
    assert first.clips == again.clips
    np.testing.assert_array_equal(first.latents, again.latents)
    assert set(first.texts) >= {"walk like a zombie", "jump"}


def test_a_seed_fixes_the_motion_and_others_differ(model, bank):
    """The same seed, the same motion; another seed another; temperature 0 is always the nearest."""
    a, b, c = (generate(model, bank, "walk like a zombie", Draw(seed)) for seed in (1, 1, 2))
    assert a.clip.digest() == b.clip.digest() != c.clip.digest()
    still = [generate(model, bank, "walk like a zombie", Draw(seed, temperature=0.0)) for seed in (1, 2)]
    assert still[0].clip.digest() == still[1].clip.digest()
    assert still[0].anchor == "walk_zombie"
    assert still[0].clip.kind == "generated"


def test_refined_all_the_way_is_the_clips_own_latents(model, bank, library):
    """With refine 1 the best clip's reconstruction comes out, whatever the seed."""
    a, b = (generate(model, bank, "jump", Draw(seed, refine=1.0)) for seed in (1, 2))
    assert a.clip.digest() == b.clip.digest()
    assert len(a.clip) == len(library.load("jump"))


def test_the_words_alone(model, bank):
    """Without neighbours it is two seconds of the text's own vector, and names none."""
    made = generate(model, bank, "jump", Draw(neighbours=0, temperature=0.0))
    assert len(made.clip) == 60
    assert made.near == ()
    other = generate(model, None, "jump", Draw(neighbours=0, temperature=0.0))
    assert other.clip.digest() == made.clip.digest()


def test_finishing_cleans_and_says_so(model, library):
    """Tremor goes, soles come to the floor, joints into their limits; the figures tell."""
    rng = np.random.default_rng(0)
    features = features_of(library.load("walk_long"))
    features = features + rng.normal(0, 0.03, features.shape).astype(np.float32)
    features[:, -1] -= 0.1
    done = finish(model, features, None, "x")
    assert done.after.jerk < 0.5 * done.before.jerk
    assert done.after.sunk < 5 < done.before.sunk
    assert done.after.slide <= done.before.slide
    poses = np.zeros((3, 22, 3), np.float32)
    poses[:, 4, 0] = 9
    limits = np.stack([np.full((22, 3), -1), np.full((22, 3), 1)], -1)
    assert within_limits(poses, limits).max() == 1
    clip = library.load("walk_long").cut(0, 3).with_(poses=poses)
    assert measure(clip, None, limits).beyond == pytest.approx(1 / 63)


def test_no_change_changes_nothing(model, bank, library):
    """Amount 0 of every edit leaves the motion, but for the cleaning; a mix's ends are the two motions."""
    clip, other = library.load("walk_long"), library.load("run_long")
    motion = editing.Passages.of(model, clip)
    np.testing.assert_allclose(editing.shifted(model, motion, motion.latents), motion.features, atol=1e-5)
    plain = finish(model, motion.features, None, "x").clip
    for edited in (
        editing.by_words(model, bank, clip, "like a zombie", "", 0.0),
        editing.mixed(model, clip, other, 0.0),
        editing.parts(model, clip, library.load("wave_right"), 0.0),
        editing.difference(model, clip, other, library.load("jump"), 0.0),
    ):
        np.testing.assert_allclose(edited.clip.poses, plain.poses, atol=1e-3)
    end = finish(model, features_of(other), None, "x").clip
    np.testing.assert_allclose(editing.mixed(model, clip, other, 1.0).clip.poses, end.poses, atol=1e-3)


def test_words_change_a_motion_towards_them(model, bank, library):
    """Manner is added to what the motion is; the latents come nearer to the words."""
    clip = library.load("walk_long")
    edited = editing.by_words(model, bank, clip, "like a zombie", "walk", 1.0)
    assert edited.facts["to"] == "walk like a zombie"
    assert editing.combined("walk", "jump") == "jump"
    assert editing.combined("walk", "happily") == "walk happily"
    plain = editing.by_words(model, bank, clip, "like a zombie", "walk", 0.0)
    assert not np.allclose(edited.clip.poses, plain.clip.poses, atol=1e-2)
    own, other = model.space.texts(["walk", "walk like a zombie"])
    latents = encode_clip(model, clip)
    moved = exchanged(model, latents, own, other)
    assert (moved @ other / np.linalg.norm(moved, axis=1) > latents @ other / np.linalg.norm(latents, axis=1)).all()
    np.testing.assert_allclose(exchanged(model, latents, own, own), latents, atol=1e-3)


def test_a_way_between_meets_both_motions(model, library):
    """What is known stays, the way is as long as asked for, and nothing jumps."""
    first, second = library.load("walk_long"), library.load("squat")
    a, b = features_of(first), features_of(second)
    for gap in (5, 30, 70):
        filled = editing.fill(model, a[-10:], b[:10], gap)
        assert len(filled) == 20 + gap
        np.testing.assert_allclose(filled[:10], a[-10:], atol=1e-4)
        np.testing.assert_allclose(filled[-10:], b[:10], atol=1e-4)
        assert np.abs(np.diff(filled[:, :132], axis=0)).max() < 0.5
    joined = editing.between(model, first, second, 0.5)
    assert len(joined.clip) == len(first) + 15 + len(second)


def test_motions_are_recognised(model, bank, library):
    """The library's own clip is the nearest to itself; labels of one's own are ranked alone."""
    latents = encode_clip(model, library.load("cartwheel"))
    found = recognise(model, bank, latents)
    assert found.clips[0].clip == "cartwheel"
    assert found.clips[0].cosine == pytest.approx(1, abs=1e-4)
    own = recognise(model, bank, latents, ["walk", "cartwheel"])
    assert {t.label for t in own.labels} == {"walk", "cartwheel"}
    assert sum(t.share for t in own.labels) == pytest.approx(1)


def test_the_space_is_the_models(model, model_file, monkeypatch):
    """Weights are added up to a unit vector; another encoder than in training is refused."""
    both = LatentSpace("minilm:3,body:1").texts(["walk"])
    assert np.linalg.norm(both) == pytest.approx(1, abs=1e-5)
    assert both.shape[1] == LatentSpace("minilm:3,body:1").dim == 640
    for spec in ("", "minilm:0", "minilm:-1"):
        with pytest.raises(InvalidInput):
            LatentSpace(spec)
    told = dict(model.about["space"], digests={"minilm": "another"})
    with pytest.raises(Incompatible, match="minilm"):
        LatentSpace.from_json(told)


def test_codes_bring_a_motion_back_and_a_text_is_decoded_in_full(model, small_library):
    """Where nothing is left to the text, decoding is linear in the latents; where all is, the text is heard."""
    clips = [Library.open(str(small_library)).load(name) for name in ("walk_long", "jump")]
    z = np.concatenate([encode_clip(model, clip)[:1] for clip in clips])
    apart = model.decode(z)[0].mean(0)
    np.testing.assert_allclose(model.decode(z.mean(0, keepdims=True))[0][0], apart, atol=1e-3)
    text = model.norm * model.meaning(model.space.texts(["a person walks", "a person jumps"]))
    silent, heard = (model.decode(text, left=left)[0] for left in (0.0, 1.0))
    np.testing.assert_allclose(silent[0], silent[1], atol=1e-3)
    assert np.abs(heard[0] - heard[1]).max() > 0.01
    half = model.decode(text, left=0.5)[0]
    np.testing.assert_allclose(half, (silent + heard) / 2, atol=1e-3)


def test_what_is_no_model_is_said(small_library, tmp_path):
    """A missing file, another thing, and a damaged file: one sentence each."""
    with pytest.raises(AssetsMissing, match="no motion model"):
        load_model(str(tmp_path / "none.safetensors"))
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing")
    with pytest.raises(InvalidInput, match="no motion model"):
        load_model(str(bad))
    with safe_open(os.environ[VARIABLE], "pt") as good:
        tensors = {name: good.get_tensor(name) for name in good.keys()}  # noqa: SIM118
        tensors["mean"] = tensors["mean"] * torch.nan
        save_file(tensors, str(bad), good.metadata())
    with pytest.raises(InvalidInput, match="no motion model"):
        load_model(str(bad))
    save_file({"mean": torch.zeros(1)}, str(bad), {"format": "impromptu-motion-model 1"})
    with pytest.raises(InvalidInput, match="another version"):
        load_model(str(bad))


def test_an_act_is_generated(small_library):
    """The same path as a retrieved one; variants are other draws; provenance says how."""
    request = PerformRequest(
        prompt="a person walks like a zombie", library=str(small_library), motion="generate", variants=2
    )
    made = make_takes(request)
    first, second = made.takes
    assert first.generated is not None
    assert first.generated["model"]["name"] == "tiny motion model"
    assert not np.array_equal(first.performance.poses, second.performance.poses)
    assert made.provenance["generated"]["seed"] == 0
    assert made.provenance["clip"]["kind"] == "generated"
    kept = make_takes(PerformRequest(prompt="walk like a zombie", library=str(small_library), motion="auto"))
    assert kept.takes[0].generated is None
    with pytest.raises(InvalidInput, match="not generated"):
        make_takes(PerformRequest(prompt="x", library=str(small_library), motion="generate", clip="jump"))


def test_without_a_model_the_library_is_played(small_library, monkeypatch):
    """What no label says is generated; where that cannot be, the best clip is played and the note says so."""
    request = PerformRequest(prompt="someone juggles with chainsaws", library=str(small_library))
    assert make_takes(request).takes[0].generated is not None
    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(weights, "SHIPPED", Path("/no/such/model.safetensors"))
    made = make_takes(request)
    assert made.takes[0].generated is None
    assert "no motion could be generated" in made.retrieval.remarks[0]
    with pytest.raises(AssetsMissing):
        make_takes(PerformRequest(prompt="x", library=str(small_library), motion="generate"))


def test_who_names_a_model_wants_that_one(small_library, monkeypatch):
    monkeypatch.setenv(VARIABLE, "/no/such/model.safetensors")
    with pytest.raises(AssetsMissing, match="no motion model"):
        make_takes(PerformRequest(prompt="someone juggles with chainsaws", library=str(small_library)))


def test_words_that_nothing_lies_near_are_told(small_library):
    def remark(prompt):
        request = PerformRequest(prompt=prompt, library=str(small_library), motion="generate")
        return " ".join(make_takes(request).retrieval.remarks)

    assert "is far from these words" in remark("asdf qwer zxcv")
    assert remark("a person walks like a zombie") == ""
    assert remark("a person walks then jumps").startswith("A prompt is one action")


def test_a_refined_motion_credits_the_clip_that_it_was_drawn_to(model, bank, library):
    from impromptu.backend.motionclip.variants import _credited

    text = model.space.texts(["a person walks"])[0]
    best = bank.clips[nearest(bank, text, 1)[0][0]]
    seeds = (generate(model, bank, "a person walks", Draw(seed, temperature=3.0, refine=0.8)) for seed in range(20))
    made = next(m for m in seeds if m.anchor != best)
    assert made.drawn_to == best
    assert made.to_json()["refined_toward"] == best
    sources = _credited(made, library).clip.source
    assert all(library.entry(name).source in sources for name in (best, made.anchor))
    assert generate(model, bank, "a person walks", Draw()).drawn_to == ""


@pytest.mark.parametrize("how", ["words", "mix", "parts", "difference", "between"])
def test_edit_jobs(how, library, context, tmp_path):
    """Every edit writes a motion and says what it did."""
    from impromptu.backend.motion.clip import save_clip

    for name in ("walk_long", "run_long", "jump"):
        save_clip(tmp_path / f"{name}.npz", library.load(name))
    request = EditRequest(
        motion=str(tmp_path / "walk_long.npz"), how=how, words="like a zombie", without="walk",
        other=str(tmp_path / "run_long.npz"), minus=str(tmp_path / "jump.npz"), seconds=0.5,
    )  # fmt: skip
    files, metrics = function_of("edit")(request, context)
    data = np.load(context.folder / files["motion"])
    assert data["poses"].shape == (metrics["frames"], 55, 3)
    result = json.loads((context.folder / "result.json").read_text())
    assert result["edit"]["how"] == how
    assert str(tmp_path) not in json.dumps(result)
    # What it wrote can be edited again.
    again = EditRequest(motion=str(context.folder / "motion.npz"), words="slowly", without="walk")
    assert function_of("edit")(again, context)[1]["frames"] == metrics["frames"]


def test_classify_job(small_library, library, context, tmp_path):
    """Labels with shares, clips with cosines."""
    from impromptu.backend.motion.clip import save_clip

    save_clip(tmp_path / "jump.npz", library.load("jump"))
    request = ClassifyRequest(motion=str(tmp_path / "jump.npz"), library=str(small_library), top=3)
    _, metrics = function_of("classify")(request, context)
    assert len(metrics["labels"]) == len(metrics["clips"]) == 3
    assert metrics["clips"][0]["clip"] == "jump"


def test_commands(small_library, tmp_path, capsys):
    """Interpolate, edit and classify by clips' names; what cannot be is said in one sentence."""
    library = ["--library", str(small_library)]
    out = str(tmp_path / "mix.npz")
    assert not cli.main(["motion", "interpolate", "walk_long", "run_long", "--steps", "2", "-o", out, *library])
    made = [import_file(tmp_path / f"mix_{i}.npz")[0].clip for i in (1, 2)]
    assert len(made[0]) > len(made[1])
    edit = ["motion", "edit", "walk_long", "--upper", "wave_right", "-o", str(tmp_path / "up.bvh"), *library]
    assert not cli.main(edit)
    capsys.readouterr()
    assert not cli.main(["motion", "classify", "cartwheel", "--json", *library])
    assert json.loads(capsys.readouterr().out)["clips"][0]["clip"] == "cartwheel"
    assert cli.main(["motion", "edit", "walk_long", "-o", out, *library]) == 2
    assert cli.main(["motion", "edit", "walk_long", "--words", "x"]) == 2
    assert cli.main(["motion", "classify", "no_such_clip", *library]) == 2
    assert "no such clip" in capsys.readouterr().err


def test_commands_refuse_what_they_would_swallow(small_library, tmp_path, capsys):
    edit = ["motion", "edit", "walk_long", "-o", str(tmp_path / "a.npz"), "--library", str(small_library)]
    for more, said in (
        (["--minus", "jump"], "Give --minus MOTION and --plus MOTION"),
        (["--upper", "jump", "--without", "walk"], "--without only"),
        (["--words", "  "], "The text of the edit is empty"),
    ):
        assert cli.main([*edit, *more]) == 2
        assert said in capsys.readouterr().err
    assert not cli.main([*edit, "--words", "asdfgh"])
    assert "is far from these words" in capsys.readouterr().out


def test_motions_between_are_written_all_or_none(small_library, tmp_path, capsys, monkeypatch):
    from impromptu.backend.kinds import edit

    mix = [
        "motion",
        "interpolate",
        "walk_long",
        "run_long",
        "--steps",
        "2",
        "-o",
        str(tmp_path / "mix.npz"),
        "--json",
    ]
    mix += ["--library", str(small_library)]
    assert not cli.main(mix)
    assert [one["edit"]["amount"] for one in json.loads(capsys.readouterr().out)] == pytest.approx([1 / 3, 2 / 3])
    for path in tmp_path.glob("mix_*.npz"):
        path.unlink()
    real = edit.edit

    def fail_late(request, *rest):
        if request.amount > 0.5:
            raise InvalidInput("The second fails.", "")
        return real(request, *rest)

    monkeypatch.setattr(edit, "edit", fail_late)
    assert cli.main(mix) == 2
    assert not list(tmp_path.glob("mix_*.npz"))
