from typing import Annotated

from msgspec import Meta, Struct

from hookspecs import hookimpl
from tools.event_bus.contract import EventBus
from tools.http.contract import Http


class Parcel(Struct):
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    quantity: Annotated[int, Meta(ge=1, le=100)]


class Price(Struct):
    cents: int


class QuoteShipping:
    """POST /shipping-quotes: ask the feature that answers `shipping.price` what a parcel costs."""

    def __init__(self, http: Http, event_bus: EventBus) -> None:
        self.http, self.bus = http, event_bus

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/shipping-quotes", "POST", self.execute, public=True)

    async def execute(self, parcel: Parcel) -> Price:
        price: Price = await self.bus.request("shipping.price", parcel, timeout=2, into=Price)
        return price
