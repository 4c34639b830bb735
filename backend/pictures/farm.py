"""Which pictures go to which worker, and when again: a cluster's accounts. Knows no network, and is told the time."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..protocol import ImpromptuError

COPIES = 3
"""Workers that may have the same pictures at the same time."""
GROWTH = 4
"""Times as many pictures as in a worker's task before."""


@dataclass(frozen=True)
class Pace:
    """How work is divided, and how long is too long."""

    task_s: float = 10.0
    """Seconds that a task should take: long against a message, short against a lost worker."""
    first: int = 4
    """Pictures of a worker's first task, which measures it."""
    most: int = 1000
    """Pictures of a task at most."""
    most_bytes: int = 16 << 20
    """Bytes of a task's pictures, about, at most: they are in memory at once."""
    ahead: int = 2
    """Tasks that a worker has at a time: one that it does and one to go on with."""
    late_times: float = 4.0
    """A task that takes as many times as long as usual is given to another worker too ..."""
    late_s: float = 60.0
    """... unless it has not taken so many seconds yet."""
    losses: int = 3
    """Workers that may be lost over the same pictures; after one more they are to blame."""
    tries: int = 3
    """Workers that may fail at the same pictures before that ends the run."""


@dataclass(eq=False)
class Chunk:
    """Pictures that are taken together."""

    indices: Sequence[int]
    losses: list[str] = field(default_factory=list)
    """Workers that ended while they took it."""
    failures: list[str] = field(default_factory=list)
    """Workers that said that they could not take it."""
    done: bool = False
    given: int = 0
    """How often it was handed out."""


@dataclass(eq=False)
class Attempt:
    """A task: a chunk at one worker; without a chunk, the worker only makes itself ready."""

    key: str
    worker: str
    chunk: Chunk | None
    late: bool = False

    @property
    def indices(self) -> Sequence[int]:
        return self.chunk.indices if self.chunk else ()


@dataclass(eq=False)
class Member:
    """A worker and what it has to do, the first of which it does."""

    address: str
    since: float
    """When the first of its tasks became the first."""
    tasks: list[Attempt] = field(default_factory=list)
    ready: bool = False
    refused: bool = False
    rate: float = 0.0
    """Pictures a second."""
    last: int = 0
    """Pictures of its last task."""


