"""The whole way from a file to a body, the job and the command line; and how errors are counted."""

import json

import numpy as np
import pytest
from impromptu.backend.body.kept import kept_body
from impromptu.backend.cli import main
from impromptu.backend.context import JobContext
from impromptu.backend.kinds import fit as job
from impromptu.backend.protocol import FitRequest, InvalidInput, parse_crop
from impromptu.backend.semantify.photo import evaluation
from impromptu.backend.semantify.photo.drawn import SIZE, Drawings
from impromptu.backend.semantify.photo.finding import pose_there
from PIL import Image


@pytest.fixture(scope="module")
def drawings():
    return Drawings("neutral", seed=5, split="test")


@pytest.fixture(scope="module")
def cut_out(tmp_path_factory, drawings):
    """A drawn person as a file whose backdrop is transparent."""
    pixels = Drawings("neutral", seed=5, plain=True).take(0).pixels
    alpha = np.where(np.abs(pixels.astype(int) - pixels[0, 0]).max(2) > 12, 255, 0).astype(np.uint8)
    path = tmp_path_factory.mktemp("photos") / "person.png"
    Image.fromarray(np.dstack((pixels, alpha))).save(path)
    return path


def test_a_drawn_photo_is_decided_by_its_number(drawings):
    first, again, other = drawings.take(3), drawings.take(3), drawings.take(4)
    assert first.pixels.shape == (SIZE, SIZE, 3)
    assert (first.pixels == again.pixels).all()
    assert (first.betas == again.betas).all()
    assert np.abs(first.betas).max() <= 2
    assert (first.pixels != other.pixels).any()
    assert (Drawings("neutral", seed=5).take(3).betas != first.betas).any()


def test_the_job_writes_a_body_and_tells_where_it_comes_from(cut_out, tmp_path):
    sent = []
    context = JobContext("1", tmp_path, lambda kind, **fields: sent.append(kind))
    files, metrics = job.run(FitRequest(image=str(cut_out), finder="alpha", height=1.65), context)
    assert set(files) == {"body", "crop", "preview", "result"}
    assert all((tmp_path / name).is_file() for name in files.values())
    told = json.loads((tmp_path / "result.json").read_text())
    assert told["picture"]["name"] == "person.png"
    assert len(told["picture"]["sha256"]) == 64
    assert told["found"]["by"] == "alpha"
    assert not told["found"]["joints"]
    assert set(told["betas"]) == set(kept_body("neutral").beta_names)
    assert told["measurements"]["height_m"] == pytest.approx(1.65, abs=0.01)
    assert metrics["betas"] == told["betas"]
    with np.load(tmp_path / "body.npz") as body:
        expected = [told["betas"][name] for name in body["beta_names"].tolist()]
        assert body["betas"] == pytest.approx(expected, abs=1e-3)
    assert "preview" in sent


def test_the_command_writes_all_or_nothing(cut_out, tmp_path, capsys):
    goals = [tmp_path / name for name in ("b.npz", "b.json", "b.obj", "p.png", "c.png")]
    files = ["-o", goals[0], "-o", goals[1], "-o", goals[2], "--preview", goals[3], "--save-crop", goals[4]]
    command = ["semantify", "fit", str(cut_out), "--finder", "alpha", "--model", "female", "--json"]
    assert main([*command, *map(str, files)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["body"]["spec"] == "female"
    assert all(goal.is_file() for goal in goals)
    assert told["files"] == [str(goal) for goal in goals]
    assert np.asarray(Image.open(goals[3])).shape[1] == 3 * np.asarray(Image.open(goals[3])).shape[0]
    assert main([*command, "--person", "2", "-o", str(tmp_path / "second.json")]) == 2
    assert "number 2 is wanted" in capsys.readouterr().err
    assert not (tmp_path / "second.json").exists()
    assert main([*command, "-o", str(tmp_path / "b.txt")]) == 2


def test_a_crop_is_four_numbers():
    assert parse_crop("1,2,30,40") == (1, 2, 30, 40)
    assert parse_crop("") == ()
    with pytest.raises(InvalidInput):
        parse_crop("1,b")


def test_errors_are_counted_as_they_are_and_at_the_true_height():
    body, truth = kept_body("neutral"), np.zeros(10)
    assert evaluation.errors(body, truth, truth)["vertices_mm"] == pytest.approx(0, abs=1e-6)
    tall = evaluation.errors(body, np.eye(10)[0], truth)
    assert 30 < tall["vertices_mm"] < 45
    assert tall["same_height_mm"] < 0.5 * tall["vertices_mm"]
    assert tall["stature_cm"] == pytest.approx(9.5, abs=1)
    assert tall["betas"] == pytest.approx(10**-0.5)


def test_an_evaluation_counts_who_was_not_found_as_the_mean_body(monkeypatch, tmp_path):
    monkeypatch.setattr(evaluation, "_as_a_file", lambda pixels, template: None)
    found = evaluation.evaluate(evaluation.Asked(people=2, paper=False), tmp_path)
    assert found["missed"] == 2
    assert found["methods"]["ours"] == found["methods"]["mean"]
    assert found["methods"]["ours"]["less_vertices_mm"]["mean"] == 0
    assert "2 people" in evaluation.as_text(found)
    with pytest.raises(InvalidInput):
        evaluation.Asked(people=1)


@pytest.mark.skipif(not pose_there(), reason="needs impromptu[photo]")
def test_a_photo_beats_the_mean_body(tmp_path):
    found = evaluation.evaluate(evaluation.Asked(people=12, paper=False), tmp_path)["methods"]
    assert found["ours"]["same_height_mm"]["mean"] < found["mean"]["same_height_mm"]["mean"]
    assert found["ours_height"]["vertices_mm"]["mean"] < 0.75 * found["mean"]["vertices_mm"]["mean"]
