"""How well texts fit pictures, by the whole and by what they name."""

import numpy as np
import pytest
import torch
from impromptu.backend.encoders import fit, scoring
from impromptu.backend.encoders.evaluation.embedding import Texts
from impromptu.backend.encoders.evaluation.fitting import Cells, Fitted
from impromptu.backend.encoders.fit import Fit, named_phrases
from impromptu.backend.encoders.phrases import phrases_of


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("a woman in a red shirt and blue jeans", ("a woman", "a red shirt", "blue jeans")),
        ("An old man, wearing a T-shirt with long sleeves.", ("An old man", "a T-shirt", "long sleeves")),
        ("somebody has short-sleeved tops on", ("somebody", "short-sleeved tops")),
        ("a red hat, a red hat", ("a red hat",)),
        ("walking", ("walking",)),
        ("the man's sandals", ("the man's sandals",)),
        ("in, on; with!", ()),
        ("", ()),
    ],
)
def test_phrases(text, phrases):
    assert phrases_of(text) == phrases


class Cellular:
    """Knows three colours: a picture's whole is its mean, its cells are its pixels."""

    name, grounds, scale, cell_scale, dim = "cellular", True, 10.0, 20.0, 3
    words = ("red", "green", "blue")

    def encode_texts(self, texts):
        found = torch.tensor([[float(word in text) for word in self.words] for text in texts]) + 1e-3
        return torch.nn.functional.normalize(found, dim=1)

    def encode(self, texts):
        return self.encode_texts(texts).numpy()

    encode_phrases = encode_texts

    def encode_images(self, images):
        return torch.nn.functional.normalize(images.mean((2, 3)), dim=1)

    def ground(self, images):
        return torch.nn.functional.normalize(images, dim=1)

    def see(self, images):
        return self.encode_images(images), self.ground(images)

    def phrase_fit(self, texts, cells):
        fits = self.cell_scale * torch.einsum("kd,nd...->nk...", self.encode_phrases(texts), cells).flatten(2)
        return fits.logsumexp(2) - np.log(fits.shape[2])


@pytest.fixture
def shown():
    """Two pictures of the same mean: one half red and half blue, the other all violet."""
    halves = torch.full((1, 3, 4, 4), 0.02)
    halves[:, 0, :, :2] = halves[:, 2, :, 2:] = 1.0
    return torch.cat((halves, halves.mean((2, 3), keepdim=True).expand(-1, -1, 4, 4)))


def test_what_a_text_names_is_looked_for_by_itself(shown):
    encoder = Cellular()
    both = encoder.scale * encoder.encode_images(shown) @ encoder.encode_texts(["a red shirt and blue jeans"]).T
    assert both[0] == pytest.approx(both[1])
    fitted = Fit(encoder, ["a red shirt and blue jeans", "a green shirt"])(shown)
    assert fitted.shape == (2, 2)
    assert fitted[0, 0] > fitted[1, 0] + 1
    assert (fitted[:, 0] > fitted[:, 1]).all()


def test_without_phrases_it_is_the_cosine(shown):
    encoder = Cellular()
    cosines = encoder.scale * encoder.encode_images(shown) @ encoder.encode_texts(["in"]).T
    torch.testing.assert_close(Fit(encoder, ["in"])(shown), cosines)
    encoder.grounds = False
    texts = ["a red shirt", "blue"]
    cosines = encoder.scale * encoder.encode_images(shown) @ encoder.encode_texts(texts).T
    torch.testing.assert_close(Fit(encoder, texts)(shown), cosines)


def test_a_phrase_that_is_nowhere_counts_so_much_and_no_more(shown, monkeypatch):
    worse = Cellular()
    monkeypatch.setattr(worse, "phrase_fit", lambda texts, cells: torch.full((len(cells), len(texts)), -50.0))
    fitted, plain = Fit(worse, ["a red shirt and blue jeans"])(shown), Fit(worse, ["in"])
    whole = worse.scale * worse.encode_images(shown) @ worse.encode_texts(["a red shirt and blue jeans"]).T
    torch.testing.assert_close(fitted, whole + 2 * fit.WEIGHT * fit.LEAST)
    assert plain(shown).shape == (2, 1)


def test_gradients_reach_the_pixels_through_phrases(shown):
    x = shown.clone().requires_grad_()
    Fit(Cellular(), ["a red shirt and blue jeans"])(x)[1].sum().backward()
    assert x.grad is not None
    assert x.grad[1].abs().max() > 0
    assert x.grad[0].abs().max() == 0


def test_the_evaluation_compares_as_fit_does(shown):
    encoder, texts = Cellular(), ["a red shirt and blue jeans", "a green shirt", "in"]
    cells = Cells()
    for picture in shown:
        cells.keep(encoder.ground(picture[None]))
    scorer = Fitted(encoder, Texts(encoder), encoder.encode_images(shown).numpy(), cells.all())
    expected = Fit(encoder, texts)(shown).numpy()
    np.testing.assert_allclose(scorer.among(texts, [0, 1]), expected.T, atol=0.02)
    np.testing.assert_allclose(scorer.at(1, texts), expected[1], atol=0.02)


def test_phrases_are_named_once():
    phrases, named = named_phrases(["red hat and blue jeans", "blue jeans", "on"])
    assert phrases == ["red hat", "blue jeans"]
    assert named.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_scores_say_both(shown, tmp_path, monkeypatch):
    encoder = Cellular()
    encoder.options = scoring.EncoderOptions(device="cpu")
    monkeypatch.setattr("impromptu.backend.encoders.images.read_picture", lambda path: shown[int(path)][None])
    found = scoring.score(encoder, ["0", "1"], ["a red shirt and blue jeans", "a green shirt"], by_phrases=True)
    said = found.to_json()
    assert list(said) == ["images", "texts", "cosine", "fit"]
    assert said["cosine"][0][0] == pytest.approx(said["cosine"][1][0], abs=1e-5)
    assert said["fit"][0][0] > said["fit"][1][0] + 1
    assert "fit" not in scoring.score(encoder, ["0"], ["a red shirt"]).to_json()
