"""The table in which jobs are kept, one migration a name.

A job is due at one time, in milliseconds since 1970, UTC: whoever changes that time, or deletes the row, has run it.
"""

JOB_TABLES = {
    "001_scheduled_jobs": """
CREATE TABLE _scheduled_jobs (
    id TEXT PRIMARY KEY,
    -- empty for one that is due once
    schedule TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    is_cancelled BOOLEAN NOT NULL DEFAULT FALSE,
    event TEXT NOT NULL,
    payload TEXT NOT NULL,
    owner TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    cause_id TEXT NOT NULL
);
CREATE INDEX _scheduled_jobs_due ON _scheduled_jobs (due_at, id) WHERE NOT is_cancelled;
"""
}
"""Name and SQL of each; a plugin gives them to db as `Migration(name, sql)`."""
