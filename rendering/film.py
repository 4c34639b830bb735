"""A film from frames: H.264 in MP4 through Blender's own encoder."""

from __future__ import annotations

import contextlib
from pathlib import Path

import bpy
import numpy as np

from ..backend.protocol import InvalidInput


def film_times(seconds: float, fps: float) -> np.ndarray:
    """(frames,) moments of a film's frames, at least one."""
    return np.arange(max(1, round(seconds * fps))) / fps


def encode_film(pictures: list[Path], path: Path, fps: float) -> None:
    """Encode picture files of one size as a film.

    Args:
        pictures: in order, in one folder.
        path: ends in .mp4.
        fps: frames a second.

    Raises:
        InvalidInput: the film could not be written whole.
    """
    scene = bpy.data.scenes.new("film")
    try:
        _add_strip(scene, pictures)
        _set_output(scene, pictures[0], path, fps)
        bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        raise InvalidInput(f"{path.name} could not be encoded: {error}", "Check the folder and the disk.") from error
    finally:
        bpy.data.scenes.remove(scene)
    # The index of an MP4 is written last: a film without one was cut short.
    if not path.exists() or b"moov" not in path.read_bytes():
        raise InvalidInput(f"{path.name} was not written completely.", "Free some space or write elsewhere.")


def _add_strip(scene: bpy.types.Scene, pictures: list[Path]) -> None:
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_image("film", str(pictures[0]), 1, 1)
    for picture in pictures[1:]:
        strip.elements.append(picture.name)
    scene.frame_start, scene.frame_end = 1, len(pictures)


def _set_output(scene: bpy.types.Scene, first: Path, path: Path, fps: float) -> None:
    render = scene.render
    image = bpy.data.images.load(str(first))
    render.resolution_x, render.resolution_y = image.size[0], image.size[1]
    bpy.data.images.remove(image)
    render.resolution_percentage = 100
    whole = max(1, round(fps))
    render.fps, render.fps_base = whole, whole / fps
    scene.view_settings.view_transform = "Standard"
    # Blender 5 asks for the medium before the format.
    with contextlib.suppress(AttributeError):
        render.image_settings.media_type = "VIDEO"
    render.image_settings.file_format = "FFMPEG"
    render.image_settings.color_mode = "RGB"
    render.ffmpeg.format = "MPEG4"
    render.ffmpeg.codec = "H264"
    render.ffmpeg.constant_rate_factor = "HIGH"
    render.ffmpeg.ffmpeg_preset = "GOOD"
    render.ffmpeg.audio_codec = "NONE"
    render.ffmpeg.gopsize = 15
    render.use_file_extension = False
    render.filepath = str(path)
