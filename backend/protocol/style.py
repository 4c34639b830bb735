"""What a look may be asked for: one request for the panel, the command line and a batch file."""

from __future__ import annotations

from dataclasses import dataclass

from .checks import check_betas, check_positive, check_prompt
from .errors import InvalidInput

STARTS = ("plain", "present", "grey")
REGIONS = (
    "head", "face", "hair", "neck", "torso", "hips", "upper arms", "forearms", "hands", "thighs", "calves", "feet",
)  # fmt: skip
"""Of the body, as `only` and `keep` name them."""
MOST_STEPS = 20_000


@dataclass(frozen=True)
class StylizeRequest:
    """Colours and shape of an actor from words or a picture (CLIP-Actor section 5).

    Writes `style.npz` (`style_1.npz` ... for further variants), their textures, and `result.json`.
    """

    prompt: str = ""
    """What the actor shall look like. What it says that somebody does is left out; see `style_text`."""
    style_text: str = ""
    """The look in words, taken as they are; empty: what `prompt` says of it."""
    negative: tuple[str, ...] = ()
    """What the actor shall not look like."""
    image: str = ""
    """A picture that the actor shall look like, instead of words or beside them."""
    body: str = "neutral"
    """`neutral`, `male`, `female` or the path of a model file."""
    betas: tuple[tuple[str, float], ...] = ()
    """Shape axes by name or index, in standard deviations."""
    motion: str = ""
    """A motion.npz (poses, trans, fps) whose frames are looked at; empty: the body walks."""
    look: str = ""
    """A `style.npz` (`colour`, `offsets`) for `start` = `present`."""
    start: str = "plain"
    """`plain`: skin, hair and plain clothes where the prompt names none; `present`: `look`, which changes only where
    the prompt says something; `grey`: a grey body, the garments of the prompt in grey. A body whose joints are not
    named as SMPL-X's begins grey and without garments."""
    only: tuple[str, ...] = ()
    """Regions of `REGIONS` that may change; empty: wherever the prompt's words lead."""
    keep: tuple[str, ...] = ()
    """Regions that stay as they are."""
    relief: float = 1.0
    """How far the surface may move, as a share of its bound; 0: colours alone."""
    steps: int = 1500
    """Of the optimisation. 150 are enough to see what it will be."""
    seed: int = 0
    variants: int = 1
    """How many looks, each of a seed of its own."""
    encoder: str = ""
    """Which encoder guides, as `impromptu models list` has it; empty: the one that ships."""
    texture: int = 1024
    """Pixels of a side of the baked texture; 0: none is baked."""

    def __post_init__(self) -> None:
        for name in ("prompt", "style_text"):
            if getattr(self, name):
                object.__setattr__(self, name, check_prompt(getattr(self, name)))
        object.__setattr__(self, "negative", tuple(check_prompt(text) for text in self.negative))
        if not self.prompt and not self.style_text and not self.image:
            raise InvalidInput(
                "There is nothing to look like.",
                'Describe it, as in "a red shirt and blue jeans", or give a picture.',
            )
        if self.start not in STARTS:
            raise InvalidInput(f"A look cannot start from {self.start!r}.", f"Use one of {', '.join(STARTS)}.")
        if (self.start == "present") != bool(self.look):
            raise InvalidInput(
                "A look that is there goes with `start` = `present`, and with this alone.", "Give both or neither."
            )
        for name in (*self.only, *self.keep):
            if name not in REGIONS:
                raise InvalidInput(f"The body has no region {name!r}.", f"Use one of {', '.join(REGIONS)}.")
        both = sorted(set(self.only) & set(self.keep))
        if both:
            raise InvalidInput(f"The region {both[0]!r} is to change and to stay.", "Name it once.")
        if not 0 <= self.relief <= 1:
            raise InvalidInput(f"The relief is {self.relief:g}.", "Give 0 to 1.")
        check_betas(self.betas)
        check_positive("The number of steps", self.steps, MOST_STEPS)
        check_positive("The number of variants", self.variants, 16)
        if self.texture:
            check_positive("The texture's size", self.texture, 8192)
