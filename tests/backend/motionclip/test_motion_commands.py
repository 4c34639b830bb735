"""The model made and measured from the command line, on a small library; pictures, other rates, zips, relabelling."""

import json
import shutil

import numpy as np
import pytest
from impromptu.backend import cli
from impromptu.backend.motion.clip import Label
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.ops import resample
from impromptu.backend.motionclip.bank import open_bank
from impromptu.backend.motionclip.building import CorpusOptions, build_corpus
from impromptu.backend.motionclip.corpus import Corpus
from impromptu.backend.motionclip.frames_seen import Pictures
from impromptu.backend.motionclip.generation import Draw, generate
from impromptu.backend.motionclip.model import ModelConfig
from impromptu.backend.motionclip.space import LatentSpace
from impromptu.backend.motionclip.training import PROFILES, Recipe, Training
from impromptu.backend.motionclip.weights import load_model
from impromptu.backend.protocol import InvalidInput


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """A corpus in a space that sees, the seeing encoder first, with a picture of every window of three clips."""
    folder = tmp_path_factory.mktemp("pictured")
    whole = Library.open()
    library = Library.create(folder / "library")
    # One at twice the rate: its pictures are counted in its own frames.
    fast = resample(whole.load("jump"), 60)
    library.add([whole.load("squat"), whole.load("walk_long"), fast])
    command = ["render", "frames", "--each", "window", "--engine", "raster", "--size", "64"]
    assert not cli.main([*command, "--library", str(folder / "library"), "-o", str(folder / "frames")])
    options = CorpusOptions(space="body:0.2,minilm:0.8", frames=(str(folder / "frames"),))
    return build_corpus([str(folder / "library")], folder / "corpus", options)


def test_pictures_are_found_and_seen(pictured):
    """Every window has a picture of its clip from its time, also of a clip at another rate; a mirror has its own."""
    w = pictured.windows
    assert (w.picture >= 0).all()
    rows = [json.loads(l) for l in (pictured.folder.parent / "frames" / "manifest.jsonl").read_text().splitlines()]
    for i in range(len(w)):
        row, clip = rows[w.picture[i]], pictured.clips[w.clip[i]]
        assert row["clip"] == clip.name
        frame = row["frame"] / (2 if clip.name == "jump" else 1)
        middle = w.start[i] - clip.start + w.length[i] / 2
        assert abs(frame - middle) <= w.length[i]
    assert len(pictured.pictures) == 2 * len(rows)


def test_the_picture_loss_is_where_the_seeing_encoder_is(pictured, tmp_path):
    """Its part of the latent comes to the pictures; trained without it, it does not."""
    assert pictured.facts["space"]["seen"] == [0, 256]
    model = ModelConfig(width=48, layers=1, hidden=64, keys=2)
    recipe = Recipe(model=model, steps=30, batch=8, every=15, rate=3e-3, warm=5)
    rows = []
    for name in ("with", "without"):
        from dataclasses import replace

        weights = recipe.weights if name == "with" else replace(recipe.weights, text=0.0, image=1e-9)
        Training(Corpus.open(pictured.folder), replace(recipe, weights=weights), tmp_path / name).run(lambda l: None)
        rows.append(json.loads((tmp_path / name / "log.jsonl").read_text().splitlines()[-1]))
    assert rows[0]["train"]["image"] < 0.8 * rows[1]["train"]["image"]


def test_a_space_that_is_blind_wants_no_pictures(tmp_path):
    """It is said before anything is read; so is a folder that holds no frames."""
    with pytest.raises(InvalidInput, match="sees pictures"):
        Pictures([str(tmp_path)], LatentSpace("minilm"))
    with pytest.raises(InvalidInput, match="no whole set"):
        Pictures([str(tmp_path)], LatentSpace("body"))


