"""Key-posed gestures: standing, what arms, head and trunk say."""

from __future__ import annotations

from .language import ARMS_DOWN, STAND, Action, Swing, arm, feet, hand, key

WAVE = hand("r", (0.40, 1.60, 0.20), (0, 0, 1), (0.1, 1, 0.05), (0.7, -0.9, -0.1))
FRONT = hand("lr", (0.11, 1.26, 0.36), (-1, 0, 0.05), (-0.1, 0.75, 0.65), (0.8, -0.7, -0.2))
MEET = hand("lr", (0.002, 1.26, 0.36), (-1, 0, 0.05), (-0.1, 0.75, 0.65), (0.8, -0.7, -0.2))
CHEST = {"l": "chest", "r": "chest"}
HEAD = {"l": "head", "r": "head"}
HIPS = {"l": "pelvis", "r": "pelvis"}
ON_HIPS = hand("lr", (0.205, 1.02, 0.02), (-1, -0.1, 0), (-0.25, -0.65, 0.7), (0.9, 0, -0.45))


def claps(start: float, count: int, every: float, apart: dict, together: dict) -> tuple:
    """Keys of clapping: apart, together, apart ..."""
    out = []
    for i in range(count):
        out += [key(start + i * every, apart), key(start + (i + 0.5) * every, together)]
    return (*out, key(start + count * every, apart))


