"""An independent judge: a small network that says what a motion does, from its joints alone.

It shares nothing with the auto-encoder: neither weights nor texts nor the latent space. What it says of generated
motions is therefore a measurement, as far as it is right on recorded ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...files import atomic_path
from ...protocol import InvalidInput
from ..features import AHEAD, FPS, JOINTS, YAW_SPEED
from .geometry import heading_joints

FORMAT = "impromptu-motion-judge 1"
CHANNELS = 2 * 3 * JOINTS + 3
WIDTH, FEATURES = 96, 64
FILE = Path(__file__).parents[1] / "data" / "judge.safetensors"


class Judge(nn.Module):
    """Three convolutions over time, the mean and the largest of what they see, two layers.

    Args:
        actions: what it tells apart.
        mean, std: (135,) of `channels_of` on the training windows.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, actions: Sequence[str], mean: Tensor | None = None, std: Tensor | None = None) -> None:
        super().__init__()
        self.actions = tuple(actions)
        self.register_buffer("mean", torch.zeros(CHANNELS) if mean is None else mean.float().clone())
        self.register_buffer("std", torch.ones(CHANNELS) if std is None else std.float().clone())
        sizes = (CHANNELS, WIDTH, WIDTH, WIDTH)
        self.convolutions = nn.ModuleList(nn.Conv1d(a, b, 5, 2, 2) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.GroupNorm(8, WIDTH) for _ in sizes[1:])
        self.drop = nn.Dropout(0.3)
        self.narrow = nn.Linear(2 * WIDTH, FEATURES)
        self.say = nn.Linear(FEATURES, len(self.actions))

    def see(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(n, 64) what the last layer decides by.

        Args:
            features: (n, T, 136).
            lengths: (n,) frames that count; none: all.
        """
        x = (channels_of(features) - self.mean) / self.std
        frames = torch.arange(x.shape[1], device=x.device)
        left = torch.full((len(x),), x.shape[1], device=x.device) if lengths is None else lengths
        x = (x * (frames < left[:, None])[..., None]).transpose(1, 2)
        for convolve, norm in zip(self.convolutions, self.norms, strict=True):
            x = nn.functional.gelu(norm(convolve(self.drop(x))))
            left = (left + 1) // 2
        there = (torch.arange(x.shape[2], device=x.device) < left[:, None])[:, None]
        mean = (x * there).sum(2) / there.sum(2)
        most = x.masked_fill(~there, -torch.inf).amax(2)
        return nn.functional.gelu(self.narrow(self.drop(torch.cat((mean, most), 1))))

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(n, actions) logits."""
        return self.say(self.see(features, lengths))


def channels_of(features: Tensor) -> Tensor:
    """(n, T, 136) -> (n, T, 135): joints in the heading's frame and their speeds there, and the path's three speeds.

    Metres, metres and radians a second.
    """
    joints = heading_joints(features).flatten(-2)
    speeds = joints.diff(dim=-2, append=joints[..., -1:, :]) * FPS
    return torch.cat((joints, speeds, features[..., YAW_SPEED], features[..., AHEAD]), -1)


@torch.no_grad()
def judged(
    judge: Judge, features: Tensor, lengths: Tensor | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a judge says and sees of n windows: (n, actions) log-probabilities and (n, 64)."""
    seen = torch.cat([
        judge.see(features[i : i + 256], None if lengths is None else lengths[i : i + 256])
        for i in range(0, len(features), 256)
    ])  # fmt: skip
    return torch.log_softmax(judge.say(seen), -1).numpy(), seen.numpy()


def save_judge(path: Path, judge: Judge, origin: dict[str, object]) -> None:
    """Write a judge, whole or not at all, in half precision.

    Args:
        origin: how it came about, as JSON values.
    """
    from safetensors.torch import save_file

    half = {name: value.detach().cpu().half().contiguous() for name, value in judge.state_dict().items()}
    about = {"format": FORMAT, "actions": json.dumps(judge.actions), "origin": json.dumps(origin, sort_keys=True)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        save_file(half, str(temporary), about)


def load_judge(path: Path = FILE) -> Judge:
    """A judge, in float32, for use alone; the one that ships, unless another is named.

    Raises:
        InvalidInput: the file is absent, damaged or another thing.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            about = file.metadata() or {}
            if about.get("format") != FORMAT:
                raise InvalidInput(
                    f"{path.name} is no judge of this version.", "Train one with `impromptu motion judge`."
                )
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        judge = Judge(json.loads(about["actions"]))
        judge.load_state_dict(tensors)
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as error:
        raise InvalidInput(f"{path} is absent or damaged.", "Install Impromptu again.") from error
    return judge.eval().requires_grad_(False)
