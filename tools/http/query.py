"""A request's query string, decoded once, by ourselves: whatever bytes a client sends are text."""

from urllib.parse import unquote_plus

Fields = dict[str, list[str]]


def parse_query(raw: bytes) -> Fields:
    """Group the values by name, in the order of arrival; bytes that are no UTF-8 become U+FFFD.

    >>> parse_query(b"tag=a&tag=b%20c&q=")
    {'tag': ['a', 'b c'], 'q': ['']}
    """
    if not raw:
        return {}
    text = str(raw, "utf-8", "replace")
    is_encoded = "%" in text or "+" in text
    if not is_encoded and "&" not in text:
        name, _, value = text.partition("=")
        return {name: [value]}
    fields: Fields = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if is_encoded:
                name, value = unquote_plus(name), unquote_plus(value)
            fields.setdefault(name, []).append(value)
    return fields
