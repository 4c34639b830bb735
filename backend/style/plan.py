"""From a request to a look that can be optimised: read the words, cut the clothes, choose the frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..body.axes import resolve_betas
from ..body.kept import kept_body
from ..body.model import MorphableBody
from ..body.subdivide import Subdivision
from ..encoders.base import EncoderOptions, JointEncoder
from ..encoders.factory import load_joint_encoder
from ..encoders.images import read_picture
from ..files import load_npz
from ..motion.library import Library
from ..motion.ops import face_forward
from ..motion.perform import full_pose
from ..motion.transition import read_motion
from ..people.atlas import Atlas
from ..protocol import InvalidInput, StylizeRequest
from ..render.shade import srgb_to_linear
from ..render.topology import Topology, build_topology
from .appearance import Appearance, Shown, vertex_areas
from .content import Content, best_frames, candidates, frame_scores, pose_content
from .costume import Costume, cut_costume, grey_costume
from .freedom import find_freedom, region_limit
from .options import StyleOptions
from .refine import carried, finer_content, finer_costume, finer_freedom, rounds_of
from .regions import soft_region
from .stylist import LEAST_PART, Stylist
from .targets import Target, make_target
from .views import draw, fixed_shots
from .words import Look, read_look

WALK = "walk"
"""The clip whose frames are looked at where no motion is given."""
LEAST_SHOWN = 12
"""Vertices that a garment must show mostly, to be looked for."""
SCORED_SIZE = 128
FROM = (25.0, 205.0)
"""Degrees from ahead at which frames are scored."""


@dataclass(frozen=True)
class Plan:
    """All that the looks of one request share."""

    request: StylizeRequest
    look: Look
    body: MorphableBody
    betas: Tensor
    """(1, S)."""
    encoder: JointEncoder
    costume: Costume
    topology: Topology
    content: Content
    """The frames that are looked at."""
    unseen: Content
    """Frames of the same motion between them, that only scores look at."""
    target: Target
    areas: Tensor
    """(V,) square metres."""
    present: Tensor | None
    """(V, 3) sRGB of the look that is there."""

    def appearance(
        self, options: StyleOptions, rounds: Sequence[Subdivision] = (), places: Tensor | None = None
    ) -> Appearance:
        """What one look begins as.

        Args:
            rounds: of the mesh, made finer; none: the body's own.
            places: (V, 3) that the field is asked at; none: the body at rest.
        """
        request = self.request
        freedom = find_freedom(self.body.arrays, self.costume, self.look, request.only, request.keep)
        present = None if self.present is None else carried(self.present, rounds)
        generator = torch.Generator().manual_seed(options.seed)
        return Appearance(
            finer_costume(self.costume, rounds), finer_freedom(freedom, rounds), options.network, generator, present,
            request.relief, places,
        )  # fmt: skip

    def stylist(self, options: StyleOptions) -> Stylist:
        """One look on its way, on a mesh as fine as the options say."""
        rounds = rounds_of(self.body.faces, options.subdivisions, self.body.num_vertices)
        content = finer_content(self.content, rounds)
        appearance = self.appearance(options, rounds, content.vertices[0] if options.places == "posed" else None)
        topology, areas = self.topology, self.areas
        if rounds:
            rest, faces = appearance.costume.rest, rounds[-1].faces
            topology = build_topology(faces, len(rest))
            areas = torch.from_numpy(vertex_areas(rest.numpy(), faces.numpy())).float()
        return Stylist(
            self.encoder, self.target, content, topology, appearance, areas, options,
            stirred=self.request.start == "grey", kept=self.body.num_vertices,
        )  # fmt: skip

    def begun(self) -> Shown:
        """The look before anything is optimised."""
        with torch.no_grad():
            now = self.appearance(StyleOptions())()
        return Shown(now.colour.clamp(0, 1), now.displacement)


def make_plan(
    request: StylizeRequest,
    options: StyleOptions,
    progress: Callable[[str, int, int], None] = lambda *_: None,
    encoder: JointEncoder | None = None,
) -> Plan:
    """Read, cut, choose.

    Args:
        progress: called before each step; it may raise to end the work.
        encoder: what guides; by default the one that the request names.

    Raises:
        ImpromptuError: with what to do about it.
    """  # fmt: skip
    progress("Reading the prompt", 0, 4)
    look = read_look(request.prompt, request.style_text)
    if not request.prompt and not request.style_text:
        look = replace(look, text="a person")
    picture = read_picture(request.image) if request.image else None
    progress("Loading the body", 1, 4)
    body = kept_body(request.body)
    betas = resolve_betas(body, request.betas)
    present = _read_present(request.look, body) if request.look else None
    costume = _costume(request, look if options.garments else replace(look, worn=()), body, present)
    progress("Loading the encoder", 2, 4)
    encoder = encoder or load_joint_encoder(request.encoder or "body", EncoderOptions())
    asked = [(i, g.worn) for i, g in enumerate(costume.garments) if g.asked]
    words = bool(request.prompt or request.style_text)
    target = make_target(encoder, look, asked, request.negative, picture, words)
    progress("Choosing the frames", 3, 4)
    poses = _poses(request.motion, body)
    topology = build_topology(body.faces, body.num_vertices)
    areas = torch.from_numpy(vertex_areas(body.arrays.v_template, body.arrays.faces)).float()
    times = candidates(len(poses))
    whole = pose_content(body, poses, betas, costume.direction, times, costume.offsets())
    plan = Plan(
        request, look, body, betas, encoder, costume, topology, whole, whole, target, areas,
        None if present is None else present[0],
    )  # fmt: skip
    chosen = _best(plan, options)
    between = [i for i in range(len(whole)) if i not in chosen] or chosen
    unseen = [between[round(i)] for i in np.linspace(0, len(between) - 1, min(3, len(between)))]
    return replace(plan, content=whole.some(chosen), unseen=whole.some(unseen))


def _best(plan: Plan, options: StyleOptions) -> list[int]:
    """Rows of the frames to look at."""
    whole = plan.content
    if len(whole) <= options.frames and options.sampling != "centre":
        return list(range(len(whole)))
    if options.sampling != "score":
        return best_frames(np.zeros(len(whole)), options.frames, options.sampling)
    begun, images = plan.begun(), []
    for i in range(len(whole)):
        one = whole.some([i])
        shots = fixed_shots(one, SCORED_SIZE, FROM, grounds=1)
        with torch.no_grad():
            images.append(draw(one, plan.topology, begun, shots).images)
    scores = frame_scores(plan.encoder, torch.stack(images), plan.target.whole[0])
    return best_frames(scores, options.frames, options.sampling)


def _costume(
    request: StylizeRequest, look: Look, body: MorphableBody, present: tuple[Tensor, Tensor] | None
) -> Costume:
    if request.start == "grey":
        costume = cut_costume(body.arrays, look, plain=False, grey=True)
        bare = grey_costume(body.arrays)
        costume = replace(costume, base=bare.base, base_offsets=bare.base_offsets, surface=bare.surface)
        return _limited(costume, request, body)
    costume = _limited(cut_costume(body.arrays, look, plain=present is None), request, body)
    if present is None:
        return costume
    return replace(costume, base=_as_said(srgb_to_linear(present[0]), costume, look, body), base_offsets=present[1])


def _limited(costume: Costume, request: StylizeRequest, body: MorphableBody) -> Costume:
    """The costume within the regions that may change, as thick as the relief allows, without garments that nothing
    shows of: what is hidden can neither be looked at nor asked for."""
    limit = torch.from_numpy(region_limit(body.arrays, request.only, request.keep)).float()[:, None]
    garments = [
        replace(g, cover=g.cover * limit if g.asked else g.cover, offsets=request.relief * g.offsets)
        for g in costume.garments
    ]
    costume = replace(costume, base_offsets=request.relief * costume.base_offsets, garments=tuple(garments))
    seen = [int((share > LEAST_PART).sum()) >= LEAST_SHOWN for share in costume.shown()]
    kept = tuple(g for g, shows in zip(costume.garments, seen, strict=True) if shows)
    return replace(costume, garments=kept)


def _as_said(base: Tensor, costume: Costume, look: Look, body: MorphableBody) -> Tensor:
    """(V, 3) linear colours of the present look, its hair, and head and hands' skin, as the text says.

    Their shape stays: what stands off the present body is kept as it is.
    """
    atlas, person = Atlas(body.arrays), look.person
    hair = soft_region(atlas, ("hair",))
    skin = soft_region(atlas, ("head", "neck", "hands")) * (1 - hair)
    for said, where in ((person.hair, hair), (person.skin, skin)):
        if said:
            base = base + torch.from_numpy(where).float()[:, None] * (costume.base - base)
    return base


def _read_present(path: str, body: MorphableBody) -> tuple[Tensor, Tensor]:
    """(V, 3) sRGB and (V, 3) offsets of the look that is there.

    Raises:
        InvalidInput: unreadable, or of another body.
    """
    data = load_npz(path)
    shape = (body.num_vertices, 3)
    out = []
    for name in ("colour", "offsets"):
        value = data.get(name)
        if value is None or value.shape != shape or value.dtype.kind != "f" or not np.isfinite(value).all():
            raise InvalidInput(
                f"{Path(path).name} has no {name} of {body.name}'s {shape[0]:,} vertices.",
                "Give a look of this body, or start from plain.",
            )
        out.append(torch.from_numpy(value.astype(np.float32)))
    return out[0].clamp(0, 1), out[1]


def _poses(path: str, body: MorphableBody) -> np.ndarray:
    """(N, J, 3) of the motion; of a walk where none is given."""
    if path:
        return read_motion(path).poses
    clip = face_forward(Library.open().load(WALK))
    return full_pose(clip.poses, body)
