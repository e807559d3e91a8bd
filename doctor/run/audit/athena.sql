-- Table against bucket in Amazon Athena (engine version 3), over an S3 Inventory of the bucket.
--
-- 1. The inventory: let S3 write one daily (Apache Parquet, with Size and LastModifiedDate), then
--
--    CREATE EXTERNAL TABLE backup_objects (bucket string, key string, size bigint, last_modified_date timestamp)
--    STORED AS PARQUET
--    LOCATION 's3://INVENTORY-BUCKET/PATH/TO/data/';
--
-- 2. The table: copy it out, put it on S3, and describe it. With psql:
--
--    \copy (SELECT :columns FROM :table) TO 'rows.csv' WITH (FORMAT csv)
--    aws s3 cp rows.csv s3://INVENTORY-BUCKET/backup_rows/rows.csv
--
--    CREATE EXTERNAL TABLE backup_rows (
--      id string, dispatch_id string, s3_key string, status string, size_bytes string, created_at string)
--    ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
--    LOCATION 's3://INVENTORY-BUCKET/backup_rows/';
--
-- Keys may be written as key, /key or s3://bucket/key. Rows younger than the inventory may be
-- reported as missing; the columns are those of `backup-doctor audit --format json`.
WITH objects AS (
  SELECT key, size, substr(key, 1, length(:'prefix')) = :'prefix' AS is_backup
  FROM backup_objects WHERE bucket = :'bucket'
),
named AS (
  SELECT id, dispatch_id, status, try_cast(size_bytes AS bigint) AS size,
    nullif(regexp_replace(trim(s3_key), '^(s3://' || :'bucket' || ')?/*', ''), '') AS key,
    status = :'in_progress' AND
      date_diff('second', try(from_iso8601_timestamp(replace(created_at, ' ', 'T'))), now()) > :stuck_after AS is_stuck
  FROM backup_rows
),
borne AS (
  SELECT n.id, n.size AS row_size, n.is_stuck, o.key, o.size AS object_size
  FROM named n JOIN objects o ON o.is_backup AND strpos(lower(o.key), lower(n.dispatch_id)) > 0
  WHERE n.key IS NULL AND n.status = :'in_progress' AND length(n.dispatch_id) >= 6
)
SELECT 'missing-object' AS kind, n.id AS backup_id, n.key AS s3_key, n.size AS row_size, cast(NULL AS bigint) AS object_size
FROM named n LEFT JOIN objects o ON o.key = n.key
WHERE n.status = :'success' AND o.key IS NULL AND n.key NOT LIKE 's3://%'
UNION ALL
SELECT 'size-mismatch', n.id, n.key, n.size, o.size
FROM named n JOIN objects o ON o.key = n.key
WHERE n.status = :'success' AND n.size <> o.size
UNION ALL
SELECT 'stuck-with-object', n.id, n.key, n.size, o.size
FROM named n JOIN objects o ON o.key = n.key
WHERE n.is_stuck
UNION ALL
SELECT 'stuck-with-object', id, min(key), row_size, min_by(object_size, key)
FROM borne WHERE is_stuck GROUP BY id, row_size
UNION ALL
SELECT 'orphan-object', NULL, o.key, NULL, o.size
FROM objects o
LEFT JOIN named n ON n.key = o.key
LEFT JOIN borne b ON b.key = o.key
WHERE o.is_backup AND n.id IS NULL AND b.id IS NULL
UNION ALL
SELECT 'duplicate-key', id, key, row_size, object_size
FROM (
  SELECT n.id, n.key, n.size AS row_size, o.size AS object_size,
    row_number() OVER (PARTITION BY n.key ORDER BY n.id) AS place
  FROM named n LEFT JOIN objects o ON o.key = n.key
  WHERE n.key IS NOT NULL
    AND (n.status = :'success' OR (o.key IS NOT NULL AND n.status <> :'failed'))
)
WHERE place > 1
ORDER BY 3, 1;
