"""Pictures without a ray tracer: bodies on the stage of previews, as arrays, drawn by numpy.

What is drawn is what `scene` and `lights` build: the tiled floor that fades into the sky, the suns with the strongest
one's shadow, the sky's light, gloss. Left out are relief maps, the other suns' shadows, what one thing throws on
another, and surfaces seen from behind. Of several things the nearer is drawn over the farther, as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..addon.scene.style_data import to_srgb
from ..backend.raster import rasterise
from .lights import AMBIENT, SKY
from .scene import DARK, LIGHT, TILE

FINE = 2
"""Samples along a pixel's side, of what stands on the floor."""
SHADOW = 320
"""Pixels along the longer side of the map of what the light sees."""
NEAR = 0.05
BIAS = 0.02
"""Metres within which a surface does not shade itself."""
CRISP, SOFT = 0.012, 0.048
"""Metres by which a shadow's edge is soft where it begins, and where it falls a metre or more."""
CELLS = 400
"""Along the longer side of the map of what is just above the floor, at most."""

Array = np.ndarray


@dataclass(frozen=True)
class Coat:
    """What colour a mesh has: that of its vertices, or of a picture."""

    triangles: Array
    """(T, 3) vertices."""
    colours: Array
    """(V, 3) linear."""
    rough: Array
    metal: Array
    """(V,) roughness and metallic, as the material's."""
    corners: Array | None = None
    """(3 T, 2) places of the triangles' corners in the picture, 0 to 1."""
    picture: Array | None = None
    """(height, width, 3) linear, the lowest row first."""

    def lit(self, face: Array, bary: Array, light: Array, gloss: Array) -> Array:
        """(n, 3) colours of points in triangles, of the light on the (V, 3) vertices that takes their colour, and of
        that which keeps its own."""
        if self.picture is None or self.corners is None:
            return _between(bary, self.colours * light + gloss, self.triangles[face])
        at = _between(bary, self.corners, 3 * face[:, None] + np.arange(3)) % 1
        high, wide = self.picture.shape[:2]
        row, column = (at[:, 1] * high).astype(int).clip(0, high - 1), (at[:, 0] * wide).astype(int).clip(0, wide - 1)
        both = _between(bary, np.c_[light, gloss], self.triangles[face])
        return self.picture[row, column] * both[:, :3] + both[:, 3:]


@dataclass(frozen=True)
class Solid:
    """A mesh at one moment, in metres."""

    points: Array
    """(V, 3)."""
    normals: Array
    """(V, 3) unit."""
    coats: tuple[tuple[float, Coat], ...]
    """What it wears, and shares of it that add up to 1."""

    @property
    def triangles(self) -> Array:
        """(T, 3) vertices."""
        return self.coats[0][1].triangles


@dataclass(frozen=True)
class Sun:
    """Parallel light."""

    towards: Array
    """(3,) unit."""
    colour: Array
    """(3,) what a white surface that faces it sends back."""


