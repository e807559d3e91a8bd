"""`init`: reads the repository, writes what differs from the defaults, and adds the workflow's job."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING, NamedTuple

from backup_doctor.base import files
from backup_doctor.base.immutable import Immutable
from backup_doctor.base.quoting import for_terminal, one_line
from backup_doctor.cli import init_dotenv, init_job
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.init_dotenv import ADDRESSES, is_set
from backup_doctor.cli.init_workflow import UnfitError, WorkflowChange, with_job
from backup_doctor.cli.mending import confirmed
from backup_doctor.cli.stderr import show
from backup_doctor.collect.repository import read_repository
from backup_doctor.judge.registry import PACKAGE
from backup_doctor.services.secret_uses import GUIDES_NAMES, Use
from backup_doctor.settings.files import DOTENV, OWN_FILE, directories
from backup_doctor.settings.init import short_file
from backup_doctor.settings.load import AWS_CREDENTIALS_IN_ENVIRONMENT
from backup_doctor.settings.table import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from backup_doctor.collect.repository import Clue, Reading

CONFIG = OWN_FILE
SNIPPET = "backup-doctor-job.yml"
BESIDE = "Put its key there too: a file's address is given no key from elsewhere."
SHOWN_VALUE = 60
# Where pip says that a package came from, if it came from a repository on GitHub.
_ON_GITHUB = re.compile(r"(?:https://|git@|ssh://git@)github\.com[/:]([\w-]+/[\w.-]+?)(?:\.git)?/?")
NOTHING = (
    "There is nothing to read here: no workflow in .github/workflows, no SQL, no supabase/ and no git "
    "remote.\nRun it in the root of the repository whose workflow makes the backups."
)
NO_ACTION = "--action must be owner/name@ and a commit's 40 hexadecimal digits."
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


class InitOptions(Immutable, frozen=True, kw_only=True):
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
        raise UsageError(NO_ACTION, f"backup-doctor init --action {init_job.PLACEHOLDER}")
    root = directories(folder)[-1]
    reading = read_repository(root)
    if not reading.read:
        raise UsageError(NOTHING, "cd your-repository && backup-doctor init")
    if options.asks:
        reading = _asked(root, reading)
    clues = {one.setting: one for one in reading.clues}
    differing = {name: one.value for name, one in clues.items() if _differs(one)}
    job = _job(root, reading, differing, _with_action(options, reading))
    config = short_file(differing, {name: clues[name].place for name in differing})
    contents = {CONFIG: config} | ({SNIPPET: job.snippet} if job.snippet else {})
    addresses = init_dotenv.addresses(clues, reading)
    parts = [_found(reading, clues), *_unsure(reading)]
    parts += [f"{name}:\n\n{text.strip()}" for name, text in contents.items()]
    if job.change and not options.asks:
        parts.append(job.change.diff())
    if addresses:
        parts.append(f"For {DOTENV}:\n\n{addresses.strip()}")
    tokens: tuple[str, ...] = ()
    if not options.only_print:
        parts.append(_written(root, contents, addresses, options))
        parts.append(_in_the_workflow(root, job, options))
        tokens = init_dotenv.take_tokens(root, reading, clues) if options.asks else ()
    calls = "function" not in clues or clues["function"].value != "false"
    parts.append(_missing(reading, {*clues, *tokens}, addresses, calls=calls))
    return for_terminal("\n\n".join(filter(None, parts)))


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


class JobProposal(NamedTuple):
    """The job for the workflow: as a change of its file, else as a file to paste from, and why."""

    change: WorkflowChange | None = None
    snippet: str = ""
    said: str = ""


def _job(root: Path, reading: Reading, settings: Mapping[str, str], action: str) -> JobProposal:
    """The job, where there is a workflow for it."""
    plan = reading.job
    if plan is None:
        return JobProposal()
    snippet = init_job.file_of(plan, settings, action)
    if action == init_job.PLACEHOLDER:
        said = f"Paste the job into {plan.workflow}, then delete the file; --action puts it there."
        return JobProposal(snippet=snippet, said=said)
    try:
        text = files.read(root / plan.workflow).decode()
        return JobProposal(change=with_job(text, plan, settings, action))
    except (UnfitError, UnicodeDecodeError, OSError) as error:
        why = str(error) if isinstance(error, UnfitError) else "it cannot be read as UTF-8"
        said = f"{plan.workflow} was left as it is: {why}. Paste the job into it."
        return JobProposal(snippet=snippet, said=said)


def _with_action(options: InitOptions, reading: Reading) -> str:
    """This action at a commit: as given, as pip installed it, as answered; else a placeholder."""
    if options.action != init_job.PLACEHOLDER or reading.job is None:
        return options.action
    installed = _installed_from()
    if installed or not options.asks:
        return installed or options.action
    import typer

    show("The job runs your own copy of backup-doctor, at a commit that you have read.\n")
    question = f"Copy, as OWNER/NAME@COMMIT (Enter: leave the job in {SNIPPET})"
    answer = typer.prompt(question, default="", show_default=False, err=True).strip()
    if answer and not init_job.ACTION.fullmatch(answer):
        raise UsageError(NO_ACTION, f"backup-doctor init --action {init_job.PLACEHOLDER}")
    return answer or options.action


def _installed_from() -> str | None:
    """The repository on GitHub, and the commit, that pip installed this program from."""
    try:
        told = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    found = _ON_GITHUB.fullmatch(str(told.get("url")))
    action = f"{found[1]}@{told.get('vcs_info', {}).get('commit_id')}" if found else ""
    return action if init_job.ACTION.fullmatch(action) else None


def _differs(clue: Clue) -> bool:
    """Whether the clue is a setting that the file must have: no default, no address, no secret."""
    setting = BY_NAME.get(clue.setting)
    if setting is None or setting.secret or clue.setting in (*ADDRESSES, "project_ref"):
        return False
    if clue.setting.startswith("secrets."):
        name = clue.setting.partition(".")[2]
        return clue.value not in GUIDES_NAMES.get(Use(name), BY_NAME[name].env)
    return clue.value != (setting.default or "")


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


def _missing(reading: Reading, known: Collection[str], addresses: str, *, calls: bool) -> str:
    """What preflight would still lack, by the names of what is not set."""
    lines = []
    for names, what_for in NEEDED:
        if "function_key" in names and not calls:
            continue
        found = any(is_set(one, reading) or one in known for one in names)
        if not found and f"{BY_NAME[names[0]].env[0]}=" not in addresses and not _aws(names):
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
    said = [f"Wrote {name}." for name in contents]
    if addresses:
        init_dotenv.append(root, addresses)
        warning = "" if init_dotenv.is_ignored(root) else init_dotenv.NOT_IGNORED
        said.append(f"Added the address to {DOTENV}. {BESIDE}{warning}")
    return "\n".join(said)


def _in_the_workflow(root: Path, job: JobProposal, options: InitOptions) -> str:
    """Put the job into the workflow if the user agrees; what was done, as a sentence."""
    change = job.change
    if change is None:
        return job.said
    if not change.is_needed:
        return f"{change.path} has the job already."
    if change.replaced and not (options.asks or options.force):
        return f"{change.path} was left: it has the job {change.replaced}; --force replaces it."
    if options.asks:
        show(f"\n{change.diff()}\n\n")
    elif not options.yes:
        return f"{change.path} was left as it is: --yes makes the change above."
    if not confirmed(f"Change {change.path}?", yes=options.yes):
        return f"{change.path} was left as it is."
    file = root / change.path
    try:
        files.write(file, change.after, mode=file.stat().st_mode & 0o777)
    except OSError as error:
        raise _not_written(change.path, error) from None
    return f"Changed {change.path}: look at it with `git diff`, then commit it."


def _not_written(name: str, error: OSError) -> UsageError:
    return UsageError(f"{name} could not be written: {error.strerror or error}.")
