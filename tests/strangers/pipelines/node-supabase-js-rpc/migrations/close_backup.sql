create function public.close_backup(dispatch text, object_key text, bytes bigint)
returns setof public.backup_history language sql as $$
  update public.backup_history
  set status = 'success', s3_key = object_key, size_bytes = bytes, finished_at = now()
  where dispatch_id = dispatch
  returning *
$$;
