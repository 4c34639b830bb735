"""Models of runs, measured side by side: what a loss is worth, for one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...protocol import InvalidInput
from ..corpus import Corpus
from ..model import MotionClip
from ..packing import load_run
from ..training import BEST, LOG, RECIPE
from .latents import meanings_of
from .recognition import by_words, label_vectors, recognition, trained_actions
from .reconstruction import coded_by, errors
from .retrieval import retrieval
from .sets import HeldOut, held_out_sets, motions_of, trained


def model_of_run(folder: Path, latent: int) -> MotionClip:
    """The weights that were best on `valid`, for use alone.

    Args:
        latent: width of the corpus's space.

    Raises:
        InvalidInput: the folder has no run, or none that was measured yet.
    """
    if not (folder / RECIPE).is_file() or not (folder / BEST).is_file():
        raise InvalidInput(f"{folder} has no trained model.", "Name the folder of a run of `impromptu motion train`.")
    return load_run(folder, latent).requires_grad_(False)


def best_step(folder: Path) -> int:
    """The step that a run's best weights are of; 0 where its log does not say."""
    if not (folder / LOG).is_file():
        return 0
    rows = [json.loads(line) for line in (folder / LOG).read_text(encoding="utf-8").splitlines() if line.strip()]
    return int(min(rows, key=lambda row: row["valid"]["loss"])["step"]) if rows else 0


def ablation(
    runs: Mapping[str, Path], corpus: Corpus, libraries: Sequence[str] = (), most: int = 500
) -> dict[str, dict[str, Any]]:
    """Reconstruction, recognition by words and retrieval of several runs, on all held-out windows of each library.

    Args:
        runs: name -> folder.
        libraries: that all of them trained on; none: all.
        most: windows of a test set at most.
    """
    sets = held_out_sets(corpus, most=most)
    said = trained_actions(corpus, trained(corpus, libraries))
    words = {"words": by_words(label_vectors(corpus, said))}
    found: dict[str, dict[str, Any]] = {}
    for name, folder in runs.items():
        model = model_of_run(folder, corpus.text_vectors.shape[1])
        rows = {each.name: _row(corpus, model, each, words, list(said)) for each in sets}
        found[name] = {"step": best_step(folder), "sets": rows}
    return found


def _row(corpus: Corpus, model: MotionClip, of: HeldOut, words: Any, known: Sequence[int]) -> dict[str, Any]:
    latents = meanings_of(model, corpus, of.indices)
    back = errors(coded_by(model), motions_of(corpus, of.indices))
    told = recognition(corpus, of, latents, words, known)
    row = {**of.counts(), **{k: back[k] for k in ("pose_mm", "place_mm", "slide_mm_per_frame")}}
    rates = told["rates"]
    for k in ("clip_top1", "clip_top5", "balanced_top1"):
        row[k] = rates["words"][k] if rates else np.nan
        row[f"{k}_chance"] = rates["even guess"][k] if rates else np.nan
    asked = retrieval(corpus, of, latents)["text_to_motion"]
    for k in ("R@1", "R@10", "median_rank"):
        row[k], row[f"{k}_chance"] = asked["model"][k], asked["chance"][k]
    return row
