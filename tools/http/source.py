"""The text of an endpoint's function: what a careful hand would write for it alone.

What an endpoint does not use is not in its function: no context where nobody asks for one, no guard, no body.

    step   parameters -> body -> handler -> answer
    serve  in-flight limit -> guard -> step, in the policies if there are any -> one start, one body message
"""

import re
from collections.abc import Iterator
from textwrap import indent

from tools.http.want import Want

_PLACE = re.compile(r"^( *)\{(\w+)\}\n", re.MULTILINE)

SERVE = """\
async def serve(scope, receive, send, request_id, values, shape, texts, limit):
    trace.set(new_tuple(Trace, (request_id, request_id, "", "")))
    {count}
    context = raw = None
    limit[0] = timeout_s
    try:
        try:
            {check}
            {context}
            {guard}
            {answer}
        except BaseException as error:
            await fail(error, scope, receive, send, request_id, context, raw, limit)
            return
        limit[0] = 0
        if body is None:
            await hand_over(value, scope, receive, send, request_id, context, limit)
            return
        {send}
    except OSError:  # the client left; its server has logged what there is to say
        return
    finally:
        {uncount}
        {close}
"""
STEP = """\
async def step(context):
    scope, receive, raw, limit = context.scope, context.receive, context.body, context.limit
    values, shape, texts = context.values, context.shape, context.texts
    {answer}
    return value if body is None else (status, body)
policies = wrap(step)
"""
COUNT = "load.now += 1\n"
CHECK = """\
if load.now > load.most:
    load.refuse()
"""
UNCOUNT = "load.now -= 1\n"
CONTEXT = """\
context = RequestContext(scope, receive, dict(scope["headers"]), request_id)
context.max_body_bytes = max_body_bytes
context.values, context.limit, context.shape, context.texts = values, limit, shape, texts
"""
PATH = "context.path = dict(zip(path_names, values))\n"
GUARD = "context.claims = await guard(context)\n"
POLICIES = """\
value = await policies(context)
status, body = (0, None) if isinstance(value, Response) else value
"""
FORM = """\
limit[0], raw = body_timeout_s, UNREAD
{begin}
await read_form(context)
limit[0], raw = timeout_s, None
{end}
"""
CLOSE_FORM = """\
if context is not None and context.form is not None:
    context.form.close()
"""
FIELDS = """\
fields = scope["query_string"]
fields = parse_query(fields) if fields else {}
"""
INTEGER = """\
text = values[{place}]  # digits that are an integer of 64 bits for sure need no look at the type
if text.isdigit() and text.isascii() and len(text) < 19 and text[0] != "0":
    a{index} = int(text)
else:
    a{index} = convert{index}(text)
"""
PLACEHOLDER = "a{index} = convert{index}(values[{place}])\n"
TEXT = """\
a{index} = fields.get(key{index})
a{index} = default{index} if a{index} is None else a{index}[-1]
"""
CONVERTED = "a{index} = convert{index}(fields.get(key{index}))\n"
HOW = {
    "context": "a{index} = read{index}(context)\n",
    "path": PLACEHOLDER,
    "integer": INTEGER,
    "text": TEXT,
    "query": CONVERTED,
}
BODY = """\
if raw is None:
    if shape[4] >= 0:
        declared = texts[shape[4]]
        if len(declared) >= many_digits or not declared.isdigit():
            check_length(declared, max_body_bytes)
    limit[0], raw = body_timeout_s, UNREAD
    {begin}
    message = await receive()
    raw = message.get("body", b"")
    if message["type"] != "http.request" or message.get("more_body") or len(raw) > max_body_bytes:
        raw = UNREAD
        raw = await gather(receive, max_body_bytes, message)
    limit[0] = timeout_s
    {keep}
"""
KEEP = "context.body, context.is_read = raw, True\n"
JSON = """\
if shape[3] < 0 or texts[shape[3]] != b"application/json":
    check_media_type(scope)
try:
    data = decode(raw)
except Exception as error:
    raise wrong(error, raw) from None
"""
OPTIONAL_JSON = """\
if raw:
    {json}
else:
    data = body_default
"""
CALL = "await handler({arguments})"
POOLED = "await run(partial(handler, {arguments}))"
RUN = """\
number = 1  # a loop and a try that nothing happens in cost nothing
while True:
    try:
        value = {call}
        break
    except Refusal as refusal:
        number = await next_run(refusal, number)
"""
SEEN = {
    "struct": "type(value) is answer_kind",
    "list": "type(value) is list and items.issuperset(map(type, value))",
    "dict": "type(value) is dict and items.issuperset(map(type, value.values()))",
}
EXACT = """\
if {seen}:
    try:
        status, body = {status}, encode(value)
    except Exception:
        status, body = answer(value, {context})  # which says whose fault it is
elif isinstance(value, Response):
    status = body = None
else:
    status, body = answer(value, {context})
"""
ANSWER = """\
if isinstance(value, Response):
    status = body = None
else:
    status, body = answer(value, {context})
"""
SEND = """\
length = len(body)
await send({"type": "http.response.start", "status": status, "headers": [
    *(head if scope.get("scheme") != "https" else head_tls),
    lengths[length] if length < most_lengths else (b"content-length", b"%d" % length),
    (b"x-request-id", request_id.encode()),
]})
await send({"type": "http.response.body", "body": body})
"""
SEND_OWN = """\
if context.response_headers or context.status:
    await send_own(context, send, status, body)
else:
    {send}
"""
SEND_EMPTY = "await send_own(context or RequestContext(scope, receive, {}, request_id), send, status, body)\n"


