"""`impromptu encoder score` with the encoder that ships, as a person runs it."""

import json
import subprocess
import sys

import numpy as np
import pytest
from impromptu.backend.cli import main
from PIL import Image

PEOPLE = 12


def score(*args, words=None):
    command = [sys.executable, "-m", "impromptu.backend", "encoder", "score", *map(str, args)]
    return subprocess.run(command, capture_output=True, input=words and words.encode(), check=False)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Pictures of people and a true caption of each."""
    folder = tmp_path_factory.mktemp("people") / "set"
    args = ["--split", "test", "--count", PEOPLE, "--size", 160, "--seed", 5, "--captions", 1]
    assert main(["render", "captions", *map(str, args), "-o", str(folder)]) == 0
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    return [folder / row["file"] for row in rows], [row["captions"][0]["text"] for row in rows]


@pytest.fixture(scope="module")
def odd(tmp_path_factory, people):
    """One person's picture as other files have it: turned, grey, deep, see-through; and a dot."""
    folder = tmp_path_factory.mktemp("odd")
    person = Image.open(people[0][0]).convert("RGB")
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise by whoever shows it
    person.rotate(90, expand=True).save(folder / "turned.png", exif=exif)
    person.resize((333, 333)).convert("L").save(folder / "grey.png")
    Image.fromarray(np.asarray(person.convert("L")).astype(np.uint16) * 257).save(folder / "deep.png")
    person.convert("L").save(folder / "shallow.png")
    person.putalpha(255)
    person.save(folder / "opaque.webp", lossless=True)
    Image.new("RGBA", (1, 1), (0, 0, 0, 0)).save(folder / "dot.png")
    return folder


def test_true_captions_of_people_fit_best(people):
    pictures, captions = people
    done = score(*pictures, "--texts", "-", "--json", words="\r\n".join(captions))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"images", "texts", "cosine"}
    assert found["images"] == list(map(str, pictures))
    assert found["texts"] == captions
    cosine = np.array(found["cosine"])
    assert cosine.shape == (PEOPLE, PEOPLE)
    assert np.abs(cosine).max() <= 1 + 1e-5
    true, others = cosine.diagonal(), cosine[~np.eye(PEOPLE, dtype=bool)]
    assert true.mean() > others.mean() + others.std()
    assert (cosine.argmax(1) == np.arange(PEOPLE)).mean() > 0.5


def test_files_of_any_kind(people, odd):
    names = ["turned.png", "opaque.webp", "deep.png", "shallow.png", "grey.png", "dot.png"]
    words = "\ufeffa man\n\n a woman in a red shirt \n걷는 사람\n"
    done = score(people[0][0], *(odd / name for name in names), "--texts", "-", "--json", words=words)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["texts"] == ["a man", "a woman in a red shirt", "걷는 사람"]
    upright, turned, opaque, deep, shallow, grey, dot = np.array(found["cosine"])
    assert np.abs(turned - upright).max() < 1e-4
    assert np.abs(opaque - upright).max() < 1e-4
    assert np.abs(deep - shallow).max() < 1e-4
    assert np.abs(grey - shallow).max() < 0.2
    assert np.isfinite(dot).all()


@pytest.mark.parametrize(("picture", "words", "said"), [
    ("none.png", "a man", "no such file"),
    ("words.png", "a man", "not a picture"),
    ("dot.png", "\n \n", "no text"),
    ("dot.png", "man " * 3000, "reads"),
])  # fmt: skip
def test_what_cannot_be_scored_is_one_sentence(odd, capsys, picture, words, said):
    (odd / "words.png").write_text("not a picture", encoding="utf-8")
    (odd / "texts.txt").write_text(words, encoding="utf-8")
    assert main(["encoder", "score", str(odd / picture), "--texts", str(odd / "texts.txt"), "--json"]) == 2
    out, error = capsys.readouterr()
    assert said in error
    assert error.startswith("impromptu: ")
    assert error.count("\n") == 1
    assert out == ""
