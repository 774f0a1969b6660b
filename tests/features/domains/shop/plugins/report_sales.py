from hookspecs import hookimpl
from tools.db.contract import Db, Migration
from tools.event_bus.contract import EventBus
from tools.scheduler.contract import Scheduler


class ReportSales:
    """On `sales.report_due`, each day at seven: store how many pieces were sold so far."""

    def __init__(self, db: Db, event_bus: EventBus, scheduler: Scheduler) -> None:
        self.db, self.bus, self.scheduler = db, event_bus, scheduler

    @hookimpl
    def register_migrations(self) -> list[Migration]:
        return [
            Migration(
                "001_reports",
                "CREATE TABLE reports (id INTEGER PRIMARY KEY, sold INTEGER NOT NULL,"
                " created_at_utc TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
            )
        ]

    @hookimpl
    async def on_boot(self) -> None:
        self.bus.subscribe("sales.report_due", self.execute, transactional=True)
        self.scheduler.cron("sales-report", "0 7 * * *", "sales.report_due")

    async def execute(self, payload: dict[str, object]) -> None:
        await self.db.execute("INSERT INTO reports (sold) SELECT COALESCE(SUM(sold), 0) FROM sales")
