"""Healthy pipelines of many shapes, and the faults of the row, the run and the object."""
