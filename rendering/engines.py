"""Blender's engines: settings on a scene, and the devices that are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ..backend.protocol import EngineOptions, RuntimeMissing

OVERSCAN = 4
"""Pixels rendered around a picture and cut off where it is denoised: the denoiser darkens the outermost ones."""
FASTEST = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")
WORKBENCH_FINE = 2
"""Four pixels for one are a third of the time that Workbench takes for five samples of its own."""


@dataclass(frozen=True)
class Film:
    """What is rendered so that a picture can be made of it."""

    margin: int
    """Pixels around it, to be cut off."""
    fine: int
    """Pixels along the side of one of the picture's, to be averaged."""


def film_for(options: EngineOptions) -> Film:
    """How large to render for an engine."""
    return Film(OVERSCAN if options.denoiser != "none" else 0, WORKBENCH_FINE if options.engine == "workbench" else 1)


def apply_options(scene: bpy.types.Scene, options: EngineOptions) -> None:
    """Point the scene's render settings at an engine.

    Raises:
        RuntimeMissing: this machine or this Blender does not have the device or the denoiser.
    """
    render = scene.render
    render.resolution_percentage = 100
    render.use_persistent_data = True
    render.dither_intensity = 0.0
    render.use_compositing = render.use_sequencer = False
    render.threads_mode = "FIXED" if options.threads else "AUTO"
    if options.threads:
        render.threads = options.threads
    if options.engine == "workbench":
        _set_workbench(scene)
    elif options.engine == "eevee":
        _set_eevee(scene, options.samples)
    else:
        _set_cycles(scene, options)


def _set_cycles(scene: bpy.types.Scene, options: EngineOptions) -> None:
    scene.render.engine = "CYCLES"
    cycles: Any = scene.cycles
    cycles.device = choose_device(options.device)
    cycles.samples = options.samples
    # Its checks cost more than they save with this few samples, and its noise is uneven.
    cycles.use_adaptive_sampling = False
    _set_denoiser(cycles, options.denoiser)
    # Each ray asks one light. A tree picks it by how bright it is there: that halves the noise of a lit floor.
    cycles.use_light_tree = True
    # The light of the sky arrives by one bounce.
    cycles.max_bounces = 1
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    cycles.seed = 0
    cycles.use_animated_seed = False


def _set_denoiser(cycles: Any, denoiser: str) -> None:
    cycles.use_denoising = denoiser != "none"
    if denoiser == "none":
        return
    try:
        cycles.denoiser = {"oidn": "OPENIMAGEDENOISE", "optix": "OPTIX"}[denoiser]
    except TypeError as error:
        raise RuntimeMissing(
            f"The denoiser {denoiser} is not here.",
            "It needs a graphics card of NVIDIA's: use oidn or none." if denoiser == "optix" else "Use none.",
        ) from error
    cycles.denoising_input_passes = "RGB_ALBEDO"
    cycles.denoising_prefilter = "NONE"
    if hasattr(cycles, "denoising_quality"):
        cycles.denoising_quality = "FAST"


def found_devices() -> dict[str, list[str]]:
    """Names of the cards that Cycles can compute on, by kind (`CUDA` ...); kinds without one are left out."""
    preferences: Any = bpy.context.preferences.addons["cycles"].preferences
    found: dict[str, list[str]] = {}
    for kind, *_ in preferences.get_device_types(bpy.context):
        if kind != "NONE":
            names = [d.name for d in preferences.get_devices_for_type(kind) if d.type == kind]
            found |= {kind: names} if names else {}
    return found


def choose_device(device: str) -> str:
    """Switch Cycles to a device.

    Args:
        device: as `EngineOptions.device`.

    Returns:
        `CPU` or `GPU`, for `scene.cycles.device`.

    Raises:
        RuntimeMissing: there is no such device here.
    """
    if device == "cpu":
        return "CPU"
    found = found_devices()
    kind = next((k for k in FASTEST if k in found), "") if device == "auto" else device.upper()
    if device == "auto" and not kind:
        return "CPU"
    if kind not in found:
        there = ", ".join(k.lower() for k in ("CPU", *found))
        raise RuntimeMissing(
            f"Blender {bpy.app.version_string} finds no device for {device} on this machine.",
            f"Use one of {there}, auto, or check the graphics driver.",
        )
    preferences: Any = bpy.context.preferences.addons["cycles"].preferences
    preferences.compute_device_type = kind
    for entry in preferences.devices:
        entry.use = entry.type == kind
    return "GPU"


def _set_workbench(scene: bpy.types.Scene) -> None:
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "OFF"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.studio_light = "paint.sl"
    shading.color_type = "VERTEX"
    # Its shadows take ten times as long as the picture without a graphics card.
    shading.show_shadows = False
    shading.show_cavity = shading.show_object_outline = shading.show_specular_highlight = False


def _set_eevee(scene: bpy.types.Scene, samples: int) -> None:
    # The same engine had another name from 4.2 to 4.5.
    scene.render.engine = "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"
    scene.eevee.taa_render_samples = samples
