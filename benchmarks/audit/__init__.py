"""The benchmark of `audit`: a table and a bucket of up to a million backups each."""
