"""What can go wrong where events are kept."""

from sdk_contract.errors import Terminal, Transient


class StoreUnavailable(Transient):
    """The landing store did not answer, or answered that it is busy."""


class StoreRefused(Terminal):
    """The landing store answered no: credentials, bucket, folder rights, or a wrong address."""


class ObjectMissing(Terminal):
    """No such object in landing."""


class BadName(Terminal):
    """A segment id or an object key that is not of the documented form."""


class RegistryError(Terminal):
    """The registry cannot be opened, or what was asked of it cannot be done."""


class LakeMissing(Terminal):
    """There is no lake at this place yet."""


class LakeLocked(Terminal):
    """Another program is the writer of this lake."""


class CatalogUnavailable(Transient):
    """The lake's catalog did not answer: its server is away, or another program locks it."""


class CatalogRefused(Terminal):
    """The server of the catalog answered no: login, database, rights, or a schema of another lake."""


class LakeError(Terminal):
    """The lake cannot be opened or does not hold what its catalog says."""


class ExtensionMissing(Terminal):
    """A DuckDB extension's wheel is not installed."""


class BadQuery(Terminal):
    """A person's SQL is not one SELECT, or DuckDB cannot run it."""


class UnknownId(Terminal):
    """No customer, session or event has this id."""


class BadView(Terminal):
    """A page of a timeline that cannot be given: its length, or its cursor."""


class BadReveal(Terminal):
    """A masked field cannot be shown: nothing of it is hidden, or the reason is none."""


class ObjectDamaged(Terminal):
    """A landing object is there and cannot be read."""


class BadBackup(Terminal):
    """A backup cannot be made there, or is none that can be restored."""


class SecretError(Terminal):
    """A key file cannot be read, or what was asked of the keys cannot be done."""


class BadWish(Terminal):
    """What is asked of a replay cannot be done."""


class ReplayFailed(Terminal):
    """The running writer could not do a replay."""


class PlanRefused(Terminal):
    """A tracking plan is not there, or cannot be published as it is."""


class BadIds(Terminal):
    """The ids that were given cannot be asked about together."""


class SpendingUnreadable(Terminal):
    """A table of costs cannot be read as one; the text names line and column."""
