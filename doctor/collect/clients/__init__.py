"""The services that the doctor asks, one client each. They read; none of them changes anything."""

import sys

# httpx imports its own command line, with click, pygments and rich: 40 ms of start-up. It goes on
# without, as where their packages are not installed.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # how Python marks absence
