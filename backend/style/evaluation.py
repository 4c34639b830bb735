"""How good looks are: prompts and seeds, each styled, and judged by an encoder that never guided."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..encoders.base import JointEncoder
from ..encoders.guidance.trial import check_judge
from ..files import read_json, write_json
from ..protocol import InvalidInput, StylizeRequest
from .appearance import Shown
from .options import StyleOptions
from .plan import Plan, make_plan
from .result import picture, write_picture
from .scores import faults, opinion, part_colours, pictures_of, target_for
from .sheets import SIDE, write_sheet

Progress = Callable[[str, int, int], None]


def default_prompts() -> list[str]:
    """Garments, colours, uniforms and characters."""
    return list(read_json(Path(__file__).with_name("prompts.json")))


def read_prompts(path: str | Path) -> list[str]:
    """The prompts of a text file, one a line.

    Raises:
        InvalidInput: it cannot be read or holds none.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", "Give a text file in UTF-8.") from error
    prompts = [line.strip() for line in lines if line.strip()]
    if not prompts:
        raise InvalidInput(f"{path} holds no prompt.", "Write one a line.")
    return prompts


def evaluate(
    prompts: Sequence[str],
    seeds: Sequence[int],
    guide: JointEncoder,
    judge: JointEncoder,
    options: StyleOptions,
    start: str = "plain",
    kept: Path | None = None,
    progress: Progress = lambda *_: None,
    pictures: Path | None = None,
) -> list[dict[str, Any]]:
    """Style every prompt with every seed and score it.

    Args:
        start: of `StylizeRequest`.
        kept: a .json file with rows of an earlier run that was stopped; those with the same options are not made
            again, and each new row is written to it.
        progress: called before each look.
        pictures: a folder, for what each prompt's first seed looks like as it was cut and after: see `picture_of`.

    Returns:
        a row a look: `prompt`, `seed`, `grey`, `begun` and `after` (opinions of both encoders), `parts`, `faults`.

    Raises:
        InvalidInput: guide and judge are one encoder.
    """
    check_judge(guide, judge)
    key = json.dumps([options.to_json(), options.steps, start, guide.digest, judge.digest], default=str)
    rows = _kept_rows(kept)
    done = {(row["prompt"], row["seed"]) for row in rows if row.get("key") == key}
    total, at = len(prompts) * len(seeds), 0
    for prompt in prompts:
        plan: Plan | None = None
        for seed in seeds:
            progress(prompt, at, total)
            at += 1
            if (prompt, seed) in done:
                continue
            plan = plan or make_plan(StylizeRequest(prompt=prompt, start=start), options, encoder=guide)
            own = replace(options, seed=seed)
            shown, seconds = styled(plan, own)
            if pictures is not None and seed == seeds[0]:
                both = [picture(plan, state, SIDE) for state in (plan.begun(), shown)]
                write_picture(picture_of(pictures, prompt), np.concatenate(both, 1))
            rows.append({"key": key, **look_row(plan, own, judge, shown, seconds)})
            if kept is not None:
                write_json(kept, rows)
    own = [row for row in rows if row.get("key") == key]
    return [row for row in own if row["prompt"] in prompts and row["seed"] in seeds]


def _kept_rows(kept: Path | None) -> list[dict[str, Any]]:
    if kept is None or not kept.is_file():
        return []
    rows = read_json(kept)
    return rows if isinstance(rows, list) else []


def picture_of(folder: Path, prompt: str) -> Path:
    """Where a prompt's picture lies: four views as the look was cut, and four after."""
    return folder / (re.sub(r"\W+", "_", prompt.lower()).strip("_")[:80] + ".png")


def write_looks(path: Path, folder: Path, prompts: Sequence[str]) -> None:
    """The sheet of all prompts that have a picture in the folder."""
    entries = []
    for prompt in prompts:
        file = picture_of(folder, prompt)
        if file.is_file():
            with Image.open(file) as image:
                entries.append((prompt, np.asarray(image.convert("RGB"))))
    if entries:
        write_sheet(path, entries)


def look_row(plan: Plan, options: StyleOptions, judge: JointEncoder, shown: Shown, seconds: float) -> dict[str, Any]:
    """One look's row: what it is, how long a step took, its scores."""
    return {
        "prompt": plan.request.prompt,
        "seed": options.seed,
        "seconds": round(seconds / options.steps, 3),
        **scored(plan, shown, judge),
    }


