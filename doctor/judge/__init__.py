"""From evidence to findings, their causes and the fix: pure functions."""
