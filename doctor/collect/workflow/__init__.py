"""Guide step 1: the run, its jobs, its log and its file."""
