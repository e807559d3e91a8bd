create table public.backup_history (
  id uuid primary key default gen_random_uuid(),
  dispatch_id text not null,
  s3_key text,
  status text not null default 'in_progress'
    check (status in ('in_progress', 'success', 'failed')),
  size_bytes bigint,
  finished_at timestamptz,
  error_text text,
  workflow_run_id text,
  created_at timestamptz not null default now()
);

create index if not exists backup_history_dispatch_id_idx on public.backup_history (dispatch_id);

-- No policy: service_role bypasses row-level security, and nobody else has business here.
alter table public.backup_history enable row level security;

-- Since 2026-10-30 a new table in public is granted to no role of the API, and to bypass
-- row-level security is no grant.
grant select, insert, update, delete on public.backup_history to service_role;
