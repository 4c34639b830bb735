"""Key-posed everyday actions: sitting, kneeling, lying, picking up, working with the hands, playing."""

from __future__ import annotations

from .gestures import CHEST
from .language import STAND, Action, Key, Pose, Swing, arm, feet, hand, key

LAP = hand("lr", (0.155, 0.615, -0.10), (0, -1, 0.1), (-0.12, -0.1, 1), (0.7, -0.6, -0.4))
SEATED: Pose = {**STAND, **LAP, "py": -0.375, "pz": -0.40, "ppitch": -6, "bend": 10}
WORLD = {"l": "world", "r": "world"}
SIT: tuple[Key, ...] = (
    key(0, STAND, feet(x=0.12), pz=0.03), key(0.5, py=-0.07, pz=-0.06, bend=22, ppitch=16, nod=8),
    key(1.25, arm("lr", flex=48, elbow=20), py=-0.30, pz=-0.31, bend=34, ppitch=30, nod=-8), key(1.8,
    py=-0.375, pz=-0.40, ppitch=10, bend=24, nod=0), key(2.4, SEATED), key(3.2, SEATED),
)  # fmt: skip
SUPINE: Pose = {
    **STAND,
    "py": -0.825,
    "pz": 0.0,
    "ppitch": -88,
    "bend": 0,
    "nod": 4,
    **feet(x=0.13, z=0.945, yaw=0, toe=68),
    **arm("lr", abd=20, flex=-12, elbow=3, pron=50),
}


