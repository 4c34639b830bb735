"""Preferences, the operators of the runtime and the notice panel, in a Blender without a window."""

import json
from types import SimpleNamespace

import bpy
import pytest
from impromptu.addon import package, preferences
from impromptu.addon.client import runtime
from impromptu.addon.client.base_python import BasePython
from impromptu.addon.client.installer.folders import STAMP, Folders, python_of
from impromptu.addon.client.wheel_sets import wheel_set
from impromptu.addon.ops import models as model_ops
from impromptu.addon.ops import runtime as ops
from impromptu.addon.panels import models as model_panel
from impromptu.addon.panels import runtime as panel
from impromptu.backend.protocol import InvalidInput, JobCancelled, RuntimeMissing

MODULES = (preferences, ops, model_ops, panel)


@pytest.fixture(autouse=True)
def registered():
    """The classes of these modules, unless the whole add-on is enabled already."""
    fresh = [c for m in MODULES for c in m.classes if not getattr(c, "is_registered", False)]
    for cls in fresh:
        bpy.utils.register_class(cls)
    yield
    ops.State.task, ops.State.message, ops.State.failed = None, "", False
    ops.State.about, ops.State.subject = "runtime", ""
    for cls in reversed(fresh):
        bpy.utils.unregister_class(cls)


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Preferences and a user folder for one test; no developer's environment is found."""

    class Rows(list):
        def add(self):
            self.append(SimpleNamespace())
            return self[-1]

    values = SimpleNamespace(**preferences.DEFAULTS, models=Rows())
    monkeypatch.setattr(package, "preferences", lambda context=None: values)
    monkeypatch.setattr(package, "user_folder", lambda create=True: tmp_path)
    monkeypatch.setattr(runtime, "development_python", lambda: "")
    for module in (*MODULES, model_panel):
        monkeypatch.setattr(module, "online_access", lambda: True)
    monkeypatch.delenv(runtime.PYTHON_VARIABLE, raising=False)
    return values


def install_fake(folder, stamp="") -> str:
    """A runtime that only looks like one; returns its Python."""
    python = python_of(Folders(folder).runtime)
    python.parent.mkdir(parents=True)
    python.write_text("")
    wheels = wheel_set("linux", "cpu")
    told = {"stamp": stamp or wheels.stamp, "system": "linux", "device": "cpu", "bytes": 1_500_000_000}
    (Folders(folder).runtime / STAMP).write_text(json.dumps(told))
    return str(python)


class FakeTask:
    """What an installer looks like to an operator."""

    action, log, stage, eta_s, step, total, fraction = "install", None, "Downloading torch", 40.0, 1, 4, 0.25

    def __init__(self, metrics=None, error=None, ticks=2):
        self.metrics, self.error, self.ticks, self.done, self.closed = metrics or {}, error, ticks, False, False
        self.cancelled = isinstance(error, JobCancelled)

    def tick(self):
        self.ticks -= 1
        self.done = self.ticks <= 0
        return True

    def wait(self, timeout_s=0):
        while not self.done:
            self.tick()
        return True

    def cancel(self):
        self.error, self.cancelled, self.ticks = JobCancelled("The installation was cancelled.", "Resume."), True, 0

    def close(self):
        self.closed = self.done = True


class Paper:
    """A layout that writes down what is drawn."""

    def __init__(self):
        self.lines, self.operators, self.props, self.buttons = [], [], [], []

    def label(self, text="", **_):
        self.lines.append(text)

    def operator(self, name, text="", **_):
        self.operators.append((name, text))
        self.buttons.append(SimpleNamespace(operator=name))
        return self.buttons[-1]

    def prop(self, _data, name, **_):
        self.props.append(name)

    def progress(self, text="", **_):
        self.lines.append(text)

    def column(self, **_):
        return self

    box = row = column

    @property
    def text(self):
        return " ".join(self.lines)


def draw_notice() -> Paper:
    paper = Paper()
    panel.IMPROMPTU_PT_runtime.draw(SimpleNamespace(layout=paper), bpy.context)
    return paper


