"""`init`: reads the repository, and writes what differs from the defaults and the workflow's job."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backup_doctor.base import files
from backup_doctor.base.quoting import for_terminal, one_line
from backup_doctor.cli import init_job
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.mending import confirmed
from backup_doctor.cli.stderr import show
from backup_doctor.collect.repository import read_repository
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use
from backup_doctor.settings.files import DOTENV, OWN_FILE, directories
from backup_doctor.settings.init import short_file
from backup_doctor.settings.load import AWS_CREDENTIALS_IN_ENVIRONMENT
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.collect.repository import Clue, Reading

CONFIG = OWN_FILE
SNIPPET = "backup-doctor-job.yml"
# They go into .env, beside the credentials that are sent there.
ADDRESSES = ("supabase_url", "endpoint", "github_url")
BESIDE = "Put its key there too: a file's address is given no key from elsewhere."
SHOWN_VALUE = 60
NOTHING = (
    "There is nothing to read here: no workflow in .github/workflows, no SQL, no supabase/ and no git "
    "remote.\nRun it in the root of the repository whose workflow makes the backups."
)
# What preflight needs, by the settings of which one suffices, and what for.
NEEDED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("supabase_url",), "the project"),
    (("service_key",), "the row, and whether the pipeline's key is accepted"),
    (("function_key",), "whether the function accepts it"),
    (("database_url", "access_token"), "whether PostgreSQL would refuse the update"),
    (("repository",), "where the workflow runs"),
    (("github_token",), "the run, its log, the names of its secrets"),
    (("bucket",), "the file"),
    (("access_key_id", "profile"), "the file; or anything else that boto3 finds"),
)


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """What the command line asks for. `action` is this action as `owner/name@commit`."""

    force: bool = False
    yes: bool = False
    only_print: bool = False
    action: str = init_job.PLACEHOLDER

    @property
    def asks(self) -> bool:
        """Whether somebody is there to be asked."""
        return not self.yes and sys.stdin.isatty() and sys.stderr.isatty()


def run(folder: Path, options: InitOptions) -> str:
    """Read, ask, write; what was found, what was written and what is missing, as a text.

    Raises:
        UsageError: there is nothing to read, a file is there already, or one cannot be written.
    """
    if options.action != init_job.PLACEHOLDER and not init_job.ACTION.fullmatch(options.action):
        message = "--action must be owner/name@ and a commit's 40 hexadecimal digits."
        raise UsageError(message, f"backup-doctor init --action {init_job.PLACEHOLDER}")
    root = directories(folder)[-1]
    reading = read_repository(root)
    if not reading.read:
        raise UsageError(NOTHING, "cd your-repository && backup-doctor init")
    if options.asks:
        reading = _asked(root, reading)
    clues = {one.setting: one for one in reading.clues}
    contents = _contents(reading, clues, options.action)
    addresses = _addresses(clues, reading)
    parts = [_found(reading, clues), *_unsure(reading)]
    parts += [f"{name}:\n\n{text.strip()}" for name, text in contents.items()]
    if addresses:
        parts.append(f"For {DOTENV}:\n\n{addresses.strip()}")
    if not options.only_print:
        parts.append(_written(root, contents, addresses, options))
    parts.append(_missing(reading, clues, addresses))
    return for_terminal("\n\n".join(parts))


def _asked(root: Path, reading: Reading) -> Reading:
    """Read again with what the user chooses: one answer may bring the next question."""
    chosen: dict[str, str] = {}
    passed_over: set[str] = set()
    while True:
        left = (name for name in reading.questions if name not in chosen.keys() | passed_over)
        setting = next(left, None)
        if setting is None:
            return reading
        answer = _answer(setting, reading.questions[setting])
        if answer is None:
            passed_over.add(setting)
        else:
            chosen[setting] = answer
            reading = read_repository(root, chosen)


def _answer(setting: str, clues: tuple[Clue, ...]) -> str | None:
    """What the user chooses of several; None if they pass it over."""
    import typer

    options = enumerate(clues, 1)
    lines = [f"  {at}  {one_line(one.value)}  ({one_line(one.place)})" for at, one in options]
    show("\n".join([f"Which is the {_about(setting)}?", *lines, ""]))
    answer = typer.prompt("Number (Enter: leave it out)", default="", show_default=False, err=True)
    fits = answer.strip().isdecimal() and 1 <= int(answer) <= len(clues)
    return clues[int(answer) - 1].value if fits else None


def _contents(reading: Reading, clues: Mapping[str, Clue], action: str) -> dict[str, str]:
    """The files by name: the configuration, and the job where there is a workflow for it."""
    differing = {name: one.value for name, one in clues.items() if _differs(one)}
    places = {name: clues[name].place for name in differing}
    contents = {CONFIG: short_file(differing, places)}
    if reading.job is not None:
        contents[SNIPPET] = init_job.file_of(reading.job, differing, action)
    return contents


def _differs(clue: Clue) -> bool:
    """Whether the clue is a setting that the file must have: no default, no address, no secret."""
    setting = BY_NAME.get(clue.setting)
    if setting is None or setting.secret or clue.setting in (*ADDRESSES, "project_ref"):
        return False
    if clue.setting.startswith("secrets."):
        name = clue.setting.partition(".")[2]
        return clue.value not in GUIDES_NAMES.get(Use(name), BY_NAME[name].env)
    return clue.value != (setting.default or "")


def _addresses(clues: Mapping[str, Clue], reading: Reading) -> str:
    """The lines for .env: addresses that neither it nor the environment has."""
    told = {name: clues[name].value for name in ADDRESSES if name in clues}
    ref = clues.get("project_ref")
    if ref:
        told.setdefault("supabase_url", f"https://{ref.value}.supabase.co")
    lines = [
        f"{BY_NAME[name].env[0]}={value}\n"
        for name, value in told.items()
        if not _is_set(name, reading)
    ]
    return "".join(lines)


def _is_set(name: str, reading: Reading) -> bool:
    """Whether the environment or .env has a value for it."""
    variables = BY_NAME[name].variables
    return any(os.environ.get(one, "").strip() or one in reading.env_names for one in variables)


# What is shown ------------------------------------------------------------------------------------


def _found(reading: Reading, clues: Mapping[str, Clue]) -> str:
    """A table of what was found, and where."""
    rows = [(_key(one.setting), _cut(one.value), one.place) for one in clues.values()]
    rows += [(one.setting, _cut(one.value), one.place) for one in reading.facts]
    table = [("setting", "found", "in"), *rows]
    lines = [[one_line(cell) for cell in row] for row in table]
    widths = [max(len(line[at]) for line in lines) for at in range(2)]
    return "\n".join(f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}".rstrip() for a, b, c in lines)


def _unsure(reading: Reading) -> list[str]:
    """What is left out, and why."""
    lines = [
        f"{_key(name)}: {' or '.join(f'{one.value} ({one.place})' for one in clues)}"
        for name, clues in reading.questions.items()
    ]
    lines += [f"{_key(name)}: {why}" for name, why in reading.unknown.items()]
    return ["\n".join(["Left out, because it is not clear:", *map(_line, lines)])] if lines else []


def _line(text: str) -> str:
    return f"  {one_line(text)}"


def _key(name: str) -> str:
    return BY_NAME[name].key if name in BY_NAME else name


def _about(name: str) -> str:
    return BY_NAME[name].about if name in BY_NAME else name


def _cut(value: str) -> str:
    return value if len(value) <= SHOWN_VALUE else f"{value[:SHOWN_VALUE]}…"


def _missing(reading: Reading, clues: Mapping[str, Clue], addresses: str) -> str:
    """What preflight would still lack, by the names of what is not set."""
    calls_none = "function" in clues and clues["function"].value == "false"
    lines = []
    for names, what_for in NEEDED:
        if "function_key" in names and calls_none:
            continue
        known = any(_is_set(one, reading) or one in clues for one in names)
        if not known and f"{BY_NAME[names[0]].env[0]}=" not in addresses and not _aws(names):
            variables = " or ".join(BY_NAME[one].env[0] for one in names)
            lines.append(f"  {variables}: {what_for}")
    if not lines:
        return "Nothing is missing for `backup-doctor preflight`."
    head = f"`backup-doctor preflight` still lacks, in the environment or in {DOTENV}:"
    return "\n".join([head, *lines])


def _aws(names: tuple[str, ...]) -> bool:
    """Whether boto3 finds credentials in the environment."""
    return "access_key_id" in names and any(
        os.environ.get(one, "").strip() for one in AWS_CREDENTIALS_IN_ENVIRONMENT
    )


# What is written ----------------------------------------------------------------------------------


def _written(root: Path, contents: Mapping[str, str], addresses: str, options: InitOptions) -> str:
    """Write the files; what was written, as sentences."""
    there = [name for name in contents if os.path.lexists(root / name)]
    if there and not options.force:
        named = " and ".join(there)
        agreed = options.asks and confirmed(f"Overwrite {named}?", yes=False)
        if not agreed:
            message = f"{named}: there already; --force overwrites."
            raise UsageError(message, "backup-doctor init --force")
    for name, text in contents.items():
        try:
            files.write(root / name, text)
        except OSError as error:
            raise _not_written(name, error) from None
    said = [f"Wrote {CONFIG}."]
    if SNIPPET in contents:
        said.append(f"Wrote {SNIPPET}: paste the job into the workflow, then delete the file.")
    if addresses:
        _append(root, addresses)
        said.append(f"Added the address to {DOTENV}. {BESIDE}{_unignored(root)}")
    return "\n".join(said)


def _append(root: Path, addresses: str) -> None:
    file = root / DOTENV
    try:
        before = files.read(file) if os.path.lexists(file) else b""
        files.append(file, addresses if before.endswith(b"\n") or not before else f"\n{addresses}")
    except OSError as error:
        raise _not_written(DOTENV, error) from None


def _unignored(root: Path) -> str:
    """A warning where Git would take the file."""
    try:
        ignored = files.read(root / ".gitignore").decode("utf-8", "replace").splitlines()
    except OSError:
        ignored = []
    if {one.strip().lstrip("/") for one in ignored} & {DOTENV, ".env*", "*.env", ".env.*"}:
        return ""
    return f" Put {DOTENV} into .gitignore before a credential goes into it."


def _not_written(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} could not be written: {error.strerror or error}.")
