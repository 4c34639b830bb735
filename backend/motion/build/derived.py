"""What is computed from the recordings: mirrored, reversed, faster, slower, looped, bent, and walks of many kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..clip import Clip, Label
from ..ground import face_forward
from ..ops import fit_length, loop, mirror, overlay, retime, reverse
from .gait import Gait, change_gait

Clips = dict[str, Clip]


@dataclass(frozen=True)
class Derived:
    """A clip made from others by `make`, and the words for what is then seen."""

    name: str
    texts: tuple[str, ...]
    make: Callable[[Clips], Clip]


def cycles(clips: Clips, name: str, seconds: float) -> Clip:
    """A recording that repeats, straight along +z."""
    clip = clips[name]
    return face_forward(loop(clip, round(seconds * clip.fps)))


@dataclass(frozen=True)
class Walk:
    """A walk or run with a `Gait`, `speed` times as fast, forwards or backwards in time."""

    name: str
    how: str
    """For `meta["derivation"]`."""
    texts: tuple[str, ...]
    change: Gait
    speed: float = 1.0
    seconds: float = 5.0
    base: str = "walk"
    backward: bool = False

    def make(self, clips: Clips) -> Clip:
        """From the recordings."""
        return self.of(cycles(clips, self.base, self.seconds * self.speed))

    def of(self, clip: Clip) -> Clip:
        """From a walk or run along +z that begins at the origin."""
        clip = change_gait(clip, self.change, self.how)
        clip = reverse(clip) if self.backward else clip
        return clip if self.speed == 1 else retime(clip, self.speed)


@dataclass(frozen=True)
class Over:
    """The upper body of a key-posed clip over a recorded walk or run."""

    name: str
    texts: tuple[str, ...]
    upper: str
    base: str = "walk"
    seconds: float = 4.0

    def make(self, clips: Clips) -> Clip:
        """From the recordings and key-posed clips."""
        return overlay(cycles(clips, self.base, self.seconds), fit_length(clips[self.upper], self.seconds))


def simple(name: str, texts: tuple[str, ...], base: str, *operations: Callable[[Clip], Clip]) -> Derived:
    """A recording through operations, in order."""

    def make(clips: Clips) -> Clip:
        clip = clips[base]
        for operation in operations:
            clip = operation(clip)
        return clip

    return Derived(name, texts, make)


def slower(clip: Clip) -> Clip:
    """Half as fast."""
    return retime(clip, 0.5)


def longer(seconds: float) -> Callable[[Clip], Clip]:
    """Looped to a length."""
    return lambda clip: loop(clip, round(seconds * clip.fps))


SIMPLE = (
    simple("walk_long", ("walk straight ahead", "keep walking", "walking"), "walk", longer(6)),
    simple("run_long", ("keep running", "running", "run straight ahead"), "run", longer(4)),
    simple("walk_backward", ("walk backwards", "walking backward", "walk backward",
    "a person walks backwards"),
           "walk", longer(5), reverse),
    simple("run_backward", ("run backwards", "running backward"), "run", longer(3), reverse),
    simple("walk_left_loop", ("walk in a circle to the left", "circle left"), "walk_turn_left", longer(7)),
    simple("jump_backward", ("jump backwards", "leap backward"), "jump_forward", reverse),
    simple("crawl_backward", ("crawl backwards on the belly", "army crawl backward"), "crawl_army", reverse),
    simple("backward_roll", ("backward roll", "roll backwards on the floor"), "forward_roll", reverse),
    simple("front_flip", ("front flip", "forward somersault in the air"), "backflip", reverse),
    simple("lie_down_front", ("lie down on the stomach", "get down on the floor face down"),
           "get_up_from_front", reverse),
    simple("cartwheel_right", ("cartwheel to the other side", "cartwheel right"), "cartwheel", mirror),
    simple("kick_left", ("kick with left leg", "left high kick"), "kick_high", mirror),
    simple("punch_left", ("punch with left hand", "throw a left punch"), "punch", mirror),
    simple("spin_kick_mirrored", ("spinning kick the other way round", "roundhouse jump kick"), "spin_kick",
    mirror),
    simple("punch_slow", ("punch in slow motion", "slow punch"), "punch", slower),
    simple("kick_slow", ("kick in slow motion", "slow high kick"), "kick_high", slower),
    simple("backflip_slow", ("backflip in slow motion",), "backflip", slower),
    simple("dance_long", ("keep dancing", "dancing", "dance routine"), "dance_sway", longer(8)),
    simple("dance_mirrored", ("dance, turning the other way", "spin and dance"), "dance_spin", mirror),
    simple("dance_slow", ("slow dance", "dance slowly"), "dance_sway", slower),
)  # fmt: skip

GAITS = (
    Walk("walk_in_place", "steps without travel", ("walk in place", "walking in place", "step in place"),
         Gait(stride=0.0, lift=1.6), 1.1),
    Walk("walk_brisk", "longer strides, faster", ("walk fast", "brisk walk", "walk quickly", "hurry"),
         Gait(stride=1.15, swing=1.5, arms={"elbow": 15}, bend=4), 1.35),
    Walk("walk_very_slow", "shorter strides, slower", ("walk very slowly", "slow walk", "shuffle along"),
         Gait(stride=0.6, swing=0.5), 0.65),
    Walk("walk_circle_left", "path bent", ("walk in a circle", "walk in a circle counterclockwise",
        "walking in a circle"),
         Gait(curve=48), 1.0, 7.6),
    Walk("walk_circle_right", "path bent", ("walk in a circle clockwise", "circle right"), Gait(curve=-48),
        1.0, 7.6),
    Walk("walk_u_turn", "path bent", ("walk in a half circle", "make a u-turn while walking"), Gait(curve=60),
        1.0, 3.2),
    Walk("walk_tired", "stooped, slow, arms hang", ("walk tired", "walk exhausted", "trudge", "tired walk"),
         Gait(stride=0.7, bend=24, nod=22, drop=0.03, swing=0.45, arms={"flex": 22}, side=7), 0.72),
    Walk("walk_happy", "bouncing, arms swing wide", ("walk happily", "happy walk", "bouncy walk",
        "walk cheerfully"),
         Gait(stride=1.05, lift=1.5, bounce=2.4, bend=-7, nod=-5, swing=2.1, arms={"elbow": 12, "abd": 6},
         side=6), 1.15),
    Walk("walk_sad", "head hangs, arms still", ("walk sadly", "sad walk", "walk with head down",
        "depressed walk"),
         Gait(stride=0.72, bend=12, nod=32, swing=0.25, arms={"flex": 8}), 0.75),
    Walk("walk_drunk", "weaving path, swaying trunk", ("walk drunk", "stagger", "stumble around drunk",
        "drunk walk"),
         Gait(stride=0.8, weave=0.16, side=26, bend=10, nod=12, swing=1.5, arms={"abd": 22, "elbow": 10},
         width=1.5, drop=0.02), 0.9, 6.0),
    Walk("walk_old", "stooped, short strides", ("walk like an old man", "walk like an elderly person",
        "old person walking", "hobble"),
         Gait(stride=0.45, lift=0.7, bend=38, nod=-14, drop=0.05, swing=0.4, arms={"flex": 26, "elbow": 35}),
         0.75),
    Walk("walk_limp", "left leg spared", ("limp", "walk with a limp", "limping",
        "walk with an injured left leg"),
         Gait(stride=0.65, bend=8, limp=1.0, swing=0.7, arms={"abd": 6}), 0.85),
    Walk("walk_sneak", "low, high steps, slow", ("sneak", "tiptoe quietly", "sneak around",
        "walk stealthily"),
         Gait(stride=0.85, lift=2.6, bend=26, nod=-18, drop=0.12, swing=0.4, arms={"flex": 32, "elbow": 70,
         "abd": 8}, look=25), 0.6),
    Walk("walk_tiptoe", "heels up", ("walk on tiptoes", "tiptoe", "walk on toes"),
         Gait(stride=0.6, lift=0.8, tiptoe=32, swing=0.4, arms={"abd": 22, "elbow": 10}), 0.85),
    Walk("walk_zombie", "arms forward, stiff", ("walk like a zombie", "zombie walk"),
         Gait(stride=0.6, side=14, bend=8, nod=12, swing=0.3, arms={"flex": 80, "abd": 14, "elbow": -14}),
         0.7),
    Walk("walk_tightrope", "narrow, arms wide", ("balance on a tightrope", "walk along a line with arms out",
        "balance beam walk"),
         Gait(stride=0.6, width=0.15, lift=1.2, side=9, swing=0.15, arms={"abd": 76, "elbow": -12}), 0.7),
    Walk("walk_crouched", "hips low", ("walk crouched", "crouch walk", "walk ducking under something"),
         Gait(stride=0.75, bend=36, nod=-22, drop=0.22, swing=0.7, arms={"flex": 24, "elbow": 25}), 0.9),
    Walk("walk_proud", "chest out", ("strut", "walk proudly", "swagger", "walk confidently"),
         Gait(stride=1.05, bend=-9, nod=-4, side=9, swing=1.6, arms={"abd": 12, "elbow": 14}), 0.95),
    Walk("walk_look_around", "head turned", ("walk and look around", "look around while walking"),
        Gait(look=58, stride=0.9), 0.85),
    Walk("walk_snake", "path bent to and fro", ("walk in a zigzag", "walk in a slalom",
        "weave between obstacles"),
         Gait(weave=0.17), 1.0, 6.0),
    Walk("walk_backward_slow", "short strides, reversed", ("back away slowly", "step backwards carefully",
        "retreat"),
         Gait(stride=0.7, swing=0.6, bend=-3, nod=4), 0.75, backward=True),
    Walk("jog", "shorter strides, slower", ("jog", "jogging", "jog forward", "light run"),
         Gait(stride=0.62, lift=0.8, swing=0.75), 0.85, 4.0, "run"),
    Walk("jog_in_place", "steps without travel", ("jog in place", "run in place", "run on the spot"),
         Gait(stride=0.0, lift=0.75, swing=0.8, bend=-16, nod=8), 0.95, 4.0, "run"),
    Walk("run_circle", "path bent", ("run in a circle", "running in a circle"), Gait(curve=33, stride=0.8),
        1.0, 5.0, "run"),
    Walk("run_zigzag", "path bent to and fro", ("run in a zigzag", "dodge while running"), Gait(weave=0.22,
        stride=0.8), 1.0, 4.0, "run"),
    Walk("run_scared", "arms up", ("run away in fear", "flee", "run away scared"),
         Gait(bend=6, side=10, swing=0.7, arms={"flex": 40, "abd": 20, "elbow": 20}, look=50), 1.15, 4.0,
         "run"),
)  # fmt: skip


OVERLAYS = (
    Over("walk_wave", ("walk and wave", "wave while walking"), "wave_right"),
    Over("walk_phone", ("walk while talking on the phone", "talk on the phone and walk"), "phone",
        seconds=4.6),
    Over("walk_texting", ("walk while looking at the phone", "text while walking"), "phone_text",
        seconds=4.5),
    Over("walk_hands_on_hips", ("walk with hands on hips",), "hands_on_hips", seconds=3.8),
    Over("walk_hands_behind", ("walk with hands behind the back", "stroll with hands behind back"),
        "hands_behind_back", seconds=3.9),
    Over("walk_arms_crossed", ("walk with arms crossed",), "cross_arms"),
    Over("walk_drink", ("drink while walking", "walk and drink"), "drink"),
    Over("walk_clap", ("walk and clap", "clap while walking"), "clap", seconds=3.5),
    Over("run_cheer", ("run and cheer", "run with arms raised in victory"), "cheer", base="run", seconds=3.2),
)  # fmt: skip


def relabelled(clip: Clip, item: Derived | Walk | Over) -> Clip:
    """With the item's name and words, for all of it."""
    labels = tuple(Label(t, 0, len(clip)) for t in item.texts)
    return clip.with_(name=item.name, labels=labels)
