"""The whole way on few samples: pictures, scores, choice, a file of sliders, figures on held-out samples."""

import json

import numpy as np
import pytest
from impromptu.backend.cli import main
from impromptu.backend.files import read_json, write_json
from impromptu.backend.protocol.slider_map import read_sliders
from impromptu.backend.semantify.families import FOLDER


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Options for a hundred samples of a family with one camera and seven words."""
    folder = tmp_path_factory.mktemp("semantify")
    family = read_json(FOLDER / "body.json")
    family["views"] = family["views"][:1]
    kept = ("fat", "thin", "tall", "short", "stocky", "lanky", "proportioned")
    family["preset"] = ["tall", "fat"]
    family["descriptors"] = [d for d in family["descriptors"] if d["word"] in kept]
    write_json(folder / "family.json", family)
    common = ["--family", str(folder / "family.json"), "--samples", "100", "--cache", str(folder / "cache")]
    return folder, [*common, "--least", "0.3"]


def test_train_writes_sliders_that_hold_what_was_asked(few, capsys):
    folder, options = few
    path = folder / "sliders.npz"
    assert main(["semantify", "train", *options, "--words", "2", "--force", "fat", "-o", str(path)]) == 0
    sliders = read_sliders(path)
    assert len(sliders.words) == 2
    assert sliders.words[0] == "fat"
    assert sliders.opposites[0] == "thin"
    assert sliders.about["learnt_from"] == 80
    weight = sliders.about["names"].index("weight")
    assert sliders.move[weight, 0] > 0.2
    again = folder / "again.npz"
    assert main(["semantify", "train", *options, "--words", "2", "--force", "fat", "-o", str(again)]) == 0
    assert np.array_equal(read_sliders(again).read, sliders.read)


def test_choose_tells_what_is_known(few, capsys):
    _, options = few
    assert main(["semantify", "choose", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["known"]["lanky"][0] > 0.3
    assert found["known"]["proportioned"] == [None, None]
    assert "proportioned" not in found["words"]
    assert not {"fat", "thin"} <= set(found["words"])


def test_eval_measures_on_held_out_samples(few, capsys):
    _, options = few
    assert main(["semantify", "eval", *options, "--epochs", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["held_out"] == 20
    chosen = found["rows"][0]
    assert chosen["predicted"]["ours"]["betas"] < chosen["predicted"]["mean"]["betas"]
    assert chosen["reconstructed"]["ours"]["vertices_mm"] < chosen["reconstructed"]["mean"]["vertices_mm"]
    assert all(0 < c <= 1 and 0 <= o <= 1 for c, o in chosen["reach"].values())
    assert chosen["seen"]["even"]["rises"] > 0.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["train", "-o", "sliders.txt"], "cannot be written"),
        (["choose", "--family", "nobody"], "no family"),
        (["choose", "--samples", "3"], "samples are wanted"),
        (["eval", "--epochs", "0"], "epochs"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(options, said, capsys):
    assert main(["semantify", *options]) == 2
    assert said in capsys.readouterr().err


def test_words_that_the_encoder_does_not_know_are_measured_where_asked(few, capsys):
    folder, options = few
    path = folder / "filled.npz"
    strict = [*options[:-1], "0.95"]
    assert main(["semantify", "choose", *strict, "--fill", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["source"]["lanky"] == "tape"
    assert found["source"]["proportioned"] == "pictures"
    assert main(["semantify", "train", *strict, "--fill", "--prefer", "tall", "--words", "2", "-o", str(path)]) == 0
    sliders = read_sliders(path)
    assert sliders.words[0] == "tall"
    assert sliders.about["source"] == ["tape", "tape"]
    stature = sliders.about["names"].index("stature")
    assert sliders.move[:, 0].argmax() == stature
