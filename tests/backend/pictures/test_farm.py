"""The accounts of a cluster: every picture once, whatever workers do, and no more in flight than they can take."""

import random

import pytest
from impromptu.backend.pictures.farm import COPIES, Farm, Pace
from impromptu.backend.protocol import ImpromptuError


class Cluster:
    """Workers of given speeds and a clock of their own, driven by a farm's orders."""

    def __init__(self, indices, speeds, pace=None):
        self.pace = pace or Pace()
        self.farm = Farm(indices, "set", self.pace)
        self.speeds, self.now = dict(speeds), 0.0
        self.tasks, self.taken, self.keys, self.most = [], [], [], 0
        self.sizes = {}

    def step(self, seconds=0.5):
        """Let time pass."""
        self.now += seconds
        _, gone = self.farm.see(self.speeds, self.now)
        self.drop(gone)
        for attempt in self.farm.orders(self.now):
            self.tasks.append([attempt, len(attempt.indices)])
            self.keys.append(attempt.key)
            self.sizes.setdefault(attempt.worker, []).append(len(attempt.indices))
        self.most = max(self.most, len(self.tasks))
        self.farm.late(self.now)
        busy = set()
        for task in list(self.tasks):
            attempt = task[0]
            if task not in self.tasks or attempt.worker in busy:
                continue
            busy.add(attempt.worker)
            task[1] -= self.speeds[attempt.worker] * seconds
            if task[1] <= 0:
                self.finish(task)

    def finish(self, task):
        self.tasks.remove(task)
        attempt = task[0]
        seconds = len(attempt.indices) / max(self.speeds[attempt.worker], 1e-9)
        new, unneeded = self.farm.finished(attempt, seconds, 1000 * len(attempt.indices), self.now)
        self.drop(unneeded)
        if new:
            self.taken += attempt.indices

    def drop(self, attempts):
        self.tasks = [t for t in self.tasks if t[0] not in attempts]

    def run(self, most_steps=20_000):
        for _ in range(most_steps):
            if not self.farm.left:
                return self
            self.step()
        raise AssertionError("it never ends")


def test_each_picture_is_taken_once_in_tasks_of_about_the_wanted_time():
    cluster = Cluster(range(0, 30_000, 3), {"slow": 2.0, "fast": 40.0}, Pace(task_s=10)).run()
    assert sorted(cluster.taken) == list(range(0, 30_000, 3))
    assert len(set(cluster.keys)) == len(cluster.keys)
    assert cluster.most <= 2 * 2
    # A task is as long as its worker is fast, none grows faster than fourfold, the last ones are short.
    assert max(cluster.sizes["slow"]) <= 20
    assert max(cluster.sizes["fast"]) <= 400
    assert cluster.sizes["fast"][:4] == [0, 4, 4, 16]
    assert cluster.sizes["fast"][-1] <= 40


def test_a_task_holds_no_more_than_memory_allows():
    cluster = Cluster(range(2000), {"a": 1000.0}, Pace(most_bytes=50_000)).run()
    assert max(cluster.sizes["a"]) <= 50


def test_nobody_waits_long_for_the_last_task():
    speeds = {str(i): 10.0 for i in range(8)}
    cluster = Cluster(range(8000), speeds).run()
    assert cluster.now <= 1.15 * 8000 / 80


def test_a_worker_is_given_nothing_before_it_is_ready():
    farm = Farm(range(10), "set", Pace())
    farm.see(["a"], 0)
    (probe,) = farm.orders(0)
    assert list(probe.indices) == []
    assert list(farm.orders(1)) == []
    assert farm.finished(probe, 1, 0, 1) == (False, [])
    assert [list(a.indices) for a in farm.orders(1)] == [[0, 1, 2, 3], [4, 5, 6, 7]]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_workers_do_nothing_is_lost_or_doubled(seed):
    rng = random.Random(seed)
    pace = Pace(late_s=5, losses=10_000, tries=10_000)
    cluster = Cluster(range(600), {str(i): rng.choice((1, 5, 20)) for i in range(4)}, pace)
    names = iter(range(4, 10_000))
    for _ in range(5000):
        if not cluster.farm.left:
            break
        draw = rng.random()
        name = rng.choice(list(cluster.speeds) or [""])
        if draw < 0.02 and name:
            del cluster.speeds[name]
        elif draw < 0.05:
            cluster.speeds[str(next(names))] = rng.choice((1, 5, 20))
        elif draw < 0.07 and name:
            cluster.speeds[name] = 0
        elif draw < 0.12 and cluster.tasks:
            task = cluster.tasks.pop(rng.randrange(len(cluster.tasks)))
            assert rng.choice((cluster.farm.failed, lambda *a: cluster.farm.lost(*a) or True))(task[0], cluster.now)
        elif draw < 0.13 and len(cluster.speeds) > 2:
            cluster.drop(cluster.farm.refuse(name))
        cluster.step()
        if all(m.refused or not cluster.speeds.get(m.address) for m in cluster.farm.members.values()):
            cluster.speeds[str(next(names))] = 5
    assert sorted(cluster.taken) == list(range(600))


