"""`loadtest timeline`: what it makes ready is at rest, and pages of it are timed."""

from collections import Counter
from pathlib import Path

from loadtest.timelines import settle, timelines
from tests.warehouse.insights.shop import stitched_shop
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings
from warehouse.upkeep import due_rewrites, due_settling, file_shapes


def test_a_month_comes_to_rest_with_a_file_of_sessions_a_day(tmp_path: Path) -> None:
    settings = WarehouseSettings(data=str(stitched_shop(tmp_path)))
    with connect(settings, read_only=True) as lake:
        before = lake.query("SELECT * FROM sessions ORDER BY ALL")
    with connect(settings, read_only=False) as lake:  # a later run changes some of a day
        lake.execute("CREATE TEMP TABLE late AS FROM sessions LIMIT 1")
        lake.execute("DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM late)")
        lake.execute("INSERT INTO sessions FROM late")
    settle(tmp_path, lambda _: None)
    with connect(settings, read_only=True) as lake:
        shapes = file_shapes(lake)
        assert not [*due_rewrites(shapes), *due_settling(shapes)]
        days = Counter(shape.partition for shape in shapes if shape.table == "sessions")
        assert set(days.values()) == {1}
        assert len(days) > 5
        assert lake.query("SELECT * FROM sessions ORDER BY ALL") == before


def test_pages_and_profiles_of_customers_are_timed(tmp_path: Path) -> None:
    found = timelines(0, 8, stitched_shop(tmp_path), lambda: 0, lambda _: None)
    assert found.pages >= 8
    assert 0 < found.p50_ms <= found.p95_ms
    assert found.profile_p95_ms > 0
