"""Stylise in the panel, with a host that stands in: previews, cancel, resume, undo, variants, the chain after Act."""

import json
import shutil
import sys
import textwrap
import time
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from impromptu.addon import look_request, loop, previewing, properties_look, session
from impromptu.addon.panels import look as look_panel
from impromptu.addon.scene import provenance, style, style_look, style_preview
from impromptu.addon.scene.handles import actors, skin_of
from impromptu.backend.protocol import REGIONS, STARTS, StylizeRequest
from impromptu.rendering.frames import encode_png

PREVIEWS = 3
HOST = """
    import json, os, pathlib, shutil, sys, time
    canned, looks = map(pathlib.Path, sys.argv[1:])
    def send(**m):
        sys.stdout.write(json.dumps(m) + "\\n"); sys.stdout.flush()
    def lines():
        for line in sys.stdin:
            yield json.loads(line)
    heard = lines()
    def until(kind):
        return next(m for m in heard if m["type"] == kind)
    send(type="hello", protocol=1, version="0", device="cpu", memory=0, pid=0)
    for m in heard:
        if m["type"] != "submit":
            continue
        id, folder, p = m["id"], pathlib.Path(m["folder"]), m["params"]
        send(type="accepted", id=id)
        if m["kind"] != "stylize":
            files = {}
            for f in canned.iterdir():
                shutil.copy(f, folder / f.name)
                files[f.stem] = f.name
            send(type="result", id=id, files=files, metrics={})
            continue
        begun = folder / "checkpoint.npz"
        first = int(begun.read_text()) if begun.exists() else 0
        stop = 2 if p["prompt"].startswith("slow") and not first else 3
        for step in range(first, stop):
            shutil.copy(looks / f"preview_{step}.npz", folder / "part")
            os.replace(folder / "part", folder / "preview.npz")
            shutil.copy(looks / "preview.png", folder / "preview.png")
            begun.write_text(str(step + 1))
            send(type="progress", id=id, stage="Working", step=step + 1, total=3, eta_s=1.0)
            send(type="preview", id=id, file="preview.png")
            time.sleep(0.15)
        if stop == 2:
            until("cancel")
            send(type="cancelled", id=id)
            continue
        files = {}
        for f in sorted(looks.iterdir()):
            if not f.name.startswith("preview"):
                shutil.copy(f, folder / f.name)
                files[f.stem] = f.name
        send(type="result", id=id, files=files, metrics={})
"""
"""Shows three previews and then the canned look; with a prompt of `slow` two, and waits to be cancelled."""


def rigs():
    return actors(bpy.context.scene)


def look_settings():
    return bpy.context.scene.impromptu_look


def colours(rig):
    return style_look.shown_look(rig)[0]


@pytest.fixture
def looks(tmp_path, body):
    """What the stand-in gives: previews, a look with its pictures, and a second one."""
    folder = tmp_path / "looks"
    folder.mkdir()
    count = len(body.v_template)
    for i, name in enumerate(["preview_0", "preview_1", "preview_2", "style", "style_1"]):
        np.savez(
            folder / f"{name}.npz",
            colour=np.full((count, 3), 0.1 * (i + 1), np.float32),
            offsets=np.full((count, 3), 0.001 * (i + 1), np.float32),
            roughness=np.full(count, 0.5, np.float32),
            metallic=np.zeros(count, np.float32),
            prompt=np.array("red"),
        )
    for name in ("preview", "albedo", "normal", "albedo_1", "normal_1"):
        (folder / f"{name}.png").write_bytes(encode_png(np.full((8, 8, 3), (200, 30, 30), np.uint8)))
    variants = [{"file": "style.npz", "seed": 5, "score": 0.4}, {"file": "style_1.npz", "seed": 6, "score": 0.3}]
    told = {"prompt": "red", "style_text": "red", "seed": 5, "encoder": {"name": "body"}, "variants": variants[:1]}
    (folder / "result.json").write_text(json.dumps(told))
    (tmp_path / "two.json").write_text(json.dumps({**told, "variants": variants}))
    return folder


