"""What the function itself does wrong: real code, really deployed on Deno."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backup_doctor.demo.faults.changes import REQUESTS, SCRIPT, SOURCE, edit, together
from backup_doctor.demo.faults.defect import Side
from backup_doctor.demo.faults.fault import Fault
from backup_doctor.demo.supabase.state import SecretValue

if TYPE_CHECKING:
    from backup_doctor.demo.faults.fault import Change
    from backup_doctor.demo.world import World

SERVE = "Deno.serve(async (request) => {"
AUTHORIZED = "    await authorize(request);\n"
RECORD = "const backup = await recordSuccess(await finishedBackup(request));"
ENV_NAME = 'Deno.env.get("BACKUP_API_KEY")'
OTHER_NAME = 'Deno.env.get("UPDATE_BACKUP_KEY")'
WRITE_LATER = """const { backup_id } = await finishedBackup(request);
    const backup = { id: backup_id, status: "success" };"""
SLOWLY = "    await new Promise((resolve) => setTimeout(resolve, 6_000));\n"


def read_another_name(world: World) -> None:
    """The function compares the caller's key with another of its secrets."""
    world.edit(SOURCE, ENV_NAME, OTHER_NAME)
    world.project.function_secrets["UPDATE_BACKUP_KEY"] = SecretValue("0123456789abcdef" * 4)


def wait_briefly(world: World) -> None:
    """Whatever the step calls with, it waits two seconds and no minute."""
    for path in (REQUESTS, SCRIPT):
        world.write(path, world.read(path).replace("--max-time 60", "--max-time 2"))


def _fault(name: str, description: str, code: str, change: Change) -> Fault:
    return Fault(name, description, Side.FUNCTION, f"function/{code}", before=change)


def _code(name: str, description: str, code: str, old: str, new: str) -> Fault:
    return _fault(name, description, code, edit(SOURCE, old, new))


def _refuses(name: str, status: int, message: str) -> Fault:
    return _code(
        name,
        f"the function itself answers {status}: {message}",
        "rejected",
        AUTHORIZED,
        f'{AUTHORIZED}    throw new Refusal({status}, "{message}");\n',
    )


FAULTS: Final = (
    _fault(
        "other-secret-name",
        "the function compares the key with another of its secrets",
        "key-rejected",
        read_another_name,
    ),
    _code(
        "wants-another-field",
        "the function wants a field that the step does not send",
        "rejected",
        "  s3_key: isText,\n",
        "  s3_key: isText,\n  tenant_id: isText,\n",
    ),
    _refuses("rejects-with-403", 403, "This caller may not update backups"),
    _refuses("rejects-with-404", 404, "No such backup"),
    _code(
        "crashes-at-start",
        "the function throws while it starts",
        "boot-error",
        SERVE,
        f'throw new Error("DATABASE_SCHEMA is not set");\n{SERVE}',
    ),
    _code(
        "syntax-error",
        "the function's source cannot be parsed",
        "boot-error",
        SERVE,
        f"const = ;\n{SERVE}",
    ),
    _code(
        "import-missing",
        "the function imports what is not in its bundle",
        "boot-error",
        SERVE,
        f'import {{ log }} from "./log.ts";\n{SERVE}',
    ),
    _code(
        "throws",
        "the function throws while it answers",
        "server-error",
        AUTHORIZED,
        f"{AUTHORIZED}    (undefined as any).organization.id;\n",
    ),
    _code(
        "answers-500",
        "the function catches its own error and answers 500",
        "server-error",
        AUTHORIZED,
        f"{AUTHORIZED}    throw new Refusal(500, "
        "\"Cannot read properties of undefined (reading 'id')\");\n",
    ),
    _code(
        "process-ends",
        "the function's process ends under the request",
        "server-error",
        AUTHORIZED,
        f"{AUTHORIZED}    Deno.exit(1);\n",
    ),
    _code(
        "own-rate-limit",
        "the function itself answers 429",
        "rate-limited",
        AUTHORIZED,
        f'{AUTHORIZED}    throw new Refusal(429, "Too many requests");\n',
    ),
    _fault(
        "too-slow",
        "the function needs longer than the step waits",
        "timeout",
        together(
            edit(SOURCE, AUTHORIZED, AUTHORIZED + SLOWLY),
            wait_briefly,
        ),
    ),
    Fault(
        "false-success",
        "the function answers success and writes nothing",
        Side.FUNCTION,
        "function/false-success",
        before=edit(SOURCE, RECORD, WRITE_LATER),
        claims_success=True,
    ),
)