class Farm:
    """Hands out pictures, each until some worker has taken it.

    Args:
        indices: the pictures, handed out in this order.
        name: begins the key of every task; two runs of the same name take the same pictures.
    """

    def __init__(self, indices: Sequence[int], name: str, pace: Pace) -> None:
        self.members: dict[str, Member] = {}
        self.left = len(indices)
        """Pictures that are not taken yet."""
        self._indices = indices
        self._next = 0
        self._again: deque[Chunk] = deque()
        self.name = name
        self._pace = pace
        self._probes = 0
        self._seconds: deque[float] = deque(maxlen=50)
        self._bytes = 0.0

    @property
    def usable(self) -> int:
        """Workers that are given work."""
        return sum(not m.refused for m in self.members.values())

    def see(self, addresses: Iterable[str], now: float) -> tuple[list[str], list[Attempt]]:
        """Note which workers there are.

        Returns:
            those that are new, and tasks that went with those that have gone.

        Raises:
            ImpromptuError: the same pictures ended one worker after the other.
        """
        there = set(addresses)
        joined = [a for a in sorted(there) if a not in self.members]
        for address in joined:
            self.members[address] = Member(address, now)
        gone: list[Attempt] = []
        for address in [a for a in self.members if a not in there]:
            member = self.members.pop(address)
            gone += member.tasks
            for i, attempt in enumerate(member.tasks):
                self._give_again(attempt, address if i == 0 else "")
        return joined, gone

    def orders(self, now: float) -> Iterator[Attempt]:
        """Tasks to be sent now. A worker is given pictures once it has said that it is ready."""
        for depth in range(self._pace.ahead):
            for member in self.members.values():
                if member.refused or len(member.tasks) > depth:
                    continue
                chunk = None
                if member.ready:
                    chunk = self._chunk_for(member)
                    if chunk is None:
                        continue
                elif any(a.chunk is None for a in member.tasks):
                    continue
                attempt = Attempt(self._key(chunk), member.address, chunk)
                if not member.tasks:
                    member.since = now
                member.tasks.append(attempt)
                yield attempt

    def finished(self, attempt: Attempt, seconds: float, size: int, now: float) -> tuple[bool, list[Attempt]]:
        """Note what came back.

        Args:
            seconds: that the worker took.
            size: bytes of the pictures.

        Returns:
            whether these pictures are new, and tasks that nobody needs any more.
        """
        member, chunk = self._let_go(attempt, now), attempt.chunk
        if chunk is None:
            if member:
                member.ready = True
            return False, []
        taken = len(chunk.indices)
        each = max(seconds, 1e-3) / taken
        self._seconds.append(each)
        self._bytes = size / taken if not self._bytes else 0.8 * self._bytes + 0.2 * size / taken
        if member:
            member.rate = 1 / each if not member.rate else 0.5 * member.rate + 0.5 / each
            member.last = taken
        if chunk.done:
            return False, []
        chunk.done = True
        self.left -= taken
        if chunk in self._again:
            self._again.remove(chunk)
        return True, [self._withdraw(a, now) for a in self._attempts(chunk)]

    def lost(self, attempt: Attempt, now: float) -> None:
        """Note that a task ended with its worker.

        Raises:
            ImpromptuError: the same pictures ended one worker after the other.
        """
        self._let_go(attempt, now)
        self._give_again(attempt, attempt.worker)

    def failed(self, attempt: Attempt, now: float) -> bool:
        """Note that a worker could not do a task; False where too many could not."""
        self._let_go(attempt, now)
        if attempt.chunk is None or attempt.chunk.done:
            return True
        attempt.chunk.failures.append(attempt.worker)
        self._give_again(attempt, "")
        return len(attempt.chunk.failures) < self._pace.tries

    def refuse(self, address: str) -> list[Attempt]:
        """Give a worker nothing any more; its tasks go to others.

        Returns:
            the tasks that it still had.
        """
        member = self.members.get(address)
        if member is None:
            return []
        member.refused = True
        had, member.tasks = member.tasks, []
        for attempt in had:
            self._give_again(attempt, "")
        return had

    def late(self, now: float) -> list[Attempt]:
        """First tasks that take too long; these, and what waits behind them, may go to other workers too."""
        if not self._seconds:
            return []
        usual = statistics.median(self._seconds)
        found = []
        for member in self.members.values():
            first = member.tasks[0] if member.tasks else None
            if first is None or first.late or first.chunk is None:
                continue
            allowed = max(self._pace.late_s, self._pace.late_times * usual * len(first.indices))
            if now - member.since <= allowed:
                continue
            found.append(first)
            for attempt in member.tasks:
                attempt.late = True
                chunk = attempt.chunk
                if chunk and not chunk.done and chunk not in self._again and len(self._attempts(chunk)) < COPIES:
                    self._again.append(chunk)
        return found

    def _key(self, chunk: Chunk | None) -> str:
        """A key that tells what is taken, so that the same task of two clients is one; new at every hand-out."""
        if chunk is None:
            self._probes += 1
            return f"{self.name}-ready-{self._probes}"
        chunk.given += 1
        said = hashlib.sha256(repr(list(chunk.indices)).encode()).hexdigest()[:16]
        return f"{self.name}-{chunk.indices[0]}-{said}-{chunk.given}"

    def _chunk_for(self, member: Member) -> Chunk | None:
        """What is to be done again, if this worker may do it, or the next pictures."""
        for chunk in self._again:
            here = any(a.chunk is chunk for a in member.tasks)
            failed_here = member.address in chunk.failures
            others = any(
                m.address not in chunk.failures and not m.refused for m in self.members.values() if m is not member
            )
            if not here and not (failed_here and others):
                self._again.remove(chunk)
                return chunk
        if self._next >= len(self._indices):
            return None
        begin, self._next = self._next, min(self._next + self._size(member), len(self._indices))
        return Chunk(self._indices[begin : self._next])

    def _size(self, member: Member) -> int:
        """Pictures of the next task: by the worker's own speed; smaller towards the end, so that all end together."""
        if not member.rate:
            return self._pace.first
        wanted = min(member.rate * self._pace.task_s, GROWTH * member.last, self._pace.most)
        wanted = min(wanted, self._pace.most_bytes / max(self._bytes, 1))
        share = (len(self._indices) - self._next) / (self._pace.ahead * max(self.usable, 1))
        return max(1, int(min(wanted, max(math.ceil(share), member.rate))))

    def _attempts(self, chunk: Chunk) -> list[Attempt]:
        return [a for m in self.members.values() for a in m.tasks if a.chunk is chunk]

    def _let_go(self, attempt: Attempt, now: float) -> Member | None:
        """Take a task from its worker's list."""
        member = self.members.get(attempt.worker)
        if member and attempt in member.tasks:
            if member.tasks[0] is attempt:
                member.since = now
            member.tasks.remove(attempt)
        return member

    def _withdraw(self, attempt: Attempt, now: float) -> Attempt:
        """Take back a task; a worker that was busy with it has to say that it is ready before it gets more."""
        member = self.members[attempt.worker]
        if member.tasks[0] is attempt:
            member.ready = False
        self._let_go(attempt, now)
        return attempt

    def _give_again(self, attempt: Attempt, lost: str) -> None:
        """Put a task's pictures back, unless another worker has them; in halves where a worker was lost over them."""
        chunk = attempt.chunk
        if chunk is None or chunk.done:
            return
        if lost:
            chunk.losses.append(lost)
            if len(chunk.losses) > self._pace.losses:
                raise _deadly(chunk)
        if chunk in self._again or any(a is not attempt for a in self._attempts(chunk)):
            return
        half = (len(chunk.indices) + 1) // 2
        if lost and half < len(chunk.indices):
            parts = (chunk.indices[:half], chunk.indices[half:])
            self._again.extend(Chunk(p, list(chunk.losses), list(chunk.failures)) for p in parts)
        else:
            self._again.append(chunk)


def _deadly(chunk: Chunk) -> ImpromptuError:
    first, last = chunk.indices[0], chunk.indices[-1]
    what = f"Picture {first}" if first == last else f"The pictures {first} to {last}"
    return ImpromptuError(
        f"{what} ended {len(chunk.losses)} workers, one after the other (the last: {chunk.losses[-1]}).",
        "Look at that worker's log. Most often it had too little memory: start workers with more of it.",
    )