@pytest.fixture
def studio(panel, tmp_path, canned, looks):
    """The panel over the host above, with an actor in the scene."""
    host = tmp_path / "look_host.py"
    host.write_text(textwrap.dedent(HOST))
    session.use(lambda: [sys.executable, str(host), str(canned), str(looks)], tmp_path / "queue")
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    look_settings().prompt = "red"
    bpy.ops.ed.undo_push(message="Ready")
    return rigs()[0]


@pytest.fixture
def window(monkeypatch):
    """Pretend that a window shows the scene, so that the timer's function does what it does there."""
    area = SimpleNamespace(type="VIEW_3D", regions=[], tag_redraw=lambda: None)
    shown = SimpleNamespace(scene=bpy.context.scene, screen=SimpleNamespace(areas=[area]), modal_operators=())

    class Context:
        window_manager = SimpleNamespace(windows=[shown])
        mode = "OBJECT"

        def temp_override(self, **_):
            from contextlib import nullcontext

            return nullcontext()

    app = SimpleNamespace(is_job_running=lambda kind: False, background=True)
    monkeypatch.setattr(loop, "bpy", SimpleNamespace(context=Context(), app=app, ops=bpy.ops))

    def refresh():
        # Undo makes scenes anew.
        shown.scene = bpy.context.scene

    return refresh


def order(operator="stylise"):
    """Press a button as in a window, which does not wait."""
    finish = session.finish
    try:
        session.finish = lambda context, op, job: {"FINISHED"}
        assert getattr(bpy.ops.impromptu, operator)() == {"FINISHED"}
    finally:
        session.finish = finish
    return session.queue().jobs[-1]


def tick_until(done, seconds=20):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        loop.tick()
        time.sleep(0.01)


def shade(rig):
    """The one colour that the stand-in's looks have, in tenths."""
    return round(float(colours(rig).mean()) * 10, 2)


# One click


def test_stylise_gives_the_actor_a_look_in_one_undo_step(studio):
    plain = colours(studio)
    assert bpy.ops.impromptu.stylise("EXEC_DEFAULT", True) == {"FINISHED"}
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)
    record = provenance.read(rigs()[0])
    assert record["prompt"] == "walk"
    told = record["styles"][0]
    assert (told["prompt"], told["seed"], told["encoder"]["name"]) == ("red", 5, "body")
    assert told["request"]["prompt"] == "red"
    assert not {"motion", "look"} & set(told["request"])
    assert len([i for i in bpy.data.images if i.packed_file]) == 2
    bpy.ops.ed.undo()
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)
    assert style.count_styles(rigs()[0]) == 0
    bpy.ops.ed.redo()
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)


def test_the_request_says_what_the_actor_is_plays_and_shows(studio, body):
    s = look_settings()
    s.negative, s.start, s.relief, s.steps, s.seed = "blue; a hat", "present", 0.25, 77, 3
    s.only, s.keep = {"head", "upper arms"}, {"feet"}
    job = order()
    request = StylizeRequest(**{k: tuple(map(tuple, v)) if k == "betas" else tuple(v) if isinstance(v, list) else v
                                for k, v in job.params.items()})  # fmt: skip
    assert (request.prompt, request.negative, request.start) == ("red", ("blue", "a hat"), "present")
    assert (request.only, request.keep) == (("head", "upper arms"), ("feet",))
    assert (request.relief, request.steps, request.seed, request.encoder) == (0.25, 77, 3, "")
    assert (request.body, request.betas) == ("neutral", (("0", 0.7), ("1", -0.4)))
    with np.load(request.motion) as motion, np.load(request.look) as look:
        assert motion["poses"].shape == (12, len(body.parents), 3)
        assert motion["fps"] == 25
        assert look["colour"] == pytest.approx(colours(studio), abs=1e-6)
        assert look["offsets"].shape == look["colour"].shape
    s.start = "grey"
    assert "look" not in order().params


def test_an_empty_look_takes_the_prompt_of_act(studio):
    look_settings().prompt = ""
    assert order().params["prompt"] == "walk"
    look_settings().image = "//mine.png"
    bpy.context.scene.impromptu.prompt = ""
    assert order().params["image"].endswith("mine.png")


