"""Key-posed exercise and sport: on the feet, on hands and toes, on the back."""

from __future__ import annotations

import numpy as np

from .everyday import SUPINE, WORLD
from .footwork import hop
from .language import STANCE, STAND, Action, Key, Pose, Swing, arm, feet, hand, key

GUARD = hand("l", (0.10, 1.46, 0.34), (-0.8, -0.1, -0.5), (-0.3, 0.9, 0.2), (0.35, -1, 0.05)) | hand(
    "r", (0.09, 1.46, 0.24), (-0.8, -0.1, -0.5), (-0.3, 0.9, 0.2), (0.35, -1, 0.05)
)
STAGGER: Pose = {"lf_z": 0.20, "rf_z": -0.18, "rf_yaw": -38, "lf_yaw": -4, "rf_x": -0.16, "lf_x": 0.13}
FORWARD = arm("lr", flex=84, abd=4, elbow=4, pron=70, wflex=0)


def plank(lean: float, hands_at: float = 1.43) -> Pose:
    """Hands and toes on the floor, the body a straight line that rises by `lean` degrees from the ankles."""
    a = np.radians(lean)
    pose = {**STAND, **feet(x=0.10, z=0.0, yaw=0, heel=62), "ppitch": 90 - lean, "bend": -2.0, "nod": -14.0}
    pose |= {"py": 0.165 + 0.855 * float(np.sin(a)) - 0.927, "pz": 0.131 + 0.853 * float(np.cos(a))}
    return pose | hand("lr", (0.27, 0.012, hands_at), (0, -1, 0), (0.1, 0, 1), (0.75, -0.6, -0.35))


def repeat(count: int, start: float, every: float, *poses: tuple[float, Pose]) -> tuple[Key, ...]:
    """Keys at shares of a period, again and again."""
    return tuple(key(start + (i + share) * every, pose) for i in range(count) for share, pose in poses)


def jacks(count: int, start: float, half: float) -> tuple[Key, ...]:
    """Feet of jumping jacks: apart and together by small flights, knees giving in between."""
    shut, wide = feet(x=0.07, yaw=4), feet(x=0.34, yaw=12)
    out = [key(0, STAND, shut), key(start - 0.12, py=-0.05, lf_heel=0, rf_heel=0)]
    for i in range(2 * count):
        t = round((start + i * half) * 30) / 30
        a, b = (shut, wide) if i % 2 == 0 else (wide, shut)
        out += [key(t - 1 / 30, py=0.0, lf_heel=24, rf_heel=24), *hop(t, 0.09, a, b)]
        out += [key(out[-1][0] + 0.09, py=-0.05, lf_heel=6, rf_heel=6)]
    return (*out, key(out[-1][0] + 0.5, STAND, lf_heel=0, rf_heel=0))


def jack_arms(count: int, start: float, half: float) -> tuple[Key, ...]:
    """Arms of jumping jacks: up to the side and down."""
    down, up = arm("lr", abd=10, flex=2, elbow=10, twist=0), arm("lr", abd=158, flex=16, elbow=16, twist=-40)
    out = [key(0, down), key(start, down)]
    for i in range(2 * count):
        out.append(key(start + (i + 0.85) * half, up if i % 2 == 0 else down))
    return tuple(out)


def strike(side: str, t: float, reach: float = 0.60, height: float = 1.42) -> tuple[Key, ...]:
    """A straight punch and back to guard."""
    sign = -1 if side == "l" else 1
    out = hand(side, (0.0, height, reach), (-0.6, -0.7, -0.1), (-0.05, 0, 1), (0.8, -0.5, -0.1))
    return (
        key(t, GUARD, twist=-6 * sign),
        key(t + 0.2, out, twist=26 * sign, bend=10, pz=0.03),
        key(t + 0.45, GUARD, twist=0, bend=8, pz=0.0),
    )


