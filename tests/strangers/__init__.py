"""Pipelines of strangers: their scripts are really run, and nothing of their words is known."""
