"""Tests: sentences about how the doctor behaves."""
