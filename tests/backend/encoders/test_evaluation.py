"""The evaluation of encoders: one that knows everything has all of it right, one that knows nothing is at chance."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.cli import main
from impromptu.backend.encoders import factory
from impromptu.backend.encoders.base import EncoderOptions
from impromptu.backend.encoders.evaluation import cycles, heldout, report
from impromptu.backend.encoders.evaluation.about_clothes import COLOUR, NEW_PAIR, TYPE
from impromptu.backend.encoders.evaluation.about_people import BUILD
from impromptu.backend.encoders.evaluation.changes import CHANGES, mirror_words
from impromptu.backend.encoders.evaluation.choosing import answer, by_family
from impromptu.backend.encoders.evaluation.embedding import AS_IT_IS, Texts, Whole, see_all
from impromptu.backend.encoders.evaluation.evaluate import evaluate
from impromptu.backend.encoders.evaluation.grounding import BARE
from impromptu.backend.encoders.evaluation.questions import questions
from impromptu.backend.encoders.evaluation.report import Report
from impromptu.backend.encoders.evaluation.retrieval import KINDS, places, told, without_backdrop
from impromptu.backend.encoders.evaluation.robustness import RECALL
from impromptu.backend.encoders.guidance import trial
from impromptu.backend.people.bodies import SKIN
from impromptu.backend.people.voice import wordings
from impromptu.backend.protocol import InvalidInput, RuntimeMissing

COUNT, SIZE, GRID = 30, 64, 16


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPROMPTU_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield heldout.held_out(COUNT, 5, size=SIZE)


class Fake:
    """What encoders of all kinds have; a subclass says what the vectors are."""

    name, kind, picture_size, scale, grounds = "fake", "vision-language", SIZE, 10.0, False
    digest, options = "f" * 64, EncoderOptions()

    def encode(self, texts):
        return np.stack([self.text(text) for text in texts]).astype(np.float32)

    def encode_images(self, images):
        return torch.stack([torch.from_numpy(self.picture(one)).float() for one in pixels_of(images)])


class Guessing(Fake):
    """Knows nothing: every text and every picture anywhere."""

    def __init__(self, seed: int) -> None:
        self.seed, self.dim = seed, 24

    def text(self, text):
        return self._anywhere(text.encode())

    def picture(self, pixels):
        return self._anywhere(pixels.tobytes())

    def _anywhere(self, data: bytes):
        vector = np.random.default_rng([self.seed, zlib.crc32(data)]).normal(size=self.dim)
        return vector / np.linalg.norm(vector)


class Same(Fake):
    """Says the same of everything."""

    dim = 3

    def text(self, text):
        return np.eye(3)[0]

    picture = text


class Oracle(Fake):
    """Knows of which pictures a text is true, and which picture it is shown, in any state."""

    grounds = True
    cell_scale = 10.0

    def __init__(self, held) -> None:
        self.count = len(held)
        self.dim = 2 * self.count + 1  # a place for each picture, for each mirrored one, and one for what is false
        self.shown: dict[bytes, int] = {}
        self.parts: dict[bytes, np.ndarray] = {}
        for numbers, pictures, parts in held.batches(16):
            seeds = [held.rows[i]["seed"] for i in numbers]
            for name in ("", *CHANGES):
                p, m = CHANGES[name](pictures, parts, seeds) if name else (pictures, parts)
                places = numbers + self.count * (name == "mirrored")
                self.shown |= {one.tobytes(): int(i) for one, i in zip(p, places, strict=True)}
                self.parts |= {one.tobytes(): seen for one, seen in zip(p, m, strict=True)}
        self.true: dict[str, set[int]] = {}
        self.regions: dict[str, set[int]] = {}
        self.names = held.part_names
        for item in held.items:
            for say in (*KINDS.values(), without_backdrop):
                self._learn(say(item), item.number)
            for caption in item.row["captions"]:
                self._learn(caption["text"], item.number)
            for phrase in item.row["phrases"]:
                skin = phrase["attribute"] in SKIN and phrase["slot"] in BARE
                places = {self._place(item.number, part) for part in (BARE if skin else (phrase["slot"],))}
                self.regions.setdefault(phrase["text"], set()).update(places)
        for question in questions(held.items):
            for choices in question.texts:
                self._learn(choices[0], question.picture)
            if question.slot:
                where = self._place(question.picture, question.slot)
                self.regions.setdefault(question.said[0], set()).add(where)

    def _learn(self, text, number):
        self.true.setdefault(text, set()).add(number)
        self.true.setdefault(mirror_words(text), set()).add(number + self.count)

    def _place(self, number, part):
        return number * len(self.names) + self.names.index(part)

    def text(self, text):
        return indicator(self.true.get(text, {self.dim - 1}), self.dim)

    def picture(self, pixels):
        return indicator({self.shown[pixels.tobytes()]}, self.dim)

    def encode_phrases(self, texts):
        size = self.count * len(self.names) + 2
        return torch.from_numpy(np.stack([indicator(self.regions.get(t, {size - 1}), size) for t in texts])).float()

    def phrase_fit(self, texts, cells):
        """Nothing: the whole knows all."""
        return torch.zeros(len(cells), len(texts))

    def see(self, images):
        return self.encode_images(images), self.ground(images)

    def ground(self, images):
        size = self.count * len(self.names) + 2
        grid = torch.zeros(len(images), size, GRID, GRID)
        for k, one in enumerate(pixels_of(images)):
            seen = torch.from_numpy(self.parts[one.tobytes()])
            for part in self.names:
                mask = (seen == self.names.index(part)).float()[None]
                share = torch.nn.functional.adaptive_avg_pool2d(mask, (GRID, GRID))[0]
                grid[k, self._place(self.shown[one.tobytes()], part)] = share
            # What is left of a unit vector says nothing.
            grid[k, size - 2] = (1 - grid[k].square().sum(0)).clamp(min=0).sqrt()
        return grid


def indicator(numbers, size):
    vector = np.zeros(size)
    vector[list(numbers)] = len(numbers) ** -0.5
    return vector


def pixels_of(images):
    return (images * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()


@pytest.fixture(scope="module")
def oracle(held):
    return Oracle(held)


@pytest.fixture(scope="module")
def known(oracle, held):
    return evaluate(oracle, held)


def test_an_encoder_that_knows_everything_has_all_right(known):
    sections = known.report.sections
    assert set(sections) == {"retrieval", "attributes", "false_captions", "cells", "grounding"}
    for section in sections.values():
        for line in section.lines:
            assert line.figure.n > 0, line.name
            assert line.figure.value == pytest.approx(1), line.name
            assert line.kept is None or line.kept.value == 1, line.name


def test_it_also_has_it_right_in_changed_pictures(known):
    (rows,) = known.report.states.values()
    assert set(rows) == {"as it is", *CHANGES}
    for state, row in rows.items():
        assert RECALL in row
        assert (COLOUR in row) == (state != "grey")
        assert all(figure.value == 1 for figure in row.values()), state


def test_an_encoder_that_says_the_same_of_everything_has_nothing_right(held):
    found = evaluate(Same(), held, changed=False).report
    for section in found.sections.values():
        assert all(line.figure.value == 0 for line in section.lines)


def test_a_guess_is_right_as_often_as_the_table_says(held):
    asked = questions(held.items)
    rights = []
    for seed in range(12):
        encoder = Guessing(seed)
        vectors = see_all(encoder, held, {})[AS_IT_IS].vectors
        rights.append(answer(asked, Whole(Texts(encoder), vectors)))
    rows = by_family(asked, np.mean(rights, 0), False)
    for family in (COLOUR, TYPE, BUILD, "view of 4"):
        assert rows[family].value == pytest.approx(rows[family].chance, abs=0.07), family
    assert rows[COLOUR].chance == pytest.approx(1 / 11)


def test_an_encoder_that_does_not_ground_is_not_asked_where_things_are(held):
    found = evaluate(Guessing(0), held, changed=False).report
    assert "grounding" not in found.sections
    assert any("does not ground" in note for note in found.notes)


def test_words_that_are_kept_for_tests_are_in_no_table_of_training(held):
    trained = {w for options in wordings("train")["colours"].values() for w in options}
    asked = [q for q in questions(held.items) if q.kept and COLOUR in q.also]
    assert asked
    for question in asked:
        said = question.texts[0][0].removeprefix("this person wears ")
        assert not any(said == f"{article}{w} " for w in trained for article in ("", "a ")), said


def test_questions_are_asked_in_no_form_of_training(held):
    said = {c["text"] for row in held.rows for c in row["captions"]}
    asked = {choice for q in questions(held.items) for choices in q.texts[1:] for choice in choices}
    assert asked
    assert not asked & said


def test_a_pair_that_training_never_shows_is_counted_by_itself(held):
    rows = {f for q in questions(held.items) for f in q.also}
    assert f"{COLOUR}, {NEW_PAIR}" in rows


def test_every_caption_has_a_place_and_equal_ones_are_both_right(known, held):
    scorer = Whole(Texts(Same()), np.eye(3, dtype=np.float32)[[0] * len(held)])
    same = [(i, "a person") for i in range(4)]
    found, ahead = places(same, scorer)
    assert found.tolist() == ahead.tolist() == [1] * 4
    different = [(i, f"person {i}") for i in range(4)]
    found, ahead = places(different, scorer)
    assert found.tolist() == ahead.tolist() == [4] * 4
    assert len(told(held.items, without_backdrop)) == COUNT


def test_scenes_taken_with_cycles_are_compared_with_the_same_of_ours(held, oracle, known, monkeypatch):
    asked = []

    def taken(count, seed, tell, **fields):
        asked.append((count, seed, fields["engine"], fields["size"]))
        return heldout.HeldOut(held.folder, count)

    monkeypatch.setattr(cycles, "held_out", taken)
    evaluated = replace(known, report=Report(known.report.about))
    cycles.beside_cycles(oracle, held, evaluated, 8, lambda line: None)
    ((title, rows),) = evaluated.report.states.items()
    assert asked == [(8, 5, "cycles", SIZE)]
    assert title == "The same 8 scenes"
    assert rows["Cycles"] == rows["our rasteriser"]
    assert rows["Cycles"][RECALL].n == 8


def test_without_blender_the_report_says_so(held, oracle, known, monkeypatch):
    def missing(*args, **fields):
        raise RuntimeMissing("Blender is not installed.", "Install it.")

    monkeypatch.setattr(cycles, "held_out", missing)
    evaluated = replace(known, report=Report(known.report.about))
    cycles.beside_cycles(oracle, held, evaluated, 8, lambda line: None)
    assert not evaluated.report.states
    assert evaluated.report.notes[0].startswith("Cycles was left out: Blender")


def test_the_set_is_made_once(held, monkeypatch):
    monkeypatch.setenv("IMPROMPTU_CACHE", str(held.folder.parent.parent))
    monkeypatch.setattr(heldout, "make", lambda *args: pytest.fail("it was made again"))
    again = heldout.held_out(COUNT, 5, size=SIZE)
    assert again.rows == held.rows
    with pytest.raises(pytest.fail.Exception):
        heldout.held_out(COUNT, 6, size=SIZE)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="maps of parts"):
        heldout.HeldOut(tmp_path)
    (tmp_path / "request.json").write_text(json.dumps({"request": {"kind": "captions", "parts": True, "split": "x"}}))
    with pytest.raises(InvalidInput, match="not whole"):
        heldout.HeldOut(tmp_path)
    (tmp_path / "manifest.jsonl").write_text("{")
    with pytest.raises(InvalidInput, match="damaged"):
        heldout.HeldOut(tmp_path)


def test_the_command_prints_the_table_and_writes_figures_and_a_sheet(held, oracle, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(factory, "load_joint_encoder", lambda name, options: oracle)
    sheet, output = tmp_path / "sheet.png", tmp_path / "figures.json"
    given = ["--set", str(held.folder), "--quick", "--count", "20", "--sheet", str(sheet), "-o", str(output)]
    assert main(["encoder", "eval", *given]) == 0
    printed = capsys.readouterr().out
    assert "Retrieval among 20" in printed
    assert "95 % interval" in printed
    assert "chance" in printed
    figures = json.loads(output.read_text())
    assert figures["pictures"] == 20
    assert figures["split"] == "test"
    first = figures["sections"]["retrieval"][0]
    assert first["value"] == 1
    assert first["chance"] == 0.05
    assert first["low"] < 1
    assert sheet.stat().st_size > 10_000


def test_guidance_stands_below_the_table_and_is_not_judged_by_the_guide(held, monkeypatch, capsys):
    judge = Guessing(1)
    judge.digest = "e" * 64
    encoders = {"body": Guessing(0), "judge": judge}
    monkeypatch.setattr(factory, "load_joint_encoder", lambda name, options: encoders[name])
    monkeypatch.setattr(trial, "table", lambda guide, judge, **options: {"guides": guide.name, "steps": 3})
    monkeypatch.setattr(report, "show", lambda result: f"{result['guides']} in {result['steps']} steps")
    given = ["encoder", "eval", "--set", str(held.folder), "--cycles", "0"]
    assert main(given) == 0
    assert "\n\nGuidance\nfake in 3 steps\n\n" in capsys.readouterr().out
    judge.digest = Guessing.digest
    assert main(given) == 0
    assert "Guidance was left out: The judge has the weights of the guide" in capsys.readouterr().out
    assert main([*given, "--guidance", "body"]) == 2
    assert "judge has the weights of the guide" in capsys.readouterr().err
    assert main([*given, "--guidance", "none"]) == 0
    assert "Guidance was left out." in capsys.readouterr().out


@pytest.mark.parametrize("given", [["--count", "1"], ["--cycles", "-1"], ["--set", "nowhere"], ["--sheet", "a.jpg"]])
def test_the_command_refuses_what_cannot_be(given, monkeypatch, capsys):
    monkeypatch.setattr(factory, "load_joint_encoder", lambda name, options: Same())
    assert main(["encoder", "eval", *given]) == 2
    assert capsys.readouterr().err.startswith("impromptu: ")
