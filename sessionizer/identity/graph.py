"""The graph of ids by numbers: components, and which edges may join them.

An edge that would break a rule is blocked. Rules are monotone: where a component as a whole breaks none, no
part of it does, so all its edges are joined at once. Only the others are decided one edge after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sessionizer.identity.fold import Customer, Fold, Look
from sessionizer.identity.rules import IdentityRules

Longs = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Components = npt.NDArray[np.int32]
JOINED: Final = ""
SETTLED: Final = "settled"
_STEPS: Final = 8


class Edges(msgspec.Struct, frozen=True):
    """Pairs of ids to decide on; arrays of one length.

    `left`, `right`: labels of their customers so far; `left_code`, `right_code`: kinds by their place in the
    rules; `day`: received on, days since 1970; `is_link`: both ids were known before; `is_alias`: said by an
    alias, `is_decision`: by people.
    """

    left: Longs
    right: Longs
    left_key: Longs
    right_key: Longs
    load_seq: Longs
    left_code: Longs
    right_code: Longs
    day: Longs
    is_link: Flags
    is_alias: Flags
    is_decision: Flags


class Holdings(msgspec.Struct, frozen=True):
    """Ids that count: of which label, of which kind, first named on which day, the key of the value in its
    first life; `links` by label.
    """

    label: Longs
    code: Longs
    day: Longs
    value: Longs
    links: dict[int, int] = {}


class Roots(msgspec.Struct, frozen=True):
    """Customers by label, sorted; a new id is its own. `ids` is -1 where it is not known.

    `holdings` is what is known of the ids they have; `vague` ones may have more of limited kinds.
    """

    label: Longs
    ids: Longs
    vague: Flags
    known: Flags
    holdings: Holdings


Ask = Callable[[Longs], tuple[Holdings, Longs]]


def survivors(labels: Longs, ages: Longs, component: Components) -> Longs:
    """For each label the oldest label of its component: smallest age, then smallest label.

    `labels` is sorted; `ages` and `component` go with it.
    """
    count = int(component.max(initial=-1)) + 1
    youth = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(youth, component, ages)
    first = np.flatnonzero(ages == youth[component])[::-1]
    oldest = np.empty(count, dtype=np.int64)
    oldest[component[first]] = labels[first]  # the last write, that of the smallest, stays
    found: Longs = oldest[component]
    return found


def places(labels: Longs, values: Longs) -> Components:
    """The place of each value in the sorted `labels`, where all of them are.

    Labels are hashes, so their first bits nearly tell the place; what is not found a few steps further is
    looked for by halves. Sorting the values first, and looking for them in order, takes two and a half times
    as long.
    """
    if not len(values):
        return np.zeros(0, dtype=np.int32)
    bits, least = len(labels).bit_length(), labels[0]
    shift = max(0, int(labels[-1] - least).bit_length() - bits)
    begins = np.zeros((1 << bits) + 1, dtype=np.int32)
    np.cumsum(np.bincount((labels - least) >> shift, minlength=1 << bits), out=begins[1:])
    found: Components = begins[(values - least) >> shift]
    further = np.flatnonzero(labels[found] < values)
    for _ in range(_STEPS):
        found[further] += 1
        further = further[labels[found[further]] < values[further]]
    found[further] = np.searchsorted(labels, values[further])
    return found


def components(size: int, left: Components, right: Components) -> tuple[int, Components]:
    """How many components there are, and the number of each label's, given the places of the edges' ends."""
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(size, size)).tocsr()
    count, component = connected_components(graph, directed=False)
    return int(count), component


class Verdict(msgspec.Struct, frozen=True):
    """`blocked`: position of an edge -> the rule that blocks it; all others are joined. A pair that was said
    on several days and is decided by then has the rule SETTLED. `component`: the number of the one to which
    each label belongs by then.
    """

    blocked: dict[int, str]
    component: Components


def decide(roots: Roots, edges: Edges, rules: IdentityRules, ask: Ask) -> Verdict:
    """Which edges join.

    `ask` tells of some labels which ids of limited kinds they have, and how many ids (in the order asked).
    """
    if not len(edges.left):
        return Verdict({}, np.arange(len(roots.label), dtype=np.int32))
    at, to = places(roots.label, edges.left), places(roots.label, edges.right)
    count, component = components(len(roots.label), at, to)
    roots = _known_well(roots, edges, count, component, rules, ask)
    contested = _contested(roots, edges, count, component, component[at], rules)
    suspects = np.flatnonzero(contested[component[at]])
    blocked = _fold(roots, edges, suspects, contested[component], rules)
    if blocked:
        joined = np.array([one for one in suspects.tolist() if one not in blocked], dtype=np.int64)
        component = _parted(contested, component, at[joined], to[joined])
    if rules.daily:
        blocked |= _settled(edges, suspects)
    return Verdict(blocked, component)


def _parted(contested: Flags, component: Components, left: Components, right: Components) -> Components:
    """Components once the contested ones are held together by these edges alone."""
    labels = np.flatnonzero(contested[component])
    _, inner = components(
        len(labels), places(labels, left.astype(np.int64)), places(labels, right.astype(np.int64))
    )
    found = component.copy()
    found[labels] = len(contested) + inner
    return found


def _known_well(
    roots: Roots, edges: Edges, count: int, component: Components, rules: IdentityRules, ask: Ask
) -> Roots:
    """Customers whose ids matter here are read: where two of a component may have ids of a limited kind, or
    where there are enough ids for too many links.
    """
    if not roots.known.any():
        return roots
    may = roots.vague.copy()
    may[np.searchsorted(roots.label, roots.holdings.label)] = True
    several = np.bincount(component[may], minlength=count) > 1
    ids = np.bincount(component, weights=np.maximum(roots.ids, 0), minlength=count)
    linked = ids * (ids - 1) > rules.most_links
    unsure = (roots.vague & several[component]) | (roots.known & linked[component]) | (roots.ids < 0)
    unsure &= roots.known
    if not unsure.any():
        return roots
    asked = roots.label[unsure]
    more, sizes = ask(asked)
    all_ids = roots.ids.copy()
    all_ids[unsure] = sizes
    kept = ~np.isin(roots.holdings.label, asked)
    held = roots.holdings
    holdings = Holdings(
        np.concatenate((held.label[kept], more.label)),
        np.concatenate((held.code[kept], more.code)),
        np.concatenate((held.day[kept], more.day)),
        np.concatenate((held.value[kept], more.value)),
        more.links,
    )
    return Roots(roots.label, all_ids, roots.vague & ~unsure, roots.known, holdings)


def _contested(
    roots: Roots,
    edges: Edges,
    count: int,
    component: Components,
    of_edge: Components,
    rules: IdentityRules,
) -> Flags:
    """Of each component whether its end state breaks a rule, whatever the days; `of_edge`: each edge's."""
    limits = np.array([kind.limit or 0 for kind in rules.kinds], dtype=np.int64)
    held = roots.holdings
    at = np.searchsorted(roots.label, held.label)
    cells = component[at].astype(np.int64) * len(limits) + held.code
    totals = np.bincount(cells, minlength=count * len(limits)).reshape(count, len(limits))
    over: Flags = np.any((limits > 0) & (totals > limits), axis=1)
    ids = np.bincount(component, weights=np.maximum(roots.ids, 0), minlength=count)
    links = np.bincount(of_edge[edges.is_link], minlength=count)
    for label, number in held.links.items():
        links[component[np.searchsorted(roots.label, label)]] += number
    found: Flags = over | (ids > rules.most_ids) | (links > rules.most_links)
    return found


