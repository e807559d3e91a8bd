"""Small repositories, as files by path: each keeps its backups in another way."""

from __future__ import annotations

import shutil
from pathlib import Path

PIPELINE = Path(__file__).parents[3] / "demo" / "pipeline"
REMOTE = '[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs/heads/*\n'
ORIGIN = {".git/config": REMOTE.format(url="git@github.com:acme/shop.git")}

OTHER_NAMES = ORIGIN | {
    ".github/workflows/ci.yml": "name: CI\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - run: npm test\n",
    ".github/workflows/nightly.yml": """\
name: Nightly dump
run-name: Dump ${{ inputs.request_id }}
on:
  schedule:
    - cron: "0 3 * * *"
  workflow_dispatch:
    inputs:
      request_id:
        required: true
jobs:
  dump:
    runs-on: ubuntu-24.04
    steps:
      - name: Upload the dump
        run: aws s3 cp dump.zip "s3://acme-dumps/nightly/$REQUEST_ID.zip"
      - name: Close the job
        env:
          API: ${{ secrets.DB_API_URL }}
          SUPABASE_URL: ${{ secrets.PROD_SUPABASE_URL }}
          KEY: ${{ secrets.PROD_SERVICE_ROLE_KEY }}
          TOKEN: ${{ secrets.BACKUP_FUNCTION_TOKEN }}
        run: |
          curl -fsS -X POST "$SUPABASE_URL/functions/v1/close-job" -H "Authorization: Bearer $TOKEN" \\
            -d "{\\"id\\": \\"$REQUEST_ID\\"}"
""",
    "supabase/functions/close-job/index.ts": "await db.from('dump_jobs').update({state: 'completed'})\n",
    "supabase/functions/send-mail/index.ts": "await db.from('mails').insert({})\n",
    "supabase/functions/_shared/index.ts": "export {}\n",
    "supabase/config.toml": 'project_id = "abcdefghijklmnopqrst"\n[functions.close-job]\nverify_jwt = false\n',
    "supabase/migrations/1_init.sql": """\
-- create table public.backups (id int);
create type dump_state as enum ('running', 'completed', 'errored', 'canceled');
create table if not exists public.dump_jobs (
  job_id uuid primary key,
  request_id text not null,
  object_path text,
  state dump_state not null default 'running',
  bytes bigint check (bytes >= 0),
  ended_at timestamptz,
  failure text,
  run_id bigint,
  requested_at timestamptz default now()
);
create table public.mails (id int primary key, status text);
""",
    "supabase/migrations/2_rename.sql": "alter table public.dump_jobs rename column failure to error_message;\n",
}

SCRIPT_STEP = ORIGIN | {
    ".github/workflows/backup.yml": """\
on:
  workflow_dispatch:
    inputs: {dispatch_id: {required: true}}
env:
  SUPABASE_URL: https://abcdefghijklmnopqrst.supabase.co
  SUPABASE_SERVICE_ROLE_KEY: ${{ secrets.SUPABASE_SERVICE_ROLE_KEY }}
jobs:
  make:
    runs-on: ubuntu-latest
    steps:
      - run: ./ops/dump.sh
      - run: node ops/finish.mjs
  tell:
    needs: make
    runs-on: ubuntu-latest
    steps:
      - run: echo done
""",
    "ops/dump.sh": 'S3_KEY="db/daily/$DISPATCH_ID.zip"\naws s3 cp dump.zip "s3://$BUCKET/$S3_KEY"\n',
    "ops/finish.mjs": """\
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.SUPABASE_URL, process.env.SUPABASE_SERVICE_ROLE_KEY)
const { error } = await db.from('backups').update({ status: 'done', size: 1 })
  .eq('dispatch_id', process.env.DISPATCH_ID)
if (error) process.exit(1)
""",
    "db/migrations/001.sql": """\
create table backups (
  id bigserial primary key, dispatch_id text, storage_key text, size bigint,
  status text default 'pending' check (status in ('pending', 'done', 'failed')),
  completed_at timestamptz, error text, created_at timestamptz
);
""",
}

NO_FUNCTION = {
    ".github/workflows/backup.yml": """\
on: {workflow_dispatch: {inputs: {dispatch_id: {required: true}}}}
jobs:
  backup:
    runs-on: [self-hosted, linux]
    environment: production
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: {aws-region: eu-central-1, role-to-assume: "arn:aws:iam::1:role/b"}
      - name: Mark the backup as done
        env:
          SUPABASE_URL: ${{ vars.SUPABASE_URL }}
          SERVICE_KEY: ${{ secrets.SUPABASE_SERVICE_KEY }}
          BUCKET: acme-backups
        run: |
          curl -fsS -X PATCH "$SUPABASE_URL/rest/v1/backup_history?dispatch_id=eq.$DISPATCH_ID" \\
            -H "apikey: $SERVICE_KEY" -d '{"status": "success"}'
""",
}

CALLED = ORIGIN | {
    ".github/workflows/start.yml": """\
on:
  repository_dispatch: {types: [backup]}
jobs:
  shop:
    uses: ./.github/workflows/backup.yml
    with:
      dispatch_id: ${{ github.event.client_payload.backup_ref_id }}
    secrets:
      key: ${{ secrets.SHOP_SERVICE_ROLE_KEY }}
      url: ${{ secrets.SHOP_SUPABASE_URL }}
""",
    ".github/workflows/backup.yml": """\
on:
  workflow_call:
    inputs: {dispatch_id: {type: string}}
    secrets: {key: {required: true}, url: {required: true}}
jobs:
  backup:
    runs-on: ubuntu-latest
    steps:
      - name: Update backup_history via Edge Function
        env:
          SUPABASE_URL: ${{ secrets.url }}
          SUPABASE_SERVICE_ROLE_KEY: ${{ secrets.key }}
        run: |
          curl -fsS -X POST "$SUPABASE_URL/functions/v1/update-backup" \\
            -H "Authorization: Bearer $SUPABASE_SERVICE_ROLE_KEY" -d '{}'
""",
}

