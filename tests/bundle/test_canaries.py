"""Secrets in everything that was seen, in every way of writing: none in a bundle, a report, a message."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from backup_doctor.base.redaction import Redactor
from backup_doctor.cli import stderr
from backup_doctor.evidence.row import RowEvidence
from backup_doctor.judge.registry import load_checks
from backup_doctor.report.compose import write
from backup_doctor.report.render import Format, Look, render
from backup_doctor.run.bundle.replay import replay
from backup_doctor.run.bundle.writing import encoded
from tests.bundle import samples
from tests.canaries import cuts, leaks, ways_of_writing

if TYPE_CHECKING:
    from backup_doctor.run.bundle.model import Bundle

SECRETS = (
    "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    "c4nary & key: \"7Qx\" / 'zebra' 100%",
    "wJq7rXUtnFEMI/K7MDENG+bPxRfiCY0aZ4hT9sLe",
)
# Of these, what is shown of the text is not all that the service said.
LONG_ENOUGH = 24


def sentences() -> list[str]:
    """Lines in which a tool would tell a secret, in every way."""
    return [
        f"the key {written} was refused"
        for secret in SECRETS
        for written in (*ways_of_writing(secret).values(), *cuts(secret))
    ]


class Planting(Redactor):
    """Puts secrets into texts where a redactor takes them out."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = cycle(sentences())

    def text(self, text: str) -> str:
        """The text, and one secret more if it is long enough to be one that is quoted."""
        return text if len(text) < LONG_ENOUGH else f"{text} {next(self._lines)}"


@pytest.fixture(scope="module")
def telling() -> Bundle:
    """A bundle that is full of secrets, and has each sentence at least once."""
    bundle = samples.stuck()
    case, planting = bundle.collected.case, Planting()
    row = case.evidence["row"]
    assert isinstance(row, RowEvidence)
    assert isinstance(row.rows, tuple)
    first = structs.replace(
        row.rows[0],
        error_text="\n".join(sentences()),
        values={**row.rows[0].values, "note": [*sentences()]},
    )
    evidence = {name: planting.value(one) for name, one in case.evidence.items()}
    evidence["row"] = structs.replace(row, rows=(first,))
    return structs.replace(
        bundle,
        collected=structs.replace(bundle.collected, case=structs.replace(case, evidence=evidence)),
    )


def test_none_is_in_the_bundle(telling: Bundle) -> None:
    before = encoded(telling).decode()
    clean = structs.replace(telling, collected=telling.collected.redacted(Redactor(SECRETS)))

    saved = encoded(clean).decode()

    assert {secret for secret in SECRETS if leaks(before, [secret])} == set(SECRETS)
    assert leaks(saved, SECRETS) == set()


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("when", ["collected", "printed"])
def test_none_is_in_a_report(telling: Bundle, form: Format, when: str) -> None:
    """Redacted when it was collected, as always, or only on its way out, as for a plugin's finding."""
    redactor = Redactor(SECRETS)
    collected = telling.collected.redacted(redactor if when == "collected" else Redactor())

    report = write(collected, load_checks())
    text = render(report, form, redactor, Look(verbose=True))

    assert leaks(text, SECRETS) == set()
    if when == "printed" and form is not Format.GITHUB:  # else there was nothing to be taken out
        assert leaks(render(report, form, Redactor(), Look(verbose=True)), SECRETS[1:2])


def test_none_is_in_what_a_bundle_is_judged_to(telling: Bundle) -> None:
    clean = structs.replace(telling, collected=telling.collected.redacted(Redactor(SECRETS)))

    text = render(replay(clean, load_checks()), Format.MARKDOWN, Redactor(), Look(verbose=True))

    assert leaks(text, SECRETS) == set()


def test_none_is_in_a_message_or_a_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stderr, "_in_use", [Redactor(SECRETS)])

    for sentence in sentences():
        stderr.tell(sentence)
        try:
            refuse(sentence)
        except ValueError:
            stderr.show_traceback()

    said = capsys.readouterr().err
    assert said.count("was refused") == 2 * len(sentences())
    assert leaks(said, SECRETS) == set()


def refuse(sentence: str) -> None:
    """Fail with a message that tells a secret."""
    raise ValueError(sentence)
