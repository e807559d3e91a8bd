"""Tests of the demo: its services answer as the real ones do."""
