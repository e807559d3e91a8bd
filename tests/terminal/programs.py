"""The programs of a person's terminal: those that printed commands may need, and none beside them.

Each is a wrapper that notes that it ran and then becomes the real program. A command that names any
other program fails, as it would on a machine without it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backup_doctor.demo.supabase.postgres import programs as postgres_programs

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = ROOT / "tests/real_clients/node_modules/@supabase"
# What printed commands use of a machine, beside the command lines of the services.
PLAIN: Final = ("openssl", "curl", "grep", "sha256sum")

# `gh secret set NAME` asks at the terminal: the person answers, if they know what is asked for.
ASKS: Final = """\
if [ "$1 $2" = "secret set" ] && [ /dev/stdin -ef /dev/null ]; then
  for word; do
    if [ -f "$TERMINAL_ANSWERS/$word" ]; then exec {program} "$@" <"$TERMINAL_ANSWERS/$word"; fi
  done
  echo "the person at the terminal does not know the value that is asked for" >&2
  exit 1
fi
"""
WRAPPER: Final = """\
#!/bin/sh
echo {noted} >>"$TERMINAL_LOG"
{before}exec {program} "$@"
"""
# Of a program that does many things its first two words are noted: `gh secret set`.
MANY: Final = ("gh", "supabase", "aws")


def _found() -> dict[str, Path | None]:
    own = Path(sys.executable).parent
    supabase = next(iter(sorted(CLIENTS.glob("cli-*/bin/supabase"))), None)
    plain = {name: _which(name) for name in ("gh", *PLAIN)}
    return {**plain, "supabase": supabase, "aws": own / "aws", "psql": postgres_programs() / "psql"}


def _which(name: str) -> Path | None:
    found = shutil.which(name)
    return Path(found) if found else None


PROGRAMS: Final[Mapping[str, Path | None]] = _found()
MISSING: Final = tuple(name for name, path in PROGRAMS.items() if path is None)


def install(folder: Path) -> None:
    """Write a wrapper for each program that there is."""
    folder.mkdir()
    for name, path in PROGRAMS.items():
        if path is None:
            continue
        before = ASKS.format(program=path) if name == "gh" else ""
        noted = f'{name} "$1" "$2"' if name in MANY else name
        wrapper = folder / name
        wrapper.write_text(WRAPPER.format(noted=noted, program=path, before=before))
        wrapper.chmod(0o755)