PYTHON_ALONE = {
    ".github/workflows/b.yml": """\
on: {workflow_dispatch: {inputs: {dispatch_id: {}}}}
jobs:
  b:
    runs-on: windows-latest
    steps:
      - name: Finish
        run: python scripts/finish.py
        env: {SUPABASE_URL: "${{ secrets.SUPABASE_URL }}", BUCKET: "${{ vars.BUCKET }}"}
      - name: Failed
        if: failure()
        run: |
          curl -X PATCH "$SUPABASE_URL/rest/v1/backup_runs?dispatch_id=eq.$ID" -d '{"status": "bad"}'
""",
    "scripts/finish.py": """\
import os, requests
url = os.environ["SUPABASE_URL"] + "/rest/v1/backup_runs"
which = {"dispatch_id": "eq." + os.environ["DISPATCH_ID"]}
requests.patch(url, params=which, json={"status": "completed"}).raise_for_status()
""",
}

PRISMA = {
    ".github/workflows/b.yml": """\
on: {repository_dispatch: {types: [run]}}
jobs:
  backup:
    runs-on: ubuntu-latest
    steps:
      - uses: ./.github/actions/finish
        env:
          SUPABASE_URL: ${{ secrets.SUPABASE_URL }}
          DISPATCH_ID: ${{ github.event.client_payload.dispatch_id }}
""",
    ".github/actions/finish/action.yml": """\
runs:
  using: composite
  steps:
    - shell: bash
      run: |
        curl -X PATCH "$SUPABASE_URL/rest/v1/Backup?dispatchId=eq.$DISPATCH_ID" -d '{"status": "OK"}'
""",
    "prisma/migrations/1_x/migration.sql": """\
CREATE TABLE "Backup" (
  "id" TEXT NOT NULL, "dispatchId" TEXT NOT NULL, "s3Key" TEXT,
  "status" TEXT NOT NULL DEFAULT 'IN_PROGRESS', "sizeBytes" BIGINT, "finishedAt" TIMESTAMP(3),
  "errorMessage" TEXT, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "Backup_pkey" PRIMARY KEY ("id")
);
""",
}

TWO_OF_ALL = ORIGIN | {
    ".github/workflows/a.yml": NO_FUNCTION[".github/workflows/backup.yml"],
    ".github/workflows/b.yml": NO_FUNCTION[".github/workflows/backup.yml"],
    "migrations/1.sql": "create table shop_backups (id int primary key, status text);\n"
    "create table mail_backups (id int primary key, status text);\n",
}

ENTERPRISE = {
    ".git/config": REMOTE.format(url="https://bot:ghp_canary@github.acme.example/ops/shop.git"),
    ".env": 'export SUPABASE_SERVICE_ROLE_KEY="canary-of-env"\nBACKUP_BUCKET=\n',
    ".env.example": "GITHUB_TOKEN=\n",
}

HOSTILE = {
    ".git/config": REMOTE.format(url="git@github.com:acme/shop.git?\x1b[31m"),
    ".github/workflows/backup.yml": """\
on: {workflow_dispatch: {inputs: {"dispatch_id }}${{ secrets.X": {}}}}
run-name: "\\e[31mred\\n::error::told"
jobs:
  backup:
    runs-on: "${{ github.event.x }}"
    steps:
      - name: "Update backup_history\\"\\ntable = \\"evil"
        env:
          BUCKET: "x${{ secrets.SUPABASE_SERVICE_ROLE_KEY }}"
          SUPABASE_URL: "${{ toJSON(secrets) }}"
          AWS_REGION: "eu\\n    env: evil"
        run: |
          curl -X PATCH "$SUPABASE_URL/rest/v1/backup_history?id=eq.1" -d '{"status": "su\\"ccess\\u001b"}'
""",
    "migrations/1.sql": "create table \"backup\x1b[31m\" (id int primary key, status text default 'x\x1b');\n",
}


SHORT_NAMES = ORIGIN | {
    ".github/workflows/backup.yml": """\
on:
  workflow_dispatch:
    inputs:
      request_id:
        required: true
jobs:
  dump:
    runs-on: ubuntu-24.04
    steps:
      - name: Upload
        run: aws s3 cp dump.zip s3://${{ vars.R2_BUCKET }}/nightly/${{ inputs.request_id }}.zip
      - name: Done
        env:
          SB_URL: ${{ secrets.SB_URL }}
          SB_KEY: ${{ secrets.SB_PROD }}
          SB_PUBLIC: ${{ secrets.SB_ANON }}
        run: node scripts/done.mjs
""",
    "scripts/done.mjs": """\
import { createClient } from '@supabase/supabase-js'
const db = createClient(process.env.SB_URL, process.env.SB_KEY)
const { error } = await db.from('backups').update({ status: 'done' }).eq('id', process.argv[2])
if (error) throw error
""",
}


def made(folder: Path, files: dict[str, str]) -> Path:
    """The folder, with these files in it."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def guides(folder: Path) -> Path:
    """The guide's own repository, cloned from GitHub."""
    shutil.copytree(PIPELINE, folder, dirs_exist_ok=True)
    return made(folder, ORIGIN)
