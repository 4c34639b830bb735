"""Sets of samples: parts that are kept, gone on with, told apart and never trusted."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from impromptu.backend.protocol import InvalidInput
from impromptu.backend.semantify import dataset
from impromptu.backend.semantify.families import load_family


@dataclass
class Studio:
    """Pictures whose brightness tells the coefficients."""

    family = load_family("body")
    views = family.views[:2]
    count, limit, one_sided = 3, 2.0, False
    outfit = "tight"
    body = SimpleNamespace(name="toy", sha256="0")
    figures = SimpleNamespace(person=SimpleNamespace(template="neutral"))
    taken: list = field(default_factory=list)

    def pictures(self, coefficients, size):
        self.taken.append(coefficients)
        grey = np.uint8(np.clip(128 + 40 * coefficients[0], 0, 255))
        return np.full((len(self.views), size, size, 3), grey, np.uint8)


class Encoder:
    name, digest, picture_size = "toy", "1", 8

    def encode_images(self, images):
        return torch.stack((images.mean((1, 2, 3)), torch.ones(len(images))), 1)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(dataset, "PART", 5)


def test_a_set_goes_on_where_it_stopped(tmp_path):
    studio, told = Studio(), []
    first = dataset.make_dataset(studio, Encoder(), 7, 0, tmp_path, lambda i, n: told.append((i, n)))
    assert (len(first), first.embeddings.shape, told) == (7, (7, 2, 2), [(5, 7), (7, 7)])
    assert len(studio.taken) == 10
    more = dataset.make_dataset(studio, Encoder(), 12, 0, tmp_path)
    assert len(studio.taken) == 15
    assert np.array_equal(more.coefficients[:7], first.coefficients)
    assert np.corrcoef(more.embeddings[:, 0, 0], more.coefficients[:, 0])[0, 1] > 0.99


def test_what_decides_a_set_tells_it_apart(tmp_path):
    studio = Studio()
    first = dataset.make_dataset(studio, Encoder(), 5, 0, tmp_path)
    other = dataset.make_dataset(studio, Encoder(), 5, 1, tmp_path)
    assert not np.array_equal(first.coefficients, other.coefficients)
    changed = Encoder()
    changed.digest = "2"
    dataset.make_dataset(studio, changed, 5, 0, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_part_of_another_set_is_refused(tmp_path):
    dataset.make_dataset(Studio(), Encoder(), 5, 0, tmp_path)
    dataset.make_dataset(Studio(), Encoder(), 5, 1, tmp_path)
    one, other = sorted(tmp_path.glob("*/part-00000.npz"))

    def read_both():
        for seed in (0, 1):
            dataset.make_dataset(Studio(), Encoder(), 5, seed, tmp_path)

    one.write_bytes(other.read_bytes())
    with pytest.raises(InvalidInput, match="not a part of this set"):
        read_both()
    one.write_bytes(b"nothing")
    with pytest.raises(InvalidInput):
        read_both()
