"""Install, check, repair and remove the backend's environment; the installer is a process that a timer looks at."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...backend.protocol import CheckRequest, ImpromptuError, InvalidInput
from .. import package, session
from ..client import runtime
from ..client.base_python import choose_base_python, lacking_modules
from ..client.install import RuntimeTask
from ..client.question import HostQuestion
from ..client.wheel_sets import load_data, megabytes
from ..preferences import host_command, host_environment, online_access, snapshot
from ..words import explain, say

TICK_S = 0.1
DIALOG = 420
"""Pixels of the question before an install; it has no tabs at its side."""
OFFLINE = "Blender's online access is off: allow it in the preferences, or choose a folder of wheels."
Task = RuntimeTask | HostQuestion


class State:
    """What goes on now; one for this Blender, and gone with it."""

    task: Task | None = None
    finished: Callable[[Any, Task], str] | None = None
    """Takes in what the task came to, and says it."""
    about = "runtime"
    """What the task, or the last one, is for: `runtime` or `models`."""
    subject = ""
    """The model that it is for; empty: none."""
    message = ""
    """What the last one came to, in one sentence."""
    failed = False
    resume = False
    """The last one was an install that can be gone on with."""


def running() -> Task | None:
    """The task that goes on now."""
    return State.task if State.task is not None and not State.task.done else None


def version() -> str:
    """Of the extension."""
    root = __package__.rpartition(".addon")[0]
    return str(getattr(sys.modules.get(root) or importlib.import_module(root), "__version__", ""))


def redraw() -> None:
    """Draw the panels and the preferences anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                area.tag_redraw()


def release_host() -> None:
    """End the backend's process, whose files are about to change.

    Raises:
        InvalidInput: it is working.
    """
    if session.has_queue():
        if session.queue().busy:
            raise InvalidInput("A job is running in the backend.", "Wait for its end or cancel it first.")
        session.close()


def start_installer(action: str, context: bpy.types.Context) -> RuntimeTask:
    """Start the installer's process.

    Raises:
        ImpromptuError: nothing can be started, with the reason.
    """
    settings = snapshot(context)
    fetches = action in {"install", "repair"}
    if fetches and not settings.wheels_folder and not online_access():
        raise InvalidInput(OFFLINE)
    if action != "verify":
        release_host()
    base = choose_base_python(settings.base_python, sys.executable)
    offer = runtime.make_offer(settings)
    folder = package.user_folder()
    return RuntimeTask(runtime.make_plan(action, offer, folder, base.path, version()))


def ask_host(request: Any, context: bpy.types.Context, limit_s: float = 300.0) -> HostQuestion:
    """Start a host for one question.

    Args:
        limit_s: seconds to wait for the answer in background mode.

    Raises:
        RuntimeMissing: there is none.
    """
    return HostQuestion(request, host_command(context), host_environment(context), package.user_folder(), limit_s)


def settle(context: bpy.types.Context) -> bool:
    """Take in what the task that has ended came to; `State` says it.

    Returns:
        whether it did well.
    """
    task, finished = State.task, State.finished
    assert task is not None
    State.task, State.finished = None, None
    State.resume = runtime.resumable(package.user_folder(create=False))
    error, cancelled = task.error, task.cancelled
    if error is None and not task.done:
        task.close()
        error = ImpromptuError("The installer did not end.", "Show the log.")
    if error is not None:
        State.message, State.failed = explain(error), not cancelled
    else:
        State.message, State.failed = finished(context, task) if finished else "", False
    redraw()
    return error is None


def tick() -> float | None:
    """Look at the process: one of Blender's own timers, which neither a closed window nor another file ends.

    Returns:
        seconds to the next look; None when there is nothing more to look at.
    """
    if State.task is None:
        return None
    if State.task.done:
        settle(bpy.context)
        return None
    if State.task.tick():
        redraw()
    return TICK_S


