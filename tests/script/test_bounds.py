"""Scripts that are no scripts: bounded time, no crash, and what could be read is handed out."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backup_doctor.collect.script.attribution import attribute
from backup_doctor.collect.script.parser import client, missing
from backup_doctor.collect.script.parser.process import ParseRequest
from backup_doctor.collect.script.reading import Surroundings, read
from backup_doctor.collect.script.workflow import read_workflow
from tests.script.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.slow

SIZE = 1_000_000
LANGUAGES = ("bash", "javascript", "typescript", "python", "powershell")
# Some 0.7 s on a quiet machine; a busy one takes three times as long. What is not bounded takes minutes.
SECONDS = 5
HOSTILE = {
    "letters": "a" * SIZE,
    "parentheses": "(" * SIZE,
    "braces": "{" * SIZE,
    "quotes": '"$(' * (SIZE // 3),
    "backticks": "`" * SIZE,
    "expansions": "${a:-" * (SIZE // 5),
    "here-documents": "cat <<EOF\n" * (SIZE // 10),
    "lines": 'echo "hello $X" && curl -s "$U" || exit 1\n' * (SIZE // 40),
    "sums": "a+" * (SIZE // 2),
    "calls": "f(" * (SIZE // 2),
    "chains": "x" + ".a(1)" * (SIZE // 5),
    "doubling": "A=x\n" + 'A="$A$A"\necho "value of $A"\n' * 3_000,
    "forks": "X=a\n" + 'if [ "$S" = 1 ]; then X="$X b"; else X="$X c"; fi; echo "is $X"\n' * 3_000,
    "functions": "".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n" for i in range(80)) + "f0\n",
    "recursion": "f() { f; f; echo deep in f; }\nf\n",
    "holes": "${{ a }}" * (SIZE // 8),
    "placeholders": "echo zqh0qz zqh1qz zqh99qz\n" * (SIZE // 30),
    "zeros": "\x00" * SIZE,
}


# Those that cost most.
COSTLY = {
    ("lines", "bash"),
    ("doubling", "bash"),
    ("forks", "bash"),
    ("functions", "bash"),
    ("recursion", "bash"),
    ("quotes", "javascript"),
    ("expansions", "javascript"),
    ("sums", "typescript"),
    ("backticks", "python"),
    ("lines", "powershell"),
}


@pytest.fixture(scope="module", autouse=True)
def _grammars_are_there() -> None:
    for language in LANGUAGES:
        read("x", language)


CASES = [
    pytest.param(
        kind,
        language,
        id=f"{kind} as {language}",
        marks=() if (kind, language) in COSTLY else pytest.mark.exhaustive,
    )
    for kind in HOSTILE
    for language in LANGUAGES
]


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_a_hostile_script_of_a_megabyte_is_read_in_bounded_time(kind: str, language: str) -> None:
    start = time.thread_time()
    found = read(HOSTILE[kind], language)

    assert time.thread_time() - start < SECONDS
    assert found is not None


def test_what_was_cut_off_is_said() -> None:
    found = read('echo "the first line"\n' + "echo more of it\n" * 100_000)

    assert found is not None
    assert found.partial
    assert found.prints[0].pattern == ("the first line",)


def test_of_a_script_of_too_many_nodes_the_first_statements_are_read() -> None:
    long = "f() {\n" + '  echo "$A" "$B" "$C"\n' * 9_000 + "}\n"

    found = read(f"echo first\n{long}f\n")

    assert found is not None
    assert [one.pattern for one in found.prints] == [("first",)]
    assert found.partial


def test_what_stands_before_and_behind_a_syntax_error_is_read() -> None:
    found = read('echo "before the error"\nif ( then ;; fi }\necho "behind the error"\n')

    assert found is not None
    assert ("before the error",) in [one.pattern for one in found.prints]


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a" * 5_000, "x\ny", "$(id)", "~/x", "http://x/y"]
)
def test_only_paths_of_the_repository_are_asked_for(name: str) -> None:
    asked: list[str] = []

    def resolve(path: str) -> None:
        asked.append(path)

    read(f"bash '{name}'\nsource '{name}'\nnode '{name}'", "bash", Surroundings(resolve=resolve))
    read(
        f"require('./{name}')" if "\n" not in name else "",
        "javascript",
        Surroundings(resolve=resolve),
    )

    assert [path for path in asked if path.startswith(("/", "..")) or "\n" in path] == []


def test_several_logs_are_read_at_once() -> None:
    script = "\n".join(
        f"echo 'line {number}' | tee -a log && curl -f https://x" for number in range(400)
    )

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read(script, "bash"), range(24)))

    assert all(one is not None and one.prints for one in found)


@pytest.fixture
def grammar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts another grammar of bash before the real one, for a parser that has yet to start."""
    own = client._Parser()
    monkeypatch.setattr(client, "_PARSER", own)
    monkeypatch.syspath_prepend(tmp_path)

    def put(text: str) -> None:
        (tmp_path / "tree_sitter_bash.py").write_text(text)

    yield put
    own.close()


