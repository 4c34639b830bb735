"""What a library's motions look like to the model: their windows' latents and texts, kept in the cache."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..assets import cache_folder
from ..files import load_npz, save_npz
from ..motion.library import Library
from ..motion.ops import resample
from ..motion.retrieval import label_vectors
from ..protocol import InvalidInput
from .features import FPS, features_of
from .passages import cut
from .weights import MotionModel

FOLDER = "motion-model"


@dataclass(frozen=True)
class Bank:
    """m clips with n windows and t texts."""

    clips: tuple[str, ...]
    """(m,) names."""
    clip: NDArray[np.int64]
    """(n,) index of a window's clip; windows of a clip are one after the other."""
    latents: NDArray[np.float32]
    """(n, latent)."""
    texts: tuple[str, ...]
    """(t,)."""
    text_clip: NDArray[np.int64]
    """(t,) whose text it is."""
    text_vectors: NDArray[np.float32]
    """(t, dim) unit vectors."""
    frames: NDArray[np.int64]
    """(m,) at 30 a second."""

    def windows_of(self, clip: int) -> NDArray[np.float32]:
        """(k, latent) a clip's latents, in order of time: those of `passages.spans`."""
        first, last = np.searchsorted(self.clip, (clip, clip + 1))
        return self.latents[first:last]

    def means(self) -> NDArray[np.float32]:
        """(m, latent) the mean of each clip's latents."""
        starts = np.searchsorted(self.clip, np.arange(len(self.clips) + 1))
        means = np.add.reduceat(self.latents, starts[:-1]) / np.diff(starts)[:, None]
        return means.astype(np.float32)


def open_bank(library: Library, model: MotionModel) -> Bank:
    """The bank of a library, from the cache where it is there.

    Raises:
        InvalidInput: the library has no labelled clip.
    """
    # The files' sums say the motions, the library's digest every label with its clip and frames.
    motions = " ".join(entry.sha256 for entry in library.entries)
    key = hashlib.sha256(f"{library.digest()} {motions} {model.sha256}".encode()).hexdigest()[:24]
    path = cache_folder() / FOLDER / f"bank-{key}.npz"
    bank = _read(path)
    if bank is None:
        bank = build_bank(library, model)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, bank)
        except (InvalidInput, OSError) as error:
            # A cache that cannot be written costs time, not the answer.
            print(f"The library's latents are not kept: {error}")
    return bank


def build_bank(library: Library, model: MotionModel) -> Bank:
    """Encode every labelled clip of a library.

    Raises:
        InvalidInput: it has none.
    """
    names, frames, latents, owners, texts, text_owners = [], [], [], [], [], []
    for entry in library.entries:
        if not entry.labels:
            continue
        clip = resample(library.load(entry.name), FPS)
        pieces, counts = cut(features_of(clip))
        owners += [len(names)] * len(pieces)
        latents.append(model.encode(pieces, counts))
        for text in dict.fromkeys(" ".join(l.text.lower().split()) for l in clip.labels):
            texts.append(text)
            text_owners.append(len(names))
        names.append(entry.name)
        frames.append(len(clip))
    if not names:
        raise InvalidInput("The library has no labelled clip.", "Add labels with `impromptu library add --labels`.")
    vectors = _vectors(library, model, texts)
    return Bank(
        tuple(names), np.array(owners), np.concatenate(latents), tuple(texts),
        np.array(text_owners), vectors, np.array(frames),
    )  # fmt: skip


def _vectors(library: Library, model: MotionModel, texts: list[str]) -> NDArray[np.float32]:
    """(t, dim) unit vectors of labels; retrieval has most of them already."""
    indexes = [label_vectors(library, part.encoder) for part in model.space.parts]
    place = {text: i for i, text in enumerate(indexes[0].texts)}
    rows = [place[t] for t in texts]
    weights = [part.weight**0.5 for part in model.space.parts]
    return np.concatenate([index.at(rows) * np.float32(w) for index, w in zip(indexes, weights, strict=True)], 1)


def _write(path: Path, bank: Bank) -> None:
    save_npz(
        path, False, clips=np.array(bank.clips), clip=bank.clip, latents=bank.latents, texts=np.array(bank.texts),
        text_clip=bank.text_clip, text_vectors=bank.text_vectors, frames=bank.frames,
    )  # fmt: skip


def _read(path: Path) -> Bank | None:
    """The kept bank; None where there is none that can be read."""
    if not path.is_file():
        return None
    try:
        a = load_npz(path)
        return Bank(
            tuple(str(c) for c in a["clips"]), a["clip"], a["latents"], tuple(str(t) for t in a["texts"]),
            a["text_clip"], a["text_vectors"], a["frames"],
        )  # fmt: skip
    except (InvalidInput, KeyError):
        return None
