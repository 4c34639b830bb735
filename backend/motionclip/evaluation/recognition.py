"""What somebody does, told by the latent's cosine with words (paper, section 4.4), beside plain baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..corpus import Corpus
from ..model import MotionClip
from .baselines import Known, constant_rates, known_poses, pose_numbers
from .judge import Judge, judged
from .latents import meanings_of, unit
from .ranking import ranks
from .sets import HeldOut, Motions, motions_of, per_clip


@dataclass(frozen=True)
class Shown:
    """Windows as those see them that say what they are."""

    motions: Motions
    latents: NDArray[np.float32]


Scorer = Callable[[Shown], NDArray[np.floating]]
"""(n, actions of the corpus) higher is likelier; -inf for an action that it does not know."""


def trained_actions(corpus: Corpus, indices: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """Each action of these windows with the texts, each once, that they carry first."""
    said: dict[int, dict[int, None]] = {}
    for i, action in zip(indices, corpus.windows.action[indices], strict=True):
        if action >= 0:
            said.setdefault(int(action), {})[int(corpus.windows.texts[int(i)][0])] = None
    return {action: np.array(list(texts), np.int64) for action, texts in sorted(said.items())}


def label_vectors(corpus: Corpus, said: Mapping[int, NDArray[np.int64]]) -> NDArray[np.float64]:
    """(actions, dim) unit vectors: the mean of the texts of each action; zeros for one without."""
    out = np.zeros((len(corpus.actions), corpus.text_vectors.shape[1]))
    for action, texts in said.items():
        out[action] = corpus.text_vectors[texts].astype(np.float64).mean(0)
    return unit(out)


def by_words(vectors: NDArray[np.floating]) -> Scorer:
    """Cosines of latents with unit vectors of actions; one of zeros is not known."""
    known = np.linalg.norm(vectors, axis=1) > 0
    return lambda shown: np.where(known, unit(shown.latents) @ vectors.T, -np.inf)


def by_judge(corpus: Corpus, judge: Judge) -> Scorer:
    """Log-probabilities of the judge."""
    place = {name: i for i, name in enumerate(judge.actions)}

    def score(shown: Shown) -> NDArray[np.floating]:
        said, _ = judged(judge, shown.motions.features, shown.motions.lengths)
        out = np.full((len(said), len(corpus.actions)), -np.inf)
        for i, name in enumerate(corpus.actions):
            if name in place:
                out[:, i] = said[:, place[name]]
        return out

    return score


def scorers(
    corpus: Corpus, model: MotionClip, indices: NDArray[np.int64], names: NDArray[np.floating] | None = None,
    judge: Judge | None = None,
) -> dict[str, Scorer]:  # fmt: skip
    """All that are compared.

    Args:
        indices: training windows.
        names: (actions, dim) vectors of the bare names, as the paper's; none: left out.
    """
    indices = indices[corpus.windows.action[indices] >= 0]
    said = trained_actions(corpus, indices)
    out = {"model, labels": by_words(label_vectors(corpus, said))}
    if names is not None:
        bare = np.zeros((len(corpus.actions), names.shape[1]))
        bare[list(said)] = unit(names)[list(said)]
        out["model, bare name"] = by_words(bare)
    latents = unit(meanings_of(model, corpus, indices)).astype(np.float32)
    seen = Known.of(latents, corpus.windows.action[indices], len(corpus.actions))
    poses = known_poses(corpus, indices)
    out["model, nearest latents"] = lambda shown: seen.neighbour_scores(unit(shown.latents).astype(np.float32))
    out["poses, centroids"] = lambda shown: poses.centroid_scores(pose_numbers(shown.motions))
    out["poses, neighbours"] = lambda shown: poses.neighbour_scores(pose_numbers(shown.motions))
    if judge is not None:
        out["judge"] = by_judge(corpus, judge)
    return out


def recognition(
    corpus: Corpus, of: HeldOut, latents: NDArray[np.float32], scorers: Mapping[str, Scorer], known: Sequence[int]
) -> dict[str, Any]:
    """Shares of clips and of windows whose action is named first, or among the first five.

    Candidates are the actions that the set has and training had.

    Args:
        latents: of the set's windows.
        known: actions that training had.
    """
    actions = corpus.windows.action[of.indices]
    candidates = [a for a in np.unique(actions) if a in set(known)]
    keep = np.isin(actions, candidates)
    out: dict[str, Any] = {
        "actions": [corpus.actions[a] for a in candidates], "windows": int(keep.sum()),
        "clips": len(np.unique(of.clips[keep])), "rates": {},
    }  # fmt: skip
    if len(candidates) < 2:
        return out
    place = np.searchsorted(candidates, actions[keep])
    _, clips = np.unique(of.clips[keep], return_inverse=True)
    shown = Shown(motions_of(corpus, of.indices[keep]), latents[keep])
    for name, score in scorers.items():
        out["rates"][name] = rates(score(shown)[:, candidates], place, clips)
    by_clip = place[np.unique(clips, return_index=True)[1]]
    out["rates"].update(constant_rates(by_clip, range(len(candidates))))
    return out


def rates(scores: NDArray[np.floating], actions: NDArray[np.int64], clips: NDArray[np.int64]) -> dict[str, float]:
    """Top-1 and top-5 of clips, the means over actions of both, and of windows.

    Args:
        scores: (n, candidates) of windows; a clip's is their mean.
        actions: (n,) the right candidate.
        clips: (n,) from 0, each there.
    """
    count = int(clips.max()) + 1
    least = np.nanmin(np.where(np.isfinite(scores), scores, np.nan)) - 1 if np.isfinite(scores).any() else 0.0
    finite = np.where(np.isfinite(scores), scores, least)
    whole = actions[np.unique(clips, return_index=True)[1]]
    right = np.arange(scores.shape[1])
    of_clips = ranks(per_clip(finite, clips, count), whole[:, None] == right)
    of_windows = ranks(finite, actions[:, None] == right)
    out = {}
    for k in (1, 5):
        hit = of_clips <= k
        out[f"clip_top{k}"] = float(hit.mean())
        out[f"balanced_top{k}"] = float(np.mean([hit[whole == a].mean() for a in np.unique(whole)]))
        out[f"window_top{k}"] = float((of_windows <= k).mean())
    return out
