-- The roles of a Supabase project, as github.com/supabase/postgres creates them (migrations/db).
-- Roles belong to the whole server: every database on it shares them.
CREATE ROLE anon NOLOGIN;
CREATE ROLE authenticated NOLOGIN;
CREATE ROLE service_role NOLOGIN BYPASSRLS;
ALTER ROLE anon SET statement_timeout = '3s';
ALTER ROLE authenticated SET statement_timeout = '8s';

-- The Data API connects as this role and takes on the one that the key names.
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
ALTER ROLE authenticator SET statement_timeout = '8s';
ALTER ROLE authenticator SET lock_timeout = '8s';

-- The SQL editor, migrations and SUPABASE_DB_URL: an administrator, but no superuser.
CREATE ROLE postgres LOGIN CREATEDB CREATEROLE REPLICATION BYPASSRLS;
GRANT anon, authenticated, service_role TO postgres WITH ADMIN OPTION;
GRANT pg_monitor, pg_read_all_data, pg_signal_backend TO postgres;

-- The Management API's read-only queries.
CREATE ROLE supabase_read_only_user LOGIN BYPASSRLS;
GRANT pg_read_all_data TO supabase_read_only_user;

-- The doctor: it sees rows that policies hide, and who holds a lock. It may take on the writing
-- roles, because only so can EXPLAIN say what they may do; by itself it inherits nothing of them.
CREATE ROLE backup_doctor LOGIN BYPASSRLS;
GRANT pg_read_all_stats TO backup_doctor;
GRANT anon, authenticated, service_role TO backup_doctor WITH INHERIT FALSE, SET TRUE;
ALTER ROLE backup_doctor SET default_transaction_read_only = on;