def test_every_preference_has_one_default_and_says_what_it_does():
    fields = {p.identifier: p for p in preferences.ImpromptuPreferences.bl_rna.properties}
    for name, default in preferences.DEFAULTS.items():
        assert fields[name].default == default, name
        assert len(fields[name].description) > 15, name
    assert set(runtime.MODELS) <= set(preferences.DEFAULTS)


def test_without_a_runtime_the_notice_says_so_and_offers_to_install(kept):
    with pytest.raises(RuntimeMissing, match="Press Install"):
        preferences.host_command()
    assert panel.IMPROMPTU_PT_runtime.poll(bpy.context)
    paper = draw_notice()
    assert "not installed" in paper.text
    assert "how much" in paper.text
    assert ("impromptu.install_runtime", "Install") in paper.operators


def test_an_installed_runtime_runs_the_host_and_hides_the_notice(kept, tmp_path):
    python = install_fake(tmp_path)
    kept.device, kept.idle_seconds = "rocm", 90
    command = preferences.host_command()
    assert command[0] == python
    assert command[2:] == ["serve", "--idle", "90", "--device", "cuda"]
    assert not panel.IMPROMPTU_PT_runtime.poll(bpy.context)
    assert panel.trouble() == ("ready", "CPU build, 1.5 GB on disk.")


def test_other_pins_ask_for_an_update_but_still_run(kept, tmp_path):
    python = install_fake(tmp_path, stamp="old")
    assert preferences.host_command()[0] == python
    assert ("impromptu.install_runtime", "Update") in draw_notice().operators


def test_a_python_of_ones_own(kept, tmp_path):
    kept.runtime_mode, kept.python_path = "EXISTING", str(tmp_path / "python")
    with pytest.raises(RuntimeMissing, match="is not there"):
        preferences.host_command()
    (tmp_path / "python").write_text("")
    assert preferences.host_command()[0] == str(tmp_path / "python")


@pytest.mark.parametrize("failed", [False, True])
def test_a_sentence_is_said_once(kept, tmp_path, failed):
    python = tmp_path / "python"
    if not failed:
        python.touch()
    kept.runtime_mode, kept.python_path = "EXISTING", str(python)
    ops.State.message, ops.State.failed = panel.trouble()[1], failed
    paper = Paper()
    panel._draw_runtime(paper, kept, 900)
    assert paper.text.count(str(python)) == 1
    ops.State.message = "Something else."
    panel._draw_runtime(paper, kept, 900)
    assert "Something else." in paper.text


def test_the_preferences_do_not_offer_to_open_themselves(kept):
    paper = Paper()
    panel._draw_runtime(paper, kept, 900)
    assert ("impromptu.install_runtime", "Install") in paper.operators
    opened = ("impromptu.open_preferences", "")
    assert opened not in paper.operators
    assert opened in draw_notice().operators


def test_the_checkouts_own_environment_is_found_by_itself(kept, tmp_path, monkeypatch):
    (tmp_path / "python").write_text("")
    monkeypatch.setattr(runtime, "development_python", lambda: str(tmp_path / "python"))
    assert preferences.host_command()[0] == str(tmp_path / "python")


def test_model_paths_reach_the_host(kept, tmp_path, monkeypatch):
    monkeypatch.delenv("IMPROMPTU_CACHE", raising=False)
    kept.smplx_file, kept.clip_model, kept.allow_hub = "/models/SMPLX.npz", "ViT-L-14", True
    told = preferences.host_environment()
    assert told["IMPROMPTU_SMPLX"] == "/models/SMPLX.npz"
    assert told["IMPROMPTU_CLIP_MODEL"] == "ViT-L-14"
    assert told["IMPROMPTU_ALLOW_HUB"] == "1"
    assert told["IMPROMPTU_CACHE"].startswith(str(tmp_path))
    assert "IMPROMPTU_MPNET" not in told
    monkeypatch.setattr(preferences, "online_access", lambda: False)
    assert preferences.host_environment()["IMPROMPTU_ALLOW_HUB"] == "0"


