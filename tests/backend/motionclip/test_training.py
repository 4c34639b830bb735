"""The auto-encoder learns, its losses count what they say, and a killed run goes on exactly."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from impromptu.backend.body.kept import kept_body
from impromptu.backend.motionclip.batches import PLAIN, Sampler
from impromptu.backend.motionclip.corpus import Corpus
from impromptu.backend.motionclip.losses import LossWeights, losses_of
from impromptu.backend.motionclip.model import PAPER, Decoded, ModelConfig, MotionClip
from impromptu.backend.motionclip.packing import load_run
from impromptu.backend.motionclip.surface import SOLES, Surface
from impromptu.backend.motionclip.training import Training
from impromptu.backend.protocol import InvalidInput


@pytest.fixture(scope="module")
def surface():
    return Surface(kept_body("neutral"))


def test_the_papers_size():
    """8 + 8 layers of 512 are about 42 million numbers."""
    assert sum(p.numel() for p in MotionClip(PAPER).parameters()) / 1e6 == pytest.approx(42.7, abs=0.5)


def test_padding_changes_nothing(recipe):
    """What lies after a window's end does not reach the latent."""
    torch.manual_seed(0)
    model = MotionClip(recipe.model).eval()
    x = torch.randn(2, 60, 136)
    y = x.clone()
    y[:, 30:] = 99
    lengths = torch.tensor([30, 30])
    torch.testing.assert_close(model.encode(x, lengths), model.encode(y, lengths))
    assert not torch.allclose(model.encode(x), model.encode(y))


def test_any_latent_width_and_length():
    """CLIP's 512 as well as 640; shorter motions than the longest."""
    model = MotionClip(ModelConfig(latent=512, width=32, layers=1, hidden=32)).eval()
    z = model.encode(torch.randn(3, 37, 136))
    assert z.shape == (3, 512)
    assert model.decode(z, 37).features.shape == (3, 37, 136)


def test_points_of_the_surface_are_the_bodys(corpus, surface):
    """The subset moves as the whole body does, but for the correctives."""
    from impromptu.backend.motionclip.features import clip_of

    clip = corpus.clips[0]
    features = np.asarray(corpus.features[clip.start : clip.start + 20], np.float32)
    body = kept_body("neutral")
    made = clip_of(features, "x")
    pose = torch.zeros(20, body.num_joints, 3)
    from impromptu.backend.motion.skeleton import JOINT_NAMES

    pose[:, [body.joint_names.index(n) for n in JOINT_NAMES]] = torch.from_numpy(made.poses)
    pelvis = body.rest_joints()[0, body.joint_names.index("pelvis")]
    out = body(pose=pose, transl=torch.from_numpy(made.trans) - pelvis)
    points, joints = surface(torch.from_numpy(features)[None])
    ours = [body.joint_names.index(n) for n in JOINT_NAMES]
    torch.testing.assert_close(joints[0], out.joints[:, ours], atol=2e-3, rtol=0)
    apart = torch.cdist(points[0], out.vertices).amin(-1)
    assert float(apart.median()) < 0.004
    assert float(points[0, 0, : 2 * SOLES, 1].max()) < 0.2


def test_terms_are_nought_for_the_same_motion_and_only_then(corpus, surface):
    """A perfect copy costs nothing; one that is moved costs its place, one that slides its slide."""
    sampler = Sampler(corpus, corpus.of_split("train"), PLAIN)
    targets = sampler.batch(sampler.indices[:4])
    weights = LossWeights(contact=0.0, image=0.0, smooth=1.0)

    def terms(features, latents=targets.text):
        decoded = Decoded(features, torch.zeros(4, 60, 4))
        return losses_of(targets, latents * 5, decoded, torch.ones(136), surface, weights, slice(0, 0))

    same = terms(targets.features)
    assert all(float(same[name]) < 1e-9 for name in ("pose", "root", "velocity", "vertices", "path", "motion"))
    assert float(same["text"]) == pytest.approx(0, abs=1e-5)
    assert float(terms(targets.features, -targets.text)["text"]) == pytest.approx(2, abs=1e-4)
    lifted = targets.features.clone()
    lifted[..., -1] += 0.3
    moved = terms(lifted)
    assert float(moved["path"]) == pytest.approx(0.03, rel=0.01)  # 0.3^2 over three axes
    assert float(moved["vertices"]) < 1e-9
    sliding = targets.features.clone()
    sliding[..., -3:-1] += 1.0
    assert float(terms(sliding)["slide"]) > 1.0 > float(same["slide"])


def test_frames_beyond_the_end_do_not_count(corpus, surface):
    """Padding may be anything."""
    indices = corpus.of_split("train")
    short = indices[np.argsort(corpus.windows.length[indices])[:2]]
    targets = Sampler(corpus, indices, PLAIN).batch(short)
    wrong = targets.features.clone()
    for row, length in enumerate(targets.lengths):
        wrong[row, int(length) :, :132] += 1
    weights = LossWeights(contact=0.0, image=0.0)
    decoded = Decoded(wrong, torch.zeros(2, 60, 4))
    terms = losses_of(targets, targets.text, decoded, torch.ones(136), surface, weights, slice(0, 0))
    assert float(terms["pose"]) < 1e-9


