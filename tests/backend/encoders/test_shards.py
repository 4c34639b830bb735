"""Training pictures and their shards: what a group shares, what greys leave to say, and sets that survive any end."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.training import pictures, shards
from impromptu.backend.encoders.training.making import make
from impromptu.backend.encoders.training.painting import Painter
from impromptu.backend.encoders.training.pictures import PictureFactory
from impromptu.backend.encoders.training.shards import DataRequest, Joined, Shards
from impromptu.backend.people.facts import LEAST
from impromptu.backend.people.outfits import split_of_garment
from impromptu.backend.pictures.captions_plan import CaptionsPlan
from impromptu.backend.pictures.raster_engine import RasterEngine
from impromptu.backend.pictures.requests import CaptionsRequest
from impromptu.backend.protocol import InvalidInput

SIZE, SEED = 64, 3


@pytest.fixture(scope="module")
def made():
    return PictureFactory(SIZE, SEED)


@pytest.fixture(scope="module")
def groups(made):
    return [made.group(n) for n in range(12)]


@pytest.fixture
def small(monkeypatch):
    """Shards of eight pictures."""
    monkeypatch.setattr(shards, "SHARD", 8)


def make_set(folder, count, workers=1, **fields):
    lines = []
    request = DataRequest(count, SEED, SIZE, **fields)
    assert make(folder, request, workers, lambda line, last: lines.append(line)) == 0
    return lines


def digest(folder):
    """sha256 of every file of a set's shards."""
    files = sorted(p for p in folder.glob("shard-*/*"))
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_loops_draw_what_the_raster_engine_draws():
    plan = CaptionsPlan(CaptionsRequest(count=12, size=SIZE, seed=SEED, engine="raster"))
    scenes = plan.scenes(plan.rows(range(12)))
    assert "ground" in scenes.backdrop
    painter = Painter(scenes.faces)
    for k, theirs in enumerate(RasterEngine().shoot(scenes, lambda: None)):
        ours = painter.paint(scenes, k, painter.normals(scenes.vertices[k]))
        assert np.abs(ours.picture.astype(int) - theirs.picture).max() <= 2
        assert (ours.parts != theirs.parts).mean() < 1e-3


def said(one, *families):
    return {tuple(s) for c in one.words["captions"] for s in c["says"] if s[0] in families}


def test_a_group_is_one_person_in_one_pose_in_two_colourings(groups):
    recoloured = 0
    for group in groups:
        assert len({one.words["group"] for one in group}) == 1
        assert len({value for one in group for _, _, value in said(one, "gender")}) <= 1
        seen = [{slot: value for _, slot, value in said(one, "garment")} for one in group]
        colours = [{slot: value for _, slot, value in said(one, "colour")} for one in group]
        for a in range(4):
            for b in range(a):
                shared = seen[a].keys() & seen[b].keys()
                assert all(seen[a][slot] == seen[b][slot] for slot in shared)
                same = [colours[a][slot] == colours[b][slot] for slot in colours[a].keys() & colours[b].keys()]
                if a // 2 == b // 2:
                    assert all(same)
                elif same:
                    recoloured += not all(same)
    assert recoloured > 10


def test_a_recoloured_figure_is_the_posed_one_of_its_person(made):
    wardrobe = made._plan.figures.wardrobe
    lots = np.random.default_rng(0)
    person = pictures.sample_person(lots, wardrobe, "train")
    other = pictures.recolour(lots, person, wardrobe)
    before, after = wardrobe.dress([person]), wardrobe.dress([other])
    colours, roughness, metallic = wardrobe.colour(other)
    assert np.array_equal(before.vertices, after.vertices)
    assert np.array_equal(before.parts, after.parts)
    assert np.array_equal(colours, after.colours[0])
    assert not np.array_equal(colours, before.colours[0])
    assert np.array_equal(roughness, after.roughness[0])
    assert np.array_equal(metallic, after.metallic[0])
    assert all(split_of_garment(g.kind, g.colour) == "train" for g in other.garments if g.colour != "silver")


