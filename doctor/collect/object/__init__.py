"""Guide step 6: the file in the bucket."""
