"""A request's looks, one after another: optimised, shown on the way, kept so that they can go on, baked."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..files import load_npz, write_json
from ..protocol import StylizeRequest, to_params
from ..provenance import versions
from .appearance import Shown
from .bake import bake_textures, write_textures
from .options import StyleOptions
from .plan import Plan, make_plan
from .result import (
    CHECKPOINT,
    PREVIEW,
    PREVIEW_PICTURE,
    continuous,
    picture,
    read_checkpoint,
    square,
    write_checkpoint,
    write_picture,
    write_style,
)
from .scores import faults, offsets_of, opinion, part_colours, pictures_of
from .stylist import Stylist

PREVIEW_S, CHECKPOINT_S = 3.0, 15.0
"""Seconds between previews, and between checkpoints."""
FIRST_PREVIEW = 5
"""Step after which the first preview is made."""


@dataclass(frozen=True)
class Hooks:
    """What a caller wants to hear; each may raise to end the work."""

    progress: Callable[[str, int, int], None] = lambda stage, step, total: None
    preview: Callable[[str], None] = lambda name: None
    """Called with a file's name in the folder."""


@dataclass
class Made:
    """What a request came to."""

    plan: Plan
    files: dict[str, str] = field(default_factory=dict)
    """Result files by name, in the folder."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The content of `result.json`."""


def make_looks(
    request: StylizeRequest, folder: Path, hooks: Hooks | None = None, options: StyleOptions | None = None
) -> Made:
    """Do what a request asks for.

    Writes `style.npz`, `albedo.png`, `normal.png` and, with more variants, `style_1.npz` ...; `result.json`; and on
    the way `preview.npz`, `preview.png` and `checkpoint.npz`, from which the same request goes on.

    Raises:
        ImpromptuError: with what to do about it. Whatever the hooks raise.
    """
    hooks = hooks or Hooks()
    options = replace(options or StyleOptions(), steps=request.steps, seed=request.seed)
    plan = make_plan(request, options, hooks.progress)
    digest = _digest(request, options, plan)
    saved = read_checkpoint(folder, digest)
    made, variants = Made(plan), []
    first = int(saved["variant"]) if saved is not None else 0
    for i in range(request.variants):
        own = replace(options, seed=request.seed + i)
        stylist = plan.stylist(own)
        done = i < first and (folder / f"finished_{i}.npz").is_file()
        if done or (saved is not None and i == first):
            stylist.restore(saved if i == first and saved is not None else _finished(folder, i))
        _run(stylist, plan, folder, hooks, digest, i)
        # From here on this look is safe, whatever becomes of those after it.
        write_checkpoint(folder, stylist, digest, i)
        if request.variants > 1:
            shutil.copyfile(folder / CHECKPOINT, folder / f"finished_{i}.npz")
        variants.append(_finish(stylist, plan, folder, made, i))
    made.facts = {**describe(request, plan, options), "variants": variants, "scores": variants[0]["scores"]}
    write_json(folder / "result.json", made.facts)
    made.files["result"] = "result.json"
    return made


def _finished(folder: Path, variant: int) -> dict[str, Any]:
    return load_npz(folder / f"finished_{variant}.npz")


def _run(stylist: Stylist, plan: Plan, folder: Path, hooks: Hooks, digest: str, variant: int) -> None:
    """The steps that are left of one look; a checkpoint is kept wherever they end."""
    total, variants = stylist.options.steps, plan.request.variants
    shown_at = kept_at = time.monotonic()
    started = stylist.step
    try:
        while stylist.step < total:
            hooks.progress("Styling", variant * total + stylist.step, variants * total)
            stylist.advance()
            now = time.monotonic()
            if now - shown_at > PREVIEW_S or stylist.step == started + FIRST_PREVIEW:
                _preview(stylist, plan, folder, hooks)
                shown_at = now
            if now - kept_at > CHECKPOINT_S:
                write_checkpoint(folder, stylist, digest, variant)
                kept_at = now
    except BaseException:
        # Whoever stops here can go on from here, and keeps what was seen last.
        if stylist.step > started:
            write_checkpoint(folder, stylist, digest, variant)
        raise
    hooks.progress("Styling", (variant + 1) * total, variants * total)


def _preview(stylist: Stylist, plan: Plan, folder: Path, hooks: Hooks) -> None:
    shown = stylist.shown()
    write_style(folder / PREVIEW, plan, shown)
    write_picture(folder / PREVIEW_PICTURE, square(picture(plan, shown)))
    hooks.preview(PREVIEW_PICTURE)


def _finish(stylist: Stylist, plan: Plan, folder: Path, made: Made, variant: int) -> dict[str, Any]:
    """Write one look; returns what is known of it."""
    shown = stylist.shown()
    suffix = f"_{variant}" if variant else ""
    write_style(folder / f"style{suffix}.npz", plan, shown)
    made.files[f"style{suffix}"] = f"style{suffix}.npz"
    facts: dict[str, Any] = {"file": f"style{suffix}.npz", "seed": stylist.options.seed}
    facts["scores"] = scores_of(plan, shown)
    facts["score"] = facts["scores"]["after"]["choice"]
    for name in ("albedo", "normal"):
        # Of another look, in a folder that is used again.
        (folder / f"{name}{suffix}.png").unlink(missing_ok=True)
    if plan.request.texture:
        evaluate, at_vertices = continuous(stylist, plan)
        along = (offsets_of(plan, shown) * plan.costume.direction).sum(1).numpy()
        textures = bake_textures(
            evaluate, plan.body.arrays, along, plan.costume.direction.numpy(), plan.request.texture,
            at_vertices=at_vertices,
        )  # fmt: skip
        if textures is not None:
            for name, path in write_textures(folder, suffix, textures).items():
                made.files[f"{name}{suffix}"] = facts[name] = path.name
    return facts


def scores_of(plan: Plan, shown: Shown) -> dict[str, Any]:
    """What the guide says of pictures that were not optimised, before and after; colours of parts; faults."""
    before = opinion(plan.encoder, pictures_of(plan, plan.begun()), plan.target)
    after = opinion(plan.encoder, pictures_of(plan, shown), plan.target)
    return {
        "before": asdict(before),
        "after": asdict(after),
        "parts": [{**asdict(part), "right": part.right} for part in part_colours(plan, shown)],
        "faults": asdict(faults(plan, shown)),
    }


def describe(request: StylizeRequest, plan: Plan, options: StyleOptions) -> dict[str, Any]:
    """The provenance of a look: enough to make it again."""
    given = to_params(request)
    left_out = ("prompt", "seed", "motion", "look", "image")
    sources = {name: _sha256(given[name]) for name in ("motion", "look", "image") if given.get(name)}
    return {
        "prompt": request.prompt,
        "style_text": plan.look.text,
        "seed": request.seed,
        "options": {**{k: v for k, v in given.items() if k not in left_out}, **options.to_json()},
        "sources": sources,
        "versions": versions(),
        "encoder": {"name": plan.encoder.name, "digest": plan.encoder.digest},
        "body": {"name": plan.body.name, "sha256": plan.body.sha256, "spec": request.body},
        "parts": [asdict(g.worn) for g in plan.costume.garments if g.asked],
        "frames": list(plan.content.times),
    }


def _sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _digest(request: StylizeRequest, options: StyleOptions, plan: Plan) -> str:
    """Of all that decides a look: a checkpoint of another is not gone on from."""
    facts = describe(request, plan, options)
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
