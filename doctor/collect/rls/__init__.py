"""Guide, Solution 4: what the writing role may do."""
