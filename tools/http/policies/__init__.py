"""What an endpoint asks for around its handler: rate limit, response cache, idempotency keys, entity tags.

Each policy wraps a step, decided at boot; an endpoint without any has none on its way. The outermost first:

    rate limit -> 304 -> response cache -> idempotency key -> entity tag -> body, parameters, handler, answer

The 304 stands outside of the cache, so that what is kept is always the whole answer.
"""

from tools.http.policies.chain import declared_problems, policies, wrapped
from tools.http.policies.step import Answer, Policy, Route, Step
from tools.http.policies.stores import Stores

__all__ = ["Answer", "Policy", "Route", "Step", "Stores", "declared_problems", "policies", "wrapped"]
