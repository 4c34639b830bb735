"""How many threads torch computes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes on one thread while the block runs.

    For small tensors: where another process keeps a core busy, threads that share one wait for each other far longer
    than they compute. And for sums that must not change: how many share one may change its last bit.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