def test_grey_pictures_are_grey_and_speak_of_shape_alone(made, monkeypatch):
    monkeypatch.setattr(pictures, "GREY_SHARE", 1.0)
    acts = 0
    for one in (p for n in range(6) for p in made.group(n)):
        assert one.words["grey"]
        assert not one.words["phrases"]
        assert not said(one, "garment", "colour", "pattern", "material", "second", "skin", "beard")
        assert not [s for s in said(one, "hair") if s[1] == "colour" or s[2] in ("short", "bald", "shaved")]
        assert not {n["family"] for n in one.words["negatives"]} & {"colour", "swap", "garment", "skin", "hair"}
        acts += bool(said(one, "action"))
        light = (one.picture[::2, ::2][one.parts != 255] / 255) ** 2.2
        tint = light / light.sum(1, keepdims=True).clip(1e-6)
        # All of it has the tint of the light; edges have some of the backdrop's.
        assert np.quantile(np.abs(tint - np.median(tint, 0)).max(1), 0.6) < 0.03
    assert acts > 6


def test_about_as_many_are_grey_as_are_wanted(made):
    greys = [one.words["grey"] for n in range(20, 32) for one in made.group(n)]
    assert 0 < sum(greys) < len(greys) / 3


def test_phrases_name_parts_that_the_map_has_and_how_large_they_are(made, groups):
    falsehoods = 0
    for one in (p for group in groups for p in group):
        for phrase in one.words["phrases"]:
            index = made.part_names.index(phrase["slot"])
            share = (one.parts == index).mean()
            assert phrase["share"] >= LEAST
            assert abs(share - phrase["share"]) < 0.3 * share + 0.01
            falsehoods += phrase.get("false", phrase["text"]) != phrase["text"]
    assert falsehoods > 20


def test_tests_are_drawn_by_other_lots(made):
    theirs = PictureFactory(SIZE, SEED, "test").group(0)
    ours = made.group(0)
    assert all(not np.array_equal(a.picture, b.picture) for a, b in zip(ours, theirs, strict=True))


def test_painted_clothes_are_colours_of_the_bare_body(made, monkeypatch):
    monkeypatch.setattr(pictures, "GREY_SHARE", 0.0)
    painted = PictureFactory(SIZE, SEED, painted=True)
    wardrobe = painted._wardrobe
    for number in range(6):
        lots = painted._lots(number)
        person = painted._person(lots)
        worn = {painted._slots[g.kind] for g in person.garments}
        assert "dress" in worn or {"top", "bottom"} <= worn
        assert "hat" not in worn
        posed = wardrobe.pose([person], np.zeros((1, 55, 3)), painted=True)
        bare = wardrobe.pose(
            [replace(person, garments=(), hair="bald", beard="")], np.zeros((1, 55, 3)), painted=True
        )
        np.testing.assert_array_equal(posed.vertices, bare.vertices)
        assert np.abs(posed.colours - bare.colours).max() > 0.1
    said = [c for picture in painted.group(0) for c in picture.words["captions"]]
    assert any(family == "garment" for c in said for family, _, _ in c["says"])


def test_sets_are_read_behind_each_other(tmp_path, small):
    make_set(tmp_path / "a", 12)
    make_set(tmp_path / "b", 8, split="test")
    a, b = Shards(tmp_path / "a"), Shards(tmp_path / "b")
    both = Joined([a, b])
    assert len(both) == 20
    for i in range(20):
        one, place = (a, i) if i < 12 else (b, i - 12)
        np.testing.assert_array_equal(both.pictures(i), one.pictures(place))
        np.testing.assert_array_equal(both.parts(i), one.parts(place))
        assert both.words(i) == one.words(place)
    make(tmp_path / "c", DataRequest(4, SEED, 32), 1, lambda line, last: None)
    with pytest.raises(InvalidInput, match="differ"):
        Joined([a, Shards(tmp_path / "c")])


