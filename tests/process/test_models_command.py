"""`impromptu models` against a hub on this machine: what is fetched is found, checked, and removed again."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from impromptu.addon.client.question import HostQuestion
from impromptu.addon.client.runtime import HOST
from impromptu.backend import assets, fetching
from impromptu.backend.cli import main
from impromptu.backend.models_list import MODELS, model_named
from impromptu.backend.protocol import AssetsMissing, InvalidInput, JobCancelled, ModelsRequest

CONTENT = bytes(range(256)) * 3000
WEIGHTS = model_named("laion-b-16").files[0]


@pytest.fixture
def hub(file_server, monkeypatch, tmp_path):
    """A hub with every file of the list, and an empty cache."""
    for model in MODELS:
        for file in model.files:
            file_server.files[file.url.removeprefix("https://huggingface.co")] = CONTENT + file.name.encode()
    monkeypatch.setenv("HF_ENDPOINT", file_server.url)
    monkeypatch.setenv("IMPROMPTU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "PAUSE_S", 0.01)
    for variable in ("IMPROMPTU_CLIP", "IMPROMPTU_CLIP_MODEL", "IMPROMPTU_MINILM", "IMPROMPTU_MPNET"):
        monkeypatch.delenv(variable, raising=False)
    return file_server


def told(capsys) -> tuple[dict, str]:
    """The JSON document on standard output, and what was said beside it."""
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_list_says_where_each_comes_from(hub, capsys):
    assert main(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in told(capsys)[0]["models"]}
    for model in models.values():
        assert model["licence"]
        assert model["ships"] or model["source"].startswith("https://")
        assert bool(model["host"]) == bool(model_named(model["name"]).files)
        assert not model["host"] or model["bytes"] > 50e6
    assert models["clip"]["sha256"].startswith("40d36571")
    assert models["clip"]["files"][0]["url"].endswith(f"/{models['clip']['sha256']}/ViT-B-32.pt")
    assert models["smplx"]["files"] == []
    assert models["body"]["found"]
    assert not any("CLIP" in models[name]["what"] for name in ("body-encoder", "judge-encoder"))
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(MODELS)
    assert any(line.startswith("laion-b-16  ") and "missing" in line and "599 MB" in line for line in lines)
    assert any(line.startswith("clip  ") and "354 MB" in line and "  40d365715913  " in line for line in lines)


def test_pinned_addresses_name_a_commit_and_stay_in_their_folder():
    for model in MODELS:
        for file in model.files:
            commit = file.url.partition("/resolve/")[2].partition("/")[0]
            assert len(commit) == 40 or f"/{file.sha256}/" in file.url, file.url
        assert len({file.name for file in model.files}) == len(model.files)
    assert len({model.name for model in MODELS}) == len(MODELS)


def test_a_fetched_encoder_is_found_without_a_variable(hub, capsys, monkeypatch):
    assert assets.find_clip() is None
    assert main(["models", "fetch", "laion-b-16"]) == 0
    out, err = capsys.readouterr()
    assert "Fetching laion-b-16 from 127.0.0.1: about 599 MB, MIT licence." in err
    folder = assets.models_path() / "laion-b-16"
    assert str(folder) in out
    assert assets.find_clip() == ("ViT-B-16", folder / "open_clip_model.safetensors")
    assert main(["models", "fetch", "siglip2"]) == 0
    assert assets.find_clip() == ("ViT-B-16", folder / "open_clip_model.safetensors")
    monkeypatch.setenv("IMPROMPTU_CLIP_MODEL", "siglip2")
    assert assets.find_clip() == ("", assets.models_path() / "siglip2")
    monkeypatch.setenv("IMPROMPTU_CLIP_MODEL", "ViT-B-16")
    assert assets.find_clip() == ("ViT-B-16", folder / "open_clip_model.safetensors")
    monkeypatch.setenv("IMPROMPTU_CLIP", __file__)
    assert str(assets.find_clip()[1]) == __file__
    hub.asked.clear()
    assert main(["models", "fetch", "laion-b-16"]) == 0
    assert "is here already" in capsys.readouterr().err
    assert hub.asked == []


def test_a_sentence_encoder_is_fetched_as_a_folder(hub, capsys, monkeypatch):
    model = model_named("mpnet")
    monkeypatch.setattr(assets, "mpnet_parts", lambda: None)
    # The sum of the published weights is not that of these bytes.
    assert main(["models", "fetch", "mpnet"]) == 2
    assert "has 768017 bytes at 127.0.0.1, not 437971872" in capsys.readouterr().err
    assert assets.find_mpnet() is None
    assert not assets.has_mpnet()
    known = hashlib.sha256(hub.files[model.files[0].url.removeprefix("https://huggingface.co")]).hexdigest()
    for name, value in (("sha256", known), ("bytes", 768017)):
        object.__setattr__(model.files[0], name, value)
    try:
        assert main(["models", "fetch", "mpnet"]) == 0
    finally:
        object.__setattr__(model.files[0], "sha256", assets.MPNET_SHA256)
        object.__setattr__(model.files[0], "bytes", 437971872)
    assert assets.find_mpnet() == assets.models_path() / "mpnet"
    assert (assets.models_path() / "mpnet" / "1_Pooling" / "config.json").is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("smplx", r"cannot be fetched\. Its licence asks each user to register: .*https://smpl-x.* IMPROMPTU_SMPLX"),
        ("body-encoder", "cannot be fetched by itself"),
        ("../clip", "There is no model"),
    ],
)  # fmt: skip
def test_what_cannot_be_fetched_says_what_to_do(hub, capsys, monkeypatch, name, words):
    import re

    if name == "body-encoder":
        monkeypatch.setattr(type(model_named(name)), "_place", lambda self: (None, ""))
    assert main(["models", "fetch", name]) == 2
    assert re.search(words, capsys.readouterr().err)
    assert hub.asked == []


def test_offline_is_one_sentence(hub, capsys, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert main(["models", "fetch", "laion-b-16"]) == 2
    err = capsys.readouterr().err
    assert "could not be downloaded from 127.0.0.1: there is no connection" in err
    assert "Traceback" not in err


def test_verify_finds_a_changed_file_and_remove_frees_it(hub, capsys):
    hub.linked = {"X-Linked-Etag": hashlib.sha256(CONTENT + WEIGHTS.name.encode()).hexdigest()}
    assert main(["models", "fetch", "laion-b-16", "--json"]) == 0
    record = told(capsys)[0]["models"][0]
    assert record["files"][WEIGHTS.name]["known_from"] == "server"
    assert main(["models", "verify", "laion-b-16"]) == 0
    assert "sha256 agrees" in capsys.readouterr().out
    path = assets.models_path() / "laion-b-16" / WEIGHTS.name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (path.parent / "mine.txt").write_text("a user's own")
    assert main(["models", "verify", "minilm", "laion-b-16"]) == 2
    assert "has changed" in capsys.readouterr().err
    size = path.stat().st_size
    assert main(["models", "remove", "laion-b-16", "--json"]) == 0
    assert told(capsys)[0]["freed"] == {"laion-b-16": size}
    assert [p.name for p in path.parent.iterdir()] == ["mine.txt"]
    assert main(["models", "verify", "laion-b-16"]) == 2
    assert "It is not here. Run impromptu models fetch laion-b-16." in capsys.readouterr().err
    assert main(["models", "remove", "laion-b-16"]) == 2
    assert "was not fetched" in capsys.readouterr().err
    assert (path.parent / "mine.txt").is_file()


def test_remove_leaves_what_was_not_fetched(hub, capsys, monkeypatch, tmp_path):
    own = tmp_path / "own.pt"
    own.write_bytes(b"weights of a user's own")
    monkeypatch.setenv("IMPROMPTU_CLIP", str(own))
    assert main(["models", "remove", "clip"]) == 2
    assert "was not fetched" in capsys.readouterr().err
    assert own.is_file()


def test_a_record_cannot_make_remove_leave_its_folder(hub, capsys, tmp_path):
    assert main(["models", "fetch", "laion-b-16"]) == 0
    folder = assets.models_path() / "laion-b-16"
    outside = tmp_path / "cache" / "outside.txt"
    outside.write_text("not ours")
    record = json.loads((folder / assets.RECORD).read_text())
    record["files"]["../../outside.txt"] = {"bytes": 8, "sha256": "0" * 64}
    (folder / assets.RECORD).write_text(json.dumps(record))
    assert main(["models", "remove", "laion-b-16"]) == 2
    assert "no name for a file" in capsys.readouterr().err
    assert outside.is_file()


def test_a_begun_download_shows_and_goes_on(hub, capsys):
    hub.drops = [400_000] + [0] * fetching.TRIES
    assert main(["models", "fetch", "laion-b-16"]) == 2
    assert "goes on from there" in capsys.readouterr().err
    assert main(["models", "list", "--json"]) == 0
    state = next(m for m in told(capsys)[0]["models"] if m["name"] == "laion-b-16")
    assert (state["found"], state["begun"]) == (False, 400_000)
    hub.drops, hub.asked = [], []
    assert main(["models", "fetch", "laion-b-16"]) == 0
    assert hub.asked[0][1] == "bytes=400000-"


def test_a_job_may_fetch_what_it_needs_only_where_that_is_allowed(hub, monkeypatch):
    repository = model_named("siglip2").source.removeprefix("https://huggingface.co/")
    monkeypatch.delenv(assets.HUB_SWITCH, raising=False)
    with pytest.raises(AssetsMissing, match="is not on this machine"):
        assets.from_hub(repository)
    assert hub.asked == []
    monkeypatch.setenv(assets.HUB_SWITCH, "1")
    assert assets.from_hub(repository) == assets.models_path() / "siglip2"
    assert (assets.models_path() / "siglip2" / "tokenizer.json").is_file()


def started(*arguments: str) -> subprocess.Popen:
    """The command in a process of its own, which hears Ctrl-C even where a shell's background ignores it."""
    command = [sys.executable, "-m", "impromptu.backend.cli", "models", *arguments]
    ignored = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )
    finally:
        signal.signal(signal.SIGINT, ignored)


