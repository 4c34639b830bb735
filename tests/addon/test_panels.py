"""Every panel draws in every state, and names only operators and properties that exist."""

import ast
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from impromptu.addon import landings, registration, session
from impromptu.addon.panels import found, jobs, main, words
from impromptu.backend.protocol import CODES, ImpromptuError, InvalidInput


class Layout:
    """Stands in for UILayout: records what is drawn and refuses what does not exist."""

    def __init__(self, drawn):
        self.drawn = drawn

    def _sub(self, *args, **options):
        return Layout(self.drawn)

    row = column = box = split = grid_flow = column_flow = _sub

    def operator(self, name, text="", **options):
        kind = getattr(bpy.types, "IMPROMPTU_OT_" + name.partition(".")[2])
        known = set(kind.bl_rna.properties.keys()) | {
            k for c in kind.__mro__ for k in getattr(c, "__annotations__", {})
        }
        self.drawn.append((name, text or kind.bl_label))

        class Options:
            def __setattr__(self, key, value):
                assert key in known, (name, key)

        return Options()

    def prop(self, data, name, **options):
        assert name in data.bl_rna.properties, name
        self.drawn.append((name, options.get("text")))

    def menu(self, name, **options):
        assert hasattr(bpy.types, name)

    def label(self, text="", **options):
        self.drawn.append(("label", text))

    def progress(self, factor=0.0, text="", **options):
        assert 0 <= factor <= 1
        self.drawn.append(("progress", text))

    def template_icon(self, icon_value, scale=1.0):
        assert icon_value > 0
        self.drawn.append(("icon", icon_value))

    def separator(self, **options):
        pass


def draw(cls):
    drawn = []
    cls.draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
    return drawn


@pytest.fixture
def panel(scene, tmp_path):
    registration.register()
    session.use(lambda: ["false"], tmp_path)
    yield bpy.context.scene.impromptu
    registration.unregister()


def job(**options):
    from impromptu.addon.client.job import Job

    made = Job("1", "act", {"prompt": "walk"}, session.queue().log.parent, "walk", 0.0)
    for name, value in options.items():
        setattr(made, name, value)
    session.queue().jobs = [made]
    return made


def test_the_main_panel_has_its_three_buttons(panel):
    names = [name for name, _ in draw(main.IMPROMPTU_PT_main)]
    assert {"prompt", "impromptu.act", "impromptu.find", "impromptu.append", "placement"} <= set(names)
    panel.body = "file"
    assert "body_file" in [name for name, _ in draw(main.IMPROMPTU_PT_settings)]


def test_the_history_is_a_menu(panel):
    assert draw(main.IMPROMPTU_MT_history) == [("label", "No prompts yet")]
    made = SimpleNamespace(params={"prompt": "walk " * 40, "seed": 3})
    for _ in range(2):
        landings.remember(bpy.context, made, "walking")
    assert len(draw(main.IMPROMPTU_MT_history)) == 1


def test_found_labels_are_buttons(panel):
    assert not found.IMPROMPTU_PT_found.poll(bpy.context)
    entry = panel.found.add()
    entry.label, entry.score, entry.seconds = "walking", 0.834, 3.2
    drawn = draw(found.IMPROMPTU_PT_found)
    assert ("impromptu.use_label", "walking") in drawn
    assert any("0.83" in str(text) and "3.2 s" in str(text) for _, text in drawn)


def test_a_running_job_shows_its_progress_and_cancel(panel):
    job(state="running", stage="ranking", step=1, total=4, eta_s=12.0)
    drawn = draw(jobs.IMPROMPTU_PT_jobs)
    assert any("Ranking" in str(text) and "12 s" in str(text) for _, text in drawn)
    assert any(name == "impromptu.cancel" for name, _ in drawn)


@pytest.mark.parametrize(
    ("kind", "land", "shown"),
    [
        ("find", "find", "Find: walk"),
        ("act", "act", "Act: walk"),
        ("act", "append", "Append: walk"),
        ("body", "body", "walk"),
    ],
)
def test_jobs_of_one_prompt_tell_their_kinds(panel, kind, land, shown):
    job(state="done", kind=kind, extra={"land": land})
    assert ("label", shown) in draw(jobs.IMPROMPTU_PT_jobs)


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_a_button(panel, code):
    error = ImpromptuError("Something went wrong with a path /as/long/as/this/one/is/without/any/space.", "Mend it.")
    error.code = code
    job(state="failed", error=error)
    drawn = draw(jobs.IMPROMPTU_PT_jobs)
    remedy = {
        "invalid_input": "impromptu.edit_job",
        "assets_missing": "impromptu.open_preferences",
        "out_of_memory": "impromptu.use_cpu",
        "runtime_missing": "impromptu.install_runtime",
        "incompatible": "impromptu.repair_runtime",
        "internal": "impromptu.show_log",
    }[code]
    assert remedy in [name for name, _ in drawn]
    assert "impromptu.resume" in [name for name, _ in drawn]
    said = "".join(text for name, text in drawn if name == "label").replace(" ", "")
    assert "/as/long/as/this/one/is/without/any/space" in said


def test_remarks_of_a_result_are_shown(panel):
    told = "A prompt is one action: of several one is made."
    job(state="done", metrics={"remarks": [told, 3]})
    shown = " ".join(str(text) for name, text in draw(jobs.IMPROMPTU_PT_jobs) if name == "label")
    assert told in shown
    # Metrics come from another process, of perhaps another version.
    for metrics in ({"remarks": told}, {"remarks": None}, {}):
        job(state="done", metrics=metrics)
        assert told not in str(draw(jobs.IMPROMPTU_PT_jobs))


def test_a_result_of_another_file_offers_a_button(panel):
    job(state="done", extra={"land": "act", "file": "another", "target": None})
    assert ("impromptu.land", "Apply Here") in draw(jobs.IMPROMPTU_PT_jobs)


def test_no_line_is_longer_than_the_panel():
    text = "one two three " * 10 + "x" * 100
    assert all(len(line) <= 30 for line in words.lines(text, 30))
    assert "".join(words.lines(text, 30)).replace(" ", "") == text.replace(" ", "")


def icons():
    """Every icon that a source names."""
    found = set()
    for path in Path(registration.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "icon":
                parts = [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]
                found |= {p.value for p in parts if isinstance(p, ast.Constant)}
    return found | set(jobs.STATES.values()) | {icon for icon, _ in jobs.KINDS.values()}


def test_every_icon_exists():
    known = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())
    # Since 4.2; elsewhere another one is drawn.
    assert icons() - known - {"INTERNET_OFFLINE"} == set()


def test_a_wrong_setting_is_shown_with_its_error(panel):
    error = InvalidInput("The library /nowhere is not there.", "Choose another folder.")
    job(state="failed", error=error)
    names = [name for name, _ in draw(jobs.IMPROMPTU_PT_jobs)]
    assert "library" in names
    assert "body_file" not in names


def test_a_result_that_landed_before_a_crash_can_be_applied_again(panel):
    made = job(state="done", extra={"land": "act", "file": "another", "target": None})
    session._landed.add(made.id)
    assert "impromptu.land" in [name for name, _ in draw(jobs.IMPROMPTU_PT_jobs)]


def test_all_panels_draw_without_an_actor(panel):
    for module in registration.modules():
        for cls in getattr(module, "classes", ()):
            if issubclass(cls, bpy.types.Panel) and (not hasattr(cls, "poll") or cls.poll(bpy.context)):
                assert cls.bl_category == "Impromptu"
