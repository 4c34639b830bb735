"""An action's time: slower, faster, uneven, repeated more or less often; flights keep to gravity."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..language import FPS, Action, Key, Step, curves

Layer = tuple[Key, ...]
FRAME = 1 / FPS
_NEAR = 0.02
"""Seconds up to which two times are the same."""
_FLOWING = frozenset(("lf_x", "lf_z", "rf_x", "rf_z", "px", "pz"))
"""Channels that travel from one repetition to the next."""


def flights(layer: Layer) -> list[tuple[int, int]]:
    """[first, last] keys of each ballistic flight: a key for every frame, as `footwork.hop` writes them."""
    out, start = [], 0
    airy = [any(c.endswith("f_y") for c in pose) for _, pose in layer]
    for i in range(1, len(layer) + 1):
        close = i < len(layer) and 0 < layer[i][0] - layer[i - 1][0] < 1.5 * FRAME and airy[i] and airy[i - 1]
        if not close:
            if i - start >= 4:
                out.append((start, i - 1))
            start = i
    return out


def has_flights(action: Action) -> bool:
    """Whether feet leave the floor together or alone by a jump."""
    return any(flights(layer) for layer in (action.keys, *action.layers))


def at_own_tempo(
    action: Action, rng: np.random.Generator, tempo: float, uneven: float, height: float = 1.0
) -> Action:
    """The action in another time.

    Args:
        action: any.
        rng: draws the unevenness.
        tempo: durations are so many times as long, but for flights.
        uneven: standard deviation of the logarithm of single stretches' durations.
        height: of jumps; their duration follows.
    """
    layers = [action.keys, *action.layers]
    spans = [(layer[a][0], layer[b][0], b - a) for layer in layers for a, b in flights(layer)]
    old, new = _clock(action, rng, tempo, uneven, height, spans)

    def when(time: float) -> float:
        return float(np.interp(time, old, new)) if time <= old[-1] else new[-1] + time - old[-1]

    moved = [_moved(layer, when) for layer in layers]
    swings = []
    for swing in action.swings:
        start, end = when(swing.start), when(swing.end)
        pace = (end - start) / (swing.end - swing.start)
        swings.append(replace(swing, start=start, end=end, period=swing.period * pace))
    steps = tuple(replace(s, start=when(s.start), end=when(s.end)) for s in action.steps)
    parts = tuple((text, when(a), when(b)) for text, a, b in action.parts)
    return replace(action, keys=moved[0], layers=tuple(moved[1:]), swings=tuple(swings), steps=steps, parts=parts)


def _clock(
    action: Action, rng: np.random.Generator, tempo: float, uneven: float, height: float, spans: list
) -> tuple[list[float], list[float]]:
    """Old and new times of all keys and steps, rising."""
    inside = [t for a, b, _ in spans for t in (a, b)]
    marks = {t for layer in (action.keys, *action.layers) for t, _ in layer}
    marks |= {t for s in action.steps for t in (s.start, s.end)}
    marks = {t for t in marks if not any(a < t < b for a, b, _ in spans)} | set(inside) | {0.0}
    old: list[float] = []
    for mark in sorted(marks):
        if not old or mark - old[-1] > 1e-6:
            old.append(mark)
    new = [0.0]
    for before, after in itertools.pairwise(old):
        flight = [n for a, b, n in spans if a <= before + 1e-6 and after <= b + 1e-6]
        if flight:
            length = _frames_in_air(flight[0], height) * FRAME * (after - before) / (flight[0] * FRAME)
        elif after - before < 1.6 * FRAME:
            length = after - before
        else:
            length = (after - before) * tempo * float(np.exp(np.clip(rng.normal(0, uneven), -0.45, 0.5)))
        # Flights are keyed frame by frame: they begin on a frame.
        new.append(round((new[-1] + length) * FPS) / FPS if spans else new[-1] + length)
    return old, new


def _frames_in_air(frames: int, height: float) -> int:
    return max(3, round(frames * np.sqrt(height)))


def _moved(layer: Layer, when: Callable[[float], float]) -> Layer:
    """Keys at their new times; flights are keyed anew for every frame."""
    out: list[Key] = []
    spans = dict(flights(layer))
    i = 0
    while i < len(layer):
        if i in spans:
            out += _flown(layer[i : spans[i] + 1], when(layer[i][0]), when(layer[spans[i]][0]))
            i = spans[i] + 1
        else:
            out.append((when(layer[i][0]), layer[i][1]))
            i += 1
    return tuple(out)


def _flown(keys: Layer, start: float, end: float) -> list[Key]:
    """A flight between two times: feet rise with the square of its duration, the rest is spread over it."""
    frames = max(1, round((end - start) * FPS))
    rise = (frames / (len(keys) - 1)) ** 2
    channels = [c for c in keys[0][1] if all(c in pose for _, pose in keys)]
    u, old = np.linspace(0, 1, frames + 1), np.linspace(0, 1, len(keys))
    values = {c: np.interp(u, old, [pose[c] for _, pose in keys]) for c in channels}
    for c in channels:
        if c.endswith("f_y"):
            values[c] = values[c] * rise
    return [(start + i * FRAME, {c: float(v[i]) for c, v in values.items()}) for i in range(frames + 1)]


def repetition(action: Action) -> tuple[float, float, float] | None:
    """Where an action repeats itself: start and period, seconds, and metres to the left by which steps travel."""
    events = _events(action)
    still = curves(replace(action, swings=(), steps=()))
    for i, (start, what, _) in enumerate(events):
        for later, again, _ in events[i + 1 :]:
            period = later - start
            if again != what or period < 0.25 or later + period > events[-1][0] + _NEAR:
                continue
            shift = _same(events, start, period)
            if shift is not None and _steady(still, start, period):
                return start, period, shift
    return None


def _events(action: Action) -> list[tuple[float, tuple, float]]:
    """Time, what happens, and where to the side, of every key and step."""
    out = []
    for number, layer in enumerate((action.keys, *action.layers)):
        out += [(t, (number, *sorted((c, round(v, 4)) for c, v in pose.items())), 0.0) for t, pose in layer]
    for s in action.steps:
        out.append((s.start, ("step", s.foot, round(s.end - s.start, 2), round(s.z, 3), s.yaw, s.lift, s.y), s.x))
    return sorted(out, key=lambda e: (e[0], str(e[1])))


def _same(events: list, start: float, period: float) -> float | None:
    """Whether [start, start + period) happens again right after; the shift to the side, None where it does not."""
    first, second = (
        [e for e in events if begin - _NEAR <= e[0] < begin + period - _NEAR] for begin in (start, start + period)
    )
    if len(first) != len(second) or not first:
        return None
    shifts = set()
    for a, b in zip(first, second, strict=True):
        if a[1] != b[1] or abs(b[0] - a[0] - period) > _NEAR:
            return None
        if a[1][0] == "step":
            shifts.add(round(b[2] - a[2], 3))
    return None if len(shifts) > 1 else next(iter(shifts), 0.0)


def _steady(still: dict, start: float, period: float) -> bool:
    """Whether every channel is the same after a period, steps and swings aside."""
    frames = [round((start + k * period) * FPS) for k in range(3)]
    last = len(still["px"]) - 1
    if frames[-1] > last:
        return False
    for channel, values in still.items():
        # The curve leads into the first repetition from elsewhere: what comes after it counts.
        a, b = values[frames[1]], values[frames[2]]
        if channel not in _FLOWING and abs(a - b) > 0.05 * max(1.0, abs(a)):
            return False
    return True


def repeated(action: Action, more: int) -> Action:
    """With `more` repetitions than written, or fewer; unchanged where nothing repeats."""
    for _ in range(abs(more)):
        found = repetition(action)
        if found is None:
            return action
        action = _spliced(action, *found, 1 if more > 0 else -1)
    return action


def _spliced(action: Action, start: float, period: float, shift: float, sign: int) -> Action:
    """One repetition more or less, after the first."""
    begin, end = start + period - _NEAR, start + 2 * period - _NEAR

    def later(time: float) -> float:
        if time < begin:
            return time
        return time + period if sign > 0 else max(time - period, begin) if time >= end else begin

    def keys(layer: Layer) -> Layer:
        kept = [k for k in layer if k[0] < begin]
        if sign > 0:
            kept += [(t + period, dict(p)) for t, p in layer if start - _NEAR <= t < begin]
        return tuple(kept + [(later(t), p) for t, p in layer if t >= (begin if sign > 0 else end)])

    def travelled(step: Step) -> Step:
        return replace(step, start=step.start + sign * period, end=step.end + sign * period, x=step.x + sign * shift)

    steps = [s for s in action.steps if s.start < begin]
    if sign > 0:
        steps += [travelled(s) for s in steps if s.start >= start - _NEAR]
    steps += [travelled(s) for s in action.steps if s.start >= (begin if sign > 0 else end)]
    layers = [keys(layer) for layer in action.layers]
    swings = tuple(replace(s, start=later(s.start), end=later(s.end)) for s in action.swings)
    parts = tuple((text, later(a), later(b)) for text, a, b in action.parts)
    return replace(
        action, keys=keys(action.keys), layers=tuple(layers), steps=tuple(steps), swings=swings, parts=parts
    )


def apart(layer: Layer, late: dict[str, float], end: float) -> list[Layer]:
    """A layer whose groups of channels come sooner or later by some seconds, each group in a layer of its own.

    Args:
        layer: keys.
        late: seconds by channel; the others stay.
        end: seconds of the action; no key goes beyond.
    """
    out: dict[float, list[Key]] = {}
    for shift in sorted({0.0, *(late[c] for _, pose in layer for c in pose if c in late)}):
        # Every key counts for every group: a channel that a key does not name rests there.
        for t, pose in layer:
            part = {c: v for c, v in pose.items() if late.get(c, 0.0) == shift}
            moved = t if t <= 0 else min(max(t + shift, 0.02), end)
            out.setdefault(shift, []).append((moved, part))
    return [tuple(keys) for _, keys in sorted(out.items(), key=lambda item: item[0] != 0)]
