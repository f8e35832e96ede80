"""Patterns of JSON Schema as Python's, where that is possible without a doubt."""

import re
from typing import Final

# What a class of a pattern certainly has; the rest of Unicode is left to the exact check.
_CLASSES: Final = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\r "}
_LITERAL_ESCAPES: Final = frozenset(r"\^$.*+?()[]{}|/-")
_NOT_PLAIN: Final = frozenset("\\^$.*+?()[]{}|")
# Beside visible ASCII no space in any sense, for [^\s…]: letters of the rest of Europe and of Chinese.
_LETTERS: Final = r"\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff\u4e00-\u9fff"

_COUNTS: Final = re.compile(r"\{[0-9]{1,4}(?:,[0-9]{0,4})?\}")


class _Inexpressible(Exception):
    pass


def narrowed(pattern: str) -> str | None:
    """A pattern for Python's `re.search` that finds nothing which the pattern of a schema would not find.

    It takes time linear in the text: it begins at the start, and what it has taken it never gives back.
    None for a pattern of which that cannot be said.
    """
    if not pattern.startswith("^"):
        return None
    try:
        reader = _Reader(pattern)
        found = reader.alternatives(grouped=False)
        return rf"\A{found}" if reader.at == len(pattern) else None
    except (_Inexpressible, IndexError):
        return None


class _Reader:
    """Reads a pattern from left to right; `at` is what comes next, after the ^."""

    def __init__(self, pattern: str) -> None:
        self.text, self.at = pattern, 1

    def alternatives(self, *, grouped: bool) -> str:
        parts = [self._sequence()]
        while self._peek() == "|":
            if not grouped:
                raise _Inexpressible  # the ^ belongs to the first of these alone
            self.at += 1
            parts.append(self._sequence())
        return "|".join(parts)

    def _sequence(self) -> str:
        parts = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._piece())
        return "".join(parts)

    def _piece(self) -> str:
        letter = self._take()
        if letter == "$":
            return r"\Z"
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._repeated(self._set())
        if letter == ".":
            return self._repeated(r"[^\n\r\u0085\u2028\u2029]")
        if letter == "\\":
            return self._repeated(self._escape(inside=False))
        if letter in _NOT_PLAIN:
            raise _Inexpressible
        return self._repeated("\\" + letter if not letter.isalnum() and letter.isascii() else letter)

    def _group(self) -> str:
        if self._peek() == "?":
            self.at += 1
            if self._take() != ":":
                raise _Inexpressible
        inner = self.alternatives(grouped=True)
        if self._take() != ")" or self._peek() in ("*", "+", "{"):
            raise _Inexpressible
        optional = self._peek() == "?"
        self.at += optional
        if optional and self._peek() in ("?", "+"):
            raise _Inexpressible
        return f"(?>{inner}){'?+' if optional else ''}"

    def _repeated(self, atom: str) -> str:
        """The atom with its quantifier, which gives nothing back."""
        letter = self._peek()
        if letter in ("*", "+", "?"):
            quantifier = self._take()
        elif letter == "{":
            counted = _COUNTS.match(self.text, self.at)
            if counted is None:
                raise _Inexpressible
            quantifier, self.at = counted[0], counted.end()
        else:
            return atom
        if self._peek() in ("?", "+", "*", "{"):
            raise _Inexpressible
        return f"{atom}{quantifier}+"

    def _escape(self, *, inside: bool) -> str:
        letter = self._take()
        if letter in _CLASSES:
            return _CLASSES[letter] if inside else f"[{_CLASSES[letter]}]"
        if letter == "S" and not inside:
            return rf"[\x21-\x7e{_LETTERS}]"
        if letter in _LITERAL_ESCAPES:
            return "\\" + letter
        raise _Inexpressible

    def _set(self) -> str:
        negated = self._peek() == "^"
        self.at += negated
        parts: list[str] = []
        while (letter := self._take()) != "]":
            if letter == "[" or (letter in "&~|-" and self._peek() == letter):
                raise _Inexpressible
            parts.append(self._escape(inside=True) if letter == "\\" else letter)
        if not parts:
            raise _Inexpressible
        if not negated:
            return f"[{''.join(parts)}]"
        return self._without(parts)

    def _without(self, parts: list[str]) -> str:
        """A negated set: only what is certainly outside, since \\s, \\d and \\w may mean more than ASCII."""
        inner = "".join(parts)
        if not any(part in _CLASSES.values() for part in parts):
            return f"[^{inner}]"
        if not inner.isascii() or {_CLASSES["d"], _CLASSES["w"]} & set(parts):
            raise _Inexpressible
        outside = (letter for letter in map(chr, range(0x21, 0x7F)) if not re.match(f"[{inner}]", letter))
        return f"[{''.join(map(re.escape, outside))}{_LETTERS}]"

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]
