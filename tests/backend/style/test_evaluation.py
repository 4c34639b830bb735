"""Measuring looks: rows that are kept, what they come to, sheets, and the race against the published schedule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.encoders.factory import load_joint_encoder
from impromptu.backend.files import read_json
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.style import ablation, evaluation, race
from impromptu.backend.style.options import StyleOptions
from impromptu.backend.style.race import Mark
from PIL import Image

PROMPT = "a man in a red shirt"
SMALL = StyleOptions(steps=1, sampling="spread", frames=1, views=1, size=96)


def test_rows_are_kept_and_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guide, judge = load_joint_encoder("body"), load_joint_encoder("judge")
    kept, pictures = tmp_path / "rows.json", tmp_path / "pictures"
    pictures.mkdir()
    rows = evaluation.evaluate([PROMPT], [0], guide, judge, SMALL, kept=kept, pictures=pictures)
    assert read_json(kept) == rows
    (row,) = rows
    assert row["after"]["judge"]["choice"] > row["grey"]["judge"]["choice"]
    assert [part["garment"] for part in row["parts"]] == ["shirt"]
    monkeypatch.setattr(evaluation, "styled", lambda *_: pytest.fail("it is known already"))
    assert evaluation.evaluate([PROMPT], [0], guide, judge, SMALL, kept=kept) == rows
    told = evaluation.summary(rows)
    assert told["looks"] == 1
    assert told["guide_choice"]["after"] == pytest.approx(row["after"]["guide"]["choice"], abs=1e-4)
    assert PROMPT in evaluation.show(rows)
    evaluation.write_looks(tmp_path / "sheet.png", pictures, [PROMPT, "a prompt that was not drawn"])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.asarray(sheet.convert("RGB")).std() > 10


def test_who_guides_cannot_judge() -> None:
    guide = load_joint_encoder("body")
    with pytest.raises(InvalidInput, match="judge"):
        evaluation.evaluate([PROMPT], [0], guide, guide, SMALL)


def test_leaving_out_a_piece_is_a_row_and_a_picture(tmp_path: Path) -> None:
    guide, judge = load_joint_encoder("body"), load_joint_encoder("judge")
    rows, pictures = ablation.ablate(guide, judge, SMALL, [PROMPT], ["no grounding"])
    assert [row["piece"] for row in rows] == ["no grounding"]
    assert 0 <= rows[0]["judge"] <= 1
    ablation.write_sheet(tmp_path / "sheet.jpg", rows, pictures)
    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert sheet.width > sheet.height


def mark(schedule: str, seconds: float, judge: float) -> Mark:
    return Mark(schedule, int(seconds), seconds, judge, judge, 0.1, 1.0)


def test_a_race_tells_when_each_has_the_others_score() -> None:
    marks = [mark("ours", 0, 0.1), mark("ours", 2, 0.4), mark("published", 0, 0.1), mark("published", 60, 0.3)]
    assert race.reached(marks, "ours", "judge", 0.3) == 2
    assert race.reached(marks, "published", "judge", 0.4) == float("inf")
    assert "ours has it after 2.0 s: 30.0x" in race.show(marks)


def test_a_race_is_run_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(race, "STEPS", 2)
    monkeypatch.setattr(race, "published", lambda seed: SMALL)
    guide, judge = load_joint_encoder("body"), load_joint_encoder("judge")
    marks = race.race(PROMPT, 60, guide, judge, kept=tmp_path / "race.json")
    assert [(m.schedule, m.step) for m in marks] == [
        ("ours", 0), ("ours", 1), ("ours", 2), ("published", 0), ("published", 1),
    ]  # fmt: skip
    assert marks[2].seconds > marks[1].seconds > 0
    assert [row["step"] for row in read_json(tmp_path / "race.json")] == [m.step for m in marks]
