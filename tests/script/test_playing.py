"""Scripts that really run: no line is given to a call that it is not of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backup_doctor.collect.script.reading import read
from tests.script import playing
from tests.script.samples import SAMPLES, Sample
from tests.script.service import Script, Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAYED = [sample for sample in SAMPLES if sample.plays]
KINDS = ("look-up", "function", "table-update", "rpc", "upsert", "marks-failed", "verification")


# One each: what a script of an earlier scene asks late is not of this one.
@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as started:
        yield started


def scenarios(sample: Sample) -> Iterator[tuple[str, Script]]:
    """All is well; each kind of call refused, or not answered; all refused; no row."""
    kinds = [kind for kind in KINDS if any(call.startswith(f"{kind} ") for call in sample.calls)]
    yield "healthy", Script()
    for kind in kinds:
        yield f"{kind} refused", Script(refused=frozenset({kind}))
        yield f"{kind} silent", Script(silent=frozenset({kind}))
    changing = frozenset(kinds) - {"look-up"}
    yield "all refused", Script(refused=changing)
    yield "all silent", Script(silent=changing)
    yield "no row", Script(empty=True)


USUAL = ("healthy", "all refused", "all silent")
CASES = [
    pytest.param(
        sample,
        scene,
        id=f"{sample.name}: {name}",
        marks=() if name in USUAL else pytest.mark.exhaustive,
    )
    for sample in PLAYED
    for name, scene in scenarios(sample)
]


@pytest.mark.parametrize(("sample", "scene"), CASES)
def test_what_a_script_printed_is_given_to_the_call_that_it_is_of(
    sample: Sample, scene: Script, service: Service, tmp_path: Path
) -> None:
    service.script = scene
    script = read(sample.text, sample.language)
    assert script is not None

    work, temporary = tmp_path / "work", tmp_path / "temp"
    work.mkdir()
    temporary.mkdir()
    lines = playing.run(sample.language, sample.text, work, environment(service, temporary))
    played = playing.played(script, lines, scene.served)

    assert bool(scene.served) is sample.calls_made
    assert list(playing.wrong(played)) == []
    assert list(playing.missed(played)) == []


def environment(service: Service, temporary: Path) -> dict[str, str]:
    return {
        "SUPABASE_URL": service.url,
        "SUPABASE_SERVICE_ROLE_KEY": "service-key",
        "BACKUP_API_KEY": "function-key",
        "BACKUP_SIGNING_SECRET": "signing-secret",
        "DISPATCH_ID": "d2f7c1aa-52a4-4c53-8f0e-4b2f6b0d8f6e",
        "S3_KEY": "backups/2031/01/02/backup.zip",
        "BACKUP_SIZE": "1048576",
        "RUNNER_TEMP": str(temporary),
    }
