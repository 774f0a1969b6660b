from hookspecs import hookimpl
from tools.auth.contract import Auth
from tools.http.contract import Http, Page, Paging
from tools.scheduler.contract import Job, Scheduler


class ListJobs:
    """GET /system/jobs: list what is scheduled, a page at a time, for administrators."""

    def __init__(self, http: Http, scheduler: Scheduler, auth: Auth) -> None:
        self.http, self.scheduler, self.auth = http, scheduler, auth

    @hookimpl
    async def on_boot(self) -> None:
        self.http.add_endpoint("/system/jobs", "GET", self.execute, guard=self.auth.require("admin"), tags=["System"])

    async def execute(self, page: Paging) -> Page[Job]:
        (after,) = page.start("")
        return page.of(await self.scheduler.jobs(after=after, limit=page.rows), lambda job: job.id)
