"""Guidance: prompts are read, a body takes the colours that an encoder knows, and a blind one leads nowhere."""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.guidance import command, trial
from impromptu.backend.encoders.guidance.body import guidance_body
from impromptu.backend.encoders.guidance.colours import COLOURS
from impromptu.backend.encoders.guidance.failures import shown_by
from impromptu.backend.encoders.guidance.fit import GuidanceOptions, colour_body
from impromptu.backend.encoders.guidance.losses import FORMS, forms_of
from impromptu.backend.encoders.guidance.prompts import colours, read_brief, read_briefs, rules
from impromptu.backend.encoders.guidance.scores import opinion, painted, score_colours
from impromptu.backend.encoders.guidance.views import draw, scored_shots
from impromptu.backend.people.colours import ANCHORS, from_hex, to_srgb
from impromptu.backend.protocol import InvalidInput
from torch.nn import functional as F

PROMPT = "a person wearing a red shirt and blue jeans"


def _anchor(name: str) -> torch.Tensor:
    return torch.tensor(to_srgb(from_hex(ANCHORS[name]))).float()


class Patches:
    """Knows colours by place: a picture is what its upper and lower middle show, a text the colours that it names.

    A text of one garment fills both. `blur` makes another encoder of it, with other vectors for the same.
    """

    kind, dim, picture_size, scale, grounds = "vision-language", 6, 32, 8.0, True

    def __init__(self, name: str = "patches", turn: int = 0, blind: bool = False) -> None:
        self.name, self.options, self.blind = name, EncoderOptions(), blind
        self.turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(turn)))[0]

    @property
    def digest(self) -> str:
        return self.name

    def encode_texts(self, texts):
        rows = []
        for text in texts:
            named = [_anchor(word) for word in re.findall(r"[a-z]+", text) if word in colours()]
            rows.append(torch.cat((named[0], named[-1])) - 0.5)
        return F.normalize(torch.stack(rows), dim=-1) @ self.turn

    def encode(self, texts):
        return self.encode_texts(texts).numpy()

    def encode_images(self, images):
        places = F.adaptive_avg_pool2d(images, 16)[:, :, :, 6:10]
        halves = torch.cat((places[:, :, 4:7].mean((2, 3)), places[:, :, 9:13].mean((2, 3))), 1)
        if self.blind:
            halves = 0 * halves + torch.eye(6)[0] + 0.5
        return F.normalize(halves - 0.5, dim=-1) @ self.turn

    def encode_phrases(self, texts):
        return self.encode_texts(texts) @ self.turn.T[:, :3] * 2**0.5

    cell_scale = scale

    def see(self, images):
        return self.encode_images(images), self.ground(images)

    def ground(self, images):
        return F.normalize(F.adaptive_avg_pool2d(images, 8) - 0.5, dim=1)


@pytest.fixture(scope="module")
def body():
    return guidance_body()


def test_a_prompt_names_garments_colours_and_where_they_are():
    brief = read_brief("A woman in an orange knitted sweater, black shorts and red shoes")
    assert [(p.garment, p.colour) for p in brief.parts] == [
        ("sweater", "orange"), ("shorts", "black"), ("shoes", "red"),
    ]  # fmt: skip
    assert brief.parts[0].phrased("blue") == "a blue knitted sweater"
    assert brief.parts[0].phrased("orange") == "an orange knitted sweater"
    assert brief.parts[2].phrased("green") == "green shoes"
    assert brief.parts[2].regions == ("feet",)
    assert (
        brief.recoloured(["red", "white", "pink"]) == "A woman in a red knitted sweater, white shorts and pink shoes"
    )


def test_alternatives_have_the_prompt_first_and_no_text_twice():
    for brief in read_briefs():
        for texts in (brief.alternatives, brief.swapped):
            assert texts[0] == brief.text
            assert len(set(texts)) == len(texts) > 1
    two = read_brief(PROMPT)
    assert two.swapped == [PROMPT, "a person wearing a blue shirt and red jeans"]
    assert len(two.alternatives) == 64
    assert len(read_brief("a yellow dress").alternatives) == 11


