"""Which triangle is in front at the middle of each pixel: the one step of rendering that has no gradient.

A triangle covers a pixel whose middle lies inside it or on its edge. Edge functions are taken from the pixel's
middle, so two triangles that share an edge get the same numbers with opposite signs and leave no gap.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..protocol import InvalidInput
from .compiled import Method, runs_compiled
from .topology import check_faces

MAX_FRAGMENTS = 1 << 20
"""Triangle-pixel pairs looked at together: about 150 bytes each."""
LARGEST = 1e9
"""Pixels or metres beyond which a vertex is taken for broken: its products would leave float32."""
MAX_SIDE = 32767
"""Pixels; a picture's sides are held in 16 bits."""
EMPTY = torch.iinfo(torch.int64).max
"""Of a pixel that nothing has claimed: any key of a nearer thing is smaller."""


def face_ids(
    projected: Tensor,
    faces: Tensor,
    height: int,
    width: int,
    *,
    near: float = 0.01,
    cull: bool = False,
    max_fragments: int = MAX_FRAGMENTS,
    method: Method = "auto",
) -> Tensor:
    """The face in front at each pixel's middle, by perspective-correct depth; the lower number where two tie.

    A face is left out whole if one of its vertices is nearer than `near` (behind the camera too), further than
    `LARGEST` or not a number: nothing is clipped at the near plane. A face without area covers nothing.
    The result is the same from run to run and for every `method` and `max_fragments`.

    Args:
        projected: (B, V, 3) pixel x, pixel y and depth, as of `Cameras.project`; read as float32.
        faces: (F, 3) counter-clockwise from outside.
        near: metres, above 0.
        cull: leave out faces seen from their back, which halves the work for closed bodies.
        max_fragments: bounds memory, whatever the triangles' size.
        method: `numba` runs a compiled loop on the processor; `auto` takes it where it is installed.

    Returns:
        (B, height, width) int32, -1 where no face is.

    Raises:
        InvalidInput: shapes, picture size, near or face numbers that do not fit.
        RuntimeMissing: `numba` is asked for and not installed.
    """
    _check(projected, faces, height, width, near, max_fragments)
    points = projected.detach().float()
    if runs_compiled(method, points.device):
        from .raster_numba import face_ids_numba

        return face_ids_numba(points, faces, height, width, near, cull)
    views = max(1, max_fragments // max(len(faces), 1))
    corners = faces.to(points.device, torch.int64)
    out = [_views(p, corners, height, width, near, cull, max_fragments) for p in points.split(views)]
    return torch.cat(out) if out else points.new_empty((0, height, width), dtype=torch.int32)


def _check(projected: Tensor, faces: Tensor, height: int, width: int, near: float, max_fragments: int) -> None:
    if projected.ndim != 3 or projected.shape[-1] != 3:
        raise InvalidInput(
            f"Projected vertices of shape {tuple(projected.shape)} cannot be drawn.", "Give (views, vertices, 3)."
        )
    check_faces(faces, projected.shape[1])
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise InvalidInput(f"A picture of {width} x {height} cannot be drawn.", f"Its sides go from 1 to {MAX_SIDE}.")
    if near <= 0 or max_fragments < 1:
        raise InvalidInput("The near plane and the number of fragments must be above 0.", "Use the defaults.")


def _views(
    points: Tensor, faces: Tensor, height: int, width: int, near: float, cull: bool, max_fragments: int
) -> Tensor:
    """`face_ids` of a few views, in torch."""
    key = points.new_full((len(points) * height * width,), EMPTY, dtype=torch.int64)
    view, face, low, size = _candidates(points, faces, height, width, near)
    flat = points.transpose(1, 2).reshape(-1)
    rows = view * (3 * points.shape[1]) + faces.t().contiguous().index_select(1, face)
    x, y, z = (flat.index_select(0, (rows + k * points.shape[1]).reshape(-1)).reshape(3, -1) for k in range(3))
    count = size[0] * size[1]
    if cull:
        front = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]) < 0
        count = count * front
    for which, step in _fragments(count, max_fragments):
        wide = size[0].index_select(0, which)
        down = torch.div(step, wide, rounding_mode="floor")
        column, row = low[0].index_select(0, which) + (step - down * wide), low[1].index_select(0, which) + down
        at = [t.index_select(1, which) for t in (x, y, z)]
        inside, depth = _depth(at[0], at[1], at[2], column, row)
        shown = inside.nonzero()[:, 0]
        column, row, which, depth = (t.index_select(0, shown) for t in (column, row, which, depth))
        pixel = (view.index_select(0, which) * height + row) * width + column
        value = (depth.view(torch.int32).long() << 32) | face.index_select(0, which)
        key.scatter_reduce_(0, pixel, value, "amin")
    ids = torch.where(key == EMPTY, -1, key & 0xFFFFFFFF)
    return ids.to(torch.int32).reshape(len(points), height, width)