def test_offline_nothing_is_started_and_the_way_out_is_shown(kept, monkeypatch):
    monkeypatch.setattr(ops, "online_access", lambda: False)
    monkeypatch.setattr(panel, "online_access", lambda: False)
    with pytest.raises(RuntimeError, match="online access is off"):
        bpy.ops.impromptu.install_runtime()
    assert ops.State.failed
    paper = draw_notice()
    assert ("impromptu.open_preferences", "Allow Online Access") in paper.operators
    assert "impromptu.install_runtime" not in dict(paper.operators)


def test_offline_a_folder_of_wheels_will_do(kept, monkeypatch, tmp_path):
    monkeypatch.setattr(ops, "online_access", lambda: False)
    kept.wheels_folder = str(tmp_path / "wheels")
    plans = []
    monkeypatch.setattr(ops, "choose_base_python", lambda *_: BasePython("python", (3, 11, 7), 64, True))
    monkeypatch.setattr(ops, "RuntimeTask", lambda plan: plans.append(plan) or FakeTask())
    ops.start_installer("install", bpy.context)
    assert plans[0]["wheels"] == str(tmp_path / "wheels")
    assert plans[0]["folder"] == str(tmp_path)
    assert plans[0]["version"]


def test_in_background_the_operator_waits_and_takes_the_runtime_into_use(kept, monkeypatch):
    kept.runtime_mode = "EXISTING"
    task = FakeTask({"bytes": 1.5e9, "seconds": 85.0, "device": "cpu"})
    monkeypatch.setattr(ops, "start_installer", lambda action, context: task)
    assert bpy.ops.impromptu.install_runtime() == {"FINISHED"}
    assert kept.runtime_mode == "MANAGED"
    assert ops.State.message == "The runtime is installed: CPU build, 1.5 GB on disk, in 85 s."
    assert ops.running() is None


def test_files_of_a_backend_at_work_are_left_alone(kept, monkeypatch):
    closed = []
    monkeypatch.setattr(ops.session, "has_queue", lambda: True)
    monkeypatch.setattr(ops.session, "close", lambda: closed.append(1))
    for busy in (True, False):
        monkeypatch.setattr(ops.session, "queue", lambda busy=busy: SimpleNamespace(busy=busy))
        if busy:
            with pytest.raises(InvalidInput, match="A job is running"):
                ops.release_host()
        else:
            ops.release_host()
    assert closed == [1]


def test_a_failure_raises_in_a_script_and_stays_in_the_panel(kept, monkeypatch):
    error = InvalidInput("The disk of /x is full.", "Free some space, then press Resume.")
    monkeypatch.setattr(ops, "start_installer", lambda action, context: FakeTask(error=error))
    with pytest.raises(RuntimeError, match="The disk of /x is full"):
        bpy.ops.impromptu.install_runtime()
    assert "The disk of /x is full." in draw_notice().text


def test_a_timer_looks_at_the_process_until_it_ends(kept):
    ops.State.task = FakeTask({"repaired": ["filelock"]}, ticks=3)
    ops.State.finished = ops.IMPROMPTU_OT_repair_runtime.finished
    assert panel.IMPROMPTU_PT_runtime.poll(bpy.context)
    paper = draw_notice()
    assert "Downloading torch" in paper.text
    assert "25%" in paper.text
    assert "40 s left" in paper.text
    assert paper.operators == [("impromptu.cancel_install", "")]
    assert [ops.tick() for _ in range(4)] == [ops.TICK_S] * 3 + [None]
    assert ops.State.message == "Repaired filelock."
    assert ops.running() is None
    assert ops.tick() is None