ACTIONS = (
    Action("idle", ("idle", "stand still", "stand", "standing", "stand and wait"), (key(0, STAND), key(2, px=0.012, turn=4),
           key(4, px=-0.012, turn=-5, nod=2), key(6, STAND)), loops=True, life=1.6),
    Action("idle_shift", ("shift weight from foot to foot", "stand impatiently", "wait impatiently"), (key(0, STAND),
           key(1, px=0.06, proll=4, side=-4, turn=12), key(2.2), key(3.2, px=-0.06, proll=-4, side=4, turn=-18, nod=6),
           key(4.4), key(5.4, STAND)), loops=True, life=1.3),
    Action("a_pose", ("a-pose", "stand with arms slightly out"), (key(0, STAND, arm("lr", abd=45, flex=0, elbow=5, pron=0)),
           key(2)), life=0.4, loops=True),
    Action("t_pose", ("t-pose", "stand with arms stretched out to the sides", "hold arms out"), (key(0, STAND), key(0.9,
           arm("lr", abd=90, flex=0, elbow=2, pron=0, wflex=0)), key(2.2), key(3, STAND))),
    Action("wave_right", ("wave with right hand", "wave", "wave hello", "waving", "greet someone", "wave goodbye"),
           (key(0, STAND), key(0.7, WAVE, turn=-4, nod=-2), key(2.6), key(3.4, STAND)),
           swings=(Swing("r_hx", 0.10, 0.55, 0.55, 2.8), Swing("r_fx", 0.42, 0.55, 0.55, 2.8, 0.94))),
    Action("wave_both", ("wave with both hands", "wave both arms overhead", "signal for help"), (key(0, STAND),
           key(0.8, arm("lr", flex=150, abd=35, twist=-30, elbow=25, pron=0, wflex=0), nod=-8), key(3.2), key(4.1, STAND)),
           swings=(Swing("l_abd", 22, 0.8, 0.7, 3.3), Swing("r_abd", 22, 0.8, 0.7, 3.3), Swing("l_elbow", 12, 0.8, 0.7, 3.3, 0.8),
                   Swing("r_elbow", 12, 0.8, 0.7, 3.3, 0.8), Swing("side", 2, 1.6, 0.7, 3.3))),
    Action("nod", ("nod", "nod yes", "nod head in agreement", "say yes"), (key(0, STAND), key(0.35, nod=20, bend=2), key(0.62, nod=-4),
           key(0.9, nod=18), key(1.17, nod=-3), key(1.45, nod=12), key(1.9, STAND), key(2.2)), smooth=0.04),
    Action("shake_head", ("shake head", "shake head no", "say no", "disagree"), (key(0, STAND), key(0.35, turn=30, nod=3), key(0.75, turn=-30),
           key(1.15, turn=28), key(1.5, turn=-20), key(1.9, turn=0, nod=0), key(2.2, STAND))),
    Action("bow", ("bow", "take a bow", "bow politely"), (key(0, STAND), key(1.0, arm("lr", flex=26, abd=8, elbow=10), bend=38, ppitch=28, nod=14),
           key(1.7), key(2.8, STAND), key(3))),
    Action("bow_hand", ("bow with a hand on the chest", "bow gracefully", "curtain call"), (key(0, STAND), key(0.7, hand("r", (-0.02, 1.29, 0.15), (0, 0, -1), (-1, 0.25, 0.1), (0.8, -0.6, 0.1)), l_abd=28, l_flex=-12),
           key(1.5, bend=34, ppitch=26, nod=10, l_abd=42), key(2.2), key(3.0, bend=0, ppitch=0, nod=0, l_abd=20), key(3.8, STAND))),
    Action("clap", ("clap", "clap hands", "applaud", "clapping"), (key(0, STAND), *claps(0.6, 6, 0.36, FRONT, MEET), key(3.5, STAND)), smooth=0.02, lag=0.0),
    Action("clap_overhead", ("clap hands above the head", "clap overhead"), (key(0, STAND), *claps(0.8, 4, 0.5,
           hand("lr", (0.24, 1.93, 0.12), (-1, 0, 0), (-0.25, 1, 0.1), (0.9, 0.2, 0.1)),
           hand("lr", (0.002, 1.98, 0.12), (-1, 0, 0), (0.05, 1, 0.1), (0.9, 0.2, 0.1))), key(3.7, STAND)), smooth=0.03, lag=0.0),
    Action("point_right", ("point forward", "point with right hand", "point at something"), (key(0, STAND), key(0.6, arm("r", flex=88, abd=8, elbow=4, pron=60, wflex=0, reach=8), twist=14, turn=-12),
           key(1.9), key(2.7, STAND))),
    Action("point_up", ("point up", "point at the sky"), (key(0, STAND), key(0.7, arm("r", flex=158, abd=22, twist=-20, elbow=8, wflex=0), nod=-24, bend=-5, turn=-8),
           key(2.0), key(2.9, STAND))),
    Action("point_side", ("point to the right", "point sideways"), (key(0, STAND), key(0.6, arm("r", abd=86, flex=10, elbow=5, pron=0, wflex=0), turn=-48, twist=-10),
           key(1.9), key(2.7, STAND))),
    Action("point_down", ("point down", "point at the floor"), (key(0, STAND), key(0.6, arm("r", flex=42, abd=14, elbow=5, pron=40, wflex=0), nod=28, bend=8), key(1.8), key(2.6, STAND))),
    Action("salute", ("salute", "military salute", "salute with right hand"), (key(0, STAND, feet(yaw=12, x=0.09)), key(0.45, hand("r", (0.075, 1.665, 0.125), (-0.15, -0.75, -0.25), (-0.85, 0.45, 0.12), (0.9, -0.35, 0.05)), bend=-3),
           key(2.2), key(2.7, STAND), key(3.0)), on={"r": "head"}, life=0.3),
    Action("shrug", ("shrug", "shrug shoulders", "i don't know"), (key(0, STAND), key(0.5, arm("lr", flex=12, abd=22, twist=-45, elbow=80, pron=-75, wflex=-25, shrug=24), tilt=10, nod=-3),
           key(1.2), key(1.9, STAND), key(2.3))),
    Action("look_around", ("look around", "look left and right", "search for something"), (key(0, STAND), key(0.8, turn=55, twist=14), key(1.4),
           key(2.6, turn=-58, twist=-16, nod=-4), key(3.3), key(4.2, STAND), key(4.5)), life=1.2),
    Action("look_up", ("look up", "look at the sky", "gaze upward"), (key(0, STAND), key(0.9, nod=-34, bend=-8), key(2.2), key(3.1, STAND))),
    Action("look_down", ("look down", "look at the ground", "bow the head"), (key(0, STAND), key(0.9, nod=36, bend=6), key(2.2), key(3.1, STAND))),
    Action("look_behind", ("look behind", "look over the shoulder", "look back"), (key(0, STAND), key(0.9, turn=62, twist=34, pyaw=14, px=0.02), key(1.9), key(2.9, STAND))),
    Action("lookout", ("look into the distance", "shade eyes with hand"), (key(0, STAND), key(0.7, hand("r", (0.03, 1.665, 0.145), (0, -1, -0.1), (-1, 0.12, 0.25), (0.9, -0.35, 0.25)), bend=6),
           key(1.5, turn=26), key(2.5, turn=-24), key(3.3, turn=0), key(4.1, STAND)), on={"r": "head"}),
    Action("raise_hand", ("raise right hand", "raise hand to ask a question", "put hand up"), (key(0, STAND), key(0.7, arm("r", flex=165, abd=15, twist=20, elbow=8, wflex=0, pron=0), side=3),
           key(2.1), key(3, STAND))),
    Action("raise_arms", ("raise both arms", "raise arms", "lift arms above the head"), (key(0, STAND), key(1.1, arm("lr", flex=160, abd=30, elbow=6, wflex=0), nod=-8, bend=-4), key(2.1), key(3.2, STAND))),
    Action("surrender", ("hands up", "surrender", "put hands up"), (key(0, STAND), key(0.6, arm("lr", abd=88, flex=14, twist=-88, elbow=92, pron=0, wflex=0)), key(2.2), key(3.1, STAND))),
    Action("cheer", ("cheer", "celebrate", "celebrate a goal", "victory pose"), (key(0, STAND), key(0.35, arm("lr", flex=40, abd=12, elbow=100), py=-0.10, bend=14, ppitch=8),
           key(0.75, arm("lr", flex=150, abd=40, elbow=14, twist=-20), py=0.0, bend=-8, ppitch=0, nod=-14), key(2.3), key(3.2, STAND)),
           swings=(Swing("l_flex", 10, 0.5, 0.7, 2.4), Swing("r_flex", 10, 0.5, 0.7, 2.4), Swing("py", 0.018, 0.5, 0.7, 2.4, 0.25)), smooth=0.04),
    Action("fist_pump", ("fist pump", "yes gesture", "pump fist in victory"), (key(0, STAND), key(0.45, arm("r", flex=130, abd=25, elbow=60, twist=-20), twist=-12), key(0.75, arm("r", flex=22, abd=14, elbow=125, pron=-60), twist=8, bend=16, py=-0.06, nod=8),
           key(1.3), key(2.1, STAND)), smooth=0.03),
    Action("facepalm", ("facepalm", "put face in hand"), (key(0, STAND), key(0.7, hand("r", (0.0, 1.63, 0.135), (0, -0.1, -1), (-0.35, 1, 0), (0.6, -1, 0.35)), nod=22, bend=10), key(1.9), key(2.7, STAND)), on={"r": "head"},
           swings=(Swing("turn", 5, 0.7, 0.8, 1.9),)),
    Action("cry", ("cry", "cover face with hands", "weep"), (key(0, STAND), key(0.9, hand("lr", (0.045, 1.62, 0.14), (-0.1, -0.1, -1), (-0.3, 1, 0.05), (0.5, -1, 0.35)), nod=30, bend=22), key(3.0), key(4, STAND)), on=HEAD,
           swings=(Swing("bend", 2.5, 0.42, 1.0, 3.0), Swing("l_shrug", 5, 0.42, 1.0, 3.0), Swing("r_shrug", 5, 0.42, 1.0, 3.0))),
    Action("scratch_head", ("scratch head", "scratch the head in confusion"), (key(0, STAND), key(0.8, hand("r", (0.085, 1.70, 0.0), (-0.85, -0.5, 0), (-0.3, 0.75, -0.45), (0.9, 0.1, 0.45)), tilt=10, nod=8), key(2.4), key(3.2, STAND)), on={"r": "head"},
           swings=(Swing("r_hy", 0.022, 0.32, 0.8, 2.4), Swing("r_fx", 0.12, 0.32, 0.8, 2.4))),
    Action("think", ("think", "hand on chin", "ponder", "thinking pose"), (key(0, STAND), key(0.9, hand("r", (0.03, 1.525, 0.135), (-0.35, 0.3, -0.9), (-0.5, 0.85, 0.1), (0.25, -1, 0.45)), hand("l", (-0.10, 1.19, 0.16), (0.1, 0.2, -1), (-1, 0.1, 0.05), (0.8, -0.7, 0)), nod=8, tilt=6, turn=6),
           key(2.0, turn=-5, nod=2), key(3.2), key(4.1, STAND)), on={"l": "chest", "r": "head"}),
    Action("cross_arms", ("cross arms", "fold arms", "stand with arms crossed"), (key(0, STAND), key(0.9, hand("r", (-0.12, 1.235, 0.20), (0.2, 0, -1), (-1, 0.15, -0.15), (0.8, -0.5, 0.15)), hand("l", (-0.12, 1.27, 0.265), (0.3, -0.1, -1), (-1, 0.05, -0.3), (0.8, -0.5, 0.15))),
           key(3.0, px=0.02, turn=8), key(4.0, STAND))),
    Action("hands_on_hips", ("hands on hips", "put hands on hips", "stand with hands on hips", "akimbo"), (key(0, STAND, feet(x=0.15, yaw=12)), key(0.8, ON_HIPS, bend=-3), key(3.0, turn=10), key(3.8, STAND)), on=HIPS),
    Action("hands_behind_back", ("hands behind back", "stand at ease", "stand with hands behind the back"), (key(0, STAND, feet(x=0.17, yaw=14)), key(0.9, hand("lr", (0.02, 1.0, -0.15), (0, 0, -1), (-1, -0.55, 0), (0.8, -0.2, -0.55)), bend=-4),
           key(3.0), key(3.9, STAND)), on=HIPS),
    Action("hands_behind_head", ("hands behind head", "put hands behind the head", "relax with hands behind head"), (key(0, STAND), key(1.0, hand("lr", (0.045, 1.64, -0.085), (-0.3, 0, 1), (-0.9, 0.35, 0), (1, 0.15, 0.15)), bend=-5), key(2.8), key(3.8, STAND)), on=HEAD),
    Action("pray", ("pray", "palms together", "namaste", "fold hands in prayer"), (key(0, STAND), key(0.9, hand("lr", (0.002, 1.31, 0.24), (-1, 0, 0), (0, 0.95, 0.32), (0.9, -0.5, 0.1))), key(1.7, bend=12, nod=18), key(2.7), key(3.5, bend=0, nod=0), key(4.2, STAND)), lag=0.0),
    Action("phone", ("talk on the phone", "make a phone call", "hold a phone to the ear"), (key(0, STAND), key(0.8, hand("r", (0.105, 1.605, 0.05), (-1, 0, -0.1), (-0.05, 0.88, -0.42), (0.75, -0.7, 0.25)), tilt=-6), key(2.4, turn=14, px=0.03), key(3.6, turn=-8, nod=6, px=-0.02), key(4.6, STAND)), on={"r": "head"}),
    Action("phone_text", ("text on the phone", "look at the phone", "type on a phone"), (key(0, STAND), key(0.9, hand("lr", (0.035, 1.22, 0.34), (-0.35, 0.9, -0.45), (-0.2, 0.5, 0.85), (0.7, -0.9, -0.1)), nod=30, bend=6), key(3.6), key(4.5, STAND)),
           swings=(Swing("r_hy", 0.008, 0.3, 1, 3.5), Swing("l_hy", 0.008, 0.37, 1, 3.5))),
    Action("drink", ("drink", "drink from a cup", "take a sip", "drink water"), (key(0, STAND), key(0.7, hand("r", (0.10, 1.25, 0.34), (-1, 0, 0.1), (0, 0.15, 1), (0.6, -0.9, -0.1))), key(1.4, hand("r", (0.075, 1.535, 0.215), (-1, 0.05, 0), (-0.35, 0.35, 0.8), (0.85, -0.55, 0.2)), nod=-8),
           key(2.0, nod=-22, r_hy=1.55, r_fy=0.8), key(2.6), key(3.2, hand("r", (0.10, 1.25, 0.34), (-1, 0, 0.1), (0, 0.15, 1), (0.6, -0.9, -0.1)), nod=0), key(4.0, STAND))),
    Action("eat", ("eat", "eat with a hand", "put food into the mouth"), (key(0, STAND), key(0.6, hand("r", (0.08, 1.2, 0.33), (-0.3, 0.6, -0.6), (-0.5, 0.1, 0.8), (0.7, -0.8, -0.1)), nod=12), key(1.2, hand("r", (0.03, 1.53, 0.20), (-0.2, 0.35, -1), (-0.75, 0.6, -0.1), (0.8, -0.6, 0.2)), nod=6),
           key(1.5), key(2.1, hand("r", (0.08, 1.2, 0.33), (-0.3, 0.6, -0.6), (-0.5, 0.1, 0.8), (0.7, -0.8, -0.1)), nod=12), key(2.7, hand("r", (0.03, 1.53, 0.20), (-0.2, 0.35, -1), (-0.75, 0.6, -0.1), (0.8, -0.6, 0.2)), nod=6), key(3.0), key(3.8, STAND))),
    Action("check_watch", ("check the time", "look at a wristwatch", "check watch"), (key(0, STAND), key(0.7, hand("l", (0.02, 1.26, 0.32), (0, -0.75, -0.55), (-1, 0, 0.2), (0.8, -0.8, 0)), nod=26, turn=6, bend=4), key(1.8), key(2.6, STAND))),
    Action("blow_kiss", ("blow a kiss",), (key(0, STAND), key(0.6, hand("r", (0.01, 1.565, 0.165), (0, 0, -1), (-0.55, 0.85, 0), (0.8, -0.7, 0.2)), nod=4), key(1.0), key(1.5, hand("r", (0.14, 1.42, 0.52), (-0.2, 0.9, -0.1), (-0.1, 0.35, 1), (0.7, -0.8, 0)), nod=-3, bend=8), key(2.0), key(2.8, STAND))),
    Action("hug", ("hug", "hug someone", "embrace"), (key(0, STAND), key(0.8, arm("lr", flex=62, abd=50, elbow=25, twist=10, pron=20, reach=10), bend=6), key(1.6, hand("l", (-0.10, 1.30, 0.36), (0.1, 0, -1), (-1, 0.25, 0), (0.9, -0.2, 0.3)), hand("r", (-0.10, 1.20, 0.37), (0.1, 0, -1), (-1, -0.1, 0), (0.9, -0.2, 0.3)), bend=12, nod=8, tilt=12),
           key(3.0), key(4.0, STAND)), swings=(Swing("twist", 4, 1.2, 1.6, 3.0),)),
    Action("beckon", ("beckon", "come here", "gesture to come closer"), (key(0, STAND), key(0.6, arm("r", flex=48, abd=16, elbow=78, pron=-70, wflex=0, twist=-8)), key(2.4), key(3.1, STAND)),
           swings=(Swing("r_wflex", 34, 0.55, 0.6, 2.5), Swing("r_elbow", 20, 0.55, 0.6, 2.5, 0.9))),
    Action("stop_gesture", ("stop gesture", "hold up a hand to stop", "halt"), (key(0, STAND), key(0.45, hand("r", (0.12, 1.42, 0.56), (0, 0, 1), (0, 1, 0.05), (0.6, -0.9, -0.1)), bend=4), key(2.0), key(2.8, STAND))),
    Action("talk", ("talk with the hands", "explain something", "gesture while talking", "give a speech"), (key(0, STAND), key(0.6, hand("r", (0.24, 1.2, 0.33), (-0.4, 0.9, 0), (-0.1, 0.1, 1), (0.5, -0.9, -0.2)), hand("l", (0.22, 1.12, 0.32), (-0.6, 0.7, 0), (-0.2, 0, 1), (0.5, -0.9, -0.2)), nod=3),
           key(1.2, r_hx=0.36, r_hy=1.27, l_hx=0.2, turn=-10), key(1.8, r_hx=0.2, r_hy=1.16, l_hx=0.36, l_hy=1.22, turn=12, side=2), key(2.5, l_hx=0.24, l_hy=1.14, r_hx=0.3, r_hy=1.3, turn=0, nod=6),
           key(3.1, r_hy=1.16, r_hx=0.2, l_hx=0.2, nod=0), key(3.8, r_hx=0.38, l_hx=0.38, r_hy=1.2, l_hy=1.2, nod=-3, bend=-2), key(4.8, STAND)), life=1.3),
    Action("yawn", ("yawn", "yawn and stretch", "stretch arms", "stretch"), (key(0, STAND), key(0.8, arm("lr", flex=60, abd=55, elbow=120, twist=-20), bend=-3), key(1.8, arm("lr", flex=150, abd=48, elbow=18, twist=-20, shrug=12), bend=-12, nod=-20), key(2.7, side=5), key(3.8, STAND)), life=1.2),
    Action("shiver", ("shiver", "feel cold", "rub arms to keep warm"), (key(0, STAND), key(0.7, hand("r", (-0.20, 1.24, 0.10), (0.5, 0, -1), (-0.8, 0.5, -0.15), (0.7, -0.8, 0.3)), hand("l", (-0.20, 1.30, 0.16), (0.5, 0, -1), (-0.8, 0.45, -0.2), (0.7, -0.8, 0.3)), bend=12, nod=12, py=-0.03), key(3.2), key(4, STAND)),
           swings=(Swing("r_hy", 0.04, 0.5, 0.8, 3.2), Swing("l_hy", 0.04, 0.5, 0.8, 3.2, 0.5), Swing("twist", 1.2, 0.19, 0.5, 3.3), Swing("l_shrug", 2.5, 0.23, 0.5, 3.3))),
    Action("laugh", ("laugh", "laugh out loud", "burst out laughing"), (key(0, STAND), key(0.5, nod=-16, bend=-8, l_elbow=30, r_elbow=30), key(1.2, hand("r", (0.0, 1.14, 0.17), (0, 0, -1), (-1, -0.2, 0.1), (0.8, -0.6, 0)), bend=24, nod=12, py=-0.03), key(2.4, bend=10, nod=-8), key(3.3, STAND)),
           swings=(Swing("bend", 2.2, 0.27, 0.4, 2.9), Swing("l_shrug", 4, 0.27, 0.4, 2.9), Swing("r_shrug", 4, 0.27, 0.4, 2.9))),
    Action("cough", ("cough", "cough into the hand", "sneeze"), (key(0, STAND), key(0.6, hand("r", (0.01, 1.555, 0.175), (-0.1, 0, -1), (-0.8, 0.55, 0), (0.8, -0.6, 0.3)), nod=8, bend=6), key(0.9, nod=20, bend=16), key(1.15, nod=10, bend=8), key(1.4, nod=22, bend=18), key(1.8, nod=10, bend=8), key(2.6, STAND)), smooth=0.03),
    Action("arm_circles", ("arm circles", "rotate arms in circles", "warm up the arms"), (key(0, STAND), key(0.8, arm("lr", abd=88, flex=0, elbow=4, pron=0, wflex=0)), key(4.0), key(4.8, STAND)),
           swings=tuple(Swing(f"{s}_{c}", 20, 1.0, 0.8, 4.0, p) for s in "lr" for c, p in (("abd", 0.0), ("flex", 0.25)))),
    Action("neck_roll", ("roll the neck", "neck stretch", "roll head around"), (key(0, STAND), key(0.7, nod=24), key(1.4, nod=2, tilt=26), key(2.1, nod=-22, tilt=0), key(2.8, nod=2, tilt=-26), key(3.5, nod=24, tilt=0), key(4.2, STAND))),
    Action("flap", ("flap arms like a bird", "pretend to fly", "fly like a bird"), (key(0, STAND), key(0.6, arm("lr", abd=70, flex=5, elbow=14, wflex=0, pron=0)), key(3.6), key(4.3, STAND)),
           swings=tuple(Swing(f"{s}_{c}", a, 0.8, 0.6, 3.6, p) for s in "lr" for c, a, p in (("abd", 36, 0.0), ("wflex", 26, 0.4), ("elbow", 10, 0.4))) + (Swing("py", 0.012, 0.8, 0.6, 3.6, 0.5),)),
    Action("knock", ("knock on a door", "knock"), (key(0, STAND), key(0.6, hand("r", (0.12, 1.38, 0.46), (-0.4, -0.2, 1), (-0.05, 0.95, 0.3), (0.6, -0.9, -0.1)), bend=4), key(2.0), key(2.8, STAND)),
           swings=(Swing("r_hz", 0.055, 0.33, 0.7, 1.9, 0.75, 0.15),)),
    Action("push", ("push", "push something heavy", "push forward with both hands"), (key(0, STAND, {"lf_z": 0.22, "rf_z": -0.2, "rf_yaw": -24}), key(0.7, hand("lr", (0.17, 1.3, 0.28), (0, 0, 1), (-0.1, 1, 0), (0.8, -0.6, -0.3)), py=-0.08, bend=8), key(1.6, l_hz=0.56, r_hz=0.56, l_hy=1.52, r_hy=1.52, bend=16, pz=0.08, ppitch=8, py=-0.10, nod=-8), key(2.3), key(3.3, STAND)), lag=0.5),
    Action("pull", ("pull", "pull a rope", "tug of war"), (key(0, STAND, {"lf_z": 0.22, "rf_z": -0.2, "rf_yaw": -24}), key(0.6, hand("l", (0.0, 1.15, 0.56), (-0.9, 0, 0.1), (-0.2, 0.25, 1), (0.8, -0.7, -0.2)), hand("r", (0.04, 1.12, 0.40), (-0.9, 0, 0.1), (-0.2, 0.2, 1), (0.9, -0.5, -0.3)), bend=14, py=-0.08),
           key(1.3, bend=-10, pz=-0.07, py=-0.14, r_hz=0.24, l_hz=0.40, twist=-10), key(1.9, bend=12, pz=0, py=-0.08, r_hz=0.40, l_hz=0.56, twist=0), key(2.6, bend=-10, pz=-0.07, py=-0.14, r_hz=0.24, l_hz=0.40, twist=-10), key(3.6, STAND))),
    Action("spread_arms", ("spread arms wide", "open arms in welcome", "welcome someone"), (key(0, STAND), key(0.9, arm("lr", flex=38, abd=68, twist=-35, elbow=18, pron=-40, wflex=-5), bend=-5, nod=-4), key(2.2), key(3.1, STAND))),
    Action("cover_ears", ("cover ears", "put hands over the ears"), (key(0, STAND), key(0.7, hand("lr", (0.095, 1.625, 0.035), (-1, 0, 0), (-0.1, 1, -0.1), (0.9, -0.3, 0.4)), nod=14, bend=10), key(2.2), key(3.0, STAND)), on=HEAD),
    Action("stretch_side", ("side stretch", "bend to the side", "lean sideways"), (key(0, STAND, feet(x=0.19, yaw=12)), key(1.1, arm("r", flex=60, abd=150, elbow=18, twist=-20), arm("l", abd=6, flex=-4), side=32, proll=4, px=-0.04), key(2.0), key(3.1, STAND), key(4.2, arm("l", flex=60, abd=150, elbow=18, twist=-20), arm("r", abd=6, flex=-4), side=-32, proll=-4, px=0.04), key(5.1), key(6.2, STAND))),
    Action("touch_toes", ("touch toes", "bend forward to touch the toes", "forward bend stretch"), (key(0, STAND, feet(yaw=4)), key(1.3, arm("lr", flex=104, abd=2, elbow=4, reach=8), bend=60, ppitch=50, nod=18), key(2.4), key(3.8, STAND))),
    Action("twist_torso", ("twist the torso", "rotate the upper body", "trunk twists"), (key(0, STAND, feet(x=0.19)), key(0.7, arm("lr", abd=80, flex=20, elbow=60, twist=20)), key(1.3, twist=42, turn=20, pyaw=8), key(2.3, twist=-42, turn=-20, pyaw=-8), key(3.3, twist=42, turn=20, pyaw=8), key(4.0, twist=0, turn=0, pyaw=0), key(4.7, STAND))),
)  # fmt: skip

ARMS_AT_SIDE = ARMS_DOWN
