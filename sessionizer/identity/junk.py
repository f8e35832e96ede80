"""Values that stand where an id should be and are none: they would join everybody who sends them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from warehouse.catalogs.text import quoted

WORDS: Final = frozenset(
    (
        *("", "-", "--", "0", "-1", "na", "n/a", "nan", "nil", "none", "null", "undefined", "unknown"),
        *("true", "false", "not set", "not_set", "notset", "empty", "object object"),
        *("anonymous", "anon", "guest", "visitor", "userid", "user_id", "user id", "id", "email", "e-mail"),
        *("distinct_id", "distinctid", "distinct id", "not_authenticated", "not authenticated"),
        *("logged_out", "logged out", "test@test.com", "test@example.com", "example@example.com"),
        *("user@example.com", "email@example.com", "name@example.com", "a@a.com", "none@none.com"),
        *("noreply@example.com", "no@email.com", "匿名", "游客", "访客", "未登录", "未知", "无", "空"),
    )
)
LONGEST: Final = 1024
_AROUND: Final = " \t\"'`[](){}<>\\"


def is_junk(text: str, words: Iterable[str] = (), longest: int = LONGEST) -> str | None:
    """Why a text is no id: `empty_word`, `only_zeros` or `too_long`; None where it may be one."""
    if len(text) > longest:
        return "too_long"
    bare = text.strip(_AROUND).lower()
    if bare in WORDS or bare in words or text.strip().lower() in words:
        return "empty_word"
    return None if bare.strip("0-.") else "only_zeros"


def id_sql(column: str, words: Iterable[str] = (), longest: int = LONGEST) -> str:
    """The same as SQL: `column`, or null where it is no id.

    A case of its own, not of its opposite: only of that DuckDB leaves out the parts that decide nothing.
    """
    return f"CASE WHEN {junk_sql(column, words, longest)} THEN NULL ELSE {column} END"


def junk_sql(column: str, words: Iterable[str] = (), longest: int = LONGEST) -> str:
    """Whether `column` is no id. Texts longer than any word, as most ids are, cost one comparison.

    The words are one pattern: it leaves most ids at their second letter, and a list of as many constants
    takes longer to plan.
    """
    known = sorted(WORDS | {word.lower() for word in words})
    around = f"[{re.escape(_AROUND)}]*"
    pattern = quoted(f"{around}(?:{'|'.join(map(re.escape, known))}){around}")
    reach, zeros = max(map(len, known)) + 4, quoted(f"{_AROUND}0-.")
    return (
        f"(length({column}) <= {reach} AND regexp_full_match(lower({column}), '{pattern}'))"
        f" OR length({column}) > {longest}"
        f" OR (({column} < '1' OR starts_with({column}, '{{')) AND trim({column}, '{zeros}') = '')"
    )
