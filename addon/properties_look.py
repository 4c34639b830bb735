"""What a person sets for a look: kept on the scene, so that it is saved with the file."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..backend.protocol import REGIONS, StylizeRequest

STEPS = 300
"""In the panel, where a person waits; the request's own default is for results that nobody waits for."""
STARTS = (
    ("plain", "Plain", "From skin, hair and plain clothes, in colours that the prompt names"),
    ("present", "Present", "From what the actor shows now: only what the prompt speaks of changes"),
    ("grey", "Grey", "From a grey body without clothes"),
)
PARTS = tuple((name, name.title(), "") for name in REGIONS)
SEPARATOR = ";"
"""Between the texts of the negative prompt."""


class IMPROMPTU_PG_look(bpy.types.PropertyGroup):
    """`Scene.impromptu_look`."""

    prompt: StringProperty(
        name="Look",
        description='What the actor shall look like: "a knight in silver armour". Empty takes the prompt of Act; '
        "what it says that somebody does is left out",
        maxlen=2000,
    )
    negative: StringProperty(
        name="Not",
        description="What the actor shall not look like; several are set apart by semicolons",
        maxlen=2000,
    )
    image: StringProperty(
        name="Picture",
        description="A picture that the actor shall look like, instead of words or beside them",
        subtype="FILE_PATH",
    )
    start: EnumProperty(name="Start", description="What the look is made from", items=STARTS, default="plain")
    only: EnumProperty(
        name="Change",
        description="Only these parts of the body may change; none chosen: wherever the prompt leads",
        items=PARTS,
        options={"ENUM_FLAG"},
    )
    keep: EnumProperty(
        name="Keep",
        description="These parts of the body stay as they are",
        items=PARTS,
        options={"ENUM_FLAG"},
    )
    relief: FloatProperty(
        name="Relief",
        description="How far the surface may move, as a share of what is possible; 0 changes colours alone",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    steps: IntProperty(
        name="Steps",
        description="How long the look is worked on: time grows with it. 150 show what it will be, 1500 finish it. "
        "Each step takes about a third of a second on a processor, far less on a graphics card",
        default=STEPS,
        min=1,
        max=20_000,
        soft_min=50,
        soft_max=3000,
        step=50,
    )
    seed: IntProperty(name="Seed", description="Another seed gives another look of the same words", default=0, min=0)
    variants: IntProperty(
        name="Variants",
        description="How many looks to make, each on an actor of its own beside the first; each costs as much as the "
        "first",
        default=1,
        min=1,
        max=16,
        soft_max=4,
    )
    blend: BoolProperty(
        name="Blend with the Look Before",
        description="Keep the look that the actor wears as the first of two, with a slider between them",
        default=False,
    )
    after_act: BoolProperty(
        name="Stylise after Act",
        description="Let Act go on with Stylise as soon as the motion is there, with the settings of that moment. "
        "Costs minutes more",
        default=False,
    )


def request_fields(look: Any, prompt: str) -> dict[str, Any]:
    """The part of a request that the panel decides.

    Args:
        look: `Scene.impromptu_look`.
        prompt: of Act, taken where the look has none of its own.
    """
    image = bpy.path.abspath(look.image) if look.image else ""
    negative = tuple(text.strip() for text in look.negative.split(SEPARATOR) if text.strip())
    return {
        "prompt": look.prompt.strip() or ("" if image else prompt.strip()),
        "negative": negative,
        "image": image,
        "start": look.start,
        "only": in_order(look.only),
        "keep": in_order(look.keep),
        "relief": look.relief,
        "steps": look.steps,
        "seed": look.seed,
        "variants": look.variants,
    }


def in_order(names: set[str]) -> tuple[str, ...]:
    """Regions as a request names them, always in the same order."""
    return tuple(name for name in REGIONS if name in names)


def restore(look: Any, request: StylizeRequest) -> None:
    """Put a request's settings back into the panel."""
    for name in ("prompt", "image", "start", "relief", "steps", "seed", "variants"):
        setattr(look, name, getattr(request, name))
    look.prompt = request.prompt or request.style_text
    look.negative = f"{SEPARATOR} ".join(request.negative)
    look.only, look.keep = set(request.only), set(request.keep)


classes = (IMPROMPTU_PG_look,)


def register() -> None:
    """Put the settings on every scene."""
    bpy.types.Scene.impromptu_look = PointerProperty(type=IMPROMPTU_PG_look)


def unregister() -> None:
    """Take the settings back; what a file holds of them stays in the file."""
    del bpy.types.Scene.impromptu_look
