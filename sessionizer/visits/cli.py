"""`sojourn sessions`: which rules there are, and why two of them give other numbers."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import click
import msgspec

from sdk_contract import settings as contract
from sessionizer.fates import MEANINGS
from sessionizer.rules import VISITS_IN_USE, RuleReader, rules_in
from sessionizer.settings import SessionizerSettings
from sessionizer.visits.presets import PRESETS, preset
from sessionizer.visits.presets import chosen as rules_to_keep
from sessionizer.visits.rules import SessionRules
from warehouse.cli.options import (
    chosen,
    data_option,
    json_option,
    now,
    open_reader,
    open_registry,
    print_json,
)
from warehouse.cli.since import Since, moment_of
from warehouse.cli.spans import days_option
from warehouse.landing import open_store
from warehouse.segments import HOUR_US

_DAY = timedelta(days=1)


@click.group()
def sessions() -> None:
    """How visits are cut: the rules of this and other tools, and what they make of the same events."""


@sessions.command("rules")
@json_option
def rules_command(as_json: bool) -> None:
    """List the sets of rules by name, each with what it says beside a pause."""
    if as_json:
        print_json({name: msgspec.structs.asdict(rules) for name, rules in PRESETS.items()})
        return
    for name, rules in PRESETS.items():
        click.echo(f"{name:20} {'' if rules.kept else 'compare only; '}{_told(rules)}")


@sessions.command("diff")
@click.argument("a")
@click.argument("b")
@data_option
@json_option
@days_option("--since", "days", default="14d", help="Days to compare, back from now: 14d, 2w.")
def diff(a: str, b: str, data: str | None, as_json: bool, days: int) -> None:
    """Cut the same events by the rules A and B and say why the numbers differ.

    Names are those of `sojourn sessions rules`; a file of JSON with rules of your own will do as well.
    """
    from sessionizer.visits.difference import difference

    rules = read_rules(a), read_rules(b)
    settings = chosen(data)
    registry = open_registry(settings)
    own = contract.load(SessionizerSettings, os.environ, known=os.environ)
    successes = RuleReader(registry, own.attribute_rule).visits(rules[0]).successes
    last = datetime.fromtimestamp(now() / 1e6, UTC).date()
    with open_reader(settings) as lake:
        told = difference(lake, *rules, successes, last - _DAY * days, last)
    if as_json:
        print_json(told)
        return
    click.echo(f"{told.first_day} to {told.last_day}")
    click.echo(f"{'':26}{told.a.rules:>20}{told.b.rules:>20}")
    for field in told.a.__struct_fields__[1:]:
        shown = (f"{getattr(side, field):>20,}" for side in (told.a, told.b))
        click.echo(f"{field.replace('_', ' '):26}{''.join(shown)}")
    click.echo(f"{told.both:,} sessions begin with the same event")
    for side, reasons in ((told.a, told.only_a), (told.b, told.only_b)):
        for text, number in reasons.items():
            click.echo(f"only {side.rules}: {number:,} begin with {text}")


@sessions.command("gaps")
@click.argument(
    "gaps", metavar="MINUTES...", nargs=-1, required=True, type=click.FloatRange(min=0, min_open=True)
)
@data_option
@json_option
@days_option("--since", "days", default="14d", help="Days to count, back from now: 14d, 2w.")
def gaps_command(gaps: tuple[float, ...], data: str | None, as_json: bool, days: int) -> None:
    """Count the sessions that other pauses would give, such as 5 30 60: which pause suits this site?"""
    from sessionizer.visits.pauses import sessions_by_gap

    last = datetime.fromtimestamp(now() / 1e6, UTC).date()
    with open_reader(chosen(data)) as lake:
        told = sessions_by_gap(lake, gaps, last - _DAY * days, last)
    if as_json:
        print_json([{"minutes": minutes, "sessions": sessions} for minutes, sessions in told.items()])
        return
    for minutes, number in told.items():
        click.echo(f"{minutes:>8g} minutes {number:>16,} sessions")


@sessions.command("fates")
@data_option
@json_option
@click.option(
    "--since", type=Since(), help="Only what was received since then: 6h, 7d, 2026-11-21; whole hours."
)
@click.pass_context
def fates_command(context: click.Context, data: str | None, as_json: bool, since: int | None) -> None:
    """Say what became of every event: in a session, of a bot, a duplicate, refused, and so on.

    Exit code 1 where the numbers do not close: `difference` is what nobody accounts for, `unexplained` how
    far the sessions are from holding the events that they should.
    """
    from sessionizer.fates import fates

    settings = chosen(data)
    registry = open_registry(settings)
    own = contract.load(SessionizerSettings, os.environ, known=os.environ)
    text = registry.setting(VISITS_IN_USE, "")
    rules = rules_in(text).cutting if text else rules_to_keep(own.session_rules)
    moment = moment_of(since, now())
    hour = None if moment is None else moment // HOUR_US
    with open_reader(settings) as lake:
        store = open_store(settings.landing_url)
        told = fates(lake, store, registry, settings.folders.journal, rules, hour)
    if as_json:
        print_json(told)
    else:
        for name, events in msgspec.structs.asdict(told).items():
            click.echo(f"{name:12}{events:>16,}  {MEANINGS.get(name, '')}".rstrip())
    if not told.close:
        context.exit(1)


def read_rules(name: str) -> SessionRules:
    """A preset, or the rules in a file. BadRules, or what msgspec finds wrong."""
    from sessionizer.visits.files import read_file

    return read_file(name) if name.endswith(".json") else preset(name)


def _told(rules: SessionRules) -> str:
    usual = SessionRules(rules.name)
    own = {
        name: getattr(rules, name)
        for name in rules.__struct_fields__[1:]
        if getattr(rules, name) != getattr(usual, name)
    }
    return ", ".join(f"{name}={value}" for name, value in own.items()) or "a pause of 30 minutes alone"
