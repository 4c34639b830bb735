"""A host with kinds of jobs that misbehave: run as a script, it registers them and serves."""

import ctypes
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from impromptu.backend import pipes
from impromptu.backend.files import save_npz
from impromptu.backend.jobs import register
from impromptu.backend.server import Host


@dataclass(frozen=True)
class Plain:
    """Any number and any text."""

    steps: int = 20
    text: str = ""


def steps(request, context):
    """Many short steps, each with a result written again."""
    for i in range(request.steps):
        context.progress("Stepping", i, request.steps)
        save_npz(context.folder / "motion.npz", poses=[[float(i)] * 20_000])
        time.sleep(0.01)
    return {"motion": "motion.npz"}, {"steps": request.steps}


def noise(request, context):
    """Everything that prints, some of it looking like a message."""
    print('{"type": "result", "id": "other", "files": {}, "metrics": {}}')
    os.write(1, b'half a {"type": "pro')
    libc = ctypes.CDLL(None)
    libc.printf(b"printf says %s\n", b"hello")
    libc.fflush(None)
    subprocess.run([sys.executable, "-c", "print('a child prints')"], check=True)
    context.progress("Noise", 1, 1)
    return {}, {"read": len(os.read(0, 10))}


def deaf(request, context):
    """Never asks whether it is cancelled, and starts a child that would live for long."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    context.progress("Deaf", child.pid, 10**9)
    while True:
        time.sleep(0.01)


def flood(request, context):
    """More progress than a pipe holds."""
    for i in range(3000):
        context.progress(f"Stage {i} " + "x" * 100, 0, 1)
    return {}, {}


def hungry(request, context):
    """Needs a batch of 4 at most."""
    if context.batch > 4:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: not enough memory")
    return {}, {"batch": context.batch}


def broken(request, context):
    """A fault of ours."""
    raise ZeroDivisionError("division by zero")


def encoder(request, context):
    """Which encoder object answers, and how many modules that took."""
    before = len(sys.modules)
    from impromptu.backend.encoders import load_encoder

    found = load_encoder("minilm")
    return {}, {"identity": id(found), "imported": len(sys.modules) - before}


if __name__ == "__main__":
    read_from, write_to = pipes.claim()
    for function in (steps, noise, deaf, flood, hungry, broken, encoder):
        register(function.__name__, Plain, function)
    os._exit(Host(read_from, write_to, device="cpu", idle_s=float(sys.argv[1]), warm_up=()).run())
