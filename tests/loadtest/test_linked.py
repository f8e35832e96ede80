"""The graph of ids in small: what is joined, what changes when the newest come, and what a rebuild says."""

import numpy as np

from loadtest.linked import graph, measure


def test_the_figures_of_a_small_graph() -> None:
    told: list[str] = []
    figures = measure(40_000, 7, told.append)
    assert len(told) == 3
    assert abs(figures.edges - 40_000) < 400
    assert figures.rebuild_differs == 0
    assert 0 < figures.floor_pct <= figures.churn_pct <= figures.floor_pct + 0.2
    assert figures.components < figures.ids - 20_000


def test_equal_seeds_give_equal_graphs() -> None:
    first, second = graph(5_000, 3), graph(5_000, 3)
    assert np.array_equal(first.left, second.left)
    assert len(np.unique(first.key)) == len(first.key)
    assert not np.array_equal(first.age, graph(5_000, 4).age)
