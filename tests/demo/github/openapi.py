"""GitHub's own description of its API, and a validator that is stricter than it.

The description is OpenAPI 3.0, a dialect of JSON Schema draft 4: `nullable` is read here. It allows
fields that it does not name; this validator does not, so that the stand-in invents none.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, ValidationError, validators
from jsonschema.protocols import Validator

DESCRIPTIONS = (
    Path(__file__).parents[2] / "real_clients" / "node_modules" / "@octokit/openapi" / "generated"
)
GITHUB_COM = "api.github.com.json"
ENTERPRISE = "ghes-3.19.json"

Schema = dict[str, Any]
Errors = Iterator[ValidationError]
Keyword = Callable[[Validator, object, object, Schema], Errors]


@cache
def description(product: str = GITHUB_COM) -> Schema:
    """Read the description of github.com or of an Enterprise Server."""
    parsed: Schema = json.loads((DESCRIPTIONS / product).read_text())
    return parsed


def operation(path: str, *, product: str = GITHUB_COM, method: str = "get") -> Schema:
    """Look up what is said of one method of one path, as the description spells it."""
    found: Schema = description(product)["paths"][path][method]
    return found


def success(described: Schema) -> Schema:
    """The schema of an operation's body under status 200."""
    found: Schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    return found


def problems(body: object, schema: Schema, product: str = GITHUB_COM) -> list[str]:
    """Say what in a body breaks the schema, whose references lead into the description."""
    whole = {**schema, "components": description(product)["components"]}
    validator = Strict(whole, format_checker=Draft4Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def nullable(keyword: str) -> Keyword:
    """Read a keyword as draft 4 does, except that `nullable` lets null pass."""
    plain = Draft4Validator.VALIDATORS[keyword]

    def check(validator: Validator, value: object, instance: object, schema: Schema) -> Errors:
        if instance is None and schema.get("nullable"):
            return
        yield from plain(validator, value, instance, schema)

    return check


def only_named(validator: Validator, value: Schema, instance: object, schema: Schema) -> Errors:
    """Check the properties, and that there are no others."""
    yield from Draft4Validator.VALIDATORS["properties"](validator, value, instance, schema)
    if isinstance(instance, dict) and instance.keys() - value.keys():
        yield ValidationError(f"not described: {instance.keys() - value.keys()}")


# The stubs of jsonschema leave this function untyped.
Strict = validators.extend(  # type: ignore[no-untyped-call]
    Draft4Validator,
    {"type": nullable("type"), "enum": nullable("enum"), "properties": only_named},
)
