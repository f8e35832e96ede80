"""The kinds of ids: whose they are, how many of a kind one customer may have, and where they are read."""

from typing import Final, Literal

import msgspec

Bearer = Literal["person", "device", "account"]


class IdKind(msgspec.Struct, frozen=True):
    """One kind of id.

    Of an event's ids the one with the highest `priority` is linked with each other one. A customer has at
    most `limit` values of it (None: any number), ever or first named within `window_days` before the link.
    A value that was not received for more than `ttl_days` days begins a new life, see `lives`. `traits` are
    the names under which traits hold it. Ids of an account join accounts only; people are its members.
    """

    name: str
    priority: int
    limit: int | None = None
    window_days: int | None = None
    ttl_days: int | None = None
    of: Bearer = "person"
    traits: tuple[str, ...] = ()

    @property
    def unique(self) -> bool:
        """One value a customer, ever; only an alias says that two values are one person's."""
        return self.limit == 1 and self.window_days is None


KINDS: Final = (
    IdKind("user_id", 100, limit=1),
    IdKind("crm_id", 90, limit=1, traits=("crm_id", "crmId")),
    IdKind(
        "wechat_unionid",
        80,
        limit=1,
        traits=("unionid", "unionId", "union_id", "wechat_unionid", "wechatUnionId"),
    ),
    IdKind(
        "wechat_openid", 70, limit=5, traits=("openid", "openId", "open_id", "wechat_openid", "wechatOpenId")
    ),
    IdKind("email", 60, limit=5, traits=("email",)),
    IdKind("phone", 50, limit=5, traits=("phone", "mobile")),
    IdKind("advertising_id", 30, of="device"),
    IdKind("device_id", 20, of="device"),
    IdKind("anonymous_id", 10, of="device"),
    IdKind("group_id", 100, limit=5, of="account"),
    IdKind("uscc", 90, limit=1, of="account", traits=("uscc", "统一社会信用代码")),
)
SHARED_DEVICE: Final = "shared_device"
"""Kind of the customer to whom the traffic of a device belongs that cannot be anybody's."""
COLUMNS: Final = ("user_id", "anonymous_id", "group_id")
"""The kinds that are columns of an event."""
