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
    -- delayed -> waiting -> claimed -> done, dead or expired; lost: claimed by a process that ended
    state TEXT NOT NULL,
    due_at REAL NOT NULL,
    expires_at REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '',
    -- claimed with no other one of its group; and how often it was lost so
    alone BOOLEAN NOT NULL DEFAULT FALSE,
    spent INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    ended_at REAL,
    trace_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    published_at REAL NOT NULL,
    meta TEXT NOT NULL,
    body TEXT NOT NULL
);
-- an event that a broker brings twice is kept once
CREATE UNIQUE INDEX _event_deliveries_once ON _event_deliveries (event_id, grp);
CREATE INDEX _event_deliveries_waiting ON _event_deliveries (event, grp, seq) WHERE state = 'waiting';
CREATE INDEX _event_deliveries_held ON _event_deliveries (event, grp, lane) WHERE state IN ('claimed', 'lost');
CREATE INDEX _event_deliveries_delayed ON _event_deliveries (due_at) WHERE state = 'delayed';
CREATE INDEX _event_deliveries_dead ON _event_deliveries (seq) WHERE state = 'dead';
CREATE INDEX _event_deliveries_outgoing ON _event_deliveries (seq) WHERE grp = '(broker)' AND state <> 'done';
CREATE INDEX _event_deliveries_trace ON _event_deliveries (trace_id);
-- all groups that ever were, and when a process last had it; a row is locked by whoever claims for it
CREATE TABLE _event_groups (
    event TEXT NOT NULL,
    grp TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (event, grp)
);
-- the processes that handle events; `beat` grows as long as one lives, `groups` is what it subscribes, as JSON
CREATE TABLE _event_workers (
    worker TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    process TEXT NOT NULL,
    beat INTEGER NOT NULL,
    subscribes TEXT NOT NULL
);
"""
}
"""Name and SQL of each; a plugin gives them to db as `Migration(name, sql)`."""