@dataclass(frozen=True)
class Floor:
    """Where a camera that keeps its height and direction sees the floor: it does so for a whole film.

    Attributes:
        seen: (height, width) bool, where it has not yet faded into the sky; n pixels.
        across: (2, n) metres from the place below the camera.
        wide: (n,) metres of floor that a pixel covers.
        faded: (n,) share of the sky in it.
    """

    seen: Array
    across: Array
    wide: Array
    faded: Array

    @classmethod
    def under(cls, lens: Array, turn: Array, above: float, size: tuple[int, int], fade: tuple[float, float]) -> Floor:
        """Of a camera.

        Args:
            lens: (4, 4) from its own axes to the picture; turn: (3, 3) from its axes to the scene's.
            above: metres over the floor.
            size: of the picture, width and height.
            fade: metres from the camera between which the floor turns into sky.
        """
        wide, high = size
        x, y = (np.arange(wide) + 0.5) / wide * 2 - 1, 1 - (np.arange(high) + 0.5) / high * 2
        ahead = np.stack(np.broadcast_arrays(x[None], y[:, None], 1.0, 1.0), -1) @ np.linalg.inv(lens).T
        ahead = (ahead[..., :3] / ahead[..., 3:]) @ turn.T
        rays = ahead / np.linalg.norm(ahead, axis=-1, keepdims=True)
        pixel = float(np.linalg.norm(rays[high // 2, wide // 2] - rays[high // 2, wide // 2 - 1]))
        seen = rays[..., 2] < -max(above, 1e-3) / fade[1]
        far = above / -rays[seen, 2]
        # A pixel covers so much across the view, and more along it; tiles lie askew to both.
        covers = 0.5 * far * pixel * (1 + far / max(above, 1e-3))
        share = ((far - fade[0]) / (fade[1] - fade[0])).clip(0, 1)
        parts = (far * rays[seen, :2].T, covers, share * share * (3 - 2 * share))
        return cls(seen, *(np.ascontiguousarray(p, np.float32) for p in parts))


@dataclass(frozen=True)
class Moment:
    """All that a frame is drawn from, as arrays: it may be drawn in another thread."""

    solids: list[Solid]
    suns: list[Sun]
    """The strongest first: it casts the shadows."""
    eye: Array
    """(3,) where the camera is."""
    seen_by: Array
    """(4, 4) from the scene to the picture, -1 to 1."""
    floor: Floor


_CODES = (to_srgb(np.linspace(0, 1, 1 << 14)) * 255 + 0.5).astype(np.uint8)


def codes_of(linear: Array) -> Array:
    """Linear colours in 0..1 as sRGB in 0..255, uint8: looked up, since a power for each would take longer."""
    return _CODES[(linear.clip(0, 1) * (len(_CODES) - 1)).astype(np.uint16)]


def draw(moment: Moment) -> Array:
    """(height, width, 3) uint8, top row first."""
    shadow = Shade(moment) if moment.suns and moment.solids else None
    picture = backdrop(moment, shadow)
    # The farthest first.
    for solid in sorted(moment.solids, key=lambda s: -float((s.points @ moment.seen_by[3, :3]).mean())):
        _put(picture, solid, moment, shadow)
    return codes_of(picture)


def backdrop(moment: Moment, shadow: Shade | None) -> Array:
    """(height, width, 3) linear: the floor with its shadow, and the sky."""
    floor, sky = moment.floor, np.array(SKY, np.float32)
    picture = np.empty((*floor.seen.shape, 3), np.float32)
    picture[:] = sky
    x, y = moment.eye[:2, None] + floor.across
    dark, light = np.array(DARK, np.float32), np.array(LIGHT, np.float32)
    tiles = dark + (0.5 + 0.5 * _tiles(x, floor.wide) * _tiles(y, floor.wide))[:, None] * (light - dark)
    skylit, sunlit = np.ones((2, 1), np.float32) if shadow is None else shadow.ground(x, y)
    lit = skylit[:, None] * (AMBIENT * sky)
    for i, sun in enumerate(moment.suns):
        lit += (sunlit[:, None] if i == 0 else 1) * (sun.colour * max(float(sun.towards[2]), 0))
    tiles *= lit
    picture[floor.seen] = tiles + floor.faded[:, None] * (sky - tiles)
    return picture


def _tiles(x: Array, wide: Array) -> Array:
    """1 on even tiles, -1 on odd ones, and between where a pixel sees both."""
    at = x / TILE
    off = np.abs(at - np.round(at)) * TILE / np.maximum(wide, 1e-6) * 2
    return (1 - 2 * (np.floor(at) % 2)) * np.minimum(off, 1)


class Shade:
    """What the strongest sun sees, as a map of how near to it things are.

    Args:
        moment: with something in it, and with a sun.
    """

    def __init__(self, moment: Moment) -> None:
        towards = moment.suns[0].towards
        right = np.cross(np.array([0, 0, 1], np.float32), towards)
        right = right / np.linalg.norm(right) if np.linalg.norm(right) > 1e-3 else np.array([1, 0, 0], np.float32)
        self.axes = np.stack([right, np.cross(towards, right), towards]).astype(np.float32)
        seen = [s.points @ self.axes.T for s in moment.solids]
        everything = np.concatenate(seen)
        self.low = everything[:, :2].min(0) - 0.3
        extent = everything[:, :2].max(0) + 0.3 - self.low
        self.metre = SHADOW / float(extent.max())
        wide, high = (int(np.ceil(e * self.metre)) for e in extent)
        self.depth = np.full((high, wide), -1e6, np.float32)
        for points, solid in zip(seen, moment.solids, strict=True):
            pixels = (points[:, :2] - self.low) * self.metre
            triangles = solid.triangles
            lit = triangles[_turned(pixels, triangles) > 0]
            face, bary = rasterise(pixels, points[:, 2], lit, wide, high)
            hit = np.flatnonzero(face >= 0)
            corners = lit[face[hit]]
            flat = self.depth.reshape(-1)
            flat[hit] = np.maximum(flat[hit], _between(bary[hit], points[:, 2:], corners)[:, 0])
        covered = self.depth > -1e5
        # Along the light, how far above the floor what shades a place is.
        rows, columns = np.indices(self.depth.shape, dtype=np.float32)
        place = np.stack([columns / self.metre + self.low[0], rows / self.metre + self.low[1]], -1)
        floor = -(place @ self.axes[:2, 2]) / self.axes[2, 2] if self.axes[2, 2] > 1e-3 else 0 * rows
        fall = np.where(covered, self.depth - floor, 0).clip(0)
        covered = covered.astype(np.float32)
        crisp, soft = (_blurred(covered, sigma * self.metre) for sigma in (CRISP, SOFT))
        # The farther it falls, the softer: between two shadows, by the height of what throws it.
        height = _blurred(fall, SOFT * self.metre) / np.maximum(soft, 1e-3)
        self.hidden = crisp + (soft - crisp) * height.clip(0, 1)
        points = np.concatenate([s.points for s in moment.solids])
        self.contact = _Contact(points[points[:, 2] < 5 * _Contact.REACH])
        self.bias = max(BIAS, 1.5 / self.metre)

    def _at(self, points: Array) -> tuple[Array, Array, Array]:
        """Columns, rows and nearness to the light of points."""
        seen = points @ self.axes.T
        return (seen[..., 0] - self.low[0]) * self.metre, (seen[..., 1] - self.low[1]) * self.metre, seen[..., 2]

    def ground(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Of places on the floor, the shares of the sky and of the sun that reach them."""
        column = (x * self.axes[0, 0] + y * self.axes[0, 1] - self.low[0]) * self.metre
        row = (x * self.axes[1, 0] + y * self.axes[1, 1] - self.low[1]) * self.metre
        hidden = _looked_up(self.hidden, column, row)
        return 1 - 0.55 * self.contact.at(x, y), 1 - hidden

    def reaches(self, points: Array) -> Array:
        """(n,) share of the sun that reaches places on things."""
        column, row, depth = self._at(points)
        column, row = column - 0.5, row - 0.5
        high, wide = self.depth.shape
        lit = np.zeros(len(points), np.float32)
        taps = [(dx, dy) for dx in (-0.7, 0.7) for dy in (-0.7, 0.7)] + [(0.0, 0.0)]
        for dx, dy in taps:
            c = np.round(column + dx).astype(int).clip(0, wide - 1)
            r = np.round(row + dy).astype(int).clip(0, high - 1)
            lit += self.depth[r, c] < depth + self.bias
        return lit / len(taps)


class _Contact:
    """How much of the sky is hidden from the floor by what is just above it."""

    CELL, REACH = 0.02, 0.05
    """Metres: of a cell, unless there would be too many, and of height over which it fades."""

    def __init__(self, points: Array) -> None:
        points = points if len(points) else np.full((1, 3), 1e3, np.float32)
        self.low = points[:, :2].min(0) - 0.3
        extent = points[:, :2].max(0) + 0.3 - self.low
        self.cell = max(self.CELL, float(extent.max()) / CELLS)
        near = np.zeros([int(np.ceil(e / self.cell)) for e in extent[::-1]], np.float32)
        column, row = ((points[:, :2] - self.low) / self.cell).astype(int).T
        np.maximum.at(near, (row, column), np.exp(-points[:, 2].clip(0) / self.REACH))
        self.map = (1.6 * _blurred(near, 1.6)).clip(0, 1)

    def at(self, x: Array, y: Array) -> Array:
        """Of places on the floor, 0 to 1."""
        return _looked_up(self.map, (x - self.low[0]) / self.cell, (y - self.low[1]) / self.cell)


def _blurred(values: Array, sigma: float) -> Array:
    """Three running means along each axis: nearly a Gaussian of that many cells."""
    width = max(1, round((4 * sigma * sigma + 1) ** 0.5)) | 1
    for axis in (0, 1):
        for _ in range(3):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (width // 2 + 1, width // 2)
            sums = np.cumsum(np.pad(values, pad), axis, dtype=np.float32)
            lead, trail = [slice(None)] * 2, [slice(None)] * 2
            lead[axis], trail[axis] = slice(width, None), slice(None, -width)
            values = (sums[tuple(lead)] - sums[tuple(trail)]) / width
    return values


def _looked_up(values: Array, column: Array, row: Array) -> Array:
    """Bilinear; 0 outside. A cell's value is in its middle."""
    high, wide = values.shape
    column, row = column - 0.5, row - 0.5
    c, r = np.floor(column).astype(int), np.floor(row).astype(int)
    out = np.zeros(column.shape, np.float32)
    inside = np.flatnonzero((c >= 0) & (r >= 0) & (c < wide - 1) & (r < high - 1))
    c, r = c[inside], r[inside]
    x, y, flat, at = column[inside] - c, row[inside] - r, values.reshape(-1), r * wide + c
    top = flat[at] * (1 - x) + flat[at + 1] * x
    out[inside] = top * (1 - y) + (flat[at + wide] * (1 - x) + flat[at + wide + 1] * x) * y
    return out


def _between(bary: Array, values: Array, corners: Array) -> Array:
    """(n, d) of points in triangles from (V, d) values at vertices and each point's (n, 3) vertices."""
    return sum(bary[:, k, None] * values[corners[:, k]] for k in range(3))


def _turned(pixels: Array, triangles: Array) -> Array:
    """(T,) twice the area of triangles, by sign the side that is seen."""
    a, b, c = (pixels[triangles[:, k]] for k in range(3))
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


def _put(picture: Array, solid: Solid, moment: Moment, shadow: Shade | None) -> None:
    """Draw a solid on the picture."""
    high, wide = picture.shape[:2]
    clip = np.c_[solid.points, np.ones(len(solid.points), np.float32)] @ moment.seen_by.T
    ahead = clip[:, 3]
    half = np.array([wide / 2, -high / 2], np.float32)
    pixels = clip[:, :2] / np.maximum(ahead, NEAR)[:, None] * half + np.abs(half)
    triangles = solid.triangles
    kept = np.flatnonzero((_turned(pixels, triangles) < 0) & (ahead[triangles] > NEAR).all(1))
    if not len(kept):
        return
    x0, y0 = np.floor(pixels[triangles[kept]].min((0, 1))).astype(int).clip(0, (wide - 1, high - 1))
    x1, y1 = np.ceil(pixels[triangles[kept]].max((0, 1))).astype(int).clip((x0 + 1, y0 + 1), (wide, high))
    columns, rows = (x1 - x0) * FINE, (y1 - y0) * FINE
    face, bary = rasterise(
        (pixels - np.array([x0, y0], np.float32)) * FINE, 1 / np.maximum(ahead, NEAR), triangles[kept], columns, rows
    )
    hit = np.flatnonzero(face >= 0)
    face, bary = kept[face[hit]], bary[hit].astype(np.float32)
    lit = (share * coat.lit(face, bary, *light_on(solid, coat, moment, shadow)) for share, coat in solid.coats)
    shown = sum(lit).clip(0, 1)
    # Of each pixel, what its samples show, and for those that miss what was there.
    row, column = np.divmod(hit, columns)
    pixel = row // FINE * (x1 - x0) + column // FINE
    count = (x1 - x0) * (y1 - y0)
    missed = 1 - np.bincount(pixel, minlength=count).reshape(y1 - y0, x1 - x0, 1) / FINE**2
    area = picture[y0:y1, x0:x1]
    area *= missed.astype(np.float32)
    for k in range(3):
        area[..., k] += np.bincount(pixel, shown[:, k], count).reshape(area.shape[:2]) / FINE**2


def light_on(solid: Solid, coat: Coat, moment: Moment, shadow: Shade | None) -> tuple[Array, Array]:
    """Of a solid's vertices: light that takes the coat's colour, and light that keeps its own; (V, 3) each, linear.

    The sky above, the floor below, and each sun: scattered evenly, and mirrored as by Blinn's highlights and by what
    lies in the mirrored direction, with Schlick's Fresnel factor. Metal only mirrors, in its colour.
    """
    normals = solid.normals
    sky = AMBIENT * np.array(SKY, np.float32)
    lit = sky + sum((s.colour * max(float(s.towards[2]), 0) for s in moment.suns), 0 * sky)
    floor = 0.7 * 0.5 * (np.array(DARK, np.float32) + np.array(LIGHT, np.float32)) * lit
    towards = moment.eye - solid.points
    towards /= np.linalg.norm(towards, axis=1, keepdims=True) + 1e-6
    facing = np.einsum("vd,vd->v", normals, towards)[:, None]
    mirrored = 2 * facing * normals - towards
    up = (0.5 + 0.5 * normals[:, 2:]).astype(np.float32)
    above = (0.5 + mirrored[:, 2:] / (0.3 + 1.7 * coat.rough[:, None])).clip(0, 1)
    scattered, glint = sky * up + floor * (1 - up), sky * above + floor * (1 - above)
    # A sun is as wide as some degrees, however smooth what mirrors it.
    power = (2 / np.maximum(coat.rough, 0.05) ** 4 - 2).clip(1, 120)
    for i, sun in enumerate(moment.suns):
        faced = (normals @ sun.towards).clip(0)
        if i == 0 and shadow is not None:
            faced = faced * shadow.reaches(solid.points + 0.01 * normals)
        half = towards + sun.towards
        half /= np.linalg.norm(half, axis=1, keepdims=True) + 1e-6
        peak = np.einsum("vd,vd->v", normals, half).clip(0) ** power * (power + 8) / 8
        scattered += faced[:, None] * sun.colour
        glint += (faced * peak)[:, None] * sun.colour
    metal = coat.metal[:, None]
    edge = (1 - facing.clip(0, 1)) ** 5 * (1 - coat.rough[:, None]) ** 2
    return scattered * (1 - metal) + glint * metal, glint * (0.04 + 0.96 * edge) * (1 - metal)
