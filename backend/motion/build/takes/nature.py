"""What kind of action it is: what of it may be varied without breaking it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..language import REST, Action
from .tempo import has_flights


@dataclass(frozen=True)
class Nature:
    """What of an action may be varied without breaking it."""

    lying: bool
    """Hands, toes or the back are on the floor: all channels keep together."""
    held: bool
    """The pelvis goes where it is keyed: a chair's height, a knee on the floor."""
    seated: bool
    """On a chair for some of the time."""
    timed: bool
    """Steps, jumps and swings follow one beat."""
    airborne: bool
    stepping: bool
    """Feet move, by steps or keys."""
    linked: bool
    """Both hands work together."""
    world: bool
    """Hands are led to places in the room, not on the body."""


def nature(action: Action) -> Nature:
    """See `Nature`."""
    state, py, both = dict(REST), [], []
    for _, pose in sorted((k for layer in (action.keys, *action.layers) for k in layer), key=lambda k: k[0]):
        state |= pose
        py.append(state["py"])
        if state["l_ik"] and state["r_ik"]:
            ends = [
                np.array([sign * state[f"{s}_hx"], state[f"{s}_hy"], state[f"{s}_hz"]])
                for s, sign in (("l", 1), ("r", -1))
            ]
            both.append(float(np.linalg.norm(ends[0] - ends[1])))
    airborne = has_flights(action)
    lying = action.balance == 0 and py[0] < -0.45
    return Nature(
        lying=lying,
        held=action.balance == 0,
        seated=action.balance == 0 and not lying and action.name.startswith(("sit", "stand", "type", "drive")),
        timed=airborne or bool(action.steps) or len(action.keys) > 12 or action.loops,
        airborne=airborne,
        stepping=bool(action.steps) or _feet_move(action),
        linked=bool(both) and min(both) < 0.45,
        world="world" in action.on.values(),
    )


def _feet_move(action: Action) -> bool:
    values: dict[str, set[float]] = {}
    for layer in (action.keys, *action.layers):
        for _, pose in layer:
            for c, v in pose.items():
                if c[1:3] == "f_":
                    values.setdefault(c, set()).add(v)
    return any(len(v) > 1 for v in values.values())
