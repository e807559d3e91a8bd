"""What the pipeline needs a secret for, as the name of a secret or variable tells."""

from __future__ import annotations

import re
from enum import StrEnum


class Use(StrEnum):
    """What the pipeline needs a secret for. The values are the settings' names."""

    SERVICE_KEY = "service_key"
    URL = "supabase_url"
    FUNCTION_KEY = "function_key"
    DATABASE_URL = "database_url"
    ACCESS_KEY_ID = "access_key_id"
    SECRET_ACCESS_KEY = "secret_access_key"  # noqa: S105 -- names a use, holds no secret

    @property
    def setting(self) -> str:
        """The setting that tells the secret's name."""
        return f"secrets.{_SETTINGS.get(self, self)}"

    @property
    def words(self) -> str:
        """The use as a person calls it."""
        return _WORDS[self]


_WORDS = {
    Use.SERVICE_KEY: "the service-role key",
    Use.URL: "the Supabase URL",
    Use.FUNCTION_KEY: "the function key",
    Use.DATABASE_URL: "the database URL",
    Use.ACCESS_KEY_ID: "the AWS access key id",
    Use.SECRET_ACCESS_KEY: "the AWS secret access key",
}
_SETTINGS = {
    Use.SERVICE_KEY: "service_role_key",
    Use.FUNCTION_KEY: "backup_api_key",
    Use.ACCESS_KEY_ID: "aws_access_key_id",
    Use.SECRET_ACCESS_KEY: "aws_secret_access_key",
}
UPLOAD_KEYS = (Use.ACCESS_KEY_ID, Use.SECRET_ACCESS_KEY)
# The names that the guide and its like use for one thing; the guide's own first.
GUIDES_NAMES: dict[Use, tuple[str, ...]] = {
    Use.SERVICE_KEY: ("VITE_SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_SERVICE_ROLE_KEY"),
    Use.URL: ("VITE_SUPABASE_URL", "SUPABASE_URL"),
    Use.FUNCTION_KEY: ("BACKUP_API_KEY",),
}
# S3_KEY is the object's, as the guide has it.
_STORE = r"(?:^|_)(?:S3|AWS|R2|B2|MINIO|SPACES|WASABI)_"
_OF_USE: tuple[tuple[Use, re.Pattern[str]], ...] = (
    # Supabase calls the database's address the connection string, or its URI.
    (
        Use.DATABASE_URL,
        re.compile(r"(?:DATABASE|DB|POSTGRES|PG)\w*(?:URL|URI|DSN)$|SUPABASE\w*_(?:URI|DSN)$"),
    ),
    (Use.URL, re.compile(r"SUPABASE\w*_URL$")),
    (
        Use.SECRET_ACCESS_KEY,
        re.compile(rf"SECRET_ACCESS_KEY$|{_STORE}(?:SECRET(?:_KEY)?|APP(?:LICATION)?_KEY)$"),
    ),
    (
        Use.ACCESS_KEY_ID,
        re.compile(
            rf"ACCESS_KEY_ID$|{_STORE}(?:ACCESS_KEY|(?:APP(?:LICATION)?_)?KEY_ID)$|(?:^|_)AWS_KEY$"
        ),
    ),
    (
        Use.SERVICE_KEY,
        re.compile(
            r"SERVICE_?ROLE(?:_?KEY)?$|SUPABASE_(?:SERVICE|SECRET|ADMIN)?_?KEY$|SERVICE_KEY$"
        ),
    ),
    (
        Use.FUNCTION_KEY,
        re.compile(r"(?:BACKUP|FUNCTION|EDGE)\w*(?:API_?KEY|FUNCTION_KEY|_KEY|_SECRET|_TOKEN)$"),
    ),
)
PUBLIC_KEY = re.compile(r"ANON|PUBLISHABLE", re.IGNORECASE)
_NO_FUNCTION_KEY = re.compile(r"ENCRYPT|GPG|PGP|S3|AWS|R2|STORAGE|OBJECT|SIGNING_CERT")


def use_of(name: str) -> Use | None:
    """What a secret or variable of that name is for; None where the name does not tell."""
    upper = name.upper()
    use = next((use for use, pattern in _OF_USE if pattern.search(upper)), None)
    if use is Use.FUNCTION_KEY and _NO_FUNCTION_KEY.search(upper):
        return None
    return use
