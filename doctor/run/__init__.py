"""A run as a whole: collect, judge, diagnose, report; and what is built on it."""
