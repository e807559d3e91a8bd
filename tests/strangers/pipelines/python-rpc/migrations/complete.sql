create function public.complete_backup(_dispatch text, _key text, _bytes bigint)
returns boolean language plpgsql as $$
begin
  update public.backup_history
  set status = 'success', s3_key = _key, size_bytes = _bytes, finished_at = now()
  where dispatch_id = _dispatch;
  return found;
end $$;
