"""Why no test notices a mutant, where one could not or should not: by file and part of its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scripts.mutants.trying import Mutant

_SHOWN = "It changes what a line of evidence or a sentence says, and nothing that is judged."
_UNREACHED = "What comes before rules the case out: the condition is there for the type checker."
_SAME_END = "The last part of a path is the same, however often it is cut."
# (file, part of the line before the change) -> why
REASONS: dict[tuple[str, str], str] = {
    ("checks/function/answer.py", "(call.status or 0) >= 500"): (
        "No status is as small as what stands for none."
    ),
    ("checks/secrets/exposure.py", "list(logged) or None"): _SHOWN,
    ("checks/secrets/exposure.py", "list(written) or None"): _SHOWN,
    ("checks/workflow/access.py", "ours.path.rsplit"): _SAME_END,
    ("checks/workflow/advice.py", 'or "not set"'): _SHOWN,
    ("checks/workflow/stopped.py", "DEFAULT_LIMIT_MINUTES = 360"): (
        "Nothing but GitHub's own limit ends a job after six hours less a minute."
    ),
    ("checks/workflow/stopped.py", "job is None or job.started_at is None"): _UNREACHED,
    ("checks/workflow/run.py", "workflow = ours[0]"): _SHOWN,
    ("checks/workflow/run.py", 'rsplit("/", 1)'): _SAME_END,
    ("checks/workflow/run.py", "workflow.path.rsplit"): _SAME_END,
    ("checks/workflow/run.py", 'run.path.split("@", 1)'): (
        "What comes before the first `@` is the same, however often it is cut."
    ),
    ("checks/workflow/fallback.py", '"cannot be read."'): _SHOWN,
    ("checks/workflow/view.py", "seen.searched or"): _SHOWN,
    ("checks/workflow/view.py", "break"): ("All steps after the update come after it as well."),
    ("doctor/judge/fix_sql/certainty.py", "return True"): _UNREACHED,
    ("doctor/judge/history/then.py", "codes[:1] if said.own_words"): (
        "The rules of a key name the code first that a function's words can prove."
    ),
}


def reason(mutant: Mutant) -> str | None:
    """Why no test notices it, where that is known."""
    return next(
        (
            why
            for (path, part), why in REASONS.items()
            if mutant.path == path and part in mutant.change[0]
        ),
        None,
    )
