"""The kinds of rows that can be imported: their fields, what columns call them, their events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

Of = Literal["text", "number", "time", "boolean", "json"]


class Field(msgspec.Struct, frozen=True):
    """A field of a kind; `names` are those of columns that mean it, in small letters without blanks."""

    name: str
    of: Of = "text"
    names: tuple[str, ...] = ()


class Kind(msgspec.Struct, frozen=True):
    """A kind of rows. `id` is the field that names a row. A row's event is `event`, from its second state on
    `changed`; None: an identify. The first of `moments` that a row has is when that happened, `later` the
    same of a second state. `worth` is the field that counts as value, once; `masters`: rows are what things
    are, not what somebody did.
    """

    name: str
    id: str
    fields: tuple[Field, ...]
    event: str | None = None
    changed: str | None = None
    moments: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    worth: str | None = None
    needs_person: bool = True
    needs_id: bool = True

    def field(self, name: str) -> Field | None:
        """The field of that name, where the kind knows it."""
        return next((one for one in (*self.fields, *PERSON) if one.name == name), None)


PERSON: Final = (
    Field("user_id", names=("userid", "uid", "memberid", "用户id", "会员id", "会员编号")),
    Field("crm_id", names=("crmid", "customerid", "contactid", "客户id", "客户编号", "客户编码")),
    Field("email", names=("emailaddress", "mail", "邮箱", "电子邮件", "邮箱地址")),
    Field(
        "phone", names=("phonenumber", "mobile", "mobilephone", "tel", "手机", "手机号", "手机号码", "电话")
    ),
    Field("wechat_unionid", names=("unionid", "微信unionid")),
    Field("wechat_openid", names=("openid", "微信openid")),
    Field("uscc", names=("统一社会信用代码", "社会信用代码", "信用代码", "税号")),
)
"""Fields by which a row of any kind says whose it is."""

_AMOUNTS: Final = ("amount", "金额", "value", "总额")
_CURRENCY: Final = Field("currency", names=("currencycode", "currencyisocode", "币种", "货币"))
_UPDATED: Final = Field(
    "updated_at",
    "time",
    ("updated", "modified", "lastmodifieddate", "systemmodstamp", "更新时间", "修改时间"),
)
_CREATED: Final = Field(
    "created_at", "time", ("created", "createddate", "createdate", "创建时间", "创建日期")
)
_STAGE: Final = (
    Field("name", names=("title", "dealname", "leadname", "名称", "商机名称", "线索名称")),
    Field("stage", names=("stagename", "dealstage", "status", "阶段", "状态", "商机阶段", "线索状态")),
    Field("owner", names=("ownerid", "ownername", "salesrep", "负责人", "销售", "归属人", "跟进人")),
    Field("amount", "number", (*_AMOUNTS, "dealamount", "商机金额", "预计金额")),
    _CURRENCY,
    Field("source", names=("leadsource", "来源", "线索来源")),
    _CREATED,
    Field(
        "stage_changed_at", "time", ("stagechanged", "laststagechangedate", "阶段变更时间", "阶段更新时间")
    ),
    Field("expected_close_at", "time", ("closedate", "expectedclosedate", "预计成交日期", "预计成交时间")),
    Field("closed_at", "time", ("closed", "closeddate", "成交时间", "关闭时间", "赢单时间")),
    _UPDATED,
)
_SINCE: Final = ("updated_at", "stage_changed_at", "created_at")

_LISTED: Final = (
    Kind(
        "customers",
        "crm_id",
        (Field("name", names=("fullname", "姓名", "客户名称", "客户姓名")), _CREATED, _UPDATED),
        later=("updated_at",),
        moments=("updated_at", "created_at"),
    ),
    Kind(
        "orders",
        "order_id",
        (
            Field("order_id", names=("orderno", "ordernumber", "订单号", "订单编号", "订单id")),
            Field("total", "number", (*_AMOUNTS, "revenue", "ordertotal", "订单金额", "实付金额")),
            _CURRENCY,
            Field("status", names=("orderstatus", "订单状态", "状态")),
            Field("ordered_at", "time", ("orderdate", "ordertime", "paidat", "下单时间", "支付时间")),
            Field("products", "json", ("items", "lines", "商品")),
            _UPDATED,
        ),
        event="Order Completed",
        changed="Order Updated",
        moments=("ordered_at", "updated_at"),
        later=("updated_at",),
        worth="total",
    ),
    Kind(
        "interactions",
        "interaction_id",
        (
            Field("interaction_id", names=("id", "activityid", "ticketid", "工单号", "编号", "记录编号")),
            Field("event", names=("type", "activity", "activitytype", "类型", "事件", "互动类型")),
            Field("at", "time", ("time", "date", "happenedat", "activitydate", "时间", "日期", "发生时间")),
        ),
        event="Interaction",
        changed="Interaction Updated",
        moments=("at",),
        needs_id=False,
    ),
    Kind(
        "items",
        "item_id",
        (
            Field("item_id", names=("sku", "productid", "商品编号", "商品id", "货号")),
            Field("name", names=("productname", "title", "商品名称", "品名")),
            Field("category", names=("类目", "分类", "商品分类")),
            Field("price", "number", ("售价", "价格", "单价")),
            _CURRENCY,
            _UPDATED,
        ),
        event="Item Updated",
        changed="Item Updated",
        moments=("updated_at",),
        later=("updated_at",),
        needs_person=False,
    ),
    Kind(
        "leads",
        "lead_id",
        (Field("lead_id", names=("leadid", "线索id", "线索编号")), *_STAGE),
        event="Lead Updated",
        changed="Lead Updated",
        moments=_SINCE,
        later=_SINCE[:2],
        needs_person=False,
    ),
    Kind(
        "deals",
        "deal_id",
        (
            Field("deal_id", names=("dealid", "opportunityid", "商机id", "商机编号")),
            Field("lead_id", names=("leadid", "线索id", "线索编号")),
            Field("probability", "number", ("winprobability", "赢率", "成交概率")),
            *_STAGE,
        ),
        event="Deal Updated",
        changed="Deal Updated",
        moments=_SINCE,
        later=_SINCE[:2],
        needs_person=False,
    ),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in _LISTED}
LIBRARY: Final = "sojourn-import"
"""Name of the library in the context of every imported event."""