def test_with_a_window_the_timer_takes_over_and_outlives_the_file(kept, monkeypatch):
    registered = {}
    timers = SimpleNamespace(
        is_registered=lambda f: f in registered, register=lambda f, **how: registered.update({f: how})
    )
    monkeypatch.setattr(ops, "bpy", SimpleNamespace(app=SimpleNamespace(background=False, timers=timers)))
    monkeypatch.setattr(ops, "redraw", lambda: None)
    task = FakeTask(ticks=3)
    operator = SimpleNamespace(
        start=lambda context: task, finished=lambda context, task: "", report=None, about="runtime", model=""
    )
    assert ops.TaskOperator.execute(operator, SimpleNamespace(window=object())) == {"FINISHED"}
    assert registered == {ops.tick: {"first_interval": ops.TICK_S, "persistent": True}}
    assert ops.running() is task


def test_cancel_asks_the_process_and_is_no_failure(kept):
    ops.State.task = task = FakeTask()
    assert bpy.ops.impromptu.cancel_install() == {"FINISHED"}
    task.done = True
    said = []
    operator = SimpleNamespace(report=lambda kind, text: said.append(kind))
    assert ops.TaskOperator.end(operator, bpy.context) == {"CANCELLED"}
    assert said == [{"INFO"}]
    assert not ops.State.failed


def test_the_table_of_models_is_filled(kept, monkeypatch):
    models = [
        {
            "name": "MiniLM",
            "what": "encoder",
            "found": True,
            "path": "/m",
            "licence": "Apache-2.0",
            "sha256_ok": True,
        },
        {"name": "SMPL-X", "found": False, "how": "Name it in IMPROMPTU_SMPLX.", "variable": "IMPROMPTU_SMPLX"},
    ]
    monkeypatch.setattr(model_ops, "ask_host", lambda request, context: FakeTask({"models": models}))
    assert bpy.ops.impromptu.list_models() == {"FINISHED"}
    assert [(m.name, m.found, m.checked) for m in kept.models] == [("MiniLM", True, "good"), ("SMPL-X", False, "")]
    assert ops.State.message == "1 of 2 models are here."
    paper = Paper()
    panel.draw_preferences(paper, kept, bpy.context)
    assert "sha256 agrees" in paper.text
    assert "Name it above." in paper.text
    assert set(preferences.DEFAULTS) - {"python_path"} <= set(paper.props)


LISTED = [
    {"name": "clip", "licence": "MIT", "found": False, "host": "example.org", "bytes": 354e6, "how": "Fetch it."},
    {"name": "siglip", "licence": "Apache-2.0", "found": False, "host": "example.org", "bytes": 1e9, "begun": 5},
    {"name": "mpnet", "licence": "Apache-2.0", "found": True, "host": "example.org", "bytes": 4e8, "fetched": True},
    {"name": "minilm", "licence": "Apache-2.0", "found": True, "host": "example.org", "bytes": 9e7},
    {"name": "smplx", "licence": "MPI", "found": False, "how": "Register at their site."},
]


def draw_models(kept) -> Paper:
    paper = Paper()
    model_panel.draw_models(paper, kept, 900)
    return paper


def buttons(paper: Paper) -> list[tuple[str, str]]:
    """Which operator each model's button runs."""
    return [(b.operator.partition(".")[2], b.model) for b in paper.buttons if hasattr(b, "model")]


def test_each_model_has_the_button_that_makes_sense(kept):
    model_ops.fill_table(bpy.context, LISTED)
    paper = draw_models(kept)
    assert buttons(paper) == [("fetch_model", "clip"), ("fetch_model", "siglip"), ("remove_model", "mpnet")]
    assert ("impromptu.fetch_model", "Fetch (354 MB)") in paper.operators
    assert ("impromptu.fetch_model", "Resume (1.0 GB)") in paper.operators
    assert "Register at their site." in paper.text


def test_offline_a_models_button_leads_to_the_switch(kept, monkeypatch):
    model_ops.fill_table(bpy.context, LISTED[:1])
    for module in (model_ops, model_panel):
        monkeypatch.setattr(module, "online_access", lambda: False)
    paper = draw_models(kept)
    assert buttons(paper) == []
    assert paper.operators[0] == ("impromptu.open_preferences", "Allow Online Access")
    assert paper.buttons[0].section == "NETWORK"
    monkeypatch.setattr(model_ops, "ask_host", lambda *_: pytest.fail("the network was asked"))
    with pytest.raises(RuntimeError, match="online access is off"):
        bpy.ops.impromptu.fetch_model(model="clip")
    assert "online access is off" in draw_models(kept).text


