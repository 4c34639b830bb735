"""People in a photo: where each is, which pixels are theirs, and where their joints are.

What finds them is a plug point. `pose` is MediaPipe's, whose package carries its models: boxes, masks and joints, in
any surroundings. Without it a cut-out (alpha) or a plain backdrop tells the pixels, and else the whole picture is
taken for the person.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...memory import on_release
from ...protocol import InvalidInput, RuntimeMissing
from .picture import Photo, cut

Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, width and height, pixels."""

MOST = 6
"""People that are looked for."""
SURE = 0.5
"""Share from which a pixel counts as the person's."""
LEAST_SHARE = 0.004
"""Of a photo's pixels: fewer are nobody, or somebody too small to be measured."""
LEAST_CROP = 16
"""Pixels of a crop's side."""
PLAIN = 22.0
"""Distance in sRGB bytes from the backdrop below which a pixel belongs to it."""
PLAIN_BORDER = 0.93
"""Share of the border that has to be like the backdrop for it to count as plain."""
CUT_OUT = 0.02
"""Share of the pixels that have to be transparent in a cut-out."""
ALONG = 0.02
"""Of a photo's sides: how wide the border is that tells the backdrop."""
CHIEF = (11, 12)
"""Landmarks that have to be seen: the shoulders; a helmet on the floor has none."""
TOUCHED = 0.12
"""Of a person's box: by how much more is blanked before the next one is looked for."""
HINT = 'Install it: pip install "impromptu[photo]".'


@dataclass(frozen=True)
class Found:
    """One person in a photo of H x W pixels."""

    box: Box
    mask: Mask | None
    """(H, W) the person's pixels; none where nothing tells them from the rest."""
    points: NDArray[Any] | None
    """(33, 3) x, y in pixels and visibility 0 to 1 of MediaPipe's landmarks; none where no joints were found."""
    world: NDArray[Any] | None
    """(33, 3) the same about the middle of the hips, at the scale of a usual body: x right, y down, z away."""
    by: str
    """Of `FINDERS`."""


def find_people(photo: Photo, finder: str = "auto", crop: Box | None = None, most: int = MOST) -> list[Found]:
    """The people of a photo, the largest first.

    Args:
        photo: of H x W pixels.
        finder: of `FINDERS`, or `auto`: `pose` where it is installed, for cut-outs and plain backdrops too; else what
            tells the pixels; else `whole`.
        crop: look there alone.
        most: people that are looked for.

    Raises:
        InvalidInput: there is nobody, the crop lies outside, or no such finder.
        RuntimeMissing: `pose` is asked for and not installed.
    """
    if finder not in ("auto", *FINDERS):
        raise InvalidInput(f"There is no finder {finder!r}.", f"Use auto, {', '.join(FINDERS)}.")
    left, top, width, height = crop or (0, 0, photo.size[1], photo.size[0])
    inside = 0 <= left <= photo.size[1] - width and 0 <= top <= photo.size[0] - height
    if not inside or min(width, height) < LEAST_CROP:
        raise InvalidInput("The crop lies outside the picture, or is too small.", "Give LEFT,TOP,WIDTH,HEIGHT.")
    alpha = None if photo.alpha is None else cut(photo.alpha, left, top, width, height)
    seen = cut(photo.pixels, left, top, width, height)
    names = _order(alpha, seen) if finder == "auto" else (finder,)
    found: list[Found] = []
    for name in names:
        least = LEAST_SHARE * seen.shape[0] * seen.shape[1]
        found = [f for f in FINDERS[name](seen, alpha, most) if f.box[2] * f.box[3] >= least]
        if found:
            break
    if not found:
        raise InvalidInput(
            f"Nobody was found in {photo.name}.", "Say where the person is, with --crop LEFT,TOP,WIDTH,HEIGHT."
        )
    found = sorted(found, key=lambda f: -f.box[2] * f.box[3])
    return [_moved(f, left, top, photo.size) for f in found]


def _order(alpha: NDArray[np.uint8] | None, seen: NDArray[np.uint8]) -> tuple[str, ...]:
    """What `auto` tries: `whole` only where nothing better is installed, since it finds somebody anywhere."""
    clear = ("alpha",) if _is_cut_out(alpha) else ("backdrop",) if plain_backdrop(seen) is not None else ()
    return ("pose", *clear) if pose_there() else (*clear, "whole")


def _is_cut_out(alpha: NDArray[np.uint8] | None) -> bool:
    return alpha is not None and float((alpha < 128).mean()) >= CUT_OUT


def _moved(found: Found, left: int, top: int, size: tuple[int, int]) -> Found:
    """What was found in a crop, in the whole photo."""
    x, y, width, height = found.box
    mask = None
    if found.mask is not None:
        mask = np.zeros(size, bool)
        mask[top : top + found.mask.shape[0], left : left + found.mask.shape[1]] = found.mask
    points = None if found.points is None else found.points + np.array([left, top, 0.0])
    return Found((x + left, y + top, width, height), mask, points, found.world, found.by)


