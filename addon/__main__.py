"""The panel's operators from a shell that has bpy: `python -m impromptu.addon act "a man walking" -o out.blend`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

FORMATS = (".blend", ".glb", ".fbx", ".usdc", ".abc", ".bvh", ".npz")


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="python -m impromptu.addon", description=__doc__)
    commands = out.add_subparsers(dest="command", required=True)
    act = commands.add_parser("act", help="a character acts the prompt; further prompts are appended")
    act.add_argument("prompt", nargs="+")
    act.add_argument(
        "-o", "--output", type=Path, action="append", default=[], help=f"{', '.join(FORMATS)}; repeatable"
    )
    act.add_argument("--body", default="auto", help="auto, neutral, male, female or a model file")
    act.add_argument("--seconds", type=float, default=0.0, help="length; 0: as long as the clip")
    act.add_argument("--fps", type=float, default=30.0)
    act.add_argument("--seed", type=int, default=0)
    act.add_argument("--variants", type=int, default=1)
    act.add_argument("--python", default="", help="the backend's Python; default: the installed runtime")
    return out


def run(options: argparse.Namespace) -> None:
    """Set the panel's settings and press its buttons.

    Raises:
        RuntimeError: an operator reported an error.
    """
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    s = bpy.context.scene.impromptu
    s.seconds, s.fps, s.seed, s.variants = options.seconds, options.fps, options.seed, options.variants
    if options.body in ("auto", "neutral", "male", "female"):
        s.body = options.body
    else:
        s.body, s.body_file = "file", str(Path(options.body).absolute())
    for i, prompt in enumerate(options.prompt):
        s.prompt = prompt
        (bpy.ops.impromptu.append if i else bpy.ops.impromptu.act)()
    for path in options.output:
        bpy.ops.impromptu.export(filepath=str(path.absolute()))
        print(path)


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code; 2 where an operator refused."""
    options = parser().parse_args(arguments)
    if options.python:
        os.environ["IMPROMPTU_PYTHON"] = options.python
    from . import registration

    registration.register()
    try:
        run(options)
    except RuntimeError as error:
        print(str(error).removeprefix("Error: ").strip(), file=sys.stderr)
        return 2
    finally:
        registration.unregister()
    return 0


if __name__ == "__main__":
    code = main()
    # Blender as a module crashes or hangs in its own clean-up at exit.
    import bpy

    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
