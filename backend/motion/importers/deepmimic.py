"""DeepMimic's text clips: JSON, 15 bodies, 44 numbers a frame; x forward, y up, z to the right.

The bodies and their rest pose (arms hanging) are those of the DeepMimic paper's humanoid (Peng et al. 2018).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...files import explain_os_error
from ...protocol import InvalidInput
from ..kinematics import Array, axis_angle_from_quaternion, matrix_from_axis_angle, slerp
from .mapping import Mapping
from .source import Source

NUMBERS = 44
# name, parent, offset from the parent's joint in metres, first number, how many (4: quaternion, 1: hinge about z)
BODIES = (
    ("root", -1, (0, 0, 0), 4, 4),
    ("chest", 0, (0, 0.236151, 0), 8, 4),
    ("neck", 1, (0, 0.223894, 0), 12, 4),
    ("right_hip", 0, (0, 0, 0.084887), 16, 4),
    ("right_knee", 3, (0, -0.421546, 0), 20, 1),
    ("right_ankle", 4, (0, -0.409870, 0), 21, 4),
    ("right_shoulder", 1, (-0.02405, 0.243499, 0.18311), 25, 4),
    ("right_elbow", 6, (0, -0.274788, 0), 29, 1),
    ("left_hip", 0, (0, 0, -0.084887), 30, 4),
    ("left_knee", 8, (0, -0.421546, 0), 34, 1),
    ("left_ankle", 9, (0, -0.409870, 0), 35, 4),
    ("left_shoulder", 1, (-0.02405, 0.243499, -0.18311), 39, 4),
    ("left_elbow", 11, (0, -0.274788, 0), 43, 1),
    ("right_wrist", 7, (0, -0.258947, 0), 0, 0),
    ("left_wrist", 12, (0, -0.258947, 0), 0, 0),
    ("right_toe", 5, (0.133, -0.069, 0), 0, 0),
    ("left_toe", 10, (0.133, -0.069, 0), 0, 0),
    ("head", 2, (0, 0.18, 0), 0, 0),
)
ENDS = frozenset(range(13, 18))


def read_deepmimic(path: str | Path, fps: float = 30.0) -> tuple[Source, Mapping]:
    """A DeepMimic humanoid clip at an even frame rate, and which of its bodies are ours.

    Args:
        path: JSON text with `Frames`: each a duration in seconds and 43 numbers.
        fps: frames a second to resample to: the file's own frames may last differently long.

    Raises:
        InvalidInput: not such a file, of another creature, or with numbers that make no motion.
    """
    path = Path(path)
    frames = _frames(path)
    frames[-1, 0] = frames[-2, 0] if len(frames) > 1 and frames[-1, 0] <= 0 else frames[-1, 0]
    if not (frames[:, 0] > 0).all() and len(frames) > 1:
        raise InvalidInput(f"{path.name} has frames that last {frames[:, 0].min():g} s.", "Write durations above 0.")
    times = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    wanted = np.arange(int(times[-1] * fps + 1e-6) + 1) / fps
    low = np.clip(np.searchsorted(times, wanted, side="right") - 1, 0, max(len(times) - 2, 0))
    high = np.minimum(low + 1, len(times) - 1)
    share = np.clip((wanted - times[low]) / np.maximum(times[high] - times[low], 1e-9), 0, 1)
    local = _rotations(frames)
    rotations = slerp(local[low], local[high], np.repeat(share[:, None], len(BODIES), axis=1))
    root = frames[low, 1:4] + share[:, None] * (frames[high, 1:4] - frames[low, 1:4])
    source = Source(
        tuple(body[0] for body in BODIES),
        tuple(body[1] for body in BODIES),
        np.array([body[2] for body in BODIES], dtype=float),
        rotations,
        {0: root},
        fps,
    )
    return source, _mapping()


def _mapping() -> Mapping:
    index = {body[0]: i for i, body in enumerate(BODIES)}
    joints = {name: i for name, i in index.items() if name.startswith(("left", "right")) and "toe" not in name}
    joints |= {"left_foot": index["left_toe"], "right_foot": index["right_toe"], "pelvis": 0}
    # The one ball joint below the head carries neck and head; our neck takes half of it.
    joints |= {"head": index["neck"]}
    return Mapping(joints, (index["chest"],), ENDS, "layout", "DeepMimic")


def _frames(path: Path) -> Array:
    """(frames, 44) numbers."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = [row[:NUMBERS] for row in data["Frames"]]
        frames = np.array(rows, dtype=np.float64)
    except OSError as error:
        raise explain_os_error(error, path) from error
    except (ValueError, TypeError, KeyError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path.name} is not a DeepMimic motion: it has no table of numbers under `Frames`.",
            "Give a DeepMimic .txt file, .bvh or .npz.",
        ) from error
    if frames.ndim != 2 or not len(frames) or frames.shape[1] != NUMBERS:
        width = frames.shape[1] if frames.ndim == 2 and len(frames) else 0
        raise InvalidInput(
            f"{path.name} has {width} numbers a frame: "
            f"it is not the motion of DeepMimic's humanoid, which has {NUMBERS}.",
            "Only humanoid motions can be imported.",
        )
    if not np.isfinite(frames).all():
        raise InvalidInput(f"{path.name} has values that are not numbers.", "Repair or cut those frames.")
    return frames


def _rotations(frames: Array) -> Array:
    """(frames, bodies, 3, 3) local rotations."""
    out = np.broadcast_to(np.eye(3), (len(frames), len(BODIES), 3, 3)).copy()
    for i, (_, _, _, start, count) in enumerate(BODIES):
        if count == 4:
            q = frames[:, start : start + 4]
            q = q / np.maximum(np.linalg.norm(q, axis=1, keepdims=True), 1e-9)
            out[:, i] = matrix_from_axis_angle(axis_angle_from_quaternion(q))
        elif count == 1:
            out[:, i] = matrix_from_axis_angle(frames[:, start, None] * np.array([0.0, 0.0, 1.0]))
    return out
