"""The audit: the whole table held against the whole bucket, as one merge of two sorted streams.

`table` and `bucket` (or `inventory`) are read in the byte order of the keys, and `merge` walks
along both; of neither more than a window is in memory. Rows that do not say their key plainly are
rare, wait in `aside`, a temporary file, and are judged at the end by `resolve`.
"""
