"""Which message ids a worker has taken lately: the door's hint that an event came before.

Only a hint: it forgets, and it knows nothing of other workers. What becomes of a duplicate is decided where
the rows are loaded.
"""

from collections.abc import Iterable, Sequence

IDS = 1 << 16
BYTES = 32 * 1024 * 1024
_NONE: frozenset[str] = frozenset()


class Recent:
    """Ids by key in two generations; the older one is forgotten when the newer is full.

    A generation is full at `ids` ids, or when the requests they stood in had `room` bytes, which is more than
    what the ids themselves take.
    """

    def __init__(self, ids: int = IDS, room: int = BYTES) -> None:
        self._ids, self._room = ids, room
        self._newer: dict[int, set[str]] = {}
        self._older: dict[int, set[str]] = {}
        self._taken = self._bytes = 0

    def known(self, key_no: int, ids: Iterable[str]) -> list[int]:
        """Positions of ids that came before under this key, or earlier in `ids`; nothing is remembered."""
        newer, older = self._newer.get(key_no, set()), self._older.get(key_no, set())
        doubled = set(_doubled(ids))
        return [index for index, one in enumerate(ids) if index in doubled or one in newer or one in older]

    def take(self, key_no: int, ids: Sequence[str], size: int) -> list[int]:
        """The same, and remembers them: ids of events that are on disk, of a request of `size` bytes."""
        newer = self._newer.get(key_no)
        if newer is None:
            newer = self._newer[key_no] = set()
        older = self._older.get(key_no, _NONE)
        if len(ids) == 1:
            repeats = [0] if ids[0] in newer or ids[0] in older else []
            newer.add(ids[0])
        elif newer.isdisjoint(ids) and older.isdisjoint(ids):
            before = len(newer)
            newer.update(ids)
            repeats = [] if len(newer) == before + len(ids) else _doubled(ids)
        else:
            repeats = self.known(key_no, ids)
            newer.update(ids)
        self._taken += len(ids)
        self._bytes += size
        if self._taken >= self._ids or self._bytes >= self._room:
            self._newer, self._older = {}, self._newer
            self._taken = self._bytes = 0
        return repeats


def _doubled(ids: Iterable[str]) -> list[int]:
    """Positions of ids that stand earlier in `ids`."""
    seen: set[str] = set()
    found = []
    for index, one in enumerate(ids):
        if one in seen:
            found.append(index)
        seen.add(one)
    return found
