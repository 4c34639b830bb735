"""`python -m impromptu.backend.motion.build.takes -o FOLDER --count 8 --overlays 400 --seed 0 [--jobs 2]`."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from ....protocol import InvalidInput
from ...library import Library
from .make import make_takes

BATCH = 400
"""Clips that are written to the library at a time."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write takes of the shipped motions as a motion library.")
    parser.add_argument("-o", "--output", required=True, type=Path, help="folder of the library, new or empty")
    parser.add_argument("--count", type=int, default=8, help="takes of every clip")
    parser.add_argument("--overlays", type=int, default=400, help="clips of a gesture over a walk")
    parser.add_argument("--seed", type=int, default=0, help="other seeds, other takes")
    parser.add_argument("--only", nargs="*", default=(), metavar="CLIP", help="take these clips only")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    args = parser.parse_args()
    began = time.perf_counter()
    library = Library.create(args.output)
    if library.entries:
        raise InvalidInput(f"{args.output} holds {len(library.entries)} clips.", "Name a new or empty folder.")
    names: Counter[str] = Counter()
    seconds, drawn, batch = 0.0, 0, []
    for clip in make_takes(args.count, args.seed, args.overlays, args.only, args.jobs):
        names[clip.meta["take_of"]] += 1
        seconds, drawn = seconds + clip.seconds, drawn + clip.meta["tries"]
        batch.append(clip)
        if len(batch) == BATCH:
            library.add(batch)
            batch = []
    library.add(batch)
    made = sum(names.values())
    wanted = args.count * len(set(args.only) or Library.open().entries) + args.overlays
    print(f"{made} takes, {wanted - made} given up, {drawn} draws, {seconds / 60:.1f} min of motion, "
          f"written in {time.perf_counter() - began:.0f} s")  # fmt: skip


if __name__ == "__main__":
    main()