class TaskOperator:
    """Runs a task to its end: by a timer where there is a window, else waiting."""

    about = "runtime"
    """As `State.about`."""
    model = ""
    """As `State.subject`."""

    def start(self, context: bpy.types.Context) -> Task:
        """The task."""
        raise NotImplementedError

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Take in what a task that did well came to; returns the sentence for the person."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Start; wait in the background."""
        if running():
            self.report({"WARNING"}, say("The installer is at work: wait for it or cancel it"))
            return {"CANCELLED"}
        try:
            State.task = self.start(context)
        except ImpromptuError as error:
            return self.fail(error)
        State.finished, State.about, State.subject = self.finished, self.about, self.model
        State.message, State.failed = "", False
        if bpy.app.background or context.window is None:
            State.task.wait()
            return self.end(context)
        if not bpy.app.timers.is_registered(tick):
            bpy.app.timers.register(tick, first_interval=TICK_S, persistent=True)
        redraw()
        return {"FINISHED"}

    def end(self, context: bpy.types.Context) -> set[str]:
        """Report what a task that has ended came to; a script that cancels one does not get an exception."""
        well = settle(context)
        self.report({"ERROR"} if State.failed else {"INFO"}, State.message)
        return {"FINISHED"} if well else {"CANCELLED"}

    def fail(self, error: ImpromptuError) -> set[str]:
        """Say what went wrong before there was a task."""
        State.about, State.subject = self.about, self.model
        State.message, State.failed = explain(error), True
        # ERROR raises in scripts, which is what they need; a person sees the sentence in the panel as well.
        self.report({"ERROR"}, State.message)
        return {"CANCELLED"}


class IMPROMPTU_OT_install_runtime(TaskOperator, bpy.types.Operator):
    """Download and install what Impromptu computes with, into the extension's own folder. Tells the size first; Blender stays usable meanwhile"""  # noqa: E501

    bl_idname = "impromptu.install_runtime"
    bl_label = "Install"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Say what it will take, and ask."""
        try:
            settings = snapshot(context)
            if not settings.wheels_folder and not online_access():
                raise InvalidInput(OFFLINE)
            self._offer = runtime.make_offer(settings).sentence
            self._base = choose_base_python(settings.base_python, sys.executable)
        except ImpromptuError as error:
            return self.fail(error)
        return context.window_manager.invoke_props_dialog(self, width=DIALOG)

    def draw(self, context: bpy.types.Context) -> None:
        """The offer, in lines that fit."""
        from ..panels.runtime import paragraph

        column = self.layout.column(align=True)
        paragraph(column, self._offer, DIALOG + 40)
        number = ".".join(map(str, self._base.version))
        into = str(package.user_folder(create=False))
        paragraph(column, say("Into {folder}, with Python {number}.", folder=into, number=number), DIALOG + 40)
        paragraph(column, "smplx is for non-commercial use; the rest is free software.", DIALOG + 40)

    def start(self, context: bpy.types.Context) -> Task:
        """The installer."""
        return start_installer("install", context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Use what was installed."""
        kept = package.preferences(context)
        if kept is not None:
            kept.runtime_mode = "MANAGED"
        size, seconds = megabytes(task.metrics["bytes"]), task.metrics["seconds"]
        words = "The runtime is installed: {device} build, {size} on disk, in {seconds} s."
        return say(words, device=task.metrics["device"].upper(), size=size, seconds=f"{seconds:.0f}")


