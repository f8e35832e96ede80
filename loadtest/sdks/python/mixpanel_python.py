"""Mixpanel's SDK for Python, which sends each call at once."""

from functools import partial
from typing import Any

from mixpanel import Consumer, Mixpanel, MixpanelException


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has."""
    paths = {"events_url": "track", "people_url": "engage", "groups_url": "groups", "import_url": "import"}
    consumer = Consumer(**{name: f"{host}/{path}" for name, path in paths.items()}, retry_limit=8)
    # It sends again over https only; here there is none.
    consumer._session.mount("http://", consumer._session.get_adapter("https://"))
    client, user = Mixpanel(key, consumer=consumer), said["user"]
    failed: list[str] = []
    for call in (
        partial(client.track, user, said["event"], dict(said["properties"])),
        partial(client.people_set, user, dict(said["traits"])),
        partial(client.group_set, said["groupType"], said["group"], dict(said["groupTraits"])),
        partial(client.track, user, "$create_alias", {"alias": said["former"]}),
        partial(client.people_track_charge, user, said["price"] * said["quantity"]),
        *(partial(client.track, user, f"Bulk {number}") for number in range(3)),
    ):
        try:
            call()
        except MixpanelException as error:  # it has given up; the next call is another
            failed.append(str(error))
    if failed:
        raise MixpanelException(failed[0])
