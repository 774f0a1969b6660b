from hookspecs import Refusal, hookimpl
from tools.auth.contract import Auth
from tools.http.contract import Http
from tools.scheduler.contract import Scheduler


class CancelJob:
    """POST /system/jobs/{job}/cancel: cancel a job; .../resume: take that back, for administrators."""

    def __init__(self, http: Http, scheduler: Scheduler, auth: Auth) -> None:
        self.http, self.scheduler, self.auth = http, scheduler, auth

    @hookimpl
    async def on_boot(self) -> None:
        guard = self.auth.require("admin")
        self.http.add_endpoint("/system/jobs/{job}/cancel", "POST", self.cancel, guard=guard, tags=["System"])
        self.http.add_endpoint("/system/jobs/{job}/resume", "POST", self.resume, guard=guard, tags=["System"])

    async def cancel(self, job: str) -> None:
        if not await self.scheduler.cancel(job):
            raise Refusal(404, "no such job, or it is cancelled already")

    async def resume(self, job: str) -> None:
        if not await self.scheduler.resume(job):
            raise Refusal(404, "no such job, or it is not cancelled")
