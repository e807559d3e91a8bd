"""Guide step 3: the row and its table."""
