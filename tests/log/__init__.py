"""Tests of doctor/log."""