def box_of(mask: Mask) -> Box:
    """The box around a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def largest_part(mask: Mask) -> Mask:
    """The largest connected part of a mask, without holes."""
    named, count = ndimage.label(mask)  # pyright: ignore[reportGeneralTypeIssues]
    if not count:
        return mask
    sizes = np.bincount(named.ravel())
    sizes[0] = 0
    return ndimage.binary_fill_holes(named == sizes.argmax())  # pyright: ignore[reportReturnType]


def plain_backdrop(seen: NDArray[np.uint8]) -> Mask | None:
    """(H, W) what differs from a backdrop that is plain, or turns evenly from one colour into another; else none.

    The backdrop is a plane in each colour, fitted to the photo's border but for what does not belong to it.
    """
    height, width = seen.shape[:2]
    wide = max(round(ALONG * min(height, width)), 2)
    border = np.ones((height, width), bool)
    # A photo that ends at the knees has the person on its lower border.
    border[wide:, wide:-wide] = False
    y, x = np.nonzero(border)
    at = np.stack((np.ones(len(x)), x / width, y / height), 1)
    colours = seen[border].astype(np.float64)
    like = np.ones(len(at), bool)
    plane = np.zeros((3, 3))
    for _ in range(4):
        plane = np.linalg.lstsq(at[like], colours[like], rcond=None)[0]
        away = np.abs(colours - at @ plane).max(1)
        like = away < max(PLAIN, float(np.median(away)))
        if like.sum() < 16:
            return None
    if float((np.abs(colours - at @ plane).max(1) < PLAIN).mean()) < PLAIN_BORDER:
        return None
    grid = np.stack(np.meshgrid(np.arange(width) / width, np.arange(height) / height), -1)
    behind = plane[0] + grid @ plane[1:]
    return largest_part(np.abs(seen - behind).max(2) > PLAIN)


def _by_alpha(seen: Pixels, alpha: Pixels | None, most: int) -> list[Found]:
    """Each connected part of a cut-out."""
    if alpha is None:
        return []
    named, count = ndimage.label(alpha >= 128)  # pyright: ignore[reportGeneralTypeIssues]
    sizes = np.bincount(named.ravel(), minlength=count + 1)[1:]
    parts = [named == i + 1 for i in np.argsort(-sizes)[:most] if sizes[i] >= 0.1 * sizes.max(initial=1)]
    return [Found(box_of(part), part, None, None, "alpha") for part in parts]


def _by_backdrop(seen: Pixels, alpha: Pixels | None, most: int) -> list[Found]:
    mask = plain_backdrop(seen)
    return [] if mask is None or not mask.any() else [Found(box_of(mask), mask, None, None, "backdrop")]


def _whole(seen: Pixels, alpha: Pixels | None, most: int) -> list[Found]:
    return [Found((0, 0, seen.shape[1], seen.shape[0]), None, None, None, "whole")]


def pose_there() -> bool:
    """Whether MediaPipe can be imported, with the models that its later versions leave out."""
    try:
        return _mediapipe() is not None
    except RuntimeMissing:
        return False


@functools.cache
def _mediapipe() -> Any:
    """`mediapipe.solutions.pose`.

    Raises:
        RuntimeMissing: it is not installed, or of a version without models.
    """
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import mediapipe  # pyright: ignore[reportMissingImports]

        solutions: Any = mediapipe.solutions
        return solutions.pose
    except (ImportError, AttributeError, OSError) as error:
        raise RuntimeMissing("What finds people in photos is not installed (MediaPipe 0.10.14).", HINT) from error


def _by_pose(seen: Pixels, alpha: Pixels | None, most: int) -> list[Found]:
    """One after the other: who was found is blanked, and the next one looked for."""
    left = seen
    found: list[Found] = []
    while len(found) < most:
        one = _one_pose(_detector(), left)
        mask = None if one is None else one.mask
        if one is None or mask is None:
            break
        if _is_cut_out(alpha):
            assert alpha is not None
            mask = mask & (alpha >= 128)
            if not mask.any():
                break
        found.append(Found(box_of(mask), mask, one.points, one.world, "pose"))
        if len(found) < most:
            left = _blanked(left, mask)
    return found


@functools.cache
def _detector() -> Any:
    """MediaPipe's pose, for single pictures, with a mask; half a second to make, so made once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the protocol buffers' own changes
        return _mediapipe().Pose(static_image_mode=True, model_complexity=1, enable_segmentation=True)


on_release(_detector.cache_clear)


def _one_pose(detector: Any, seen: NDArray[np.uint8]) -> Found | None:
    """The person whom the detector sees first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as above
        result = detector.process(seen)
    if result.pose_landmarks is None or result.segmentation_mask is None:
        return None
    height, width = seen.shape[:2]
    mask = largest_part(result.segmentation_mask > SURE)
    if mask.sum() < LEAST_SHARE * mask.size / 4:
        return None
    if np.mean([result.pose_landmarks.landmark[i].visibility for i in CHIEF]) < SURE:
        return None
    points = np.array([(p.x * width, p.y * height, p.visibility) for p in result.pose_landmarks.landmark])
    world = np.array([(p.x, p.y, p.z) for p in result.pose_world_landmarks.landmark])
    return Found(box_of(mask), mask, points, world, "pose")


def _blanked(seen: Pixels, mask: Mask) -> Pixels:
    """The photo with a person painted over in what is around."""
    _, _, width, height = box_of(mask)
    wide = np.asarray(ndimage.binary_dilation(mask, None, max(round(TOUCHED * max(width, height)) // 3, 1)), bool)
    ring = np.asarray(ndimage.binary_dilation(wide, None, 3), bool) & ~wide
    out = seen.copy()
    out[wide] = np.median(seen[ring] if ring.any() else seen.reshape(-1, 3), 0).astype(np.uint8)
    return out


FINDERS: dict[str, Callable[[Pixels, Pixels | None, int], list[Found]]] = {
    "pose": _by_pose,
    "alpha": _by_alpha,
    "backdrop": _by_backdrop,
    "whole": _whole,
}
"""By name: (H, W, 3) pixels, (H, W) alpha or none, and how many are wanted at most -> people."""
