from msgspec import Struct

from hookspecs import Refusal, hookimpl
from tools.event_bus.contract import EventBus

CENTS = {"DE": 490, "FR": 790}


class Parcel(Struct):
    country: str
    quantity: int


class Price(Struct):
    cents: int


class PriceParcel:
    """Replies to `shipping.price`: what it costs to send a parcel."""

    def __init__(self, event_bus: EventBus) -> None:
        self.bus = event_bus

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.reply("shipping.price", self.execute)

    async def execute(self, parcel: Parcel) -> Price:
        if parcel.country not in CENTS:
            raise Refusal(404, "nothing is sent to this country")
        return Price(CENTS[parcel.country] + 100 * parcel.quantity)