@pytest.mark.parametrize("text", ["a person", "a shirt", "red", "a red {} shirt", "a scarlet shirt"])
def test_a_prompt_without_a_coloured_garment_is_refused(text):
    with pytest.raises(InvalidInput):
        read_brief(text)


def test_a_file_of_prompts(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("a green dress\n\na red shirt\n", encoding="utf-8")
    assert [brief.text for brief in read_briefs(path)] == ["a green dress", "a red shirt"]
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="no prompt"):
        read_briefs(path)


def test_every_rule_leads_to_vertices(body):
    assert set(rules()["garments"].values()) <= set(rules()["wear"])
    for names in (*rules()["wear"].values(), rules()["skin"]):
        assert body.region(names).sum() > 100
    assert not (body.region(["trunk"]) & body.region(["thighs"])).any()
    assert body.areas.sum() == pytest.approx(1.8, abs=0.5)


def test_painted_colours_have_full_marks_and_false_ones_none(body):
    brief = read_brief(PROMPT)
    right = painted(body, brief)
    good = score_colours(right, body, brief)
    assert [r.name for r in good.regions] == ["red", "blue"]
    assert max(r.distance for r in good.regions) < 1e-3
    assert good.leak == 0
    assert shown_by(right, body, brief) == PROMPT
    swapped = score_colours(right, body, read_brief("a blue shirt and red jeans"))
    assert [r.name for r in swapped.regions] == ["red", "blue"]
    assert min(r.distance for r in swapped.regions) > 0.2
    grey = torch.full_like(body.rest, 0.5)
    assert {r.name for r in score_colours(grey, body, brief).regions} == {"grey"}
    assert score_colours(grey, body, brief).noise == pytest.approx(0, abs=1e-6)
    assert shown_by(grey, body, brief) == ""
    stained = right.clone()
    stained[body.region(["face"])] = _anchor("red")
    assert 0.2 < score_colours(stained, body, brief).leak < 0.8
    speckled = right + 0.2 * torch.randn(right.shape, generator=torch.Generator().manual_seed(0))
    assert score_colours(speckled, body, brief).noise > 3 * good.noise


@pytest.mark.parametrize("kind", COLOURS)
def test_smooth_colours_start_grey_and_reach_what_they_are_pulled_to(body, kind):
    made = COLOURS[kind](body, torch.Generator().manual_seed(0))
    assert torch.equal(made(), torch.full_like(body.rest, 0.5))
    upper = (body.rest[:, 1] > -0.3)[:, None].float()
    goal = upper * _anchor("red") + (1 - upper) * _anchor("blue")
    optimiser = torch.optim.Adam(made.parameters(), made.rate * 4)
    for _ in range(25):
        optimiser.zero_grad()
        (made() - goal).square().sum().backward()
        optimiser.step()
    assert (made() - goal).square().mean().sqrt() < 0.07
    smooth = body.topology.laplacian(made().detach()).square().mean()
    assert smooth < body.topology.laplacian(goal).square().mean()


@pytest.mark.parametrize("form", ["global", "grounded"])
def test_a_guide_that_knows_colours_reaches_them(body, form):
    guide, judge, brief = Patches(), Patches("other", 1), read_brief(PROMPT)
    options = GuidanceOptions(form=form, steps=40, views=2, size=48)
    (done,) = trial.trials(guide, judge, [brief], [options], body)
    assert done.hits == [True, True]
    said = done.judge
    assert said.after.cosine > said.before.cosine + 0.3
    assert said.after.choice > 3 * said.before.choice
    assert said.after.swap > 0.8
    assert said.painted.choice > 3 * said.before.choice
    assert done.colours.noise < 0.02


