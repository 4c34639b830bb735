"""A set of pictures that costs nothing, for workers of a cluster: preloaded by them and imported by the tests.

Files in a folder say how its engine misbehaves: most by whoever first moves them away, some by everybody.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np
from impromptu.backend.pictures import engines, hands, plans
from impromptu.backend.pictures.plan import Shot
from impromptu.backend.pictures.scenes import Scenes
from impromptu.backend.protocol import RuntimeMissing

FOLDER = Path(os.environ.get("IMPROMPTU_TEST_FAULTS", "."))
SIZE = 16


class Plan:
    def __init__(self, request):
        self.request = request

    def __len__(self):
        return self.request.count * self.request.views

    def rows(self, indices):
        return [{"number": i, "seed": self.request.seed, "height": i / 7, "word": "Größe"} for i in indices]

    def scenes(self, rows):
        n = len(rows)
        one = np.ones((n, 1, 3), np.float32)
        return Scenes(
            faces=np.zeros((1, 3), np.int64), vertices=one.repeat(3, 1), colours=one.repeat(3, 1),
            roughness=np.ones((n, 3)), metallic=np.zeros((n, 3)), parts=np.zeros((n, 3), np.uint8),
            part_names=("body",), camera_rotation=np.eye(3)[None].repeat(n, 0), camera_position=np.zeros((n, 3)),
            fov=np.ones(n), height=SIZE, width=SIZE, light_direction=one, light_colour=one, ambient=one[:, 0],
            backdrop=("plain",) * n, backdrop_colours=one.repeat(2, 1), seeds=np.array([r["number"] for r in rows]),
        )  # fmt: skip

    def describe(self, row, parts):
        return {"seen": int((parts != 255).sum())}


class Engine:
    name = "stand-in"

    def __init__(self):
        if ordered("no-engine"):
            raise RuntimeMissing("Blender is not installed.", "Install it.")
        for name in ("open", "opened"):
            (FOLDER / f"{name}-{os.getpid()}").touch()

    def shoot(self, scenes, check):
        for number in scenes.seeds:
            check()
            time.sleep(0.01)
            misbehave(int(number), check)
            rng = np.random.default_rng(int(number))
            parts = np.where(rng.random((SIZE, SIZE)) < 0.5, 0, 255).astype(np.uint8)
            yield Shot(rng.integers(0, 255, (SIZE, SIZE, 3), dtype=np.uint8), parts)

    def close(self):
        (FOLDER / f"open-{os.getpid()}").unlink(missing_ok=True)


def ordered(what):
    """Whether this process is the one to do it."""
    try:
        (FOLDER / what).rename(FOLDER / f"{what}-by-{os.getpid()}")
    except FileNotFoundError:
        return False
    return True


def misbehave(number, check):
    if (FOLDER / f"deadly-{number}").exists() or ordered("die"):
        os.kill(os.getpid(), signal.SIGKILL)
    if (FOLDER / f"faulty-{number}").exists() or ordered("fail"):
        raise ZeroDivisionError("division by zero")
    if ordered("sleep"):
        try:
            while True:
                time.sleep(0.05)
                check()
        finally:
            (FOLDER / "woken").touch()


def install():
    """Put the set and its engine into the place of real ones."""
    plans.PLANS["shapes"] = Plan
    engines.ENGINES["raster"] = lambda request: Engine()
    hands.IDLE_S = 0.5
    pin_code()


def pin_code():
    """Somebody may edit the code while tests run."""
    hands.CODE = "the same"


def dask_setup(worker):
    """Dask calls this in a worker that preloads the module."""
    if "IMPROMPTU_TEST_FAULTS" in os.environ:
        install()
    else:
        pin_code()
