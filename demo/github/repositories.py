"""A repository and its owner as GitHub's REST API shows them."""

from typing import Any

from backup_doctor.demo.github.links import Links, timestamp
from backup_doctor.demo.github.state import EPOCH, Repository

REPOSITORY_ID = 1296269
OWNER_ID = 583231

USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
COUNTS = [
    "size",
    "forks_count",
    "stargazers_count",
    "watchers_count",
    "open_issues_count",
    "forks",
    "open_issues",
    "watchers",
    "network_count",
    "subscribers_count",
]
SWITCHES = [
    "has_issues",
    "has_projects",
    "has_wiki",
    "has_pages",
    "has_discussions",
    "archived",
    "disabled",
    "is_template",
]


def user(links: Links, login: str, user_id: int = OWNER_ID) -> dict[str, Any]:
    """Schema `simple-user`."""
    url = f"{links.api}/users/{login}"
    return {
        "login": login,
        "id": user_id,
        "node_id": f"U_{user_id}",
        "avatar_url": f"{links.web}/avatars/u/{user_id}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{links.web}/{login}",
        **{name: url + path for name, path in USER_URLS.items()},
        "type": "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def minimal_repository(links: Links, repository: Repository) -> dict[str, Any]:
    """Schema `minimal-repository`: a repository as other resources embed it."""
    owner, name = repository.full_name.split("/")
    return {
        "id": REPOSITORY_ID,
        "node_id": f"R_{REPOSITORY_ID}",
        "name": name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": user(links, owner),
        "html_url": links.page,
        "description": None,
        "fork": False,
        "url": links.repository,
        **{field: links.repository + path for field, path in REPOSITORY_URLS.items()},
    }


def full_repository(links: Links, repository: Repository) -> dict[str, Any]:
    """Schema `full-repository`: a repository on its own."""
    host = links.web.partition("://")[2]
    clone_url = f"{links.page}.git"
    return {
        **minimal_repository(links, repository),
        "git_url": f"git://{host}/{repository.full_name}.git",
        "ssh_url": f"git@{host.partition(':')[0]}:{repository.full_name}.git",
        "clone_url": clone_url,
        "svn_url": links.page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
        **dict.fromkeys(COUNTS, 0),
        **dict.fromkeys(SWITCHES, False),
        "created_at": timestamp(EPOCH),
        "updated_at": timestamp(EPOCH),
        "pushed_at": timestamp(EPOCH),
    }
