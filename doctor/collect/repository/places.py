"""Where the project lives: the git remote, the Supabase project, and which names `.env` files set."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from backup_doctor.base.files import read
from backup_doctor.base.toml import read_toml
from backup_doctor.collect.repository.checkout import FILE_LIMIT
from backup_doctor.collect.repository.model import Clue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backup_doctor.collect.repository.checkout import Checkout

GITHUB = "github.com"
_REMOTE = re.compile(r'^\s*\[remote "([^"\n]+)"\]\s*$')
_SECTION = re.compile(r"^\s*\[")
_URL = re.compile(r"^\s*url\s*=\s*(\S+)\s*$")
# git@host:owner/name.git, ssh://git@host/owner/name, https://user:token@host/owner/name.git
_ADDRESS = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^@/\s]+@)?([\w.-]+)(?::\d+)?/|(?:[\w.-]+@)([\w.-]+):/?)"
    r"([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)
_REF = re.compile(r"[a-z]{20}")
_NAME = re.compile(r"^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(\S?)")
FUNCTIONS = "supabase/functions"
CONFIG = "supabase/config.toml"
LINKED = "supabase/.temp/project-ref"


def remotes(root: Path) -> Iterator[tuple[str, str, int, str]]:
    """Each remote's host, repository, line and name, `origin` first; never what its URL has besides."""
    text = _git_config(root)
    found, name = [], ""
    for at, line in enumerate(text.splitlines(), 1):
        section = _REMOTE.match(line)
        if section or _SECTION.match(line):
            name = section[1] if section else ""
        url = _URL.match(line) if name else None
        address = _ADDRESS.fullmatch(url[1]) if url else None
        if address:
            found.append((address[1] or address[2], address[3], at, name))
    yield from sorted(found, key=lambda one: one[3] != "origin")


def _git_config(root: Path) -> str:
    """The text of git's own configuration, of a work tree beside the repository as well."""
    git = root / ".git"
    try:
        if git.is_file():
            folder = (
                root
                / read(git, FILE_LIMIT).decode("utf-8", "replace").partition("gitdir:")[2].strip()
            )
            common = read(folder / "commondir", FILE_LIMIT).decode("utf-8", "replace").strip()
            git = folder / common
        return read(git / "config", FILE_LIMIT).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def project_ref(checkout: Checkout) -> Clue | None:
    """The ref of the project that the Supabase CLI is linked to, if a file tells it."""
    linked = (checkout.text(LINKED) or "").strip()
    if _REF.fullmatch(linked):
        return Clue(setting="project_ref", value=linked, path=LINKED)
    told = _config(checkout).get("project_id")
    if isinstance(told, str) and _REF.fullmatch(told):
        line = checkout.line(CONFIG, told)
        return Clue(setting="project_ref", value=told, path=CONFIG, line=line)
    return None


def functions(checkout: Checkout) -> tuple[Clue, ...]:
    """The edge functions that the repository has."""
    found = {}
    for path in checkout.under(FUNCTIONS, ".ts", ".js", ".tsx", ".mjs"):
        name, _, file = path.removeprefix(f"{FUNCTIONS}/").partition("/")
        if not name.startswith(("_", ".")) and file.rpartition(".")[0] == "index":
            found[name] = Clue(setting="function", value=name, path=path)
    told = _config(checkout).get("functions")
    for name in told if isinstance(told, dict) else ():
        line = checkout.line(CONFIG, f"functions.{name}")
        found.setdefault(name, Clue(setting="function", value=name, path=CONFIG, line=line))
    return tuple(found.values())


def _config(checkout: Checkout) -> dict[str, object]:
    """The CLI's configuration; empty if it is none, or cannot be read."""
    try:
        return read_toml(checkout.text(CONFIG) or "")
    except tomllib.TOMLDecodeError:
        return {}


def env_files(checkout: Checkout) -> Iterator[tuple[str, str, int, bool]]:
    """Each name in a `.env` file: file, name, line, and whether it has a value. No value is kept."""
    try:
        names = sorted(one.name for one in checkout.root.iterdir() if one.name.startswith(".env"))
    except OSError:
        return
    for path in names:
        for at, line in enumerate((checkout.text(path) or "").splitlines(), 1):
            found = _NAME.match(line)
            if found:
                yield (
                    path,
                    found[1],
                    at,
                    found[2] not in ("", "#") and line.strip()[-2:] not in ('""', "''"),
                )
