"""Drawn photos with what is found and measured in them, kept in parts: a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...files import load_npz, save_npz
from ...protocol import InvalidInput
from .crop import crop_of
from .drawn import SIZE, Drawings
from .finding import find_people
from .measuring import measures, mirrored
from .picture import Photo

PART = 100
"""Photos of a file."""
VERSION = 1
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PhotoSet:
    """n photos in which somebody was found."""

    betas: NDArray[Any]
    """(n, 10)."""
    measured: NDArray[Any]
    """(n, 2, f) `measuring.measures` of the person and of the person in the mirror."""
    embeddings: NDArray[Any]
    """(n, dim) of the person alone."""
    whole: NDArray[np.bool_]
    """(n,) seen from head to foot."""
    missed: int
    """Photos in which nobody was found."""


def make_photos(seed: int, count: int, cache: Path, progress: Progress = lambda i, n: None) -> PhotoSet:
    """Draw, find, measure and encode, or read what is there already; on all cores.

    Args:
        count: photos, of the neutral body; seed: of the set.
        cache: folder of sets, made where it is missing.

    Raises:
        RuntimeMissing: what finds people is not installed. InvalidInput: the folder cannot be written.
    """
    facts = json.dumps({"version": VERSION, "seed": seed, "size": SIZE}, sort_keys=True)
    folder = cache / f"photos-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"{cache} cannot be made.", "Name another folder with --cache.") from error
    paths = {first: folder / f"part-{first // PART:05d}.npz" for first in range(0, count, PART)}
    missing = {first: path for first, path in paths.items() if not path.is_file()}
    done = count - PART * len(missing)
    workers = min(os.cpu_count() or 1, max(len(missing), 1))
    if missing:
        # Not forked: what finds people holds threads.
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            for _ in as_completed([pool.submit(_make_part, seed, first, path) for first, path in missing.items()]):
                done += PART
                progress(max(done, 0), count)
    parts = [load_npz(path) for path in paths.values()]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in ("betas", "measured", "embeddings")}
    whole = np.concatenate([part["whole"] for part in parts]).astype(bool)
    return PhotoSet(**joined, whole=whole, missed=PART * len(parts) - len(whole))


def _make_part(seed: int, first: int, path: Path) -> None:
    import torch

    torch.set_num_threads(1)
    drawings = Drawings("neutral", seed)
    rows: dict[str, list[Any]] = {"betas": [], "measured": [], "crops": [], "whole": []}
    for number in range(first, first + PART):
        drawn = drawings.take(number)
        try:
            found = find_people(Photo(drawn.pixels, None, 1.0, f"photo {number}", ""), "pose", most=1)[0]
        except InvalidInput:
            continue
        rows["betas"].append(drawn.betas)
        rows["measured"].append((measures(found), measures(mirrored(found))))
        rows["crops"].append(crop_of(drawn.pixels, found, alone=True))
        rows["whole"].append(drawn.whole)
    numbers = {name: np.array(rows[name], np.float32) for name in ("betas", "measured", "whole")}
    save_npz(path, compress=False, **numbers, embeddings=embedded(rows["crops"]))


def embedded(crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """(n, dim) of square crops of any size, by the encoder `body`."""
    import torch

    from ...encoders.torchvision_ops import ensure_torchvision_imports

    ensure_torchvision_imports()
    from ...encoders.factory import load_joint_encoder

    encoder = load_joint_encoder("body")
    with torch.no_grad():
        each = [encoder.encode_images(torch.from_numpy(c).permute(2, 0, 1)[None].float() / 255) for c in crops]
    return torch.cat(each).float().cpu().numpy() if each else np.empty((0, encoder.dim), np.float32)
