"""Files of the repository that a script runs, sources or imports, by any of the names they have."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from backup_doctor.collect.script.composing import plain
from backup_doctor.collect.script.values import Fields, Lit, Text

if TYPE_CHECKING:
    from backup_doctor.collect.script.following import Following
    from backup_doctor.collect.script.values import Value

EXTENSIONS = {
    "js": "javascript",
    "mjs": "javascript",
    "cjs": "javascript",
    "jsx": "javascript",
    "ts": "typescript",
    "mts": "typescript",
    "cts": "typescript",
    "tsx": "typescript",
    "py": "python",
    "sh": "bash",
    "bash": "bash",
    "ps1": "powershell",
    "psm1": "powershell",
}


WHOLE = "module.exports"
"""Under this name a module has what it is, where it is no object."""

PATH = 300


PARENTS = 2


_OF_SCRIPT = "<directory>/"
"""What `$(dirname "$0")/` is, most often: the folder of the script itself."""

_KNOWN_PLACES = (
    _OF_SCRIPT,
    "<GITHUB_WORKSPACE>/",
    "<github.workspace>/",
    "<GITHUB_ACTION_PATH>/",
    "<github.action_path>/",
    "<PWD>/",
    "<HOME>/",
)


class ScriptFiles:
    """Finds files, and the names that modules have once they have been run."""

    def __init__(self, trace: Following) -> None:
        self._trace = trace
        self._loaded: dict[str, Fields] = {}

    def text_of(self, name: str) -> tuple[str, str] | None:
        """The path and the text of a file of the repository, by any of the names it may have."""
        for path in self._candidates(name):
            text = self._trace.resolve(path)
            if text is not None:
                return (path, text) if self._trace.budget.file() else None
        return None

    def _candidates(self, name: str) -> list[str]:
        told = name.strip()
        near = posixpath.dirname(self._trace.path)
        places = [self._trace.shell.directory, "", near]
        if told.startswith(_OF_SCRIPT):
            places.insert(0, near)
        for place in _KNOWN_PLACES:
            if told.startswith(place):
                told = told.removeprefix(place)
                break
        else:
            if told.startswith("<") and ">/" in told:
                told = told.partition(">/")[2]
        if told.startswith("~") or "<" in told or "\n" in told or len(told) > PATH:
            return []
        found = [posixpath.normpath(posixpath.join(place, told)).lstrip("/") for place in places]
        return list(dict.fromkeys(one for one in found if not one.startswith("..")))

    def load(self, name: str) -> Fields | None:
        """The names that a module of the repository has, once it has been run."""
        is_python = self._trace.language == "python"
        place = next((one for one in _KNOWN_PLACES if name.startswith(one)), None)
        name = f"/{name.removeprefix(place)}" if place else name
        if not is_python and not name.startswith((".", "/", "@/", "~/")):
            return None
        found = next(
            (one for path in self._module_paths(name) if (one := self.text_of(path))), None
        )
        if found is None:
            if not is_python:
                self._trace.leave_unread(name)
            return None
        path, text = found
        if path in self._loaded:
            return self._loaded[path]
        made = self._loaded[path] = Fields({})
        language = EXTENSIONS.get(path.rpartition(".")[2], self._trace.language)
        exports: dict[str, Value] = {"exports": Fields({})}
        scope: dict[str, Value] = {"module": Fields(exports), "exports": exports["exports"]}
        self._trace.follow(Text((Lit(text, path, 1),)), language, scope, path)
        told = plain(exports["exports"])
        made.fields.update({k: v for k, v in scope.items() if k not in {"module", "exports"}})
        if isinstance(told, Fields):
            made.fields.update(told.fields)
        else:
            made.fields[WHOLE] = told
        made.fields.setdefault(
            "default", told if not isinstance(told, Fields) or told.fields else made
        )
        return made

    def _module_paths(self, name: str) -> list[str]:
        if self._trace.language == "python":
            dots = len(name) - len(name.lstrip("."))
            path = name.lstrip(".").replace(".", "/")
            return [] if not path or dots > PARENTS else [f"{path}.py", f"{path}/__init__.py"]
        near = posixpath.dirname(self._trace.path)
        base = posixpath.normpath(posixpath.join(near, re.sub(r"^[@~]/", "", name)))
        stems = [base, *(base.removesuffix(end) for end in (".js", ".mjs") if base.endswith(end))]
        ends = ("", ".js", ".mjs", ".cjs", ".ts", ".mts", "/index.js", "/index.ts")
        return [
            f"{stem}{end}"
            for stem in stems
            for end in ends
            if "." in posixpath.basename(f"{stem}{end}")
        ]