def rise_again(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The same poses in the other order of time."""
    full, out = {}, []
    for t, pose in keys:
        full = {**full, **pose}
        out.append((keys[-1][0] - t, dict(full)))
    return tuple(reversed(out))


def seated(
    name: str, texts: tuple[str, ...], *keys: Key, swings: tuple[Swing, ...] = (), on: dict | None = None
) -> Action:
    """An action on a chair."""
    first = key(0, SEATED, feet(x=0.12))
    return Action(
        name,
        texts,
        (first, *keys, key(keys[-1][0] + 0.9, SEATED)),
        swings=swings,
        on=on or WORLD,
        balance=0,
        life=1.0,
    )


def working(
    name: str, texts: tuple[str, ...], pose: Pose, *swings: Swing, seconds: float = 4.0, on: dict | None = None
) -> Action:
    """Hands at work while standing: there, a while, back."""
    return Action(
        name,
        texts,
        (key(0, STAND), key(0.8, pose), key(seconds - 0.8), key(seconds, STAND)),
        swings=swings,
        on=on or CHEST,
    )


def sw(channel: str, amplitude: float, period: float, phase: float = 0.0, end: float = 3.3) -> Swing:
    """An oscillation while working."""
    return Swing(channel, amplitude, period, 0.7, end, phase)


ACTIONS = (
    Action("sit_down", ("sit down", "sit down on a chair", "take a seat", "sitting down"), SIT, on=WORLD,
        balance=0, parts=(("sit", 2.3, 3.3),)),
    Action("stand_up", ("stand up", "stand up from a chair", "get up from a seat", "rise from a chair"),
        rise_again(SIT), on=WORLD, balance=0),
    seated("sit_idle", ("sit", "sit on a chair", "sitting", "sit still"), key(2.0, turn=12, bend=7), key(4.0,
        turn=-8, bend=12)),
    seated("sit_look_around", ("look around while sitting", "sit and look around"), key(1.0, turn=45,
        twist=12), key(2.0), key(3.2, turn=-48, twist=-12), key(4.0)),
    seated("sit_wave", ("wave while sitting", "sit and wave"), key(0.8, hand("r", (0.36, 1.28, -0.12), (0, 0,
        1), (0.1, 1, 0.05), (0.7, -0.9, -0.1))), key(2.8), swings=(Swing("r_hx", 0.09, 0.55, 0.7, 2.9),
        Swing("r_fx", 0.4, 0.55, 0.7, 2.9, 0.94))),
    seated("type_keyboard", ("type on a keyboard", "type", "work at a computer", "sit at a desk and type"),
        key(0.8, hand("lr", (0.10, 0.76, 0.10), (0, -1, 0), (-0.15, 0, 1), (0.8, -0.6, -0.3)), bend=12,
        nod=6), key(4.2), swings=(Swing("r_hx", 0.03, 0.7, 0.8, 4.2), Swing("l_hx", 0.03, 0.9, 0.8, 4.2),
        Swing("r_hy", 0.012, 0.23, 0.8, 4.2), Swing("l_hy", 0.012, 0.27, 0.8, 4.2))),
    seated("drive", ("drive a car", "steer a car", "hold a steering wheel"), key(0.8, hand("lr", (0.17, 0.98,
        0.10), (-0.7, -0.2, 0.6), (-0.2, 0.75, 0.6), (0.8, -0.8, -0.2)), bend=2), key(4.4),
        swings=(Swing("r_hy", 0.09, 2.0, 0.8, 4.3), Swing("l_hy", -0.09, 2.0, 0.8, 4.3), Swing("turn", 10,
        2.0, 0.8, 4.3))),
    seated("sit_lean_back", ("lean back in a chair", "slouch in a chair", "relax on a chair"), key(1.1,
        ppitch=-20, bend=-2, nod=-4, pz=-0.36), key(3.2), ),
    seated("sit_sad", ("sit with head in hands", "sit and despair"), key(1.2, hand("lr", (0.045, 0.985,
        0.145), (-0.25, 0.2, -1), (-0.2, 1, 0), (0.6, -1, 0.2)), bend=44, ppitch=14, nod=20), key(3.6)),
    Action("kneel", ("kneel", "kneel down on one knee", "take a knee", "propose"), (key(0, STAND,
        {"lf_z": 0.30, "rf_z": -0.34, "rf_heel": 40, "rf_yaw": 0}, pz=0.0), key(1.3, py=-0.475, pz=-0.06,
        bend=6, ppitch=4, nod=8, rf_heel=66), key(2.6), key(3.9, STAND, pz=0.0, rf_heel=40)), balance=0),
    Action("tie_shoe", ("tie a shoe", "kneel and tie shoelaces"), (key(0, STAND, {"lf_z": 0.30, "rf_z": -0.34,
        "rf_heel": 40, "rf_yaw": 0}), key(1.3, hand("l", (0.16, 0.14, 0.40), (-0.6, -0.7, 0), (-0.4, -0.6,
        0.6), (0.8, 0.1, -0.5)), hand("r", (-0.06, 0.14, 0.40), (-0.6, -0.7, 0), (-0.4, -0.6, 0.6), (0.8, 0.1,
        -0.5)), py=-0.475, pz=-0.04, bend=52, ppitch=30, nod=20, rf_heel=66), key(3.4), key(4.8, STAND,
        rf_heel=40)),
           swings=(Swing("l_hx", 0.03, 0.5, 1.3, 3.4), Swing("r_hx", 0.03, 0.5, 1.3, 3.4)), on=WORLD,
           balance=0),
    Action("pick_up", ("pick something up from the floor", "pick up", "bend down and pick up an object"),
        (key(0, STAND, feet(x=0.14, yaw=12)), key(1.2, hand("r", (0.02, 0.07, 0.34), (-0.5, -0.8, 0), (-0.1,
        -0.7, 0.6), (0.8, 0, -0.4)), arm("l", flex=30, abd=20, elbow=20), py=-0.40, bend=46, ppitch=34,
        nod=8), key(1.6), key(2.7, STAND, arm("r", flex=32, elbow=80, pron=-10)), key(3.3), key(4.0, STAND)),
        on=WORLD),
    Action("pick_up_box", ("pick up a box", "lift a heavy box from the floor", "lift something heavy"),
        (key(0, STAND, feet(x=0.19, yaw=16)), key(1.3, hand("lr", (0.19, 0.20, 0.34), (-1, 0, 0), (-0.1,
        -0.45, 0.9), (0.9, 0, -0.4)), py=-0.45, bend=34, ppitch=32, nod=-8), key(1.7), key(3.0, hand("lr",
        (0.19, 1.06, 0.36), (-1, 0, 0), (-0.1, 0.0, 1), (0.7, -0.7, -0.4)), py=-0.02, bend=-6, ppitch=-4,
        nod=4), key(3.9)), on=WORLD),
    Action("put_down_box", ("put down a box", "set a heavy box on the floor"), (key(0, STAND, feet(x=0.19,
        yaw=16), hand("lr", (0.19, 1.06, 0.36), (-1, 0, 0), (-0.1, 0.0, 1), (0.7, -0.7, -0.4)), bend=-6,
        ppitch=-4), key(0.4), key(1.7, hand("lr", (0.19, 0.20, 0.34), (-1, 0, 0), (-0.1, -0.45, 0.9), (0.9, 0,
        -0.4)), py=-0.45, bend=34, ppitch=32), key(2.1), key(3.3, STAND), key(3.6)), on=WORLD),
    working("carry", ("carry something", "hold a box", "hold an object with both hands"), hand("lr", (0.19,
        1.10, 0.36), (-1, 0.1, 0), (-0.1, 0.0, 1), (0.7, -0.7, -0.4)) | {"bend": -6}),
    working("brush_teeth", ("brush teeth",), hand("r", (0.05, 1.52, 0.20), (-0.6, 0, -0.8), (-0.9, 0.4, 0.1),
        (0.9, -0.3, 0.2)) | {"nod": 6}, sw("r_hx", 0.025, 0.28), on={"r": "head"}),
    working("comb_hair", ("comb hair", "brush hair"), hand("r", (0.07, 1.72, 0.06), (-0.8, -0.6, -0.1), (-0.4,
        0.6, -0.5), (0.9, 0.0, 0.4)) | {"tilt": 6}, sw("r_hy", 0.06, 0.9), sw("r_hz", 0.07, 0.9, 0.25),
        on={"r": "head"}),
    working("wash_hands", ("wash hands", "rub hands together"), hand("lr", (0.005, 1.10, 0.34), (-1, 0, 0),
        (-0.2, -0.3, 1), (0.8, -0.7, -0.3)) | {"nod": 26, "bend": 12}, sw("l_hz", 0.035, 0.5), sw("r_hz",
        -0.035, 0.5)),
    working("wipe_window", ("wipe a window", "clean a window", "wipe a surface"), hand("r", (0.14, 1.45,
        0.48), (0, 0, 1), (-0.2, 1, 0), (0.8, -0.7, -0.1)), sw("r_hx", 0.15, 1.1), sw("r_hy", 0.13, 1.1,
        0.25), sw("twist", 5, 1.1)),
    working("write_board", ("write on a whiteboard", "write on the wall", "paint a wall"), hand("r", (0.05,
        1.55, 0.50), (-0.5, -0.2, 0.8), (-0.4, 0.7, 0.5), (0.8, -0.7, -0.1)) | {"nod": -4}, sw("r_hx", 0.09,
        2.2), sw("r_hy", 0.03, 0.36)),
    working("stir", ("stir a pot", "cook", "stir with a spoon"), hand("r", (0.03, 1.12, 0.38), (-0.5, -0.8,
        0), (-0.3, -0.2, 0.9), (0.8, -0.5, -0.3)) | arm("l", flex=14, abd=22, elbow=70) | {"nod": 24,
        "bend": 8}, sw("r_hx", 0.07, 0.9), sw("r_hz", 0.06, 0.9, 0.25)),
    working("sweep", ("sweep the floor", "mop the floor", "rake leaves"), hand("r", (0.02, 1.25, 0.30), (-0.4,
        0, -0.8), (-0.8, 0.2, 0.3), (0.9, -0.2, -0.1)) | hand("l", (0.06, 0.98, 0.36), (-0.6, 0, 0.6), (-0.6,
        -0.1, 0.7), (0.8, -0.5, -0.3)) | {"bend": 16, "nod": 16, "py": -0.05}, sw("l_hx", 0.13, 1.1),
        sw("r_hx", -0.05, 1.1), sw("twist", 14, 1.1), sw("px", 0.04, 1.1), seconds=4.6),
    working("guitar", ("play guitar", "play air guitar", "strum a guitar"), hand("r", (0.02, 1.12, 0.25),
        (-0.3, 0.1, -0.9), (-0.9, -0.4, 0.2), (0.9, -0.1, -0.2)) | hand("l", (0.46, 1.27, 0.26), (-0.2, 0.6,
        -0.8), (-0.6, 0.7, 0.4), (0.7, -0.9, 0.0)) | {"bend": 8, "nod": 14, "py": -0.04}, sw("r_hy", 0.08,
        0.4), sw("l_hx", 0.05, 1.9), sw("nod", 5, 0.8), sw("px", 0.02, 1.6), seconds=4.6),
    working("drums", ("play drums", "drum", "air drums"), hand("lr", (0.17, 1.12, 0.38), (-0.3, -0.9, 0),
        (-0.3, 0.1, 1), (0.8, -0.6, -0.3)) | {"py": -0.05, "bend": 8}, sw("l_hy", 0.10, 0.44), sw("r_hy",
        0.10, 0.44, 0.5), sw("nod", 5, 0.44), sw("l_fy", 0.35, 0.44), sw("r_fy", 0.35, 0.44, 0.5)),
    working("violin", ("play the violin",), hand("l", (0.26, 1.45, 0.40), (-0.6, 0.5, -0.4), (-0.3, 0.8, 0.3),
        (0.6, -0.9, 0.1)) | hand("r", (0.10, 1.42, 0.38), (-0.5, -0.7, -0.2), (-0.8, 0, 0.4), (0.9, -0.3,
        -0.1)) | {"turn": 28, "tilt": 16, "nod": 8}, sw("r_hx", 0.14, 1.3), sw("r_hz", 0.04, 1.3), sw("side",
        4, 2.6)),
    working("conduct", ("conduct an orchestra",), hand("lr", (0.24, 1.36, 0.42), (-0.4, -0.9, 0), (-0.2, 0.3,
        1), (0.8, -0.6, -0.1)), sw("l_hy", 0.13, 0.8), sw("r_hy", 0.13, 0.8), sw("l_hx", 0.10, 1.6),
        sw("r_hx", 0.10, 1.6), sw("nod", 4, 0.8), seconds=4.4),
    working("take_photo", ("take a photo", "take a picture", "hold up a camera"), hand("lr", (0.055, 1.62,
        0.30), (-0.9, 0, -0.4), (-0.2, 0.95, 0.2), (0.7, -0.9, 0)) | {"nod": 2}, seconds=3.4),
    working("read_book", ("read a book", "read", "hold a book and read"), hand("lr", (0.09, 1.20, 0.34),
        (-0.4, 0.75, -0.5), (-0.2, 0.35, 0.9), (0.7, -0.9, -0.2)) | {"nod": 26, "bend": 4}, sw("turn", 5,
        1.6), seconds=4.6),
    Action("open_door", ("open a door", "pull a door open"), (key(0, STAND), key(0.8, hand("r", (0.20, 1.02,
        0.46), (-0.6, -0.5, 0.5), (-0.2, 0, 1), (0.8, -0.6, -0.3))), key(1.1), key(1.9, r_hx=0.42, r_hz=0.16,
        twist=-20, turn=-8, pz=-0.02, px=-0.02), key(2.4), key(3.2, STAND))),
    Action("throw", ("throw a ball", "throw", "throw something overhand"), (key(0, STAND, {"lf_z": 0.24,
        "rf_z": -0.22, "rf_yaw": -40}), key(0.75, arm("r", flex=-10, abd=100, twist=-80, elbow=95), arm("l",
        flex=75, abd=25, elbow=20), twist=-42, turn=30, pz=-0.07, bend=-8, pyaw=-24), key(1.05, arm("r",
        flex=85, abd=60, twist=-30, elbow=45), arm("l", flex=10, abd=20, elbow=60), twist=12, turn=0, pz=0.08,
        bend=10, pyaw=6), key(1.3, arm("r", flex=62, abd=-14, elbow=22), twist=34, bend=24, ppitch=10,
        pyaw=16), key(1.7), key(2.6, STAND)), smooth=0.03),
    Action("catch", ("catch a ball", "catch something"), (key(0, STAND, feet(x=0.17)), key(0.5, hand("lr",
        (0.14, 1.34, 0.50), (-0.5, 0, 0.8), (-0.1, 0.9, 0.35), (0.8, -0.7, -0.1)), py=-0.06, bend=6, nod=-6),
        key(0.9), key(1.2, hand("lr", (0.09, 1.20, 0.24), (-1, 0, 0), (-0.1, 0.5, 0.8), (0.9, -0.6, -0.2)),
        bend=14, nod=14, py=-0.09), key(1.8), key(2.7, STAND)), lag=0.4),
    Action("lie_on_back", ("lie on the back face up", "lying down", "sleep", "lie on the floor"), (key(0,
        SUPINE), key(2.0, turn=8), key(4.0, turn=-4), key(5.0)), balance=0, life=0.9, lag=0),
    Action("sit_ups", ("sit-ups", "do sit ups", "crunches", "abdominal exercise"), (key(0, SUPINE,
        feet(x=0.15, z=0.62, yaw=4, toe=0), hand("lr", (0.075, 1.64, -0.06), (-0.6, 0, 1), (-0.7, 0.6, 0), (1,
        0.1, 0.2)), ppitch=-86), *(k for i in range(3) for k in (key(0.4 + 1.6 * i), key(1.1 + 1.6 * i,
        ppitch=-30, bend=44, nod=14, py=-0.83, pz=0.02), key(1.3 + 1.6 * i), key(2.0 + 1.6 * i, ppitch=-86,
        bend=0, nod=4, py=-0.825, pz=0.0))), key(5.4)), on={"l": "head", "r": "head"}, balance=0, lag=0),
)  # fmt: skip
