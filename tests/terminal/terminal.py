"""One world's terminal: what is typed there is executed as it stands."""

from __future__ import annotations

import secrets
import subprocess
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from backup_doctor.demo.github.server import GitHub
from backup_doctor.demo.github.state import Token
from backup_doctor.demo.supabase.management import AccessToken
from tests.terminal import authority
from tests.terminal.programs import install

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backup_doctor.demo.github.state import Run
    from backup_doctor.demo.storage import Credentials
    from backup_doctor.demo.world import World

TIMEOUT_S: Final = 120
KEYS: Final = ("BACKUP_API_KEY", "SUPABASE_SERVICE_ROLE_KEY")
NOWHERE: Final = "http://127.0.0.1:1"
SCOPES: Final = ("actions", "actions_variables", "checks", "contents", "environments", "secrets")
READS_SUPABASE: Final = frozenset(
    {
        "analytics_logs_read",
        "api_gateway_keys_read",
        "database_read",
        "edge_functions_read",
        "edge_functions_secrets_read",
        "project_admin_read",
    }
)


class Login(Enum):
    """Who is logged in: one who may look, or one who may change things as well."""

    READER = "read"
    MAINTAINER = "write"


@dataclass(frozen=True)
class Ended:
    """What became of a command."""

    code: int
    output: str
    errors: str

    @property
    def said(self) -> str:
        """All that it printed."""
        return f"{self.output}{self.errors}".strip()

    @property
    def reason(self) -> str:
        """What it printed last but for the help that some programs append: why it failed."""
        return "\n".join(self.errors.strip().partition("\nUsage:")[0].splitlines()[-3:])


class Terminal:
    """Runs commands in a checkout of the world's repository, and counts the programs that ran.

    `gh` speaks to the world's repository on a GitHub Enterprise Server, for it takes no other host; it
    is logged in to github.com too, so that a command has to name the host that it is about;
    the Supabase CLI to the world's Management API; neither they nor `aws` reach anything outside. Of
    the doctor's settings, a reader has the keys that no command may show; a maintainer has none.
    """

    def __init__(self, world: World, answers: Mapping[str, str] | None = None) -> None:
        """`answers`: the values that the person at the terminal knows, by the name asked for."""
        self._world = world
        self._root = world.directory / f"terminal-{secrets.token_hex(4)}"
        self._root.mkdir()
        (self._root / "home").mkdir()
        (self._root / "temporary").mkdir()
        self._log = self._root / "log"
        self._log.touch()
        install(self._root / "bin")
        authority.write(self._root / "ca.pem")
        self._write_profile()
        self._write_answers(answers or {})
        self._queued: list[Run] = []
        self._github = GitHub(
            world.repository,
            [],
            base_path="/api/v3",
            on_rerun=self._queued.append,
            tls=authority.server(),
        )
        self.host = urlsplit(self._github.url).netloc
        self._environments = {login: self._environment(login) for login in Login}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._github.close()

    @property
    def used(self) -> Counter[str]:
        """How often each program ran; of those that do many things, each thing: `gh secret set`."""
        ran = (line.split() for line in self._log.read_text().splitlines())
        # `gh api ADDRESS` is one thing, whatever the address.
        return Counter(" ".join(word for word in words if "/" not in word) for words in ran)

    def shell(self, command: str, login: Login = Login.MAINTAINER) -> Ended:
        """Run shell commands as they stand; the first that fails, or wants a value, ends them."""
        ended = self._run(["/bin/bash", "-euo", "pipefail", "-c", command], login)
        while self._queued:
            self._world.carry_out(self._queued.pop(0))
        return ended

    def sql(self, statements: str, login: Login = Login.MAINTAINER) -> Ended:
        """Paste SQL into psql, which stops at the first error; a reader's session only reads."""
        psql = [str(self._root / "bin/psql"), self._world.owner_uri, "-X", "-q", "-f", "-"]
        return self._run([*psql, "-v", "ON_ERROR_STOP=1"], login, statements)

    def _run(self, command: list[str], login: Login, typed: str | None = None) -> Ended:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL if typed is None else None,
            input=typed,
            cwd=self._world.checkout,
            env=self._environments[login],
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def _environment(self, login: Login) -> dict[str, str]:
        world, reads = self._world, login is Login.READER
        aws = world.bucket.doctor if reads else world.servers.storage.administrator
        return {
            "PATH": str(self._root / "bin"),
            "HOME": str(self._root / "home"),
            # `gh` keeps logs there, and would find every other world's of a run with this number.
            "TMPDIR": str(self._root / "temporary"),
            "LANG": "C.UTF-8",
            "TERMINAL_LOG": str(self._log),
            "TERMINAL_ANSWERS": str(self._root / "answers"),
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": "127.0.0.1,localhost",
            "GH_CONFIG_DIR": str(self._log_in_to_github(login)),
            "GH_NO_UPDATE_NOTIFIER": "1",
            "SSL_CERT_FILE": str(self._root / "ca.pem"),
            "SUPABASE_ACCESS_TOKEN": self._supabase_token(login),
            "SUPABASE_PROFILE": str(self._root / "profile.yaml"),
            "SUPABASE_TELEMETRY_DISABLED": "1",
            **_aws(aws, world.bucket.region),
            **(self._of_a_reader() if reads else {}),
        }

    def _of_a_reader(self) -> dict[str, str]:
        settings = self._world.environment()
        return {
            "PGOPTIONS": "-c default_transaction_read_only=on",
            **{name: settings[name] for name in KEYS},
        }

    def _log_in_to_github(self, login: Login) -> Path:
        # As `gh auth login` does: a token in the environment would be sent to the logs' host as well.
        permissions = frozenset(f"{scope}:{login.value}" for scope in SCOPES)
        token = Token(f"github_pat_{secrets.token_hex(20)}", permissions, "pat")
        self._github.tokens.append(token)
        folder = self._root / f"gh-{login.value}"
        folder.mkdir()
        (folder / "hosts.yml").write_text(
            "github.com:\n    user: octocat\n    oauth_token: ghp_none\n"
            f'"{self.host}":\n    user: octocat\n    oauth_token: {token.value}\n'
        )
        return folder

    def _supabase_token(self, login: Login) -> str:
        allowed = READS_SUPABASE if login is Login.READER else None
        token = AccessToken(f"sbp_{secrets.token_hex(20)}", allowed)
        self._world.management.tokens.append(token)
        return token.value

    def _write_profile(self) -> None:
        url = self._world.management.url
        (self._root / "profile.yaml").write_text(
            f"name: demo\napi_url: {url}\ndashboard_url: {url}\ndocs_url: {url}\n"
            "project_host: supabase.co\n"
        )

    def _write_answers(self, answers: Mapping[str, str]) -> None:
        folder = self._root / "answers"
        folder.mkdir()
        for name, value in answers.items():
            (folder / name).write_text(value)


def _aws(user: Credentials, region: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": user.access_key_id,
        "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
        "AWS_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": NOWHERE,  # a command for an endpoint of its own has to name it
        "AWS_MAX_ATTEMPTS": "1",
    }
