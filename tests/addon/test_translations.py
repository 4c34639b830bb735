"""Every label that the tab shows has a Korean and a Chinese one; sentences of its own modules too."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from impromptu import addon
from impromptu.addon import registration, translations
from impromptu.addon.translation_words import WORDS

PANELS = Path(addon.__file__).parent / "panels"
NAMES = re.compile(r"^(CLIP|CPU|MPNet|MiniLM|Python|Blender|glTF|FBX|USD|Alembic|BVH|AMASS|CUDA|ROCm|Metal)\b.*")
"""Names of formats, models and devices are the same in every language."""


def own(module):
    return module.__name__.rpartition(".addon.")[2] in ("ops.act", "ops.jobs", "ops.body", "ops.export")


def shown():
    """Labels of all buttons and panels, and the tooltips of the prompt's, the jobs' and the export's operators."""
    words = set()
    for module in registration.modules():
        for cls in getattr(module, "classes", ()):
            if issubclass(cls, bpy.types.Panel | bpy.types.Menu):
                words.add(cls.bl_label)
            if issubclass(cls, bpy.types.Operator) and own(module):
                words |= {cls.bl_label, cls.__doc__}
    for path in PANELS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and "translate" not in {k.arg for k in node.keywords}:
                words |= {
                    k.value.value for k in node.keywords if k.arg == "text" and isinstance(k.value, ast.Constant)
                }
    return {w for w in words if re.search("[A-Za-z]{2}", w) and not NAMES.match(w)}


def test_what_is_shown_has_both_translations():
    assert shown() - set(WORDS) == set()


def test_settings_are_translated(scene):
    registration.register()
    try:
        words = {p.name for p in bpy.context.scene.impromptu.bl_rna.properties if p.is_runtime}
    finally:
        registration.unregister()
    hidden = {"found", "history", "Chosen Label", "Searched Prompt"}
    assert words - hidden - set(WORDS) == set()


@pytest.mark.parametrize("i", [0, 1])
def test_a_translation_is_in_its_script(i):
    script = ("[\uac00-\ud7a3]", "[\u4e00-\u9fff]")[i]
    assert [e for e, said in WORDS.items() if not re.search(script, said[i]) and not NAMES.match(e)] == []


@pytest.mark.parametrize(("version", "chinese"), [((3, 6, 0), "zh_CN"), ((4, 2, 0), "zh_HANS")])
def test_each_blender_gets_the_locale_it_knows(monkeypatch, version, chinese):
    monkeypatch.setattr(translations, "bpy", SimpleNamespace(app=SimpleNamespace(version=version)))
    assert list(translations.table()) == ["ko_KR", chinese]
    assert translations.table()[chinese]["Operator", "Act"] == WORDS["Act"][1]
