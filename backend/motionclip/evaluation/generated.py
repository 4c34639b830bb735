"""Generated motions beside recorded ones: are they what was asked for, do they vary, do they move as people do?

    FD = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))    of the judge's features (Heusel et al. 2017)

Every figure is also given for recorded motions of the same actions, drawn by lot as often as they were asked for, and
for the mean motion: the floor and the ceiling between which a model may be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...motion.contacts import detect_contacts
from ..corpus import LENGTH, Corpus
from ..features import WIDTH, clip_of
from .geometry import jerk, posed, slide, speed
from .judge import Judge, judged
from .ranking import ranks
from .sets import Motions, motions_of, trained

Generate = Callable[[Sequence[str], int], NDArray[np.floating]]
"""Prompts and a seed to (n, 60, 136)."""
PAIRS = 2000
COMPARED = 6000
"""Training windows among which the nearest is looked for."""


@dataclass(frozen=True)
class Asked:
    """n windows with what they were asked to be."""

    motions: Motions
    actions: tuple[str, ...]
    """(n,) intended."""
    prompts: NDArray[np.int64]
    """(n,) which prompt; -1: none."""


def generated(
    generate: Generate, prompts: Sequence[str], actions: Sequence[str], repeats: int = 3, seed: int = 0
) -> Asked:
    """Every prompt with several seeds."""
    parts = [torch.as_tensor(np.asarray(generate(prompts, seed + i)), dtype=torch.float32) for i in range(repeats)]
    return whole(
        torch.cat(parts), [a for _ in range(repeats) for a in actions], np.tile(np.arange(len(prompts)), repeats)
    )


def whole(features: Tensor, actions: Sequence[str], prompts: NDArray[np.int64] | None = None) -> Asked:
    """Windows without padding, with the contacts that are found in them."""
    n = len(features)
    none = torch.zeros(n, features.shape[1], 4, dtype=torch.bool)
    motions = Motions(features, torch.full((n,), features.shape[1]), none)
    return Asked(motions, tuple(actions), np.full(n, -1) if prompts is None else prompts)


def recorded(
    corpus: Corpus, actions: Sequence[str], split: str, libraries: Sequence[str] = (), seed: int = 0
) -> tuple[Asked, NDArray[np.int64]]:
    """A recorded window of the split for each action, from a library by lot; whole ones alone.

    Returns:
        them, and which of `actions` have one.
    """
    lots = np.random.default_rng(seed)
    w = corpus.windows
    indices = corpus.of_split(split, libraries)
    indices = indices[w.length[indices] == LENGTH]
    library = np.array([c.library for c in corpus.clips])[w.clip[indices]]
    has = w.action[indices]
    place = {name: i for i, name in enumerate(corpus.actions)}
    chosen: list[int] = []
    kept: list[int] = []
    for n, name in enumerate(actions):
        of = has == place.get(name, -2)
        if of.any():
            among = indices[of & (library == lots.choice(np.unique(library[of])))]
            chosen.append(int(lots.choice(among)))
            kept.append(n)
    features = motions_of(corpus, np.array(chosen)).features if chosen else torch.zeros(0, LENGTH, WIDTH)
    return whole(features, [actions[i] for i in kept]), np.array(kept, np.int64)


def nearest_labels(corpus: Corpus, libraries: Sequence[str], vectors: NDArray[np.floating]) -> Generate:
    """The rival that needs no model: a training window by lot of those whose text is nearest to the prompt's.

    Args:
        vectors: (prompts, dim) unit vectors, of the prompts that it will be asked for, in their order.
    """
    indices = corpus.of_split("train", libraries)
    indices = indices[corpus.windows.length[indices] == LENGTH]
    first = np.array([corpus.windows.texts[int(i)][0] for i in indices])
    texts = np.unique(first)
    nearest = texts[np.argmax(vectors @ corpus.text_vectors[texts].astype(np.float32).T, 1)]

    def generate(prompts: Sequence[str], seed: int) -> NDArray[np.floating]:
        lots = np.random.default_rng(seed)
        chosen = [int(lots.choice(indices[first == text])) for text in nearest]
        return motions_of(corpus, np.array(chosen)).features.numpy()

    return generate


def frechet(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Fréchet distance of the Gaussians of two sets (n, d) and (m, d)."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    s, t = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    values, vectors = np.linalg.eigh(s)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # tr (S T)^(1/2) is the sum of the roots of the eigenvalues of S^(1/2) T S^(1/2), which is symmetric.
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ t @ root), 0)).sum()
    return float(max(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * cross, 0.0))


def diversity(seen: NDArray[np.floating], seed: int = 0) -> float:
    """Mean distance of features (n, d) over random pairs of different motions."""
    if len(seen) < 2:
        return float("nan")
    lots = np.random.default_rng(seed)
    a = lots.integers(len(seen), size=PAIRS)
    b = (a + lots.integers(1, len(seen), size=PAIRS)) % len(seen)
    return float(np.linalg.norm(seen[a] - seen[b], axis=1).mean())


def within(seen: NDArray[np.floating], prompts: NDArray[np.int64]) -> float:
    """Mean distance of features over all pairs of one prompt; nan where no prompt has two."""
    apart = []
    for prompt in np.unique(prompts[prompts >= 0]):
        own = seen[prompts == prompt]
        i, j = np.triu_indices(len(own), 1)
        apart.extend(np.linalg.norm(own[i] - own[j], axis=1))
    return float(np.mean(apart)) if apart else float("nan")


def found_contacts(features: Tensor) -> Tensor:
    """(n, T, 4) contacts by height and speed, as for a clip that has none of its own."""
    return torch.from_numpy(np.stack([detect_contacts(clip_of(f.numpy(), "one")) for f in features]))


def poses_of(features: Tensor) -> NDArray[np.float32]:
    """(n, 60 * 66) joints from the pelvis, heading ahead, metres: what a copy of a recording would share with it."""
    return np.concatenate([posed(part).pose.flatten(1).numpy() for part in features.split(250)])


def nearest_mm(ours: NDArray[np.floating], known: NDArray[np.floating]) -> float:
    """Mean over (n, 60 * 66) poses of the root mean square distance of joints to the nearest of (m, 60 * 66), mm."""
    apart = (ours**2).sum(1)[:, None] + (known**2).sum(1) - 2 * ours @ known.T
    return float(1000 * np.sqrt(np.maximum(apart.min(1), 0) / (ours.shape[1] / 3)).mean())


def measures(
    asked: Asked, judge: Judge, real: NDArray[np.floating] | None = None,
    known: NDArray[np.floating] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """All figures of a list of windows.

    Args:
        real: (m, 64) the judge's features of held-out recordings; none: no distance to them.
        known: (k, 60 * 66) poses of training windows; none: no distance to them.
    """
    motions = asked.motions
    said, seen = judged(judge, motions.features, motions.lengths)
    place = np.array([judge.actions.index(a) for a in asked.actions])
    rank = ranks(said, place[:, None] == np.arange(len(judge.actions)))
    moving, mask = posed(motions.features), motions.mask
    contacts = found_contacts(motions.features)
    return {
        "windows": len(motions), "judge_top1": float((rank <= 1).mean()), "judge_top5": float((rank <= 5).mean()),
        "frechet": float("nan") if real is None else frechet(seen, real),
        "nearest_mm": float("nan") if known is None else nearest_mm(moving.pose.flatten(1).numpy(), known),
        "diversity": diversity(seen), "within_prompt": within(seen, asked.prompts),
        "speed_m_per_s": float(speed(moving, mask).mean()), "jerk_m_per_s3": float(jerk(moving, mask).mean()),
        "slide_mm_per_frame": slide(moving, contacts, mask), "contact_share": float(contacts.float().mean()),
    }  # fmt: skip


def generation(
    corpus: Corpus, judge: Judge, ways: Mapping[str, Generate], prompts: Sequence[tuple[str, str]],
    mean_motion: Tensor, libraries: Sequence[str] = (), repeats: int = 3, seed: int = 0, split: str = "test",
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """Figures of generated windows, of recordings of the same actions, and of the mean motion.

    Args:
        ways: name -> what makes motions of these very prompts.
        prompts: with their actions, which the judge knows; figures are of those alone of whose action something is
            held out and trained.
        mean_motion: (60, 136).
        libraries: that the model trained on; none: all.
        repeats: seeds a prompt.
        split: what is held out.
    """
    texts, actions = [text for text, _ in prompts], [action for _, action in prompts]
    intended = actions * repeats
    held, has_held = recorded(corpus, intended, split, seed=seed)
    # The floor is of training motions, which must be of the same actions in the same numbers.
    known, has_known = recorded(corpus, intended, "train", libraries, seed + 1)
    both = np.intersect1d(has_held, has_known)
    if not len(both):
        return {}
    held, known = _some(held, np.isin(has_held, both)), _some(known, np.isin(has_known, both))
    poses = poses_of(motions_of(corpus, trained(corpus, libraries, COMPARED, seed)).features)
    keep = np.isin(np.arange(len(intended)), both)
    _, real = judged(judge, held.motions.features)
    mean = whole(mean_motion.expand(len(both), -1, -1).contiguous(), held.actions)
    made = {name: _some(generated(way, texts, actions, repeats, seed), keep) for name, way in ways.items()}
    return {
        **{name: measures(one, judge, real, poses) for name, one in made.items()},
        "recorded, held out": measures(held, judge, None, poses),
        "recorded, training": measures(known, judge, real), "mean motion": measures(mean, judge, real, poses),
        "guessing": {"judge_top1": 1 / len(judge.actions), "judge_top5": min(5 / len(judge.actions), 1.0)},
    }  # fmt: skip


def _some(asked: Asked, keep: NDArray[np.bool_]) -> Asked:
    m = asked.motions
    some = torch.from_numpy(keep)
    motions = Motions(m.features[some], m.lengths[some], m.contacts[some])
    return Asked(motions, tuple(a for a, k in zip(asked.actions, keep, strict=True) if k), asked.prompts[keep])
