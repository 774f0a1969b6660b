"""Ten features, each of another kind, as a client meets them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contracts.http.listening import Client, events
from tests.domains.tree import Tree
from tests.features.conftest import Shop


def pointers(answer: httpx.Response) -> list[Any]:
    """The fields that an answer names as at fault."""
    assert answer.headers["content-type"] == "application/problem+json"
    return [one.get("pointer") for one in answer.json().get("errors", [])]


async def test_an_order_is_shown_to_its_owner_alone(shop: Shop) -> None:
    id = (await shop.order(shop.ana, 3)).json()["id"]

    own = await shop.client.get(f"/orders/{id}", headers=shop.ana.headers)
    others = await shop.client.get(f"/orders/{id}", headers=shop.bob.headers)
    missing = await shop.client.get("/orders/77", headers=shop.ana.headers)

    assert (own.status_code, own.json()["quantity"]) == (200, 3)
    assert [others.status_code, missing.status_code] == [404, 404]
    assert others.json()["detail"] == missing.json()["detail"] == "you have no order with this id"
    assert (await shop.client.get(f"/orders/{id}")).status_code == 401


async def test_products_are_listed_a_page_at_a_time(shop: Shop) -> None:
    first = (await shop.client.get("/products?limit=2")).json()
    second = (await shop.client.get("/products", params={"limit": 2, "after": first["next_cursor"]})).json()

    assert [[one["name"] for one in page["items"]] for page in (first, second)] == [["cup", "mug"], ["jug"]]
    assert second["next_cursor"] is None
    assert (await shop.client.get("/products?after=x")).status_code == 422


async def test_an_order_is_stored_or_refused(shop: Shop) -> None:
    placed, missing = await shop.order(shop.ana, 2), await shop.order(shop.ana, product=9)
    invalid = await shop.order(shop.ana, quantity=0)

    assert (placed.status_code, placed.json()["user_id"]) == (201, shop.ana.id)
    assert (missing.status_code, pointers(missing)) == (409, ["/product_id"])
    assert (invalid.status_code, pointers(invalid)) == (422, ["/quantity"])
    assert await shop.rows("SELECT product_id, quantity FROM orders") == [(1, 2)]


async def test_each_order_is_counted_once_even_if_noting_that_fails(shop: Shop) -> None:
    await shop.rows(
        "CREATE TRIGGER fail BEFORE UPDATE ON _event_deliveries"
        " WHEN NEW.state = 'done' AND NEW.grp LIKE '%count_sales%' BEGIN SELECT RAISE(ABORT, 'not now'); END"
    )
    await shop.order(shop.ana, 2)
    async with asyncio.timeout(5):
        while not await shop.rows("SELECT 1 FROM _event_deliveries WHERE attempts > 1 AND grp LIKE '%count_sales%'"):
            await asyncio.sleep(0.01)
    before = await shop.rows("SELECT * FROM sales")
    await shop.rows("DROP TRIGGER fail")
    await shop.order(shop.bob, 5)
    await shop.settled()

    assert before == []
    assert await shop.rows("SELECT product_id, sold FROM sales") == [(1, 7)]


async def test_a_photo_is_kept_under_a_generated_name(shop: Shop, tmp_path: Path) -> None:
    async def upload(product: int, headers: dict[str, str]) -> httpx.Response:
        files = {"photo": ("../../cup.png", b"picture", "image/png")}
        return await shop.client.post(f"/products/{product}/photos", files=files, headers=headers)

    kept = await upload(1, shop.root.headers)
    assert kept.status_code == 201, kept.text
    stored = [file.name for file in (tmp_path / "photos").iterdir()]

    assert [Path(kept.json()["file"]).name] == stored
    assert "cup" not in stored[0]
    assert (tmp_path / "photos" / stored[0]).read_bytes() == b"picture"
    assert (await upload(1, shop.ana.headers)).status_code == 403
    assert (await upload(9, shop.root.headers)).status_code == 404


async def test_a_reminder_is_stored_an_hour_after_an_order_over_a_restart(
    project: Tree, settings: dict[str, str], shop: Shop
) -> None:
    id = (await shop.order(shop.ana)).json()["id"]
    await shop.settled()
    ((due, now),) = await shop.rows("SELECT due_at, unixepoch() FROM _scheduled_jobs WHERE event = 'order.payment_due'")
    assert await shop.rows("SELECT * FROM reminders") == []
    await shop.kernel.shutdown()
    await shop.rows("UPDATE _scheduled_jobs SET due_at = 0 WHERE event = 'order.payment_due'")
    async with project.running(settings), asyncio.timeout(5):
        while not (stored := await shop.rows("SELECT order_id, user_id FROM reminders")):
            await asyncio.sleep(0.01)

    assert abs(due / 1000 - now - 3600) < 10
    assert stored == [(id, shop.ana.id)]


@pytest.mark.slow
async def test_sales_are_reported_each_morning(shop: Shop) -> None:
    jobs = (await shop.client.get("/system/jobs", headers=shop.root.headers)).json()["items"]
    await shop.order(shop.ana, 4)
    await shop.settled()
    await shop.rows("UPDATE _scheduled_jobs SET due_at = 0 WHERE id = 'sales-report'")
    async with asyncio.timeout(30):
        while not (reports := await shop.rows("SELECT sold FROM reports")):
            await asyncio.sleep(0.01)

    assert [one["schedule"] for one in jobs if one["id"] == "sales-report"] == ["0 7 * * * UTC"]
    assert reports == [(4,)]


async def ask(client: httpx.AsyncClient, country: str = "DE") -> httpx.Response:
    return await client.post("/shipping-quotes", json={"country": country, "quantity": 2})


async def test_a_price_is_asked_of_another_feature(shop: Shop) -> None:
    told, refused = await ask(shop.client), await ask(shop.client, "XX")

    assert (told.status_code, told.json()) == (200, {"cents": 690})
    assert (refused.status_code, refused.json()["detail"]) == (404, "nothing is sent to this country")


async def test_without_that_feature_the_price_is_not_known_for_now(project: Tree, settings: dict[str, str]) -> None:
    project.delete("shipping/plugins/price_parcel.py")
    async with project.running(settings) as (_, client):
        answer = await ask(client)

    assert answer.status_code == 503


async def test_a_feature_that_answers_too_late_is_told_so(project: Tree, settings: dict[str, str]) -> None:
    slow = (project.domains / "shipping/plugins/price_parcel.py").read_text()
    slow = slow.replace("        if parcel", "        await asyncio.Event().wait()\n        if parcel")
    project.add("shipping/plugins/price_parcel.py", f"import asyncio\n{slow}")
    async with project.running(settings) as (_, client):
        answer = await ask(client)

    assert answer.status_code == 504


async def test_a_product_is_changed_by_who_saw_its_last_version(shop: Shop) -> None:
    async def change(version: str | None, **changes: object) -> httpx.Response:
        headers = shop.root.headers | ({"if-match": version} if version else {})
        return await shop.client.patch("/products/1", json=changes, headers=headers)

    seen = await change('"1"', cents=950)
    late, blind = await change('"1"', cents=1), await change(None, cents=1)
    taken = await change(seen.headers["etag"], name="mug")

    assert (seen.status_code, seen.json()["cents"], seen.json()["name"]) == (200, 950, "cup")
    assert [late.status_code, blind.status_code] == [412, 428]
    assert (taken.status_code, pointers(taken)) == (409, ["/name"])
    assert await shop.rows("SELECT name, cents, version FROM products WHERE id = 1") == [("cup", 950, 2)]
    assert (await shop.client.patch("/products/1", json={}, headers=shop.ana.headers)).status_code == 403


@asynccontextmanager
async def following(shop: Shop, headers: dict[str, str]) -> AsyncIterator[Client]:
    """Listen to the stream of one's orders, as a browser does."""
    sent = [(name.encode(), value.encode()) for name, value in headers.items()]
    client = Client(shop.kernel.app, "GET", "/orders/stream", sent)
    try:
        assert (await client.start())[0] == 200
        yield client
    finally:
        client.leave()
        await client.end()


