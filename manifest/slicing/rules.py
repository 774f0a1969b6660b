"""What an author has to know whatever the feature: the guide in its shortest form."""

RULES = """
- One file, one class; constructor parameters are tools, by name. Register in `@hookimpl async def on_boot(self)`.
- Handlers are `async def`: path placeholders by name, a msgspec Struct = JSON body, scalars = query, `context`; only
  the return annotation is answered. Endpoints have `guard=` or `public=True`. Refuse: `raise Refusal(status, detail)`.
- Write and publish in one `transaction()`. A listener declares its own Struct of the fields that it reads.
- New tables: `domains/<domain>/migrations/NNN_name.sql`. Import no other plugin or domain, and write only tables of
  your domain: publish to others.
"""