def test_nothing_to_look_like_and_nobody_to_wear_it_are_sentences(studio):
    look_settings().prompt = bpy.context.scene.impromptu.prompt = ""
    with pytest.raises(RuntimeError, match="nothing to look like"):
        bpy.ops.impromptu.stylise()
    look_settings().prompt = "red"
    bpy.data.objects.remove(rigs()[0])
    with pytest.raises(RuntimeError, match="no actor to stylise"):
        bpy.ops.impromptu.stylise()


def test_a_still_actor_hands_over_its_pose(studio):
    studio.animation_data_clear()
    job = order()
    with np.load(job.params["motion"]) as motion:
        assert len(motion["poses"]) == 1


def test_a_long_motion_is_sampled(studio, tmp_path, monkeypatch):
    monkeypatch.setattr(look_request, "MOST_FRAMES", 5)
    look_request.write_motion(bpy.context, studio, tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz") as motion:
        assert len(motion["poses"]) == 5
        assert motion["fps"] == pytest.approx(25 / 3, rel=0.3)


def test_variants_stand_in_a_row(studio, looks, tmp_path):
    shutil.copy(tmp_path / "two.json", looks / "result.json")
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    first, second = sorted(rigs(), key=lambda r: r.location.x)
    assert (shade(first), shade(second)) == (pytest.approx(4, abs=0.01), pytest.approx(5, abs=0.01))
    assert first == studio or first.name == "walk"
    assert second.location.x - first.location.x > 0.3
    assert [provenance.read(r)["styles"][0]["seed"] for r in (first, second)] == [5, 6]
    bpy.ops.ed.undo()
    assert len(rigs()) == 1


def test_more_like_this_starts_from_the_look_with_the_next_seed(studio):
    with pytest.raises(RuntimeError, match="poll"):
        bpy.ops.impromptu.more_like_this()
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    look_settings().prompt, look_settings().start = "something else", "grey"
    job = order("more_like_this")
    assert (job.params["prompt"], job.params["seed"]) == ("red", 6)
    assert job.params["start"] == "present"
    assert look_settings().seed == 6
    with np.load(job.params["look"]) as look:
        assert look["colour"] == pytest.approx(np.full_like(look["colour"], 0.4), abs=1e-3)
        assert look["offsets"] == pytest.approx(np.full_like(look["offsets"], 0.004), abs=1e-5)


def test_remove_look_is_one_undo_step(studio):
    plain = colours(studio)
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert bpy.ops.impromptu.remove_style("EXEC_DEFAULT", True) == {"FINISHED"}
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)
    bpy.ops.ed.undo()
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)


def test_a_second_look_is_blended_where_asked(studio):
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    look_settings().blend = True
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert style.count_styles(rigs()[0]) == 2
    assert rigs()[0]["style_mix"] == 1


def test_act_goes_on_with_the_look(studio):
    look_settings().after_act = True
    look_settings().prompt = ""
    bpy.context.scene.impromptu.placement = "BESIDE"
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    assert [job.kind for job in session.queue().jobs] == ["act", "act", "stylize"]
    made = max(rigs(), key=lambda r: r.location.x)
    assert (style.count_styles(made), shade(made)) == (1, pytest.approx(4, abs=0.01))
    assert session.queue().jobs[-1].params["prompt"] == "walk"


def test_a_look_that_cannot_be_ordered_leaves_the_motion(studio):
    look_settings().after_act = True
    look_settings().only, look_settings().keep = {"head"}, {"head"}
    with pytest.raises(RuntimeError, match="to change and to stay"):
        bpy.ops.impromptu.act("EXEC_DEFAULT", True)


