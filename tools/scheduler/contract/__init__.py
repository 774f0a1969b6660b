"""What plugins may import of `scheduler`."""

from tools.scheduler.contract.scheduler import Scheduler
from tools.scheduler.contract.tables import JOB_TABLES
from tools.scheduler.contract.values import Job, Misfire, Publish, Store

__all__ = ["JOB_TABLES", "Job", "Misfire", "Publish", "Scheduler", "Store"]
