"""Stand-ins for one Supabase project: a real PostgreSQL and Deno behind true-to-life gateways."""
