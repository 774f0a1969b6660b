"""What an author has to know whatever the feature: the shortest form of the guide."""

RULES = """
- One file, one class, restart. Constructor parameters are tools, by name. `from hookspecs import Refusal, hookimpl`.
- Register in `@hookimpl async def on_boot(self)`. Handlers are `async def`.
- Handler's parameters: path placeholders by name, a msgspec Struct = JSON body, scalars = query, `context`; only its
  return annotation is answered. Each endpoint has `guard=` or `public=True`.
- Refuse by `raise Refusal(status, detail)`; validate in the Struct: `Annotated[str, Meta(min_length=1)]`.
- Write and publish inside `async with self.db.transaction():`. A subscriber annotates its own Struct of what it reads.
- A new table: `domains/<domain>/migrations/NNN_name.sql`. Import no other plugin or domain, write no table of another
  domain: publish.
"""
