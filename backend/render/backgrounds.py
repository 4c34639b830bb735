"""What is behind the mesh. AvatarCLIP draws before four of them, so that nothing is explained by the ground alone."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..protocol import InvalidInput

Size = tuple[int, int, int]
"""Views, height and width."""


def plain(size: Size, colour: Tensor | tuple[float, float, float] | float) -> Tensor:
    """(B, H, W, 3) of one colour; a view on one pixel."""
    return torch.as_tensor(colour, dtype=torch.float32).expand(*size, 3)


def gradient(size: Size, top: Tensor | float = 0.9, bottom: Tensor | float = 0.4) -> Tensor:
    """(B, H, W, 3) from one colour above to another below."""
    share = torch.linspace(0, 1, size[1])[:, None, None]
    top, bottom = (torch.as_tensor(c, dtype=torch.float32) for c in (top, bottom))
    return (top + share * (bottom - top)).expand(*size, 3)


def noise(size: Size, generator: torch.Generator, mean: float = 0.5, spread: float = 0.2) -> Tensor:
    """(B, H, W, 3) grey Gaussian noise, within 0 to 1; mean and standard deviation are AvatarCLIP's."""
    grey = torch.randn(*size, 1, generator=generator, device=generator.device) * spread + mean
    return grey.clamp(0, 1).expand(*size, 3)


def chessboard(size: Size, generator: torch.Generator, fewest: int = 10, most: int = 19) -> Tensor:
    """(B, H, W, 3) black and white squares, a random number of them to each picture's height, as AvatarCLIP has."""
    views, height, width = size
    count = torch.randint(fewest, most + 1, (views, 1, 1), generator=generator, device=generator.device)
    side = (height // count).clamp(min=1)
    row = torch.arange(height, device=count.device)[:, None] // side
    column = torch.arange(width, device=count.device)[None] // side
    return ((row + column) % 2).float()[..., None].expand(*size, 3)


def mixed(size: Size, generator: torch.Generator) -> Tensor:
    """(B, H, W, 3): white, noise, chessboard or black, by chance for each view."""
    grounds = torch.stack((plain(size, 1.0), noise(size, generator), chessboard(size, generator), plain(size, 0.0)))
    which = torch.randint(len(grounds), (size[0],), generator=generator)
    return grounds[which, torch.arange(size[0])]


BACKGROUNDS: dict[str, Callable[[Size, torch.Generator], Tensor]] = {
    "white": lambda size, _: plain(size, 1.0),
    "black": lambda size, _: plain(size, 0.0),
    "grey": lambda size, _: plain(size, 0.5),
    "gradient": lambda size, _: gradient(size),
    "noise": noise,
    "chessboard": chessboard,
    "mixed": mixed,
}


def background(choice: str | Tensor, size: Size, seed: int = 0) -> Tensor:
    """(B, H, W, 3) on the processor, the same for the same seed on every device.

    Args:
        choice: a name of `BACKGROUNDS`, one colour (3,), or the pictures themselves.

    Raises:
        InvalidInput: no such name, or another shape.
    """
    if isinstance(choice, Tensor):
        if choice.shape not in ((3,), (*size, 3)):
            raise InvalidInput(
                f"A background of shape {tuple(choice.shape)} does not fit pictures of {(*size, 3)}.",
                "Give one colour (3,) or a picture for each view.",
            )
        return choice.expand(*size, 3)
    if choice not in BACKGROUNDS:
        raise InvalidInput(f"There is no background {choice!r}.", f"Choose one of {', '.join(BACKGROUNDS)}.")
    return BACKGROUNDS[choice](size, torch.Generator().manual_seed(seed))
