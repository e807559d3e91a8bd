"""Tests of the settings: where they come from, and whom they are shown to."""
