"""Who is who among the generated customers, kept apart from the traffic, and a score against it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from math import comb
from pathlib import Path

import msgspec

Identity = tuple[str, str]  # (kind 'anonymous_id' | 'user_id', value)


class Customer(msgspec.Struct):
    """One person: every id that is theirs, and of these the ones whose link stands in the traffic."""

    customer: str
    anonymous_ids: list[str] = []
    user_ids: list[str] = []
    proven: list[str] = []

    def identities(self) -> set[Identity]:
        return {("anonymous_id", value) for value in self.anonymous_ids} | {
            ("user_id", value) for value in self.user_ids
        }


class Truth(msgspec.Struct):
    """The generator's knowledge. `shared`: device -> the users who signed in on it besides its owner."""

    seed: int
    customers: dict[str, Customer] = {}
    shared: dict[str, list[str]] = {}

    def customer(self, name: str) -> Customer:
        return self.customers.setdefault(name, Customer(name))

    def device(self, name: str, anonymous_id: str) -> None:
        known = self.customer(name).anonymous_ids
        if anonymous_id not in known:
            known.append(anonymous_id)

    def signed_in(self, name: str, anonymous_id: str, user_id: str) -> None:
        """The owner `name` of the device was seen on it under `user_id`."""
        person = self.customer(name)
        for value, known in (
            (user_id, person.user_ids),
            (user_id, person.proven),
            (anonymous_id, person.proven),
        ):
            if value not in known:
                known.append(value)

    def guest(self, anonymous_id: str, user_id: str) -> None:
        known = self.shared.setdefault(anonymous_id, [])
        if user_id not in known:
            known.append(user_id)

    def write(self, path: Path) -> None:
        draft = path.with_suffix(".draft")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        draft.replace(path)


def read_truth(path: Path) -> Truth:
    return msgspec.json.decode(path.read_bytes(), type=Truth)


class Score(msgspec.Struct, frozen=True):
    """Pairs of ids: precision = right ÷ found, recall = found among the provable ÷ provable."""

    precision: float
    recall: float
    found: int
    right: int
    provable: int


def score(truth: Truth, identities: Mapping[Identity, str]) -> Score:
    """Compare `identities` (id -> the lake's customer id) with the truth, for ids that the truth has."""
    owner = {identity: name for name, person in truth.customers.items() for identity in person.identities()}
    groups: dict[str, list[Identity]] = defaultdict(list)
    for identity, customer_id in identities.items():
        if identity in owner:
            groups[customer_id].append(identity)
    found = sum(comb(len(group), 2) for group in groups.values())
    right = sum(_same_owner(group, owner) for group in groups.values())
    provable, proven_found = _provable(truth, identities)
    return Score(
        right / found if found else 1.0, proven_found / provable if provable else 1.0, found, right, provable
    )


def _same_owner(group: Iterable[Identity], owner: Mapping[Identity, str]) -> int:
    return sum(comb(ids, 2) for ids in Counter(owner[identity] for identity in group).values())


def _provable(truth: Truth, identities: Mapping[Identity, str]) -> tuple[int, int]:
    provable = found = 0
    for person in truth.customers.values():
        ids = [identity for identity in sorted(person.identities()) if identity[1] in person.proven]
        for left, right in combinations(ids, 2):
            provable += 1
            found += left in identities and identities.get(left) == identities.get(right)
    return provable, found
