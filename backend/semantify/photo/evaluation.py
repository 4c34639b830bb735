"""How far fitted shapes are from the truth: drawn people of known shape, held out, each taken the way of a photo."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from ...body.girths import find_girths
from ...body.measure import height
from ...body.model import MorphableBody
from ...encoders.factory import load_joint_encoder
from ...protocol import FitRequest, InvalidInput
from ...protocol.slider_map import read_sliders, shipped_file
from ..families import load_family
from ..mlp import MlpMapper, train_mlp
from ..scores import score
from ..training import Options, Work
from .drawn import Drawings
from .fit import MOST_BETA, Fitted, fit_photo, of_height
from .reading import Estimate

GIRTHS = ("chest", "waist", "hips")
DRAWS = 4000
"""Of the bootstrap."""
PAPER_SAMPLES = 1500
METHODS = {
    "mean": "mean body",
    "mean_height": "mean body, height told",
    "paper": "the paper's mapper (scores of the sliders' words, learnt in the studio)",
    "scores": "scores of all words, learnt from photos",
    "ours": "outline, joints and scores",
    "ours_height": "the same, height told",
}
"""By key, what is compared."""
Progress = Callable[[int, int], None]
Row = dict[str, float]


@dataclass(frozen=True)
class Asked:
    """What is measured on whom."""

    people: int = 20
    template: str = "neutral"
    seed: int = 0
    plain: bool = False
    """Everybody in tight clothes from ahead: see `Drawings`."""
    paper: bool = True
    """Beside the published mapper, which is trained for it."""

    def __post_init__(self) -> None:
        if not 2 <= self.people <= 10_000:
            raise InvalidInput(f"{self.people} people are wanted.", "Give 2 to 10,000.")


def evaluate(asked: Asked, cache: Path, progress: Progress = lambda i, n: None) -> dict[str, Any]:
    """Errors of each method, mean over people, with an interval that holds 95 % of such means.

    Args:
        cache: folder of pictures seen, for the published mapper.

    Returns:
        `people`, `missed` (nobody was found: counted as the mean body), and by method `vertices_mm`,
        `same_height_mm`, `betas`, `stature_cm`, `girths_cm` and `same_height_girths_cm`, each with its `low` and
        `high`; `less_mm` is by how much the vertex errors are less than the mean body's, of the same people.

    Raises:
        ImpromptuError: what a photo's way raises, but for nobody being found.
    """
    drawings = Drawings(asked.template, asked.seed, "test", asked.plain)
    paper = _paper(asked, cache) if asked.paper else None
    rows: dict[str, list[Row]] = {}
    missed = 0
    for number in range(asked.people):
        drawn = drawings.take(number)
        fitted = _as_a_file(drawn.pixels, asked.template)
        missed += fitted is None
        body = fitted.body if fitted else None
        for method, betas in _guesses(fitted, drawn.betas, paper).items():
            body = body or _body(asked.template)
            rows.setdefault(method, []).append(errors(body, betas, drawn.betas))
        progress(number + 1, asked.people)
    lots = np.random.default_rng([asked.seed, 59])
    picks = lots.integers(asked.people, size=(DRAWS, asked.people))
    found = {method: _summed(many, rows["mean"], picks) for method, many in rows.items()}
    return {**vars(asked), "missed": missed, "methods": found}


def _body(template: str) -> MorphableBody:
    from ...body.kept import kept_body

    return kept_body(template)


def _as_a_file(pixels: NDArray[np.uint8], template: str) -> Fitted | None:
    """What the whole way makes of a picture, from the file on; None where nobody is found."""
    with tempfile.TemporaryDirectory(prefix="impromptu-") as folder:
        path = Path(folder) / "photo.png"
        Image.fromarray(pixels).save(path)
        try:
            return fit_photo(FitRequest(image=str(path), body=template))
        except InvalidInput:
            return None


def _guesses(
    fitted: Fitted | None, truth: NDArray[Any], paper: tuple[Work, tuple[str, ...], MlpMapper] | None
) -> dict[str, NDArray[Any]]:
    """Betas by method; the mean body's where nobody was found."""
    mean = np.zeros_like(truth)
    names = [name for name in METHODS if name != "paper" or paper is not None]
    guesses = dict.fromkeys(names, mean)
    if fitted is None:
        return guesses
    with torch.no_grad():
        true_height = float(height(fitted.body.shaped(torch.from_numpy(truth.astype(np.float32))))[0])
    scores = fitted.photo_map.scores(fitted.embedding)
    told = of_height(fitted.estimate, fitted.body, true_height).betas
    nothing_else = of_height(Estimate(mean, np.eye(len(mean))), fitted.body, true_height).betas
    guesses |= {
        "mean_height": nothing_else.clip(-MOST_BETA, MOST_BETA),
        "ours": fitted.betas,
        "ours_height": told.clip(-MOST_BETA, MOST_BETA),
        "scores": fitted.photo_map.from_scores(scores).betas,
    }
    if paper is not None:
        work, words, mapper = paper
        given = score(work.words, fitted.embedding[None, None], work.options.way)[:, work.columns(words)]
        guesses["paper"] = mapper.coefficients(given)[0].clip(-work.family.limit, work.family.limit)
    return guesses


