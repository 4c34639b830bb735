"""How well texts fit pictures: `impromptu encoder score`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..cli import emit
from ..files import explain_os_error
from ..protocol import InvalidInput
from .base import EncoderOptions, JointEncoder

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 16
"""Pictures of one size that are encoded together, where the options do not say."""
MOST_PIXELS = 1 << 22
"""Of the pictures that wait to be encoded; a larger one goes alone."""
STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Scores:
    """The cosine of every picture with every text."""

    images: tuple[str, ...]
    """Paths, as they were given."""
    texts: tuple[str, ...]
    cosine: np.ndarray
    """(images, texts)."""
    fit: np.ndarray | None = None
    """(images, texts) logits of `fit.Fit`, where they were asked for."""

    def to_json(self) -> dict[str, Any]:
        """JSON values: `images`, `texts`, and `cosine` with one row a picture; `fit` likewise, where there is one."""
        rows = {"cosine": self.cosine, **({} if self.fit is None else {"fit": self.fit})}
        numbers = {name: [[round(float(x), 6) for x in row] for row in values] for name, values in rows.items()}
        return {"images": list(self.images), "texts": list(self.texts), **numbers}

    def table(self) -> str:
        """The texts below each picture, best first."""
        lines: list[str] = []
        for image, row in zip(self.images, self.cosine if self.fit is None else self.fit, strict=True):
            lines.append(image)
            lines += [f"  {row[i]:7.4f}  {self.texts[i]}" for i in np.argsort(-row, kind="stable")]
        return "\n".join(lines)


def score(
    encoder: JointEncoder, images: Sequence[str | Path], texts: Sequence[str], by_phrases: bool = False
) -> Scores:
    """Cosines of picture files with texts, in the memory of one chunk of pictures.

    Args:
        by_phrases: also how well the texts fit with each of their phrases looked for by itself.

    Raises:
        InvalidInput: a file is missing or not a picture, or a text is more than the encoder can read.
    """
    import torch

    from .fit import Fit
    from .images import read_picture

    wanted, fit = encoder.encode_texts(texts), Fit(encoder, texts) if by_phrases else None
    rows: list[np.ndarray] = []
    fits: list[np.ndarray] = []
    pictures = (read_picture(path) for path in images)
    with torch.inference_mode():
        for chunk in _chunks(pictures, encoder.options.chunk or CHUNK):
            if fit is None:
                rows.append((encoder.encode_images(chunk) @ wanted.T).cpu().numpy())
                continue
            cosine, logits = fit.beside_cosine(chunk)
            rows.append(cosine.cpu().numpy())
            fits.append(logits.cpu().numpy())
    cosine = np.concatenate(rows).astype(np.float32)
    return Scores(tuple(map(str, images)), tuple(texts), cosine, np.concatenate(fits) if fits else None)


def _chunks(pictures: Iterable[Tensor], most: int) -> Iterator[Tensor]:
    """(1, C, H, W) each -> (n, C, H, W): neighbours of one shape together."""
    import torch

    waiting: list[Tensor] = []
    for picture in pictures:
        pixels = picture.shape[2] * picture.shape[3]
        full = len(waiting) == most or (len(waiting) + 1) * pixels > MOST_PIXELS
        if waiting and (full or waiting[0].shape != picture.shape):
            yield torch.cat(waiting)
            waiting = []
        waiting.append(picture)
    if waiting:
        yield torch.cat(waiting)


def read_texts(path: str) -> list[str]:
    """The lines of a UTF-8 file, or of standard input for `-`, without empty ones and surrounding white space.

    Raises:
        InvalidInput: missing, not UTF-8, or without any text.
    """
    name = "Standard input" if path == STANDARD_INPUT else Path(path).name
    try:
        data = sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
        lines = data.decode("utf-8-sig").replace("\r", "\n").split("\n")
    except OSError as error:
        raise explain_os_error(error, Path(path)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{name} is not text in UTF-8.", "Save it again in that encoding.") from error
    texts = [line.strip() for line in lines if line.strip()]
    if not texts:
        raise InvalidInput(f"{name} holds no text.", "Write one text in each line.")
    return texts


def add_score_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `impromptu encoder score`."""
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, WebP, BMP, GIF or TIFF of any size")
    parser.add_argument("--texts", required=True, metavar="FILE", help="one text in each line; - is standard input")
    parser.add_argument(
        "--encoder", default="auto", metavar="NAME",
        help="body, judge, clip, a fetched model's name, open_clip:MODEL:PATH or a folder "
        "(default: CLIP where it is, else body)",
    )  # fmt: skip
    parser.add_argument(
        "--device", default=EncoderOptions.device, help="cpu, cuda, mps or auto (default: %(default)s)"
    )
    parser.add_argument(
        "--phrases", action="store_true",
        help="also look for what a text names by itself, rank by both, and add them to the JSON as `fit`",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON")


def run_score(args: argparse.Namespace) -> None:
    """Read, score and print."""
    texts = read_texts(args.texts)
    from .factory import load_joint_encoder

    encoder = load_joint_encoder(args.encoder, EncoderOptions(device=args.device))
    found = score(encoder, args.images, texts, args.phrases)
    if args.json:
        emit(found.to_json(), sort_keys=False)
    else:
        print(found.table())
