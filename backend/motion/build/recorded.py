"""The twenty recordings that ship in PyPI's pybullet (`pybullet_data/data/motions`), with the words for them."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from ...protocol import InvalidInput
from ..clip import Clip, Label
from ..importers import import_file

# File, clip, words for all of it, and words for parts of it (share of the clip).
RECORDED: tuple[tuple[str, str, tuple[str, ...], tuple[tuple[str, float, float], ...]], ...] = (
    ("humanoid3d_walk", "walk", ("walk", "walk forward", "a person walks forward at a normal pace"), ()),
    ("0walk_forward", "walk_slow", ("walk slowly", "stroll", "stroll forward"), ()),
    ("turn_left0", "walk_veer_left", ("walk and veer left", "walk forward curving slightly to the left"), ()),
    ("turn_left1", "walk_turn_left", ("walk and turn left", "walking in a left curve"), ()),
    ("turn_right0", "walk_turn_right_sharp", ("walk and turn sharply to the right",
    "turn right while walking"), ()),
    ("turn_right1", "walk_turn_right", ("walk and turn right", "walking in a right curve"), ()),
    ("humanoid3d_run", "run", ("run", "run forward", "running fast", "sprint"), ()),
    ("humanoid3d_jump", "jump_forward", ("jump forward", "leap forward with both feet", "standing long jump"),
     (("crouch before a jump", 0.15, 0.45), ("land from a jump", 0.68, 0.95))),
    ("humanoid3d_backflip", "backflip", ("backflip", "do a backward somersault in the air", "back flip"), ()),
    ("humanoid3d_cartwheel", "cartwheel", ("cartwheel", "do a cartwheel to the side"), ()),
    ("humanoid3d_roll", "forward_roll", ("forward roll", "roll on the ground", "somersault on the floor"),
    ()),
    ("humanoid3d_crawl", "crawl_army", ("army crawl", "crawl on the belly",
    "crawl forward on elbows and knees"), ()),
    ("humanoid3d_getup_facedown", "get_up_from_front", ("get up from lying face down",
    "stand up from the floor"),
     (("lie face down on the floor", 0.0, 0.2),)),
    ("humanoid3d_getup_faceup", "get_up_from_back", ("get up from lying on the back", "rise from the ground"),
     (("lie on the back", 0.0, 0.12),)),
    ("humanoid3d_kick", "kick_high", ("high kick", "kick with right leg", "karate kick"), ()),
    ("humanoid3d_punch", "punch", ("punch", "step forward and punch", "throw a right punch"), ()),
    ("humanoid3d_spinkick", "spin_kick", ("spin kick", "jumping spinning kick", "turn around and kick"), ()),
    ("humanoid3d_spin", "butterfly_twist", ("spin in the air", "butterfly twist", "aerial spin"), ()),
    ("humanoid3d_dance_a", "dance_spin", ("dance", "dance with turns", "dancing energetically"), ()),
    ("humanoid3d_dance_b", "dance_sway", ("dance on the spot", "hip hop dance", "dance with side steps"), ()),
)  # fmt: skip
SOURCE = "DeepMimic, from pybullet 3.2.7: pybullet_data/data/motions/"


def folder_of(path: Path, into: Path) -> Path:
    """The folder of motions: `path` itself, one below it, or what a pybullet wheel holds, unpacked to `into`."""
    if path.is_dir():
        found = sorted(path.rglob("humanoid3d_walk.txt"))
        if found:
            return found[0].parent
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            names = [n for n in wheel.namelist() if "/data/motions/" in n and n.endswith(".txt")]
            wheel.extractall(into, names)
        return folder_of(into, into)
    raise InvalidInput(
        f"{path} holds no DeepMimic motions.", "Give the wheel from `pip download pybullet==3.2.7 --no-deps`."
    )


def recorded(path: str | Path) -> dict[str, Clip]:
    """The recordings by clip name, as read: not yet grounded or turned."""
    out = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder_of(Path(path), Path(temporary))
        for file, name, texts, parts in RECORDED:
            where = sorted(folder.rglob(f"{file}.txt"))[0]
            clip = import_file(where)[0].clip
            n = len(clip)
            report = {**clip.meta.get("import", {}), "file": where.name}  # not where it was unpacked
            labels = [Label(t, 0, n) for t in texts]
            labels += [Label(t, round(a * n), round(b * n)) for t, a, b in parts]
            out[name] = clip.with_(
                name=name, labels=tuple(labels), source=SOURCE + where.relative_to(folder).as_posix(),
                licence="Zlib", kind="mocap", meta={"import": report},
            )  # fmt: skip
    return out