def test_without_a_grammar_nothing_is_read(grammar: Callable[[str], None]) -> None:
    grammar("raise ImportError('not here')")

    assert read("echo hello") is None
    assert missing("bash") == "tree_sitter_bash: not here"
    assert missing("python") is None


@pytest.mark.parametrize(
    "end",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "b'x' * 4 * 1024**3",
        "import time; time.sleep(60)",
    ],
    ids=["crashes", "takes all memory", "hangs"],
)
def test_a_script_that_is_the_parsers_end_costs_that_script_alone(
    end: str, grammar: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", 3.0)
    grammar(end)

    found, other = read("echo hello"), read("print('hello')", "python")

    assert found is not None
    assert (found.prints, found.partial) == ((), True)
    assert other is not None
    assert (len(other.prints), other.partial) == (1, False)


def test_the_end_of_the_doctor_does_not_wait_for_a_parser_that_hangs(
    grammar: Callable[[str], None],
) -> None:
    grammar("import time; time.sleep(60)")
    own = client._PARSER
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(read, "echo hello")
        while own._process is None:
            time.sleep(0.01)
        started = time.monotonic()
        own.close()
        took = time.monotonic() - started
        found = asked.result()

    assert took < client.PATIENCE_S / 2
    assert found is not None
    assert found.partial


def test_a_parser_that_ends_with_every_script_is_not_started_for_ever(
    grammar: Callable[[str], None],
) -> None:
    grammar("import os; os._exit(1)")

    found = [read("echo hello") for _ in range(client.MOST_ENDS + 1)]

    assert [one is None for one in found] == [False] * client.MOST_ENDS + [True]
    assert missing("python") == "the parser ended too often, or cannot be started"


def test_the_parser_knows_no_secret_and_ends_with_the_doctor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUPABASE_SERVICE_ROLE_KEY", "secret-of-the-environment")
    own = client._Parser()

    own.ask(ParseRequest(language="bash", text="echo", seconds=1.0))
    running = own._process
    assert running is not None
    environment = Path(f"/proc/{running.pid}/environ")
    seen = environment.read_bytes() if environment.exists() else b""
    own.close()

    assert b"secret-of-the-environment" not in seen
    assert running.poll() is not None


def test_nothing_of_tree_sitter_is_in_the_doctors_own_process() -> None:
    code = "import sys, backup_doctor.collect.script as script; script.read('echo hello');"
    shown = f"{code} print('tree_sitter' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([sample.name for sample in SAMPLES]),
    st.integers(0, 3_000),
    st.integers(0, 200),
    st.text(max_size=20),
)
def test_no_change_to_a_script_makes_reading_fail(
    name: str, at: int, length: int, put: str
) -> None:
    sample = next(one for one in SAMPLES if one.name == name)
    text = sample.text[:at] + put + sample.text[at + length :]

    found = read(text, sample.language)

    assert found is not None
    attribute(text.splitlines()[:40], found)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.sampled_from(LANGUAGES))
def test_no_text_makes_reading_fail(text: str, language: str) -> None:
    assert read(text, language) is not None


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_reading_a_workflow_fail(text: str) -> None:
    read_workflow(text, lambda _: None)
    read_workflow(f"jobs:\n  a:\n    steps:\n      - run: {text!r}\n", lambda _: None)
