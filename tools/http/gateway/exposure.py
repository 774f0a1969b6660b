"""What a gateway in front has to know of: endpoints, sockets, mounts."""

from collections.abc import Iterable

from tools.http.endpoint import Endpoint
from tools.http.gateway.kong import Exposed
from tools.http.mounts.mounts import Mounted
from tools.http.router import Path
from tools.http.sockets.route import SocketRoute


def exposed(
    endpoints: Iterable[Endpoint],
    sockets: Iterable[SocketRoute],
    mounts: Iterable[Mounted],
    max_body_bytes: int,
) -> list[Exposed]:
    """List them; `max_body_bytes` is what holds where a route says nothing."""

    def own_limit(limit: int) -> int | None:
        return None if limit == max_body_bytes else limit

    own = [
        Exposed(
            one.path,
            (one.method,),
            one.owner.name,
            one.options.rate_limit or "",
            one.options.guard is not None,
            own_limit(one.limits.max_body_bytes),
        )
        for one in endpoints
    ]
    own += [Exposed(one.path, ("GET",), one.owner.name) for one in sockets]
    return own + [
        Exposed(Path.parse(f"{one.path}/{{rest:path}}"), (), one.owner, max_body_bytes=own_limit(one.max_body_bytes))
        for one in mounts
    ]