def test_settings_of_a_job_go_back_into_the_panel(studio):
    s = look_settings()
    s.negative, s.start, s.relief, s.steps, s.seed, s.variants = "blue; a hat", "grey", 0.25, 77, 3, 2
    s.only, s.keep, s.image = {"head"}, {"feet"}, "/a/b.png"
    job = order()
    s.prompt, s.negative, s.start, s.relief, s.steps, s.seed, s.variants = "", "", "present", 1, 300, 0, 1
    s.only, s.keep, s.image = set(), set(), ""
    bpy.ops.impromptu.edit_job(job=job.id)
    assert (s.prompt, s.negative, s.start, s.image) == ("red", "blue; a hat", "grey", "/a/b.png")
    assert (round(s.relief, 3), s.steps, s.seed, s.variants) == (0.25, 77, 3, 2)
    assert (s.only, s.keep) == ({"head"}, {"feet"})


def test_the_panel_knows_the_parts_and_defaults_of_the_request():
    assert tuple(name for name, *_ in properties_look.PARTS) == REGIONS
    assert tuple(name for name, *_ in properties_look.STARTS) == STARTS


# While it runs


def test_previews_are_shown_as_they_come_and_one_undo_goes_back(studio, window):
    plain, name = colours(studio), studio.name
    order()
    seen = []

    def landed():
        if previewing.is_shown(session.queue().jobs[-1]):
            seen.append(shade(rigs()[0]))
        return session.is_landed(session.queue().jobs[-1])

    tick_until(landed)
    assert len(set(seen)) >= 2, seen
    assert sorted(set(seen)) == sorted(set(seen) & {1.0, 2.0, 3.0})
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)
    assert not style_preview.is_preview(rigs()[0])
    bpy.ops.ed.undo()
    assert rigs()[0].name == name
    assert style.count_styles(rigs()[0]) == 0
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)
    bpy.ops.ed.redo()
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)


def slow(studio):
    """A job that has shown two previews and waits."""
    look_settings().prompt = "slow red"
    bpy.ops.ed.undo_push(message="Typed")
    job = order()
    tick_until(lambda: previewing.is_shown(job) and shade(rigs()[0]) == pytest.approx(2, abs=0.01))
    return job


def test_cancel_keeps_the_last_preview_as_one_undo_step_and_resume_goes_on(studio, window):
    plain = colours(studio)
    job = slow(studio)
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled" and not previewing.is_shown(job))
    assert shade(rigs()[0]) == pytest.approx(2, abs=0.01)
    assert not style_preview.is_preview(rigs()[0])
    assert provenance.read(rigs()[0])["styles"][0]["unfinished"] is True
    bpy.ops.ed.undo()
    window()
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)
    bpy.ops.ed.redo()
    window()
    finish = session.finish
    session.finish = lambda context, op, j: {"FINISHED"}
    try:
        bpy.ops.impromptu.resume(job=job.id)
    finally:
        session.finish = finish
    tick_until(lambda: session.is_landed(job))
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)
    assert style.count_styles(rigs()[0]) == 1
    bpy.ops.ed.undo()
    assert shade(rigs()[0]) == pytest.approx(2, abs=0.01)


def test_what_a_person_does_meanwhile_is_not_undone_with_the_look(studio, window):
    job = slow(studio)
    rigs()[0].location.y = 3.0
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Moved")
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled" and not previewing.is_shown(job))
    bpy.ops.ed.undo()
    assert rigs()[0].location.y == 3
    assert style.count_styles(rigs()[0]) == 0
    assert not style_preview.is_preview(rigs()[0])


def test_a_step_that_was_redone_with_a_preview_in_it_is_not_what_undo_goes_back_to(studio, window):
    plain = colours(studio)
    job = slow(studio)
    rigs()[0].location.y = 3.0
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="Moved")
    for step in (bpy.ops.ed.undo, bpy.ops.ed.redo):
        step()
        window()
        tick_until(lambda: style_preview.is_preview(rigs()[0]))
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled" and not previewing.is_shown(job))
    bpy.ops.ed.undo()
    assert rigs()[0].location.y == 3
    assert style.count_styles(rigs()[0]) == 0
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)


def test_undo_while_it_runs_breaks_nothing(studio, window):
    job = slow(studio)
    bpy.ops.ed.undo()
    window()
    assert style.count_styles(rigs()[0]) == 0
    tick_until(lambda: style_preview.is_preview(rigs()[0]))
    assert shade(rigs()[0]) == pytest.approx(2, abs=0.01)
    bpy.ops.ed.redo()
    window()
    tick_until(lambda: style_preview.is_preview(rigs()[0]))
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled" and not previewing.is_shown(job))
    assert shade(rigs()[0]) == pytest.approx(2, abs=0.01)


