"""How an encoder is asked whether pictures show a prompt: of the whole, of close-ups, of regions by their cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional as F

from ...protocol import InvalidInput
from ..base import JointEncoder
from .prompts import Brief, colours, rules
from .views import Pictures

Term = Literal["cosine", "choice", "close-ups", "ground"]
Form = Literal["cosine", "global", "close-ups", "grounded"]
FORMS: dict[Form, tuple[Term, ...]] = {
    "cosine": ("cosine",),
    "global": ("choice",),
    "close-ups": ("choice", "close-ups"),
    "grounded": ("choice", "close-ups", "ground"),
}
"""What each form adds up. `cosine` is the bare cosine to the prompt; all others ask which of many texts it is."""
LEAST_CELLS = 0.5
"""Cells of a grid that a region must fill to be asked about."""


def forms_of(encoder: JointEncoder) -> tuple[Form, ...]:
    """The forms that an encoder can guide by, without the bare cosine."""
    return tuple(form for form in get_args(Form)[1:] if encoder.grounds or "ground" not in FORMS[form])


@dataclass(frozen=True)
class Wanted:
    """A prompt's texts, embedded."""

    whole: Tensor
    """(N, dim) the prompt and its alternatives."""
    close: list[Tensor]
    """For each part (11, dim): its close-up's text in every colour."""
    phrases: list[Tensor]
    """For each part (11, dim_g): its phrase in every colour; empty where the form does not ask."""
    colours: list[int]
    """For each part the row of its own colour."""
    scale: float
    """Of cosines with the whole."""
    cell_scale: float
    """Of cosines with regions."""


def embed(encoder: JointEncoder, brief: Brief, form: Form) -> Wanted:
    """A prompt's texts as a form needs them.

    Raises:
        InvalidInput: the form grounds and the encoder does not.
    """
    terms = FORMS[form]
    if "ground" in terms and not encoder.grounds:
        raise InvalidInput(f"The encoder {encoder.name} does not tell where a phrase is.", "Leave out `grounded`.")
    phrases = [[part.phrased(name) for name in colours()] for part in brief.parts]
    close_up = rules()["close_up"]
    return Wanted(
        whole=encoder.encode_texts(brief.alternatives),
        close=[encoder.encode_texts([close_up.format(text) for text in texts]) for texts in phrases],
        phrases=[encoder.encode_phrases(texts) for texts in phrases] if "ground" in terms else [],
        colours=[colours().index(part.colour) for part in brief.parts],
        scale=encoder.scale,
        cell_scale=encoder.cell_scale if encoder.grounds else 0.0,
    )


def guidance_loss(encoder: JointEncoder, wanted: Wanted, form: Form, pictures: Pictures, views: int) -> Tensor:
    """What is to be made small; a scalar, differentiable to the pictures.

    Args:
        pictures: `views` of the whole, then a close-up for each part where the form has them; shares of the parts'
            regions where it grounds.
    """
    terms, loss = FORMS[form], pictures.images.new_zeros(())
    if "ground" in terms:
        embedded, grid = encoder.see(pictures.images)
        loss = loss + _ground(grid, wanted, pictures)
    else:
        embedded = encoder.encode_images(pictures.images)
    whole = embedded[:views]
    if "cosine" in terms:
        loss = loss + (1 - whole @ wanted.whole[0]).mean()
    if "choice" in terms:
        loss = loss + _choice(wanted.scale * whole @ wanted.whole.T, [0] * views).mean()
    if "close-ups" in terms:
        asked = zip(embedded[views:], wanted.close, strict=True)
        logits = torch.stack([wanted.scale * texts @ one for one, texts in asked])
        loss = loss + _choice(logits, wanted.colours).mean()
    return loss


def _choice(logits: Tensor, right: Sequence[int]) -> Tensor:
    """(n,) how surprising the right text of each row is."""
    return F.cross_entropy(logits, torch.tensor(right, device=logits.device), reduction="none")


def _ground(grid: Tensor, wanted: Wanted, pictures: Pictures) -> Tensor:
    """Whether the cells of each part's regions tell its phrase from the same in other colours."""
    shares = F.adaptive_avg_pool2d(pictures.shares, (grid.shape[2], grid.shape[3])).to(grid)
    regions = F.normalize(torch.einsum("bdhw,brhw->brd", grid, shares), dim=-1)
    seen = (shares.sum((2, 3)) > LEAST_CELLS).to(grid)
    losses = [
        _choice(wanted.cell_scale * regions[:, part] @ texts.T, [right] * len(grid))
        for part, (texts, right) in enumerate(zip(wanted.phrases, wanted.colours, strict=True))
    ]
    return (torch.stack(losses, 1) * seen).sum() / seen.sum().clamp(min=1)
