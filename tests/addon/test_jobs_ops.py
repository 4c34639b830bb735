"""The operators of the list of jobs, and what happens to jobs while a person does something else."""

import contextlib
import json
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from impromptu.addon import loop, package, preferences, registration, session
from impromptu.addon.client import runtime
from impromptu.addon.ops.texts import reference
from impromptu.addon.scene.handles import actors


def rigs():
    return actors(bpy.context.scene)


def order(prompt="walk", operator="act", **options):
    """Press a button as in a window, which does not wait; returns the job."""
    bpy.context.scene.impromptu.prompt = prompt
    finish = session.finish
    try:
        session.finish = lambda context, op, job: {"FINISHED"}
        assert getattr(bpy.ops.impromptu, operator)(**options) == {"FINISHED"}
    finally:
        session.finish = finish
    return session.queue().jobs[-1]


def done(job):
    session.queue().wait(job.id, 20)
    assert job.state == "done", job.error
    return job


def under_way(job):
    """Wait until the host works on it."""
    end = time.monotonic() + 20
    while job.stage != "Working" and time.monotonic() < end:
        session.queue().tick()
        time.sleep(0.01)
    assert (job.state, job.stage) == ("running", "Working")
    return job


def land(job, **options):
    return bpy.ops.impromptu.land("EXEC_DEFAULT", True, job=job.id, **options)


def test_cancel_stops_a_running_job_and_leaves_the_scene(panel):
    job = under_way(order("slow"))
    before = [o.name for o in bpy.data.objects]
    assert bpy.ops.impromptu.cancel(job=job.id) == {"FINISHED"}
    session.queue().wait(job.id, 5)
    assert job.state == "cancelled"
    assert [o.name for o in bpy.data.objects] == before
    assert not session.can_land(job)


def test_cancel_of_a_waiting_job_is_at_once_and_spares_the_running_one(panel):
    first = under_way(order("slow"))
    second = order("slow")
    bpy.ops.impromptu.cancel(job=second.id)
    assert (first.state, second.state) == ("running", "cancelled")


def test_resume_goes_on_and_lands(panel):
    job = under_way(order("slow"))
    bpy.ops.impromptu.cancel(job=job.id)
    session.queue().wait(job.id, 5)
    assert bpy.ops.impromptu.resume(job=job.id) == {"FINISHED"}
    assert job.state == "done"
    assert len(rigs()) == 1


def test_retry_of_a_failed_job_says_again_what_is_wrong(panel):
    job = order("fail")
    session.queue().wait(job.id, 20)
    with pytest.raises(RuntimeError, match="It did not fit"):
        bpy.ops.impromptu.retry(job=job.id)
    assert [j.state for j in session.queue().jobs] == ["failed", "failed"]


def test_a_script_in_edit_mode_is_told_what_the_result_waits_for(panel):
    order()
    done(session.queue().jobs[-1])
    land(session.queue().jobs[-1])
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Waits for Object Mode") as told:
        bpy.ops.impromptu.act()
    job = session.queue().jobs[-1]
    assert job.id in str(told.value)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert land(job) == {"FINISHED"}


def test_show_log_is_a_text_with_title_and_error(panel):
    job = order("fail")
    session.queue().wait(job.id, 20)
    bpy.ops.impromptu.show_log(job=job.id)
    said = bpy.data.texts[f"Impromptu {job.id}.log"].as_string()
    assert said.startswith("fail\nIt did not fit. Use the CPU.")


def test_edit_puts_the_request_back(panel):
    s = panel()
    s.seconds, s.seed, s.variants, s.body = 4.0, 9, 2, "female"
    job = order("a tall woman")
    s.seconds, s.seed, s.variants, s.body, s.prompt = 0.0, 0, 1, "auto", ""
    bpy.ops.impromptu.edit_job(job=job.id)
    assert (s.prompt, s.seconds, s.seed, s.variants, s.body) == ("a tall woman", 4.0, 9, 2, "female")


@pytest.mark.parametrize("name", ["cancel", "resume", "retry", "remove_job", "show_log", "edit_job", "land"])
def test_a_job_that_is_gone_is_a_sentence(panel, name):
    with pytest.raises(RuntimeError, match="not there any more"):
        getattr(bpy.ops.impromptu, name)(job="nothing")


