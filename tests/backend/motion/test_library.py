"""The library: what goes in comes out; what is not a library is refused in a sentence."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend.cli import main
from impromptu.backend.motion.clip import Clip, Label, save_clip
from impromptu.backend.motion.label_index import is_label_index, read_label_index
from impromptu.backend.motion.library import Library
from impromptu.backend.motion.manifest import MANIFEST
from impromptu.backend.protocol import Incompatible, InvalidInput

INDEX = Path(__file__).parents[3] / "../shared/data/cmu-index.md"


def make_clip(name, seed=0, frames=20, text="walk", **fields):
    rng = np.random.default_rng(seed)
    poses = rng.normal(0, 0.01, (frames, 22, 3)).cumsum(0)
    labels = (Label(text, 0, frames),) if text else ()
    trans = rng.normal(0, 0.01, (frames, 3))
    return Clip(name, poses, trans, 30.0, labels=labels, **fields)


@pytest.fixture
def library(tmp_path):
    lib = Library.create(tmp_path / "lib")
    lib.add([make_clip("walk", 1), make_clip("cmu_02_01", 2, text="", flags=("unlabelled",)), make_clip("bow", 3)])
    return lib


def test_round_trip(tmp_path, library):
    contacts = np.ones((20, 4), bool)
    clip = make_clip("kick", 9, source="here", licence="CC0-1.0", flags=("jump@3",), contacts=contacts, meta={"a": 1})
    assert library.add([clip]) == ["kick"]
    again = Library.open(tmp_path / "lib").load("kick")
    np.testing.assert_allclose(again.poses, clip.poses, atol=1e-3)
    np.testing.assert_array_equal(again.trans, clip.trans)
    np.testing.assert_array_equal(again.contacts, contacts)
    for name in ("labels", "fps", "source", "licence", "flags", "kind", "meta"):
        assert getattr(again, name) == getattr(clip, name)
    assert [e.name for e in library.entries] == ["bow", "cmu_02_01", "kick", "walk"]
    assert library.verify() == []


def test_names_are_unique_and_clips_are_added_once(library):
    clip = make_clip("walk", 5)
    assert library.add([clip]) == ["walk_2"]
    assert library.add([clip, clip.with_(name="other")]) == ["walk_2", "walk_2"]
    # A clip that was stored and read is the same clip.
    assert library.add([library.load("walk_2")]) == ["walk_2"]
    assert library.add([make_clip("WALK", 6), make_clip("../a b", 7)]) == ["WALK_3", "a_b"]
    assert library.verify() == []


def test_overwrite_takes_the_place(library):
    new = make_clip("walk", 8, frames=33)
    assert library.add([new], overwrite=True) == ["walk"]
    assert len(library.load("walk")) == 33
    assert len(library.entries) == 3
    assert library.verify() == []
    assert len(list((library.root / "clips").iterdir())) == 3


def test_labels(library):
    assert library.add_labels([("02_01", "stroll"), ("99_09", "swim"), (None, " shrug  twice "), ("02_01", "")]) == 3
    assert library.add_labels([("02_01", "stroll"), ("99_09", "swim")]) == 0
    refs = [(r.text, r.clip, r.start, r.end) for r in library.labels()]
    assert refs == [
        ("walk", "bow", 0, 20),
        ("stroll", "cmu_02_01", 0, 20),
        ("walk", "walk", 0, 20),
        ("shrug twice", None, 0, 0),
        ("swim", None, 0, 0),
    ]
    assert library.load("cmu_02_01").labels == (Label("stroll", 0, 20),)
    assert library.load("cmu_02_01").flags == ()
    assert Library.open(library.root).labels() == library.labels()


def test_labels_wait_for_their_clips(library):
    library.add_labels([("35_01", "hop"), ("36_01", "skip")])
    library.add([make_clip("35_01", 31, text="")])
    assert library.load("35_01").labels == (Label("hop", 0, 20),)
    assert [t.id for t in library.texts] == ["36_01"]
    assert Library.open(library.root).digest() == library.digest()


def test_derived_clips_do_not_answer_to_the_recordings_file(library):
    recording = make_clip("x", 11, text="", source="cmu/07_01.bvh")
    library.add([recording, make_clip("x_mirrored", 12, text="", source="cmu/07_01.bvh", kind="derived")])
    library.add_labels([("07_01", "turn left")])
    assert library.load("x").labels
    assert not library.load("x_mirrored").labels


def test_the_digest_is_that_of_the_labels(tmp_path, library):
    first = library.digest()
    copy = Library.open(shutil.copytree(library.root, tmp_path / "copy"))
    assert copy.digest() == first
    library.add_labels([(None, "new")])
    assert library.digest() != first


def test_remove(library):
    library.remove(["walk", "bow"])
    assert [e.name for e in library.entries] == ["cmu_02_01"]
    assert len(list((library.root / "clips").iterdir())) == 1
    with pytest.raises(InvalidInput, match="no clip named 'gone'"):
        library.remove(["cmu_02_01", "gone"])
    assert len(Library.open(library.root).entries) == 1


def test_one_zip_file_is_a_library_too(tmp_path, library):
    path = library.export(tmp_path / "lib.zip")
    first = path.read_bytes()
    library.export(path)
    assert path.read_bytes() == first
    zipped = Library.open(path)
    assert zipped.entries == library.entries
    np.testing.assert_array_equal(zipped.load("walk").poses, library.load("walk").poses)
    assert zipped.verify() == []
    with pytest.raises(InvalidInput, match="only read"):
        zipped.add([make_clip("x")])
    folder = zipped.export(tmp_path / "unpacked")
    assert Library.open(folder).verify() == []
    with pytest.raises(InvalidInput, match="already"):
        library.export(folder)


def test_a_zip_cannot_point_outside(tmp_path, library):
    content = (library.root / MANIFEST).read_text().replace("clips/walk.npz", "clips/../../etc.npz")
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(MANIFEST, content)
    with pytest.raises(InvalidInput, match="not a file of the library"):
        Library.open(tmp_path / "evil.zip")


def test_verify_names_what_is_wrong(library):
    clips = library.root / "clips"
    (clips / "walk.npz").write_bytes((clips / "walk.npz").read_bytes()[:-40])
    (clips / "bow.npz").unlink()
    save_clip(clips / "stray.npz", make_clip("stray"))
    problems = library.verify()
    assert len(problems) == 3
    assert [p.split(":")[0] for p in problems] == ["bow", "walk", "clips/stray.npz"]
    with pytest.raises(InvalidInput, match=r"walk\.npz"):
        library.load("walk")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"version": 1, "entries": [{}], "texts": []}', '{"version": 1, "entries": 3, "texts": []}',
     '{"version": 1, "entries": [], "texts": [{"text": 5}]}', "\x00\xff"],
)  # fmt: skip
def test_damaged_manifests(tmp_path, content):
    (tmp_path / MANIFEST).write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidInput, match=MANIFEST):
        Library.open(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\n", b"\xff\xfe{\0"])
def test_an_emptied_manifest_is_said_to_be_empty_or_no_text(tmp_path, content):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / MANIFEST).write_bytes(content)
    with pytest.raises(InvalidInput, match=r"damaged: it is (empty|not text in UTF-8)") as told:
        Library.open(tmp_path / "lib")
    assert "codec" not in str(told.value)


def test_what_is_not_a_library(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InvalidInput, match="not a motion library"):
        Library.open(tmp_path)
    with pytest.raises(InvalidInput, match="other files"):
        Library.open_or_create(tmp_path)
    with pytest.raises(InvalidInput, match="other files"):
        Library.create(tmp_path)
    with pytest.raises(InvalidInput, match="not a motion library"):
        Library.open(tmp_path / "notes.txt")
    with pytest.raises(InvalidInput, match="no motion library"):
        Library.open(tmp_path / "none")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / MANIFEST).write_text('{"version": 99}')
    with pytest.raises(Incompatible, match="99"):
        Library.open(tmp_path / "later")


def test_a_failed_write_leaves_the_library_as_it_was(library, monkeypatch):
    before = (library.root / MANIFEST).read_bytes()
    calls = []

    def fail(path, clip):
        calls.append(path)
        if len(calls) == 2:
            raise InvalidInput("The disk is full.")
        save_clip(path, clip)

    monkeypatch.setattr("impromptu.backend.motion.library.save_clip", fail)
    with pytest.raises(InvalidInput, match="disk is full"):
        library.add([make_clip("a", 20), make_clip("b", 21), make_clip("walk", 22)], overwrite=True)
    assert len(calls) == 2
    assert (library.root / MANIFEST).read_bytes() == before
    assert library.verify() == []
    assert sorted(p.name for p in library.root.iterdir()) == [".lock", "clips", MANIFEST]


@pytest.mark.skipif(os.name == "nt", reason="needs user ids")
def test_a_read_only_library_is_read_and_not_written(monkeypatch):
    root = Path(tempfile.mkdtemp())
    lib = Library.create(root / "lib")
    lib.add([make_clip("walk")])
    for path in (root, *root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (root / "cache").mkdir()
    (root / "cache").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        lib = Library.open(root / "lib")
        assert len(lib.load("walk")) == 20
        assert lib.verify() == []
        assert lib.cache_dir.is_relative_to(root / "cache")
        for act in (lambda: lib.add([make_clip("new", 9)]), lambda: lib.remove(["walk"])):
            with pytest.raises(InvalidInput, match="Permission is denied"):
                act()
    finally:
        os.seteuid(user)
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(root)


def test_the_cache_goes_with_the_library(library):
    assert library.cache_dir == library.root / ".cache"
    assert library.cache_dir.is_dir()
    assert library.verify() == []


def test_nothing_is_cached_beside_the_code(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path))
    assert tmp_path in Library.open().cache_dir.parents


def test_label_index(tmp_path):
    path = tmp_path / "index.md"
    path.write_text("**Head**\n\nSubject #1 (climb)\n\n01_01  walk,  slowly\n01_02\tUnknown\n01_03\trun\nx y\n")
    assert read_label_index(path) == [("01_01", "walk, slowly"), ("01_03", "run")]
    assert is_label_index(path)
    (tmp_path / "motion.txt").write_text('{"Loop": "wrap"}')
    assert not is_label_index(tmp_path / "motion.txt")
    path.write_text("nothing here")
    with pytest.raises(InvalidInput, match="no labels"):
        read_label_index(path)


@pytest.mark.skipif(not INDEX.exists(), reason="the index for tests is not beside the repository")
def test_a_large_index(tmp_path):
    pairs = read_label_index(INDEX)
    assert len(pairs) == 2435 - 88
    lib = Library.create(tmp_path / "lib")
    assert lib.add_labels(pairs) == len(pairs)
    assert len(Library.open(lib.root).labels()) == len(pairs)


def command(capsys, *args):
    code = main(["library", *map(str, args)])
    return code, *capsys.readouterr()


def test_the_command_line(tmp_path, capsys):
    save_clip(tmp_path / "turn.npz", make_clip("turn", 4, frames=40, text="turn left"))
    (tmp_path / "bad.npz").write_bytes((tmp_path / "turn.npz").read_bytes()[:300])
    (tmp_path / "index.tsv").write_text("turn\tleft turn\n77_07\tfly\n")
    lib = tmp_path / "lib"
    files = (tmp_path / "bad.npz", tmp_path / "turn.npz", tmp_path / "index.tsv")
    code, out, err = command(capsys, "add", *files, "--library", lib, "--mirror", "--json")
    assert code == 2
    assert err.count("\n") == 1
    assert "bad.npz" in err
    result = json.loads(out)
    assert result["labels"] == 2
    assert [(c["file"], c["clip"], c["mirrored"]) for c in result["clips"]] == [
        (str(tmp_path / "turn.npz"), "turn", "turn_mirrored")
    ]
    code, out, _ = command(capsys, "list", "--library", lib, "--search", "RIGHT turn", "--json")
    [found] = json.loads(out)["clips"]
    assert found["name"] == "turn_mirrored"
    assert {l["text"] for l in found["labels"]} == {"turn right", "right turn"}
    assert command(capsys, "verify", "--library", lib)[0] == 0
    assert command(capsys, "remove", "turn", "--library", lib)[0] == 0
    code, out, _ = command(capsys, "export", tmp_path / "o.zip", "--library", lib, "--json")
    assert len(Library.open(tmp_path / "o.zip").entries) == 1
    (lib / "clips" / "turn_mirrored.npz").write_bytes(b"x")
    code, out, _ = command(capsys, "verify", "--library", lib, "--json")
    assert code == 2
    assert len(json.loads(out)["problems"]) == 1


@pytest.mark.parametrize("fps", ["0", "-1", "nan"])
def test_bad_rates_on_the_command_line(tmp_path, capsys, fps):
    code, _, err = command(capsys, "add", tmp_path / "a.bvh", "--library", tmp_path / "lib", f"--fps={fps}")
    assert (code, err.count("\n")) == (2, 1)
    assert "--fps" in err
    assert not (tmp_path / "lib").exists()


def test_a_folder_of_other_things_is_refused_before_the_work(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("x")
    code, _, err = command(capsys, "add", tmp_path / "none.bvh", "--library", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "not a motion library" in err
    for action in (("list",), ("verify",), ("remove", "a"), ("export", tmp_path / "o.zip")):
        assert command(capsys, *action, "--library", tmp_path)[0] == 2
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_only_bad_files_make_no_library(tmp_path, capsys):
    arrays = {"poses": np.array([{"a": 1}], dtype=object), "trans": np.zeros((3, 3)), "header": np.zeros(3)}
    np.savez(tmp_path / "objects.npz", **arrays)
    nan = {"poses": np.full((5, 22, 3), np.nan), "trans": np.zeros((5, 3)), "mocap_framerate": 30.0}
    np.savez(tmp_path / "nan.npz", **nan)
    files = (tmp_path / "objects.npz", tmp_path / "nan.npz", tmp_path / "none.bvh")
    code, _, err = command(capsys, "add", *files, "--library", tmp_path / "lib")
    assert code == 2
    assert [any(f.name in line for line in err.splitlines()) for f in files] == [True] * 3
    assert err.count("\n") == 3
    assert not (tmp_path / "lib").exists()