def styled(plan: Plan, options: StyleOptions) -> tuple[Shown, float]:
    """A look and the seconds that it took."""
    stylist = plan.stylist(options)
    began = time.perf_counter()
    while stylist.step < options.steps:
        stylist.advance()
    return stylist.shown(), time.perf_counter() - began


def scored(plan: Plan, shown: Shown, judge: JointEncoder) -> dict[str, Any]:
    """Opinions of guide and judge of a grey body, of the look before and after; colours and faults."""
    judged, out = target_for(plan, judge), {}
    states = {"grey": _grey(plan), "begun": plan.begun(), "after": shown}
    for name, state in states.items():
        images = pictures_of(plan, state)
        out[name] = {
            "guide": asdict(opinion(plan.encoder, images, plan.target)),
            "judge": asdict(opinion(judge, images, judged)),
        }
    return {
        **out,
        "parts": [{**asdict(part), "right": part.right} for part in part_colours(plan, shown)],
        "faults": {"bare": asdict(faults(plan, None)), "after": asdict(faults(plan, shown))},
    }


def _grey(plan: Plan) -> Shown:
    """The body in one grey, in the clothes' shape."""
    begun = plan.begun()
    return Shown(begun.colour * 0 + 0.5, begun.displacement * 0)


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the looks, with the spread of seeds."""

    def mean(pick: Callable[[dict[str, Any]], float]) -> float:
        return round(float(np.mean([pick(row) for row in rows])), 4)

    out: dict[str, Any] = {"looks": len(rows)}
    for who in ("guide", "judge"):
        for what in ("cosine", "choice"):
            out[f"{who}_{what}"] = {
                state: mean(lambda row, s=state, w=who, x=what: row[s][w][x]) for state in ("grey", "begun", "after")
            }
        out[f"{who}_rises"] = mean(lambda row, w=who: row["after"][w]["choice"] > row["grey"][w]["choice"])
        out[f"{who}_rises_further"] = mean(lambda row, w=who: row["after"][w]["choice"] > row["begun"][w]["choice"])
    parts = [part for row in rows for part in row["parts"]]
    if parts:
        out["colour_right"] = round(float(np.mean([p["right"] for p in parts])), 4)
        out["colour_distance"] = round(float(np.mean([p["distance"] for p in parts])), 4)
        out["uneven"] = round(float(np.mean([p["uneven"] for p in parts])), 4)
        out["parts"] = len(parts)
    out["spikes_mm"] = mean(lambda row: row["faults"]["after"]["spikes_mm"])
    out["intersections"] = {
        name: mean(lambda row, n=name: row["faults"][n]["intersections"]) for name in ("bare", "after")
    }
    out["seed_spread"] = round(float(np.mean([np.std(list(s)) for s in _by_prompt(rows)])), 4)
    out["seconds_a_step"] = mean(lambda row: row["seconds"])
    return out


def _by_prompt(rows: Sequence[dict[str, Any]]) -> Iterator[list[float]]:
    for prompt in dict.fromkeys(row["prompt"] for row in rows):
        yield [row["after"]["judge"]["choice"] for row in rows if row["prompt"] == prompt]


def show(rows: Sequence[dict[str, Any]]) -> str:
    """The table as text: a line a prompt, the means below."""
    lines = [f"{'prompt':58} {'guide: grey begun after':>26} {'judge: grey begun after':>26}  colours"]
    for prompt in dict.fromkeys(row["prompt"] for row in rows):
        own = [row for row in rows if row["prompt"] == prompt]
        cells = [
            " ".join(f"{np.mean([r[s][who]['choice'] for r in own]):6.3f}" for s in ("grey", "begun", "after"))
            for who in ("guide", "judge")
        ]
        parts = [part for row in own for part in row["parts"]]
        right = f"{sum(p['right'] for p in parts)} of {len(parts)}" if parts else "-"
        lines.append(f"{prompt[:58]:58} {cells[0]:>26} {cells[1]:>26}  {right}")
    lines.append("")
    lines += [f"{name}: {value}" for name, value in summary(rows).items()]
    return "\n".join(lines)