def test_a_double_click_makes_two_jobs_and_one_actor_with_both_actions(panel):
    first, second = order(), order()
    done(first), done(second)
    assert land(first) == land(second) == {"FINISHED"}
    assert len(rigs()) == 1
    assert len(bpy.data.actions) == 2


def test_a_double_click_beside_makes_two_actors(panel):
    panel().placement = "BESIDE"
    first, second = order(), order()
    done(first), done(second)
    land(first), land(second)
    assert len(rigs()) == 2


def test_act_while_another_result_waits_to_land(panel):
    land(done(order()))
    waiting = done(order())
    land(done(order()))
    assert session.waits_to_land(waiting)
    land(waiting)
    assert len(rigs()) == 1
    assert len(bpy.data.actions) == 3


def test_undo_before_the_landing_does_not_lose_the_result(panel):
    job = done(order())
    bpy.ops.ed.undo()
    land(job)
    assert len(rigs()) == 1


def test_a_file_saved_meanwhile_gets_the_result(panel, tmp_path):
    job = under_way(order("slow"))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.impromptu.cancel(job=job.id)
    session.queue().wait(job.id, 5)
    session.queue().resume(job.id)
    assert session.waits_to_land(done(job))
    land(job)
    assert len(rigs()) == 1


def test_a_new_file_keeps_the_job_running_and_its_result_out(panel):
    job = under_way(order("slow"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert job.state == "running"
    bpy.ops.impromptu.cancel(job=job.id)
    session.queue().wait(job.id, 5)
    session.queue().resume(job.id)
    assert not session.waits_to_land(done(job))


def window(scene):
    region = SimpleNamespace(type="WINDOW", tag_redraw=lambda: None)
    area = SimpleNamespace(type="VIEW_3D", regions=[region], tag_redraw=lambda: None)
    return SimpleNamespace(scene=scene, screen=SimpleNamespace(areas=[area]), modal_operators=())


@pytest.fixture
def windows(monkeypatch):
    """Windows that are not there in background mode: `loop` sees this list."""
    shown = []
    context = SimpleNamespace(
        window_manager=SimpleNamespace(windows=shown),
        mode="OBJECT",
        temp_override=lambda **_: contextlib.nullcontext(),
    )
    app = SimpleNamespace(is_job_running=lambda kind: False, background=True)
    monkeypatch.setattr(loop, "bpy", SimpleNamespace(context=context, app=app, ops=bpy.ops))
    return shown


def test_a_result_lands_in_the_scene_that_it_was_ordered_in(panel, windows):
    here = bpy.context.scene
    job = done(order())
    other = bpy.data.scenes.new("Other")
    windows.append(window(other))
    loop.tick()
    assert session.waits_to_land(job)
    windows.append(window(here))
    loop.tick()
    assert session.is_landed(job)
    assert len(actors(here)) == 1
    assert actors(other) == []


def test_closing_every_window_but_one_changes_nothing(panel, windows):
    windows += [window(bpy.context.scene), window(bpy.context.scene)]
    job = under_way(order("slow"))
    windows.pop()
    assert loop.tick() == loop.BUSY_S
    windows.clear()
    assert loop.tick() == loop.BUSY_S
    assert job.state == "running"


def test_a_renamed_scene_is_still_the_one(panel, windows):
    job = done(order())
    if not hasattr(bpy.context.scene, "session_uid"):
        pytest.skip("this Blender knows scenes by name alone")
    bpy.context.scene.name = "Renamed"
    windows.append(window(bpy.context.scene))
    loop.tick()
    assert session.is_landed(job)


def test_what_fails_to_land_is_not_tried_again(panel, windows):
    job = done(order())
    job.files["motion"].write_bytes(b"nothing")
    windows.append(window(bpy.context.scene))
    loop.tick()
    assert "cannot be read" in str(session.notes[job.id])
    assert not session.waits_to_land(job)


SUFFIXES = (".blend", ".glb", ".fbx", ".usdc", ".abc", ".bvh", ".npz")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_export_writes_the_file_and_where_it_comes_from(panel, tmp_path, suffix):
    land(done(order()))
    before = sorted(o.name for o in bpy.data.objects), sorted(a.name for a in bpy.data.actions)
    path = tmp_path / f"out{suffix}"
    try:
        bpy.ops.impromptu.export(filepath=str(path))
    except RuntimeError as error:
        if "This Blender" in str(error):
            pytest.skip(str(error))
        raise
    assert path.stat().st_size > 100
    told = json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))
    assert told["file"] == path.name
    assert told["impromptu"]["prompt"] == "walk"
    assert (sorted(o.name for o in bpy.data.objects), sorted(a.name for a in bpy.data.actions)) == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_an_export_that_fails_leaves_what_was_there(panel, tmp_path):
    land(done(order()))
    (tmp_path / "out.bvh").mkdir()
    with pytest.raises(RuntimeError, match="cannot be written"):
        bpy.ops.impromptu.export(filepath=str(tmp_path / "out.bvh"))
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".json"] == []


