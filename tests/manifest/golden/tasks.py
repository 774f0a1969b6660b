"""Twenty features that somebody asks for, each with what a correct one cannot be written without.

Written before the slicer, from the app alone: by asking, for each, what its author would have to look up.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Task(NamedTuple):
    """A feature to be added: words of who wants it, and the symbols that its author needs.

    `tables`, `events`: a name, and which of its columns or fields are needed. `tools`: which methods.
    `routes`: what is there already that it continues, or must not collide with. `models`: what it takes or answers.
    """

    words: str
    tables: Mapping[str, str] = {}
    events: Mapping[str, str] = {}
    tools: Mapping[str, str] = {}
    routes: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def symbols(self) -> list[str]:
        """List all that is needed, one a line: `orders(id, status)`, `db.transaction`, `GET /orders`, `Order`."""
        shapes = [f"{name}({', '.join(parts.split())})" for name, parts in {**self.tables, **self.events}.items()]
        calls = [f"{tool}.{name}" for tool, names in self.tools.items() for name in names.split()]
        return [*shapes, *calls, *self.routes, *self.models]

    def missing(self, text: str) -> list[str]:
        """List the symbols that a text does not hold.

        A table or an event has one line with its name and all that is needed of it; a method has a line with its call
        below the `# tool` that it belongs to.
        """
        lines, sections = text.splitlines(), text.split("\n# ")
        found = []
        for symbol in self.symbols():
            name, _, parts = symbol.removesuffix(")").partition("(")
            tool, _, method = name.partition(".")
            if parts:
                held = any(_has(line, name, *parts.split(", ")) for line in lines)
            elif tool in self.tools:
                call = re.compile(rf"(?<![\w.]){method}(/\w+)*\(")
                held = any(re.match(rf"{tool}\b", one) and call.search(one) for one in sections)
            else:
                held = any(_has(line, symbol) for line in lines)
            if not held:
                found.append(symbol)
        return found


def _has(line: str, *words: str) -> bool:
    return all(re.search(rf"(?<![\w./]){re.escape(word)}(?![\w/])", line) for word in words)


READ = {"http": "add_endpoint", "auth": "require", "db": "query"}
READ_ONE = {"http": "add_endpoint", "auth": "require", "db": "query_one"}
WRITE = {"http": "add_endpoint", "auth": "require", "db": "query_one transaction", "event_bus": "publish"}
HEAR = {"event_bus": "subscribe", "db": "execute"}
TIMED = {"scheduler": "cron", "event_bus": "subscribe", "db": "query"}

TASKS = (
    Task(
        "refund an order",
        {
            "orders": "id user_id status total_cents",
            "payments": "id order_id amount_cents status",
            "refunds": "id payment_id amount_cents reason status",
        },
        {"refund.requested": "id payment_id amount_cents"},
        WRITE,
        ("POST /refunds", "POST /orders/{id}/cancel"),
        ("Order", "Refund"),
    ),
    Task(
        "let a customer cancel a shipment",
        {"shipments": "id order_id status shipped_at_utc"},
        {"shipment.created": "id order_id", "order.cancelled": "id user_id"},
        WRITE,
        ("GET /shipments/{id}", "POST /shipments/{id}/dispatch", "POST /shipments/{id}/lost"),
        ("Shipment",),
    ),
    Task(
        "nightly digest of unpaid invoices",
        {"invoices": "id order_id user_id number status total_cents due_at_utc paid_at_utc"},
        {"invoice.overdue": "id user_id total_cents"},
        TIMED,
        ("GET /invoices",),
        ("Invoice",),
    ),
    Task(
        "export users as csv",
        {"users": "id name email role status created_at_utc"},
        {},
        {"http": "add_endpoint", "auth": "require", "db": "stream"},
        ("GET /users", "GET /users/{id}"),
        ("User",),
    ),
    Task(
        "email the customer when a shipment is dispatched",
        {"shipments": "id order_id tracking_code", "messages": "user_id kind title body"},
        {"shipment.dispatched": "id order_id tracking_code"},
        HEAR,
        (),
        ("Message",),
    ),
    Task(
        "show the average stars of a product's reviews",
        {"reviews": "product_id stars status", "products": "id stars"},
        {"review.published": "id product_id stars"},
        READ_ONE,
        ("GET /products/{id}", "GET /reviews"),
        ("Product", "Review"),
    ),
    Task(
        "list the reviews of a product",
        {"reviews": "id product_id user_id stars body status written_at_utc"},
        {},
        READ,
        ("GET /reviews", "GET /reviews/{id}"),
        ("Review",),
    ),
    Task(
        "extend the expiry date of a coupon",
        {"coupons": "id code status expires_at_utc"},
        {"coupon.expired": "id code"},
        WRITE,
        ("POST /coupons/{id}/redeem", "POST /coupons/{id}/disable"),
        ("Coupon",),
    ),
    Task(
        "limit how often a customer opens support tickets",
        {"tickets": "id user_id status opened_at_utc"},
        {"ticket.opened": "id user_id subject"},
        {"http": "add_endpoint", "auth": "require", "state": "increment"},
        ("POST /tickets",),
        ("NewTicket", "Ticket"),
    ),
    Task(
        "upload a picture of a product",
        {"product_images": "id product_id path position alt", "products": "id status"},
        {},
        {"http": "add_endpoint", "auth": "require", "db": "query_one"},
        ("POST /product-images", "GET /product-images", "DELETE /product-images/{id}"),
        ("ProductImage", "Upload"),
    ),
    Task(
        "transfer stock from one warehouse to another",
        {
            "stock_items": "id product_id warehouse_id on_hand reserved",
            "warehouses": "id name",
            "stock_moves": "product_id quantity reason",
        },
        {"stock.counted": "id product_id on_hand"},
        WRITE,
        ("POST /stock-moves", "POST /stock-items/{id}/count"),
        ("StockItem", "StockMove"),
    ),
    Task(
        "block checkout of a cart whose user is suspended",
        {"carts": "id user_id status", "users": "id status"},
        {"cart.checked_out": "id user_id", "user.suspended": "id"},
        {"http": "add_endpoint", "auth": "require", "db": "query_one", "event_bus": "subscribe"},
        ("POST /carts/{id}/check-out",),
        ("Cart",),
    ),
    Task(
        "give loyalty points for a published review",
        {"loyalty_accounts": "id user_id points tier", "reviews": "id user_id product_id"},
        {"review.published": "id product_id stars", "points.earned": "id user_id points"},
        {**HEAR, "db": "execute transaction"},
        (),
        ("LoyaltyAccount",),
    ),
    Task(
        "when a subscription is cancelled, refund the unused month",
        {
            "subscriptions": "id user_id plan_id status renews_at_utc cancelled_at_utc",
            "plans": "id price_cents interval",
            "refunds": "payment_id amount_cents reason",
        },
        {"subscription.cancelled": "id user_id", "refund.requested": "id payment_id amount_cents"},
        {"event_bus": "subscribe publish", "db": "query_one transaction"},
        ("POST /subscriptions/{id}/cancel",),
        ("Subscription",),
    ),
    Task(
        "remind users of an abandoned cart after three days",
        {"carts": "id user_id status updated_at_utc", "messages": "user_id kind title body"},
        {"cart.abandoned": "id user_id"},
        {"scheduler": "at", "event_bus": "subscribe", "db": "execute"},
        (),
        ("Cart", "Message"),
    ),
    Task(
        "search products by name",
        {"products": "id name sku description price_cents category_id status stars", "search_terms": "term hits"},
        {},
        READ,
        ("GET /products", "GET /products/{id}"),
        ("Product",),
    ),
    Task(
        "approve a purchase before it is ordered from the supplier",
        {"purchases": "id supplier_id product_id quantity cost_cents status", "suppliers": "id name status"},
        {"purchase.ordered": "id supplier_id product_id quantity"},
        WRITE,
        ("POST /purchases/{id}/order", "POST /purchases/{id}/deliver"),
        ("Purchase",),
    ),
    Task(
        "delete everything we know about a user who asks for it",
        {"users": "id email", "addresses": "id user_id"},
        {"user.deleted": "id"},
        {"http": "add_endpoint", "auth": "require", "db": "execute transaction", "event_bus": "publish"},
        ("DELETE /users/{id}",),
        ("User",),
    ),
    Task(
        "return only some lines of an order",
        {
            "returns": "id order_id user_id reason status",
            "return_lines": "id return_id product_id quantity condition",
            "order_lines": "id order_id product_id quantity price_cents",
        },
        {"return.requested": "id order_id user_id"},
        WRITE,
        ("POST /returns", "POST /return-lines"),
        ("Return", "ReturnLine"),
    ),
    Task(
        "dashboard of sales per day for administrators",
        {"daily_sales": "id day orders revenue_cents"},
        {"order.paid": "id user_id"},
        READ,
        ("GET /daily-sales",),
        ("DailySale",),
    ),
)
