"""What every question has, and what every answer tells beside its rows."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from warehouse.insights.errors import BadQuestion
from warehouse.insights.filters import Filter

Unit = Literal["customer", "device", "user", "session", "group"]


class Question(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fixed: the same question over the same snapshot has the same answer.

    `most_listed`: so many units can be listed, by `limit` or `customers`.
    """

    positional: ClassVar[str] = ""
    most_listed: ClassVar[int] = 100_000

    project: Annotated[str | None, Meta(description="Project; may be left out where there is one.")] = None
    since: Annotated[str, Meta(description="First day or moment, or how far back: 30d, 12w.")] = "30d"
    until: Annotated[
        str | None, Meta(description="Last day, which counts, or the moment to stop before; now.")
    ] = None
    timezone: Annotated[str, Meta(description="Where days begin: Asia/Shanghai.")] = "UTC"
    unit: Annotated[Unit, Meta(description="Who is counted.")] = "customer"
    where: Annotated[
        tuple[Filter | str, ...], Meta(description="Only events like this: country = DE; repeatable.")
    ] = ()
    bots: Annotated[bool, Meta(description="Count robots too.")] = False


class Answer(Struct, frozen=True, kw_only=True):
    """`since` and `until` are what the question's texts meant, ISO 8601, UTC.

    `sql` is one statement that gives the answer, with its values. `snapshot` is what of the lake it read;
    `complete_until`: every event received before is in it. `n`: units that were looked at; `n_mature`: those
    for whom everything that the question waits for could have happened by `complete_until`.
    """

    project: str
    since: str
    until: str
    timezone: str
    unit: Unit
    snapshot: int
    complete_until: str | None
    n: int
    n_mature: int
    sql: str

    def notes(self) -> list[str]:
        """What people have to know who see the answer as a table alone, a line each."""
        return []


Told = dict[str, Any]


def require(question: Question, **bounds: tuple[float, float]) -> None:
    """BadQuestion where a number, or the length of a list, is not within its bounds, both allowed."""
    for name, (least, most) in bounds.items():
        value = getattr(question, name)
        size = len(value) if isinstance(value, tuple) else value
        if not least <= size <= most:
            raise BadQuestion(f"{name}: {least} to {most} would do, not {size}")