def settable(settings):
    """Another value than the default for every setting that a person can set."""
    out = {}
    for prop in settings.bl_rna.properties:
        if not prop.is_runtime or prop.type in ("COLLECTION", "POINTER"):
            continue
        out[prop.identifier] = {
            "STRING": lambda p: f"/some/{p.identifier}",
            "ENUM": lambda p: p.enum_items[-1].identifier,
            "FLOAT": lambda p: min(4.0, p.hard_max),
            "INT": lambda p: 5,
            "BOOLEAN": lambda p: not p.default,
        }[prop.type](prop)
    return out


def test_every_setting_is_saved_with_the_file(panel, tmp_path):
    wanted = settable(panel())
    assert len(wanted) > 10
    for name, value in wanted.items():
        setattr(panel(), name, value)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert panel().prompt == ""
    bpy.ops.wm.open_mainfile(filepath=path)
    assert {name: getattr(panel(), name) for name in wanted} == wanted


def test_the_preferences_of_jobs_take_effect_at_once(panel, monkeypatch):
    kept = SimpleNamespace(**{**preferences.DEFAULTS, "idle_seconds": 7, "keep_jobs": 3})
    monkeypatch.setattr(package, "preferences", lambda context=None: kept)
    session.follow_preferences()
    assert (session.queue().idle_s, session.queue().keep) == (7.0, 3)


def test_the_queue_begins_with_the_preferences_and_makes_no_folder(scene, tmp_path, monkeypatch):
    kept = SimpleNamespace(**{**preferences.DEFAULTS, "idle_seconds": 9, "keep_jobs": 2})
    monkeypatch.setattr(package, "preferences", lambda context=None: kept)
    monkeypatch.setattr(package, "user_folder", lambda create=True: tmp_path / "user")
    try:
        assert not session.has_earlier_jobs()
        assert (session.queue().idle_s, session.queue().keep) == (9.0, 2)
        assert list(tmp_path.iterdir()) == []
    finally:
        session.close()


def test_drawing_the_list_reads_no_disk(panel, monkeypatch):
    job = done(order())
    land(job)

    def read(*_args, **_options):
        raise AssertionError("the disk was read")

    monkeypatch.setattr(Path, "exists", read)
    monkeypatch.setattr(Path, "stat", read)
    assert bpy.types.IMPROMPTU_PT_jobs.poll(bpy.context)
    assert session.is_landed(job)
    assert not session.waits_to_land(job)


def test_an_imported_motion_leaves_no_empty_prompt_in_the_history(panel, tmp_path):
    path = tmp_path / "motion.bvh"
    path.write_text("HIERARCHY")
    bpy.ops.impromptu.import_motion(filepath=str(path))
    assert len(rigs()) == 1
    assert len(panel().history) == 0


def test_the_manual_needs_no_file(panel, monkeypatch, tmp_path):
    monkeypatch.setattr(package, "root", lambda: tmp_path)
    assert bpy.ops.impromptu.open_manual() == {"FINISHED"}
    said = bpy.data.texts["Impromptu Manual"].as_string()
    for words in ("Act: ", "Find: ", "Length: ", "Retarget: "):
        assert words in said
    assert len(reference()) > 40


def test_with_the_real_backend(scene, tmp_path):
    """From the prompt to keyframes, with the host that ships."""
    python = runtime.development_python()
    if not python:
        pytest.skip("the backend's Python is not set up here (make setup)")
    registration.register()
    try:
        session.use(lambda: [python, str(runtime.HOST), "serve", "--device", "cpu"], tmp_path)
        s = bpy.context.scene.impromptu
        s.prompt, s.seconds = "a man walking", 1.0
        assert bpy.ops.impromptu.act() == {"FINISHED"}
        assert rigs()[0].animation_data.action.frame_range[1] == pytest.approx(30, abs=2)
    finally:
        registration.unregister()
