"""Results out: tables kept fresh in PostgreSQL, in a bucket or in a folder."""

from warehouse.publish.choice import Choice, chosen, require_segments
from warehouse.publish.done import Done, Put
from warehouse.publish.place import Place, password_of, read_place
from warehouse.publish.run import publish

__all__ = [
    "Choice",
    "Done",
    "Place",
    "Put",
    "chosen",
    "password_of",
    "publish",
    "read_place",
    "require_segments",
]
