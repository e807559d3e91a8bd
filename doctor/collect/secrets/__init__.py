"""Guide step 2: what GitHub and Supabase know of the secrets."""