SQUAT = {**FORWARD, "py": -0.42, "bend": 18, "ppitch": 30, "nod": -16}
ACTIONS = (
    Action("squat", ("squat", "squats", "do squats", "squat down", "air squat"), (key(0, STAND, feet(x=0.19,
        yaw=18)), *repeat(2, 0.1, 2.2, (0.0, STAND), (0.45, SQUAT), (0.55, SQUAT)), key(4.6, STAND))),
    Action("squat_hold", ("crouch", "squat down low and stay", "crouch down"), (key(0, STAND, feet(x=0.20,
        yaw=24)), key(1.2, arm("lr", flex=48, abd=10, elbow=60, pron=30), py=-0.50, bend=32, ppitch=26,
        nod=-12), key(2.8), key(4.0, STAND))),
    Action("lunge", ("lunge", "forward lunge", "do lunges"), (key(0, STAND), key(1.5, hand("lr", (0.205, 1.02,
        0.02), (-1, -0.1, 0), (-0.25, -0.65, 0.7), (0.9, 0, -0.45)), py=-0.30, pz=0.0), key(2.2), key(3.6,
        STAND)), on={"l": "pelvis", "r": "pelvis"},
           layers=((key(0, {"rf_z": -0.32, "rf_heel": 30.0, "rf_yaw": 0.0, "lf_z": 0.42, "lf_yaw": 0.0}),
           key(0.2), key(1.5, rf_heel=52), key(2.2), key(3.6, rf_heel=30)),)),
    Action("side_lunge", ("side lunge", "lunge to the left side"), (key(0, STAND, feet(x=0.42, yaw=14)),
        key(1.3, hand("lr", (0.03, 1.22, 0.30), (-1, 0, 0), (-0.2, 0.8, 0.5), (0.9, -0.5, -0.1)), px=0.20,
        py=-0.24, bend=18, ppitch=22, proll=4), key(1.9), key(3.2, STAND))),
    Action("push_up", ("push-up", "push-ups", "do push ups", "press-ups"), (key(0, plank(16.6)), *repeat(3,
        0.3, 1.6, (0.0, plank(16.6)), (0.42, plank(4.5)), (0.52, plank(4.5)), (0.95, plank(16.6))), key(5.4,
        plank(16.6))), on=WORLD, balance=0, lag=0, life=0.3, free=True),
    Action("plank", ("plank", "hold a plank", "push-up position"), (key(0, plank(16.6)), key(4.0)), on=WORLD,
        balance=0, lag=0, life=0.6, free=True),
    Action("jumping_jack", ("jumping jacks", "jumping jack", "star jumps", "do jumping jacks"), jacks(4, 0.5,
        0.5), layers=(jack_arms(4, 0.45, 0.5),), smooth=0.02, life=0.3, lag=0),
    Action("bridge", ("glute bridge", "hip raises", "bridge exercise"), (key(0, SUPINE, feet(x=0.14, z=0.50,
        yaw=4, toe=0), hand("lr", (0.34, 0.012, 0.02), (0, -1, 0), (0.15, 0, 1), (0.9, 0, -0.2))), *repeat(2,
        0.4, 2.0, (0.0, {"py": -0.825, "ppitch": -88.0}), (0.45, {"py": -0.58, "ppitch": -112.0, "bend": -8.0,
        "nod": 22.0, "pz": 0.06}), (0.6, {"py": -0.58}), (1.0, {"py": -0.825, "ppitch": -88.0, "bend": 0.0,
        "nod": 4.0, "pz": 0.0})), key(4.8)), on=WORLD, balance=0, lag=0),
    Action("bicep_curl", ("bicep curls", "lift dumbbells", "curl weights"), (key(0, STAND), *repeat(3, 0.3,
        1.3, (0.0, arm("lr", flex=6, abd=8, elbow=12, pron=-60)), (0.45, arm("lr", flex=16, abd=8, elbow=135,
        pron=-75)), (0.55, {})), key(4.5, STAND))),
    Action("shoulder_press", ("shoulder press", "overhead press", "lift weights overhead", "weightlifting"),
        (key(0, STAND, feet(x=0.16)), key(0.8, arm("lr", abd=70, flex=20, twist=-80, elbow=125, pron=0)),
        *repeat(3, 0.9, 1.3, (0.0, arm("lr", abd=70, flex=20, twist=-80, elbow=125, pron=0)), (0.45, arm("lr",
        abd=160, flex=30, twist=-70, elbow=14, pron=0)), (0.55, {})), key(5.0, arm("lr", abd=70, flex=20,
        twist=-80, elbow=125, pron=0)), key(5.8, STAND))),
    Action("calf_raise", ("calf raises", "stand on tiptoes", "rise on the toes"), (key(0, STAND, feet(yaw=4)),
        *repeat(2, 0.3, 1.8, (0.0, {"lf_heel": 0.0, "rf_heel": 0.0}), (0.45, {"lf_heel": 34.0,
        "rf_heel": 34.0, "py": 0.08}), (0.65, {"lf_heel": 34.0, "rf_heel": 34.0}), (1.0, {"lf_heel": 0.0,
        "rf_heel": 0.0, "py": 0.0})), key(4.4, STAND))),
    Action("tree_pose", ("tree pose", "yoga tree pose", "balance on one leg", "stand on one leg"), (key(0,
        STAND), key(1.4, hand("lr", (0.002, 1.31, 0.24), (-1, 0, 0), (0, 0.95, 0.32), (0.9, -0.5, 0.1)),
        py=0.0), key(2.2, hand("lr", (0.004, 2.02, 0.06), (-1, 0, 0), (0, 1, 0.05), (1, 0.1, 0.0))), key(3.4),
        key(4.4, STAND), key(5.0)),
           layers=((key(0), key(0.4), key(1.5, rf_x=0.03, rf_y=0.42, rf_z=0.02, rf_yaw=-80, rf_pitch=55,
           rf_knee=25), key(3.6), key(4.6, rf_x=-STANCE, rf_y=0, rf_z=0, rf_yaw=-8, rf_pitch=0, rf_knee=0),
           key(5.0)),)),
    Action("warrior_pose", ("warrior pose", "yoga warrior pose", "yoga"), (key(0, STAND, {"lf_z": 0.0,
        "lf_x": 0.52, "lf_yaw": 80, "rf_x": -0.48, "rf_yaw": 0}), key(1.4, arm("lr", abd=90, flex=2, elbow=2,
        pron=0, wflex=0), py=-0.28, px=0.15, pyaw=14, turn=62), key(3.4), key(4.6, STAND))),
    Action("side_leg_raise", ("side leg raise", "lift the left leg to the side", "leg lift"), (key(0, STAND),
        key(1.0, arm("lr", abd=34, flex=8), side=-4), key(2.6), key(3.6, STAND)),
           layers=((key(0), key(0.3), key(1.2, lf_x=0.71, lf_y=0.28, lf_pitch=10), key(1.7), key(2.6,
           lf_x=STANCE, lf_y=0, lf_pitch=0), key(3.6)),)),
    Action("leg_swing", ("swing a leg", "swing the right leg forward and back"), (key(0, STAND), key(0.6,
        arm("lr", abd=40, flex=4)), key(3.6), key(4.3, STAND)),
           layers=((key(0), key(0.3), key(0.8, rf_y=0.16, rf_z=-0.38, rf_pitch=45), *repeat(2, 0.8, 1.3, (0.5,
           {"rf_y": 0.28, "rf_z": 0.70, "rf_pitch": -12.0}), (1.0, {"rf_y": 0.16, "rf_z": -0.38,
           "rf_pitch": 45.0})), key(4.0, rf_y=0, rf_z=0, rf_pitch=0), key(4.3)),)),
    Action("boxing", ("box", "boxing", "punch combination", "shadow boxing"), (key(0, STAND, STAGGER),
        key(0.6, GUARD, py=-0.07, bend=8, pyaw=-14, turn=10), *strike("l", 0.9), *strike("l", 1.4),
        *strike("r", 1.9), *strike("l", 2.6), *strike("r", 3.05), key(3.9), key(4.7, STAND)), smooth=0.03,
        lag=0.3, swings=(Swing("py", 0.014, 0.5, 0.6, 4.0), Swing("px", 0.015, 1.0, 0.6, 4.0))),
    Action("fight_stance", ("fighting stance", "boxing guard", "raise fists to fight"), (key(0, STAND,
        STAGGER), key(0.6, GUARD, py=-0.08, bend=8, pyaw=-14, turn=10), key(3.2), key(4.0, STAND)),
        swings=(Swing("py", 0.018, 0.55, 0.5, 3.3), Swing("px", 0.02, 1.1, 0.5, 3.3))),
    Action("block", ("block a punch", "defend", "shield the face with the arms"), (key(0, STAND, STAGGER),
        key(0.35, hand("lr", (0.05, 1.60, 0.26), (-0.5, 0, -0.8), (-0.15, 1, 0), (0.35, -1, 0.25)), py=-0.16,
        bend=24, nod=18), key(1.5), key(2.4, STAND)), smooth=0.03, lag=0.3),
    Action("golf_swing", ("golf swing", "play golf", "swing a golf club"), (key(0, STAND, feet(x=0.20,
        yaw=10), hand("lr", (0.012, 1.02, 0.36), (-1, -0.2, 0), (-0.1, -0.9, 0.4), (0.6, -0.4, -0.6)),
        bend=22, ppitch=16, py=-0.05, nod=10), key(0.5), key(1.0, hand("r", (0.10, 1.22, 0.40), (-0.9, -0.2,
        -0.2), (-0.1, 0.0, 1), (0.7, -0.6, -0.4)), hand("l", (-0.06, 1.22, 0.42), (-0.9, -0.2, -0.2), (-0.1,
        0.0, 1), (0.6, -0.6, -0.2)), twist=-20, pyaw=-10, turn=14), key(1.5, hand("r", (0.24, 1.52, 0.14),
        (-1, 0, 0.3), (0, 0.8, -0.4), (0.7, -0.6, -0.3)), hand("l", (-0.26, 1.52, 0.18), (-0.9, 0, 0.3),
        (-0.2, 0.8, -0.2), (0.5, -0.8, 0.2)), twist=-42, pyaw=-22, turn=30), key(1.7), key(1.88, hand("r",
        (0.10, 1.22, 0.40), (-0.9, -0.2, -0.2), (-0.1, 0.0, 1), (0.7, -0.6, -0.4)), hand("l", (-0.06, 1.22,
        0.42), (-0.9, -0.2, -0.2), (-0.1, 0.0, 1), (0.6, -0.6, -0.2)), twist=-16, pyaw=-6, turn=10), key(2.05,
        hand("r", (-0.02, 1.0, 0.38), (-1, -0.2, 0), (-0.1, -0.9, 0.4), (0.6, -0.5, -0.5)), hand("l", (0.03,
        1.0, 0.38), (-1, -0.2, 0), (-0.1, -0.9, 0.4), (0.6, -0.4, -0.6)), twist=6, pyaw=8, turn=-4),
           key(2.26, hand("l", (0.10, 1.22, 0.40), (-0.9, -0.2, -0.2), (-0.1, 0.0, 1), (0.7, -0.6, -0.4)),
           hand("r", (-0.06, 1.22, 0.42), (-0.9, -0.2, -0.2), (-0.1, 0.0, 1), (0.6, -0.6, -0.2)), twist=24,
           pyaw=20, turn=-8), key(2.5, hand("r", (-0.22, 1.50, 0.20), (-0.9, 0, 0.3), (-0.2, 0.8, -0.2), (0.5,
           -0.8, 0.2)), hand("l", (0.26, 1.52, 0.14), (-1, 0, 0.3), (0, 0.8, -0.4), (0.7, -0.6, -0.3)),
           twist=44, pyaw=38, turn=-10, bend=4, ppitch=0), key(3.2), key(4.2, STAND)), lag=0.3),
    Action("basketball_shot", ("shoot a basketball", "basketball shot", "jump shot"), (key(0, STAND,
        feet(x=0.15, yaw=4)), key(0.6, hand("r", (0.08, 1.30, 0.32), (-0.5, 0.4, 0.6), (-0.2, 0.9, -0.2),
        (0.6, -0.9, 0)), hand("l", (0.12, 1.30, 0.32), (-1, 0, 0), (-0.1, 0.8, 0.4), (0.7, -0.8, 0)),
        py=-0.20, bend=14, ppitch=14, nod=-8, lf_heel=0, rf_heel=0), key(0.93, hand("r", (0.06, 1.78, 0.24),
        (-0.1, 0.6, 0.7), (-0.1, 0.6, -0.7), (0.6, -0.5, 0.5)), hand("l", (0.12, 1.72, 0.24), (-1, 0, 0),
        (-0.1, 0.9, 0.2), (0.8, -0.5, 0.2)), py=0.0, bend=0, ppitch=0, lf_heel=34, rf_heel=34), *hop(29 / 30,
        0.16), key(1.4, arm("r", flex=150, abd=12, elbow=6, wflex=60, pron=40), arm("l", flex=120, abd=18,
        elbow=40), py=0.0), key(1.56, py=-0.10, lf_heel=0, rf_heel=0, bend=6), key(2.0, py=0), key(2.8,
        STAND)), smooth=0.03),
    Action("dribble", ("dribble a basketball", "bounce a ball"), (key(0, STAND, {"lf_z": 0.10,
        "rf_z": -0.10}), key(0.6, hand("r", (0.22, 0.98, 0.38), (-0.1, -1, 0), (-0.1, 0.1, 1), (0.8, -0.4,
        -0.5)), py=-0.14, bend=16, ppitch=14, l_flex=20, l_abd=24, l_elbow=60), key(3.6), key(4.3, STAND)),
        swings=(Swing("r_hy", 0.11, 0.55, 0.6, 3.7), Swing("r_fy", 0.5, 0.55, 0.6, 3.7, 0.1), Swing("py",
        0.012, 0.55, 0.6, 3.7))),
    Action("tennis_forehand", ("tennis swing", "play tennis", "hit a forehand"), (key(0, STAND, {"lf_z": 0.16,
        "rf_z": -0.16, "rf_yaw": -30, "lf_x": 0.18, "rf_x": -0.18}), key(0.4, py=-0.08, bend=10), key(0.95,
        arm("r", flex=-25, abd=62, twist=-30, elbow=30), arm("l", flex=55, abd=30, elbow=25), twist=-40,
        pyaw=-26, turn=34, px=-0.04), key(1.3, arm("r", flex=58, abd=42, elbow=18, pron=-10), arm("l",
        flex=25, abd=30, elbow=50), twist=12, pyaw=6, turn=0, pz=0.05), key(1.6, arm("r", flex=115, abd=-22,
        elbow=75), twist=38, pyaw=26, turn=-20), key(2.0), key(2.9, STAND)), smooth=0.03),
    Action("bowling", ("bowl", "bowling", "roll a ball underhand"), (key(0, STAND, {"lf_z": 0.34,
        "rf_z": -0.28, "rf_heel": 24}), key(0.7, arm("r", flex=-48, abd=12, elbow=4), arm("l", flex=20,
        abd=40, elbow=15), bend=26, ppitch=16, py=-0.20, nod=-14), key(1.2, arm("r", flex=40, abd=2, elbow=4,
        pron=-60), py=-0.28, bend=30, pz=0.08), key(1.6, arm("r", flex=105, abd=0, elbow=20, pron=-60),
        bend=22), key(2.0), key(3.0, STAND))),
    Action("swim_freestyle", ("swim", "freestyle swimming arms", "front crawl arms"), (key(0, STAND, bend=0),
        key(0.6, bend=28, ppitch=18, nod=-10, py=-0.04), key(4.2), key(5.0, STAND)),
           layers=(tuple([key(0, arm("lr", flex=4))] + [key(0.6 + 0.25 * i, {c: v for s, o in (("l", 0), ("r",
           2)) for c, v in arm(s, **(dict(flex=155, abd=10, elbow=10, twist=0), dict(flex=70, abd=6, elbow=40,
           twist=10), dict(flex=-30, abd=20, elbow=20, twist=10), dict(flex=40, abd=105, elbow=85,
           twist=10))[(i + o) % 4]).items()}) for i in range(15)] + [key(5.0, arm("lr", flex=4, abd=9,
           elbow=14))]),), swings=(Swing("twist", 20, 1.0, 0.6, 4.3, 0.2),)),
)  # fmt: skip
