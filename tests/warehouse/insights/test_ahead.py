"""What is read ahead is worked on in order, and reading waits for the work."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from warehouse.insights import ahead
from warehouse.insights.ahead import worked


def test_results_come_in_the_order_of_their_items() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert list(worked(pool, lambda number: number * number, range(100))) == [n * n for n in range(100)]
        assert list(worked(pool, str, ())) == []


def test_no_more_is_fetched_than_a_few_that_wait() -> None:
    fetched, may_work = [], threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            fetched.append(number)
            yield number

    def work(number: int) -> int:
        may_work.wait(60)
        return number

    with ThreadPoolExecutor(2) as pool:
        reader = threading.Thread(target=lambda: list(worked(pool, work, items())))
        reader.start()
        reader.join(0.3)
        assert len(fetched) == ahead._WAITING + 1
        may_work.set()
        reader.join(60)
    assert len(fetched) == 100


def test_an_error_of_the_work_reaches_who_reads() -> None:
    with ThreadPoolExecutor(2) as pool, pytest.raises(ZeroDivisionError):
        list(worked(pool, lambda number: 1 // number, [1, 0]))
