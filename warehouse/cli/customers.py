"""sojourn customer: the profile of a customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import click
import msgspec

from warehouse.cli.options import chosen, data_option, json_option, open_reader, print_json
from warehouse.cli.query import nobody
from warehouse.errors import UnknownId
from warehouse.profile import Preferences, Profile, profile


@click.command()
@click.argument("any_id")
@data_option
@json_option
def customer(any_id: str, data: str | None, as_json: bool) -> None:
    """Show a customer's profile. ANY_ID: a customer, user, device, session or message id.

    First and last seen, devices, places, channels, counts and values of all sessions, traits with their
    source, top categories and active hours, and the state of consent.
    """
    with open_reader(chosen(data)) as lake:
        found = profile(lake, any_id)
    if found is None:
        raise UnknownId(nobody(any_id))
    if as_json:
        print_json(_as_json(found))
    else:
        click.echo("\n".join(_lines(found)))


def _as_json(found: Profile) -> dict[str, Any]:
    """The profile with JSON text as JSON."""
    answer: dict[str, Any] = msgspec.to_builtins(found)
    for trait in answer["traits"]:
        trait["value"] = msgspec.Raw(trait["value"].encode())
    return answer


def _lines(found: Profile) -> Iterator[str]:
    yield f"customer {found.customer_id} of {found.project}, seen {found.first_seen} to {found.last_seen}"
    sums = found.lifetime
    yield f"  {sums.sessions} sessions, {sums.bounced} of them bounced, {sums.events} events"
    yield f"  {sums.pages} pages, {sums.conversions} conversions, engaged for {sums.engaged_seconds:.0f} s"
    yield from (f"  worth {one.order_value:.2f} {one.currency or 'without a currency'}" for one in sums.worth)
    parts = (_ids(found), _used(found), _traits(found), _preferences(found.preferences), _consent(found))
    yield from (f"  {line}" for line in chain.from_iterable(parts))


def _ids(found: Profile) -> Iterator[str]:
    for one in found.identities:
        yield f"{one.kind} {one.value}  {one.evidence}, since {one.first_seen}"


def _used(found: Profile) -> Iterator[str]:
    for device in found.devices:
        what = _together((device.device_type, device.os_name, device.browser)) or "unknown"
        yield f"device {device.device_id}  {what}, {device.sessions} sessions, last {device.last_seen}"
    for place in found.places:
        yield f"place {_together((place.country, place.region, place.city))}  {place.sessions} sessions"
    for channel in found.channels:
        yield f"channel {channel.channel}  {channel.sessions} sessions, last {channel.last_seen}"


def _traits(found: Profile) -> Iterator[str]:
    for one in found.traits:
        doubt = f", one of {one.values_seen} that contradict each other" if one.contradictory else ""
        how = f"{one.rule} of {one.source or 'its events'}, {one.said_at}{doubt}"
        yield f"trait {one.name} {one.value}  {how}"


def _preferences(liked: Preferences) -> Iterator[str]:
    for one in liked.categories:
        yield f"category {one.name}  {one.events} of the newest {liked.events_read} events"
    hours = [f"{hour:02d} h {number}" for hour, number in enumerate(liked.hours) if number]
    if hours:
        yield f"active ({liked.timezone or 'UTC'}) {', '.join(hours)}"


def _consent(found: Profile) -> Iterator[str]:
    for name, answer in found.consent.answers.items():
        yield f"consent {name} {'yes' if answer else 'no'}, {found.consent.said_at}"
    if found.consent.signals:
        yield f"the browser asks for {found.consent.signals}"


def _together(words: Iterable[str | None]) -> str:
    return " ".join(filter(None, words))
