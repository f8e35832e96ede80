"""Names of events and properties as identifiers, each once, the same every time."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import Final

# Words that cannot name a type, a function or a field in at least one of the languages.
_WORDS: Final = """
and any arguments as assert associatedtype async await break case catch class const continue
debugger def default defer deinit del delete do elif else enum eval except export extends extension
fallthrough false fileprivate finally for from fun func function global guard if implements import
in init inout instanceof interface internal is lambda let new nil none nonlocal not null object open
operator or package pass precedencegroup private protected protocol public raise repeat rethrows
return self static struct subscript super switch this throw throws true try typealias typeof
undefined val var void when where while with yield
"""
RESERVED: Final = frozenset(_WORDS.split())
# Names that the files themselves use.
_OURS: Final = """
Any Analytics Anything Array Bool Boolean Codable CodingKey CodingKeys Date Decodable Dictionary
Double Encodable Encoder Error False Float Function Int JSONValue Json JsonElement JsonObject List
Literal Long Map Mapping Never None NotRequired Null Number Object Optional Promise Protocol Record
Required Self SerialName Serializable Set String Symbol Tracking True Type TypedDict Union Unit Void
"""
_TYPES: Final = frozenset(_OURS.split())
_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(text: str) -> tuple[str, ...]:
    """The words of a name, in letters and digits of any script; `event` where there are none."""
    plain = unicodedata.normalize("NFKC", text)
    parts = "".join(char if _is_letter(char) else " " for char in plain).split()
    return tuple(word for part in parts for word in _BOUNDARY.split(part) if word) or ("event",)


def _is_letter(char: str) -> bool:
    """Kotlin takes no marks, and no letters beyond the first 65,536 characters."""
    return char.isalnum() and f"a{char}".isidentifier() and ord(char) < 0x10000


def camel(parts: Sequence[str]) -> str:
    """orderCompleted"""
    first, *rest = parts
    return _safe(_lower(first) + "".join(map(_upper, rest)))


def pascal(parts: Sequence[str]) -> str:
    """OrderCompleted"""
    return _begun("".join(map(_upper, parts)))


def snake(parts: Sequence[str]) -> str:
    """order_completed"""
    return _safe("_".join(part.lower() for part in parts))


class Names:
    """Gives each name out once: the second that would be equal gets a number."""

    def __init__(self, taken: Collection[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}

    def type(self, text: str) -> str:
        """A name for a type."""
        name = pascal(words(text))
        return self.free(f"{name}Type" if name in _TYPES else name)

    def free(self, name: str) -> str:
        """The name itself, or with the first number that is free (2, 3, …)."""
        number, chosen = 1, name
        # Two files or classes may not differ in upper and lower case alone.
        while chosen.casefold() in self._taken:
            number += 1
            chosen = f"{name}{number}"
        self._taken.add(chosen.casefold())
        return chosen


def _upper(word: str) -> str:
    return word[:1].upper() + word[1:]


def _lower(word: str) -> str:
    return word.lower() if word.isupper() else word[:1].lower() + word[1:]


def _safe(name: str) -> str:
    name = _begun(name)
    return f"{name}_" if name.lower() in RESERVED else name


def _begun(name: str) -> str:
    return name if name.isidentifier() else f"_{name}"
