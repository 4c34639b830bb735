"""An actor of a .blend file gets another look: read it, optimise, write it; what `impromptu stylize` does."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .blender import read_actor, style_actor
from .outputs import check_writable
from .protocol import ACTOR_FORMATS, PREVIEW_FORMATS, InvalidInput, JobCancelled, StylizeRequest, check_suffix
from .style.making import Hooks, make_looks
from .takes import Progress, no_progress

READ, LOOKS = "actor", "looks"
"""Folders of a job: what was read, and what was made."""


def restyle(
    blend: Path,
    request: StylizeRequest,
    outputs: Sequence[Path],
    previews: Sequence[Path] = (),
    actor: str = "",
    blended: bool = False,
    job: Path | None = None,
    progress: Progress = no_progress,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Restyle an actor and write it.

    Args:
        blend: the file that it is in, which stays as it is unless it is an output.
        request: body, betas, motion and look are filled in from the actor.
        outputs, previews: what to write; further variants have their number behind the name.
        actor: name of its rig or mesh; may be empty where the file holds one actor.
        blended: keep the look that it has, and blend the two by a slider.
        job: folder that keeps checkpoints, so that the same call goes on from there; by default a temporary one.

    Returns:
        the content of `result.json`, and `files`.

    Raises:
        ImpromptuError: with what to do about it; no output is then written or changed.
    """
    for path in outputs:
        check_suffix(path, ACTOR_FORMATS, "A character")
    for path in previews:
        check_suffix(path, PREVIEW_FORMATS, "A preview")
    check_suffix(blend, (".blend",), "An actor of another program")
    if request.variants > 1 and blend.resolve() in [path.resolve() for path in outputs]:
        raise InvalidInput("Several variants cannot take the place of one file.", "Name another file with -o.")
    numbered = [f"_{i}" if i else "" for i in range(request.variants)]
    check_writable([path for suffix in numbered for path in _numbered([*outputs, *previews], suffix)])

    def report(stage: str, step: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise JobCancelled("Cancelled; nothing was written.")
        progress(stage, step, total)

    with _folder(job) as folder:
        found = _read(folder, blend, actor, progress, cancelled)
        asked = _filled(request, found, folder / READ)
        looks = folder / LOOKS
        looks.mkdir(exist_ok=True)
        made = make_looks(asked, looks, Hooks(progress=report))
        files: list[str] = []
        for i in range(request.variants):
            suffix = f"_{i}" if i else ""
            style_actor(
                looks, blend, _numbered(outputs, suffix), _numbered(previews, suffix), actor, f"style{suffix}.npz",
                {**made.facts, **made.facts["variants"][i]}, blended, on_progress=progress, cancelled=cancelled,
            )  # fmt: skip
            files += map(str, (*_numbered(outputs, suffix), *_numbered(previews, suffix)))
    return {**made.facts, "actor": found["name"], "files": files}


def _read(
    folder: Path, blend: Path, actor: str, progress: Progress, cancelled: Callable[[], bool] | None
) -> dict[str, Any]:
    read = folder / READ
    read.mkdir(exist_ok=True)
    return read_actor(read, blend, actor, progress, cancelled)


def _filled(request: StylizeRequest, found: dict[str, Any], folder: Path) -> StylizeRequest:
    """The request with the actor's body, shape, motion and, where it is asked for, present look."""
    betas = tuple((str(axis), float(value)) for axis, value in found["betas"])
    look = str(folder / "look.npz") if request.start == "present" else ""
    return replace(request, body=found["body"], betas=betas, motion=str(folder / "motion.npz"), look=look)


def _numbered(paths: Sequence[Path], suffix: str) -> list[Path]:
    return [path.with_stem(path.stem + suffix) for path in paths]


@contextlib.contextmanager
def _folder(job: Path | None) -> Iterator[Path]:
    """The job's folder, or one for the time being.

    Raises:
        InvalidInput: it is a file.
    """
    if job is None:
        with tempfile.TemporaryDirectory(prefix="impromptu-") as name:
            yield Path(name)
        return
    if job.exists() and not job.is_dir():
        raise InvalidInput(f"{job} is a file.", "Name a folder for the job.")
    job.mkdir(parents=True, exist_ok=True)
    yield job
