"""Hands and eyes inside a Blender window: move, click, type, look for buttons, wait, take pictures.

A scenario is a generator that yields seconds to wait. Blender runs it on a timer, between the events of its own
main loop, so that what is simulated is handled exactly as if a person had done it.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import bpy

Steps = Generator[Any, None, Any]
TICK_S = 0.01
REDRAW_S = 0.05
"""How often a redraw is asked for: without a graphics card each takes computing time from the job."""
KEYS = {" ": "SPACE", ",": "COMMA", ".": "PERIOD", "-": "MINUS", "\n": "RET"}
DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")


def window() -> Any:
    """The one window."""
    return bpy.context.window_manager.windows[0]


def view() -> Any:
    """Its 3D view."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind: str = "UI", area: Any = None) -> Any:
    """A region of an area; `UI` is the sidebar."""
    return next(r for r in (area or view()).regions if r.type == kind)


def override(kind: str = "WINDOW", area: Any = None) -> Any:
    """Context as if the mouse were there."""
    area = area or view()
    return bpy.context.temp_override(window=window(), area=area, region=region(kind, area))


class Mouse:
    """The simulated pointer and keyboard."""

    def __init__(self) -> None:
        self.x, self.y = 300, 300
        self.clicked = 0.0
        """When the button was last let go, perf_counter seconds."""

    def event(self, kind: str, value: str, **more: Any) -> None:
        """One event where the pointer is."""
        window().event_simulate(type=kind, value=value, x=int(self.x), y=int(self.y), **more)

    def move(self, x: float, y: float) -> Steps:
        """Go there; two events, since Blender ignores a pointer that has not moved within a region."""
        self.x, self.y = x - 1, y
        self.event("MOUSEMOVE", "NOTHING")
        yield 0
        self.x = x
        self.event("MOUSEMOVE", "NOTHING")
        yield 0

    def click(self, x: float, y: float) -> Steps:
        """Left button down and up."""
        yield from self.move(x, y)
        self.event("LEFTMOUSE", "PRESS")
        yield 0.03
        self.event("LEFTMOUSE", "RELEASE")
        self.clicked = time.perf_counter()
        yield 0.1

    def press(self, kind: str, **modifiers: Any) -> Steps:
        """A key down and up."""
        self.event(kind, "PRESS", **modifiers)
        yield 0
        self.event(kind, "RELEASE", **modifiers)
        yield 0.05

    def write(self, text: str) -> Steps:
        """Letter by letter."""
        for letter in text:
            kind = KEYS.get(letter) or (DIGITS[int(letter)] if letter.isdigit() else letter.upper())
            self.event(kind, "PRESS", unicode=letter)
            self.event(kind, "RELEASE")
            yield 0

    def scroll(self, lines: int) -> Steps:
        """Wheel over the pointer; positive goes down the page."""
        for _ in range(abs(lines)):
            self.event("WHEELDOWNMOUSE" if lines > 0 else "WHEELUPMOUSE", "PRESS")
            yield 0


