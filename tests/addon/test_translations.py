"""Everything that the add-on shows has a Korean and a Chinese one: labels, tooltips, items, sentences."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from impromptu import addon
from impromptu.addon import loop, registration, translations, words
from impromptu.addon.client import runner
from impromptu.addon.panels.shape import CHIEF_GIRTHS, GROUPS
from impromptu.backend.protocol import InvalidInput

ROOT = Path(addon.__file__).parent
PACKAGE = ROOT.parent
SOURCES = [p for p in ROOT.rglob("*.py") if "client" not in p.parts and p.name != "__main__.py"]
SHOWN = {
    "say": (0,),
    "told": (0,),
    "poll_message_set": (0,),
    "sentence": (2,),
    "paragraph": (1,),
    "InvalidInput": (0, 1),
    "ImpromptuError": (0, 1),
    "RuntimeMissing": (0, 1),
}
"""Function -> which of its arguments a person reads."""
NAMES = {
    "Impromptu", "CPU", "CUDA (NVIDIA)", "ROCm (AMD)", "Metal (Apple)", "MiniLM", "MPNet", "Python",
    "Blender (.blend)", "glTF (.glb)",
    "FBX (.fbx)", "USD (.usdc)", "Alembic (.abc)", "BVH (.bvh)", "AMASS (.npz)", 
    "Impromptu Manual",
}  # fmt: skip
"""Names of formats, models and devices are the same in every language."""
DEVELOPERS = {
    "IMPROMPTU_PG_found", "IMPROMPTU_PG_history", "ModelRow", "Axis", "check_existing", "filter_glob", "found",
    "history", "found_index", "found_prompt", "shape", "expression", "uid", "models", "IMPROMPTU_PG_recognised",
    "recognised_action", "recognised_clips", "recognised_labels",
}  # fmt: skip
"""Classes and properties that no panel draws and no tooltip shows."""


def as_template(node):
    """The words of a string, an f-string as a template with `{}`; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)]
    if isinstance(node, ast.IfExp):
        return [*as_template(node.body), *as_template(node.orelse)]
    if isinstance(node, ast.BoolOp):
        return [word for value in node.values for word in as_template(value)]
    return []


def in_sources():
    """Words of `text=` and of the functions of `SHOWN`."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for i in SHOWN.get(name, ()):
                found.update(as_template(node.args[i]) if i < len(node.args) else ())
            if "translate" not in {k.arg for k in node.keywords}:
                found.update(w for k in node.keywords if k.arg == "text" for w in as_template(k.value))
    return found


def in_templates():
    """Every string with a named place: a sentence that `say` fills elsewhere in its function."""
    found = set()
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
                found |= {node.value} if re.search(r"\{[a-z_]+\}", node.value) else set()
    return found


def in_data():
    """Names of the default body's axes, and what the backend says that it does."""
    labels = set()
    with np.load(PACKAGE / "backend/body/data/impromptu_body.npz") as body:
        for names in (body["beta_names"], body["expression_names"]):
            labels |= {str(name).replace("_", " ").title() for name in names}
    stages = set()
    for path in (PACKAGE / "backend").rglob("*.py"):
        stages |= set(re.findall(r'\b(?:progress|report)\(\s*"([A-Z][^"]*)"', path.read_text(encoding="utf-8")))
    headings = {heading for heading, _ in GROUPS} | {"More", "Axes", "Height", "Weight", "Leg"}
    girths = {name.title() for name in CHIEF_GIRTHS}
    client = {stage[:1].upper() + stage[1:] for stage in (runner.STARTING, runner.CANCELLING)}
    waits = {text for text in loop.why_wait.__code__.co_consts if isinstance(text, str) and text.startswith("Waits")}
    return labels | stages | headings | girths | client | waits


def of_property(prop):
    """Name, tooltip and items of a property."""
    yield from (prop.name, prop.description)
    for item in getattr(prop, "enum_items", ()):
        yield from (item.name, item.description)