async def test_a_stream_brings_ones_own_orders(shop: Shop) -> None:
    async with following(shop, shop.ana.headers) as client:
        reading = asyncio.create_task(events(client, 1))
        await shop.order(shop.bob)
        own = (await shop.order(shop.ana, 2)).json()
        (event,) = await reading

    fields = dict(line.split(": ", 1) for line in event.decode().strip().splitlines())
    assert (fields["event"], fields["id"]) == ("order", "2")
    assert json.loads(fields["data"])["order_id"] == own["id"]


async def test_a_stream_goes_on_where_it_ended(shop: Shop) -> None:
    for quantity in (1, 2):
        await shop.order(shop.ana, quantity)
    await shop.settled()
    async with following(shop, shop.ana.headers | {"last-event-id": "1"}) as client:
        (event,) = await events(client, 1)

    assert "id: 2\n" in event.decode()


async def test_a_voucher_is_redeemed_once_an_address_and_as_often_as_it_may(shop: Shop) -> None:
    async def redeem(email: str, key: str) -> httpx.Response:
        redemption = {"code": "SPRING", "email": email}
        return await shop.client.post("/redemptions", json=redemption, headers={"idempotency-key": key})

    await shop.rows("INSERT INTO vouchers VALUES ('SPRING', 500, 2)")
    first, again = await redeem("ana@x.com", "1"), await redeem("ana@x.com", "1")
    double, second = await redeem("Ana@x.com", "2"), await redeem("bob@x.com", "3")
    used_up = await redeem("eve@x.com", "4")

    assert (first.status_code, first.json()["cents"]) == (201, 500)
    assert (again.status_code, again.json()) == (201, first.json())
    assert (double.status_code, pointers(double)) == (409, ["/email"])
    assert [second.status_code, used_up.status_code] == [201, 404]
    assert await shop.rows("SELECT remaining FROM vouchers") == [(0,)]
    assert [(await redeem("x@x.com", str(key))).status_code for key in range(5, 12)][-1] == 429
