"""Training of the built-in encoder: what a step is given, what it descends, and a twin small enough to be run."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from impromptu.backend.encoders.builtin import weights
from impromptu.backend.encoders.builtin.model import BodyEncoderConfig
from impromptu.backend.encoders.builtin.text_tower import TextTower
from impromptu.backend.encoders.builtin.vocabulary import Vocabulary
from impromptu.backend.encoders.training import augment as augmenting
from impromptu.backend.encoders.training import losses, memory
from impromptu.backend.encoders.training.batches import PHRASES, Batches
from impromptu.backend.encoders.training.checks import look
from impromptu.backend.encoders.training.command import export
from impromptu.backend.encoders.training.loop import CHECKPOINT, LOG, Recipe, Training
from impromptu.backend.encoders.training.memory import Memory
from impromptu.backend.encoders.training.shards import GROUP, VERSION, Thinned
from impromptu.backend.encoders.training.steps import loss_of, read
from impromptu.backend.encoders.training.tuning import Tuned, Tuning
from impromptu.backend.encoders.training.usual import learn_usual
from impromptu.backend.protocol import InvalidInput
from torch.nn import functional as F

SIZE = 64
STEPS = 150
NONE = 255
PARTS = ("top", "bottom")
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (40, 40, 220), "white": (245, 245, 245)}
TINY = BodyEncoderConfig(
    size=SIZE, width=32, image_layers=1, text_layers=1, heads=2, questions=2, parts=2, told=8, dim=32
)


class Set:
    """Pictures of two blocks, a top one and a bottom one, as `Shards` offers them."""

    part_names = PARTS
    request: dict = {"version": VERSION}  # noqa: RUF012

    def __init__(self, groups: int, seed: int = 0) -> None:
        lots = np.random.default_rng(seed)
        self.rows = []
        for group in range(groups):
            side = int(lots.integers(14, 30))
            pairs = [lots.permutation(list(COLOURS))[:2].tolist() for _ in range(2)]
            self.rows += [(group, side, *pairs[k // 2], int(lots.integers(-6, 7))) for k in range(GROUP)]

    def __len__(self) -> int:
        return len(self.rows)

    def pictures(self, i):
        if isinstance(i, list):
            return np.stack([self.pictures(k) for k in i])
        _, side, top, bottom, shift = self.rows[i]
        picture = np.full((SIZE, SIZE, 3), 120, np.uint8)
        across = slice(SIZE // 2 - side // 2 + shift, SIZE // 2 + side // 2 + shift)
        picture[SIZE // 2 - side : SIZE // 2, across] = COLOURS[top]
        picture[SIZE // 2 : SIZE // 2 + side, across] = COLOURS[bottom]
        return picture

    def parts(self, i):
        if isinstance(i, list):
            return np.stack([self.parts(k) for k in i])
        picture = self.pictures(i)[::2, ::2]
        parts = np.full(picture.shape[:2], NONE, np.uint8)
        there = (picture != 120).any(-1)
        parts[there] = np.arange(len(parts))[:, None].repeat(len(parts), 1)[there] >= len(parts) // 2
        return parts

    def words(self, i):
        group, _, top, bottom, _ = self.rows[i]
        says = [["colour", "top", top], ["colour", "bottom", bottom]]
        other = next(c for c in COLOURS if c not in (top, bottom))
        return {
            "group": group,
            "captions": [
                {"text": f"a {top} shirt and {bottom} trousers", "detail": "full", "says": says},
                {"text": f"{bottom} trousers", "detail": "brief", "says": says[1:]},
                {"text": f"a tall one, left, in {top}", "detail": "medium", "says": [says[0], ["build", "", "tall"]]},
            ],
            "negatives": [
                {"text": f"a {bottom} shirt and {top} trousers", "family": "swap", "caption": 0},
                {"text": f"{other} trousers", "family": "colour", "caption": 1},
            ],
            "phrases": [
                {"text": f"a {top} shirt", "slot": "top", "attribute": top, "false": f"a {other} shirt"},
                {"text": f"{bottom} trousers", "slot": "bottom", "attribute": bottom},
            ],
        }  # fmt: skip


def features(words):
    """Features of words without MiniLM, which is not what is tested here."""
    lots = [np.random.default_rng([ord(c) for c in word]) for word in words]
    return np.stack([lot.standard_normal(768) for lot in lots]).astype(np.float32)


@pytest.fixture(autouse=True)
def _fixed_features(monkeypatch):
    monkeypatch.setattr("impromptu.backend.encoders.builtin.vocabulary.word_features", features)


def test_a_batch_is_decided_by_seed_and_step():
    batches = Batches(Set(20), 8, seed=3)
    again = Batches(Set(20), 8, seed=3)
    [again.at(k) for k in (5, 2)]
    a, b, c = batches.at(7), again.at(7), batches.at(8)
    assert a.texts == b.texts
    assert torch.equal(a.pictures, b.pictures)
    assert torch.equal(a.phrases, b.phrases)
    assert not torch.equal(a.pictures, c.pictures)


def test_two_of_each_group_in_their_two_colourings_and_all_groups_in_turn(monkeypatch):
    shards = Set(12)
    batches = Batches(shards, 8, seed=0)
    asked = []
    monkeypatch.setattr(shards, "words", lambda i, words=shards.words: asked.append(i) or words(i))
    for step in range(3):
        batches.at(step)
    assert len(asked) == 24
    first, second = np.array(asked).reshape(-1, 2).T
    assert (first % GROUP < 2).all()
    assert (second % GROUP >= 2).all()
    assert sorted(first // GROUP) == list(range(12))
    np.testing.assert_array_equal(first // GROUP, second // GROUP)


def test_what_is_said_of_a_batch():
    batch = Batches(Set(20), 8, seed=1).at(0)
    texts = batch.texts
    for i in range(8):
        said = [texts[t] for t in batch.captions[i]]
        spoken = [*said, *(texts[t] for t in (*batch.phrases[i], *batch.twins[i], batch.false[i]) if t >= 0)]
        assert bool(batch.mirrors[i]) == (not any("left" in text for text in spoken))
        assert bool(batch.near[i]) == (not any("tall" in text for text in said))
        assert texts[batch.false[i]] not in said
        # A caption is not held against a picture of which all that it says is told.
        for k in range(2):
            for j in range(8):
                told = " ".join(c["text"] for c in _row_of(batch, j)["captions"])
                wanted = [w for w in said[k].split() if w in COLOURS]
                if not batch.allowed[i, k, j]:
                    assert all(w in told for w in wanted)
            assert not batch.allowed[i, k, i]
    assert batch.same.shape == (8 * PHRASES, 8 * PHRASES)
    flat = batch.phrases.flatten().tolist()
    named = [texts[t] for t in flat]
    assert all(bool(batch.same[a, b]) == (named[a] == named[b]) for a in range(16) for b in range(16))
    for i in range(8):
        phrase = texts[batch.phrases[i, 0]]
        for j in range(8):
            called = [p["text"] for p in _row_of(batch, j)["phrases"]]
            assert bool(batch.elsewhere[i, j]) == (phrase not in called)


def _row_of(batch, j):
    """The words of a picture, found by its pixels."""
    shards = Set(20)
    return next(shards.words(i) for i in range(len(shards)) if np.array_equal(shards.pictures(i), batch.pictures[j]))


def test_parts_go_where_their_pixels_go():
    batch = Batches(Set(20), 16, seed=1).at(0)
    lots = torch.Generator().manual_seed(0)
    ids = torch.where(batch.parts == NONE, 2, batch.parts.long())
    painted = F.one_hot(ids, 3).repeat_interleave(2, 1).repeat_interleave(2, 2).to(torch.uint8) * 255
    x, parts = augmenting.augment(painted, batch.parts, batch.mirrors, batch.near, SIZE, lots)
    shown = F.avg_pool2d(x, 2).argmax(1)
    expected = torch.where(parts == NONE, 2, parts.long())
    assert (shown == expected).float().mean() > 0.96
    assert x.min() >= 0
    assert x.max() <= 1


def test_a_person_comes_near_whole_and_only_where_stature_is_not_told():
    parts = torch.full((400, 32, 32), NONE, dtype=torch.uint8)
    parts[:, 10:16, 18:22] = 0
    box = augmenting.boxes(parts)
    torch.testing.assert_close(box[0], torch.tensor([[18 / 16 - 1, 22 / 16 - 1], [10 / 16 - 1, 16 / 16 - 1]]))
    assert augmenting.boxes(torch.full((1, 8, 8), NONE))[0].tolist() == [[-1, 1], [-1, 1]]
    pictures = torch.zeros(400, 64, 64, 3, dtype=torch.uint8)
    near = torch.arange(400) < 200
    lots = torch.Generator().manual_seed(0)
    _, moved = augmenting.augment(pictures, parts, near & False, near, 64, lots)
    found = augmenting.boxes(moved)
    tall = (found[:, 1, 1] - found[:, 1, 0]) / (box[0, 1, 1] - box[0, 1, 0])
    assert tall[200:].max() < 1.7
    assert tall[:200].max() > 2.2
    area = (moved != NONE).float().sum((1, 2))
    assert (area > 0).all()


def test_a_caption_that_may_be_true_does_not_compete():
    lots = torch.Generator().manual_seed(0)
    image = F.normalize(torch.randn(3, 8, generator=lots), dim=1)
    text = image.clone()
    text[1] = text[0]
    image[1] = image[0]
    scale, none = torch.tensor(20.0), torch.empty(0, 8)
    strict = losses.contrast(image, text, ~torch.eye(3, dtype=torch.bool), none, scale)
    allowed = ~torch.eye(3, dtype=torch.bool)
    allowed[0, 1] = allowed[1, 0] = False
    mild = losses.contrast(image, text, allowed, none, scale)
    assert mild < 0.1 < strict
    assert losses.contrast(image, text, allowed, text[:1], scale) > mild + 0.1


def test_regions_are_the_mean_of_their_cells():
    parts = torch.full((1, 8, 8), NONE, dtype=torch.uint8)
    parts[0, :4] = 0
    parts[0, 4:6] = 1
    weights_of = losses.region_weights(parts, torch.tensor([[0, 1]]), 4)
    assert weights_of[0, 0, :2].eq(1).all()
    assert weights_of[0, 1, 2].eq(1).all()
    assert weights_of.sum() == 12
    cells = torch.zeros(1, 2, 4, 4)
    cells[:, 0, :2] = 1
    cells[:, 1, 2:] = 1
    torch.testing.assert_close(losses.regions(cells, weights_of)[0], torch.eye(2))


def test_parts_are_where_they_are_and_absent_where_they_are_not():
    parts = torch.full((2, 8, 8), NONE, dtype=torch.uint8)
    parts[0, :2] = 0
    shown = losses.region_weights(parts, torch.tensor([[0, 1], [0, 1]]), 4)
    nowhere = torch.full((2, 2, 16), -6.0)
    right = nowhere.clone()
    right[0, 0, :4] = 6.0
    wrong = nowhere.clone()
    wrong[0, 0, 4:8] = wrong[0, 1] = 6.0
    # Four cells share the part evenly: no attention is surer than ln 4.
    assert losses.attend(right, shown) < np.log(4) + 0.05
    assert losses.attend(wrong, shown) > losses.attend(nowhere, shown) > losses.attend(right, shown) + 0.5


def recipe(**changes):
    return replace(
        Recipe(
            model=TINY, steps=12, batch=8, sizes=((1.0, SIZE),), frozen=0, trunk_rate=1e-3, rate=2e-3, average=0.9
        ),
        **changes,
    )


def test_a_killed_run_ends_as_one_that_was_not(tmp_path):
    batches = Batches(Set(20), 8, seed=0)
    whole = Training(tmp_path / "whole", recipe(), batches)
    assert whole.run(lambda row: None, every=4)

    def kill(row):
        if row["step"] == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Training(tmp_path / "cut", recipe(), batches).run(kill, every=4)
    cut = Training(tmp_path / "cut", recipe(), batches)
    assert cut.step == 6
    assert cut.run(lambda row: None, every=4)
    for name, value in whole.averaged.items():
        torch.testing.assert_close(cut.averaged[name], value, rtol=0, atol=0)
    with pytest.raises(InvalidInput, match="another recipe"):
        Training(tmp_path / "cut", recipe(seed=1), batches)
    log = [json.loads(line)["step"] for line in (tmp_path / "cut" / LOG).read_text().splitlines()]
    assert log == list(range(1, 13))
    assert not [p for p in (tmp_path / "cut").iterdir() if p.name not in (CHECKPOINT, LOG)]


def test_a_last_stage_begins_with_finished_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("impromptu.backend.encoders.builtin.weights.word_features", features)
    batches = Batches(Set(20), 8, seed=0)
    whole = Training(tmp_path / "whole", recipe(steps=2), batches)
    whole.run(lambda row: None)
    export(whole, tmp_path / "first.safetensors", Set(20), [])
    last = recipe(steps=3, start="digest", trunk_rate=1e-9, rate=1e-9)
    goes_on = Training(tmp_path / "last", last, batches, start=tmp_path / "first.safetensors")
    goes_on.run(lambda row: None)
    for name, value in goes_on.averaged.items():
        if name == "usual":
            continue
        torch.testing.assert_close(value, whole.averaged[name], rtol=1e-3, atol=1e-3)
    assert goes_on.words.words == whole.words.words
    other = replace(last, model=replace(TINY, dim=16))
    with pytest.raises(InvalidInput, match="another shape"):
        Training(tmp_path / "other", other, batches, start=tmp_path / "first.safetensors")


@pytest.fixture(scope="module")
def twin(tmp_path_factory):
    """A run of a small model on small pictures, and how it fared before."""
    patch = pytest.MonkeyPatch()
    patch.setattr("impromptu.backend.encoders.builtin.vocabulary.word_features", features)
    run = Training(tmp_path_factory.mktemp("twin"), recipe(steps=STEPS, batch=16), Batches(Set(200), 16, seed=0))
    before = look(run.average_model(), run.words, Set(30, seed=9))
    run.run(lambda row: None)
    patch.undo()
    return run, before


def test_a_small_twin_learns_colours_of_parts(twin):
    """Well above chance, a half, on pictures of another seed."""
    run, before = twin
    found = look(run.average_model(), run.words, Set(30, seed=9))
    assert found["hard"] > 0.75, (before, found)
    assert found["phrase"] > 0.75, (before, found)
    assert found["found"] > 0.8, (before, found)


def test_the_file_says_what_the_model_says(twin, tmp_path):
    run, _ = twin
    export(run, tmp_path / "twin.safetensors", Set(200), [{"seed": 0}])
    model, words, _, origin = weights.load(tmp_path / "twin.safetensors")
    assert origin["steps"] == STEPS
    assert origin["recipe"]["model"]["dim"] == 32
    assert {"shirt", "trousers"} <= set(words)
    x = torch.rand(1, 3, SIZE, SIZE)
    assert F.cosine_similarity(model.image.whole(x), run.average_model().image.whole(x)).item() > 0.999


def test_pictures_changed_against_the_model_are_harder(twin):
    run, _ = twin

    def loss(reach):
        lots = torch.Generator().manual_seed(5)
        batch = run.batches.at(50)
        return loss_of(run.model, run.words, batch, SIZE, 0, run.recipe.weights, reach, lots)[1]["contrast"]

    assert loss(0.02) > loss(0.0) + 0.03


def seen_by(folder, model, told):
    return Memory(folder, model, Thinned(Set(60), 80), told.append)


def test_some_groups_of_a_set_are_read_as_a_set():
    whole = Set(10)
    some = Thinned(whole, 13)
    assert len(some) == 12
    assert [some.words(i)["group"] for i in range(12)] == [0] * 4 + [3] * 4 + [6] * 4
    assert np.array_equal(some.pictures(9), whole.pictures(25))
    assert np.array_equal(some.parts(9), whole.parts(25))
    assert len(Thinned(whole, 1000)) == 40


def test_what_was_found_is_kept_and_goes_on_behind_a_killed_run(twin, tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "BLOCK", 20)
    monkeypatch.setattr(memory, "BATCH", 10)
    model = twin[0].average_model()
    first, again = [], []
    whole = seen_by(tmp_path, model, first)
    assert first == [20, 40, 60, 80]
    (tmp_path / "found-00002.npz").unlink()
    kept = seen_by(tmp_path, model, again)
    assert again == [60]
    assert torch.equal(whole.found([3, 50]), kept.found([3, 50]))
    # Every second batch is seen as it is, and answered as the model does.
    pictures = torch.from_numpy(Set(60).pictures([0, 1])).permute(0, 3, 1, 2).float() / 255
    x = (pictures - 127 / 255) / (128 / 255)
    answered = model.image.answer(whole.found([0, 1]))
    assert F.cosine_similarity(answered, model.image.whole(x)).min() > 0.999
    region, there = whole.regions([0, 1], torch.tensor([[0, 1], [1, 0]]))
    assert there.all()
    torch.testing.assert_close(region.norm(dim=-1), torch.ones(2, 2), rtol=1e-3, atol=0)
    assert torch.equal(region[0, 0], whole.regions([0], torch.tensor([[0]]))[0][0, 0])


def test_words_are_learned_from_what_was_found(twin, tmp_path):
    """A text tower that knows nothing, well above a half on pictures of another seed; the trunk stays as it was."""
    model = twin[0].average_model()
    torch.manual_seed(0)
    model.text = TextTower(TINY.width, TINY.text_layers, TINY.heads, TINY.dim)
    words = Vocabulary((), torch.empty(0, 768), lambda new: torch.from_numpy(features(new)))
    trunk = {name: value.clone() for name, value in model.image.trunk.state_dict().items()}
    shards = Thinned(Set(200), 800)
    found = Memory(tmp_path, model, shards, lambda done: None)
    options = Tuning(steps=90, batch=64, rate=3e-3, average=0.9)
    before = look(model, words, Set(30, seed=9))
    tuned = Tuned(model, words, found, Batches(shards, options.batch, 0), options)
    losses_of = [tuned.advance() for _ in range(options.steps)]
    after = look(tuned.average_model(), words, Set(30, seed=9))
    assert after["hard"] > max(0.75, before["hard"] + 0.1), (before, after)
    assert after["phrase"] > 0.8, (before, after)
    assert losses_of[-1]["named"] < losses_of[0]["named"] - 0.3
    assert all(
        torch.equal(value, trunk[name]) for name, value in tuned.average_model().image.trunk.state_dict().items()
    )


def test_the_usual_fit_of_a_phrase_is_learned(twin):
    """What is linear in the phrase says nearly what the mean over pictures is."""
    model, shards = twin[0].average_model(), Set(40, seed=3)
    words = Vocabulary((), torch.empty(0, 768), lambda new: torch.from_numpy(features(new)))
    assert not model.usual.any()
    assert learn_usual(model, words, shards, seed=0) <= 1
    phrases = read(model, words, [f"{colour} trousers" for colour in COLOURS], 0.0, torch.Generator())[1]
    x = augmenting.resized(torch.from_numpy(shards.pictures(list(range(len(shards))))), SIZE)
    cells = model.image.cells((x - 127 / 255) / (128 / 255)).flatten(2)
    fits = torch.einsum("kd,ndl->nkl", phrases, cells) * model.region_scale.exp()
    usual = (fits.logsumexp(2) - math.log(fits.shape[2])).mean(0)
    torch.testing.assert_close(model.usual_fit(phrases), usual, atol=0.1, rtol=0.1)
