"""One way to load settings in a test: from an environment and files in a folder of its own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from backup_doctor.settings.load import Flags, load
from backup_doctor.settings.model import Settings

Load = Callable[..., Settings]


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    def load_from(
        environ: Mapping[str, str] | None = None,
        *,
        dotenv: str | None = None,
        toml: str | None = None,
        pyproject: str | None = None,
        flags: Flags | None = None,
    ) -> Settings:
        files = {".env": dotenv, "backup-doctor.toml": toml, "pyproject.toml": pyproject}
        for name, text in files.items():
            if text is not None:
                (tmp_path / name).write_text(text)
        return load(flags or Flags(), environ=environ or {}, cwd=tmp_path)

    return load_from
