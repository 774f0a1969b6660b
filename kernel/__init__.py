"""The blind orchestrator: it discovers, wires, boots and shuts down, and knows no tool's name and no business rule.

wiring -> boot      errors: what each of them may find wrong · call: how a hook is called
"""
