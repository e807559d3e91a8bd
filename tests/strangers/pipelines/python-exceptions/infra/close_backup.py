import os
from datetime import datetime, timezone

import requests


class Project:
    def __init__(self, url, key):
        self.url = url
        self.session = requests.Session()
        self.session.headers.update(
            {"apikey": key, "Authorization": f"Bearer {key}", "Prefer": "return=representation"}
        )

    def row(self, dispatch):
        reply = self.session.get(
            f"{self.url}/rest/v1/backup_history", params={"dispatch_id": f"eq.{dispatch}"}
        )
        reply.raise_for_status()
        return reply.json()[0]

    def notify(self, row, key, **facts):
        reply = self.session.post(
            f"{self.url}/functions/v1/update-backup",
            json={"backup_id": row["id"], **facts},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )
        reply.raise_for_status()

    def write(self, row, **facts):
        reply = self.session.patch(
            f"{self.url}/rest/v1/backup_history",
            params={"id": f"eq.{row['id']}"},
            json=facts,
            timeout=60,
        )
        reply.raise_for_status()
        if not reply.json():
            raise RuntimeError("0 rows written")


project = Project(os.environ["SUPABASE_URL"], os.environ["SUPABASE_SERVICE_ROLE_KEY"])
row = project.row(os.environ["DISPATCH_ID"])
facts = {
    "s3_key": os.environ["S3_KEY"],
    "size_bytes": int(os.environ["BACKUP_SIZE"]),
    "workflow_run_id": os.environ["GITHUB_RUN_ID"],
}
try:
    project.notify(row, os.environ["BACKUP_API_KEY"], **facts)
except requests.RequestException as problem:
    print(f"! {problem}")
    if problem.response is not None:
        print(f"! {problem.response.text}")
    project.write(
        row, status="success", finished_at=datetime.now(timezone.utc).isoformat(), **facts
    )
print("closed")
