"""The sweep: every backup that is stuck, diagnosed at once.

What all backups share (secrets, function, table, policies, runs, the bucket's listing) is asked once.
The runs of a sample are read closely, as a single diagnosis reads them; the rest are judged by what
is known of them, and held against their like. What was not read is said.
"""
