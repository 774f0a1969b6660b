"""The tables in which events are kept, one migration a name.

A delivery is one event for one group: a single INSERT stores an event of one group, whole. The event is repeated for
each further group, which costs some disk, and saves a second statement for each publish and a join for each claim.
"""

LOG_TABLES = {
    "001_event_log": """
CREATE TABLE _event_deliveries (
    seq INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    event TEXT NOT NULL,
    grp TEXT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at REAL NOT NULL,
    expires_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    alone BOOLEAN NOT NULL DEFAULT FALSE,
    lost BOOLEAN NOT NULL DEFAULT FALSE,
    error TEXT NOT NULL DEFAULT '',
    ended_at REAL,
    trace_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    published_at REAL NOT NULL,
    meta TEXT NOT NULL,
    body TEXT NOT NULL
);
-- the same event comes twice where a broker brings it twice
CREATE UNIQUE INDEX _event_deliveries_once ON _event_deliveries (event_id, grp);
CREATE INDEX _event_deliveries_waiting ON _event_deliveries (event, grp, seq) WHERE state = 'waiting';
CREATE INDEX _event_deliveries_claimed ON _event_deliveries (event, grp, lane) WHERE state = 'claimed';
CREATE INDEX _event_deliveries_dead ON _event_deliveries (seq) WHERE state = 'dead';
CREATE INDEX _event_deliveries_trace ON _event_deliveries (trace_id);
-- a row is locked by whoever claims for that group
CREATE TABLE _event_groups (
    event TEXT NOT NULL,
    grp TEXT NOT NULL,
    PRIMARY KEY (event, grp)
);
-- a process that handles events; `beat` grows as long as it lives
CREATE TABLE _event_workers (
    worker TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    process TEXT NOT NULL,
    beat INTEGER NOT NULL
);
"""
}
"""Name and SQL of each; a plugin gives them to db as `Migration(name, sql)`."""
