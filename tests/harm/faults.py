"""Plain faults, one after the other: the SQL is due, it says what is so, and it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults import FAULTS
from tests.harm.situation import FAILING, Right, Situations
from tests.harm.stage import dispatch

if TYPE_CHECKING:
    from tests.harm.situation import Build
    from tests.harm.stage import Stage

situations = Situations("faults")

DONE: Final = Right(verdicts=FAILING, row={"status": "success"})
# That it works now is proved: by the platform's own record, by the pipeline's own look-up.
OVER: Final = ("project-restored", "overload-over")
LOST: Final = Right(verdicts=FAILING, row={"status": "failed"})

# What keeps the function from updating the row; the fallback has no grant.
AT_THE_FUNCTION: Final = (
    "not-deployed",
    "bundle-gone",
    "verify-jwt",
    "rate-limited",
    "resource-limit",
    "wants-another-field",
    "crashes-at-start",
    "throws",
    "no-function-secret",
    "other-caller-key",
)
# What keeps both from it.
AT_THE_TABLE: Final = (
    "no-column-grant",
    "role-without-bypass",
    "no-policy",
    "stale-column",
    "rotated-key",
    "project-restored",
    "overload-over",
)
# What keeps the file from being made or uploaded.
WITHOUT_A_FILE: Final = (
    "dump-refused",
    "step-timed-out",
    "upload-key-unknown",
    "upload-key-not-set",
    "upload-to-no-bucket",
)


def _broken(*names: str) -> Build:
    def build(stage: Stage) -> list[str]:
        stage.back_up()
        asked = stage.back_up(None, *names)
        stage.later(timedelta(hours=5))
        return dispatch(asked)

    return build


for fault in AT_THE_FUNCTION:
    situations.add(
        f"{FAULTS[fault].description}, and the role has no grant".capitalize(),
        _broken(fault, "no-update-grant"),
        DONE,
        is_near_miss=True,
    )
for fault in AT_THE_TABLE:
    right = replace(DONE, works_now=fault in OVER)
    situations.add(
        f"{FAULTS[fault].description}".capitalize(), _broken(fault), right, is_near_miss=True
    )
for fault in WITHOUT_A_FILE:
    situations.add(
        f"{FAULTS[fault].description}".capitalize(), _broken(fault), LOST, is_near_miss=True
    )
