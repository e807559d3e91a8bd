"""Reads the script that wrote a log: which calls it makes, and which of its lines prints what.

`read` follows a script, without running it, on all of its ways, and hands out its calls in order and
its prints as patterns with holes; `read_workflow` does so for the steps of a workflow; `attribute`
says which print made which line of output; `tell` what the lines say of each call.

How: tree-sitter parses (bash, JavaScript, TypeScript, Python, PowerShell), `syntax` reads the tree
into one small language of statements, a `Trace` follows these. Variables hold texts with holes,
answers of calls, errors. A test is tried on every way in which a call can end, so that each way
knows what must have happened for it to be reached. tree-sitter is in a process of its own (`parser`),
which starts with the first script; where a grammar is missing `read` gives None and `parser.missing`
says why.

Understood:
- the shell: functions, arrays, `local`, `set -e`, traps, pipes, redirects, files written and shown
  later, here-documents, `$(…)`, tests in all brackets, `case`, loops, `source`; answer and status in
  one text, and the usual ways of taking them apart; curl in all forms, wget, httpie, `gh api`,
  psql, `aws s3` and `s3api`, rclone, s3cmd, mc, gsutil; jq that builds a body or takes a part;
- JavaScript and TypeScript: promises and `await`, `try`, classes, modules of the repository;
  supabase-js, fetch, axios, got, ky, undici, node's http, pg, postgres, the S3 SDK, child_process,
  @actions/core, octokit;
- Python: exceptions by class, `with`, classes, modules of the repository; requests, httpx, aiohttp,
  urllib, supabase-py, psycopg and other DB-API drivers, boto3, subprocess, logging;
- PowerShell: functions, splatting, `try`, Invoke-RestMethod, Invoke-WebRequest, programs;
- scripts in scripts: `node -e`, `python -c`, `bash -c`, by standard input or a file written before,
  unescaped first; files of the repository, recipes (`make`, `just`, `task`, `npm run`), composite
  and JavaScript actions, called workflows; GitHub's `${{ }}`; line ends of Windows.

Not understood (its calls and prints are missing, its values are holes): Docker actions and what
runs in containers; conditions of make; Deno's, Bun's and zsh's own syntax; `parallel` with commands,
co-processes, `eval` of what is not literal; arithmetic beyond counting; sed, awk and jq beyond the usual cuts;
decorators, generators, monkey patches, callbacks that a library calls later in another order; HTTP
clients that are made by other libraries than those named; templates of other languages; bundled
JavaScript beyond the bounds in `budget`. Loops are followed once, unless they go over a few things
that are named. Two facts about different calls that hold only together are not kept.

Cost, in processor time: tree-sitter and a grammar are imported in 15 ms, this package in 100 to
200 ms, most of it with the first script; a step's script of 30 to 70 lines is read in 2 to 8 ms, a
hostile one of a megabyte in half a second and 70 MB; a line is attributed in 10 to 30 microseconds.
"""

from __future__ import annotations

from backup_doctor.collect.script.attribution import attribute
from backup_doctor.collect.script.reading import Surroundings, environment_of, language_of, read
from backup_doctor.collect.script.telling import described, tell, where
from backup_doctor.collect.script.workflow import StepScript, read_action, read_workflow

__all__ = [
    "StepScript",
    "Surroundings",
    "attribute",
    "described",
    "environment_of",
    "language_of",
    "read",
    "read_action",
    "read_workflow",
    "tell",
    "where",
]
