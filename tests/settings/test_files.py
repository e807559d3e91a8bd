"""Which files are read: the nearest upwards inside one's own checkout, and those that are named."""

import os
from pathlib import Path

import pytest

from backup_doctor.settings import files
from backup_doctor.settings.load import Flags, SettingsError, load
from backup_doctor.settings.model import Settings
from tests.settings.conftest import Load


def at(cwd: Path, *named: str) -> Settings:
    return load(Flags(config=tuple(map(Path, named))), environ={}, cwd=cwd)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout below a folder with settings of its own; `a/b` is where one stands."""
    (tmp_path / "backup-doctor.toml").write_text('job = "outside"\n')
    root = tmp_path / "checkout"
    (root / ".git").mkdir(parents=True)
    (root / "a" / "b").mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("backup-doctor.toml", 'job = "nightly"\n'),
        (".env", "BACKUP_DOCTOR_JOB=nightly\n"),
        ("pyproject.toml", '[tool.backup-doctor]\njob = "nightly"\n'),
    ],
)
@pytest.mark.parametrize("folder", ["", "a", "a/b"])
def test_a_file_is_found_upwards_to_the_root_of_the_checkout(
    checkout: Path, folder: str, file: str, text: str
) -> None:
    (checkout / folder / file).write_text(text)

    assert at(checkout / "a" / "b").names.job == "nightly"


def test_a_file_above_the_checkout_is_nobodys(checkout: Path) -> None:
    assert at(checkout / "a" / "b").names.job is None


def test_outside_a_checkout_only_the_working_directory_is_looked_in(tmp_path: Path) -> None:
    (tmp_path / "backup-doctor.toml").write_text('job = "above"\n')
    (tmp_path / "below").mkdir()

    assert at(tmp_path / "below").names.job is None
    assert at(tmp_path).names.job == "above"


def test_a_worktree_whose_git_is_a_file_is_a_checkout(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "backup-doctor.toml").write_text('job = "nightly"\n')

    assert at(tmp_path / "below").names.job == "nightly"


def test_the_nearest_of_each_kind_counts_and_none_is_merged(checkout: Path) -> None:
    (checkout / "backup-doctor.toml").write_text('job = "far"\nbucket = "far-bucket"\n')
    (checkout / "a" / "pyproject.toml").write_text('[tool.backup-doctor]\njob = "near"\n')
    (checkout / ".env").write_text("BACKUP_PREFIX=from-env/\n")

    names = at(checkout / "a" / "b").names

    assert (names.job, names.bucket, names.prefix) == ("near", None, "from-env/")


def test_a_pyproject_of_something_else_hides_nothing(checkout: Path) -> None:
    (checkout / "backup-doctor.toml").write_text('job = "nightly"\n')
    (checkout / "a" / "pyproject.toml").write_text('[project]\nname = "backup-doctor-x"\n')

    assert at(checkout / "a").names.job == "nightly"


def test_a_file_found_above_is_named_as_one_would_from_here(checkout: Path) -> None:
    (checkout / "backup-doctor.toml").write_text('table = "ops.backups"\n')

    origin = at(checkout / "a" / "b").origins["table"]

    assert (origin.file, origin.found) == ("../../backup-doctor.toml", True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to somebody else")
def test_a_checkout_of_somebody_elses_around_ones_own_folder_is_not_read(checkout: Path) -> None:
    (checkout / "backup-doctor.toml").write_text('job = "planted"\n')
    os.chown(checkout, 12345, 12345)

    assert at(checkout / "a").names.job is None


def test_named_files_take_the_place_of_found_ones_of_their_kind(
    loaded: Load, tmp_path: Path
) -> None:
    (tmp_path / "ops.env").write_text("BACKUP_PREFIX=ops/\n")

    settings = loaded(
        dotenv="BACKUP_PREFIX=found/\nBACKUP_BUCKET=found-bucket\n",
        toml='job = "found"\n',
        flags=Flags(config=(Path("ops.env"),)),
    )

    assert settings.names.prefix == "ops/"
    assert settings.names.bucket is None
    assert settings.names.job == "found"
    assert not settings.origins["prefix"].found
    assert settings.origins["job"].found


def test_a_later_file_of_a_kind_comes_before_and_env_before_toml(tmp_path: Path) -> None:
    (tmp_path / "common.toml").write_text('job = "common"\nstep = "common"\nprefix = "common/"\n')
    (tmp_path / "prod.toml").write_text('job = "prod"\nprefix = "prod/"\n')
    (tmp_path / ".env.prod").write_text("BACKUP_PREFIX=env/\n")

    names = at(tmp_path, ".env.prod", "common.toml", "prod.toml").names

    assert (names.job, names.step, names.prefix) == ("prod", "common", "env/")


def test_every_setting_has_a_variable_of_its_own_in_env_too(loaded: Load) -> None:
    settings = loaded(
        {"BACKUP_DOCTOR_COLUMNS_S3_KEY": "file"},
        dotenv="BACKUP_DOCTOR_BUCKET=mine\nBACKUP_DOCTOR_WRITER_ROLE=backup_writer\n",
    )

    assert settings.names.column("s3_key") == "file"
    assert settings.names.bucket == "mine"
    assert settings.writer_role == "backup_writer"


@pytest.mark.parametrize("name", ["/dev/zero", "a-pipe", "a-folder", "long.toml", "binary.toml"])
@pytest.mark.parametrize("ending", ["", ".env"])
def test_what_is_no_file_of_text_is_one_clear_message(
    tmp_path: Path, name: str, ending: str
) -> None:
    os.mkfifo(tmp_path / "a-pipe")
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "long.toml").write_bytes(b"#" * (files.LIMIT + 1))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    named = tmp_path / f"link{ending}"
    named.symlink_to(tmp_path / name)

    with pytest.raises(SettingsError, match=r"cannot be read: .*\nExample: "):
        at(tmp_path, str(named))


@pytest.mark.parametrize("name", [".env", "backup-doctor.toml"])
def test_a_found_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)

    with pytest.raises(SettingsError, match="it is not a regular file"):
        at(tmp_path)


def test_a_virtual_environment_named_env_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    assert at(tmp_path).names.job is None
