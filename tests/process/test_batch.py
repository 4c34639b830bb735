"""A file of prompts: each row once, whatever stops a run, and bad rows beside good ones."""

import json
import subprocess
import sys
import time

import pytest
from impromptu.backend.batch import MANIFEST, Manifest, read_rows, run_rows, slug
from impromptu.backend.cli import main
from impromptu.backend.protocol import ImpromptuError, InvalidInput

SLOW = """
import sys, time
from pathlib import Path
from impromptu.backend.batch import Manifest, read_rows, run_rows
folder, file = Path(sys.argv[1]), Path(sys.argv[2])
def make(row):
    with open(folder / "made.txt", "a") as stream:
        stream.write(f"{row.number}\\n")
    Path(row.request.outputs[0]).write_text(row.request.prompt)
    time.sleep(0.05)
    return {}
print(run_rows(read_rows(file, folder, (".npz",)), Manifest(folder / "manifest.jsonl"), make, print))
"""


@pytest.fixture
def prompts(tmp_path):
    def write(*lines, name="a.jsonl"):
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path / name

    return write


def copy(row):
    """Stands in for the work: the prompt as the file."""
    for path in row.request.outputs:
        with open(path, "w") as stream:
            stream.write(f"{row.request.prompt} {row.request.seed}")
    return {"label": "copied"}


def done(folder, file, make=copy):
    lines = []
    counts = run_rows(read_rows(file, folder, (".npz", ".bvh")), Manifest(folder / MANIFEST), make, lines.append)
    return counts, lines


def test_lines_and_tables_say_the_same(prompts, tmp_path):
    lines = prompts(
        '"a man walks, slowly"', "", '{"prompt": "wave", "seed": 3, "betas": [["stature", 1.0]], "fps": 24}'
    )
    table = prompts("prompt,seed,betas,fps", '"a man walks, slowly",,,', "wave,3,stature=1,24", name="a.csv")
    a, b = (read_rows(file, tmp_path, (".npz", ".png")) for file in (lines, table))
    assert a == b
    assert [r.number for r in a] == [1, 2]
    assert a[1].request.outputs == (str(tmp_path / "0002_wave.npz"),)
    assert a[1].request.previews == (str(tmp_path / "0002_wave.png"),)


def test_names_are_safe_on_every_system():
    assert slug("../../A man: <walks> \\ 走る?") == "a_man_walks_走る"
    assert len(slug("very " * 100)) <= 48
    assert slug("?!") == "prompt"


@pytest.mark.parametrize(("name", "text"), [("a.csv", "text,seed\nwalk,1"), ("a.jsonl", "\n\n"), ("a.csv", "")])
def test_a_file_without_prompts_is_refused(prompts, tmp_path, name, text):
    with pytest.raises(InvalidInput):
        read_rows(prompts(text, name=name), tmp_path, (".npz",))


def test_only_what_is_new_changed_or_broken_is_made(prompts, tmp_path):
    assert done(tmp_path, prompts('"a"', '"b"', '"c"'))[0] == {"made": 3, "kept": 0, "failed": 0}
    assert done(tmp_path, prompts('"a"', '"b"', '"c"'))[0] == {"made": 0, "kept": 3, "failed": 0}
    (tmp_path / "0001_a.npz").write_text("broken")
    (tmp_path / "0002_b.bvh").unlink()
    file = prompts('"a"', '"b"', '{"prompt": "c", "seed": 1}', '"d"')
    assert done(tmp_path, file)[0] == {"made": 4, "kept": 0, "failed": 0}
    with open(tmp_path / MANIFEST, "a") as stream:
        stream.write('{"row": 4, "reque')
    assert done(tmp_path, file)[0] == {"made": 0, "kept": 4, "failed": 0}
    (tmp_path / "0004_d.npz").unlink()
    assert done(tmp_path, file)[0]["made"] == 1
    assert done(tmp_path, file)[0]["kept"] == 4


def test_a_bad_row_is_told_and_the_others_go_on(prompts, tmp_path):
    def make(row):
        return ImpromptuError("It broke.", "Try again.") if row.request.prompt == "b" else copy(row)

    counts, lines = done(tmp_path, prompts('"a"', '"b"', "{", '{"prompt": "c", "sed": 1}', '"d"'), make)
    assert counts == {"made": 2, "kept": 0, "failed": 3}
    assert len(lines) == 5
    assert lines[1].startswith("[2/5] row 2 failed: It broke.")
    assert "sed" in lines[3]


def test_a_killed_run_goes_on_where_it_stopped(prompts, tmp_path):
    file = prompts(*[f'"walk {i}"' for i in range(12)])
    command = [sys.executable, "-c", SLOW, str(tmp_path), str(file)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    for _ in range(3):
        assert first.stdout.readline()
    time.sleep(0.01)
    first.kill()
    first.wait()
    first.stdout.close()
    written = [json.loads(line)["row"] for line in (tmp_path / MANIFEST).read_text().splitlines()]
    subprocess.run(command, check=True, capture_output=True)
    made = [int(n) for n in (tmp_path / "made.txt").read_text().split()]
    assert set(made) == set(range(1, 13))
    # What was written down was not made again; the row that the kill hit may have been.
    assert all(made.count(row) == 1 for row in written)
    assert len(made) <= 13


def test_the_command_makes_files_and_says_which_rows_failed(prompts, tmp_path, capsys):
    file = prompts('"a man walking backwards"', '{"prompt": "walk", "body": "no such body"}')
    command = ["batch", str(file), "-o", str(tmp_path / "out"), "--format", "npz"]
    assert main(command) == 2
    said = capsys.readouterr().out
    assert "row 2 failed" in said
    assert "1 made, 0 were done, 1 failed." in said
    assert (tmp_path / "out" / "0001_a_man_walking_backwards.npz").stat().st_size > 1000
    assert (tmp_path / "out" / ".batch" / "0002" / "state.json").exists()
    assert main(command) == 2
    assert "0 made, 1 were done, 1 failed." in capsys.readouterr().out
