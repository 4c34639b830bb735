"""Windows for training the motion model, and motion from a latent: ours against the straightforward way."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch

from ..body.kept import kept_body
from ..motion.clip import Clip
from ..motion.library import Library
from ..motion.ops import mirror, retime
from ..motionclip.batches import Augmentation, Sampler
from ..motionclip.building import CorpusOptions, build_corpus
from ..motionclip.corpus import LENGTH, Corpus
from ..motionclip.features import WIDTH, features_of
from ..motionclip.losses import LossWeights, Targets, losses_of, total_of
from ..motionclip.model import PAPER, SMALL, MotionClip
from ..motionclip.surface import Surface
from .table import Row, seconds_of

BATCH = 64
CLIPS = 40


def straightforward(clips: list[Clip], texts: np.ndarray, lots: np.random.Generator) -> Targets:
    """A batch as a loop over clips makes it: each is cut, mirrored, retimed and turned into numbers on its own."""
    features, contacts = np.zeros((BATCH, LENGTH, WIDTH), np.float32), np.zeros((BATCH, LENGTH, 4), bool)
    lengths, said = np.zeros(BATCH, np.int64), np.zeros((BATCH, texts.shape[1]), np.float32)
    for row in range(BATCH):
        i = int(lots.integers(len(clips)))
        start = int(lots.integers(max(len(clips[i]) - LENGTH, 0) + 1))
        clip = clips[i].cut(start, start + round(LENGTH * 1.2))
        clip = mirror(clip) if lots.random() < 0.5 else clip
        numbers = features_of(retime(clip, 1.15 ** lots.uniform(-1, 1)))[:LENGTH]
        lengths[row] = len(numbers)
        features[row, : len(numbers)], features[row, len(numbers) :] = numbers, numbers[-1]
        said[row] = texts[i]
    parts = (features, lengths, contacts, said, np.zeros((BATCH, 0), np.float32))
    return Targets(*(torch.from_numpy(p) for p in parts))


def run() -> list[Row]:
    """A batch alone, a whole training step with it, and a decoded motion at both models' sizes."""
    library = Library.open()
    names = [e.name for e in library.entries if e.frames > 80][:CLIPS]
    with tempfile.TemporaryDirectory() as name:
        small = Library.create(Path(name) / "library")
        clips = [library.load(n) for n in names]
        small.add(clips)
        build_corpus([str(small.root)], Path(name) / "corpus", CorpusOptions(space="minilm", splits=_none(name)))
        return _rows(Corpus.open(Path(name) / "corpus"), clips)


def _none(folder: str) -> str:
    """A file that holds nothing out."""
    path = Path(folder) / "splits.json"
    path.write_text("{}", encoding="utf-8")
    return str(path)


def _rows(corpus: Corpus, clips: list[Clip]) -> list[Row]:
    sampler = Sampler(corpus, corpus.of_split("train"), Augmentation())
    lots = np.random.default_rng(0)
    texts = np.repeat(corpus.text_vectors[:1].astype(np.float32), len(clips), 0)
    surface = Surface(kept_body("neutral"))
    model = MotionClip(SMALL.in_space(texts.shape[1]))
    optimiser = torch.optim.AdamW(model.parameters(), 1e-3)

    def ours() -> Targets:
        return sampler.batch(sampler.draw(lots, BATCH), lots)

    def loop() -> Targets:
        return straightforward(clips, texts, lots)

    def step(targets: Targets) -> None:
        latents, decoded = model(targets.features, targets.lengths)
        weights = LossWeights()
        terms = losses_of(targets, latents, decoded, model.std, surface, weights, slice(0, 0))
        optimiser.zero_grad()
        total_of(terms, weights).backward()
        optimiser.step()

    batch, loop_batch = seconds_of(ours, loop, repeats=5)
    whole, loop_whole = seconds_of(lambda: step(ours()), lambda: step(loop()), repeats=5)
    paper = MotionClip(PAPER).eval()
    small = model.eval()
    z, wide = torch.randn(1, small.config.latent), torch.randn(1, PAPER.latent)
    with torch.inference_mode():
        decode, paper_decode = seconds_of(lambda: small.decode(z), lambda: paper.decode(wide))
    peer = "loop over clips"
    return [
        Row.of_seconds(f"{BATCH} windows for training", batch, loop_batch, peer),
        Row("training, windows a second", "1/s", round(BATCH / whole, 1), round(BATCH / loop_whole, 1), peer,
            round(loop_whole / whole, 3)),
        Row.of_seconds("2 s of motion from a latent", decode, paper_decode, "the published sizes"),
    ]  # fmt: skip
