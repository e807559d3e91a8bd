"""What `actions/github-script` does: its script runs in node, with the toolkit's `core`.

Source: actions/github-script, README, and actions/toolkit, packages/core.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "debug": "false",
        "user-agent": "actions/github-script",
        "result-encoding": "json",
        "retries": "0",
        "retry-exempt-status-codes": "400,401,403,404,422",
    }
)

# `require` and `process` are node's own; `github`, `exec` and `io` this machine does not have.
WRAPPER = """\
const {{ appendFileSync }} = require('node:fs')
const said = (text) => String(text).replace(/%/g, '%25').replace(/\\r/g, '%0D').replace(/\\n/g, '%0A')
const core = {{
  info: (text) => console.log(text),
  notice: (text) => console.log('::notice::' + said(text)),
  warning: (text) => console.log('::warning::' + said(text)),
  error: (text) => console.log('::error::' + said(text)),
  setFailed: (text) => {{ process.exitCode = 1; core.error(text) }},
  setSecret: (text) => console.log('::add-mask::' + said(text)),
  exportVariable: (name, value) => appendFileSync(process.env.GITHUB_ENV, `${{name}}=${{value}}\\n`),
  setOutput: (name, value) => appendFileSync(process.env.GITHUB_OUTPUT, `${{name}}=${{value}}\\n`),
}}
const [owner, repo] = process.env.GITHUB_REPOSITORY.split('/')
const context = {{
  runId: Number(process.env.GITHUB_RUN_ID), repo: {{ owner, repo }}, eventName: process.env.GITHUB_EVENT_NAME,
}}
;(async () => {{
{script}
}})().catch((error) => {{
  console.error(error)
  core.setFailed(`Unhandled error: ${{error}}`)
}})
"""


def github_script(script: str) -> str:
    """Return what node runs for the action's input `script`."""
    return WRAPPER.format(script=script)
