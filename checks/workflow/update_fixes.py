"""What lets the next update get through, or fail where one can see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.judge.show import manual

if TYPE_CHECKING:
    from backup_doctor.evidence.case import Case
    from backup_doctor.evidence.findings import Fix

FAIL_ON_NONE = manual(
    "Let the step fail when nothing was updated",
    "Use `Prefer: return=representation` and fail on an empty answer; no continue-on-error "
    "and no `|| true` on the update step.",
)
SET_STATUS = manual(
    "Let the update step set the status",
    "The row has the key or the size, and the status of a backup that is still going. Write the "
    "status in the same update, and fail if the row that comes back does not have it.",
)
SHOW_KEY = manual(
    "Send the service-role key in the header apikey",
    "The Data API saw no key in the request: it reads the header `apikey`, and takes a legacy key in "
    "`Authorization: Bearer` beside it, not instead.",
)
MAKE_PROCEDURE = manual(
    "Create the function in the database, or call it by its right name",
    "The Data API knows no function of this name with these parameters. Apply the migration that "
    "creates it, or correct the name and the parameters in the script. If the function is there: "
    "NOTIFY pgrst, 'reload schema';",
)
READ_ANSWER = manual(
    "Correct what the answer to the update names",
    "It is the database's own, and says what it did not accept in the request.",
)
SEE_PROJECT = manual(
    "See whether the project was there, then run the backup again",
    "The status is not the database's: Supabase's edge, or a proxy on the way, answered in its place. "
    "The project's page and https://status.supabase.com tell of outages; `curl --retry 5` outlasts a "
    "short one.",
)
FIND_ROW = manual(
    "Let the update find the row",
    "Its filter matched no row. Compare the id by which it asks with the row's own, also in case and "
    "blanks, and let the step fail if no row was changed.",
)
SHOW_ANSWER = manual(
    "Let the step print the answer to the update",
    "The log has its status alone. `curl --fail-with-body` prints the answer where `--fail` drops it; "
    "other clients have it in the error or the response.",
)
SHOW_SILENT = manual(
    "Let curl print its error and the answer, then run the backup again",
    "Write `-sS --fail-with-body` in place of `-sf`: with `-s` alone curl prints no error, and `-f` drops "
    "what was answered. The log of the next run then says why.",
)
CHECK_METHOD = manual(
    "Compare the method and the address of the call with what is there",
    "405 says that whoever answered takes no such method there. The function is called by POST at "
    "`/functions/v1/<name>`, a row is updated by PATCH at `/rest/v1/<table>`; what follows a redirect may "
    "become a GET, and another server at a wrong address answers so too.",
)
CORRECT_PATH = manual(
    "Correct the path of the request",
    "The Data API takes `/rest/v1/<table>?<column>=eq.<value>`, and no further path: no schema, no id and no "
    "slash behind the table. The URL that stands before it is the project's own, without a path.",
)
CHECK_ADDRESS = manual(
    "See why no answer came",
    "The request has no status: compare its address with the project's, and its time limit with how "
    "long the update takes; let the step print the client's own error.",
)


def find_out(case: Case, check: str, configure: str) -> Fix:
    """What would settle it: the check that was left out, else what it lacked."""
    left_out = f"Run the check {check} too, which was left out."
    text = left_out if check in case.skipped else configure
    return manual("Find out what the answer means", text)
