"""Finding the Python to build from, and asking the backend one question."""

import sys
from pathlib import Path

import pytest
from impromptu.addon.client import base_python
from impromptu.addon.client.base_python import BasePython, choose_base_python, describe, lacking_modules
from impromptu.addon.client.question import FOLDER, HostQuestion
from impromptu.backend.protocol import InvalidInput, ModelsRequest, RuntimeMissing

HOST = """
import json, sys
def say(**message):
    sys.stdout.write(json.dumps(message) + "\\n"); sys.stdout.flush()
for line in sys.stdin:
    m = json.loads(line)
    if m["type"] == "hello":
        say(type="hello", protocol=1, version="0", device="cpu", memory=0, pid=0)
    elif m["type"] == "submit":
        say(type="accepted", id=m["id"])
        if sys.argv[1] == "fails":
            say(type="error", id=m["id"], code="assets_missing", message="No models.", hint="Get some.")
        else:
            say(type="result", id=m["id"], files={}, metrics={"models": [m["kind"]]})
    elif m["type"] == "shutdown":
        break
"""


def test_this_python_describes_itself():
    base = describe(sys.executable)
    assert base is not None
    assert base.version == sys.version_info[:3]
    assert base.bits == 64
    assert base.trouble == ""


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (BasePython("p", (3, 10, 9), 64, True), "is Python 3.10.9; the wheels are for 3.11 to 3.13"),
        (BasePython("p", (3, 15, 0), 64, True), "is Python 3.15.0"),
        (BasePython("p", (3, 11, 0), 32, True), "is a 32-bit build"),
        (BasePython("p", (3, 13, 0), 64, False), "cannot make environments"),
    ],
)
def test_what_will_not_do_is_said(base, words):
    assert words in base.trouble


def test_a_named_one_is_taken_or_refused_never_replaced(tmp_path):
    assert choose_base_python(sys.executable).path == sys.executable
    (tmp_path / "python").write_text("no program")
    for name in ("missing", "python"):
        with pytest.raises(InvalidInput, match="is not a Python interpreter"):
            choose_base_python(str(tmp_path / name))


def test_blenders_own_is_asked_first_then_the_path(monkeypatch):
    assert base_python.candidates(sys.executable)[0] == sys.executable
    monkeypatch.setattr(base_python.sys, "prefix", "/nowhere")
    monkeypatch.setattr(base_python.shutil, "which", {"python3.12": sys.executable}.get)
    assert base_python.candidates("/opt/blender/blender") == [sys.executable]
    monkeypatch.setattr(base_python.shutil, "which", lambda _: None)
    with pytest.raises(RuntimeMissing, match="No Python was found"):
        choose_base_python("", "/opt/blender/blender")


def test_one_that_will_not_do_is_passed_over(monkeypatch):
    told = {"a": BasePython("a", (3, 10, 1), 64, True), "b": None, "c": BasePython("c", (3, 12, 1), 64, True)}
    monkeypatch.setattr(base_python, "candidates", lambda own: list(told))
    monkeypatch.setattr(base_python, "describe", told.get)
    assert choose_base_python().path == "c"


def test_modules_are_looked_for_without_being_imported():
    assert lacking_modules(sys.executable, ("json", "this", "no_such_module")) == ["no_such_module"]
    with pytest.raises(InvalidInput, match="is not a Python"):
        lacking_modules("/no/python", ("json",))


def ask(tmp_path: Path, how: str) -> HostQuestion:
    script = tmp_path / "host.py"
    script.write_text(HOST)
    question = HostQuestion(ModelsRequest(), [sys.executable, str(script), how], {}, tmp_path)
    assert question.wait(60)
    return question


def test_a_question_is_answered_and_leaves_nothing(tmp_path):
    question = ask(tmp_path, "answers")
    assert question.error is None
    assert question.metrics == {"models": ["models"]}
    assert not (tmp_path / FOLDER / "jobs").exists()


def test_a_question_can_fail_with_a_sentence(tmp_path):
    assert str(ask(tmp_path, "fails").error) == "No models. Get some."
