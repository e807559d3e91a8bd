"""The runtime of edge functions: which process answers, and with which environment.

Source: https://supabase.com/docs/guides/functions/secrets for the variables.
"""

import json
import threading

from backup_doctor.demo.supabase.postgres import OWNER, as_role
from backup_doctor.demo.supabase.state import Function, Project
from backup_doctor.demo.supabase.worker import Worker


class Functions:
    """The workers of one project: one for each deployed version, started when first called."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()

    def worker(self, function: Function) -> Worker:
        """Return the running worker of `function`, in its present version and environment.

        A deploy or a changed secret means a new process, as the platform needs no redeploy.

        Raises:
            BootError: the function does not start.
        """
        environment = injected_environment(self._project)
        with self._lock:
            worker = self._workers.get(function.slug)
            if worker is not None and not _current(worker, function, environment):
                self._workers.pop(function.slug).close()
                worker = None
            if worker is None:
                worker = Worker(self._project, function, environment)
                worker.boot()
                self._workers[function.slug] = worker
            return worker

    def close(self) -> None:
        """End every process."""
        with self._lock:
            for worker in self._workers.values():
                worker.close()
            self._workers.clear()


def _current(worker: Worker, function: Function, environment: dict[str, str]) -> bool:
    deployed = (function.id, function.version, function.entrypoint)
    return worker.alive and worker.deployed == deployed and worker.environment == environment


def injected_environment(project: Project) -> dict[str, str]:
    """Return what the platform sets for a function: its own variables, then the project's secrets.

    The legacy keys stay even where they are disabled: they are dead then, and still there.
    """
    platform = {
        "SUPABASE_URL": project.url,
        "SUPABASE_DB_URL": as_role(project.database_uri, OWNER),
        "SUPABASE_ANON_KEY": project.keys.anon,
        "SUPABASE_SERVICE_ROLE_KEY": project.keys.service_role,
        "SUPABASE_PUBLISHABLE_KEYS": json.dumps({"default": project.keys.publishable}),
        "SUPABASE_SECRET_KEYS": json.dumps({"default": project.keys.secret}),
        "SUPABASE_JWKS": json.dumps({"keys": []}),
    }
    secrets = {name: secret.value for name, secret in project.function_secrets.items()}
    return {**secrets, **platform}
