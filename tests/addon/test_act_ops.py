"""The operators with a stand-in host that answers at once: what they change, and what they leave alone."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from impromptu.addon import session
from impromptu.addon.scene import gender, placement, provenance
from impromptu.addon.scene.handles import actors, skin_of


def act(**options):
    return bpy.ops.impromptu.act("EXEC_DEFAULT", True, **options)


def rigs():
    return actors(bpy.context.scene)


def queue_only(panel, operator="act"):
    """Submit as a window does: without waiting for the result. Returns the finished job, not landed."""
    job = None
    finish = session.finish
    try:
        session.finish = lambda context, op, j: {"FINISHED"}
        getattr(bpy.ops.impromptu, operator)()
        job = session.queue().jobs[-1]
    finally:
        session.finish = finish
    session.queue().wait(job.id, 20)
    assert job.state == "done", job.error
    return job


def test_act_makes_an_actor_in_one_undo_step(panel):
    assert act() == {"FINISHED"}
    rig = rigs()[0]
    assert rig.animation_data.action.frame_range[1] == 12
    assert provenance.read(rig)["prompt"] == "walk"
    assert [h.prompt for h in panel().history] == ["walk"]
    bpy.ops.ed.undo()
    assert rigs() == []
    assert len(panel().history) == 0
    assert panel().prompt == "walk"
    bpy.ops.ed.redo()
    assert len(rigs()) == 1


def test_replace_keeps_the_actor_and_its_old_action(panel):
    act()
    name, old = rigs()[0].name, rigs()[0].animation_data.action.name
    act()
    assert [r.name for r in rigs()] == [name]
    assert rigs()[0].animation_data.action.name != old
    assert old in bpy.data.actions


def test_beside_makes_another_that_stands_apart(panel):
    act()
    panel().placement = "BESIDE"
    act()
    assert len(rigs()) == 2
    assert abs(rigs()[0].location.x - rigs()[1].location.x) > 0.3


def test_append_makes_a_longer_action_and_keeps_the_first(panel):
    act()
    first = rigs()[0].animation_data.action.name
    assert bpy.ops.impromptu.append() == {"FINISHED"}
    assert rigs()[0].animation_data.action.frame_range[1] >= 23
    assert bpy.data.actions[first].frame_range[1] == 12
    after = np.load(session.queue().jobs[-1].params["after"])
    assert after["poses"].shape[1:] == (len(json.loads(rigs()[0].data["joint_names"])), 3)


def test_find_fills_the_list_and_a_chosen_label_is_asked_for(panel):
    bpy.ops.impromptu.find()
    assert [(f.label, round(f.score, 1)) for f in panel().found] == [("walk", 0.9), ("run", 0.5)]
    assert [(f.clip, f.seconds) for f in panel().found] == [("walk", 2.0), ("run", 2.0)]
    bpy.ops.impromptu.use_label(index=1)
    job = queue_only(panel)
    assert job.params["label"] == "run"
    panel().prompt = "something else"
    assert "label" not in queue_only(panel).params


def test_history_gives_prompt_and_seed_back(panel):
    panel().seed = 7
    act()
    panel().prompt, panel().seed = "jump", 0
    bpy.ops.impromptu.use_prompt(index=0)
    assert (panel().prompt, panel().seed) == ("walk", 7)


def test_a_renamed_actor_is_still_the_target(panel):
    act()
    job = queue_only(panel)
    rigs()[0].name = "Renamed"
    session.land(bpy.context, job)
    assert [r.name for r in rigs()] == ["Renamed"]


def test_of_a_duplicated_actor_the_original_is_the_target(panel):
    act()
    job, original = queue_only(panel), rigs()[0]
    before = original.animation_data.action.name
    twin = original.copy()
    bpy.context.scene.collection.objects.link(twin)
    session.land(bpy.context, job)
    assert original.animation_data.action.name != before
    assert twin.animation_data.action.name == before


@pytest.mark.parametrize("gone", ["deleted", "undone"])
def test_a_lost_actor_is_told_and_a_new_one_offered(panel, gone):
    act()
    job = queue_only(panel)
    if gone == "deleted":
        bpy.data.objects.remove(rigs()[0])
    else:
        bpy.ops.ed.undo()
    with pytest.raises(RuntimeError, match="not there any more"):
        bpy.ops.impromptu.land(job=job.id)
    assert session.notes[job.id]
    assert rigs() == []
    assert bpy.ops.impromptu.land(job=job.id, anew=True) == {"FINISHED"}
    assert len(rigs()) == 1
    assert job.id not in session.notes


def test_a_result_does_not_land_in_another_file(panel):
    job = queue_only(panel)
    assert session.waits_to_land(job)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert not session.waits_to_land(job)
    assert session.from_elsewhere(job)
    assert rigs() == []
    bpy.ops.impromptu.land(job=job.id)
    assert len(rigs()) == 1


def test_a_linked_actor_is_no_target(panel, link_rig):
    act()
    link_rig()
    panel().prompt = "walk"
    act()
    assert sorted(r.library is None for r in rigs()) == [False, True]


def test_a_failed_job_is_one_sentence_and_changes_nothing(panel):
    panel().prompt = "fail"
    with pytest.raises(RuntimeError, match=r"It did not fit\. Use the CPU\."):
        act()
    assert rigs() == []
    assert session.queue().jobs[-1].error.code == "out_of_memory"


def test_an_empty_prompt_makes_no_job(panel):
    panel().prompt = " "
    with pytest.raises(RuntimeError, match="The prompt is empty"):
        act()
    assert session.queue().jobs == []


def test_retry_and_remove(panel):
    act()
    first = session.queue().jobs[-1]
    bpy.ops.impromptu.retry(job=first.id)
    assert [j.state for j in session.queue().jobs] == ["done", "done"]
    bpy.ops.impromptu.remove_job(job=first.id)
    assert len(session.queue().jobs) == 1
    assert not first.folder.exists()


def test_a_damaged_result_leaves_the_scene(panel):
    act()
    job = queue_only(panel)
    action = rigs()[0].animation_data.action
    job.files["motion"].write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.impromptu.land(job=job.id)
    assert rigs()[0].animation_data.action == action


def test_a_shape_made_by_hand_is_kept(panel):
    act()
    skin = next(o for o in rigs()[0].children if o.type == "MESH")
    assert "betas" not in queue_only(panel).params
    skin.data.shape_keys.key_blocks["Shape001"].value = 1.5
    assert dict(map(tuple, queue_only(panel).params["betas"]))["1"] == pytest.approx(1.5)


def test_the_actors_own_body_is_offered_to_the_prompt(panel, canned):
    told = json.loads((canned / "result.json").read_text())
    model = str(canned / "body.npz")
    assert "kept_body" not in queue_only(panel).params
    act()
    params = queue_only(panel).params
    assert (params["kept_body"], params["kept_betas"]) == ("neutral", [["0", 0.7], ["1", -0.4]])
    # What the backend says that it took is what the next request names, whatever the request said before.
    (canned / "result.json").write_text(json.dumps({**told, "body": {"spec": model, "kept": True}}))
    act()
    skin = skin_of(rigs()[0])
    skin.data.shape_keys.key_blocks["Shape001"].value = 1.5
    params = queue_only(panel).params
    assert (params["kept_body"], dict(map(tuple, params["kept_betas"]))["1"]) == (model, pytest.approx(1.5))
    assert "body" not in params
    assert queue_only(panel, "append").params["body"] == model
    panel().body = "female"
    assert "kept_body" not in queue_only(panel).params
    panel().body, panel().placement = "auto", "BESIDE"
    assert "kept_body" not in queue_only(panel).params


def test_a_slider_that_is_moved_while_the_job_runs_stays(panel, canned):
    told = json.loads((canned / "result.json").read_text())
    (canned / "result.json").write_text(json.dumps({**told, "body": {"spec": "neutral", "kept": True}}))
    act()
    job = queue_only(panel)
    key = skin_of(rigs()[0]).data.shape_keys.key_blocks["Shape001"]
    key.value = 1.5
    session.land(bpy.context, job)
    assert key.value == pytest.approx(1.5)


def test_an_imported_motion_is_performed_by_the_actors_own_body(panel):
    def order():
        finish = session.finish
        session.finish = lambda context, op, j: {"FINISHED"}
        try:
            bpy.ops.impromptu.import_motion(filepath="/nowhere/a.bvh")
        finally:
            session.finish = finish
        job = session.queue().jobs[-1]
        session.queue().wait(job.id, 20)
        return job

    assert "betas" not in order().params
    act()
    rig = rigs()[0]
    rig.data[gender.GENDER] = "male"
    key = skin_of(rig).data.shape_keys.key_blocks["Shape001"]
    key.value = 1.5
    job = order()
    assert (job.params["body"], job.params["betas"][1]) == ("male", ["1", 1.5])
    key.value = 2.0
    session.land(bpy.context, job)
    assert (skin_of(rig), key.value) == (skin_of(rigs()[0]), 2.0)
    panel().body = "female"
    assert order().params["body"] == "female"


def test_a_landing_that_breaks_midway_leaves_the_scene(panel, monkeypatch):
    act()
    rig, playing = rigs()[0], rigs()[0].animation_data.action.name
    before = {o.name for o in bpy.data.objects}, {a.name for a in bpy.data.actions}
    job = queue_only(panel)
    monkeypatch.setattr(placement, "stamp", lambda *_: 1 / 0)
    for options in ({}, {"placement": "BESIDE"}):
        job.extra["options"] = options
        with pytest.raises(RuntimeError, match="could not be put into the scene"):
            bpy.ops.impromptu.land(job=job.id)
        assert ({o.name for o in bpy.data.objects}, {a.name for a in bpy.data.actions}) == before
        assert rig.animation_data.action.name == playing
        assert "division by zero" in str(session.notes[job.id])
    monkeypatch.undo()
    session.land(bpy.context, job)
    assert job.id not in session.notes


def test_a_full_disk_after_landing_is_no_failure(panel, monkeypatch):
    job = queue_only(panel)

    def full(path, *_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    session.land(bpy.context, job)
    assert len(rigs()) == 1
    assert session.is_landed(job)
    assert job.id not in session.notes