def test_libraries_may_be_zips_but_not_of_one_name(small_library, tmp_path):
    """A .zip is a library; two of one name could not be told apart."""
    Library.open(small_library).export(tmp_path / "packed.zip")
    corpus = build_corpus([str(tmp_path / "packed.zip")], tmp_path / "corpus", CorpusOptions(space="minilm"))
    assert {c.library for c in corpus.clips} == {"packed"}
    shutil.copytree(small_library, tmp_path / "packed")
    with pytest.raises(InvalidInput, match="called packed"):
        build_corpus([str(tmp_path / "packed"), str(tmp_path / "packed.zip")], tmp_path / "x", CorpusOptions())
    assert not list((tmp_path / "x").glob("*")) if (tmp_path / "x").exists() else True


def test_labels_that_come_later_are_known(model, tmp_path):
    """The bank of a library is made again when a label is added, a clip taken out or given another name."""
    library = Library.create(tmp_path / "library")
    whole = Library.open()
    library.add([whole.load("jump"), whole.load("squat"), whole.load("walk").cut(0, 1).with_(name="pose")])
    assert "hop over a puddle" not in open_bank(library, model).texts
    library.add_labels([("jump", "hop over a puddle")])
    library = Library.open(tmp_path / "library")
    bank = open_bank(library, model)
    assert "hop over a puddle" in bank.texts
    made = generate(model, bank, "hop over a puddle", Draw(temperature=0.0))
    assert made.anchor == "jump"
    library.remove(["jump"])
    assert "jump" not in open_bank(Library.open(tmp_path / "library"), model).clips


def test_data_train_pack_and_eval(small_library, tmp_path, capsys, monkeypatch):
    """The whole way by commands; what a run cannot be is said."""
    corpus, run, out = tmp_path / "corpus", tmp_path / "run", tmp_path / "model.safetensors"
    data = ["motion", "data", "-o", str(corpus), "--library", str(small_library), "--space", "minilm"]
    assert not cli.main(data)
    assert "windows" in capsys.readouterr().out
    tiny = Recipe(
        model=ModelConfig(width=32, layers=1, hidden=32, keys=2), steps=6, batch=4, every=3, rate=1e-3, warm=2
    )
    monkeypatch.setitem(PROFILES, "small", tiny)
    train = ["motion", "train", "--data", str(corpus), "--run", str(run), "--threads", "1"]
    assert not cli.main([*train, "-o", str(out), "--name", "a tiny model", "--licence", "CC0-1.0"])
    assert load_model(str(out)).name == "a tiny model"
    assert cli.main([*train, "--steps", "9"]) == 2
    assert "another run" in capsys.readouterr().err
    assert cli.main([*train[:-4], "--run", str(tmp_path / "other"), "--only", "nothing"]) == 2
    assert "no library nothing" in capsys.readouterr().err
    assert cli.main(["motion", "pack", "--data", str(corpus), "--run", str(tmp_path), "-o", str(out)]) == 2
    from impromptu.backend.motionclip import measuring

    monkeypatch.setattr(measuring, "load_judge", lambda: None)
    assert not cli.main(["motion", "eval", "--data", str(corpus), "--model", str(out), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["reconstruction"]
    assert found["recognition"]


def test_a_kill_between_two_renames_loses_nothing(run, corpus, recipe, tmp_path):
    """The checkpoint before is taken, and the log says each step once."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / "checkpoint").rename(folder / ".checkpoint-old")
    with open(folder / "log.jsonl", "a") as log:
        log.write('{"step": 80, "valid": {"loss": 0}}\n{"step"')
    training = Training(Corpus.open(corpus.folder), recipe, folder)
    assert training.state.step == 60
    rows = [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()]
    assert rows == [20, 40, 60]


def test_labels_of_a_window_decide_its_action(tmp_path):
    """A recording of several actions has each at its time."""
    clip = Library.open().load("walk_long")
    library = Library.create(tmp_path / "library")
    library.add([clip.with_(labels=(Label("walk", 0, 100), Label("wave", 100, 180)))])
    corpus = build_corpus([str(tmp_path / "library")], tmp_path / "corpus", CorpusOptions(space="minilm", stride=60))
    names = [corpus.actions[a] for a in corpus.windows.action]
    assert (names[0], names[-1]) == ("walk", "wave")
    assert np.all(np.diff(corpus.windows.start) > 0)
