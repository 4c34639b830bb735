"""`impromptu semantify eval`: sliders of several numbers of words, beside the paper's figures and plain baselines."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..protocol.slider_map import SliderMap
from . import evaluation as ev
from .dataset import encode
from .measured import trait
from .mlp import train_mlp
from .scores import score
from .training import BY_PICTURES, BY_TAPE, Work

COUNTS = (2, 5, 10, 15)
PAPER = {
    "SMPL-X neutral": ("(8) 52.0 / 83.0", "40.2 / 51.2", "50.0 / 67.1", "51.9 / 86.9", "52.1 / 90.3"),
    "SMPL-X male": ("(6) 92.1 / 64.5", "38.6 / 30.1", "51.5 / 71.4", "49.7 / 83.5", "98.3 / 80.5"),
    "SMPL-X female": ("(4) 49.7 / 56.7", "27.1 / 49.5", "50.0 / 67.1", "47.4 / 83.0", "82.4 / 83.4"),
    "SMPL neutral": ("(6) 96.1 / 76.0", "80.4 / 48.7", "96.2 / 71.5", "99.6 / 85.2", "99.8 / 90.8"),
    "FLAME expression": ("(3) 13.4 / 56.8", "10.4 / 47.4", "19.3 / 67.2", "27.0 / 77.3", "34.4 / 85.0"),
}
"""Semantify, Table 1: coverage / overlap in per cent, of the chosen number of words, 2, 5, 10
and 15. Of other models, another encoder and other words."""


def evaluate(work: Work, epochs: int, counts: tuple[int, ...] = COUNTS) -> dict[str, Any]:
    """All figures of one model, on its held-out samples.

    Args:
        work: samples and scores.
        epochs: of the published mapper.
        counts: numbers of words besides the one that the choice finds; those that there are not words enough for
            are left out.
    """
    true = work.held_out.coefficients.astype(np.float64)
    usable = work.usable()
    choice = work.choose(forced=False)
    wanted = [("shipped", work.proved(work.choose().words))]
    wanted += [("chosen", choice.words)]
    wanted += [(str(n), work.choose(n, forced=False).words) for n in counts if n <= len(usable)]
    measured = work.held_out_measured
    told = {name: trait(name, measured) for name in ev.reported(work.family)}
    spread = {name: float(values.std()) for name, values in told.items() if values is not None}
    rows = [
        _row(work, words, true, epochs, spread, i == 0) | {"name": name} for i, (name, words) in enumerate(wanted)
    ]
    held_out = ev.known_words(work.descriptors, work.held_out_seen, measured, work.family.beyond, work.words.read)
    return {
        "model": work.studio.body.name,
        "template": work.template,
        "encoder": work.encoder.name,
        "way": work.options.way,
        "kind": work.options.kind,
        "samples": len(work.train) + len(work.held_out),
        "held_out": len(work.held_out),
        "known": {k.word: [k.rank, k.own] for k in held_out},
        "usable": usable,
        "by_tape": [word for word in usable if work.source(word) == BY_TAPE],
        "choice": {
            "words": list(choice.words), "regions": [list(r) for r in choice.regions],
            "silhouettes": choice.silhouettes, "threshold": choice.threshold,
        },
        "rows": rows,
        "paper": PAPER,
    }  # fmt: skip


def _row(
    work: Work, words: tuple[str, ...], true: np.ndarray, epochs: int, spread: dict[str, float], closely: bool
) -> dict[str, Any]:
    """The figures of one set of words; effects on the tape and on the encoder only where looked at closely."""
    columns = work.columns(words)
    scores = work.held_out_scores[:, columns]
    sliders = work.fit(words)
    mlp = train_mlp(work.scores[:, columns], work.train.coefficients, work.options.seed, epochs)
    vertices = work.studio.vertices
    pictured = [word for word in words if work.source(word) == BY_PICTURES]
    kinds = {kind: work.fit(words, kind) for kind in ("even", "pure", "plain")}
    return {
        "words": list(words),
        "reach": {k: list(v) for k, v in ev.reach(vertices, sliders, mlp, work.scores[:, columns]).items()},
        "predicted": {k: ev.errors(vertices, v, true) for k, v in ev.predictions(sliders, mlp, scores).items()},
        "reconstructed": {
            k: ev.errors(vertices, v, true) for k, v in ev.reconstructions(vertices, sliders, mlp, true).items()
        },
        "faithful": ev.faithful(sliders, scores, true),
        "seen": {kind: look(work, one) for kind, one in kinds.items()} if closely and pictured else {},
        "effects": ev.effects(work.studio, sliders, spread) if closely else [],
    }


def look(work: Work, sliders: SliderMap) -> dict[str, float]:
    """What the encoder sees of sliders at their ends, pictured anew; of words that it knows."""
    which = [i for i, word in enumerate(sliders.words) if work.source(word) == BY_PICTURES]
    columns = work.columns(tuple(sliders.words[i] for i in which))
    size = work.encoder.picture_size + work.encoder.picture_size % 2
    found = []
    for i in which:
        ends = [sliders.moved(sliders.mean, i, e) for e in (sliders.low[i], sliders.high[i])]
        vectors = np.stack([encode(work.encoder, work.studio.pictures(row, size)) for row in ends])
        found.append(score(work.words, vectors, work.options.way)[:, columns])
    return ev.seen(np.stack(found), work.scores[:, columns].std(0))


def _stature(told: dict[str, list[float]]) -> str:
    return "; height {:.2f} to {:.2f} m".format(*told["height"]) if "height" in told else ""


def _sources(found: dict[str, Any]) -> list[str]:
    words = [word for word in found["rows"][0]["words"] if word in found["by_tape"]]
    return ["", f"measured by tape, since the encoder does not know them: {', '.join(words) or 'none'}"]


def as_text(found: dict[str, Any]) -> str:
    """The figures as tables for a person."""
    lines = [
        f"{found['model']} ({found['template']}), encoder {found['encoder']}, scores by {found['way']}, "
        f"{found['kind']} sliders; {found['samples']:,} samples, {found['held_out']:,} of them held out",
        f"known words: {len(found['usable'])} of {len(found['known'])}",
        f"chosen: {', '.join(found['choice']['words'])}",
        "", "rank correlation of a word's score with the tape, held out (beyond stature, weight); * may be chosen:",
    ]  # fmt: skip
    ranked = sorted(found["known"].items(), key=lambda row: -(row[1][0] or 0.0))
    lines += [
        f"  {'not measured' if r is None else f'{r:+.2f} ({o:+.2f})':>13}  {w}{' *' if w in found['usable'] else ''}"
        for w, (r, o) in ranked
    ]
    lines += [""] + [f"{row['name']:>7}({len(row['words'])})  {', '.join(row['words'])}" for row in found["rows"]]
    lines += ["", "words     coverage / overlap, %              ours, MLP, single coefficients, PCA axes"]
    for row in found["rows"]:
        cells = [f"{100 * c:.1f} / {100 * o:.1f}" for c, o in row["reach"].values()]
        lines.append(f"{row['name']:>7}({len(row['words'])})  {'   '.join(cells)}")
    lines += [f"  paper, {k}: " + "; ".join(row) for k, row in found["paper"].items()]
    for what, title in (("predicted", "coefficients from scores"), ("reconstructed", "nearest setting of sliders")):
        lines += ["", f"{title}, held out: error in standard deviations, and of vertices in mm"]
        for row in found["rows"]:
            cells = [f"{k} {e['betas']:.3f}, {e['vertices_mm']:.1f} mm" for k, e in row[what].items()]
            lines.append(f"{row['name']:>7}({len(row['words'])})  {'; '.join(cells)}")
    chosen = found["rows"][0]
    lines += _sources(found)
    lines += ["", "sliders: held-out rank correlation of value and score; change of the tape over the range"]
    for one, rank in zip(chosen["effects"], chosen["faithful"], strict=True):
        told = sorted(one["change"].items(), key=lambda kv: -abs(kv[1]))[:4]
        uneven = [name for name, monotone in one["monotone"].items() if not monotone]
        lines.append(
            f"  {one['word']:16} {rank:+.2f}  " + ", ".join(f"{n} {v:+.1f} sd" for n, v in told)
            + _stature(one["from_to"])
            + (f"; not monotone: {', '.join(uneven)}" if uneven else "")
        )  # fmt: skip
    lines += ["", "seen by the encoder when a slider goes from low to high, pictured anew, in standard deviations:"]
    lines += [
        f"  {k:6} own word {v['own']:+.2f} (rises for {100 * v['rises']:.0f} %), other words {v['others']:.2f}, "
        f"purity {v['purity']:.2f}"
        for k, v in chosen["seen"].items()
    ]
    return "\n".join(lines)
