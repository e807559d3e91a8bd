"""What `init` puts into .env: addresses, and the tokens of gh and the Supabase CLI if the user agrees."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backup_doctor.base import files
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.mending import confirmed
from backup_doctor.cli.stderr import tell
from backup_doctor.settings.files import DOTENV
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backup_doctor.collect.repository import Clue, Reading

# They go beside the credentials that are sent there.
ADDRESSES = ("supabase_url", "endpoint", "github_url")
IGNORING = frozenset({DOTENV, ".env*", "*.env", ".env.*"})
NOT_IGNORED = f" Put {DOTENV} into .gitignore before a credential goes into it."
GH_ANSWERS_IN_S = 10
SUPABASE_TOKEN = Path(".supabase") / "access-token"
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,255}")


def is_set(name: str, reading: Reading) -> bool:
    """Whether the environment or .env has a value for it."""
    variables = BY_NAME[name].variables
    return any(os.environ.get(one, "").strip() or one in reading.env_names for one in variables)


def addresses(clues: Mapping[str, Clue], reading: Reading) -> str:
    """The lines for .env: addresses that neither it nor the environment has."""
    told = {name: clues[name].value for name in ADDRESSES if name in clues}
    ref = clues.get("project_ref")
    if ref:
        told.setdefault("supabase_url", f"https://{ref.value}.supabase.co")
    return "".join(_line(name, value) for name, value in told.items() if not is_set(name, reading))


def append(root: Path, lines: str) -> None:
    """Add lines to .env.

    Raises:
        UsageError: it cannot be written.
    """
    file = root / DOTENV
    try:
        before = files.read(file) if os.path.lexists(file) else b""
        files.append(file, lines if before.endswith(b"\n") or not before else f"\n{lines}")
    except OSError as error:
        raise UsageError(f"{DOTENV} could not be written: {error.strerror or error}.") from None


def is_ignored(root: Path) -> bool:
    """Whether Git is told to leave .env out."""
    try:
        told = files.read(root / ".gitignore").decode("utf-8", "replace").splitlines()
    except OSError:
        return False
    return bool({one.strip().lstrip("/") for one in told} & IGNORING)


def take_tokens(root: Path, reading: Reading, clues: Mapping[str, Clue]) -> tuple[str, ...]:
    """Ask for each tool whose token is lacking, and put it into .env; the settings that it has now."""
    if not is_ignored(root):
        return ()
    github = clues.get("github_url")
    host = (urlsplit(github.value).hostname if github else None) or "github.com"
    offers: tuple[tuple[str, str, Callable[[], str | None]], ...] = (
        ("github_token", f"gh (gh auth token, {host})", lambda: _of_gh(host)),
        ("access_token", f"the Supabase CLI (~/{SUPABASE_TOKEN})", _of_supabase),
    )
    there = {"github_token": bool(shutil.which("gh")), "access_token": _supabase_file().is_file()}
    return tuple(
        name
        for name, whose, read in offers
        if there[name] and not is_set(name, reading) and _taken(root, name, whose, read)
    )


def _taken(root: Path, name: str, whose: str, read: Callable[[], str | None]) -> bool:
    variable = BY_NAME[name].env[0]
    question = (
        f"Put the token of {whose} into {DOTENV} as {variable}? It may do more than "
        "backup-doctor needs; docs/permissions.md has the least."
    )
    if not confirmed(question, yes=False):
        return False
    token = read()
    if token is None:
        tell(f"There is no token: {whose} is not logged in.")
        return False
    append(root, _line(name, token))
    return True


def _of_gh(host: str) -> str | None:
    command = ["gh", "auth", "token", "--hostname", host]
    try:
        done = subprocess.run(  # noqa: S603 -- the user's own gh, which the user agreed to run
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GH_ANSWERS_IN_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return _token(done.stdout)


def _of_supabase() -> str | None:
    try:
        return _token(files.read(_supabase_file()))
    except OSError:
        return None


def _supabase_file() -> Path:
    return Path(os.path.expanduser("~")) / SUPABASE_TOKEN  # noqa: PTH111 -- says ~ without a home


def _token(text: bytes) -> str | None:
    told = text.decode("utf-8", "replace").strip()
    return told if _TOKEN.fullmatch(told) else None


def _line(name: str, value: str) -> str:
    return f"{BY_NAME[name].env[0]}={value}\n"
