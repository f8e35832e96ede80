"""`sojourn identity link`: files in, pairs out; a sample of Febrl with its truth."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from pyarrow import csv, parquet

from loadtest import febrl
from sessionizer.errors import BadRecords
from sessionizer.identity_cli import identity

pytest.importorskip("splink", reason="the extra probabilistic is not installed")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(identity, ["link", *map(str, arguments), "--threads", "1", "--memory", "1GB"])


def sample(folder: Path, share: int) -> tuple[Path, set[tuple[str, str]]]:
    """A part of the people of Febrl 3, all records of each, as CSV."""
    whole = febrl.records("3")
    ids = whole["id"].to_pylist()
    kept = [at for at, id in enumerate(ids) if int(id.split("-")[1]) % share == 3]
    csv.write_csv(whole.take(kept), folder / "people.csv")
    return folder / "people.csv", febrl.truth([ids[at] for at in kept])


def test_a_sample_of_febrl(tmp_path: Path) -> None:
    people, truth = sample(tmp_path, 12)
    result = call(people, "--out", tmp_path / "pairs.csv", "--save-model", tmp_path / "model.json", "--json")
    answer = json.loads(result.stdout)
    pairs = csv.read_csv(tmp_path / "pairs.csv")
    found = {
        tuple(sorted(pair))
        for pair in zip(*(pairs[end].to_pylist() for end in ("left", "right")), strict=True)
    }
    assert len(found & truth) / len(truth) > 0.99
    assert len(found & truth) / len(found) > 0.99
    assert (answer["pairs"], answer["records"] > 300) == (len(found), True)
    again = call(people, "--out", tmp_path / "pairs.parquet", "--model", tmp_path / "model.json", "--json")
    assert json.loads(again.stdout)["model"] == answer["model"]
    assert parquet.read_table(tmp_path / "pairs.parquet").num_rows == len(found)


def test_two_files_are_compared_with_each_other_alone(tmp_path: Path) -> None:
    one = pa.table({"id": ["a", "b"], "name": ["Wei Lin", "Wei Lin"], "email": ["w@x.example"] * 2})
    other = pa.table({"id": [7], "name": ["Lin Wei"], "email": ["W@x.example"]})
    for name, table in (("one", one), ("other", other)):
        parquet.write_table(table, tmp_path / f"{name}.parquet")
    call(tmp_path / "one.parquet", tmp_path / "other.parquet", "--out", tmp_path / "pairs.csv")
    pairs = csv.read_csv(tmp_path / "pairs.csv").to_pylist()
    assert [(pair["left"], str(pair["right"])) for pair in pairs] == [("a", "7"), ("b", "7")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read"),
        ("name\nLin\n", "has the columns name; it needs id, and some of name, given"),
        ("id,plan\n1,pro\n", "has the columns id, plan; it needs id, and some of name, given"),
        ("id,name\n1,Lin\n1,Wei\n", "values of the column id repeat"),
    ],
    ids=["missing", "no id", "nothing known", "twice"],
)
def test_files_that_will_not_do(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "people.csv"
    if text is not None:
        path.write_text(text)
    result = call(path, "--out", tmp_path / "pairs.csv")
    assert isinstance(result.exception, BadRecords)
    assert says in str(result.exception)


def test_three_files_are_too_many() -> None:
    result = call("a.csv", "b.csv", "c.csv", "--out", "pairs.csv")
    assert (result.exit_code, "3 files; give one, or two" in result.output) == (2, True)