def ready(farm, now, *addresses):
    """Workers that have said that they are ready."""
    farm.see(addresses, now)
    for probe in list(farm.orders(now)):
        farm.finished(probe, 0, 0, now)


def test_a_late_task_goes_to_another_worker_and_the_first_result_counts():
    farm = Farm(range(12), "set", Pace(first=4, ahead=1, late_s=5))
    ready(farm, 0, "a", "b")
    slow, quick = farm.orders(0)
    assert farm.late(100) == []  # Nobody knows yet how long a task takes.
    farm.finished(quick, 1, 0, 1)
    (third,) = farm.orders(1)
    assert farm.late(4.9) == []
    assert farm.late(5.1) == [slow]
    assert farm.late(5.2) == []
    farm.finished(third, 1, 0, 5.2)
    (again,) = farm.orders(5.2)
    assert (again.worker, again.indices) == ("b", slow.indices)
    assert again.key != slow.key
    assert farm.finished(again, 1, 0, 6) == (True, [slow])
    assert farm.left == 0
    # Whoever was late has to say that it is there again.
    (probe,) = farm.orders(7)
    assert (probe.worker, probe.chunk) == ("a", None)


def test_what_is_late_everywhere_is_not_given_to_all():
    farm = Farm(range(4 * 11), "set", Pace(first=4, ahead=1, late_s=5))
    ready(farm, 0, *"abcdefghijk")
    first, *others = farm.orders(0)
    for attempt in others:
        farm.finished(attempt, 1, 0, 1)
    copies, now = [first], 2.0
    for _ in range(10):
        now += 10
        farm.late(now)
        copies += farm.orders(now)
    assert len(copies) == COPIES
    assert farm.finished(copies[1], 1, 0, now) == (True, [copies[0], copies[2]])


def test_pictures_over_which_workers_are_lost_are_divided_and_at_last_named():
    farm = Farm(range(8), "set", Pace(first=8, ahead=1, losses=2))
    sizes = []
    for i in range(3):
        ready(farm, i, f"w{i}")
        sizes += [len(attempt.indices) for attempt in farm.orders(i)]
        farm.see([], i)
    assert sizes == [8, 4, 4]
    ready(farm, 3, "w3")
    assert [list(attempt.indices) for attempt in farm.orders(3)] == [[0, 1]]
    with pytest.raises(ImpromptuError, match=r"pictures 0 to 1 ended 3 workers, .*the last: w3"):
        farm.see([], 4)


def test_a_worker_that_failed_is_not_asked_again_while_there_is_another():
    farm = Farm(range(4), "set", Pace(ahead=1, tries=3))
    ready(farm, 0, "a", "b")
    (attempt,) = farm.orders(0)
    assert farm.failed(attempt, 1)
    (second,) = farm.orders(1)
    assert {attempt.worker, second.worker} == {"a", "b"}
    assert farm.failed(second, 2)
    (third,) = farm.orders(2)
    assert not farm.failed(third, 3)


def test_the_only_worker_may_try_again():
    farm = Farm(range(4), "set", Pace(ahead=1))
    ready(farm, 0, "a")
    (attempt,) = farm.orders(0)
    assert farm.failed(attempt, 1)
    (second,) = farm.orders(1)
    assert (second.worker, second.indices) == ("a", attempt.indices)


def test_a_refused_worker_gets_nothing_and_gives_back_what_it_had():
    farm = Farm(range(8), "set", Pace(ahead=2))
    ready(farm, 0, "a")
    had = list(farm.orders(0))
    assert farm.refuse("a") == had
    assert farm.usable == 0
    assert list(farm.orders(1)) == []
    ready(farm, 1, "a", "b")
    assert sorted(i for a in farm.orders(2) for i in a.indices) == list(range(8))
