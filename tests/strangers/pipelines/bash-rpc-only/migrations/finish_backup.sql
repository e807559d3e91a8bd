create function public.finish_backup(p_dispatch text, p_key text, p_size bigint, p_run text)
returns void language plpgsql as $$
begin
  update public.backup_history
  set status = 'success', s3_key = p_key, size_bytes = p_size, workflow_run_id = p_run, finished_at = now()
  where dispatch_id = p_dispatch;
  if not found then
    raise exception 'nothing was updated for %', p_dispatch;
  end if;
end $$;
