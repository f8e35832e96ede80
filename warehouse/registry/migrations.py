"""The registry's tables, as they came to be: a registry is as far as its `user_version` says.

Add to the end alone.
"""

from warehouse.registry import (
    action_places,
    actions,
    alerts,
    audit,
    boards,
    cohorts,
    costs,
    decisions,
    destinations,
    erasures,
    imports,
    models,
    queries,
    reports,
    reveals,
    sign_ons,
    tags,
    users,
    watches,
)

MIGRATIONS = (
    """
    CREATE TABLE keys (
        no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
        secret TEXT NOT NULL UNIQUE, name TEXT NOT NULL, created_at INTEGER NOT NULL, revoked_at INTEGER,
        ip_policy TEXT NOT NULL, plan_mode TEXT NOT NULL);
    CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE commands (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, args TEXT NOT NULL, filed_by TEXT NOT NULL,
        state TEXT NOT NULL, result TEXT, created_at INTEGER NOT NULL, finished_at INTEGER);
    CREATE INDEX commands_open ON commands (id) WHERE state IN ('queued', 'running');
    CREATE TABLE audit (at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL);
    CREATE TABLE received (
        key_no INTEGER NOT NULL, hour INTEGER NOT NULL, events INTEGER NOT NULL, PRIMARY KEY (key_no, hour));
    CREATE TABLE trimmed (worker TEXT PRIMARY KEY, segment_id TEXT NOT NULL);
    """,
    """
    ALTER TABLE keys ADD COLUMN unplanned TEXT NOT NULL DEFAULT 'plan';
    ALTER TABLE keys ADD COLUMN privacy TEXT NOT NULL DEFAULT 'none';
    CREATE TABLE plans (
        project TEXT NOT NULL, number INTEGER NOT NULL, version TEXT NOT NULL, text TEXT NOT NULL,
        published_at INTEGER NOT NULL, published_by TEXT NOT NULL, PRIMARY KEY (project, number),
        UNIQUE (project, version));
    CREATE TABLE policies (
        name TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, set_at INTEGER NOT NULL,
        set_by TEXT NOT NULL, PRIMARY KEY (name, number));
    CREATE TABLE suppressions (
        project TEXT NOT NULL, digest TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (project, digest));
    """,
    "ALTER TABLE keys ADD COLUMN rate REAL",
    erasures.SCRIPT,
    decisions.SCRIPT,
    costs.SCRIPT,
    watches.SCRIPT,
    alerts.SCRIPT,
    tags.SCRIPT,
    models.SCRIPT,
    audit.SCRIPT,
    users.SCRIPT,
    queries.SCRIPT,
    cohorts.SCRIPT,
    boards.SCRIPT,
    sign_ons.SCRIPT,
    destinations.SCRIPT,
    actions.SCRIPT,
    imports.SCRIPT,
    reveals.SCRIPT,
    reports.SCRIPT,
    actions.LOOKED_AT,
    reports.FAILURES,
    action_places.SWITCHES,
)