class Gaps:
    """When the window drew itself: every timer tick asks for a redraw, every redraw is noted."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._handle = bpy.types.SpaceView3D.draw_handler_add(self._note, (), "WINDOW", "POST_PIXEL")

    def _note(self) -> None:
        self.times.append(time.perf_counter())

    def since(self, start: float) -> tuple[float, int]:
        """Longest time between two redraws since `start` (perf_counter seconds), and how many there were."""
        times = [start, *(t for t in self.times if t > start), time.perf_counter()]
        return max(b - a for a, b in itertools.pairwise(times)), len(times) - 2


class Driver:
    """Runs scenarios one after another, writes what they found to `report.json`, and quits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mouse = Mouse()
        self.gaps = Gaps()
        self.report: dict[str, Any] = {
            "blender": bpy.app.version_string,
            "checks": [],
            "pictures": [],
            "measured": {},
        }
        self._stack: list[Steps] = []
        self._until = self._end = self._redraw = 0.0

    # What scenarios say.

    def check(self, name: str, passed: Any, detail: Any = "") -> None:
        """Note one expectation."""
        self.report["checks"].append({"name": name, "passed": bool(passed), "detail": str(detail)[:2000]})
        print(f"{'ok    ' if passed else 'FAILED'} {name} {detail if not passed else ''}", flush=True)

    def measured(self, name: str, value: float) -> None:
        """Note one number."""
        self.report["measured"][name] = value
        print(f"       {name}: {value:.4g}", flush=True)

    def wait(self, done: Callable[[], Any], seconds: float, name: str) -> Steps:
        """Until `done()`; a wait that ends by the clock is a failed check."""
        end = time.perf_counter() + seconds
        while not done():
            if time.perf_counter() > end:
                self.check(name, False, f"not within {seconds} s")
                return
            yield TICK_S
        self.check(name, True)

    def picture(self, name: str, box: tuple[int, int, int, int] | None = None, kind: str = "") -> Steps:
        """The screen as NAME.xwd, and what to cut out of it: a box (x, y, width, height), or a region of the view.

        Blender's own screenshot reads a buffer that is black here; the virtual screen's memory is a file.
        """
        for area in window().screen.areas:
            area.tag_redraw()
        yield 0.4
        if kind:
            r = region(kind)
            box = (r.x, r.y, r.width, r.height)
        shutil.copyfile(self.folder / "Xvfb_screen0", self.folder / f"{name}.xwd")
        self.report["pictures"].append(
            {"name": name, "box": box, "trim": kind == "UI", "window": (window().width, window().height)}
        )

    def quiet(self, seconds: float) -> None:
        """Ask for no redraw for so long, other than what Blender does by itself."""
        self._redraw = time.perf_counter() + seconds

    # Looking for things.

    def hovered(self, kind: str = "UI", area: Any = None) -> str:
        """The button under the pointer: its operator call or its property's path, or nothing."""
        manager = bpy.context.window_manager
        manager.clipboard = ""
        with override(kind, area):
            if bpy.ops.ui.copy_python_command_button.poll():
                bpy.ops.ui.copy_python_command_button()
            elif bpy.ops.ui.copy_data_path_button.poll():
                bpy.ops.ui.copy_data_path_button(full_path=True)
        return str(manager.clipboard)

    def find(
        self, text: str, kind: str = "UI", area: Any = None, columns: tuple[float, ...] = (0.3, 0.6, 0.85)
    ) -> Steps:
        """Where the button is whose operator or property contains `text`: moves over the region. None if nowhere."""
        r = region(kind, area)
        for column in columns:
            for y in range(r.y + r.height - 12, r.y + 4, -11):
                yield from self.mouse.move(r.x + column * (r.width - 20), y)
                if text in self.hovered(kind, area):
                    return self.mouse.x, self.mouse.y
        return None

    def press_button(self, text: str, kind: str = "UI", area: Any = None) -> Steps:
        """Find a button and click it; whether it was there."""
        place = yield from self.find(text, kind, area)
        self.check(f"there is a button for {text}", place is not None)
        if place:
            yield from self.mouse.click(*place)
        return place

    def open_tab(self, panel: str) -> Steps:
        """Click along the sidebar's edge until the named panel is drawn."""
        drawn = []
        cls = getattr(bpy.types, panel)

        def note(_panel: Any, _context: Any) -> None:
            drawn.append(1)

        cls.append(note)
        view().spaces.active.show_region_ui = True
        yield 0.5
        r = region("UI")
        try:
            for y in range(r.y + r.height - 20, r.y + 20, -20):
                if drawn:
                    break
                yield from self.mouse.click(r.x + r.width - 10, y)
                yield 0.1
        finally:
            cls.remove(note)
        self.check("a click on the tab shows the panel", bool(drawn))
        return bool(drawn)

    # Running.

    def start(self, scenario: Callable[[Driver], Steps], seconds: float) -> None:
        """Run a scenario, at most so long, from Blender's next idle moment."""
        self._stack = [scenario(self)]
        self._end = time.perf_counter() + seconds
        bpy.app.timers.register(self._tick, first_interval=0.5, persistent=True)

    def _tick(self) -> float | None:
        try:
            if time.perf_counter() > self._redraw:
                self._redraw = time.perf_counter() + REDRAW_S
                for area in window().screen.areas:
                    if area.type == "VIEW_3D":
                        area.tag_redraw()
            if time.perf_counter() > self._end:
                self.check("the scenario ends in time", False)
                raise StopIteration
            if time.perf_counter() < self._until:
                return TICK_S
            self._until = time.perf_counter() + float(next(self._stack[-1]) or 0)
        except StopIteration:
            self._quit()
            return None
        except Exception:  # noqa: BLE001 - whatever it is, it is reported and Blender ends
            self.check("the scenario runs", False, traceback.format_exc())
            self._quit()
            return None
        return TICK_S

    def _quit(self) -> None:
        (self.folder / "report.json").write_text(json.dumps(self.report, indent=1), encoding="utf-8")
        bpy.ops.wm.quit_blender()


def folder() -> Path:
    """Where the report and the pictures go."""
    return Path(os.environ["IMPROMPTU_WINDOW_FOLDER"])
