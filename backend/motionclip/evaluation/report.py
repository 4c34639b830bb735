"""The figures of an evaluation as tables of plain text: chance and baselines stand beside every one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_ERRORS = {
    "pose_mm": "pose mm", "place_mm": "place mm", "rotation_deg": "rot deg", "velocity_mm_per_frame": "vel mm/f",
    "path_end_cm": "end cm", "slide_mm_per_frame": "slide mm/f", "speed_m_per_s": "speed m/s",
}  # fmt: skip
_RATES = {
    "clip_top1": "top-1", "clip_top5": "top-5", "balanced_top1": "bal. 1", "balanced_top5": "bal. 5",
    "window_top1": "win. 1", "window_top5": "win. 5",
}  # fmt: skip
_RECALL = ("R@1", "R@3", "R@10", "median_rank")
_RUNS = ("clips", "pose mm", "place mm", "slide mm/f", "top-1", "top-5", "bal. 1", "R@1", "R@10", "median rank")
_MADE = {
    "windows": "windows", "judge_top1": "judge 1", "judge_top5": "judge 5", "frechet": "FD", "nearest_mm": "near mm",
    "diversity": "divers.", "within_prompt": "a prompt", "speed_m_per_s": "speed", "jerk_m_per_s3": "jerk",
    "slide_mm_per_frame": "slide", "contact_share": "contact",
}  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with aligned columns, the first to the left."""
    lines = [list(head), *([*row] for row in rows)]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return [
        "  " + "  ".join([line[0].ljust(wide[0]), *(c.rjust(w) for c, w in zip(line[1:], wide[1:], strict=True))])
        for line in lines
    ]


