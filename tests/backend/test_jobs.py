"""Jobs in this process: context, states, retries and memory."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from impromptu.backend import context as contexts
from impromptu.backend import jobs, memory, protocol
from impromptu.backend.context import JobContext, plain
from impromptu.backend.encoders import factory
from impromptu.backend.jobs import Executor, Job
from impromptu.backend.protocol import JobCancelled, OutOfMemory


@dataclass(frozen=True)
class Nothing:
    """Asks for nothing."""


@pytest.fixture
def do(tmp_path, monkeypatch):
    """Run a function as a job; its state, its messages and its `state.json`."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    monkeypatch.setattr(protocol, "KINDS", dict(protocol.KINDS))
    messages = []
    executor = Executor(lambda type_, **fields: messages.append((type_, fields)), "cpu")

    def run(function, cancel=False):
        jobs.register("test", Nothing, function)
        job = Job("j", "test", Nothing(), tmp_path)
        if cancel:
            job.cancelled.set()
        messages.clear()
        ended = executor.run(job)
        return ended, messages, json.loads((tmp_path / "state.json").read_text())

    return run


def write(request, context):
    (context.folder / "a.txt").write_text("a")
    return {"text": context.folder / "a.txt"}, {"score": np.float32(0.5), "loss": float("nan"), "n": np.int64(3)}


def test_a_job_ends_with_files_named_from_its_folder_and_plain_metrics(do, tmp_path):
    (tmp_path / "state.json").write_text('{"state": "queued", "owner": "somebody"}')
    (tmp_path / ".motion-half.npz").write_text("half")
    ended, messages, state = do(write)
    facts = {"files": {"text": "a.txt"}, "metrics": {"score": 0.5, "loss": None, "n": 3}}
    assert (ended, messages[-1]) == ("done", ("result", {"id": "j", **facts}))
    assert state["state"] == "done"
    assert state["owner"] == "somebody"
    assert not (tmp_path / ".motion-half.npz").exists()


def test_a_result_outside_the_folder_or_too_large_fails(do, tmp_path):
    assert do(lambda *_: ({"x": tmp_path.parent / "x"}, {}))[1][-1][1]["code"] == "invalid_input"
    ended, messages, state = do(lambda *_: ({}, {"all": "x" * 2_000_000}))
    assert (ended, messages[-1][0], state["state"]) == ("failed", "error", "failed")


def test_a_job_cancelled_before_or_during_or_at_its_end_is_cancelled(do):
    def during(request, context):
        context._token.set()
        context.progress("x", 1, 2)

    def at_the_end(request, context):
        context._token.set()
        return {}, {}

    for function, cancel in ((write, True), (during, False), (at_the_end, False)):
        ended, messages, state = do(function, cancel)
        assert (ended, messages[-1], state["state"]) == ("cancelled", ("cancelled", {"id": "j"}), "cancelled")


def test_errors_of_files_and_imports_say_what_to_do(do):
    def no_file(*_):
        Path("/no/such/file").read_text()

    def no_module(*_):
        import a_module_that_is_not_there  # noqa: F401

    assert do(no_file)[1][-1][1]["code"] == "invalid_input"
    assert do(no_module)[1][-1][1]["code"] == "runtime_missing"


def test_memory_that_runs_out_halves_the_batch_then_leaves_the_gpu(tmp_path):
    seen, told = [], []
    context = JobContext("j", tmp_path, lambda type_, **f: told.append(f["stage"]), device="cpu")
    context._device = "cuda"

    def work():
        seen.append((context.device, context.batch))
        raise MemoryError

    with pytest.raises(OutOfMemory) as caught:
        memory.run_shrinking(work, context)
    sizes = [32, 16, 8, 4, 2, 1]
    assert seen == [("cuda", n) for n in sizes] + [("cpu", n) for n in sizes]
    assert len(told) == len(seen) - 1
    assert caught.value.hint


def test_a_job_without_batches_is_not_done_again_for_nothing(do):
    calls = []

    def work(*_):
        calls.append(1)
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory")

    assert do(work)[1][-1][1]["code"] == "out_of_memory"
    assert len(calls) == 1


def test_other_errors_are_not_taken_for_memory():
    assert not memory.is_out_of_memory(RuntimeError("shapes do not match"))
    assert not memory.is_out_of_memory(ValueError("out of memory"))


def test_the_estimate_follows_the_pace(tmp_path, monkeypatch):
    now, told = [100.0], []
    monkeypatch.setattr(contexts.time, "monotonic", lambda: now[0])
    context = JobContext("j", tmp_path, lambda type_, **f: told.append(f))
    for step in range(11):
        context.progress("a", step, 100)
        now[0] += 0.5
    assert told[0]["eta_s"] is None
    assert told[-1]["eta_s"] == pytest.approx(45)
    context.progress("b", 0, 10)
    assert told[-1]["eta_s"] is None
    before = len(told)
    for step in range(1, 9):
        context.progress("b", step, 10)
    assert len(told) == before


def test_preview_and_check(tmp_path):
    told = []
    context = JobContext("j", tmp_path, lambda type_, **f: told.append((type_, f["file"])))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "p.png").write_bytes(b"x")
    context.preview(tmp_path / "sub" / "p.png")
    assert told == [("preview", "sub/p.png")]
    context.check()
    context._token.set()
    with pytest.raises(JobCancelled):
        context.check()


def test_release_forgets_encoders_and_calls_who_asked(monkeypatch):
    called = []
    monkeypatch.setattr(memory, "_releases", [])
    memory.on_release(lambda: called.append(1))
    monkeypatch.setattr(factory, "_loaded", {"minilm": object()})
    monkeypatch.setattr(factory, "_joint", {})
    assert memory.memory_facts()["models"] == ["minilm"]
    before, after = memory.release_models()
    assert called == [1]
    assert before > 0 < after
    assert memory.memory_facts()["models"] == []


def test_plain_values():
    assert plain({1: (np.arange(2), float("inf"), {"a"}, None, True)}) == {"1": [[0, 1], None, ["a"], None, True]}
