"""The sliders that ship: each does to the body what its word says."""

import json

import numpy as np
import pytest
from impromptu.backend.body.load import VARIANTS, load_body
from impromptu.backend.cli import main
from impromptu.backend.protocol.slider_map import read_sliders, shipped_file
from impromptu.backend.semantify.evaluation import effects, spearman
from impromptu.backend.semantify.families import load_family
from impromptu.backend.semantify.studio import Studio

FAMILY = load_family("body")
BARE = {}


def studio_of(template):
    if template not in BARE:
        BARE[template] = Studio(FAMILY, template)
    return BARE[template]


@pytest.mark.parametrize("template", VARIANTS)
def test_sliders_fit_the_body_that_ships(template):
    sliders, body = read_sliders(shipped_file("body", template)), load_body(template)
    assert sliders.about["model_sha256"] == body.sha256
    assert tuple(sliders.about["names"]) == body.beta_names[: len(sliders.mean)]
    assert np.abs(sliders.read @ sliders.move - np.eye(len(sliders.words))).max() < 1e-5
    assert (sliders.low < -1).all()
    assert (sliders.high > 1).all()


@pytest.mark.parametrize("template", VARIANTS)
def test_a_slider_does_what_its_word_says(template, along):
    sliders, studio = read_sliders(shipped_file("body", template)), studio_of(template)
    told = along(studio, sliders, 80)
    assert list(told) == list(sliders.words)
    for word, truth in told.items():
        assert spearman(np.arange(len(truth)), truth) > 0.95, word
        assert truth[-1] - truth[0] > 1.0, word


def test_moving_one_slider_leaves_the_tape_of_the_others():
    sliders, studio = read_sliders(shipped_file("body", "neutral")), studio_of("neutral")
    spread = {name: 1.0 for name in ("height", "heaviness", "volume", "chest", "waist", "hips", "shoulders", "legs",
                                     "thighs", "arms")}  # fmt: skip
    rows = effects(studio, sliders, spread)
    assert [row["word"] for row in rows] == list(sliders.words)
    assert all(all(row["monotone"].values()) for row in rows)


def test_command_lists_and_moves(capsys):
    assert main(["semantify", "sliders", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    word = listed["sliders"][0]["word"]
    assert main(["semantify", "sliders", "--json", "--betas", "stature=0.5", "--set", f"{word}=1"]) == 0
    moved = json.loads(capsys.readouterr().out)
    assert moved["sliders"][0]["value"] == pytest.approx(1.0)
    start = read_sliders(shipped_file("body")).values(np.r_[0.5, np.zeros(9)])
    assert [s["value"] for s in moved["sliders"][1:]] == pytest.approx(list(start[1:]), abs=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [["--set", "tall"], ["--set", "nothing=1"], ["--betas", "nothing=1"], ["--sheet", "sheet.txt"],
     ["--file", "nowhere.npz"], ["--model", "nobody"]],
)  # fmt: skip
def test_command_says_what_is_wrong(arguments, capsys):
    assert main(["semantify", "sliders", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("impromptu: ")
    assert said.count("\n") == 1