class IMPROMPTU_OT_repair_runtime(TaskOperator, bpy.types.Operator):
    """Install again what is missing or damaged in the runtime, and nothing else. Downloads those packages only"""

    bl_idname = "impromptu.repair_runtime"
    bl_label = "Repair"

    def start(self, context: bpy.types.Context) -> Task:
        """The installer."""
        return start_installer("repair", context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Name what was repaired."""
        names = task.metrics.get("repaired")
        if names is None:
            return say("The runtime was made again.")
        return say("Repaired {names}.", names=", ".join(names)) if names else say("Nothing was broken.")


class IMPROMPTU_OT_remove_runtime(TaskOperator, bpy.types.Operator):
    """Delete the installed runtime and its downloads. Jobs, models and Pythons of your own stay"""

    bl_idname = "impromptu.remove_runtime"
    bl_label = "Remove"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def start(self, context: bpy.types.Context) -> Task:
        """The installer."""
        return start_installer("uninstall", context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Say what was freed."""
        return say("The runtime was removed: {size} freed.", size=megabytes(task.metrics["freed"]))


class IMPROMPTU_OT_check_runtime(TaskOperator, bpy.types.Operator):
    """Start the backend, load what a job would and compute a little. Takes 10 to 30 seconds"""

    bl_idname = "impromptu.check_runtime"
    bl_label = "Check"

    files: BoolProperty(
        name="Files",
        description="Compare the installed packages with their lists first",
        default=False,
        options={"SKIP_SAVE"},
    )

    def start(self, context: bpy.types.Context) -> Task:
        """The installer where files are to be compared, else the backend itself."""
        return start_installer("verify", context) if self.files else ask_host(CheckRequest(), context)

    @staticmethod
    def finished(context: bpy.types.Context, task: Task) -> str:
        """Say on what it computes."""
        device = str(task.metrics.get("device", "")).upper()
        if "packages" in task.metrics:
            return say("All {count} packages are whole and import.", count=task.metrics["packages"])
        return say("The backend works, on {device}.", device=device or "CPU")


class IMPROMPTU_OT_cancel_install(bpy.types.Operator):
    """Stop what goes on. What was downloaded stays, and the same again goes on from there"""

    bl_idname = "impromptu.cancel_install"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something goes on."""
        return running() is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the process to end."""
        task = running()
        if task is not None:
            task.cancel()
        redraw()
        return {"FINISHED"}


class IMPROMPTU_OT_use_python(bpy.types.Operator):
    """Run the backend in a Python that you keep yourself. It is looked at, not changed"""

    bl_idname = "impromptu.use_python"
    bl_label = "Use This Python"

    filepath: StringProperty(name="Python", description="The python program", subtype="FILE_PATH")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Let the person choose it."""
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Look at it, and use it if it has the packages."""
        path = bpy.path.abspath(self.filepath)
        kept = package.preferences(context)
        try:
            if kept is None:
                raise InvalidInput("The add-on is not enabled, so it has no preferences.", "Enable it first.")
            lacking = lacking_modules(path, tuple(load_data()["imports"]))
            if lacking:
                text = f"{Path(path).name} there lacks {', '.join(lacking)}."
                raise InvalidInput(text, "Install them into it, or press Install.")
            release_host()
        except ImpromptuError as error:
            State.about, State.message, State.failed = "runtime", explain(error), True
            self.report({"ERROR"}, explain(error))
            return {"CANCELLED"}
        kept.python_path, kept.runtime_mode = path, "EXISTING"
        State.about, State.failed = "runtime", False
        State.message = say("The backend runs in {path}.", path=path)
        redraw()
        return {"FINISHED"}


class IMPROMPTU_OT_open_preferences(bpy.types.Operator):
    """Open the preferences where the setting in question is"""

    bl_idname = "impromptu.open_preferences"
    bl_label = "Preferences"

    section: EnumProperty(
        name="Section",
        description="Which page",
        items=(
            ("ADDON", "Impromptu", "The runtime, models and jobs"),
            ("NETWORK", "Online Access", "Whether Blender lets add-ons use the network"),
        ),
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show the window's page."""
        if bpy.app.background:
            self.report({"WARNING"}, say("There is no window in background mode"))
            return {"CANCELLED"}
        if self.section == "NETWORK":
            bpy.ops.screen.userpref_show()
            context.preferences.active_section = "SYSTEM"
        else:
            bpy.ops.preferences.addon_show(module=package.PACKAGE)
        return {"FINISHED"}


def unregister() -> None:
    """The add-on is disabled: nothing of it goes on."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if State.task is not None:
        State.task.close()
        State.task = None


classes = (
    IMPROMPTU_OT_install_runtime,
    IMPROMPTU_OT_cancel_install,
    IMPROMPTU_OT_repair_runtime,
    IMPROMPTU_OT_remove_runtime,
    IMPROMPTU_OT_check_runtime,
    IMPROMPTU_OT_use_python,
    IMPROMPTU_OT_open_preferences,
)
