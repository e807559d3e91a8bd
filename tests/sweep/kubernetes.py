"""The fields of a CronJob, as far as the documentation uses them, and what does not fit them.

Source: Kubernetes API reference, CronJob v1 batch, and what it is made of.
"""

from __future__ import annotations

from typing import Any

TEXT, NUMBER, FLAG = str, int, bool
SECURITY = {
    "runAsNonRoot": FLAG,
    "runAsUser": NUMBER,
    "fsGroup": NUMBER,
    "seccompProfile": {"type": TEXT},
}
CONTAINER = {
    "name": TEXT,
    "image": TEXT,
    "args": [TEXT],
    "envFrom": [{"secretRef": {"name": TEXT}}],
    "resources": {"limits": {"memory": TEXT}},
    "securityContext": {
        "allowPrivilegeEscalation": FLAG,
        "readOnlyRootFilesystem": FLAG,
        "capabilities": {"drop": [TEXT]},
    },
    "volumeMounts": [{"name": TEXT, "mountPath": TEXT}],
}
POD = {
    "restartPolicy": TEXT,
    "automountServiceAccountToken": FLAG,
    "securityContext": SECURITY,
    "containers": [CONTAINER],
    "volumes": [{"name": TEXT, "persistentVolumeClaim": {"claimName": TEXT}}],
}
JOB = {"backoffLimit": NUMBER, "activeDeadlineSeconds": NUMBER, "template": {"spec": POD}}
CRON_JOB: dict[str, Any] = {
    "apiVersion": TEXT,
    "kind": TEXT,
    "metadata": {"name": TEXT},
    "spec": {
        "schedule": TEXT,
        "concurrencyPolicy": TEXT,
        "startingDeadlineSeconds": NUMBER,
        "successfulJobsHistoryLimit": NUMBER,
        "failedJobsHistoryLimit": NUMBER,
        "jobTemplate": {"spec": JOB},
    },
}


def misfits(found: Any, wanted: Any, path: str = "") -> list[str]:
    """The places at which a document is not of the wanted shape."""
    if isinstance(wanted, type):
        return [] if type(found) is wanted else [path]
    if isinstance(wanted, list):
        if not isinstance(found, list) or not found:
            return [path]
        return [
            bad for at, one in enumerate(found) for bad in misfits(one, wanted[0], f"{path}[{at}]")
        ]
    if not isinstance(found, dict):
        return [path]
    unknown = [f"{path}.{key}" for key in found if key not in wanted]
    inside = (
        misfits(one, wanted[key], f"{path}.{key}") for key, one in found.items() if key in wanted
    )
    return unknown + [bad for some in inside for bad in some]
