"""Which ids the rows of a file name, and which of them are known to be somebody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from sdk_contract.cleaning import normal_email, normal_phone
from sdk_contract.keys import identity_key
from warehouse.imports.drafts import Draft
from warehouse.lake import Lake
from warehouse.statements import statement

KINDS: Final = ("user_id", "crm_id", "email", "phone", "wechat_unionid", "wechat_openid")
_READ: Final[dict[str, Callable[[str], str | None]]] = {"email": normal_email, "phone": normal_phone}
Named = tuple[int, str, int]
"""Row, kind of id, identity_key."""


def named(drafts: Iterable[Draft], project: str) -> list[Named]:
    """The ids that rows name, as identities have them."""
    return [
        (draft.row, kind, identity_key(project, kind, value))
        for draft in drafts
        if draft.fault is None
        for kind, value in _ids(draft.said)
    ]


def known(lake: Lake, found: Sequence[Named]) -> dict[str, Any]:
    """How many rows name an id that is somebody's now, and how many ids that are, by kind."""
    ids = pa.table(
        {
            "row": [row for row, _, _ in found],
            "kind": [kind for _, kind, _ in found],
            "key": [k for _, _, k in found],
        },
        pa.schema({"row": pa.int64(), "kind": pa.string(), "key": pa.int64()}),
    )
    with lake.table("named_ids", ids):
        rows = lake.query(statement("imports/known_ids"))
    return {"rows": len({row for row, _ in rows}), "ids": dict(Counter(kind for _, kind in rows))}


def _ids(said: dict[str, Any]) -> Iterable[tuple[str, str]]:
    values = {"user_id": said.get("userId"), **said.get("traits", {}), **said.get("ids", {})}
    for kind in KINDS:
        if (value := values.get(kind)) is not None:
            read = _READ.get(kind)
            text = str(value).strip() if read is None else read(str(value).strip())
            if text:
                yield kind, text
