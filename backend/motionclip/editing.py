"""Motions changed in the latent space (paper, section 4.3).

What the auto-encoder loses of a motion is kept beside: a change of latents changes the motion by D(z') - D(z), and
what z does not say of the motion stays as it was.

    x' = x + D(z') - D(z)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..motion.clip import Clip
from ..motion.ops import overlay
from ..motion.resample import sample
from .alignment import align, unwarped
from .bank import Bank
from .corpus import LENGTH
from .features import HEIGHT, ROTATIONS, features_of, joints_of
from .finishing import Finished, finish
from .generation import FAR, exchanged, far_from, nearest, stretched
from .passages import cut, ease, join, spans
from .recognition import encode_clip, recognise
from .weights import MotionModel

Array = NDArray[np.floating]
EDGE = 10
"""Frames on either side that a way between two motions has to meet."""
STEPS = 150
_NO_CHECK: Callable[[], None] = lambda: None  # noqa: E731


@dataclass(frozen=True)
class Edited:
    """A changed motion."""

    clip: Clip
    finished: Finished
    facts: dict[str, Any]
    remarks: tuple[str, ...] = ()
    """What whoever asked should know of it."""


@dataclass(frozen=True)
class Passages:
    """A motion with its latents."""

    features: Array
    """(frames, 136)."""
    latents: Array
    """(k, latent)."""

    @classmethod
    def of(cls, model: MotionModel, clip: Clip) -> Passages:
        """Of a clip at 30 frames a second."""
        features = features_of(clip)
        return cls(features, model.encode(*cut(features)))


def decoded(model: MotionModel, latents: Array, frames: int) -> Array:
    """(frames, 136) of the windows of `spans(frames)`."""
    windows, _ = model.decode(stretched(latents, len(spans(frames))), min(frames, LENGTH))
    return join(windows, frames)


def shifted(model: MotionModel, motion: Passages, latents: Array) -> Array:
    """(frames, 136) x + D(z') - D(z)."""
    frames = len(motion.features)
    return motion.features + decoded(model, latents, frames) - decoded(model, motion.latents, frames)


def by_words(model: MotionModel, bank: Bank, clip: Clip, words: str, without: str, amount: float) -> Edited:
    """The motion, more like what words say: by how the bank's motions of the one text differ from the other's.

    Args:
        without: what it is to be less like; empty: what it is recognised as.
    """
    motion = Passages.of(model, clip)
    now = without or plainest(bank, recognise(model, bank, motion.latents, top=1).labels[0].label)
    wanted = combined(now, words)
    there, here = (latent_of(model, bank, t) for t in (wanted, now))
    features = shifted(model, motion, motion.latents + amount * (there - here))
    ((_, row, cosine),) = nearest(bank, model.space.texts([wanted])[0], 1)
    facts = {"from": now, "to": wanted, "amount": amount, "cosine": round(cosine, 4)}
    edited = _edited(model, features, [clip], facts)
    return replace(edited, remarks=(far_from(bank.texts[row]),)) if cosine < FAR else edited


def plainest(bank: Bank, label: str) -> str:
    """The shortest label of the clip that carries a label."""
    clips = {int(c) for c, t in zip(bank.text_clip, bank.texts, strict=True) if t == label}
    return min(
        (t for c, t in zip(bank.text_clip, bank.texts, strict=True) if int(c) in clips), key=len, default=label
    )


def combined(now: str, words: str) -> str:
    """`walk like a zombie` of `walk` and `like a zombie`; words that name a motion of their own stand alone."""
    first = words.split()[0].lower()
    manner = first in ("like", "as", "with", "in", "without", "more", "very", "while", "on", "and") or first.endswith(
        "ly"
    )
    return f"{now} {words}" if manner else words


def latent_of(model: MotionModel, bank: Bank, text: str) -> Array:
    """(latent) where motions of a text lie: its neighbours' mean by their cosines, their texts exchanged for it."""
    vector = model.space.texts([text])[0]
    near = nearest(bank, vector, 4)
    odds = np.exp((np.array([s for _, _, s in near]) - near[0][2]) / 0.03)
    odds /= odds.sum()
    means = (exchanged(model, bank.windows_of(c).mean(0), bank.text_vectors[row], vector) for c, row, _ in near)
    return np.sum([o * mean for o, mean in zip(odds, means, strict=True)], 0)


def mixed(model: MotionModel, clip: Clip, other: Clip, amount: float, in_step: bool = True) -> Edited:
    """Between two motions: latents and what latents leave out are both interpolated, so that the ends are exact.

    Args:
        in_step: mix moments that belong together (see `alignment`), not the same shares of the motions' times.
    """
    frames = max(round((1 - amount) * len(clip) + amount * len(other)), 2)
    aligned = align(features_of(clip), features_of(other)) if in_step else unwarped()
    times = aligned.times((len(clip), len(other)), amount, frames)
    a, b = (Passages.of(model, sample(c, t)) for c, t in zip((clip, other), times, strict=True))
    latents = (1 - amount) * a.latents + amount * b.latents
    rest = (1 - amount) * (a.features - decoded(model, a.latents, frames))
    rest = rest + amount * (b.features - decoded(model, b.latents, frames))
    # What latents leave out of two motions cancels half way, as two voices out of step do.
    features = decoded(model, latents, frames) + rest
    return _edited(model, features, [clip, other], {"amount": amount})


def parts(model: MotionModel, clip: Clip, other: Clip, amount: float) -> Edited:
    """With the upper body of another motion: towards the latents of the two put together."""
    source, licence = origin_of([(c.source, c.licence) for c in (clip, other)])
    whole = overlay(clip, other).with_(source=source, licence=licence)
    edited = mixed(model, clip, whole.with_(labels=()), amount, in_step=False)
    return Edited(edited.clip, edited.finished, {"amount": amount})


def difference(model: MotionModel, clip: Clip, minus: Clip, plus: Clip, amount: float) -> Edited:
    """z + amount (z_plus - z_minus), over the same share of each motion's time."""
    motion = Passages.of(model, clip)
    count = len(motion.latents)
    away, there = (stretched(encode_clip(model, c), count) for c in (minus, plus))
    features = shifted(model, motion, motion.latents + amount * (there - away))
    return _edited(model, features, [clip, minus, plus], {"amount": amount})


def between(
    model: MotionModel, clip: Clip, other: Clip, seconds: float, check: Callable[[], None] = _NO_CHECK
) -> Edited:
    """The motion, a way of so many seconds, and the other motion, which goes on from where the way ends.

    Of the window that holds the way only the ends are known; its latent is fitted to them.
    """
    a, b = features_of(clip), features_of(other)
    gap = max(round(seconds * 30), 1)
    edge = min(EDGE, len(a), len(b))
    filled = fill(model, a[-edge:], b[:edge], gap, check)
    features = np.concatenate([a[:-edge], filled, b[edge:]])
    return _edited(model, features, [clip, other], {"seconds": seconds})


def fill(
    model: MotionModel, before: Array, after: Array, gap: int, check: Callable[[], None] = _NO_CHECK
) -> NDArray[np.float32]:
    """Frames before, a way of `gap` frames, frames after; (n + gap + m, 136).

    The latent's length is kept near that of motions; what the fitted motion misses at the ends fades into the way.
    """
    total = len(before) + gap + len(after)
    # A way longer than a window is first done at the pace of one.
    inner = min(gap, LENGTH - len(before) - len(after))
    t = np.linspace(0, 1, inner + 2)[1:-1, None]
    line = np.concatenate([before, before[-1:] * (1 - t) + after[:1] * t, after]).astype(np.float32)
    known = np.ones(len(line), bool)
    known[len(before) : len(before) + inner] = False
    z = fit_latent(model, line, known, check)
    made, _ = model.decode(z[None], len(line))
    out = made[0]
    missed = line - out
    missed[~known] = 0
    fade = np.linspace(0, 1, inner + 2)[1:-1, None]
    first, last = missed[len(before) - 1], missed[len(before) + inner]
    missed[len(before) : len(before) + inner] = first * ease(1 - fade) + last * ease(fade)
    out = out + missed
    if inner < gap:
        at = np.linspace(0, inner + 1, gap + 2) + len(before) - 1
        low = np.minimum(at.astype(int), len(out) - 2)
        way = out[low] * (1 - (at - low)[:, None]) + out[low + 1] * (at - low)[:, None]
        way = way[1:-1]
        # Who takes longer for the same way goes slower, but at both ends as fast as the motions there.
        slow = inner / gap
        ends = np.minimum(np.minimum(np.arange(gap), np.arange(gap)[::-1]) / EDGE, 1)[:, None]
        way[:, ROTATIONS:HEIGHT] *= 1 - (1 - slow) * ease(ends)
        out = np.concatenate([out[: len(before)], way, out[len(before) + inner :]])
    assert len(out) == total
    return out.astype(np.float32)


def fit_latent(
    model: MotionModel, features: Array, known: NDArray[np.bool_], check: Callable[[], None] = _NO_CHECK
) -> NDArray[np.float32]:
    """(latent) whose motion meets the known frames: Adam from the latent of the given features.

    Args:
        features: (T, 136), a guess where it is not known.
        known: (T,).
        check: called at every step; what it raises ends the work.
    """
    target = torch.from_numpy(np.asarray(features, np.float32))[None]
    mask = torch.from_numpy(known.astype(np.float32))[None, :, None]
    z0 = torch.from_numpy(model.encode(target.numpy(), np.array([len(features)])))
    z = z0.clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=0.02 * float(z0.norm()) / z0.shape[1] ** 0.5)
    scale = model.net.std
    places = joints_of(target)
    for _ in range(STEPS):
        check()
        made = model.net.decode(z, target.shape[1]).features
        off = ((made - target) / scale) ** 2 * mask
        apart = ((joints_of(made) - places)[:, : int(known.argmin()) or None] ** 2).sum(-1).mean()
        far = (z - z0).pow(2).sum() / z0.pow(2).sum()
        loss = off.mean() + 10 * apart + 0.05 * far
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return z.detach().numpy()[0]


def _edited(model: MotionModel, features: Array, clips: Sequence[Clip], facts: dict[str, Any]) -> Edited:
    """A clean motion of the features; what it was made of is said of it.

    Args:
        clips: the motions that are in it, the changed one first.
    """
    done = finish(model, features, None, "edited")
    source, licence = origin_of([(c.source, c.licence) for c in clips])
    made = done.clip.with_(
        name="edited", source=f"edited by {model.name}: {source}".rstrip(": "), licence=licence, kind="generated"
    )
    return Edited(made, done, {**facts, "clean_up": done.to_json()})


def origin_of(parts: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Source and licence of what is made of several motions, each once."""
    sources, licences = zip(*parts, strict=True)
    return "; ".join(dict.fromkeys(s for s in sources if s)), " AND ".join(dict.fromkeys(licences))
