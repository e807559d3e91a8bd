"""Broken pipelines for the action to be run in."""

from tests.e2e.conftest import servers, world

__all__ = ["servers", "world"]
