"""Takes pictures for another process until that has no more: one Blender, one scene, as many batches as come.

Run as `python rendering/pictures.py FOLDER` with a Python that has bpy, or as
`blender -b --python rendering/pictures.py -- FOLDER`. The folder is this program's own: it holds its log and its
pictures, and it is removed when standard input ends, as when the process that started this one is gone.

Standard input carries a line of JSON a batch: `{"scenes": .npz of backend.pictures.scenes.Scenes, "first": the
index to begin with, "options": fields of EngineOptions}`. Standard output answers in lines of JSON:
`{"ready": {"blender": version}}` once; for each picture `{"picture": index, "file": path, "margin", "fine" (see
`engines.Film`), "seconds": {"sync", "render", "write"}}`; `{"done": pictures taken}` after a batch.
`{"error": {"code", "message", "hint"}}` is the last line of a program that cannot go on.
"""

from __future__ import annotations

if not __package__:
    # As a script: make the package importable, then start again as a module of it.
    import runpy
    from pathlib import Path

    runpy.run_path(str(Path(__file__).with_name("bootstrap.py")))
    runpy.run_module("impromptu.rendering.pictures", run_name="__main__")

import json
import os
import queue
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..backend.protocol import EngineOptions
from .process import LOG, Channel, ending, read_lines


class Taker:
    """Takes batch after batch, and keeps the studio while the topology stays."""

    def __init__(self, folder: Path, channel: Channel) -> None:
        self.folder, self.channel = folder, channel
        self.studio: Any = None
        self.taken = 0

    def take(self, order: dict[str, Any]) -> None:
        """Take a batch and tell about each picture."""
        from .studio import Pictures, Studio

        pictures = Pictures.load(Path(order["scenes"]))
        if self.studio is None or not self.studio.fits(pictures):
            self.studio = Studio(pictures.faces, pictures.vertices.shape[1], pictures.light_direction.shape[1])
        film = self.studio.set_up(EngineOptions(**order["options"]), pictures.height, pictures.width)
        first = int(order.get("first", 0))
        for i in range(first, len(pictures)):
            start = time.perf_counter()
            self.studio.arrange(pictures, i)
            arranged = time.perf_counter()
            self.studio.render()
            rendered = time.perf_counter()
            # Never a name twice: the reader may be slower than this.
            path = self.folder / f"{self.taken:08d}.tga"
            self.taken += 1
            self.studio.write(path)
            written = time.perf_counter()
            seconds = {"sync": arranged - start, "render": rendered - arranged, "write": written - rendered}
            # Blender prints a page for each picture; what is kept is the last one's.
            os.truncate(self.folder / LOG, 0)
            self.channel.send({"picture": i, "file": str(path), **asdict(film), "seconds": seconds})
        self.channel.send({"done": len(pictures) - first})


def main(argv: list[str]) -> None:
    """Serve until standard input ends, then end the process."""
    folder = Path(argv[-1]).absolute()
    orders: queue.Queue[bytes] = queue.Queue()
    channel = Channel(folder / LOG)
    read_lines(orders.put, lambda: shutil.rmtree(folder, ignore_errors=True))
    with ending(channel):
        import bpy

        channel.send({"ready": {"blender": bpy.app.version_string}})
        taker = Taker(folder, channel)
        while True:
            taker.take(json.loads(orders.get()))


if __name__ == "__main__":
    main(sys.argv)
