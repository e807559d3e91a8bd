"""Scripts inside scripts: `node -e`, `python - <<EOF`, files that are run or sourced, `npm run`, `make`."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import cases, to_text
from backup_doctor.collect.script.model import Branch, CallEnd
from backup_doctor.collect.script.recipes import RUNNERS
from backup_doctor.collect.script.shell.files import EXTENSIONS, ScriptFiles
from backup_doctor.collect.script.shell.recipe_running import RecipeRunning
from backup_doctor.collect.script.texts import literal, rendered
from backup_doctor.collect.script.values import UNKNOWN, Cases, Const, Items, Lit, Text

if TYPE_CHECKING:
    from backup_doctor.collect.script.drafts import OpenCall
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

_NODE = frozenset({"node", "nodejs", "tsx", "ts-node", "bun", "deno", "zx", "esno", "jiti"})
_PYTHON = re.compile(r"^(?:python|pypy)[\d.]*(?:\.exe)?$")
_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ash"})
_POWERSHELL = frozenset({"pwsh", "powershell", "pwsh.exe", "powershell.exe"})
_RUNNERS = frozenset(
    {
        "npm",
        "pnpm",
        "yarn",
        "bun",
        "npx",
        "pnpx",
        "uv",
        "poetry",
        "pipenv",
        "uvx",
        "corepack",
        "dotenv",
    }
)
_TAKING = frozenset(
    {
        "-r",
        "--require",
        "--import",
        "--loader",
        "--env-file",
        "-X",
        "-W",
        "--input-type",
        "--config",
    }
)
_FOLDERS = frozenset({"--prefix", "-C", "--dir", "--cwd"})
_CODE = frozenset({"-e", "--eval", "-c", "-p", "--print", "-Command", "-command", "-pe"})
NESTED = 8
_SHEBANG = re.compile(r"^#!.*?\b(node|python|bash|sh|zsh|pwsh|deno|tsx|bun)")


class Programs(ScriptFiles):
    """Runs the scripts that a script starts, in the same trace."""

    def __init__(self, trace: Following) -> None:
        super().__init__(trace)
        self._running: list[str] = []
        self._recipes = RecipeRunning(trace)

    def run(self, words: list[Value], line: int) -> Value | None:
        """A command that starts a script; None if it is none."""
        name = literal(words[0]) or ""
        base = name.rpartition("/")[2]
        if base in _RUNNERS and (found := self._by_runner(base, words[1:], line)) is not None:
            return found
        if base in RUNNERS:
            return self._recipes.run(base, words[1:])
        language = _language(base)
        if language is not None:
            return self._interpreter(language, words[1:])
        if "/" in name or base.rpartition(".")[2] in EXTENSIONS:
            return self._file(name, words[1:])
        return None

    # Interpreters.

    def _interpreter(self, language: str, args: list[Value]) -> Value:
        """`node -e "…"`, `python file.py`, `bash -c "…"`, or what comes in by standard input."""
        rest = list(args)
        while rest:
            told = _start(rest[0])
            if told in _CODE or (language == "bash" and re.fullmatch(r"-[a-z]*c", told)):
                return (
                    self.run_text(to_text(rest[1]), language, rest[2:])
                    if len(rest) > 1
                    else UNKNOWN
                )
            if told == "-m" and language == "python":
                return self._module(rest[1:])
            if told in _TAKING:
                rest = rest[2:]
            elif told in {"run", "--"} or (told.startswith("-") and told != "-"):
                self._set_e(language, told)
                rest = rest[1:]
            else:
                break
        if not rest or literal(rest[0]) in {"-", "/dev/stdin"}:
            given = self._trace.stdin
            return UNKNOWN if given is None else self.run_text(to_text(given), language, rest[1:])
        return self._file(rendered(rest[0]), rest[1:], language)

    def _set_e(self, language: str, told: str) -> None:
        if language == "bash" and re.fullmatch(r"-[a-z]*e[a-z]*", told):
            self._trace.shell.errexit_next = True

    def _module(self, args: list[Value]) -> Value:
        name = literal(args[0]) if args else None
        if name is None:
            return UNKNOWN
        path = name.replace(".", "/")
        known = next(
            (one for one in (f"{path}.py", f"{path}/__main__.py") if self.text_of(one)), None
        )
        return self._file(known, args[1:], "python") if known else UNKNOWN

    def _by_runner(self, base: str, args: list[Value], line: int) -> Value | None:
        """`npm run backup`, `npx tsx file.ts`, `uv run file.py`."""
        folder, args = _folder(args) if base in {"npm", "pnpm", "yarn"} else ("", args)
        words = [one for one in args if not (literal(one) or "").startswith("-")]
        verb = literal(words[0]) if words else None
        if base in {"npx", "pnpx", "uvx", "dotenv"} or verb in {"exec", "dlx"}:
            rest = words if base in {"npx", "pnpx", "uvx", "dotenv"} else words[1:]
            return self._trace.shell.execute(args[args.index(rest[0]) :], line) if rest else None
        if base in {"uv", "poetry", "pipenv"}:
            return (
                self._trace.shell.execute(args[args.index(words[1]) :], line)
                if verb == "run" and len(words) > 1
                else None
            )
        if base == "bun" and verb not in {"run", None} and verb.rpartition(".")[2] in EXTENSIONS:
            return None
        script = literal(words[1]) if verb in {"run", "run-script"} and len(words) > 1 else verb
        rest = words[1 + (verb in {"run", "run-script"}) :]
        shell = self._trace.shell
        before, shell.directory = shell.directory, posixpath.join(shell.directory, folder)
        status = self._package_script(script or "", rest)
        shell.directory = before
        return status

    def _package_script(self, name: str, args: list[Value]) -> Value | None:
        found = self.text_of("package.json")
        if found is None:
            return None
        try:
            scripts = json.loads(found[1]).get("scripts", {})
        except (ValueError, AttributeError, RecursionError):
            return None
        told = scripts.get(name) if isinstance(scripts, dict) else None
        if not isinstance(told, str) or f"npm:{name}" in self._running:
            return None
        self._running.append(f"npm:{name}")
        behind = [part for one in args for part in (Lit(" "), *to_text(one).parts)]
        status = self.run_text(Text((Lit(told, found[0], 1), *behind)), "bash")
        self._running.pop()
        return status

    # Files.

    def source(self, args: list[Value]) -> Value:
        """`source lib.sh`: in the same shell."""
        name = rendered(args[0])
        written = self._trace.files.get(name)
        if written is not None:
            return self.run_text(to_text(written), "bash", args[1:], same=True)
        found = self.text_of(name)
        if found is None:
            self._trace.leave_unread(name)
            return UNKNOWN
        path, text = found
        return self.run_text(Text((Lit(text, path, 1),)), "bash", args[1:], same=True, path=path)

    def _file(self, name: str, args: list[Value], language: str | None = None) -> Value:
        """A file: one that the script has written, or one of the repository."""
        written = self._trace.files.get(name)
        if written is not None:
            own = language or EXTENSIONS.get(name.rpartition(".")[2], "bash")
            return self.run_text(to_text(written), own, args)
        found = self.text_of(name)
        if found is None:
            self._trace.leave_unread(name)
            return UNKNOWN
        path, text = found
        shebang = _SHEBANG.match(text)
        told = EXTENSIONS.get(path.rpartition(".")[2]) or (
            _language(shebang[1]) if shebang else None
        )
        if language == "bash" and told not in {None, "bash"}:
            told = "bash"
        return self.run_text(
            Text((Lit(text, path, 1),)), told or language or "bash", args, path=path
        )

    # Running.

    def run_text(
        self,
        text: Text,
        language: str,
        args: list[Value] | None = None,
        *,
        same: bool = False,
        path: str = "",
    ) -> Value:
        """Run a script by its text; how it ended. `same`: in this shell, with its variables."""
        trace = self._trace
        if (
            (path and self._running.count(path))
            or len(self._running) > NESTED
            or not trace.budget.file()
        ):
            return UNKNOWN
        self._running.append(path)
        start = len(trace.calls)
        given = list(args or [])
        if same:
            trace.follow(text, language, None, path)
            status = trace.shell.status
        else:
            scope: dict[str, Value] = {}
            if language == "bash":
                scope |= {str(index): one for index, one in enumerate(given, 1)}
                scope |= {"@": Items(given), "*": Items(given)}
            status = self._program(text, language, scope, path, start)
        self._running.pop()
        return status

    def _program(
        self, text: Text, language: str, scope: dict[str, Value], path: str, start: int
    ) -> Value:
        """A program of its own: its exits tell how it ended, as a function's values do."""
        trace = self._trace
        shell = trace.shell
        errexit, shell.errexit = shell.errexit, shell.errexit_next
        shell.errexit_next = False
        testing, shell.testing = shell.testing, 0
        trace.exits.append([])
        tries, trace.tries = trace.tries, []
        mark = len(trace.branches)
        self._trace.follow(text, language, scope, path)
        exits = trace.exits.pop()
        if trace.leaving is None or trace.leaving == "return":
            last = shell.status if language == "bash" else Const(value=True)
            exits.append((last, trace.here()))
        del trace.branches[mark:]
        trace.leaving, trace.tries, shell.errexit = None, tries, errexit
        shell.testing = testing
        made = trace.calls[start:]
        exits.extend(
            (Const(value=False), (*one.branches, _thrown(one)))
            for one in made
            if one.uncaught and language != "bash"
        )
        status = cases(exits) if exits else UNKNOWN
        if isinstance(status, Cases):
            return status
        return UNKNOWN if made and isinstance(status, Const) and status.value else status


def _folder(args: list[Value]) -> tuple[str, list[Value]]:
    """The folder of the package that a runner is told, and its words without it."""
    for at, one in enumerate(args[:-1]):
        if literal(one) in _FOLDERS:
            return rendered(args[at + 1]), [*args[:at], *args[at + 2 :]]
    return "", args


def _thrown(call: OpenCall) -> Branch:
    """What an error that nobody caught tells of its call."""
    refused = (CallEnd.REFUSED,) if call.fails_on_status else ()
    return Branch(calls=(call.number,), outcomes=(*refused, CallEnd.SILENT))


def _start(value: Value) -> str:
    text = to_text(value)
    first = text.parts[0] if text.parts else None
    return first.text if isinstance(first, Lit) else ""


def _language(name: str) -> str | None:
    if name in _NODE:
        return "typescript" if name in {"tsx", "ts-node", "deno", "bun"} else "javascript"
    if _PYTHON.match(name):
        return "python"
    if name in _SHELLS:
        return "bash"
    return "powershell" if name in _POWERSHELL else None
