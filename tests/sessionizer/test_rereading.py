"""Where events lie that are read again: every cluster is reached on each of its days, and once."""

import random

import duckdb
import pytest

from sessionizer.rereading import Cluster, Look, looks
from sessionizer.spans import DAY


def made(random_: random.Random, size: int, days: int) -> list[Cluster]:
    opens = [random_.randrange(days * DAY) for _ in range(size)]
    return [
        Cluster(number % 300, at, at + random_.choice([0, DAY // 9, 3 * DAY]))
        for number, at in enumerate(opens)
    ]


def reached(look: Look, subject: int) -> bool:
    """Whether events of a subject are among those that the look is at."""
    if "SELECT" in look.of_whom:
        return True
    sql = f"SELECT {look.of_whom} FROM (SELECT {subject} AS subject_key)"
    return bool(duckdb.sql(sql).fetchall()[0][0])


@pytest.mark.parametrize(
    ("size", "days", "held"), [(1, 1, 5), (40, 9, 5), (40, 900, 10**8), (900, 40, 10**8)]
)
def test_every_moment_of_every_cluster_is_in_one_look(size: int, days: int, held: int) -> None:
    random_ = random.Random(size)
    clusters = made(random_, size, days)
    found = list(looks(clusters, held))
    for one in clusters:
        for moment in (one.opens, random_.randint(one.opens, one.closes), one.closes):
            within = [look for look in found if look.span.lo <= moment <= look.span.hi]
            assert len(within) == 1
            assert reached(within[0], one.subject)


def test_a_small_lake_is_looked_at_once_and_a_large_one_by_day() -> None:
    clusters = [Cluster(subject, subject * DAY + 5, subject * DAY + 7) for subject in range(10)]
    (once,) = looks(clusters, 1_000)
    assert (once.span.lo, once.span.hi) == (5, 9 * DAY + 7)
    for subject, look in enumerate(looks(clusters, 10**8)):
        assert [other for other in range(10) if reached(look, other)] == [subject]
    assert len(list(looks(clusters, 1_000_000))) == 5
    assert len(list(looks([Cluster(1, 0, 400 * DAY)], 10**8))) <= 32


def test_many_subjects_are_not_named() -> None:
    (look,) = looks([Cluster(subject, 1, 2) for subject in range(5_000)], 10**8)
    assert look.of_whom == "subject_key IN (SELECT subject_key FROM slow)"
    assert not list(looks([], 10**8))
