import logging
import os
import sys
from datetime import datetime, timezone

import httpx

from backups import settings

logging.basicConfig(
    level=logging.WARNING,
    format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    stream=sys.stdout,
)
log = logging.getLogger("backups")
log.setLevel(logging.INFO)


def service() -> httpx.Client:
    headers = {"apikey": settings.SERVICE_KEY, "Authorization": f"Bearer {settings.SERVICE_KEY}"}
    return httpx.Client(base_url=settings.URL, headers=headers, timeout=60)


def main() -> int:
    facts = {"s3_key": os.environ["S3_KEY"], "size_bytes": int(os.environ["BACKUP_SIZE"])}
    with service() as client:
        try:
            found = client.get(
                "/rest/v1/backup_history",
                params={"dispatch_id": f"eq.{settings.DISPATCH}", "select": "id"},
            )
            found.raise_for_status()
        except httpx.HTTPError as error:
            log.error("lookup: %s", error)
            return 1
        rows = found.json()
        if not rows:
            log.error("lookup: nobody has inserted %s", settings.DISPATCH)
            return 1
        row_id = rows[0]["id"]
        try:
            answer = client.post(
                "/functions/v1/update-backup",
                json={"backup_id": row_id, "workflow_run_id": os.environ["GITHUB_RUN_ID"], **facts},
                headers={"Authorization": f"Bearer {settings.FUNCTION_KEY}"},
            )
            answer.raise_for_status()
            log.info("notified")
            return 0
        except httpx.HTTPStatusError as error:
            log.warning("notify: %d %s", error.response.status_code, error.response.text)
        except httpx.TransportError as error:
            log.warning("notify: %r", error)
        answer = client.patch(
            "/rest/v1/backup_history",
            params={"id": f"eq.{row_id}"},
            json={
                "status": "success",
                "finished_at": datetime.now(timezone.utc).isoformat(),
                **facts,
            },
            headers={"Prefer": "return=representation"},
        )
        if answer.is_success and answer.json():
            log.info("written")
            return 0
        log.error("write: %d %s", answer.status_code, answer.text)
        return 1


sys.exit(main())
