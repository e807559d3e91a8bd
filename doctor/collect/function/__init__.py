"""Guide step 5: what is known of the edge function."""
