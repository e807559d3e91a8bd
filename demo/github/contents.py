"""Endpoints: the repository itself, its files, its secrets, variables and environments."""

from urllib.parse import unquote

from flask import Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from backup_doctor.demo.github import resources
from backup_doctor.demo.github.endpoint import Audience, endpoint
from backup_doctor.demo.github.listing import listing
from backup_doctor.demo.github.repositories import full_repository
from backup_doctor.demo.github.resources import Json
from backup_doctor.demo.github.service import Refusal, not_found, service

SECRET_DOCS = "actions/secrets"  # noqa: S105 - a page of the manual
CONTENT_DOCS = "repos/contents#get-repository-content"


@endpoint("", needs="metadata:read", docs="repos/repos#get-a-repository")
def repository() -> Json:
    """Show the repository."""
    return full_repository(service().links, service().repository)


@endpoint(
    "/actions/secrets",
    needs="secrets:read",
    docs=f"{SECRET_DOCS}#list-repository-secrets",
    audience=Audience.PERMITTED,
)
def secrets() -> Response:
    """List the names of the repository's secrets."""
    return listing("secrets", service().repository.secrets, resources.secret)


@endpoint(
    "/actions/organization-secrets",
    needs="secrets:read",
    docs=f"{SECRET_DOCS}#list-repository-organization-secrets",
    audience=Audience.PERMITTED,
)
def organization_secrets() -> Response:
    """List the names of the organization's secrets that the repository may use."""
    return listing("secrets", service().repository.organization_secrets, resources.secret)


@endpoint("/environments", needs="actions:read", docs="deployments/environments#list-environments")
def environments() -> Response:
    """List the deployment environments."""
    numbered = list(enumerate(service().repository.environments, start=1))
    return listing(
        "environments",
        numbered,
        lambda item: resources.environment(service().links, name=item[1], number=item[0]),
    )


@endpoint(
    "/environments/<path:environment>/secrets",
    needs="environments:read",
    docs=f"{SECRET_DOCS}#list-environment-secrets",
    audience=Audience.PERMITTED,
)
def environment_secrets(environment: str) -> Response:
    """List the names of an environment's secrets; a slash in its name must come as `%2F`."""
    segment = request.environ["RAW_URI"].partition("?")[0].split("/")[-2]
    known = service().repository.environments
    if unquote(segment) != environment or environment not in known:
        raise not_found()
    return listing("secrets", known[environment], resources.secret)


@endpoint(
    "/actions/variables",
    needs="actions_variables:read",
    docs="actions/variables#list-repository-variables",
    audience=Audience.PERMITTED,
)
def variables() -> Response:
    """List the variables, values and all."""
    return listing(
        "variables",
        list(service().repository.variables.items()),
        lambda item: resources.variable(*item),
    )


@endpoint("/contents", needs="contents:read", docs=CONTENT_DOCS)
def root() -> ResponseReturnValue:
    """List the files at the root."""
    return contents("")


@endpoint("/contents/<path:path>", needs="contents:read", docs=CONTENT_DOCS)
def contents(path: str) -> ResponseReturnValue:
    """Show a file, as JSON or raw, or list a directory."""
    if g.elsewhere is not None:
        if path not in g.elsewhere:
            raise not_found()
        return Response(g.elsewhere[path], mimetype="application/vnd.github.raw+json")
    ref = request.args.get("ref") or service().repository.default_branch
    if ref not in known_refs():
        raise Refusal(404, f"No commit found for the ref {ref}")
    links, files = service().links, service().repository.files
    if path in files:
        if wants_raw():
            return Response(files[path], mimetype="application/vnd.github.raw+json")
        return resources.file(links, ref, path, files[path])
    listed = resources.directory(links, ref, path, files)
    if not listed:
        raise not_found()
    return jsonify(listed)


def known_refs() -> frozenset[str]:
    """Every branch and commit that is known from somewhere."""
    known = service().repository
    return frozenset(
        [known.default_branch]
        + [run.head_branch for run in known.runs]
        + [run.head_sha for run in known.runs]
    )


def wants_raw() -> bool:
    """Tell whether the caller accepts the file itself, in any of GitHub's three spellings."""
    accepted = request.headers.get("Accept", "")
    names = ("vnd.github.raw+json", "vnd.github.raw", "vnd.github.v3.raw")
    return any(
        media_type.strip() in {f"application/{n}" for n in names}
        for media_type in accepted.split(",")
    )
