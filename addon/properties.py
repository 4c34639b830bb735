"""What a person sets in the panel: kept on the scene, so that it is saved with the file."""

from __future__ import annotations

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..backend.protocol import ActRequest
from ..backend.protocol.motion import MOST_NEIGHBOURS, MOST_TEMPERATURE
from .ops.retarget import PRESETS

HISTORY = 30
"""How many prompts a file remembers."""

BODIES = (
    ("auto", "By the Prompt", 'The prompt\'s words decide: "a stout old woman" makes one'),
    ("neutral", "Neutral", "The average of the two others"),
    ("male", "Male", "A male body"),
    ("female", "Female", "A female body"),
    ("file", "From a File", "A model file of your own: SMPL, SMPL-X and others"),
)
PLACEMENTS = (
    (
        "REPLACE",
        "Replace",
        "The actor plays the new motion; its last one stays in the file as an action",
    ),
    ("BESIDE", "Beside", "A new actor appears beside the ones that are there"),
)
MOTIONS = (
    (
        "auto",
        "Automatic",
        "A clip of the library where a label says what the prompt does, else a motion that is made for the words",
    ),
    ("retrieve", "Library", "The clip of the library whose label fits best"),
    ("generate", "Generated", "A motion that the motion model (MotionCLIP) makes for the words"),
)
ORDERS = (
    ("auto", "Automatic", "The best ranking that this computer's models allow"),
    (
        "impromptu",
        "Encoders and Words",
        "The vision-language and the sentence encoder that are here, then the words themselves",
    ),
    ("minilm+words", "Sentences and Words", "A sentence encoder, then the words themselves. Fast"),
    ("minilm", "MiniLM", "The small sentence encoder alone. Fastest"),
    ("mpnet", "MPNet", "The large sentence encoder alone. Needs its model file"),
    (
        "body",
        "Body Encoder",
        "The encoder of pictures and texts that ships, alone. It knows people and what they do, little else",
    ),
    ("body+minilm", "Body Encoder, then MiniLM", "CLIP-Actor's two stages on the encoders that ship"),
    ("clip", "CLIP", "The vision-language encoder alone. Needs its model file"),
    ("clip+mpnet", "CLIP, then MPNet", "The published two stages of CLIP-Actor. Needs both model files"),
)
EXPORTS = (
    (".blend", "Blender (.blend)", "The whole scene"),
    (".glb", "glTF (.glb)", "Skin, shape keys and motion for the web and for game engines"),
    (".fbx", "FBX (.fbx)", "Skin, shape keys and baked motion for Unity, Unreal and Maya"),
    (".usdc", "USD (.usdc)", "Skeleton, blend shapes and motion for USD programs"),
    (".abc", "Alembic (.abc)", "The skin as it deforms, frame by frame. Large files"),
    (".bvh", "BVH (.bvh)", "The motion alone, for motion-capture programs"),
    (".npz", "AMASS (.npz)", "Poses, translation and betas, for research code"),
)


def _is_other_armature(_settings: bpy.types.PropertyGroup, obj: bpy.types.Object) -> bool:
    return obj.type == "ARMATURE"


class IMPROMPTU_PG_found(bpy.types.PropertyGroup):
    """One label that Find returned."""

    label: StringProperty(name="Label")
    score: FloatProperty(name="Score")
    clip: StringProperty(name="Clip")
    seconds: FloatProperty(name="Seconds", unit="TIME_ABSOLUTE")
    thumbnail: StringProperty(name="Thumbnail", subtype="FILE_PATH")
    job: StringProperty(name="Job")


class IMPROMPTU_PG_history(bpy.types.PropertyGroup):
    """One prompt that was acted."""

    prompt: StringProperty(name="Prompt")
    seed: IntProperty(name="Seed")
    label: StringProperty(name="Label")