def number(value: Any, digits: int = 1, share: bool = False) -> str:
    """A figure; `-` where there is none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if share:
        return f"{100 * value:.{digits}f}"
    return f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"


def set_line(name: str, counts: Mapping[str, Any]) -> str:
    """What a set is: how much, and how new."""
    of = "" if counts["clips"] == counts["clips_held_out"] else f" by lot of {counts['clips_held_out']:,}"
    # 1.96 sqrt(p (1 - p) / n) at a half: clips are independent, their windows are not.
    sure = f"; a rate of 50 % is within {98 / counts['clips'] ** 0.5:.0f} points"
    retaken = f"; {100 * counts['retaken']:.0f} % made of motions of which other takes are trained on"
    same = f"; {counts['dropped']} more left out, as they are trained on under the same name"
    few = "; FEW: these figures say little"
    return (
        f"{name}: {counts['windows']:,} windows, {counts['clips']:,} clips{of}{sure}"
        + (retaken if counts["retaken"] else "")
        + (same if counts["dropped"] else "")
        + (few if counts["few"] else "")
    )


def as_text(found: Mapping[str, Any]) -> str:
    """All tables."""
    split = found["split"]
    trained = found["trained"]
    lines = [
        f"auto-encoder of {found['model']['parameters']:,} parameters, latent of {found['model']['latent']}",
        f"baselines: of {trained['windows']:,} windows of `train`, {trained['clips']:,} clips, "
        f"{trained['actions']} actions",
        f"measured on what is held out as `{split}`:",
        *(f"  {set_line(name, counts)}" for name, counts in found["sets"].items()),
    ]  # fmt: skip
    if not found["sets"]:
        return "\n".join([*lines, "  nothing"])
    lines += _reconstruction(found) + _recognition(found) + _retrieval(found)
    if "generation" in found:
        lines += _generation(found["generation"])
    if "ablation" in found:
        lines += ["", "Runs side by side; chance in brackets.", "", ablation_text(found["ablation"])]
    return "\n".join(lines)


def _reconstruction(found: Mapping[str, Any]) -> list[str]:
    lines = [
        "", "Reconstruction. pose: joints from the pelvis, heading ahead; place: joints in space; rot: rotations;",
        "vel: joints' steps; end: the pelvis on the floor in the last frame; slide: soles in contact in the data.",
    ]  # fmt: skip
    for name, rows in found["reconstruction"].items():
        lines += ["", _titled(name, found)]
        lines += table(["", *_ERRORS.values()], [
            [who, *(number(row[k], 2 if "speed" in k or "slide" in k else 1) for k in _ERRORS)]
            for who, row in rows.items()
        ])  # fmt: skip
    return lines


def _recognition(found: Mapping[str, Any]) -> list[str]:
    lines = [
        "", "Recognition, %. Of clips (mean of their windows' scores), balanced (mean over actions), of windows.",
        "labels, bare name: cosine with the mean vector of an action's training labels, or with its name's; the",
        "other rows learn from the actions of the training windows, which the latent's words do not.",
    ]  # fmt: skip
    for name, told in found["recognition"].items():
        lines += ["", f"{_titled(name, found)}: {told['clips']:,} clips of {len(told['actions'])} actions"]
        if not told["rates"]:
            lines.append("  fewer than two actions: nothing to tell apart")
            continue
        lines += table(["", *_RATES.values()], [
            [who, *(number(row.get(k), share=True) for k in _RATES)] for who, row in told["rates"].items()
        ])  # fmt: skip
    return lines


def _retrieval(found: Mapping[str, Any]) -> list[str]:
    lines = ["", "Retrieval among the clips of a set, %, and the median rank; in brackets: random orders.", ""]
    rows = []
    for name, asked in found["retrieval"].items():
        for way, arrow in (("text_to_motion", "text -> motion"), ("motion_to_text", "motion -> text")):
            ours, luck = asked[way]["model"], asked[way]["chance"]
            cells = [f"{_recall(ours, k)} ({_recall(luck, k)})" for k in _RECALL]
            few = " (few)" if found["sets"][name]["few"] else ""
            rows.append([f"{name}{few}, {arrow}", f"{asked['texts']} / {asked['clips']}", *cells])
    return lines + table(["", "texts / clips", *(k.replace("_", " ") for k in _RECALL)], rows)


def _recall(row: Mapping[str, float], key: str) -> str:
    return number(row[key], share=key.startswith("R@"))


def _generation(found: Mapping[str, Any]) -> list[str]:
    lines = [
        "", "Generation, judged by a classifier that shares nothing with the model. Compare with its rate on",
        "held-out recordings: it was trained on the others. judge: the intended action first, among five, %;",
        "FD: Frechet distance of its features to held-out recordings, as many of each action; divers.: mean distance",
        "of two motions, a prompt: of two of one prompt; speed m/s and jerk m/s^3 of joints; slide mm a frame and",
        "contact % by contacts found in the motion itself. nearest label: no model, but a training window whose text",
        "is nearest to the prompt's. near: root mean square distance of joints to the nearest training window.",
    ]  # fmt: skip
    for name, rows in found.items():
        lines += ["", f"prompts: {name}"]
        if not rows:
            lines.append("  no prompt of an action that the judge knows and recordings are of")
            continue
        lines += table(["", *_MADE.values()], [
            [who, *(number(row.get(k), _digits(k), k.startswith(("judge", "contact"))) for k in _MADE)]
            for who, row in rows.items()
        ])  # fmt: skip
    return lines


def _digits(key: str) -> int:
    return 0 if key == "jerk_m_per_s3" else 1 if key.startswith(("judge", "contact")) else 2


def _titled(name: str, found: Mapping[str, Any]) -> str:
    return f"{name} (few)" if found["sets"][name]["few"] else name


def ablation_text(found: Mapping[str, Any]) -> str:
    """The table of `runs.ablation`: every run on every set, chance in brackets."""
    head = ["", *_RUNS]
    rows = []
    for name in dict.fromkeys(s for run in found.values() for s in run["sets"]):
        for run, one in found.items():
            r = one["sets"][name]
            few = " (few)" if r["few"] else ""
            cells = [number(r[k], d) for k, d in (("pose_mm", 1), ("place_mm", 1), ("slide_mm_per_frame", 2))]
            for k in ("clip_top1", "clip_top5", "balanced_top1", "R@1", "R@10"):
                cells.append(f"{number(r[k], share=True)} ({number(r[f'{k}_chance'], share=True)})")
            cells.append(f"{number(r['median_rank'])} ({number(r['median_rank_chance'])})")
            rows.append([f"{name}{few}, {run} (step {one['step']:,})", number(r["clips"]), *cells])
    return "\n".join(table(head, rows))
