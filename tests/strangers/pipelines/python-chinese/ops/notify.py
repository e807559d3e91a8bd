import os
import sys
from datetime import datetime, timezone

import requests

BASE = os.environ["SUPABASE_URL"].rstrip("/")
SERVICE = os.environ["SUPABASE_SERVICE_ROLE_KEY"]
http = requests.Session()


def headers(key):
    return {"Authorization": f"Bearer {key}", "apikey": SERVICE, "Prefer": "return=representation"}


def find():
    params = {"dispatch_id": "eq." + os.environ["DISPATCH_ID"], "select": "id"}
    answer = http.get(
        BASE + "/rest/v1/backup_history", params=params, headers=headers(SERVICE), timeout=60
    )
    answer.raise_for_status()
    return answer.json()[0]["id"]


def main():
    row = find()
    done = {"s3_key": os.environ["S3_KEY"], "size_bytes": int(os.environ["BACKUP_SIZE"])}
    answer = http.post(
        f"{BASE}/functions/v1/update-backup",
        json={"backup_id": row, "workflow_run_id": os.environ["GITHUB_RUN_ID"], **done},
        headers=headers(os.environ["BACKUP_API_KEY"]),
        timeout=60,
    )
    if answer.ok:
        print("备份已登记")
        return 0
    print(f"第一步没有成功 代码 {answer.status_code}")
    print("内容", answer.text)
    finished = datetime.now(timezone.utc).isoformat()
    answer = http.patch(
        f"{BASE}/rest/v1/backup_history",
        params={"id": "eq." + row},
        json={**done, "status": "success", "finished_at": finished},
        headers=headers(SERVICE),
        timeout=60,
    )
    print(f"第二步 代码 {answer.status_code}")
    print("内容", answer.text)
    return 0 if answer.ok else 1


sys.exit(main())
