"""What is known of rows, and the message ids from which it can be made again."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from warehouse.imports.drafts import CONTENT_BYTES, KEY_BYTES
from warehouse.imports.index import Known, RowIndex, entry_of, message_id
from warehouse.imports.orders import COUNTS, KEPT, NEVER

KEY, OTHER = bytes(range(KEY_BYTES)), bytes(KEY_BYTES)
FIRST, SECOND = b"a" * CONTENT_BYTES, b"b" * CONTENT_BYTES


def test_the_newest_state_of_a_row_is_known_whatever_comes_first(tmp_path: Path) -> None:
    index = RowIndex.open(tmp_path / "rows.sqlite")
    index.put([(KEY, SECOND, 2, KEPT), (OTHER, FIRST, 1, KEPT)], 1, 3, '{"rows": 2}')
    index.put([(KEY, FIRST, 1, COUNTS)], 1, 4, '{"rows": 3}')
    assert index.known([KEY, OTHER, b"?"]) == {KEY: Known(SECOND, 2, COUNTS), OTHER: Known(FIRST, 1, NEVER)}
    assert (index.next(1), index.next(2), index.counts(1).rows, index.counts(2).rows) == (4, 0, 3, 0)
    index.put([(KEY, FIRST, 3, KEPT)], 1, 5, "{}")
    assert index.known([KEY]) == {KEY: Known(FIRST, 3, COUNTS)}
    index.close()


@given(
    st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES),
    st.binary(min_size=CONTENT_BYTES, max_size=CONTENT_BYTES),
    st.integers(1, 10**6),
)
def test_a_message_id_says_its_entry(key: bytes, content: bytes, revision: int) -> None:
    entry = (key, content, revision, COUNTS)
    assert entry_of(message_id(entry), "Order Completed", taken=True) == entry


def test_other_message_ids_are_of_no_import() -> None:
    for text in (
        "",
        "im-",
        "im-abc-def-1",
        "ajs-next-1",
        "im-" + "x" * 60,
        message_id((KEY, FIRST, 1, COUNTS)) + "x",
    ):
        assert entry_of(text, "Order Completed", taken=True) is None
