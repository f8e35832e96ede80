"""Where the properties of a foreign event belong in a native one."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from sdk_contract.dialects.translated import ABSENT, Members

# The object in the context, "" for the context itself, and the name there.
Place: TypeAlias = tuple[str, str]
KEPT: Final[Place] = ("", "kept")
OWN: Final[Place] = ("", "own")
GONE: Final[Place] = ("", "gone")
# Names that nobody has thought of are remembered as long as they are no more, and no longer, than this.
_MOST, _LONGEST = 4096, 64


def never(name: str) -> bool:
    """No name is the SDK's own."""
    return False


def always(name: str) -> bool:
    """Every name is the SDK's own."""
    return True


class Places:
    """A place for every name.

    A name is in `table`, or is `gone` (the native event has it already, or it says nothing), or is the SDK's
    own where `owns` says so, or else is kept as it is. `nothing`: JSON texts of values that tell nothing.
    """

    def __init__(
        self,
        table: Mapping[str, Place],
        owns: Callable[[str], bool] = never,
        gone: Iterable[str] = (),
        nothing: Iterable[bytes] = ABSENT,
    ) -> None:
        self.known = {**table, **dict.fromkeys(gone, GONE)}
        self.owns, self.nothing = owns, frozenset(nothing)
        self.lengths = frozenset(map(len, self.nothing))

    def find(self, name: str) -> Place:
        """The place of a name that is not in the table."""
        place = OWN if self.owns(name) else KEPT
        if len(self.known) < _MOST and len(name) <= _LONGEST:
            self.known[name] = place
        return place


def settle(given: Members, places: Places, own: Members) -> tuple[Members, dict[str, Any]]:
    """Parts the properties of an event into those of its user and the context that they tell of.

    What is the SDK's own goes to `own`. Of what has a place only values that tell something get there. All of
    it in one loop, with a plain dict and few calls: it is most of what an event costs.
    """
    kept: Members = {}
    context: dict[str, Any] = {}
    known, lengths, nothing = places.known, places.lengths, places.nothing
    for name, value in given.items():
        try:
            place = known[name]
        except KeyError:
            place = places.find(name)
        if place is KEPT:
            kept[name] = value
        elif place is OWN:
            own[name] = value
        elif place is not GONE and (len(value) not in lengths or bytes(value) not in nothing):
            part, inner = place
            if not part:
                context[inner] = value
            elif part in context:
                context[part][inner] = value
            else:
                context[part] = {inner: value}
    return kept, context


def beside(parts: Members, said: frozenset[str]) -> Members:
    """The members that are not `said` elsewhere."""
    return {} if parts.keys() <= said else {name: parts[name] for name in parts if name not in said}
