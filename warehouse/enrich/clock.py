"""When an event happened, by the device's clock as far as it can be believed."""

from __future__ import annotations

MINUTE, DAY = 60_000_000, 86_400_000_000
FIRST_DAY = -62_135_596_800_000_000  # of the year 1, where most calendars of programs begin


def corrected(original: int | None, sent_at: int | None, received_at: int) -> int:
    """The time of an event, all in µs UTC; `original` and `sent_at` are the device's own times.

    A request cannot be sent after it was received: a device that says so by more than a minute is ahead, and
    its events are moved back by as much. What still lies more than a day ahead happened when it was received.
    """
    if original is None:
        return received_at
    if sent_at is not None and sent_at > received_at + MINUTE:
        original = max(original + received_at - sent_at, FIRST_DAY)
    return received_at if original > received_at + DAY else original