def _candidates(
    points: Tensor, faces: Tensor, height: int, width: int, near: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Faces whose box holds the middle of a pixel: (K,) view, (K,) face, (2, K) first pixel, (2, K) pixels across.

    Most faces of a body fall between the middles of pixels. So vertices are rounded first, to 16 bits a side, and
    a face costs three look-ups until it is known to matter.
    """
    x, y, z = points.unbind(-1)
    sound = (x.abs() < LARGEST) & (y.abs() < LARGEST) & (z >= near) & (z < LARGEST)
    # A box holds the middles from its lower bound on and before its upper bound: a neighbour has those upon it.
    first = [torch.ceil(t - 0.5).clamp(0, side).where(sound, -1.0).short() for t, side in ((x, width), (y, height))]
    packed = torch.stack(first, -1).view(torch.int32)[..., 0].t().contiguous()
    a, b, c = (packed.index_select(0, faces[:, k]).view(torch.int16).unflatten(1, (-1, 2)) for k in range(3))
    low, high = a.minimum(b).minimum(c), a.maximum(b).maximum(c)
    size = high - low
    both = size.view(torch.int32)[..., 0]
    # Sizes are not negative but where a vertex is unsound, and then the lower bound is.
    face, view = ((both & 0xFFFF > 0) & (both >> 16 > 0) & (low[..., 0] >= 0)).nonzero(as_tuple=True)
    place = face * len(points) + view
    low, size = (t.reshape(-1, 2).index_select(0, place).t().long() for t in (low, size))
    return view, face, low, size


def _fragments(count: Tensor, most: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Each of `count` pixels of each face, `most` at a time: (P,) which face, (P,) how far into it."""
    ends = count.cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, most):
        stop = min(start + most, total)
        bounds = torch.tensor([start, stop - 1], device=count.device)
        first, last = torch.searchsorted(ends, bounds, right=True).tolist()
        part = ends[first : last + 1]
        begins = part - count[first : last + 1]
        shown = part.clamp(max=stop) - begins.clamp(min=start)
        which = torch.repeat_interleave(torch.arange(first, last + 1, device=count.device), shown)
        yield which, torch.arange(start, stop, device=count.device) - begins[which - first]


def _depth(x: Tensor, y: Tensor, z: Tensor, column: Tensor, row: Tensor) -> tuple[Tensor, Tensor]:
    """Whether (P,) pixels' middles lie in triangles of (3, P) corners, and the depth there.

    The compiled loop has the same sums in the same order.
    """
    x, y = x - (column.float() + 0.5), y - (row.float() + 0.5)
    e0, e1, e2 = x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]
    area = e0 + e1 + e2
    back, front = (e0 >= 0) & (e1 >= 0) & (e2 >= 0), (e0 <= 0) & (e1 <= 0) & (e2 <= 0)
    return (back | front) & (area != 0), area / (e0 / z[0] + e1 / z[1] + e2 / z[2])
