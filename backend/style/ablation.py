"""What each piece of the method is worth: the same prompts without it, in a table and on a sheet.

CLIP-Actor, Fig. 9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..encoders.base import JointEncoder
from ..protocol import StylizeRequest
from . import sheets
from .evaluation import scored, styled
from .options import ABLATIONS, StyleOptions, ablated
from .plan import make_plan
from .result import picture

PROMPTS = (
    "a man walking, wearing a red shirt and blue jeans",
    "a person wearing a green jacket and black trousers",
    "a person in an orange sweater and white trousers",
)


def ablate(
    guide: JointEncoder,
    judge: JointEncoder,
    options: StyleOptions,
    prompts: Sequence[str] = PROMPTS,
    names: Sequence[str] = tuple(ABLATIONS),
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[list[dict[str, Any]], list[tuple[str, np.ndarray]]]:
    """Style each prompt from a grey body with all of the method, and without each of its pieces.

    From grey, since a look that begins in the colours that words name has little left to find.

    Returns:
        a row for each piece, and for each a picture of the first prompt's look.
    """
    rows, pictures = [], []
    for i, name in enumerate(names):
        progress(name, i, len(names))
        own, looks = ablated(options, name), []
        for prompt in prompts:
            plan = make_plan(StylizeRequest(prompt=prompt, start="grey"), own, encoder=guide)
            shown, seconds = styled(plan, own)
            looks.append({**scored(plan, shown, judge), "seconds": seconds / own.steps})
            if prompt == prompts[0]:
                pictures.append((name, picture(plan, shown, sheets.SIDE)))
        rows.append({"piece": name, **_means(looks)})
    return rows, pictures


def _means(looks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    parts = [part for look in looks for part in look["parts"]] or [{"right": False, "distance": 0.0}]
    return {
        "colour_right": round(float(np.mean([p["right"] for p in parts])), 3),
        "colour_distance": round(float(np.mean([p["distance"] for p in parts])), 4),
        "guide": round(float(np.mean([look["after"]["guide"]["choice"] for look in looks])), 4),
        "judge": round(float(np.mean([look["after"]["judge"]["choice"] for look in looks])), 4),
        "judge_before": round(float(np.mean([look["grey"]["judge"]["choice"] for look in looks])), 4),
        "spikes_mm": round(float(np.mean([look["faults"]["after"]["spikes_mm"] for look in looks])), 3),
        "seconds": round(float(np.mean([look["seconds"] for look in looks])), 3),
    }


def show(rows: Sequence[dict[str, Any]]) -> str:
    """The table as text."""
    head = f"{'piece left out':20} {'colours right':>13} {'distance':>9} {'guide':>7} {'judge':>7} {'spikes mm':>9}"
    lines = [head]
    for row in rows:
        lines.append(
            f"{row['piece']:20} {row['colour_right']:13.2f} {row['colour_distance']:9.3f} {row['guide']:7.3f} "
            f"{row['judge']:7.3f} {row['spikes_mm']:9.2f}"
        )
    return "\n".join(lines)


def write_sheet(path: Path, rows: Sequence[dict[str, Any]], pictures: Sequence[tuple[str, np.ndarray]]) -> None:
    """Each piece: its name, what leaving it out comes to, the first prompt's look."""
    entries = []
    for (name, pixels), row in zip(pictures, rows, strict=True):
        title = name if name == "full" else f"without: {name.removeprefix('no ')}" if name.startswith("no ") else name
        said = (
            f"{title}\ncolours right {row['colour_right']:.0%}\nguide {row['guide']:.2f}   judge {row['judge']:.2f}"
        )
        entries.append((said, pixels))
    sheets.write_sheet(path, entries, columns=2)