def test_a_set_reads_back_what_was_made(tmp_path, small, groups):
    lines = make_set(tmp_path / "set", 18)
    assert "20 pictures" in lines[-1]
    found = Shards(tmp_path / "set")
    wanted = [one for group in groups[:5] for one in group]
    assert len(found) == 20
    assert found.size == SIZE
    assert found.part_names[wanted[0].parts[wanted[0].parts != 255][0]]
    for i, one in enumerate(wanted):
        assert np.array_equal(found.pictures(i), one.picture)
        assert np.array_equal(found.parts(i), one.parts)
        assert found.words(i) == json.loads(json.dumps(one.words))
    assert np.array_equal(found.pictures([19, 2, 8]), np.stack([wanted[i].picture for i in (19, 2, 8)]))
    assert found.parts(np.array([3, 11])).shape == (2, SIZE // 2, SIZE // 2)
    mapped = np.load(tmp_path / "set" / "shard-00001" / "pictures.npy", mmap_mode="r")
    assert mapped.shape == (8, SIZE, SIZE, 3)
    assert mapped.dtype == np.uint8
    for index in (20, -1):
        with pytest.raises(IndexError):
            found.words(index)


def test_workers_change_nothing_and_a_set_grows_under_its_reader(tmp_path, small):
    make_set(tmp_path / "one", 16)
    make_set(tmp_path / "two", 12, workers=2)
    reader = Shards(tmp_path / "two")
    first = reader.pictures(0)
    assert len(reader) == 12
    # The last shard was short: it is made anew, whole, and a reader that has it keeps what it has.
    make_set(tmp_path / "two", 16, workers=2)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert reader.refresh() == 12
    assert np.array_equal(reader.pictures(0), first)
    assert len(Shards(tmp_path / "two")) == 16


def run_in_background(folder, log):
    # A fork has its parent's pool of threads in name alone: who waits for them waits for ever.
    torch.set_num_threads(1)
    # A shell's background ignores Ctrl-C, and so would whatever it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    at_once = PictureFactory.group

    def late(self, number):
        # The last shard is never done before the end that the test brings, however fast the machine.
        time.sleep(3 if number >= 4 else 0)
        return at_once(self, number)

    PictureFactory.group = late  # of this process and its forks alone
    code = make(folder, DataRequest(24, SEED, SIZE), 2, lambda line, last: log.write_text(line))
    raise SystemExit(code)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_set_that_was_ended_at_any_moment_goes_on_with_the_same_bytes(tmp_path, small, made, number, code):
    folder, log = tmp_path / "set", tmp_path / "log"
    child = multiprocessing.get_context("fork").Process(target=run_in_background, args=(folder, log))
    child.start()
    until = time.monotonic() + 120
    while child.is_alive() and not list(folder.glob("shard-*")):
        assert time.monotonic() < until
        time.sleep(0.01)
    os.kill(child.pid, number)
    child.join(60)
    assert child.exitcode == code
    assert number != signal.SIGINT or log.read_text().startswith("Stopped; ")
    assert 0 < len(list(folder.glob("shard-*"))) < 3
    make_set(folder, 24)
    make_set(tmp_path / "whole", 24)
    assert digest(folder) == digest(tmp_path / "whole")
    assert len(digest(folder)) == 12
    assert not list(folder.glob(".shard-*"))


def test_other_sets_and_other_files_are_left_alone(tmp_path, small):
    make_set(tmp_path / "set", 4)
    with pytest.raises(InvalidInput, match="another split"):
        make_set(tmp_path / "set", 4, split="test")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "diary.txt").write_text("dear")
    with pytest.raises(InvalidInput, match="other files"):
        make_set(tmp_path / "own", 4)
    with pytest.raises(InvalidInput, match="Check the path"):
        Shards(tmp_path / "nowhere")
    request = tmp_path / "set" / "request.json"
    request.write_text(json.dumps({**json.loads(request.read_text()), "version": 99}))
    with pytest.raises(InvalidInput, match="another version"):
        Shards(tmp_path / "set")


@pytest.mark.parametrize(
    "fields", [{"count": 0}, {"seed": -1}, {"size": 63}, {"size": 8}, {"split": "validation"}, {"count": 10**9}]
)
def test_requests_that_cannot_be_are_refused(fields):
    with pytest.raises(InvalidInput):
        DataRequest(**{"count": 4, **fields})


def test_the_command_says_what_it_made(tmp_path, capsys):
    with pytest.raises(InvalidInput, match="workers"):
        make(tmp_path / "set", DataRequest(4), 0, lambda line, last: None)
    assert shards.main(["-o", str(tmp_path / "set"), "--count", "4", "--size", str(SIZE), "--workers", "1"]) == 0
    assert "4 pictures in" in capsys.readouterr().err
    assert shards.main(["-o", str(tmp_path / "set"), "--count", "4", "--size", "33"]) == 2
    assert "even number" in capsys.readouterr().err
