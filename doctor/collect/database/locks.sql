-- Who holds a lock on the table that an UPDATE must wait for. Waits for no lock itself.
SELECT jsonb_build_object('holders', coalesce(jsonb_agg(jsonb_build_object(
  'pid', l.pid,
  'mode', l.mode,
  'transaction_start', a.xact_start,
  'state', a.state,
  'application', a.application_name,
  'query', a.query
) ORDER BY a.xact_start, l.pid), '[]'))::text AS document
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE n.nspname = :'schema' AND c.relname = :'table'
  AND l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
  AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock');
