"""Key-posed actions of the feet: steps to all sides, turns, stairs, marching, hops, kicks, dances."""

from __future__ import annotations

import numpy as np

from .language import STANCE, STAND, Action, Key, Pose, Step, Swing, arm, feet, hand, key

GRAVITY = 9.81


def around(degrees: float, foot: str) -> tuple[float, float, float]:
    """x, z and yaw of a foot after turning on the spot."""
    side = 1 if foot == "l" else -1
    a = np.radians(degrees)
    return side * STANCE * float(np.cos(a)), -side * STANCE * float(np.sin(a)), degrees + 8 * side


def side_steps(count: int, width: float, every: float) -> tuple[Step, ...]:
    """Step and close, to the left."""
    out = []
    for i in range(count):
        t, x = 0.3 + i * every, (i + 1) * width
        out += [
            Step("l", t, t + 0.45 * every, x + STANCE, 0, 8, 0.07, roll=6),
            Step("r", t + 0.5 * every, t + 0.95 * every, x - STANCE, 0, -8, 0.06, roll=6),
        ]
    return tuple(out)


def turn_steps(total: float, each: float, every: float) -> tuple[Step, ...]:
    """Turning on the spot to the left, the left foot first."""
    out, angle, t = [], 0.0, 0.25
    while angle < total - 1:
        angle = min(angle + each, total)
        for foot in "lr":
            out.append(Step(foot, t, t + 0.42 * every, *around(angle, foot), 0.06, roll=6))
            t += 0.5 * every
    return tuple(out)


def march(count: int, every: float, lift: float) -> tuple[Step, ...]:
    """Knees up on the spot, left and right in turn."""
    return tuple(Step("lr"[i % 2], 0.3 + i * every, 0.3 + (i + 0.9) * every, (STANCE, -STANCE)[i % 2], 0, (8,
    -8)[i % 2], lift, roll=30)
                 for i in range(count))  # fmt: skip


def stairs(count: int, rise: float, run: float, every: float) -> tuple[Step, ...]:
    """A foot on every step; up where `rise` is positive."""
    return tuple(Step("rl"[i % 2], 0.3 + i * every, 0.3 + (i + 0.85) * every, (-0.09, 0.09)[i % 2],
    run * (min(i + 1, count - 1)), (-6, 6)[i % 2], 0.07,
                      (rise if rise > 0 else -rise) * min(i + 1,
                      count - 1) if rise > 0 else -rise * (count - 1 - min(i + 1, count - 1)),
                      10) for i in range(count))  # fmt: skip


def hop(
    start: float, height: float, air: Pose | None = None, end: Pose | None = None, foot: str = "lr"
) -> tuple[Key, ...]:
    """A ballistic flight of the feet: the keys from take-off to landing, a frame each, blending to `end`.

    Args:
        start: seconds, on a frame. height: metres. air: channels added half way. end: channels at landing,
        from `air`.
    """
    duration = 2 * np.sqrt(2 * height / GRAVITY)
    frames = max(3, round(duration * 30))
    first, last = air or {}, end or {}
    out = []
    for i in range(frames + 1):
        u = i / frames
        pose = {f"{s}f_y": 4 * height * u * (1 - u) for s in foot}
        s = u * u * (3 - 2 * u)
        for c, v in last.items():
            pose[c] = first[c] + (v - first[c]) * s
        out.append(key(start + i / 30, pose))
    return tuple(out)


def jumps(count: int, start: float, every: float, height: float, dip: float, **arms: float) -> tuple[Key, ...]:
    """Keys of repeated jumps on the spot: dip, heels up, flight, dip."""
    out = [key(0, STAND), key(start - 0.3, py=-dip, bend=10 + 40 * dip, ppitch=6 + 40 * dip, lf_heel=0, rf_heel=0)]
    for i in range(count):
        t = start + i * every
        out += [key(t - 1 / 30, py=0.0, bend=0, ppitch=0, lf_heel=34, rf_heel=34), *hop(t, height)]
        land = out[-1][0]
        out += [key(land + 0.2, py=-dip * 0.8, bend=8 + 30 * dip, ppitch=5 + 30 * dip, lf_heel=0, rf_heel=0)]
    return (*out, key(out[-1][0] + 0.7, STAND))