def test_it_learns(run, corpus, recipe):
    """Sixty steps make held-out motions and texts better than the beginning."""
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [20, 40, 60]
    assert rows[-1]["train"]["loss"] < 0.85 * rows[0]["train"]["loss"]
    assert rows[-1]["train"]["text"] < rows[0]["train"]["text"]
    assert list(run.glob("events.out.tfevents*"))
    assert load_run(run, corpus.text_vectors.shape[1]).config.width == recipe.model.width


_CHILD = """
from pathlib import Path
import torch
from impromptu.backend.motionclip.model import ModelConfig
from impromptu.backend.motionclip.corpus import Corpus
from impromptu.backend.motionclip.training import Recipe, Training
torch.set_num_threads(1)
training = Training(Corpus.open({corpus!r}), Recipe(model=ModelConfig(**{model!r}), **{rest!r}), Path({folder!r}))
if {slow}:
    import time
    step = training._step
    def slower(targets):
        if training.state.step >= 23:
            print("ready", flush=True)
            time.sleep(60)
        return step(targets)
    training._step = slower
training.run(lambda line: None)
"""


def _child(corpus, recipe, folder, slow):
    rest = {n: getattr(recipe, n) for n in ("steps", "batch", "every", "rate", "warm", "patience")}
    code = _CHILD.format(
        corpus=str(corpus.folder), folder=str(folder), slow=slow, model=asdict(recipe.model), rest=rest
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_killed_run_goes_on_exactly(run, corpus, recipe, tmp_path):
    """Killed after a checkpoint, in the middle of a step, and begun again: the same weights to the bit."""
    child = _child(corpus, recipe, tmp_path, True)
    assert child.stdout.readline().strip() == "ready"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["step"] == 20
    assert _child(corpus, recipe, tmp_path, False).wait(timeout=120) == 0
    whole, resumed = (load_run(folder, 384).state_dict() for folder in (run, tmp_path))
    for name, value in whole.items():
        assert value.equal(resumed[name]), name
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    ours = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [r["valid"] for r in rows] == [r["valid"] for r in ours]


def test_another_recipe_is_refused(run, corpus, recipe):
    """A folder is one run's."""
    with pytest.raises(InvalidInput, match="another run"):
        Training(Corpus.open(corpus.folder), replace(recipe, rate=1.0), run)


def test_it_stops_when_nothing_gets_better(corpus, recipe, tmp_path):
    """With a rate of nothing, after as many measurements as its patience."""
    recipe = replace(recipe, rate=0.0, patience=2, every=5, steps=100, average=0.0)
    training = Training(Corpus.open(corpus.folder), recipe, tmp_path)
    begun = time.monotonic()
    assert training.run(lambda line: None)
    assert training.state.step == 15, time.monotonic() - begun


_RANK = """
from pathlib import Path
import torch
from impromptu.backend.motionclip.corpus import Corpus
from impromptu.backend.motionclip.model import ModelConfig
from impromptu.backend.motionclip.training import Recipe, Training
torch.set_num_threads(1)
training = Training(Corpus.open({corpus!r}), Recipe(model=ModelConfig(**{model!r}), **{rest!r}), Path({folder!r}))
training.run(lambda line: None)
model = training.accelerator.unwrap_model(training.model)
name = f"rank{{training.accelerator.process_index}}.pt"
torch.save(model.state_dict(), Path({folder!r}) / name)
"""


@pytest.mark.parametrize("shape", [{}, {"keys": 1, "codes": 0}], ids=["ours", "published"])
def test_processes_train_together(corpus, recipe, tmp_path, shape):
    """Two processes, each with its own windows, end with the same weights and one log, and not those of one alone."""
    recipe = replace(recipe, model=replace(recipe.model, **shape))
    rest = {n: getattr(recipe, n) for n in ("batch", "rate", "warm", "patience")} | {"steps": 20, "every": 10}
    script = tmp_path / "train.py"
    run = tmp_path / "run"
    script.write_text(_RANK.format(corpus=str(corpus.folder), folder=str(run), model=asdict(recipe.model), rest=rest))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(script)]
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    ranks = [torch.load(run / f"rank{i}.pt", weights_only=True) for i in (0, 1)]
    assert all(ranks[0][n].equal(ranks[1][n]) for n in ranks[0])
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [r["step"] for r in rows] == [10, 20]
    alone = Training(Corpus.open(corpus.folder), replace(recipe, steps=20, every=10), tmp_path / "alone")
    alone.run(lambda line: None)
    assert not all(alone.model.state_dict()[n].equal(ranks[0][n]) for n in ranks[0])
