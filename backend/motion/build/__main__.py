"""`python -m impromptu.backend.motion.build --motions WHEEL_OR_DIR -o DIR [--sheets DIR]`: the default library."""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from ...protocol import InvalidInput
from ..clip import Clip
from ..library import Library
from ..ops import face_forward, mirror
from . import everyday, exercise, footwork, gestures
from .derived import GAITS, OVERLAYS, SIMPLE, relabelled
from .finish import finish
from .recorded import recorded
from .solve import solve

MIRRORED = ("wave_right", "point_right", "point_side", "raise_hand", "side_step_left", "turn_left", "turn_around",
            "side_lunge", "kick_front", "kick_ball", "throw", "step_over")  # fmt: skip
"""Key-posed clips that also ship for the other side."""


def build(motions: str | Path) -> list[Clip]:
    """Every clip of the default library, finished, in order: recordings, key-posed ones, derivations."""
    real = recorded(motions)
    keyed = {a.name: solve(a) for m in (gestures, everyday, exercise, footwork) for a in m.ACTIONS}
    for name in (n for n in MIRRORED if n in keyed):
        keyed[other_side(name)] = mirror(keyed[name]).with_(name=other_side(name))
    base = {name: face_forward(clip) for name, clip in real.items()} | keyed
    made = [relabelled(item.make(base), item) for item in (*SIMPLE, *GAITS, *OVERLAYS)]
    return [finish(clip) for clip in (*real.values(), *keyed.values(), *made)]


def other_side(name: str) -> str:
    """A mirrored clip's name."""
    if "right" in name or "left" in name:
        return name.replace("left", "#").replace("right", "left").replace("#", "right")
    return f"{name}_mirrored"


def write(clips: list[Clip], folder: Path) -> None:
    """Replace the library in a folder, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fresh = Path(temporary) / "library"
        library = Library.create(fresh)
        library.add(clips)
        problems = Library.open(fresh).verify()
        if problems:
            raise InvalidInput(f"The library is not sound: {problems[0]}.", "Report this.")
        for extra in fresh.glob(".*"):
            shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
        if folder.exists():
            shutil.rmtree(folder)
        shutil.move(fresh, folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--motions", required=True, type=Path, help="the pybullet 3.2.7 wheel, or its folder of motions"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, help="folder of the library, replaced")
    parser.add_argument("--sheets", type=Path, help="folder for preview sheets")
    parser.add_argument("--body", type=Path, help="body .npz for the sheets")
    args = parser.parse_args()
    clips = build(args.motions)
    write(clips, args.output)
    if args.sheets:
        from .sheets import write_sheets

        write_sheets(clips, args.sheets, args.body)
    texts = {label.text for clip in clips for label in clip.labels}
    size = sum(f.stat().st_size for f in args.output.rglob("*") if f.is_file())
    print(f"{len(clips)} clips, {len(texts)} labels, {sum(c.seconds for c in clips):.0f} s, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
