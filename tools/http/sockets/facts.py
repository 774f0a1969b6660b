"""A WebSocket as the manifest reads it."""

from typing import Any

from hookspecs import Fact
from tools.http.readers import REQUIRED
from tools.http.sockets.route import SocketRoute
from tools.http.type_text import field_texts, type_text


def websocket_fact(one: SocketRoute) -> Fact:
    """Describe one route."""
    data: dict[str, Any] = {
        "path": one.path.text,
        "guard": one.protection,
        "origins": sorted(one.origins.allowed),
        "parameters": [
            {
                "name": parameter.key or parameter.name,
                "in": parameter.source,
                "type": type_text(parameter.annotation),
                "required": parameter.default is REQUIRED,
            }
            for parameter in one.plan.parameters
            if parameter.source != "context"
        ],
        "receives": type_text(one.receives),
        "receives_fields": field_texts(one.receives),
        "sends": type_text(one.sends),
        "sends_fields": field_texts(one.sends),
        "max_message_bytes": one.limits.max_message_bytes,
        "max_messages_per_s": one.limits.max_messages_per_s,
    }
    return Fact("websocket", one.owner.name, str(one), one.owner.summary, data)
