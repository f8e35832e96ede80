"""`sojourn identity match` and `sojourn identity link`."""

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from sdk_contract import settings as contract
from sessionizer.asking import ask
from sessionizer.settings import SessionizerSettings
from warehouse.cli.options import chosen, data_option, json_option, now, open_registry, print_json
from warehouse.errors import LakeLocked
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@data_option
@json_option
def match(data: str | None, as_json: bool) -> None:
    """Look for customers that are probably one person. Where the writer runs, it is asked to do it."""
    settings = chosen(data)
    registry = open_registry(settings)
    try:
        done = _do(settings, registry)
    except LakeLocked:
        done = ask(registry, "match", {}, by="identity match", say=_say)
    if as_json:
        print_json(done)
    else:
        click.echo(
            f"{done['records']:,} customers compared: {done['edges']:,} pairs are likely one person,"
            f" {done['joined']:,} joined, {done['blocked']:,} blocked;"
            f" {done['customers']:,} customers are probably {done['profiles']:,}"
        )


def _do(settings: WarehouseSettings, registry: Registry) -> dict[str, Any]:
    from sessionizer.deciding import holding
    from sessionizer.probable.run import match_all
    from sessionizer.probable.settings import limits_of, require_on
    from warehouse.writer import open_writer

    own = contract.load(SessionizerSettings, os.environ, known=os.environ)
    require_on(own)
    with open_writer(settings, registry, now=now) as writer:
        done = match_all(writer.lake, limits_of(own), progress=_say, decisions=holding(registry))
    return msgspec.structs.asdict(done)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--out", required=True, type=_FILE, help="Where the pairs go: a .csv or .parquet file.")
@click.option("--model", type=_FILE, help="A model that was saved; else one is learned from these records.")
@click.option("--save-model", type=_FILE, help="Where the model goes.")
@click.option("--threads", default=2, show_default=True, help="Threads to compare with.")
@click.option("--memory", default="4GB", show_default=True, help="Memory to compare within.")
@json_option
def link(
    files: tuple[Path, ...],
    out: Path,
    model: Path | None,
    save_model: Path | None,
    threads: int,
    memory: str,
    as_json: bool,
) -> None:
    """Pairs of records in one FILE, or between two, that are likely one person.

    A file is CSV or Parquet with the column id and some of name, given, family, birthday, official, phone,
    email, street, street2, number, city, postcode and region.
    """
    from sessionizer.probable.linking import link as link_files
    from sessionizer.probable.run import require_splink

    if len(files) > 2:
        raise click.UsageError(f"{len(files)} files; give one, or two to compare with each other")
    require_splink()
    done = link_files(
        files, out, model=model, save_model=save_model, threads=threads, memory=memory, progress=_say
    )
    answer = msgspec.structs.asdict(done)
    if as_json:
        print_json(answer)
    else:
        click.echo(f"{done.records:,} records, {done.pairs:,} pairs in {out}")


def _say(text: str) -> None:
    click.echo(text, err=True)
