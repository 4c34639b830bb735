"""A preview's film, drawn by `drafts`, beside the same frames from Cycles: run under bpy, prints a line of JSON.

`python rendering/bench_film.py JOB`, JOB being a folder with `body.npz` and `motion.npz`, prints
{"ours_s", "cycles_s", "frames"}: seconds of the whole film each, encoding and all.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.bench_film", run_name="__main__")

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from ..addon.scene import actor_data
from ..addon.scene.actor import build_actor
from .film import film_times
from .frames import Quality
from .previews import FILM_FPS, Previews
from .scene import clear_scene, create_stage

SECONDS, SIZE, SAMPLES = 1.0, 480, 4


def film(folder: Path, fps: float, drawn: bool) -> float:
    """Seconds that a film takes."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        show = Previews(Path(scratch), Quality(SIZE, SIZE, SAMPLES), SECONDS, fps, lambda *_: None, drawn)
        # Kernels are loaded in the first.
        Previews(Path(scratch), Quality(SIZE, SIZE, SAMPLES), 0.0, fps, lambda *_: None).at(0.0)
        start = time.perf_counter()
        show.write_film(Path(scratch) / "film.mp4", "a person moves")
        return time.perf_counter() - start


def main(argv: list[str]) -> None:
    """Measure and print."""
    folder = Path(argv[-1])
    body = actor_data.load_body(folder / "body.npz")
    motion = actor_data.load_motion(folder / "motion.npz", len(body.parents))
    clear_scene()
    create_stage(build_actor(body, motion, "Actor", {}, {}), body.joint_names, motion.fps, 1.0)
    found = {"ours_s": film(folder, motion.fps, True), "cycles_s": film(folder, motion.fps, False)}
    print(json.dumps({**found, "frames": len(film_times(SECONDS, FILM_FPS))}))


if __name__ == "__main__":
    main(sys.argv)
    # Blender as a module can hang in its own clean-up.
    sys.stdout.flush()
    os._exit(0)
