"""The panel's main job, timed inside Blender, beside the same job with `keyframe_insert` for the keys.

Run as a script with a Python that has bpy, or as `blender --python rendering/bench_panel.py` with a window, where the
longest time between two redraws is measured too. IMPROMPTU_PYTHON names the backend's interpreter. The last line that
it prints is JSON: {"ours": times, "peer": times}, each {"progress_s", "keyframes_s", "write_s", "gap_s"}.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.bench_panel", run_name="__main__")

import itertools
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import bpy

from ..addon import registration, session
from ..addon.client.runner import STARTING
from .bench_actions import keyframe_insert_motion

PROMPT, SECONDS, FPS = "a man walking backwards", 10.0, 30
REPEATS = 3
TICK_S = 0.02
LIMIT_S = 300.0
Times = dict[str, float]


class Clock:
    """When things happened: the first progress that the host tells, its result, and every redraw of the window."""

    def __init__(self) -> None:
        self.progress = self.result = 0.0
        self.redraws: list[float] = []
        if not bpy.app.background:
            bpy.types.SpaceView3D.draw_handler_add(self._redrawn, (), "WINDOW", "POST_PIXEL")
        self._queue = session.queue()
        self._tick = self._queue.tick
        self._before: set[str] = set()
        self._queue.tick = self._watch

    def _redrawn(self) -> None:
        self.redraws.append(time.perf_counter())

    def _watch(self) -> list[Any]:
        changed = self._tick()
        for job in changed:
            if job.id in self._before:
                continue
            if job.stage not in ("", STARTING) and not self.progress:
                self.progress = time.perf_counter()
            if job.state == "done" and not self.result:
                self.result = time.perf_counter()
            elif job.finished and job.state != "done":
                raise RuntimeError(f"The job is {job.state}: {job.error}")
        return changed

    def start(self) -> float:
        """Forget what was and the jobs that were; returns now."""
        self._before = {job.id for job in self._queue.jobs}
        self.progress = self.result = 0.0
        self.redraws.clear()
        return time.perf_counter()

    def gap(self, start: float, end: float) -> float:
        """Longest time without a redraw between two moments; 0 without a window."""
        times = [start, *(t for t in self.redraws if start < t < end), end]
        return max(b - a for a, b in itertools.pairwise(times)) if self.redraws else 0.0


def clear() -> None:
    """An empty scene."""
    for collection in (bpy.data.objects, bpy.data.meshes, bpy.data.armatures, bpy.data.actions):
        for item in list(collection):
            collection.remove(item)


def keyed(before: set[str]) -> bool:
    """Whether a rig plays an action of the wanted length that was not there before."""
    for obj in bpy.context.scene.objects:
        action = obj.animation_data.action if obj.type == "ARMATURE" and obj.animation_data else None
        if action is not None and action.name not in before:
            return action.frame_range[1] - action.frame_range[0] > SECONDS * FPS - 3
    return False


def press_act() -> None:
    """What a click on Act does; blocks where there is no window."""
    if bpy.app.background:
        bpy.ops.impromptu.act()
        return
    window = bpy.context.window_manager.windows[0]
    area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
    region = next(r for r in area.regions if r.type == "UI")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.impromptu.act("INVOKE_DEFAULT")


def one(clock: Clock) -> Iterator[Times | None]:
    """One job, from the click to the keys."""
    before = set(bpy.data.actions.keys())
    start = clock.start()
    press_act()
    while not keyed(before):
        yield None
    end = time.perf_counter()
    # One more redraw, so that the landing's own pause counts.
    while not bpy.app.background and not any(t > end for t in clock.redraws):
        yield None
    yield {
        "progress_s": clock.progress - start,
        "keyframes_s": end - start,
        "write_s": end - clock.result,
        "gap_s": clock.gap(start, time.perf_counter()),
    }


def use_writer(write: Callable[..., Any]) -> None:
    """Let every module of the add-on write motions with this."""
    package = registration.__name__.rpartition(".")[0]
    for name, module in list(sys.modules.items()):
        if name.startswith(package) and hasattr(module, "write_motion"):
            module.write_motion = write  # type: ignore[attr-defined]


def insert_keys(rig: Any, body: Any, motion: Any, name: str, *_first: Any, **_options: Any) -> Any:
    """`keyframe_insert_motion`, called and answering like our writer."""
    keyframe_insert_motion(rig, body, motion, name)
    return rig.animation_data.action


def course() -> Iterator[dict[str, Times] | None]:
    """A job to warm the host and to make the actor, then ours and the peer's in turns on that actor."""
    from ..addon.scene.actions import write_motion

    settings = bpy.context.scene.impromptu
    settings.prompt, settings.seconds, settings.fps = PROMPT, SECONDS, FPS
    clock = Clock()
    clear()
    runs: dict[str, list[Times]] = {"warm-up": [], "ours": [], "peer": []}
    for name in ("warm-up", *("ours", "peer") * REPEATS):
        use_writer(insert_keys if name == "peer" else write_motion)
        for times in one(clock):
            if times is None:
                yield None
            else:
                runs[name].append(times)
    yield {
        name: {key: statistics.median(t[key] for t in runs[name]) for key in runs[name][0]}
        for name in ("ours", "peer")
    }


def leave(code: int) -> None:
    """End the host and this process; Blender as a module can hang in its own clean-up."""
    registration.unregister()
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Measure, print, end."""
    registration.register()
    steps, begun = course(), time.perf_counter()

    def step() -> float | None:
        try:
            found = next(steps)
            if time.perf_counter() - begun > LIMIT_S:
                raise TimeoutError(f"no end after {LIMIT_S} s")
        except Exception as error:  # noqa: BLE001 - said to whoever started this process
            print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
            leave(1)
            return None
        if found is not None:
            print("\n" + json.dumps(found))
            leave(0)
        for area in bpy.context.window_manager.windows[0].screen.areas if not bpy.app.background else ():
            area.tag_redraw()
        return TICK_S

    if bpy.app.background:
        while True:
            step()
    bpy.app.timers.register(step, first_interval=1.0)


if __name__ == "__main__":
    main()