class IMPROMPTU_PG_settings(bpy.types.PropertyGroup):
    """`Scene.impromptu`."""

    prompt: StringProperty(
        name="Prompt",
        description='What the person does, and who they are: "an old man walking backwards"',
        maxlen=2000,
    )
    library: StringProperty(
        name="Library",
        description="Folder of a motion library; empty uses the one that comes with Impromptu",
        subtype="DIR_PATH",
    )
    body: EnumProperty(name="Body", description="Which body performs", items=BODIES, default="auto")
    body_file: StringProperty(
        name="Model File",
        description="A body model: SMPL or SMPL-X as .npz or .pkl. Pickles are read without running their code",
        subtype="FILE_PATH",
    )
    seconds: FloatProperty(
        name="Length",
        description="Length of the motion in seconds; 0 is as long as the clip, longer ones loop",
        default=0.0,
        min=0.0,
        max=600.0,
        soft_max=60.0,
        precision=2,
        unit="TIME_ABSOLUTE",
    )
    fps: FloatProperty(
        name="Frame Rate",
        description="Frames a second of the motion; a new scene takes it over",
        default=30.0,
        min=1.0,
        max=240.0,
        precision=2,
    )
    seed: IntProperty(
        name="Seed",
        description="Picks among clips that fit equally well, and draws a generated motion; the same seed gives the "
        "same result",
        default=0,
        min=0,
    )
    variants: IntProperty(
        name="Variants",
        description="How many different motions to make; each costs as much as the first",
        default=1,
        min=1,
        max=16,
        soft_max=6,
    )
    motion: EnumProperty(
        name="Motion", description="Where the motion comes from", items=MOTIONS, default=ActRequest.motion
    )
    temperature: FloatProperty(
        name="Variety",
        description="Of a generated motion: how freely it is drawn; 0 is the same for every seed",
        default=ActRequest.temperature,
        min=0.0,
        max=MOST_TEMPERATURE,
        precision=2,
    )
    neighbours: IntProperty(
        name="Neighbours",
        description="Of a generated motion: how many of the library's motions it may begin with; 0 goes by the words "
        "alone",
        default=ActRequest.neighbours,
        min=0,
        max=MOST_NEIGHBOURS,
    )
    refine: FloatProperty(
        name="Refine",
        description="Of a generated motion: how far it is drawn to the clip of the library that fits best",
        default=ActRequest.refine,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    placement: EnumProperty(
        name="Placement", description="What Act does with the last actor", items=PLACEMENTS, default="REPLACE"
    )
    transition: FloatProperty(
        name="Transition",
        description="Seconds over which Append blends the last motion into the new one",
        default=0.4,
        min=0.0,
        max=5.0,
        precision=2,
        unit="TIME_ABSOLUTE",
    )
    order: EnumProperty(name="Ranking", description="Which encoders rank the labels", items=ORDERS, default="auto")
    found: CollectionProperty(type=IMPROMPTU_PG_found)
    found_index: IntProperty(name="Chosen Label", default=-1, min=-1)
    found_prompt: StringProperty(name="Searched Prompt")
    history: CollectionProperty(type=IMPROMPTU_PG_history)
    export_format: EnumProperty(name="Format", description="File format to export", items=EXPORTS, default=".glb")
    retarget_target: PointerProperty(
        name="Target",
        description="Armature that shall play the actor's motion",
        type=bpy.types.Object,
        poll=_is_other_armature,
    )
    retarget_preset: EnumProperty(
        name="Preset", description="Whose bone names the target has", items=PRESETS, default="AUTO"
    )
    retarget_root: BoolProperty(
        name="Root Motion", description="Let the target travel as the actor does", default=True
    )


classes = (IMPROMPTU_PG_found, IMPROMPTU_PG_history, IMPROMPTU_PG_settings)


def register() -> None:
    """Put the settings on every scene."""
    bpy.types.Scene.impromptu = PointerProperty(type=IMPROMPTU_PG_settings)


def unregister() -> None:
    """Take the settings back; what a file holds of them stays in the file."""
    del bpy.types.Scene.impromptu
