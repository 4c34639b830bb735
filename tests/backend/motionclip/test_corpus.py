"""What training reads: windows, their texts, who is held out, batches."""

import json

import numpy as np
import pytest
from impromptu.backend.motion.clip import Label
from impromptu.backend.motion.library import Library
from impromptu.backend.motionclip.actions import action_names, action_of
from impromptu.backend.motionclip.batches import PLAIN, Augmentation, Sampler, loader
from impromptu.backend.motionclip.building import CorpusOptions, build_corpus, joined_texts
from impromptu.backend.motionclip.corpus import LENGTH, Corpus
from impromptu.backend.motionclip.features import features_of, mirrored
from impromptu.backend.motionclip.leaks import find_leaks
from impromptu.backend.motionclip.splits import origins, read_patterns, split_of
from impromptu.backend.motionclip.wording import wordings
from impromptu.backend.protocol import InvalidInput


def test_windows_cover_clips_and_know_their_texts(corpus):
    """Every window is inside its clip and has texts of that clip's labels."""
    w = corpus.windows
    assert len(w) > 20
    for i in range(len(w)):
        clip = corpus.clips[w.clip[i]]
        assert clip.start <= w.start[i] <= clip.start + clip.frames - w.length[i]
        said = {corpus.texts[t] for t in w.texts[i]}
        assert any(label in said for label in clip.labels)
    norms = np.linalg.norm(corpus.text_vectors.astype(float), axis=1)
    np.testing.assert_allclose(norms, 1, atol=2e-3)


def test_labels_of_parts_are_joined_in_order_of_time():
    """One text for the window: what lies in it, in order; all labels of the same frames with `all`."""
    labels = (Label("walk", 0, 60), Label("stroll", 0, 60), Label("turn around", 60, 120))
    assert joined_texts(labels, 30, 90, "ways")[0] == "walk, turn around"
    assert joined_texts(labels, 30, 90, "all") == ["walk, stroll, turn around"]
    assert {"walk", "stroll"} <= set(joined_texts(labels, 0, 50, "ways"))
    assert joined_texts(labels, 130, 160, "ways") == []


def test_a_label_has_other_wordings():
    """Sentences of a verb; a noun stays."""
    assert {"a person walks and waves", "walking and waving"} <= set(wordings("walk and wave"))
    assert wordings("cartwheel")[0] == "cartwheel"


@pytest.mark.parametrize(
    ("text", "action"),
    [("jumping jacks", "jumping jacks"), ("a person walks backwards", "walk"),
     ("pick up a box", "lift or carry something"),
     ("shadow boxing", "box"), ("soccer - kick ball", "kick a ball"), ("motorcycle", ""), ("xyzzy", "")],
)  # fmt: skip
def test_labels_are_sorted_into_actions(text, action):
    """The first pattern decides."""
    assert action_of(text) == action
    assert action in ("", *action_names())


def test_takes_go_where_their_clip_goes():
    """A held-out clip's copies are held out, also as half of a pair; the most withheld origin decides."""
    patterns = read_patterns()
    clip = Library.open().load("walk")
    assert split_of(origins(clip.with_(name="golf_swing")), patterns) == "test"
    assert split_of(origins(clip.with_(meta={"take_of": "golf_swing"})), patterns) == "test"
    assert split_of(origins(clip.with_(meta={"take_of": "walk_with_wave_both"})), patterns) == "test"
    assert split_of(("walk", "eat"), patterns) == "valid"
    lots = [split_of((f"clip_{i}",), {}, 0.2) for i in range(400)]
    assert 50 < lots.count("test") < 110
    assert 50 < lots.count("valid") < 110


def test_a_recording_under_another_name_is_found():
    """A copy, and a copy in the mirror, of a held-out recording; another motion is none."""
    library = Library.open()
    held, other = features_of(library.load("kick_high")), features_of(library.load("walk_long"))
    rng = np.random.default_rng(0)
    copy = mirrored(held) + rng.normal(0, 0.01, held.shape).astype(np.float32)
    assert find_leaks([held, copy, other], ["test", "train", "train"]) == {1}
    assert find_leaks([held, copy, other], ["train", "train", "valid"]) == set()


def test_a_batch_depends_on_its_step_alone(corpus):
    """Two loaders, one that begins later, give the same batch of a step."""
    sampler = Sampler(corpus, corpus.of_split("train"))
    whole = list(loader(sampler, 4, 7, 0, 3))
    later = list(loader(sampler, 4, 7, 2, 3))
    for a, b in zip(whole[2], later[0], strict=True):
        assert a.equal(b)
    assert not whole[0][0].equal(whole[1][0])
    assert not whole[0][0].equal(next(iter(loader(sampler, 4, 7, 0, 1, rank=1)))[0])


def test_a_plain_batch_is_what_the_corpus_has(corpus):
    """Without lots the windows come as they are, padded with their last frame."""
    indices = corpus.of_split("train")
    short = indices[np.argmin(corpus.windows.length[indices])]
    batch = Sampler(corpus, indices, PLAIN).batch(np.array([short, indices[0]]))
    length = int(batch.lengths[0])
    assert length == corpus.windows.length[short] < LENGTH
    start = corpus.windows.start[short]
    np.testing.assert_array_equal(
        batch.features[0, :length], corpus.features[start : start + length].astype(np.float32)
    )
    assert batch.features[0, length:].eq(batch.features[0, length - 1]).all()


def test_a_mirrored_window_has_the_mirrors_words(corpus):
    """Left becomes right in the features and in the text."""
    wave = next(i for i in corpus.of_split("train") if corpus.clips[corpus.windows.clip[i]].name == "wave_right")
    sampler = Sampler(corpus, np.array([wave]), Augmentation(0, 1.0, True, 0.0))
    plain = Sampler(corpus, np.array([wave]), PLAIN).batch(np.array([wave])).features[0].numpy()
    seen = set()
    for seed in range(12):
        batch = sampler.batch(np.array([wave]), np.random.default_rng(seed))
        flipped = np.abs(batch.features[0].numpy() - plain).max() > 1e-3
        if flipped:
            np.testing.assert_allclose(batch.features[0].numpy(), mirrored(plain), atol=1e-6)
        row = np.abs(corpus.text_vectors.astype(np.float32) - batch.text[0].numpy()).max(1).argmin()
        assert ("left" in corpus.texts[row]) <= flipped
        assert ("right" in corpus.texts[row]) <= (not flipped)
        seen.add(bool(flipped))
    assert seen == {True, False}


def test_a_library_for_tests_alone_never_trains(small_library, tmp_path):
    """All of it is held out."""
    options = CorpusOptions(space="minilm", test_only=(small_library.name,))
    corpus = build_corpus([str(small_library)], tmp_path, options)
    assert not len(corpus.of_split("train"))
    assert len(corpus.of_split("test")) == len(corpus.windows)


def test_what_is_no_corpus_is_said(tmp_path):
    """One sentence each."""
    with pytest.raises(InvalidInput, match="no corpus"):
        Corpus.open(tmp_path)
    (tmp_path / "corpus.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(InvalidInput, match="another version"):
        Corpus.open(tmp_path)
    (tmp_path / "splits.json").write_text("[")
    with pytest.raises(InvalidInput, match="held out"):
        read_patterns(tmp_path / "splits.json")