KICK_ARMS = arm("l", flex=30, abd=20, elbow=40) | arm("r", flex=-20, abd=25, elbow=40)
ACTIONS = (
    Action("side_step_left", ("step to the left", "side step to the left", "walk sideways to the left",
        "sidestep"), (key(0, STAND), key(4.0)), steps=side_steps(4, 0.36, 0.85), lag=0),
    Action("step_forward", ("step forward", "take one step forward"), (key(0, STAND), key(0.5, bend=4), key(2,
        STAND)),
           steps=(Step("r", 0.3, 0.9, -STANCE, 0.5, -8), Step("l", 1.0, 1.55, STANCE, 0.5, 8))),
    Action("step_backward", ("step back", "take one step backward"), (key(0, STAND), key(0.5, bend=-2), key(2,
        STAND)),
           steps=(Step("r", 0.3, 0.9, -STANCE, -0.45, -8, roll=-8), Step("l", 1.0, 1.55, STANCE, -0.45, 8,
           roll=-8))),
    Action("turn_left", ("turn left", "turn to the left on the spot", "rotate left"), (key(0, STAND),
        key(0.15, turn=10), key(0.6, pyaw=25, turn=22, twist=8), key(1.6, pyaw=90, turn=0, twist=0), key(2.1,
        STAND, pyaw=90)),
           steps=turn_steps(90, 45, 0.8)),
    Action("turn_around", ("turn around", "turn 180 degrees", "about face"), (key(0, STAND), key(0.15,
        turn=14), key(0.7, pyaw=40, turn=25, twist=10), key(1.6, pyaw=125, turn=16, twist=6), key(2.4,
        pyaw=180, turn=0, twist=0), key(2.9, STAND, pyaw=180)),
           steps=turn_steps(180, 60, 0.76)),
    Action("turn_full", ("turn in place", "spin around on the spot", "turn a full circle", "twirl slowly"),
        (key(0, STAND), key(0.4, pyaw=10, turn=18, l_abd=20, r_abd=20), key(4.0, pyaw=350, turn=8), key(4.4,
        pyaw=360, turn=0, l_abd=9, r_abd=9), key(4.7, STAND, pyaw=360)),
           steps=turn_steps(360, 60, 0.68)),
    Action("march", ("march", "march in place", "marching", "soldier marching on the spot"), (key(0, STAND),
        key(0.3, bend=-2), key(4.3), key(4.8, STAND)), steps=march(8, 0.5, 0.26),
           swings=(Swing("l_flex", 36, 1.0, 0.3, 4.4, 0.52), Swing("r_flex", 36, 1.0, 0.3, 4.4, 0.02),
           Swing("twist", 6, 1.0, 0.3, 4.4, 0.0), Swing("l_elbow", 10, 1.0, 0.3, 4.4, 0.5), Swing("r_elbow",
           10, 1.0, 0.3, 4.4, 0.0))),
    Action("high_knees", ("high knees", "run in place with high knees", "knee raises"), (key(0, STAND),
        key(0.3, arm("lr", flex=20, abd=10, elbow=85), bend=4), key(4.0), key(4.5, STAND)), steps=march(10,
        0.37, 0.34),
           swings=(Swing("l_flex", 40, 0.74, 0.2, 4.1, 0.5), Swing("r_flex", 40, 0.74, 0.2, 4.1, 0.0),
           Swing("twist", 8, 0.74, 0.2, 4.1))),
    Action("stomp", ("stomp", "stamp the foot in anger", "stomp with right foot"), (key(0, STAND), key(0.4,
        arm("lr", flex=6, abd=16, elbow=40), bend=6, nod=4), key(2.4, nod=8), key(3.0, STAND)),
           steps=tuple(Step("r", 0.4 + i * 0.7, 0.85 + i * 0.7, -STANCE, 0.02, -8, 0.2,
           roll=8) for i in range(3))),
    Action("stairs_up", ("walk up stairs", "climb stairs", "go upstairs"), (key(0, STAND), key(0.6, bend=12,
        nod=6), key(4.4), key(5.1, STAND)), steps=stairs(7, 0.17, 0.28, 0.66),
           swings=(Swing("l_flex", 16, 1.32, 0.3, 4.7, 0.0), Swing("r_flex", 16, 1.32, 0.3, 4.7, 0.5))),
    Action("stairs_down", ("walk down stairs", "descend stairs", "go downstairs"), (key(0, STAND,
        {"lf_y": 1.02, "rf_y": 1.02}), key(0.6, bend=4, nod=18), key(4.4), key(5.1, STAND)), steps=stairs(7,
        -0.17, 0.28, 0.66),
           swings=(Swing("l_flex", 12, 1.32, 0.3, 4.7, 0.0), Swing("r_flex", 12, 1.32, 0.3, 4.7, 0.5))),
    Action("step_over", ("step over an obstacle", "step over something high"), (key(0, STAND), key(0.6,
        bend=12, nod=20, l_abd=24, r_abd=24), key(2.4), key(3.0, STAND)),
           steps=(Step("r", 0.5, 1.3, -STANCE, 0.62, -8, 0.36, roll=20), Step("l", 1.5, 2.3, STANCE, 0.62, 8,
           0.36, roll=34))),
    Action("jump", ("jump", "jump up", "jump in place", "vertical jump"), jumps(1, 0.8, 1.0, 0.30, 0.26),
        layers=((key(0, arm("lr", flex=4)), key(0.5, arm("lr", flex=-42, abd=12, elbow=12)), key(0.85,
        arm("lr", flex=150, abd=18, elbow=15)), key(1.3, arm("lr", flex=60, abd=22, elbow=25)), key(2.0,
        arm("lr", flex=4, elbow=14)), key(2.2)),), smooth=0.02),
    Action("jump_joy", ("jump for joy", "jump up and down", "jump with excitement", "bounce up and down"),
        jumps(4, 0.6, 0.7, 0.14, 0.12), layers=((key(0, arm("lr", flex=4)), key(0.5, arm("lr", flex=130,
        abd=35, elbow=40)), key(3.3), key(4.2, arm("lr", flex=4, elbow=14))),), smooth=0.02),
    Action("jump_rope", ("jump rope", "skip rope", "rope skipping"), jumps(7, 0.6, 0.5, 0.07, 0.05),
        layers=((key(0, arm("lr", flex=4)), key(0.5, arm("lr", flex=8, abd=18, elbow=72, twist=-30,
        pron=-20)), key(4.2), key(4.9, arm("lr", flex=4, elbow=14, twist=0))),),
           swings=(Swing("l_wflex", 24, 0.5, 0.4, 4.2), Swing("r_wflex", 24, 0.5, 0.4, 4.2), Swing("l_abd", 5,
           0.5, 0.4, 4.2, 0.25), Swing("r_abd", 5, 0.5, 0.4, 4.2, 0.25)), smooth=0.02),
    Action("kick_front", ("front kick", "kick forward with the right leg", "kick"), (key(0, STAND), key(0.5,
        hand("lr", (0.12, 1.38, 0.28), (-1, 0, 0), (-0.2, 1, 0.1), (0.5, -1, 0)), py=-0.04), key(1.6),
        key(2.4, STAND)),
           layers=((key(0), key(0.5), key(0.85, rf_y=0.50, rf_z=0.12, rf_pitch=35), key(1.05, rf_y=0.86,
           rf_z=0.62, rf_pitch=-5, ppitch=-12, bend=14), key(1.3, rf_y=0.45, rf_z=0.12, rf_pitch=35),
           key(1.75, rf_y=0, rf_z=0, rf_pitch=0, ppitch=0, bend=0), key(2.4)),)),
    Action("kick_ball", ("kick a ball", "kick a football", "soccer kick"), (key(0, STAND), key(0.5,
        KICK_ARMS), key(1.0, arm("l", flex=-25, abd=35, elbow=30), arm("r", flex=25, abd=25, elbow=40)),
        key(1.5), key(2.3, STAND)), steps=(Step("l", 0.1, 0.5, STANCE, 0.3, 8),),
           layers=((key(0), key(0.35), key(0.75, rf_y=0.30, rf_z=-0.42, rf_pitch=70, pyaw=-14, bend=4),
           key(1.0, rf_y=0.08, rf_z=0.42, rf_pitch=42, pyaw=8, bend=12, ppitch=-6), key(1.25, rf_y=0.42,
           rf_z=1.02, rf_pitch=20, pyaw=12, ppitch=-10), key(1.8, rf_y=0, rf_z=0.3, rf_pitch=0, pyaw=0,
           ppitch=0, bend=0), key(2.3)),)),
    Action("hop_one_leg", ("hop on one leg", "hop on the right foot", "hopping"), (key(0, STAND), key(0.4,
        py=-0.06, lf_y=0.24, lf_z=-0.16, lf_pitch=50, l_abd=30, r_abd=34, l_elbow=40, r_elbow=40),
        *(k for i in range(5) for k in ((0.6 + i * 0.6, {"py": 0.0, "rf_heel": 22.0}),
        *hop(0.6 + i * 0.6 + 1 / 30, 0.09, foot="r"), (0.6 + i * 0.6 + 0.45, {"py": -0.07, "rf_heel": 0.0}))),
        key(3.8, py=0), key(4.4, STAND, lf_y=0, lf_z=0, lf_pitch=0)), smooth=0.02),
    Action("dance_twist", ("do the twist", "twist dance", "dance the twist"), (key(0, STAND, feet(x=0.15,
        yaw=10)), key(0.5, arm("lr", flex=30, abd=22, elbow=85), py=-0.10), key(4.5), key(5.2, STAND)),
           swings=(Swing("pyaw", 24, 0.8, 0.4, 4.7), Swing("twist", 34, 0.8, 0.4, 4.7, 0.5), Swing("px", 0.03,
           1.6, 0.4, 4.7), Swing("py", 0.03, 1.6, 0.4, 4.7), Swing("l_flex", 14, 0.8, 0.4, 4.7),
           Swing("r_flex", 14, 0.8, 0.4, 4.7, 0.5))),
    Action("dance_step_touch", ("step touch dance", "dance from side to side", "groove"), (key(0, STAND),
        key(0.5, arm("lr", flex=24, abd=16, elbow=80), py=-0.04), key(4.6), key(5.2, STAND)),
           steps=tuple(s for i in range(3) for s in (Step("l", 0.4 + 1.4 * i, 0.75 + 1.4 * i, STANCE + 0.3, 0,
           8, 0.06, roll=6), Step("r", 0.85 + 1.4 * i, 1.1 + 1.4 * i, 0.3 - STANCE, 0, -8, 0.05, roll=6),
           Step("r", 1.15 + 1.4 * i, 1.45 + 1.4 * i, -STANCE, 0, -8, 0.06, roll=6), Step("l", 1.5 + 1.4 * i,
           1.75 + 1.4 * i, STANCE, 0, 8, 0.05, roll=6))),
           swings=(Swing("py", 0.025, 0.7, 0.4, 4.7), Swing("l_flex", 14, 0.7, 0.4, 4.7), Swing("r_flex", 14,
           0.7, 0.4, 4.7, 0.5), Swing("side", 7, 1.4, 0.4, 4.7), Swing("nod", 5, 0.7, 0.4, 4.7),
           Swing("l_elbow", 18, 0.7, 0.4, 4.7), Swing("r_elbow", 18, 0.7, 0.4, 4.7))),
    Action("dance_disco", ("disco dance", "dance with a pointing arm", "saturday night disco"), (key(0, STAND,
        feet(x=0.18, yaw=14)), key(0.5, hand("l", (0.205, 1.02, 0.02), (-1, -0.1, 0), (-0.25, -0.65, 0.7),
        (0.9, 0, -0.45)), arm("r", flex=40, abd=-12, elbow=25), px=0.05, twist=14, proll=4),
           *(k for i in range(4) for k in (key(1.0 + i, arm("r", flex=70, abd=128, elbow=5, twist=-20),
           px=-0.06, twist=-16, proll=-5, turn=-20, nod=-10), key(1.5 + i, arm("r", flex=40, abd=-12,
           elbow=25), px=0.05, twist=14, proll=5, turn=10, nod=8))), key(5.3, STAND)), on={"l": "pelvis"}),
    Action("curtsy", ("curtsy", "curtsey"), (key(0, STAND), key(1.3, arm("lr", abd=34, flex=-8, elbow=20),
        py=-0.20, bend=14, nod=16), key(1.8), key(2.9, STAND)), layers=((key(0), key(0.2), key(0.9, rf_x=0.12,
        rf_z=-0.28, rf_heel=35, rf_yaw=-20), key(2.0), key(2.8, rf_x=-STANCE, rf_z=0, rf_heel=0, rf_yaw=-8),
        key(2.9)),)),
)  # fmt: skip
