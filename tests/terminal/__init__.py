"""A person's terminal: the real programs, logged in to the services of one world."""

from tests.terminal.programs import MISSING
from tests.terminal.terminal import Ended, Login, Terminal

__all__ = ["MISSING", "Ended", "Login", "Terminal"]
