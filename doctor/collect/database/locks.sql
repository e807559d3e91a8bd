-- Who holds a lock on the table that an UPDATE must wait for. Waits for no lock itself.
-- Who waits for such a lock is waited for as well: then it is whoever that one waits for.
WITH strong AS (
  SELECT l.pid, l.mode, l.granted, l.database, l.relation
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = :'schema' AND c.relname = :'table'
    AND l.locktype = 'relation' AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
    AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
),
held AS (
  SELECT s.pid, s.mode FROM strong AS s WHERE s.granted
  UNION
  SELECT h.pid, min(format('%s (process %s waits for %s)', h.mode, w.pid, w.mode))
  FROM strong AS w
  JOIN pg_catalog.pg_locks AS h
    ON h.locktype = 'relation' AND h.database = w.database AND h.relation = w.relation AND h.granted
  WHERE NOT w.granted AND h.pid = ANY (pg_blocking_pids(w.pid)) AND h.pid <> pg_backend_pid()
    AND h.pid NOT IN (SELECT s.pid FROM strong AS s WHERE s.granted)
  GROUP BY h.pid
)
SELECT jsonb_build_object('holders', coalesce(jsonb_agg(jsonb_build_object(
  'pid', l.pid,
  'mode', l.mode,
  'transaction_start', a.xact_start,
  'state', a.state,
  'application', a.application_name,
  'query', a.query
) ORDER BY a.xact_start, l.pid), '[]'))::text AS document
FROM held AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid;
