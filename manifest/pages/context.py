"""What an author reads first: the index, a domain, or the slice for a task; within a budget of tokens."""

from collections.abc import Mapping
from pathlib import Path

from hookspecs import System
from manifest.budget import fit
from manifest.domain_slice import render_domain
from manifest.index import render
from manifest.slicing.task_slice import BUDGET, render_task


def render_context(
    system: System,
    root: Path,
    environ: Mapping[str, str],
    *,
    domain: str = "",
    task: str = "",
    budget: int | None = None,
) -> str:
    """Render the slice for a task in words, else a domain, else the index of all.

    Args:
        system: what stands.
        root: the project.
        environ: this run's settings; their values are kept out of the text.
        domain: one of the system's; ignored with a task.
        task: what is to be written: "refund an order".
        budget: tokens that the text has at most; for a task 800 if not given, else no bound.

    Raises:
        BudgetError: it holds not even the beginning.
    """
    if task:
        return render_task(system, root, task, BUDGET if budget is None else budget)
    text = render_domain(system, root, environ, domain) if domain else render(system, root, environ)
    return text if budget is None else fit(text, budget)
