"""The auto-encoder (paper, section 3): a transformer to one latent, and a transformer back to frames.

    z = E(z_tk, p_1:T)        the first output of the encoder, whose first input is learned
    p'_1:T = D(z)             queries are positions; keys and values come from z alone

Beyond the paper, all of it left out with `PAPER`:

- Frames are taken a few at a time, which costs a quarter for the same width; the latent becomes several keys, since
  attention to a single one is the same for every query; sums over time are read and written directly too.
- Directions of the latent that texts hardly use hold linear codes: principal components of the motion's slow waves,
  by how far they move the body's surface. Without them training on an hour of motion stays near the mean pose for
  very long; with them a motion comes back as its codes say, to which nothing that was learnt on so little adds but
  noise. The transformers learn what it is called, and what it looks like where a text says more than the codes.

Padding is masked, and contacts are an output, in any case.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .features import WIDTH

CONTACTS = 4


@dataclass(frozen=True)
class ModelConfig:
    """Sizes. The defaults are the model that ships."""

    latent: int = 640
    """Width of the space that the latent lies in."""
    width: int = 192
    layers: int = 2
    """Of the encoder, and of the decoder."""
    heads: int = 4
    hidden: int = 384
    """Of the feed-forward layers."""
    dropout: float = 0.0
    patch: int = 4
    """Frames a token."""
    keys: int = 3
    """Keys and values that the latent is spread over; with more than one, as many means over time are read and
    written directly too."""
    codes: int = 448
    """Linear codes in the latent; 0: none."""
    waves: int = 20
    """Of the discrete cosine transform over time, of which codes are made: 20 of 60 frames are those up to 5 Hz."""
    length: int = 60
    """Frames of the longest motion; a multiple of `patch`."""

    def in_space(self, dim: int) -> ModelConfig:
        """The same for a latent of another width: at most seven tenths of it are codes."""
        return replace(self, latent=dim, codes=min(self.codes, dim * 7 // 10))


PAPER = ModelConfig(latent=512, width=512, layers=8, heads=4, hidden=1024, dropout=0.1, patch=1, keys=1, codes=0)
"""As published: 8 + 8 layers of 512."""
SMALL = ModelConfig()


class Decoded(NamedTuple):
    """What the decoder says of a motion."""

    features: Tensor
    """(B, T, 136)."""
    contacts: Tensor
    """(B, T, 4) logits: left heel, left ball, right heel, right ball."""


class Codes(NamedTuple):
    """What linear codes are: c = basis (DCT(x metric) - centre), z = scale c place."""

    basis: Tensor
    """(codes, waves * 136) orthonormal rows."""
    centre: Tensor
    """(waves * 136,)."""
    metric: Tensor
    """(136, 136) symmetric: from standardised numbers to such whose length is about metres of the surface."""
    inverse: Tensor
    """(136, 136) of the metric."""
    place: Tensor
    """(codes, latent) orthonormal rows: the directions that they have in the latent."""
    scale: Tensor
    """()."""


class MotionClip(nn.Module):
    """Motions to latents and back.

    Args:
        config: sizes.
        mean, std: (136,) of the features of the corpus; the model sees standardised numbers.
        codes: fitted by `coding.fit_codes`; none: left to be loaded.
    """

    mean: Tensor
    std: Tensor
    positions: Tensor
    waves: Tensor
    basis: Tensor
    centre: Tensor
    metric: Tensor
    inverse: Tensor
    place: Tensor
    scale: Tensor

    def __init__(
        self, config: ModelConfig = SMALL, mean: Tensor | None = None, std: Tensor | None = None,
        codes: Codes | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.config = c = config
        self.register_buffer("mean", torch.zeros(WIDTH) if mean is None else mean.float().clone())
        self.register_buffer("std", torch.ones(WIDTH) if std is None else std.float().clone())
        self.register_buffer("positions", sinusoids(c.length // c.patch + 1, c.width), persistent=False)
        self.read = nn.Linear(c.patch * WIDTH, c.width)
        self.token = nn.Parameter(torch.randn(1, 1, c.width) * 0.02)
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(
                c.width, c.heads, c.hidden, c.dropout, "gelu", batch_first=True, norm_first=True
            ),
            c.layers, nn.LayerNorm(c.width), enable_nested_tensor=False,
        )  # fmt: skip
        tokens, direct = c.length // c.patch, c.keys if c.keys > 1 else 0
        # Empty ones get no gradient, which several processes would wait for.
        learnt = direct > 0
        self.gather = nn.Parameter(cosines(direct, tokens) / tokens**0.5, requires_grad=learnt)
        self.spread = nn.Parameter(cosines(direct, tokens).T.contiguous(), requires_grad=learnt)
        self.to_latent = nn.Linear((1 + direct) * c.width, c.latent)
        self.from_latent = nn.Linear(c.latent, c.keys * c.width)
        self.decoder = nn.TransformerDecoder(
            nn.TransformerDecoderLayer(
                c.width, c.heads, c.hidden, c.dropout, "gelu", batch_first=True, norm_first=True
            ),
            c.layers, nn.LayerNorm(c.width),
        )  # fmt: skip
        self.write = nn.Linear(c.width, c.patch * (WIDTH + CONTACTS))
        nn.init.normal_(self.write.weight, std=0.02)
        if c.codes:
            # Where training begins, a text says nothing.
            nn.init.zeros_(self.write.weight)
            nn.init.zeros_(self.write.bias)
        wide, same = c.waves * WIDTH, torch.eye(WIDTH)
        empty = Codes(
            torch.zeros(c.codes, wide), torch.zeros(wide), same, same, torch.zeros(c.codes, c.latent), torch.ones(())
        )
        for name, value in (codes or empty)._asdict().items():
            self.register_buffer(name, value.float().clone())
        self.register_buffer("waves", orthonormal_cosines(c.waves, c.length), persistent=False)

    def encode(self, features: Tensor, lengths: Tensor | None = None, jitter: float = 0.0) -> Tensor:
        """Latents of motions.

        Args:
            features: (B, T, 136), T at most `config.length`.
            lengths: (B,) frames that count; none: all.
            jitter: standard deviations by which every number is off in the same way throughout a window, as another
                body's or another capture's are; linear codes are of the numbers as they are.

        Returns:
            (B, latent), of any length: only the direction is compared with texts.
        """
        c = self.config
        # Beyond its end a motion stands still.
        frames = torch.arange(c.length, device=features.device).expand(len(features), -1)
        last = torch.full_like(frames[:, :1], features.shape[1]) if lengths is None else lengths[:, None]
        x = torch.take_along_dim((features - self.mean) / self.std, frames.minimum(last - 1)[..., None], 1)
        lengths = last[:, 0] if lengths is None and features.shape[1] < c.length else lengths
        seen = x + jitter * torch.randn_like(x[:, :1]) if jitter else x
        tokens = self.read(seen.unflatten(1, (-1, c.patch)).flatten(2))
        tokens = torch.cat((self.token.expand(len(x), -1, -1), tokens), 1)
        tokens = tokens + self.positions[: tokens.shape[1]]
        out = self.encoder(tokens, src_key_padding_mask=self._padding(tokens, lengths, True))
        # (B, keys, width) weighted sums over time, beside the token's own answer.
        sums = torch.einsum("kt,btw->bkw", self.gather[:, : out.shape[1] - 1], out[:, 1:])
        latents = self.to_latent(torch.cat((out[:, :1], sums), 1).flatten(1))
        if not c.codes:
            return latents
        with torch.autocast(x.device.type, enabled=False):
            # In half precision the codes' rounding would be the motion's tremor.
            slow = torch.einsum("kt,btf->bkf", self.waves, x.float()) @ self.metric
            codes = (slow.flatten(1) - self.centre) @ self.basis.T
            return self.meaning(latents.float()) + self.scale * codes @ self.place

    def meaning(self, latents: Tensor) -> Tensor:
        """The part of latents that texts and pictures are compared with: what is not linear codes."""
        return latents - (latents @ self.place.T) @ self.place if self.config.codes else latents

    def decode(
        self, latents: Tensor, frames: int | None = None, lengths: Tensor | None = None, left: Tensor | float = 0.0
    ) -> Decoded:
        """Motions of latents: x = codes + left * what the transformer makes of the latent.

        Args:
            latents: (B, latent).
            frames: T; none: `config.length`.
            lengths: (B,) frames that count.
            left: share, or (B, 1) shares, of a motion that its codes leave to its meaning: 0 where they are those of
                a motion, 1 where there is nothing but a text. Without codes all is left.
        """
        c = self.config
        frames = c.length if frames is None else frames
        memory = self.from_latent(latents).unflatten(1, (c.keys, c.width))
        count = -(-frames // c.patch)
        queries = self.positions[1 : count + 1].expand(len(latents), -1, -1)
        if self.spread.shape[1]:
            queries = queries + torch.einsum("tk,bkw->btw", self.spread[:count], memory)
        out = self.decoder(queries, memory, tgt_key_padding_mask=self._padding(queries, lengths, False))
        out = self.write(out).unflatten(2, (c.patch, WIDTH + CONTACTS)).flatten(1, 2)[:, :frames]
        made = out[..., :WIDTH]
        if c.codes:
            made = made * (left[:, None] if isinstance(left, Tensor) else left)
            with torch.autocast(made.device.type, enabled=False):
                slow = (latents.float() @ self.place.T / self.scale) @ self.basis + self.centre
                waves = slow.unflatten(1, (c.waves, WIDTH)) @ self.inverse
                made = made.float() + torch.einsum("kt,bkf->btf", self.waves, waves)[:, :frames]
        return Decoded(made * self.std + self.mean, out[..., WIDTH:])

    def forward(
        self, features: Tensor, lengths: Tensor | None = None, noise: float = 0.0, texts: Tensor | None = None,
        jitter: float = 0.0,
    ) -> tuple[Tensor, Decoded]:  # fmt: skip
        """Latents, and the motions that come back from them.

        Args:
            noise: length of a random vector, as a share of the latent's, that the decoder has to bear.
            texts: (B, latent) unit vectors. Half of the latents are then drawn to their text before they are decoded,
                by a share r of the way that is even in [0, 1]: m t + (1 - r) (z - m t), m the latents' mean length,
                and r is left to it. So the decoder learns what a text says where a latent says nothing else.
            jitter: as of `encode`.
        """
        latents = self.encode(features, lengths, jitter)
        shaken, left = latents, torch.zeros_like(latents[:, :1])
        if texts is not None:
            own = self.meaning(texts) * self.meaning(latents.detach()).norm(dim=-1).mean()
            lots = torch.rand(2, len(latents), 1, device=latents.device)
            kept = torch.where(lots[0] < 0.5, lots[1], 1.0)
            shaken, left = own + kept * (latents - own), 1 - kept
        if noise:
            size = noise * latents.norm(dim=-1, keepdim=True) / latents.shape[1] ** 0.5
            shaken = shaken + size * torch.randn_like(latents)
        return latents, self.decode(shaken, features.shape[1], lengths, left)

    def _padding(self, tokens: Tensor, lengths: Tensor | None, prefixed: bool) -> Tensor | None:
        if lengths is None:
            return None
        count = (lengths + self.config.patch - 1) // self.config.patch + int(prefixed)
        return torch.arange(tokens.shape[1], device=tokens.device) >= count[:, None]


def sinusoids(count: int, width: int) -> Tensor:
    """(count, width) positions (Vaswani et al. 2017, section 3.5)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(count)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), -1).flatten(1)


def cosines(count: int, length: int) -> Tensor:
    """(count, length) the slowest rows of the discrete cosine transform (DCT-II)."""
    t = (torch.arange(length) + 0.5) / length
    return torch.cos(math.pi * torch.arange(count)[:, None] * t)


def orthonormal_cosines(count: int, length: int) -> Tensor:
    """(count, length) `cosines` of unit length."""
    waves = cosines(count, length) * (2 / length) ** 0.5
    waves[:1] /= 2**0.5
    return waves