def in_classes():
    """Labels and tooltips of every registered class and of its properties."""
    found = set()
    for module in registration.modules():
        for cls in getattr(module, "classes", ()):
            if cls.__name__ in DEVELOPERS:
                continue
            told = cls.bl_rna
            if issubclass(cls, bpy.types.Operator):
                told = getattr(bpy.ops.impromptu, cls.bl_idname.partition(".")[2]).get_rna_type()
                found |= {cls.bl_label, told.description}
            elif issubclass(cls, (bpy.types.Panel, bpy.types.Menu)):
                found.add(cls.bl_label)
            own = {k for c in cls.__mro__ for k in getattr(c, "__annotations__", {})}
            for prop in told.properties:
                if prop.identifier in own - DEVELOPERS:
                    found.update(of_property(prop))
    return found


@pytest.fixture(scope="module")
def shown():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    registration.register()
    try:
        found = in_classes() | in_sources() | in_templates() | in_data()
    finally:
        registration.unregister()
    fixed = {w for w in found if re.search("[A-Za-z]{2}", re.sub(r"\{\w*\}", "", w))}
    return fixed - NAMES


@pytest.fixture
def korean(monkeypatch):
    """Blender's interface in Korean, as far as `words` sees it."""
    said = translations.words("ko_KR")
    monkeypatch.setattr(words, "spoken", lambda: "ko_KR")
    monkeypatch.setattr(words, "fixed", lambda text: said.get(text, text))


@pytest.mark.parametrize("locale", translations.LOCALES)
def test_what_is_shown_is_translated(shown, locale):
    assert sorted(shown - set(translations.words(locale))) == []


@pytest.mark.parametrize("locale", translations.LOCALES)
def test_no_translation_is_left_over_or_loses_a_place(locale):
    other = next(name for name in translations.LOCALES if name != locale)
    assert set(translations.words(locale)) == set(translations.words(other))
    places = re.compile(r"\{(\w*)\}")
    for english, said in translations.words(locale).items():
        assert len(places.findall(english)) == len(places.findall(said)), english
        named = {p for p in places.findall(english) if p}
        assert not named or named == set(places.findall(said)), english


@pytest.mark.parametrize(("locale", "script"), [("ko_KR", "[\uac00-\ud7a3]"), ("zh_HANS", "[\u4e00-\u9fff]")])
def test_a_translation_is_in_its_script(locale, script):
    said = translations.words(locale)
    bare = {e for e, s in said.items() if not re.search(script, s)}
    assert {e for e in bare if re.search("[A-Za-z]{3}", re.sub(r"\{\w*\}", "", e))} == set()


@pytest.mark.parametrize(("version", "chinese"), [((3, 6, 0), "zh_CN"), ((4, 2, 0), "zh_HANS")])
def test_each_blender_gets_the_locale_it_knows(monkeypatch, version, chinese):
    monkeypatch.setattr(translations, "bpy", SimpleNamespace(app=SimpleNamespace(version=version)))
    assert list(translations.table()) == ["ko_KR", chinese]
    assert translations.table()[chinese]["Operator", "Act"] == translations.words("zh_HANS")["Act"]


def test_sentences_are_filled_in_after_they_are_translated(korean):
    assert words.say("Found {count} labels.", count=3) == "라벨 3개를 찾았습니다."


def test_sentences_that_others_put_together_are_translated_too(korean):
    assert words.told("Ann is no longer in the file.") == "Ann이(가) 파일에 더는 없습니다."
    assert (
        words.told("The job's folder /a b/c cannot be written: No space.")
        == "작업 폴더 /a b/c에 쓸 수 없습니다: No space."
    )
    assert words.told("Something that nobody has translated.") == "Something that nobody has translated."


def test_errors_are_translated_part_by_part(korean):
    error = InvalidInput("The job has no motion.", "Press Retry.")
    assert words.explain(error) == "작업에 motion이(가) 없습니다. 다시 시도를 누르세요."


def test_english_stays_english():
    assert (
        words.explain(InvalidInput("The job has no motion.", "Press Retry.")) == "The job has no motion. Press Retry."
    )


def test_blender_itself_finds_the_words(scene):
    view = bpy.context.preferences.view
    if "ko_KR" not in bpy.app.translations.locales:
        pytest.skip("this Blender was built without languages")
    registration.register()
    try:
        view.language = "ko_KR"
        view.use_translate_interface = True
        assert bpy.app.translations.pgettext_iface("Act", "Operator") == "연기"
        assert words.say("Found {count} labels.", count=3) == "라벨 3개를 찾았습니다."
    finally:
        view.language = "en_US"
        registration.unregister()
