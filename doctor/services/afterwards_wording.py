"""How scripts speak of what they do once they have updated the row: they look at it, they tell of it."""

from __future__ import annotations

import re

# To whom a script tells of the backup, or where it counts: their answers are no update's.
MESSENGER = re.compile(
    r"\b(?:slack|discord|telegram|mattermost|rocket\.?chat|google chat|(?:ms|microsoft) ?teams"
    r"|pagerduty|opsgenie|ntfy|pushover|gotify|twilio|sendgrid|mailgun|postmark|smtp|e-?mail"
    r"|sentry|datadog|dogstatsd|statsd|new ?relic|honeycomb|grafana|prometheus|push ?gateway"
    r"|cloudwatch|healthchecks\.io|hc-ping|cronitor|better ?stack|uptime ?robot|metrics?|telemetry)\b",
    re.IGNORECASE,
)
# A look at the row after its update, which writes nothing.
VERIFIES = re.compile(
    r"^\W*(?:now |then )?(?:verif(?:y|ying|ication)|confirm(?:ing)?|(?:double[ -]?|re-?)?check(?:ing)?)\b",
    re.IGNORECASE,
)
# A message about it. Whoever notifies the application may have it update the row.
NOTIFIES = re.compile(
    r"(?!.*\b(?:app\w*|api|backend|server|dashboard|supabase|function|database|table|row|status)\b)"
    r"^\W*(?:now |then )?(?:(?:sending|posting)\b.*\b(?:alert|notif\w+|message|summary)|notifying"
    r"|alerting|paging|e?mailing|announcing)\b",
    re.IGNORECASE,
)
