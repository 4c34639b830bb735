"""Edit Motion and Recognise, with a host that stands in: what is asked for, what lands, what is left alone."""

import dataclasses
import importlib.util
import json
import sys
import textwrap
from pathlib import Path

import bpy
import numpy as np
import pytest
from impromptu.addon import motion_request, properties, properties_motion, session
from impromptu.addon.ops.motion import IMPROMPTU_OT_edit_motion
from impromptu.addon.panels import main
from impromptu.addon.panels import motion as motion_panel
from impromptu.addon.scene import actions, provenance, second_motion
from impromptu.addon.scene.actions import write_motion
from impromptu.addon.scene.handles import actors, skin_of
from impromptu.addon.scene.motion_files import matrices
from impromptu.addon.scene.shape import set_values
from impromptu.addon.scene.shape_arrays import betas_of
from impromptu.addon.scene.skeleton import skeleton_of
from impromptu.backend.protocol import EDITS, MOTIONS, ActRequest, EditRequest


def beside(name):
    """Another module of this folder."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


draw = beside("test_panels").draw

HOST = """
    import json, pathlib, shutil, sys
    canned = pathlib.Path(sys.argv[1])
    def send(**m):
        sys.stdout.write(json.dumps(m) + "\\n"); sys.stdout.flush()
    send(type="hello", protocol=1, version="0", device="cpu", memory=0, pid=0)
    for line in sys.stdin:
        m = json.loads(line)
        if m["type"] != "submit":
            continue
        id, folder, p, files, metrics = m["id"], pathlib.Path(m["folder"]), m["params"], {}, {}
        send(type="accepted", id=id)
        send(type="progress", id=id, stage="Working", step=1, total=2, eta_s=1.0)
        if p.get("words") == "fail":
            send(type="error", id=id, code="assets_missing", message="The model is not here.", hint="Fetch it.")
            continue
        if p.get("words") == "slow":
            next(m for m in map(json.loads, sys.stdin) if m["type"] == "cancel")
            send(type="cancelled", id=id)
            continue
        for f in canned.iterdir():
            if f.name != "metrics.json":
                shutil.copy(f, folder / f.name)
                files[f.stem] = f.name
        if m["kind"] == "edit":
            shutil.copy(p["other"] if p.get("how") else p["motion"], folder / "motion.npz")
            told = json.loads((canned / "result.json").read_text())
            told = {**told, "prompt": "", "label": "edited", "edit": {"model": {"name": "m", "sha256": "ab"}}}
            told["options"] = {"how": p.get("how", "words"), "motion": p["motion"]}
            (folder / "result.json").write_text(json.dumps({k: v for k, v in told.items() if k != "variants"}))
        if m["kind"] == "classify":
            files, metrics = {"result": "result.json"}, json.loads((canned / "metrics.json").read_text())
        send(type="result", id=id, files=files, metrics=metrics)
