"""The rules' codes, as findings and waivers write them, and what each forbids."""

CODES = {
    "import-plugin": "a plugin imports a plugin",
    "import-domain": "a plugin imports another domain, or what is no model of its own",
    "import-work": "a plugin imports more of a tool than its contract",
    "import-upward": "a plugin imports the kernel, the manifest or asgi",
    "two-plugins": "two plugins in one file",
    "duplicate-name": "a definition replaces another one of the same body",
    "import-io": "a file reaches outside when it is imported",
    "import-environ": "a file reads the environment when it is imported",
    "shadowed-name": "a name hides a method or an import",
    "blocking-call": "a call in `async def` blocks the event loop",
    "missing-await": "a tool's coroutine is not awaited",
    "sql-text": "SQL is put together from values",
    "event-field": "a subscriber reads a field that a publisher does not send",
    "event-unpublished": "nobody publishes what is subscribed",
    "request-unanswered": "nobody replies to what is requested",
    "table-foreign-write": "a domain writes another one's table",
}
"""Those that can be waived; `table-two-owners` and `tool-import` cannot."""