def test_what_a_download_takes_is_said_before_it_begins(kept):
    model_ops.fill_table(bpy.context, [{**LISTED[0], "what": "an encoder"}])
    paper = Paper()
    model_ops.IMPROMPTU_OT_fetch_model.draw(SimpleNamespace(layout=paper, model="clip"), bpy.context)
    assert "Download clip from example.org: about 354 MB." in paper.text
    assert "Licence: MIT." in paper.text
    tooltip = model_ops.IMPROMPTU_OT_fetch_model.description(bpy.context, SimpleNamespace(model="clip"))
    assert tooltip.startswith("an encoder\nDownload this model")


def test_a_model_is_fetched_by_the_backend_and_the_table_filled_anew(kept, monkeypatch):
    asked = []
    here = [{**LISTED[0], "found": True, "fetched": True}]
    monkeypatch.setattr(
        model_ops, "ask_host", lambda request, *_: asked.append(request) or FakeTask({"models": here, "freed": 354e6})
    )
    assert bpy.ops.impromptu.fetch_model(model="clip") == {"FINISHED"}
    assert (asked[0].action, asked[0].name) == ("fetch", "clip")
    assert [(m.name, m.found, m.fetched) for m in kept.models] == [("clip", True, True)]
    assert "The model is here." in draw_models(kept).text
    assert bpy.ops.impromptu.remove_model(model="clip") == {"FINISHED"}
    assert (asked[1].action, asked[1].name) == ("remove", "clip")
    assert ops.State.message == "The model was removed: 354 MB freed."
    with pytest.raises(RuntimeError, match="not said which model"):
        bpy.ops.impromptu.fetch_model()


def test_a_download_shows_its_progress_at_its_model_and_can_be_cancelled(kept):
    model_ops.fill_table(bpy.context, LISTED)
    ops.State.task, ops.State.about, ops.State.subject = FakeTask(), "models", "siglip"
    paper = draw_models(kept)
    assert buttons(paper) == []
    assert paper.operators[0] == ("impromptu.cancel_install", "")
    assert paper.text.count("25%") == 1
    other = Paper()
    panel._draw_runtime(other, kept, 900)
    assert "25%" not in other.text
    assert bpy.ops.impromptu.cancel_install() == {"FINISHED"}
    assert ops.State.task.cancelled


def test_a_failed_download_does_not_bring_back_the_set_up_panel(kept, tmp_path, monkeypatch):
    install_fake(tmp_path)
    error = InvalidInput("The disk of /x is full.", "Free some space.")
    monkeypatch.setattr(model_ops, "ask_host", lambda *_: FakeTask(error=error))
    with pytest.raises(RuntimeError, match="The disk of /x is full"):
        bpy.ops.impromptu.fetch_model(model="clip")
    assert not panel.IMPROMPTU_PT_runtime.poll(bpy.context)
    assert "The disk of /x is full." in draw_models(kept).text


def test_a_python_without_the_packages_is_refused_by_name(kept):
    import sys

    with pytest.raises(RuntimeError, match=r"lacks .*sentence_transformers"):
        bpy.ops.impromptu.use_python(filepath=sys.executable)
    assert kept.runtime_mode == "MANAGED"


def test_disabling_the_add_on_ends_the_installer():
    ops.State.task = task = FakeTask()
    ops.unregister()
    assert task.closed
    assert ops.running() is None


def test_long_sentences_are_broken_to_the_panels_width():
    paper = Paper()
    panel.paragraph(paper, "word " * 40, 280)
    assert len(paper.lines) > 4
    assert max(map(len, paper.lines)) * panel.CHARACTER < 280