def test_a_blind_guide_leads_nowhere(body):
    options = GuidanceOptions(form="close-ups", steps=4, views=1, size=32)
    (done,) = trial.trials(
        Patches("blind", blind=True), Patches(), [read_brief(PROMPT)], [options], body
    )  # fmt: skip
    assert done.hits == [False, False]
    assert done.coloured.colours.sub(0.5).abs().max() < 1e-3


def test_the_same_seed_gives_the_same_colours_and_another_does_not(body):
    brief, options = read_brief(PROMPT), GuidanceOptions(steps=3, views=1, size=32)
    runs = [
        colour_body(Patches(), brief, body, some).colours for some in (options, options, replace(options, seed=1))
    ]
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2], atol=1e-3)


def test_scored_pictures_show_frames_that_guidance_never_drew(body):
    shots = scored_shots(body, 48)
    assert shots.posed is body.unseen
    gaps = (body.unseen.vertices[:, None] - body.seen.vertices[None]).norm(dim=-1).mean(-1)
    assert gaps.min() > 0.02
    images = draw(body, torch.full_like(body.rest, 0.5), shots).images
    assert images.shape == (len(shots.frames), 3, 48, 48)
    said = opinion(Patches(), images, read_brief(PROMPT))
    assert 0 < said.choice < 1


def test_an_encoder_that_does_not_ground_is_asked_without_and_a_judge_is_another(body):
    class Flat(Patches):
        grounds = False

    assert forms_of(Flat()) == ("global", "close-ups")
    assert forms_of(Patches()) == ("global", "close-ups", "grounded")
    with pytest.raises(InvalidInput, match="where a phrase is"):
        colour_body(Flat(), read_brief(PROMPT), body, GuidanceOptions(form="grounded", steps=1))
    with pytest.raises(InvalidInput, match="its own work"):
        trial.table(Patches(), Patches(), steps=1)
    with pytest.raises(InvalidInput):
        GuidanceOptions(form="wish")


def test_the_command_writes_table_sheet_and_failures(tmp_path, monkeypatch, capsys):
    known = {"body": Patches(), "judge": Patches("other", 1)}
    loader = "impromptu.backend.encoders.factory.load_joint_encoder"
    monkeypatch.setattr(loader, lambda spec, options: known[spec])
    (tmp_path / "prompts.txt").write_text(f"{PROMPT}\na yellow dress\n", encoding="utf-8")
    parser = argparse.ArgumentParser()
    command.add_guide_arguments(parser)
    names = {name: str(tmp_path / name) for name in ("sheet.png", "table.json", "kept")}
    argv = ["--prompts", str(tmp_path / "prompts.txt"), "--steps", "2", "--form", "close-ups", "--form", "grounded"]
    argv += ["--sheet", names["sheet.png"], "-o", names["table.json"], "--keep-failures", names["kept"], "--json"]
    command.run_guide(parser.parse_args(argv))
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))
    assert list(told["forms"]) == ["close-ups", "grounded"]
    assert len(told["rows"]) == 4
    assert told["chance"] == {"colour": 0.09091, "choice": 0.05327, "swap": 0.29545}
    assert "close-ups" in command.show(told)
    assert (tmp_path / "sheet.png").stat().st_size > 1000
    pictures = np.load(tmp_path / "kept" / "pictures.npy", allow_pickle=False)
    lines = [json.loads(line) for line in (tmp_path / "kept" / "failures.jsonl").read_text("utf-8").splitlines()]
    assert pictures.shape == (len(lines), 144, 144, 3)
    assert pictures.dtype == np.uint8
    assert pictures.std() > 5
    assert set(lines[0]) == {"prompt", "shown", "score"}
    assert lines[0]["prompt"] == PROMPT


def test_the_parser_knows_the_forms_without_torch():
    assert tuple(FORMS) == command.FORMS
    assert tuple(COLOURS) == command.KINDS