def source(want: Want) -> str:
    """Write the function; see `compiled.Serve` for its arguments."""
    answer = "".join(_step(want))
    send = SEND_EMPTY if want.is_empty else SEND
    serve = _fill(
        SERVE,
        count=COUNT if want.is_counted else "",
        check=CHECK if want.is_counted else "",
        uncount=UNCOUNT if want.is_counted else "pass\n",
        close=CLOSE_FORM if want.has_form else "",
        context=(CONTEXT if want.has_context else "") + (PATH if want.has_context and want.has_placeholders else ""),
        guard=GUARD if want.has_guard else "",
        answer=POLICIES if want.has_policies else answer,
        send=_fill(SEND_OWN, send=send) if want.has_context and not want.is_empty else send,
    )
    return _fill(STEP, answer=answer) + serve if want.has_policies else serve


def _step(want: Want) -> Iterator[str]:
    begun, over = ("context.body = UNREAD\n", "context.body = None\n") if want.has_policies else ("", "")
    if want.has_form:
        yield _fill(FORM, begin=begun, end=over)
    if any(slot.how in ("text", "query") for slot in want.slots):
        yield FIELDS
    for index, slot in enumerate(want.slots):
        yield HOW[slot.how].replace("{place}", str(slot.place)).replace("{index}", str(index))
    if want.has_body:
        yield _fill(BODY, begin=begun, keep=KEEP if want.has_context else "")
        yield "data = raw\n" if want.is_raw else _fill(OPTIONAL_JSON, json=JSON) if want.is_optional else JSON
    call = (CALL if want.is_async else POOLED).replace("{arguments}", want.arguments)
    yield RUN.replace("{call}", call)
    status, context = ("context.status or own_status", "context") if want.has_context else ("own_status", "None")
    yield (
        (EXACT.replace("{seen}", SEEN[want.answer]) if want.answer else ANSWER)
        .replace("{context}", context)
        .replace("{status}", status)
    )


def _fill(template: str, **parts: str) -> str:
    """Put texts of whole lines in the places that have a line of their own, as deep as it is."""
    return _PLACE.sub(lambda place: indent(parts[place[2]], place[1]), template)
