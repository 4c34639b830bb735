"""The arrays that an actor is built from, read from a job folder and checked."""

from __future__ import annotations

import json
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...backend.protocol import InvalidInput

Array = NDArray[np.floating]
GIRTHS = ("names", "start", "a", "b", "t")
"""Parts of the tape lines; in `body.npz` each is named `girth_PART`."""
MOST_BYTES = 4 << 30
"""Of all arrays of a file together; a small archive that claims more would only fill the memory."""
UNREADABLE = (
    OSError, ValueError, TypeError, EOFError, KeyError, AttributeError, RuntimeError, MemoryError, zlib.error,
    lzma.LZMAError, zipfile.BadZipFile,
)  # fmt: skip
"""What numpy and zipfile raise for files that are damaged, encrypted, of another format or too large."""


@dataclass(frozen=True)
class BodyData:
    """A morphable model for one identity, in SMPL's frame and metres. V vertices, J joints, F triangles."""

    v_template: Array
    """(V, 3) the mean shape."""
    shapedirs: Array
    """(V, 3, S) displacement for one unit of each beta."""
    exprdirs: Array
    """(V, 3, E) displacement for one unit of each expression coefficient."""
    betas: Array
    """(S,)"""
    expression: Array
    """(E,)"""
    joints: Array
    """(J, 3) rest joints for these betas."""
    weights: Array
    """(V, J) skinning weights; rows sum to 1."""
    parents: NDArray[np.integer]
    """(J,) parent of each joint, -1 for the root; parents come before their children."""
    joint_names: tuple[str, ...]
    faces: NDArray[np.integer]
    """(F, 3)"""
    beta_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    header: dict[str, Any]
    """`name`, `kind`, `sha256` and `licence` of the model."""
    posedirs: Array | None = None
    """(V, 3, 9 (J-1)) displacement for each entry of R - I of each joint but the root."""
    regressor: tuple[NDArray[np.integer], NDArray[np.integer], Array] | None = None
    """Joint regressor as (rows, columns, values)."""
    uv: tuple[Array, NDArray[np.integer]] | None = None
    """(T, 2) texture coordinates and (F, 3) their indices."""
    regions: NDArray[np.integer] | None = None
    """(V,) index into `region_names`, -1 for none."""
    region_names: tuple[str, ...] = ()
    relaxed_pose: Array | None = None
    """(J, 3) axis-angle of the body at rest with relaxed hands."""
    girths: dict[str, np.ndarray] | None = None
    """Tape lines, as `measure.Girths` reads them: names, start, a, b, t."""

    @property
    def rest(self) -> Array:
        """(V, 3) the shape for these betas and no expression."""
        return self.v_template + self.shapedirs @ self.betas

    @property
    def floor(self) -> float:
        """Height of the rest shape's lowest vertex: where the rig's floor is put."""
        return float(self.rest[:, 1].min())

    @property
    def height(self) -> float:
        """Stature at rest, metres."""
        return float(np.ptp(self.rest[:, 1]))


@dataclass(frozen=True)
class MotionData:
    """Poses of one actor, in SMPL's frame."""

    poses: Array
    """(frames, J, 3) axis-angle, local."""
    trans: Array
    """(frames, 3) SMPL's transl: the root joint is at joints[0] + trans."""
    fps: float
    contacts: NDArray[np.bool_] | None = None
    """(frames, 4) left heel, left toe, right heel, right toe on the ground."""

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self) / self.fps


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Plain arrays of an .npz; nothing in it is executed.

    Raises:
        InvalidInput: missing, damaged, too large, or holding Python objects.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            size = sum(entry.file_size for entry in data.zip.infolist())
            _require(path, size <= MOST_BYTES, f"claims to hold {size >> 30} GiB")
            return {name: data[name] for name in data.files}
    except UNREADABLE as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", "Make the job again.") from error


def _require(path: Path, ok: bool, what: str) -> None:
    if not ok:
        raise InvalidInput(f"{path.name} {what}.", "Make the job again.")


def _numbers(path: Path, data: dict[str, np.ndarray], names: tuple[str, ...]) -> None:
    """Raises InvalidInput where one of the arrays holds something else than finite numbers."""
    for name in names:
        fine = data[name].dtype.kind in "biuf" and bool(np.isfinite(data[name]).all())
        _require(path, fine, f"has {name} that are not numbers")


def load_body(path: str | Path) -> BodyData:
    """Read `body.npz` of a job folder.

    Raises:
        InvalidInput: unreadable, or arrays that do not fit one another.
    """
    path = Path(path)
    data = read_arrays(path)
    try:
        return _body(path, data)
    except (ValueError, TypeError, IndexError) as error:
        raise InvalidInput(
            f"{path.name} has arrays that are not a body's: {error}.", "Make the job again."
        ) from error


