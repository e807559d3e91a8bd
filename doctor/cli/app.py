"""The commands and their flags. Everything heavy is imported by what a command calls."""

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from backup_doctor import __version__
from backup_doctor.cli import audit, backups, ci, completing, fix, preflight, sweep, watch
from backup_doctor.cli.codes import UsageError
from backup_doctor.cli.given import Given
from backup_doctor.cli.stdout import print_line, print_text
from backup_doctor.cli.with_given import with_given

HELP = """Finds out why a backup stays in_progress, and prints the fix.

Exit codes: 0 healthy, 1 failing, 2 usage or configuration, 3 cannot tell, 4 an error in the tool.
"""
app = typer.Typer(
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _call(target: str, /, *arguments: object, **named: object) -> Any:  # noqa: ANN401 -- any command
    """Call `module:function`, imported only now: `--help` must be quick."""
    module, _, function = target.partition(":")
    return getattr(import_module(module), function)(*arguments, **named)


def _print_version(wanted: bool) -> None:
    if wanted:
        print_line(f"backup-doctor {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, help=HELP)
@with_given()
def diagnose(
    context: typer.Context,
    given: Given,
    *,
    version: Annotated[  # noqa: ARG001 -- its callback acts
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> int | None:
    """The main job; it stands aside for a command."""
    if context.invoked_subcommand:
        return None
    from backup_doctor.cli.request import request

    code: int = _call("backup_doctor.cli.diagnose:diagnose", request(given))
    return code


app.command("preflight")(preflight.preflight)
app.command("list")(backups.list_)
app.command("watch")(watch.watch)
app.command("fix")(fix.fix)
app.command("sweep")(sweep.sweep)
app.command("ci")(ci.ci)
app.command("audit")(audit.audit)


@app.command()
def checks() -> None:
    """List the checks in running order."""
    print_line(_call("backup_doctor.cli.listing:checks"))


@app.command()
def explain(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            help="A finding code, a reason, or a check.",
            autocompletion=completing.topics,
        ),
    ],
) -> None:
    """Explain a finding code, the reason of a finding, or a check.

    What it means, how it is detected, its cause, fix and source.
    """
    print_text(_call("backup_doctor.cli.listing:explain", topic))


@app.command()
def diff(
    then: Annotated[Path, typer.Argument(metavar="A", help="The earlier bundle.")],
    now: Annotated[Path, typer.Argument(metavar="B", help="The later bundle.")],
) -> int:
    """Say what changed between two saved bundles.

    Exit codes: 0 nothing, 1 something, 2 a bundle cannot be used.
    """
    code: int = _call("backup_doctor.cli.evidence:diff", then, now)
    return code


@app.command()
def redact(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Evidence that was saved.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Where to write it.")],
    also_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also remove each line of FILE, wherever it occurs."),
    ] = None,
    also_env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Also remove this variable's value. Repeatable."),
    ] = None,
) -> int:
    """Redact more from a saved bundle."""
    code: int = _call(
        "backup_doctor.cli.evidence:redact",
        bundle,
        out,
        also_file=also_file,
        also_env=also_env or [],
    )
    return code


@app.command()
def demo(
    fault: Annotated[
        str,
        typer.Argument(
            help="How the pipeline is broken; join several with +.",
            autocompletion=completing.faults,
        ),
    ] = "stuck",
    *,
    list_: Annotated[bool, typer.Option("--list", help="List the faults.")] = False,
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Keep the demo services running, in a shell with their settings."
        ),
    ] = False,
) -> int:
    """Run the doctor on a demo pipeline with a known fault.

    The pipeline is complete and runs on this machine; no account is needed. With --keep and
    standard output in a file, that file has the settings: source it in another terminal.
    """
    try:
        if list_:
            print_line(_call("backup_doctor.demo.command:fitted_list"))
            return 0
        code: int = _call("backup_doctor.demo.command:run_demo", fault, keep=keep)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("backup_doctor"):
            raise
        message = f"The demo needs its extra packages ({error.name} is missing)."
        raise UsageError(message, 'pip install ".[demo]"  (in your copy of it)') from None
    return code


@app.command()
def init(
    *,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Ask nothing; leave out what is not clear. Change the workflow."
        ),
    ] = False,
    only_print: Annotated[
        bool, typer.Option("--print", help="Show everything, and write nothing.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    action: Annotated[
        str | None,
        typer.Option(
            "--action",
            metavar="OWNER/NAME@COMMIT",
            help="Your copy of this action: adds the job to the workflow.",
        ),
    ] = None,
) -> None:
    """Read this repository, and write the configuration and the workflow job.

    Shows what it found and where, writes backup-doctor.toml with what differs from the defaults,
    adds the job to the workflow if you agree to the diff (without --action: writes
    backup-doctor-job.yml to paste from), and says which settings are missing.
    """
    given = {"action": action} if action else {}
    options = _call(
        "backup_doctor.cli.init:InitOptions", force=force, yes=yes, only_print=only_print, **given
    )
    print_line(_call("backup_doctor.cli.init:run", Path.cwd(), options))


@app.command()
def schema() -> None:
    """Print the JSON Schema of the report."""
    print_line(_call("backup_doctor.cli.listing:schema"))
