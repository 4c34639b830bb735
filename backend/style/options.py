"""How a look is optimised: every piece of the method can be turned off or set as the published code has it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, get_args

from ..protocol import InvalidInput, check_positive
from .attention import ATTENTIONS, Attention
from .augment import GLOBAL, GREY, LOCAL, MILD_GLOBAL, MILD_GREY, MILD_LOCAL, Warp
from .content import SAMPLINGS, Sampling
from .field import PUBLISHED, FieldOptions
from .losses import OBJECTIVES, Objective, Weights

Places = Literal["template", "posed"]
MOST_ROUNDS = 3
"""Of subdivision; each makes four triangles of one."""


@dataclass(frozen=True)
class StyleOptions:
    """The cheapest schedule that was found to reach its score is the default; `published()` is the paper's."""

    steps: int = 1500
    seed: int = 0
    frames: int = 3
    """Of the motion, that are looked at."""
    sampling: Sampling = "score"
    """How they are chosen, see `content.best_frames`."""
    views: int = 3
    """Pictures of the whole a step, over the frames in turn."""
    size: int = 128
    """Pixels of a side."""
    crops: int = 1
    """Pictures after a perspective of each view; 0: the view itself."""
    local_views: int = 1
    """Views that are cropped, too."""
    local_crops: int = 1
    """Crops of each of those."""
    grey_views: int = 1
    """Views of the shape alone, without colours."""
    grey_crops: int = 1
    """Crops of each of those."""
    alternate: bool = True
    """Crops in one step, the shape in the next: each is asked for half as often, and costs half."""
    close_ups: int = 2
    """Close-ups a step at most, of the regions of the prompt's phrases in turn."""
    ground: bool = True
    """Ask cells of the encoder's grid for their phrases, where it has one."""
    objective: Objective = "choice"
    """`choice`: the prompt among other texts; `cosine`: the bare cosine, as published."""
    attention: Attention = "weighted"
    """See `attention.attention_weights`."""
    warps: tuple[Warp, Warp, Warp] = (MILD_GLOBAL, MILD_LOCAL, MILD_GREY)
    """Of whole views, of local crops, of pictures of the shape."""
    stir: float = 0.3
    """Standard deviation, sRGB, of the colours that are added at first where a look begins grey."""
    places: Places = "template"
    """`template`: the field is asked at the T-posed body (decoupled); `posed`: at the first frame, as before that."""
    subdivisions: int = 0
    """Rounds that the mesh is made finer by while it is looked at, as published: 1. Textures are as fine without."""
    garments: bool = True
    """Cut the garments that are named; without, a body that starts grey is all the field's."""
    rate: float = 2e-3
    """Of Adam, for the field."""
    palette_rate: float = 0.02
    """For the garments' colours."""
    decay: float = 0.9
    """Of both rates, fifteen times over the run: every 100 steps of 1,500."""
    network: FieldOptions = field(default_factory=FieldOptions)
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        for name, most in (("steps", 20_000), ("views", 64), ("frames", 64), ("size", 1024)):
            check_positive(f"The number of {name}", getattr(self, name), most)
        if not 0 <= self.subdivisions <= MOST_ROUNDS:
            raise InvalidInput(
                f"The mesh cannot be subdivided {self.subdivisions} times.", f"Give 0 to {MOST_ROUNDS}."
            )
        for value, known in (
            (self.sampling, SAMPLINGS), (self.attention, ATTENTIONS), (self.objective, OBJECTIVES),
            (self.places, get_args(Places)),
        ):  # fmt: skip
            if value not in known:
                raise InvalidInput(f"There is no {value!r} here.", f"Use one of {', '.join(known)}.")

    @property
    def images(self) -> int:
        """Pictures that the encoder sees a step, at most."""
        whole = self.views * max(self.crops, 1) + self.local_views * self.local_crops
        return whole + self.grey_views * self.grey_crops + self.close_ups

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, JSON values."""
        plain = StyleOptions()
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)
                if getattr(self, f.name) != getattr(plain, f.name)}  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return vars(value) if hasattr(value, "__dataclass_fields__") else value


def published(steps: int = 1500, seed: int = 0, size: int = 224) -> StyleOptions:
    """CLIP-Actor's own schedule: 3 frames of 8 views, 3 global, 4 local and 4 grey crops of each (264 pictures a
    step), the bare cosine, a large field, no phrases."""
    return StyleOptions(
        steps=steps, seed=seed, frames=3, views=24, size=size, crops=3, local_views=24, local_crops=4, grey_views=24,
        grey_crops=4, close_ups=0, ground=False, alternate=False, objective="cosine",
        warps=(GLOBAL, LOCAL, GREY), stir=0.0, subdivisions=1, garments=False,
        rate=5e-4, network=PUBLISHED,
        weights=Weights(close=0, ground=0, grey=1, rough_colour=0, volume=0, palette=0),
    )  # fmt: skip


ABLATIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "no decoupling": {"places": "posed"},
    "no frame sampling": {"sampling": "centre", "frames": 1},
    "one frame": {"frames": 1},
    "no attention": {"attention": "mean"},
    "no 2D augmentation": {"crops": 0, "local_views": 0},
    "no grey branch": {"grey_views": 0},
    "subdivided": {"subdivisions": 1},
    "no close-ups": {"close_ups": 0},
    "no grounding": {"ground": False},
    "no phrases": {"close_ups": 0, "ground": False},
    "no palette": {"weights": Weights(palette=0)},
    "no phrases, no palette": {"close_ups": 0, "ground": False, "weights": Weights(palette=0)},
    "bare cosine": {"objective": "cosine", "close_ups": 0, "ground": False, "stir": 0.0},
}
"""Pieces of the method, and the options that turn each off."""


def ablated(options: StyleOptions, name: str) -> StyleOptions:
    """The options without one piece.

    Raises:
        InvalidInput: there is no piece of that name.
    """
    if name not in ABLATIONS:
        raise InvalidInput(f"There is no ablation {name!r}.", f"Use one of {', '.join(ABLATIONS)}.")
    return replace(options, **ABLATIONS[name])