"""
"""An edit gives its second motion back, by words its own; `fail` fails, `slow` waits to be cancelled."""
METRICS = {
    "labels": [{"label": "walk", "cosine": 0.61, "share": 0.72}, {"label": "run", "cosine": 0.4, "share": 0.2}],
    "clips": [{"clip": "cmu_01", "label": "walk slowly", "cosine": 0.93}],
}


def settings():
    return bpy.context.scene.impromptu_motion


def rig():
    return actors(bpy.context.scene)[0]


def edit(**values):
    for name, value in values.items():
        setattr(settings(), name, value)
    return bpy.ops.impromptu.edit_motion("EXEC_DEFAULT", True)


def recognise():
    return bpy.ops.impromptu.recognise_motion("EXEC_DEFAULT", True)


def last():
    return session.queue().jobs[-1]


def motion_file(name="motion"):
    return dict(np.load(last().params[name]))


def keys(action):
    """Every key of an action."""
    curves = [c for _, held in actions._slots(action) for c in held]
    return {(c.data_path, c.array_index): [tuple(p.co) for p in c.keyframe_points] for c in curves}


def state():
    """All of an actor and of the file that reading a motion could leave a trace in."""
    own = rig()
    animation = own.animation_data
    bones = [
        (b.name, b.rotation_mode, *b.location, *b.scale, *b.rotation_quaternion, *b.rotation_euler)
        for b in own.pose.bones
    ]
    slot = animation.action_slot.identifier if getattr(animation, "action_slot", None) else ""
    blocks = {
        kind: {b.name: b.users for b in getattr(bpy.data, kind)} for kind in ("objects", "actions", "armatures")
    }
    return (
        bones, animation.action.name, slot, [*own.location], own.get("word_tall"), blocks,
        bpy.context.scene.frame_current, bpy.context.view_layer.objects.active.name, own.select_get(),
    )  # fmt: skip


@pytest.fixture
def studio(panel, tmp_path, canned):
    """An actor that moves, over the host above."""
    host = tmp_path / "motion_host.py"
    host.write_text(textwrap.dedent(HOST))
    (canned / "metrics.json").write_text(json.dumps(METRICS))
    session.use(lambda: [sys.executable, str(host), str(canned)], tmp_path / "queue")
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    bpy.ops.ed.undo_push(message="Ready")
    return rig()


@pytest.fixture
def second(studio, body, motion):
    """A second action of the file, which the actor does not play."""
    own = studio.animation_data.action
    faster = dataclasses.replace(motion, poses=motion.poses[::-1].copy(), trans=motion.trans + np.array([0, 0, 2.0]))
    made = write_motion(studio, body, faster, "second")
    studio.animation_data.action = own
    bpy.context.scene.frame_set(1)
    settings().other.action = made
    bpy.ops.ed.undo_push(message="Two actions")
    return faster


def same_rotations(a, b):
    return np.abs(matrices(a) - matrices(b)).max()


def test_words_become_a_new_action_and_the_old_one_stays_as_it_was(studio):
    old = studio.animation_data.action
    before, name = keys(old), old.name
    assert edit(words="like a zombie", without="walking", amount=0.8) == {"FINISHED"}
    new = rig().animation_data.action
    assert (new.name, new.frame_range[:]) == ("like a zombie", old.frame_range[:])
    assert keys(bpy.data.actions[name]) == before
    assert len(actors(bpy.context.scene)) == 1
    params = last().params
    assert (last().kind, params["words"], params["without"]) == ("edit", "like a zombie", "walking")
    assert params["amount"] == pytest.approx(0.8)
    assert "how" not in params


def test_the_actors_motion_and_body_go_with_the_request(studio, motion, body):
    edit(words="sadly")
    told = motion_file()
    assert same_rotations(told["poses"], motion.poses) < 1e-4
    assert np.abs(told["trans"] - motion.trans).max() < 1e-4
    assert float(told["fps"]) == last().params["fps"] == 25.0
    assert told["betas"] == pytest.approx(body.betas)
    assert last().params["betas"] == [["0", 0.7], ["1", -0.4]]


def test_an_edit_is_one_undo_step(studio):
    before = studio.animation_data.action.name
    edit(words="sadly")
    bpy.ops.ed.undo()
    assert rig().animation_data.action.name == before
    assert "sadly" not in bpy.data.actions
    bpy.ops.ed.redo()
    assert rig().animation_data.action.name == "sadly"


def test_what_was_done_is_kept_with_the_action(studio):
    edit(words="like a zombie", amount=0.8)
    action = rig().animation_data.action
    record = provenance.read(action)
    assert record["edit"]["how"] == "words"
    assert record["edit"]["amount"] == pytest.approx(0.8)
    assert record["edit"]["model"]["sha256"] == "ab"
    assert [(o["as"], o["prompt"]) for o in record["made_from"]] == [("motion", "walk")]
    assert action["impromptu_edit_words"] == "like a zombie"
    assert "motion" not in record["request"]
    assert "motion" not in record["options"]
    edit(words="sadly")
    record = provenance.read(rig().animation_data.action)
    assert [(o["as"], o["prompt"]) for o in record["made_from"]] == [("motion", ""), ("earlier", "walk")]
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    assert "impromptu_edit_words" not in rig()
    assert "edit" not in provenance.read(rig())


@pytest.mark.parametrize("how", ["mix", "parts", "between", "difference"])
def test_a_second_action_is_read_as_if_the_actor_played_it(second, how):
    if how == "difference":
        settings().minus.action = rig().animation_data.action
    assert edit(how=how, seconds=2.0) == {"FINISHED"}
    assert last().params["how"] == how
    assert same_rotations(motion_file("other")["poses"], second.poses) < 1e-4
    assert np.abs(motion_file("other")["trans"] - second.trans).max() < 1e-4
    assert ("minus" in last().params) == (how == "difference")
    if how == "difference":
        assert same_rotations(motion_file("minus")["poses"], motion_file()["poses"]) < 1e-4
    told = provenance.read(rig().animation_data.action)["edit"]
    assert (told["how"], told.get("seconds")) == (how, 2.0 if how == "between" else None)


def test_reading_a_second_action_leaves_no_trace(second, monkeypatch):
    own, other = rig(), settings().other.action
    # What the second action moves and the first does not would stay as the second has left it.
    own["word_tall"], playing = 0.25, own.animation_data.action
    own.animation_data.action = other
    for path in ("location", '["word_tall"]'):
        own.keyframe_insert(path, frame=1)
    bone = own.pose.bones["root"]
    bone.scale = (2.0, 2.0, 2.0)
    bone.keyframe_insert("scale", frame=3)
    own.animation_data.action = playing
    own.location, own["word_tall"], bone.scale = (1.0, 2.0, 3.0), 0.75, (1.0, 1.0, 1.0)
    bpy.context.scene.frame_set(7)
    before = state()
    settings().how = "mix"
    made, _ = motion_request.edit_requests(settings(), own, "")
    assert len(made) == 1
    assert state() == before
    monkeypatch.setattr(motion_request, "save_motion", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        motion_request.edit_requests(settings(), own, "")
    assert state() == before


def test_a_failure_midway_removes_the_stand_in(second, monkeypatch):
    before, read = state(), second_motion.read_motion

    def fail(one, *args, **options):
        if one != rig():
            raise OSError("no")
        return read(one, *args, **options)

    monkeypatch.setattr(second_motion, "read_motion", fail)
    settings().how = "mix"
    with pytest.raises(OSError, match="no"):
        motion_request.edit_requests(settings(), rig(), "")
    assert state() == before


def test_an_action_of_several_slots_is_played_in_that_of_the_bones(second):
    if bpy.app.version < (4, 4, 0):
        pytest.skip("actions have slots since 4.4")
    action = settings().other.action
    empty = action.slots.new(id_type="OBJECT", name="A prop")
    lamp = bpy.data.objects.new("Prop", None)
    lamp.animation_data_create().action = action
    lamp.animation_data.action_slot = empty
    lamp.keyframe_insert("location", frame=1)
    action.slots.active = empty
    edit(how="mix")
    assert same_rotations(motion_file("other")["poses"], second.poses) < 1e-4


def test_another_actor_is_a_second_motion(studio, body, motion):
    bpy.context.scene.impromptu.placement = "BESIDE"
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    own, other = actors(bpy.context.scene)
    bpy.context.view_layer.objects.active = own
    settings().other.source, settings().other.actor = "ACTOR", other
    played = other.animation_data.action.name
    assert edit(how="mix") == {"FINISHED"}
    told = motion_file("other")
    assert same_rotations(told["poses"], motion.poses) < 1e-4
    assert np.abs(told["trans"] - motion.trans).max() < 1e-4
    assert other.animation_data.action.name == played
    assert own.animation_data.action.name != played


def test_a_smaller_actor_goes_a_shorter_way(studio, body):
    bpy.context.scene.impromptu.placement = "BESIDE"
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    own, other = actors(bpy.context.scene)
    set_values(own, {"Shape000": 3.0})
    skeleton = skeleton_of(own)
    legs = [skeleton.leg_length(betas_of(skin_of(o))) for o in (own, other)]
    way = [
        np.ptp(m.trans[:, 2]) for m in (second_motion.read_actor(own, other), second_motion.read_actor(other, other))
    ]
    assert way[0] / way[1] == pytest.approx(legs[0] / legs[1], rel=1e-4)
    assert abs(legs[0] / legs[1] - 1) > 1e-3


def test_several_steps_are_as_many_actors_beside(second):
    assert edit(how="mix", steps=3) == {"FINISHED"}
    jobs = session.queue().jobs[-3:]
    assert [j.params.get("amount", EditRequest.amount) for j in jobs] == [0.25, 0.5, 0.75]
    assert len(actors(bpy.context.scene)) == 4
    assert sorted(j.state for j in jobs) == ["done"] * 3
    assert actors(bpy.context.scene)[0].animation_data.action.name not in {j.title for j in jobs}


def test_a_failing_job_harms_nothing(studio):
    before = state()
    with pytest.raises(RuntimeError, match=r"The model is not here\. Fetch it\."):
        edit(words="fail")
    assert state() == before
    assert last().error.code == "assets_missing"


def test_a_cancelled_job_harms_nothing(studio):
    before, finish = state(), session.finish
    try:
        session.finish = lambda context, op, job: {"FINISHED"}
        assert edit(words="slow") == {"FINISHED"}
    finally:
        session.finish = finish
    job = last()
    session.queue().wait(job.id, 0.5)
    bpy.ops.impromptu.cancel(job=job.id)
    session.queue().wait(job.id, 10)
    assert job.state == "cancelled"
    assert state() == before
    settings().how, settings().words = "mix", ""
    bpy.ops.impromptu.edit_job(job=job.id)
    assert (settings().how, settings().words) == ("words", "slow")


def test_an_actor_that_is_gone_is_told_and_a_new_one_offered(studio):
    finish = session.finish
    try:
        session.finish = lambda context, op, job: {"FINISHED"}
        edit(words="sadly")
    finally:
        session.finish = finish
    job = last()
    session.queue().wait(job.id, 20)
    bpy.data.objects.remove(rig())
    with pytest.raises(RuntimeError, match="not there any more"):
        bpy.ops.impromptu.land(job=job.id)
    assert bpy.ops.impromptu.land(job=job.id, anew=True) == {"FINISHED"}
    assert rig().animation_data.action.name == "sadly"


def test_what_is_missing_is_one_sentence(studio, body, motion):
    count = len(session.queue().jobs)
    for message, values in (
        ("not said what the motion shall be like", {"how": "words", "words": " "}),
        ("No second motion is chosen", {"how": "mix"}),
    ):
        with pytest.raises(RuntimeError, match=message):
            edit(**values)
    settings().other.action = studio.animation_data.action
    with pytest.raises(RuntimeError, match="not chosen which motion is taken away"):
        edit(how="difference")
    prop = bpy.data.actions.new("prop")
    settings().other.action = prop
    with pytest.raises(RuntimeError, match="The action prop moves no bones"):
        edit(how="mix")
    own = studio.animation_data.action
    still = dataclasses.replace(motion, poses=motion.poses[:1], trans=motion.trans[:1])
    write_motion(studio, body, still, "still")
    with pytest.raises(RuntimeError, match="The motion of walk is too short"):
        edit(how="words", words="sadly")
    studio.animation_data.action = None
    for operator in (edit, recognise):
        with pytest.raises(RuntimeError, match="has no motion yet"):
            operator()
    assert len(session.queue().jobs) == count
    assert own.name in bpy.data.actions
    bpy.context.view_layer.objects.active = None
    assert not IMPROMPTU_OT_edit_motion.poll(bpy.context)
    assert not motion_panel.IMPROMPTU_PT_motion.poll(bpy.context)


def test_another_kind_of_skeleton_is_no_second_motion(studio, monkeypatch):
    bpy.context.scene.impromptu.placement = "BESIDE"
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    own, other = actors(bpy.context.scene)
    real = second_motion.skeleton_of

    def animal(one):
        told = real(one)
        return dataclasses.replace(told, names=tuple(f"dog_{n}" for n in told.names)) if one == other else told

    monkeypatch.setattr(second_motion, "skeleton_of", animal)
    bpy.context.view_layer.objects.active = own
    settings().other.source, settings().other.actor = "ACTOR", other
    with pytest.raises(RuntimeError, match="has other joints than"):
        edit(how="mix")


def test_recognise_fills_the_panel_and_changes_nothing_else(studio):
    settings().labels = "walk; run ;"
    before, count = keys(studio.animation_data.action), len(bpy.data.actions)
    assert recognise() == {"FINISHED"}
    assert last().kind == "classify"
    assert last().params["labels"] == ["walk", "run"]
    assert [(e.label, round(e.share, 2)) for e in settings().recognised_labels] == [("walk", 0.72), ("run", 0.2)]
    assert [(e.clip, e.label) for e in settings().recognised_clips] == [("cmu_01", "walk slowly")]
    assert settings().recognised_action == rig().animation_data.action
    assert (keys(rig().animation_data.action), len(bpy.data.actions)) == (before, count)
    shown = [text for _, text in draw(motion_panel.IMPROMPTU_PT_recognise)]
    assert {"walk", "72%", "walk slowly", "0.93"} <= set(shown)
    edit(how="words", words="sadly")
    assert "72%" not in [text for _, text in draw(motion_panel.IMPROMPTU_PT_recognise)]
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert len(settings().recognised_labels) == 0


def test_a_damaged_answer_is_a_sentence(studio, canned):
    (canned / "metrics.json").write_text(json.dumps({"labels": [3]}))
    with pytest.raises(RuntimeError, match="cannot be read"):
        recognise()
    assert len(settings().recognised_labels) == 0


def test_the_panel_shows_what_the_edit_needs(studio):
    wanted = {
        "words": {"words", "without", "amount"},
        "mix": {"action", "amount", "steps"},
        "parts": {"action", "amount"},
        "difference": {"action", "amount"},
        "between": {"action", "seconds"},
    }
    assert set(wanted) == {item[0] for item in properties_motion.EDITS} == set(EDITS)
    every = {"words", "without", "amount", "action", "steps", "seconds"}
    for how, names in wanted.items():
        settings().how = how
        drawn = {name for name, _ in draw(motion_panel.IMPROMPTU_PT_motion)}
        assert drawn & every == names, how
        assert "impromptu.edit_motion" in drawn
    settings().other.source = "ACTOR"
    assert "actor" in {name for name, _ in draw(motion_panel.IMPROMPTU_PT_motion)}


def test_settings_and_requests_have_one_default(panel):
    for name in ("motion", "temperature", "neighbours", "refine"):
        assert getattr(panel(), name) == getattr(ActRequest, name), name
    for name in ("how", "amount", "seconds"):
        assert getattr(settings(), name) == getattr(EditRequest, name), name
    assert tuple(item[0] for item in properties.MOTIONS) == MOTIONS


def test_act_asks_for_what_the_settings_say(panel):
    s = panel()
    s.motion, s.temperature, s.neighbours, s.refine = "generate", 0.5, 3, 0.25
    s.found.add().label = "running"
    s.found_prompt, s.found_index = s.prompt, 0
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    params = last().params
    assert [params[n] for n in ("motion", "temperature", "neighbours", "refine")] == ["generate", 0.5, 3, 0.25]
    assert "label" not in params
    s.motion, s.neighbours = "auto", 8
    bpy.ops.impromptu.edit_job(job=last().id)
    assert (s.motion, s.neighbours) == ("generate", 3)
    assert {"motion", "temperature", "neighbours", "refine"} <= {n for n, _ in draw(main.IMPROMPTU_PT_settings)}


def test_generated_variants_stand_beside_each_other(panel, canned):
    (canned / "motion_1.npz").write_bytes((canned / "motion.npz").read_bytes())
    drawn = [{"label": None, "file": f"motion{s}.npz", "generated": {"seed": i}} for i, s in enumerate(("", "_1"))]
    told = {**json.loads((canned / "result.json").read_text()), "label": None, "generated": {"seed": 0}}
    (canned / "result.json").write_text(json.dumps({**told, "variants": drawn}))
    panel().motion, panel().variants = "generate", 2
    bpy.ops.impromptu.act("EXEC_DEFAULT", True)
    made = actors(bpy.context.scene)
    assert len(made) == 2
    assert abs(made[0].location.x - made[1].location.x) > 0.3
    assert sorted(provenance.read(o.animation_data.action)["generated"]["seed"] for o in made) == [0, 1]
    assert [h.label for h in panel().history] == [""]
