"""Posing the default body: ours against smplx's own SMPLX, same inputs, same vertices."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from pathlib import Path

import torch

from ..body.load import DEFAULT_FILE, load_body
from ..protocol import Incompatible
from .table import Row, seconds_of

BATCH = 64
TOLERANCE = 2e-5


def smplx_peer(folder: Path, batch: int) -> torch.nn.Module:
    """smplx's SMPLX over the same arrays; the file's name tells it the layout."""
    import smplx

    shutil.copyfile(DEFAULT_FILE, folder / "SMPLX_NEUTRAL.npz")
    with contextlib.redirect_stdout(io.StringIO()):
        return smplx.SMPLX(
            str(folder / "SMPLX_NEUTRAL.npz"),
            num_betas=10,
            num_expression_coeffs=10,
            use_pca=False,
            flat_hand_mean=True,
            batch_size=batch,
        )


def run() -> list[Row]:
    """One row: a batch of 64 bodies with random betas, expressions and poses, without gradients, on the CPU."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int, scale: float) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * scale

    betas, expression = random(BATCH, 10, scale=1), random(BATCH, 10, scale=1)
    pose, transl = random(BATCH, 55, 3, scale=0.3), random(BATCH, 3, scale=1)
    parts = {
        "global_orient": pose[:, :1],
        "body_pose": pose[:, 1:22],
        "jaw_pose": pose[:, 22:23],
        "leye_pose": pose[:, 23:24],
        "reye_pose": pose[:, 24:25],
        "left_hand_pose": pose[:, 25:40],
        "right_hand_pose": pose[:, 40:],
    }
    flat = {name: part.reshape(BATCH, -1) for name, part in parts.items()}
    body = load_body("neutral")
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        peer = smplx_peer(Path(name), BATCH)

        def ours() -> torch.Tensor:
            return body.forward(betas, expression, pose=pose, transl=transl).vertices

        def theirs() -> torch.Tensor:
            return peer(betas=betas, expression=expression, transl=transl, **flat).vertices

        difference = float((ours() - theirs()).abs().max())
        if difference > TOLERANCE:
            raise Incompatible(f"The two bodies differ by {difference:.1e} m.", "Their times cannot be compared.")
        fast, slow = seconds_of(ours, theirs)
    return [Row.of_seconds(f"body forward, batch {BATCH}", fast, slow, "smplx 0.1.28 SMPLX")]
