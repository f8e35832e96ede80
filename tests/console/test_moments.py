import pytest

from warehouse.console.moments import lasted, time_tag


def test_time_is_utc_for_who_has_no_script() -> None:
    tag = '<time datetime="2026-11-21T22:05:21.885Z" data-form="minute">2026-11-21 22:05 UTC</time>'
    assert time_tag("2026-11-22T06:05:21.885123+08:00", "minute") == tag
    assert time_tag(1_795_298_721_885_123, "minute") == tag
    assert time_tag("2026-11-21T22:05:21.885", "minute") == tag


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("2026-11-21T10:00:59.9Z", ("seconds", 59)),
        ("2026-11-21T10:12:00Z", ("minutes", 12)),
        ("2026-11-21T13:30:00Z", ("hours", 3)),
    ],
)
def test_lasted(end: str, told: tuple[str, int]) -> None:
    assert lasted("2026-11-21T10:00:00Z", end) == told