def wait_for(condition, seconds: float = 60.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_two_processes_fetch_it_once(hub):
    hub.hold = threading.Event()
    first = started("fetch", "laion-b-16")
    wait_for(lambda: hub.asked)
    second = started("fetch", "laion-b-16")
    wait_for(lambda: second.stderr.readline().startswith("Fetching"))
    hub.hold.set()
    assert [process.wait(60) for process in (first, second)] == [0, 0]
    assert len(hub.asked) == 1
    assert assets.find_clip() is not None
    for process in (first, second):
        process.communicate()


def asked(request: ModelsRequest, folder) -> HostQuestion:
    """The question that the add-on asks a host of its own."""
    return HostQuestion(request, [sys.executable, str(HOST), "serve", "--cold"], {}, folder)


def test_the_host_fetches_and_removes_for_the_panel(hub, tmp_path):
    question = asked(ModelsRequest(action="fetch", name="siglip2"), tmp_path)
    seen = set()
    while not question.done:
        question.tick()
        seen.add((question.stage, question.total > 0))
        time.sleep(0.001)
    assert question.error is None
    assert ("Downloading the model", True) in seen
    state = {model["name"]: model for model in question.metrics["models"]}
    assert state["siglip2"]["fetched"]
    question = asked(ModelsRequest(action="remove", name="siglip2"), tmp_path)
    assert question.wait(60)
    assert question.metrics["freed"] > len(CONTENT)
    assert assets.fetched("siglip2") is None


def test_a_cancel_in_the_panel_keeps_what_has_come(hub, tmp_path):
    hub.hold = threading.Event()
    question = asked(ModelsRequest(action="fetch", name="laion-b-16"), tmp_path)
    part = assets.models_path() / "laion-b-16" / f"{WEIGHTS.name}.part"
    wait_for(lambda: question.tick() is None or part.is_file())
    question.cancel()
    hub.hold.set()
    assert question.wait(60)
    assert question.cancelled
    assert isinstance(question.error, JobCancelled)
    assert part.is_file()


@pytest.mark.parametrize("wrong", [{"action": "buy", "name": "clip"}, {"action": "fetch"}, {"name": "clip"}])
def test_a_request_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidInput):
        ModelsRequest(**wrong)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT between processes")
def test_an_interrupt_keeps_what_has_come(hub, capsys):
    hub.hold = threading.Event()
    process = started("fetch", "laion-b-16")
    part = assets.models_path() / "laion-b-16" / f"{WEIGHTS.name}.part"
    wait_for(lambda: part.is_file() and hub.asked)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in err
    hub.hold.set()
    came = part.stat().st_size
    hub.asked.clear()
    assert main(["models", "fetch", "laion-b-16"]) == 0
    assert hub.asked[0][1] == (f"bytes={came}-" if came else "")
