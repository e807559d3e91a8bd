"""An error of axios that was printed as an object."""

from __future__ import annotations

import pytest

from backup_doctor.collect.log.dumps import condensed
from backup_doctor.evidence.log import Outcome
from tests.log.test_known import of, reading

DUMP = """\
AxiosError: Request failed with status code 403
    at settle (file:///app/node_modules/axios/lib/core/settle.js:19:12)
    at async file:///app/ops/finish.mjs:7:3 {
  isAxiosError: true,
  config: {
    headers: Object [AxiosHeaders] {
      Authorization: 'Bearer ***',
    },
    url: '***/functions/v1/update-backup',
    data: '{"backup_id":"1","s3_key":"k"}',
  },
  response: {
    status: 403,
    headers: Object [AxiosHeaders] {
      connection: 'close'
    },
    config: {
      data: '{"backup_id":"1","s3_key":"k"}',
    },
    data: DATA,
    duration: 107
  },
  status: 403
}
"""
SCRIPT = """
import axios from "axios";
const U = process.env.SUPABASE_URL, H = { apikey: process.env.KEY };
const { data } = await axios.get(`${U}/rest/v1/backup_history?select=id`, { headers: H });
try {
  await axios.post(`${U}/functions/v1/update-backup`, { backup_id: data[0].id });
} catch (e) {
  console.error(e);
  const r = await axios.patch(`${U}/rest/v1/backup_history?id=eq.1`, { status: "success" },
    { headers: H, validateStatus: () => true });
  console.log("patched", r.status);
}
"""
SHOWN = [
    ("{ success: false, error: 'Not yours' }", '{"success": false, "error": "Not yours"}'),
    ("{\n      success: false,\n      error: 'It\\'s not yours'\n    }", '"success": false'),
    ("'Not yours'", "Not yours"),
    ("<ref *1> Socket {}", "<ref *1> Socket {}"),
]


@pytest.mark.parametrize(("data", "answer"), SHOWN)
def test_the_answer_is_the_response_s_and_not_what_was_sent(data: str, answer: str) -> None:
    (before, line, behind) = condensed(["a", *DUMP.replace("DATA", data).splitlines(), "b"])

    assert (before, behind) == ("a", "b")
    assert line.startswith(
        "AxiosError: Request failed with status code 403 url: '***/functions/v1/"
    )
    assert answer in line
    assert "s3_key" not in line


@pytest.mark.parametrize(
    "text",
    [
        "AxiosError: Request failed with status code 403",
        "AxiosError: timeout of 5000ms exceeded\n    at x (y:1:1)\nnext",
        "AxiosError: cut off\n    at x (y:1:1) {\n  isAxiosError: true,",
        "AxiosError: no stack\nnext {\n}",
    ],
)
def test_what_is_no_whole_object_stays_as_it_is(text: str) -> None:
    assert condensed(text.split("\n")) == text.split("\n")


def test_each_call_gets_its_own_answer() -> None:
    found = reading(
        "node finish.mjs",
        f"{DUMP.replace('DATA', SHOWN[0][0])}patched 403\n",
        finish_dot_mjs=SCRIPT,
    )

    assert of(found.function_call) == (Outcome.REFUSED, 403)
    assert "Not yours" in found.function_call.body
    assert of(found.fallback_call) == (Outcome.REFUSED, 403)
    assert "Not yours" not in found.fallback_call.body


OF_KY = """\
TimeoutError: Request timed out: POST ***/functions/v1/update-backup
HTTPError: Request failed with status code 400 Bad Request: PATCH ***/rest/v1/backup_history?id=eq.7
    at function_ (file:///home/runner/work/app/app/node_modules/ky/distribution/core/Ky.js:61:29)
    at async file:///home/runner/work/app/app/scripts/finish.mjs:11:14 {
  response: Response {
    [Symbol(state)]: {
      type: 'default',
      status: 400,
    },
  },
  request: Request {
    [Symbol(state)]: {
      method: 'PATCH',
      url: ***/rest/v1/backup_history?id=eq.7,
    },
  },
  options: {
    retry: {
      statusCodes: [
        408, 413, 429,
        500, 502, 503,
        504
      ],
    },
  }
}
"""


def test_what_ky_shows_of_its_request_is_no_other_calls_status() -> None:
    found = reading("./bin/finish", OF_KY)

    assert of(found.function_call) == (Outcome.TIMED_OUT, None)
    assert of(found.fallback_call) == (Outcome.REFUSED, 400)
