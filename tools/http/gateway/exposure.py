"""What a gateway in front has to know of: endpoints, sockets, mounts."""

from collections.abc import Iterable

from tools.http.endpoint import Endpoint
from tools.http.gateway.kong import Exposed
from tools.http.router import Path
from tools.http.sockets.route import SocketRoute


def exposed(
    endpoints: Iterable[Endpoint],
    sockets: Iterable[SocketRoute],
    mounts: Iterable[tuple[str, str]],
    max_body_bytes: int,
) -> list[Exposed]:
    """List them; `mounts` are paths with their owners, `max_body_bytes` is what holds where a route says nothing."""
    own = [
        Exposed(
            one.path,
            (one.method,),
            one.owner.name,
            one.options.rate_limit or "",
            one.options.guard is not None,
            None if one.limits.max_body_bytes == max_body_bytes else one.limits.max_body_bytes,
        )
        for one in endpoints
    ]
    own += [Exposed(one.path, ("GET",), one.owner.name) for one in sockets]
    return own + [Exposed(Path.parse(f"{path}/{{rest:path}}"), (), name) for path, name in mounts]