def _fold(roots: Roots, edges: Edges, suspects: Longs, among: Flags, rules: IdentityRules) -> dict[int, str]:
    """The edges of contested components, one after another."""
    if not len(suspects):
        return {}
    fold = Fold(rules, _customers(roots, among))
    blocked = {}
    ordered = suspects[_order(edges, suspects, rules)]
    for position, look in zip(ordered.tolist(), _looks(edges, ordered), strict=True):
        rule = fold.take(look)
        if rule != JOINED:
            blocked[position] = rule
    return blocked


def _order(edges: Edges, chosen: Longs, rules: IdentityRules) -> Longs:
    """The order in which they were said; of one event the alias first, then the id of higher priority."""
    priorities = np.array([kind.priority for kind in rules.kinds], dtype=np.int64)
    order: Longs = np.lexsort(
        (
            edges.right_key[chosen],
            edges.left_key[chosen],
            -priorities[edges.left_code[chosen]],
            ~edges.is_alias[chosen],
            edges.load_seq[chosen],
        )
    )
    return order


def _looks(edges: Edges, chosen: Longs) -> Iterator[Look]:
    """The edges at these places as the fold sees them."""
    same_kind = np.where(edges.left_code == edges.right_code, edges.left_code, -1)
    columns = (edges.left, edges.right, edges.left_key, edges.right_key, same_kind)
    more = (edges.day, edges.is_link, edges.is_alias, edges.is_decision)
    rows = zip(*(column[chosen].tolist() for column in (*columns, *more)), strict=True)
    for left, right, left_key, right_key, *rest in rows:
        yield Look(left, right, (left_key, right_key), *rest)


def _customers(roots: Roots, among: Flags) -> dict[int, Customer]:
    found = {
        label: Customer(ids)
        for label, ids in zip(roots.label[among].tolist(), roots.ids[among].tolist(), strict=True)
    }
    held = roots.holdings
    mine = among[np.searchsorted(roots.label, held.label)]
    columns = (column[mine].tolist() for column in (held.label, held.code, held.value, held.day))
    for label, code, value, day in zip(*columns, strict=True):
        found[label].hold(code, value, day)
    for label, links in held.links.items():
        if label in found:
            found[label].links = links
    return found


def _settled(edges: Edges, suspects: Longs) -> dict[int, str]:
    """Of a pair that is joined at its first sighting the later ones."""
    sure = np.setdiff1d(np.arange(len(edges.left)), suspects)
    order = sure[np.lexsort((edges.load_seq[sure], edges.right_key[sure], edges.left_key[sure]))]
    again = (np.diff(edges.left_key[order]) == 0) & (np.diff(edges.right_key[order]) == 0)
    return dict.fromkeys(order[1:][again].tolist(), SETTLED)