def _paper(asked: Asked, cache: Path) -> tuple[Work, tuple[str, ...], MlpMapper]:
    """The published mapper of the words of the sliders that ship, trained on studio pictures (Semantify, 3.4)."""
    work = Work(load_family("body"), asked.template, load_joint_encoder("body"), Options(count=PAPER_SAMPLES), cache)
    words = read_sliders(shipped_file("body", asked.template)).words
    return work, words, train_mlp(work.scores[:, work.columns(words)], work.train.coefficients, 0)


@torch.no_grad()
def errors(body: MorphableBody, betas: NDArray[Any], truth: NDArray[Any]) -> Row:
    """Of one person: distances of vertices in the rest pose as they are, and scaled to the true height about the
    middle, mm; root of the betas' mean squared error; height and girths, cm.

    Args:
        betas, truth: (k,).
    """
    both = torch.from_numpy(np.stack((betas, truth)).astype(np.float32))
    meshes = body.shaped(both).double()
    heights = height(meshes)
    found, true = meshes.numpy()
    ratio = float(heights[1] / heights[0])
    scaled = (found - found.mean(0)) * ratio + true.mean(0)
    tapes = [g for g in find_girths(body) if g.name in GIRTHS]
    around = np.array([[g.length(mesh) for g in tapes] for mesh in (found, true)])
    return {
        "vertices_mm": 1000 * float(np.linalg.norm(found - true, axis=1).mean()),
        "same_height_mm": 1000 * float(np.linalg.norm(scaled - true, axis=1).mean()),
        "betas": float(np.sqrt(((betas - truth) ** 2).mean())),
        "stature_cm": 100 * abs(float(heights[0] - heights[1])),
        "girths_cm": 100 * float(np.abs(around[0] - around[1]).mean()),
        "same_height_girths_cm": 100 * float(np.abs(ratio * around[0] - around[1]).mean()),
    }


def _summed(rows: list[Row], mean_body: list[Row], picks: NDArray[np.integer]) -> dict[str, dict[str, float]]:
    """Means with their bootstrap intervals; `less_mm` and `less_same_height_mm` against the mean body."""
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    for name in ("vertices_mm", "same_height_mm"):
        columns[f"less_{name}"] = np.array([row[name] for row in mean_body]) - columns[name]
    found = {}
    for name, values in columns.items():
        low, high = np.percentile(values[picks].mean(1), (2.5, 97.5))
        found[name] = {"mean": float(values.mean()), "low": float(low), "high": float(high)}
    return found


def as_text(found: dict[str, Any]) -> str:
    """The table, and how to read it."""
    keys = ("vertices_mm", "same_height_mm", "betas", "stature_cm", "girths_cm", "same_height_girths_cm")
    heads = ("mm", "mm at true height", "betas, sd", "height, cm", "girths, cm", "girths at true height, cm")
    lines = ["| | " + " | ".join(heads) + " | mm less than the mean body |", "|---" * (len(keys) + 2) + "|"]
    for method, row in found["methods"].items():
        cells = [f"{row[k]['mean']:.2f}" for k in keys]
        for i, key in enumerate(keys[:2]):
            cells[i] = f"{row[key]['mean']:.1f} ({row[key]['low']:.1f} to {row[key]['high']:.1f})"
        less = row["less_vertices_mm"]
        cells.append(f"{less['mean']:+.1f} ({less['low']:+.1f} to {less['high']:+.1f})")
        lines.append(f"| {METHODS[method]} | " + " | ".join(cells) + " |")
    clothes = "in tight clothes, from ahead" if found["plain"] else "dressed, in any pose, from anywhere"
    lines.append(
        f"{found['people']} people of the {found['template']} body, {clothes}; seed {found['seed']}; nobody was "
        f"found in {found['missed']}. In brackets what 95 % of such means would lie within."
    )
    return "\n".join(lines)