def _body(path: Path, data: dict[str, np.ndarray]) -> BodyData:
    """The body of checked arrays."""
    needed = {"v_template", "shapedirs", "betas", "joints", "weights", "parents", "joint_names", "faces", "header"}
    _require(path, needed <= set(data), f"lacks {', '.join(sorted(needed - set(data)))}")
    _numbers(path, data, ("v_template", "shapedirs", "betas", "joints", "weights", "parents", "faces"))
    v, j = len(data["v_template"]), len(data["parents"])
    parents = data["parents"].astype(np.int64)
    faces = data["faces"].astype(np.int64)
    exprdirs = data.get("exprdirs", np.zeros((v, 3, 0)))
    posedirs = data.get("posedirs")
    names = tuple(map(str, data["joint_names"]))
    header = json.loads(data["header"].tobytes())
    _require(path, data["v_template"].shape == (v, 3) and data["joints"].shape == (j, 3), "has odd shapes")
    _require(path, data["weights"].shape == (v, j), f"has weights {data['weights'].shape}, not {(v, j)}")
    _require(path, data["shapedirs"].shape == (v, 3, len(data["betas"])), "has betas that do not fit its shapedirs")
    _require(path, bool((parents < np.arange(j)).all()), "lists a joint before its parent")
    _require(path, len(set(names)) == len(names) == j, "has joints without a name of their own")
    _require(path, isinstance(header, dict), "has no header")
    _require(path, faces.ndim == 2 and faces.shape[1] == 3 and len(faces) > 0, f"has faces {faces.shape}")
    _require(path, faces.min() >= 0 and faces.max() < v, "has faces of vertices that do not exist")
    if posedirs is not None:
        _require(path, posedirs.shape == (v, 3, 9 * (j - 1)), f"has posedirs {posedirs.shape}")
    return BodyData(
        v_template=data["v_template"].astype(np.float64),
        shapedirs=data["shapedirs"],
        exprdirs=exprdirs,
        betas=data["betas"].astype(np.float64),
        expression=data.get("expression", np.zeros(exprdirs.shape[2])).astype(np.float64),
        joints=data["joints"].astype(np.float64),
        weights=data["weights"],
        parents=parents,
        joint_names=names,
        faces=faces,
        beta_names=tuple(map(str, data.get("beta_names", ()))),
        expression_names=tuple(map(str, data.get("expression_names", ()))),
        header=header,
        posedirs=posedirs,
        regressor=_regressor(path, data, j, v),
        uv=(data["vt"], data["ft"].astype(np.int64)) if "vt" in data and "ft" in data else None,
        regions=_vertex_regions(data.get("regions"), faces, v),
        region_names=tuple(map(str, data.get("region_names", ()))),
        relaxed_pose=data.get("relaxed_pose"),
        girths={k: data[f"girth_{k}"] for k in GIRTHS} if all(f"girth_{k}" in data for k in GIRTHS) else None,
    )


def _regressor(
    path: Path, data: dict[str, np.ndarray], joints: int, vertices: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """The joint regressor, where there is one."""
    if not {"jr_rows", "jr_cols", "jr_vals"} <= set(data):
        return None
    rows, columns, values = data["jr_rows"], data["jr_cols"], data["jr_vals"]
    inside = [bool(((i >= 0) & (i < n)).all()) for i, n in ((rows, joints), (columns, vertices))]
    _require(path, rows.shape == columns.shape == values.shape and all(inside), "has a regressor of another body")
    return rows, columns, values


def _vertex_regions(regions: np.ndarray | None, faces: np.ndarray, vertices: int) -> np.ndarray | None:
    """Regions by vertex, where they may be given by face."""
    if regions is None or len(regions) == vertices:
        return regions if regions is None else regions.astype(np.int64)
    out = np.full(vertices, -1, np.int64)
    out[faces] = regions.astype(np.int64)[:, None]
    return out


def load_motion(path: str | Path, joints: int) -> MotionData:
    """Read `motion.npz` of a job folder, for a body of so many joints.

    Raises:
        InvalidInput: unreadable, of other joints, empty, or not finite.
    """
    path = Path(path)
    data = read_arrays(path)
    _require(path, {"poses", "trans", "fps"} <= set(data), "lacks poses, trans or fps")
    _numbers(path, data, ("poses", "trans", "fps"))
    _require(path, data["fps"].size == 1, "has more than one rate in fps")
    poses, trans, fps = data["poses"].astype(np.float64), data["trans"].astype(np.float64), data["fps"].item()
    _require(path, poses.ndim == 3 and poses.shape[1:] == (joints, 3) and len(poses) > 0, f"has poses {poses.shape}")
    _require(path, trans.shape == (len(poses), 3), f"has trans {trans.shape}")
    _require(path, 0 < fps <= 1000, f"has a rate of {fps:g} fps")
    contacts = data.get("contacts")
    if contacts is not None:
        fits = contacts.shape == (len(poses), 4) and contacts.dtype.kind in "biuf"
        _require(path, fits, f"has contacts {contacts.shape}")
    return MotionData(poses=poses, trans=trans, fps=float(fps), contacts=contacts)
