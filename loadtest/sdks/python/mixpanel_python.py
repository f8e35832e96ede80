"""Mixpanel's SDK for Python, which sends each call at once."""

from typing import Any

from mixpanel import Consumer, Mixpanel


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has."""
    paths = {"events_url": "track", "people_url": "engage", "groups_url": "groups", "import_url": "import"}
    consumer = Consumer(**{name: f"{host}/{path}" for name, path in paths.items()}, retry_limit=8)
    # It sends again over https only; here there is none.
    consumer._session.mount("http://", consumer._session.get_adapter("https://"))
    client, user = Mixpanel(key, consumer=consumer), said["user"]
    client.track(user, said["event"], dict(said["properties"]))
    client.people_set(user, dict(said["traits"]))
    client.group_set(said["groupType"], said["group"], dict(said["groupTraits"]))
    client.track(user, "$create_alias", {"alias": said["former"]})
    client.people_track_charge(user, said["price"] * said["quantity"])
    for number in range(3):
        client.track(user, f"Bulk {number}")
