"""What a comparison of two records says of a field."""

import duckdb
import pytest

from sessionizer.probable.comparisons import FIELDS, comparison

Place = tuple[str | None, str | None]


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (("20144", "milano"), ("20144", "milan"), "same postcode"),
        (("20144", "milano"), ("20145", "milano"), "postcode with one typo"),
        (("20144", "milano"), ("70993", "milano"), "same city"),
        ((None, "milano"), ("20144", "milano"), "same city"),
        ((None, "milano"), (None, "milan"), "close city"),
        (("20144", "milano"), ("70993", "roma"), "different"),
        (("20144", None), ("70993", None), "different"),
        ((None, None), ("20144", "milano"), "unknown"),
        (("20144", None), (None, "milano"), "unknown"),
    ],
)
def test_a_city_counts_where_the_postcode_says_nothing(left: Place, right: Place, said: str) -> None:
    (field,) = (field for field in FIELDS if field.name == "place")
    levels = comparison(field)["comparison_levels"]
    cases = " ".join(
        f"WHEN {level['sql_condition']} THEN '{level['label_for_charts']}'" for level in levels[:-1]
    )
    sql = (
        f"SELECT CASE {cases} ELSE '{levels[-1]['label_for_charts']}' END"
        " FROM (SELECT ?::VARCHAR AS postcode_l, ?::VARCHAR AS city_l, ?::VARCHAR AS postcode_r,"
        " ?::VARCHAR AS city_r)"
    )
    assert duckdb.execute(sql, [*left, *right]).fetchall() == [(said,)]
