import os
import sys

import requests

key = os.environ["SUPABASE_SERVICE_ROLE_KEY"]
answer = requests.post(
    f"{os.environ['SUPABASE_URL']}/rest/v1/rpc/complete_backup",
    headers={"apikey": key, "Authorization": f"Bearer {key}"},
    json={
        "_dispatch": os.environ["DISPATCH_ID"],
        "_key": os.environ["S3_KEY"],
        "_bytes": int(os.environ["BACKUP_SIZE"]),
    },
    timeout=60,
)
if answer.status_code != 200:
    sys.exit(f"complete_backup: {answer.status_code} {answer.text}")
if answer.json() is not True:
    sys.exit("complete_backup changed nothing")
print("complete_backup: done")
