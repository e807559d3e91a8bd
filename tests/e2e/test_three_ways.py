"""Of three ways to update the row each refused one is named, whichever decides the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.demo.faults import FAULTS
from tests.e2e.doctoring import diagnose_world

if TYPE_CHECKING:
    from pathlib import Path

    from backup_doctor.demo.world import World

SCRIPT = "scripts/update-backup-history.sh"
BY_PROCEDURE = """
update_by_procedure() {
  request POST "${SUPABASE_URL%/}/rest/v1/rpc/finish_backup" \\
    --header "apikey: $SUPABASE_SERVICE_ROLE_KEY" \\
    --header "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" \\
    --header "Content-Type: application/json" --data "{\\"p_id\\": \\"$BACKUP_ID\\"}"
  echo "RPC answered (HTTP $STATUS)"
  echo "Response: $BODY"
  succeeded
}

update_directly() {"""
PROCEDURE = """
    CREATE FUNCTION public.finish_backup(p_id uuid) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the quota is used up'; END $$;
    NOTIFY pgrst, 'reload schema'"""


def test_each_refused_update_is_named_with_its_answer(world: World, tmp_path: Path) -> None:
    world.edit(SCRIPT, "update_directly() {", BY_PROCEDURE.strip())
    world.edit(SCRIPT, "if ! update_directly;", "if ! update_by_procedure && ! update_directly;")
    world.edit(SCRIPT, '    \\"error_text\\": null,', '    \\"error_note\\": null,')
    world.sql(PROCEDURE)
    FAULTS["not-deployed"].before(world)
    dispatch_id = world.insert_row()
    world.run_pipeline(dispatch_id)

    report = diagnose_world(world, dispatch_id, tmp_path)

    assert report.causes == ("function/not-deployed", "row/column-missing")
    found = {one.code: one for result in report.results for one in result.findings}
    failed = found["workflow/fallback-failed"]
    assert failed.summary == (
        "The direct update failed too (HTTP 400): Could not find the 'error_note' column of "
        "'backup_history' in the schema cache (PGRST204). So did the RPC finish_backup (HTTP 400): "
        "the quota is used up (P0001)."
    )
    assert any(one.label == "answer to the RPC finish_backup" for one in failed.evidence)
