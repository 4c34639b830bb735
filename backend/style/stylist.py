"""The optimisation itself, a step at a time: draw, ask the encoder, follow the gradient (CLIP-Actor, algorithm 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..encoders.base import JointEncoder
from ..people.colours import ANCHORS, from_hex, to_oklab
from ..protocol import Incompatible
from ..render.portraits import perturbed
from ..render.shade import srgb_to_linear
from ..render.topology import Topology
from .appearance import Appearance, Shown
from .attention import foreground
from .augment import Warp, warped
from .content import Content
from .losses import HIGHEST, LOWEST, close_loss, ground_loss, held, oklab, palette_loss, whole_loss
from .options import StyleOptions
from .targets import PartTarget, Target
from .views import Pictures, draw, random_shots

STIRRED = 0.6
"""Share of the steps by which the colours that are added have faded."""
WAVES = 16
LEAST_PART = 0.5
"""Share of a vertex that a garment shows, from which on it is framed by a close-up."""


@dataclass(frozen=True)
class Asked:
    """Pictures of one step, ready for the encoder."""

    images: Tensor
    """(n, 3, H, W): whole views first, then local crops, then close-ups, then pictures of the shape."""
    ratios: Tensor
    """(n,) foreground."""
    frames: Tensor
    """(n,) which frame each shows."""
    shares: Tensor
    """(n, R, H, W) of the parts."""
    whole: int
    close: int
    """How many are of the whole, with local crops, and how many are close-ups."""


class Stylist:
    """One look on its way.

    Args:
        encoder: what guides.
        target: what it is asked for.
        content: the frames; topology: of the mesh.
        appearance: what changes.
        areas: (V,) square metres.
        stirred: colours are added at first, and what begins grey is kept near what words mean.
        kept: how many vertices, from the first, `shown` tells of: those of the mesh before it was made finer.
    """

    def __init__(
        self,
        encoder: JointEncoder,
        target: Target,
        content: Content,
        topology: Topology,
        appearance: Appearance,
        areas: Tensor,
        options: StyleOptions,
        stirred: bool = False,
        kept: int | None = None,
    ) -> None:
        self.encoder, self.target, self.content, self.topology = encoder, target, content, topology
        self.appearance, self.areas, self.options = appearance, areas, options
        self.step, self._kept = 0, kept
        self._generator = torch.Generator().manual_seed(options.seed)
        self._grey, self._stir = stirred, options.stir if stirred else 0.0
        self._waves = _slow_waves(appearance.costume.rest, self._generator)
        with torch.no_grad():
            self.begun = appearance()
        field = [p for name, p in appearance.named_parameters() if name != "palette"]
        groups = [{"params": field, "lr": options.rate}, {"params": [appearance.palette], "lr": options.palette_rate}]
        self._optimiser = torch.optim.Adam(groups)
        self._rates = [options.rate, options.palette_rate]
        shown = appearance.costume.shown()
        self._regions = [shown[part.garment] for part in target.parts]
        self._framed = [region > LEAST_PART for region in self._regions]
        self._anchors = _wanted_colours(appearance, target, grey=stirred)

    def advance(self) -> float:
        """One step.

        Returns:
            the loss before it.
        """
        loss = self._loss()
        done = self.step / self.options.steps
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * self.options.decay ** int(15 * done)
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        self.step += 1
        return float(loss.detach())

    @torch.no_grad()
    def shown(self) -> Shown:
        """The look as it is now, its colours within what a screen shows."""
        now = self.appearance()
        return Shown(now.colour[: self._kept].clamp(0, 1), now.displacement[: self._kept])

    def _loss(self) -> Tensor:
        weights, target = self.options.weights, self.target
        objective = "cosine" if target.pictured else self.options.objective
        shown = self.appearance()
        asked = self._pictures(replace(shown, colour=_within(shown.colour + self._noise())))
        grounds = self.options.ground and self.encoder.grounds and bool(target.parts) and weights.ground > 0
        if grounds:
            embedded, cells = self.encoder.see(asked.images)
            cells = cells.to(asked.images.device)
        else:
            embedded, cells = self.encoder.encode_images(asked.images), None
        # The encoder may compute elsewhere.
        embedded = embedded.to(asked.images.device)
        n = asked.whole
        loss = weights.whole * whole_loss(
            embedded[:n], asked.ratios[:n], asked.frames[:n], target.whole, target.scale, objective,
            self.options.attention,
        )  # fmt: skip
        close = embedded[n : n + asked.close]
        if len(close) and weights.close:
            loss = loss + weights.close * close_loss(close, self._close_parts(), target.scale)
        grey = slice(n + asked.close, None)
        if len(embedded[grey]) and weights.grey:
            loss = loss + weights.grey * whole_loss(
                embedded[grey], asked.ratios[grey], asked.frames[grey], target.shape, target.scale,
                self.options.objective, self.options.attention,
            )  # fmt: skip
        if cells is not None:
            some = slice(0, n + asked.close)
            loss = loss + weights.ground * ground_loss(cells[some], asked.shares[some], target)
        return loss + self._held(shown)

    def _held(self, shown: Shown) -> Tensor:
        """What keeps the look smooth, and its garments' colours what they are called."""
        costume, weights = self.appearance.costume, self.options.weights
        bounded = self.appearance.bounded or self._grey
        loss = held(shown, costume.direction, self.topology, weights, self.begun, bounded)
        if weights.drift and not self._grey and len(self.appearance.palette):
            drift = (self.appearance.own_palette() - self.appearance.begun).square().mean()
            loss = loss + weights.drift * drift
        if weights.palette and self.target.parts:
            means = self.appearance.mean_colours(shown.colour, self.areas)
            rows = torch.tensor([part.garment for part in self.target.parts])
            loss = loss + weights.palette * palette_loss(means[rows], self._anchors)
        return loss

    def _close_parts(self) -> list[PartTarget]:
        """The parts whose close-ups this step takes: all in turn."""
        parts = self.target.parts
        count = min(self.options.close_ups, len(parts))
        return [parts[(self.step * count + i) % len(parts)] for i in range(count)]

    def _pictures(self, shown: Shown) -> Asked:
        """The step's pictures."""
        o, generator = self.options, self._generator
        close = self._close_parts()
        masks = [self._framed[self.target.parts.index(part)] for part in close]
        rest = self.appearance.costume.rest
        shots = random_shots(self.content, rest, o.views, masks, o.size, generator)
        drawn = draw(self.content, self.topology, shown, shots, self._regions)
        views = [drawn_some(drawn, slice(0, o.views), shots.frames[: o.views])]
        sets: list[tuple[Pictures, Tensor]] = []
        sets += _repeated(views[0], o.crops, o.warps[0], generator) if o.crops else views
        local = drawn_some(drawn, slice(0, o.local_views), shots.frames[: o.local_views])
        even = self.step % 2 == 0
        if not (o.alternate and even and o.grey_views):
            sets += _repeated(local, o.local_crops, o.warps[1], generator)
        whole = sum(len(frames) for _, frames in sets)
        sets.append(drawn_some(drawn, slice(o.views, None), shots.frames[o.views :]))
        if o.grey_views and o.weights.grey and (even or not o.alternate):
            some = shots.some(slice(0, o.grey_views))
            grey = draw(self.content, self.topology, shown, some, self._regions, "grey")
            sets += _repeated((grey, some.frames), o.grey_crops, o.warps[2], generator)
        images, masks_, shares = (torch.cat([getattr(p, n) for p, _ in sets]) for n in ("images", "masks", "shares"))
        frames = torch.cat([f for _, f in sets])
        return Asked(perturbed(images, generator), foreground(masks_), frames, shares, whole, len(close))

    def _noise(self) -> Tensor:
        """(V, 3) one colour for all and one that changes slowly over the body, gone at `STIRRED` of the steps."""
        amount = self._stir * max(1 - self.step / (STIRRED * self.options.steps), 0.0)
        if not amount:
            return torch.zeros(1, 3)
        everywhere = torch.randn(1, 3, generator=self._generator)
        slowly = torch.tanh(self._waves @ torch.randn(self._waves.shape[1], 3, generator=self._generator) * 0.25)
        return amount * (everywhere + slowly) * (self.appearance.freedom.colour + self.appearance.freedom.shade > 0)

    def state(self) -> dict[str, np.ndarray]:
        """All that going on from here needs, as plain arrays."""
        out = {f"look/{k}": v.numpy() for k, v in self.appearance.state_dict().items()}
        for i, slot in self._optimiser.state_dict()["state"].items():
            out.update({f"adam/{i}/{k}": np.asarray(v) for k, v in slot.items()})
        return {**out, "step": np.array(self.step), "random": self._generator.get_state().numpy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a `state` of the same look and options.

        Raises:
            Incompatible: it is of another look.
        """
        own = self.appearance.state_dict()
        given = {k.removeprefix("look/"): v for k, v in state.items() if k.startswith("look/")}
        if set(given) != set(own) or any(given[k].shape != tuple(own[k].shape) for k in own):
            raise Incompatible("The checkpoint is of another look.", "Start again: Retry.")
        self.appearance.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in given.items()})
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            if key.startswith("adam/"):
                _, i, name = key.split("/")
                slots.setdefault(int(i), {})[name] = torch.from_numpy(np.array(value))
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": slots})
        self.step = int(state["step"])
        self._generator.set_state(torch.from_numpy(np.array(state["random"])))


def drawn_some(drawn: Pictures, rows: slice, frames: Tensor) -> tuple[Pictures, Tensor]:
    """Some of the pictures, with which frame each shows."""
    return Pictures(drawn.images[rows], drawn.masks[rows], drawn.shares[rows]), frames


def _repeated(
    some: tuple[Pictures, Tensor], times: int, warp: Warp, generator: torch.Generator
) -> list[tuple[Pictures, Tensor]]:
    """The pictures with what belongs to them, warped so many times."""
    pictures, frames = some
    if not len(frames):
        return []
    packed = torch.cat((pictures.images, pictures.masks[:, None], pictures.shares), 1)
    out = []
    for _ in range(times):
        moved = warped(packed, warp, generator)
        out.append((Pictures(moved[:, :3], moved[:, 3], moved[:, 4:]), frames))
    return out


def _within(colour: Tensor) -> Tensor:
    """Colours that a screen shows; the gradient goes through as if they were not bounded."""
    return colour + (colour.clamp(LOWEST, HIGHEST) - colour).detach()


def _wanted_colours(appearance: Appearance, target: Target, grey: bool) -> Tensor:
    """(P, 3) OKLab that each part's mean colour is kept near: what it began with, or what its name means."""
    if grey:
        anchors = [to_oklab(from_hex(ANCHORS[part.colour])) for part in target.parts]
        return torch.from_numpy(np.array(anchors, np.float32).reshape(-1, 3))
    rows = torch.tensor([part.garment for part in target.parts], dtype=torch.long)
    with torch.no_grad():
        return oklab(srgb_to_linear(appearance.begun[rows, 0]))


def _slow_waves(rest: Tensor, generator: torch.Generator) -> Tensor:
    """(V, 2 * WAVES) sines and cosines that change slowly over the body, the same left and right."""
    places = torch.cat((rest[:, :1].abs(), rest[:, 1:]), 1)
    phases = ((places - places.mean(0)) / places.std(0)) @ (0.6 * torch.randn(3, WAVES, generator=generator))
    return torch.cat((phases.sin(), phases.cos()), 1)
