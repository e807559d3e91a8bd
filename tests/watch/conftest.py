"""The worlds of whole pipelines, here too."""

from tests.e2e.conftest import servers

__all__ = ["servers"]
