"""A template of the user's own may be a stranger's: it prints a report, and reaches nothing else."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from backup_doctor.cli import output
from backup_doctor.cli.entry import run
from backup_doctor.report.render import Look
from tests.bundle import samples
from tests.cli.command import SECRET, doctor

if TYPE_CHECKING:
    from pathlib import Path

SAVED = ("--from-evidence", str(samples.STUCK), "--format", "markdown")
RUN = "touch reached; echo reached"
REACHING = {
    "an object's class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a global's globals": f"{{{{ lipsum.__globals__['os'].popen('{RUN}').read() }}}}",
    "a function's globals": f"{{{{ cycler.__init__.__globals__.os.popen('{RUN}').read() }}}}",
    "a filter for attributes": "{{ (''|attr('__class__')).__base__ }}",
    "a format string": "{{ '{0.__class__}'.format(report) }}",
    "a mapped format string": "{{ '{x.__class__}'.format_map({'x': report}) }}",
    "a filter that maps": "{{ ([report]|map(attribute='__class__')|first).mro }}",
    "the report's own class": "{{ report.__class__.__init__.__globals__ }}",
    "a method's globals": "{{ view.__init__.__globals__ }}",
    "a change of what it is given": "{{ config.update(x=1) if config else [].append(1) }}",
    "a file by its path": "{% include '/etc/hostname' %}",
    "a file above": "{% include '../secret.txt' %}",
    "a file behind a link": "{% include 'link.txt' %}",
    "a folder behind a link": "{% include 'folder/secret.txt' %}",
    "itself, without end": "{% include 'report.md.j2' %}",
    "a file without end": "{% include 'endless.txt' %}",
}


@pytest.mark.parametrize("template", REACHING.values(), ids=REACHING.keys())
def test_it_reaches_for_more_in_vain(
    template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("top secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "folder").symlink_to(tmp_path, target_is_directory=True)
    (folder / "endless.txt").symlink_to("/dev/zero")
    (folder / "report.md.j2").write_text("STOLEN " + template)

    code = run([*SAVED, "--template-dir", "templates", "--report", "r.md"])

    printed = capsys.readouterr()
    text = printed.out + (tmp_path / "r.md").read_text()
    assert code == 4
    assert printed.err.count("A template in templates failed") == 2
    assert "function/not-deployed" in text
    assert "STOLEN" not in text
    assert "top secret" not in text + printed.err
    assert not (tmp_path / "reached").exists()


def test_a_pipe_in_a_templates_place_is_no_template(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.md.j2")

    done = doctor("--dispatch-id", "d", "--template-dir", ".", case="stuck", cwd=tmp_path)

    assert done.returncode == 1
    assert "FAILING" in done.stdout


def test_one_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "TEMPLATE_LIMIT_S", 0.01)

    def fill(look: Look) -> str:
        if look.template_dir is not None:
            time.sleep(1)
        return "built in"

    assert output.by_template(Look(template_dir=tmp_path), fill) == ("built in", False)
    assert "it took longer than 0.01 s" in capsys.readouterr().err


def test_what_a_template_says_for_itself_is_free_of_secrets_too(tmp_path: Path) -> None:
    (tmp_path / "report.md.j2").write_text(f"key {SECRET}\n")

    done = doctor("--dispatch-id", "d", "--template-dir", ".", case="stuck", cwd=tmp_path)

    assert SECRET not in done.stdout
    assert "redacted:" in done.stdout
