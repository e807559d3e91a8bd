"""バックアップの完了を記録する"""

import json
import os
import sys
import urllib.error
import urllib.request
from datetime import datetime, timezone

ENV = os.environ


def send(method, path, key, body=None):
    request = urllib.request.Request(
        ENV["SUPABASE_URL"].rstrip("/") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "apikey": ENV["SERVICE_KEY"],
            "Authorization": "Bearer " + key,
            "Content-Type": "application/json",
            "Prefer": "return=representation",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.loads(response.read())


def why(error):
    if isinstance(error, urllib.error.HTTPError):
        return f"{error.code} / {error.read().decode()}"
    return str(error)


try:
    rows = send(
        "GET",
        f"/rest/v1/backup_history?dispatch_id=eq.{ENV['DISPATCH_ID']}&select=id",
        ENV["SERVICE_KEY"],
    )
except urllib.error.URLError as error:
    sys.exit(f"検索できません: {why(error)}")
if not rows:
    sys.exit("行がありません")
row = rows[0]["id"]
fields = {"s3_key": ENV["S3_KEY"], "size_bytes": int(ENV["BACKUP_SIZE"])}

try:
    send(
        "POST",
        "/functions/v1/update-backup",
        ENV["FUNCTION_KEY"],
        {"backup_id": row, "workflow_run_id": ENV["GITHUB_RUN_ID"], **fields},
    )
    print("関数で完了")
except urllib.error.URLError as error:
    print("関数は失敗:", why(error))
    now = datetime.now(timezone.utc).isoformat()
    try:
        send(
            "PATCH",
            f"/rest/v1/backup_history?id=eq.{row}",
            ENV["SERVICE_KEY"],
            {"status": "success", "finished_at": now, **fields},
        )
        print("直接書き込みで完了")
    except urllib.error.URLError as again:
        sys.exit(f"直接書き込みも失敗: {why(again)}")