def test_a_look_before_comes_back_with_undo(studio, window):
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    window()
    images = sorted(i.name for i in bpy.data.images)
    job = slow(studio)
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled" and not previewing.is_shown(job))
    bpy.ops.ed.undo()
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)
    assert sorted(i.name for i in bpy.data.images) == images


def test_a_deleted_actor_is_told_and_another_one_offered(studio, window):
    job = slow(studio)
    look_settings().prompt = "red"
    twin_job = session.queue().jobs[-1]
    assert twin_job == job
    bpy.data.objects.remove(skin_of(rigs()[0]))
    bpy.data.objects.remove(rigs()[0])
    bpy.ops.impromptu.cancel(job=job.id)
    tick_until(lambda: job.state == "cancelled")
    loop.tick()
    assert not previewing.is_shown(job)
    finish = session.finish
    session.finish = lambda context, op, j: {"FINISHED"}
    try:
        bpy.ops.impromptu.resume(job=job.id)
    finally:
        session.finish = finish
    tick_until(lambda: job.state == "done" and job.id in session.notes)
    assert "not there any more" in str(session.notes[job.id])
    with pytest.raises(RuntimeError, match="no actor here"):
        bpy.ops.impromptu.land(job=job.id, anew=True)
    bpy.context.scene.impromptu.placement = "BESIDE"
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    assert bpy.ops.impromptu.land(job=job.id, anew=True) == {"FINISHED"}
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)


def test_a_damaged_preview_is_passed_over(studio, window, looks):
    for i in range(PREVIEWS):
        (looks / f"preview_{i}.npz").write_bytes(b"nothing")
    job = order()
    tick_until(lambda: session.is_landed(job))
    assert shade(rigs()[0]) == pytest.approx(4, abs=0.01)


def test_a_damaged_result_leaves_the_actor_as_it_was(studio, looks):
    plain = colours(studio)
    (looks / "style.npz").write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert colours(rigs()[0]) == pytest.approx(plain, abs=1e-6)
    assert style.count_styles(rigs()[0]) == 0


def test_a_damaged_picture_leaves_the_actor_as_it_was(studio, looks):
    (looks / "normal.png").write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match="picture of the look"):
        bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert style.count_styles(rigs()[0]) == 0
    assert len([i for i in bpy.data.images if i.packed_file]) == 0


# The panel


class Layout:
    """Records what is drawn."""

    def __init__(self, drawn):
        self.drawn = drawn

    def _sub(self, *args, **options):
        return Layout(self.drawn)

    row = column = box = grid_flow = _sub

    def operator(self, name, **options):
        assert hasattr(bpy.types, "IMPROMPTU_OT_" + name.partition(".")[2]), name
        self.drawn.append(name)

    def prop(self, data, name, **options):
        assert name in data.bl_rna.properties or name[2:-2] in data, name
        self.drawn.append(name)

    def label(self, **options):
        pass


def drawn(cls):
    out = []
    cls.draw(SimpleNamespace(layout=Layout(out)), bpy.context)
    return out


def test_the_panel_shows_what_the_actor_wears(studio):
    before = drawn(look_panel.IMPROMPTU_PT_look)
    assert {"prompt", "image", "impromptu.stylise", "impromptu.more_like_this", "impromptu.remove_style"} <= set(
        before
    )
    assert '["style_mix"]' not in before
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert '["style_texture"]' in drawn(look_panel.IMPROMPTU_PT_look)
    look_settings().blend = True
    bpy.ops.impromptu.stylise("EXEC_DEFAULT", True)
    assert '["style_mix"]' in drawn(look_panel.IMPROMPTU_PT_look)
    assert {"start", "negative", "relief", "steps", "seed", "variants"} <= set(
        drawn(look_panel.IMPROMPTU_PT_look_settings)
    )
    assert {"only", "keep"} <= set(drawn(look_panel.IMPROMPTU_PT_look_regions))
