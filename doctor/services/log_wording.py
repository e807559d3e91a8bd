"""How scripts speak of their calls: the tables that the reader of calls goes by.

Every team words its log differently; curl, Python's requests, node's fetch, supabase-js and the
services themselves do not. Each table is read from the top, the first match counts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from http import HTTPStatus

from backup_doctor.evidence.log import Outcome
from backup_doctor.services.not_set import LACKING, NOT_PRESENT


class CallSubject(StrEnum):
    """Which call a line speaks of."""

    FUNCTION = "function"
    FALLBACK = "fallback"
    LOOKUP = "lookup"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# "Could not find the 'size' column of 'backup_history' in the schema cache" is PostgREST's, of any call.
_ID = (
    r"(?:backup[ _-]?(?:history )?(?:id|record|row|entry)"
    r"|backup(?:_history)?\b(?!\\?\W in the schema cache)(?: entry| row| record)?)"
)

LOOKUP = _any(
    r"\b(?:look(?:ing|ed)?[ -]?up|fetch(?:ing|ed)?|find(?:ing)?|found|get(?:ting)?|got"
    r"|resolv\w+|query\w*|retriev\w+"
    rf"|search\w*|determin\w+)\b[^.:{{]{{0,30}}\b{_ID}",
    r"rest/v1/[^\s'\"]*[?&]select=",
    r"\.from\([^)]*\)\.select\b",
    r"\bbackup[ _-]?id\b[^{]{0,40}\b(?:not found|missing|is empty|was empty|is null|could not be)",
    r"\bno (?:such )?(?:backup|row|entry|record)s?\b[^{]{0,40}\b(?:found|for|with|exists?)\b",
)
# An update, in the languages in which teams word it.
_UPDATE = r"\b(?:updat|a[ck]?tuali[sz]|aggiorna|mise à jour|patch)\w*"
_STATUS_ALONE = r"[1-5]\d\d\b(?!\s*(?:m?s|rows?|bytes|[KMG]i?B)\b|[./-]\w)"
FALLBACK = _any(
    r"\bfall(?:ing|s|en)?[ -]?back\b|(?<![^\W_])fallback(?=_)",
    r"\bdirect(?:ly)?\b[^.{]{0,40}\b(?:update|updating|patch|supabase|database|db|table|rest)\b",
    r"\b(?:updat|patch|writ)\w+\b[^.{]{0,40}\bdirectly\b",
    r"rest/v1/\w*(?:\?[^\s'\"]*)?",
    r"\bPATCH\b",
    r"\bpostgrest(?:Error)?\b",
    r"\bpsql\b|\brpc\b(?!/)",
    r"\b(?:rest|data|table) api\b|\bsupabase rest\b|^\W*rest\s*(?:[:=→]|[-=]>)",
    # `table -> 403`, `direct: HTTP 400`, `db | 500`.
    rf"^\W*(?:table|direct|db|database)\s*(?:[:=|→]|[-=]>)\s*(?:HTTP\W?)?{_STATUS_ALONE}",
    rf"\bdire[ck]t\w*\s+{_UPDATE}|{_UPDATE}\s+dir[ei][ck]?t\w*",
    r"\btry(?:ing)?\b[^.{]{0,40}\binstead\b",
    r"\.from\([^)]*\)\.(?:update|upsert)\b",
)
# A call that only reads: by its method, or a client's function of that name.
READS = re.compile(r"\bGET\b|\.get\(")
READS_TABLE = re.compile(r"\bGET\W{1,3}\S{0,200}rest/v1/\w")
# That a call of the table is no look-up.
SAYS_UPDATE = _any(_UPDATE, r"\bdirect", r"\bfall(?:ing|s)?[ -]?back\b", r"\bpsql\b", r"\bupsert")
# What a line does to a table that it names.
CHANGES = _any(
    r"\b(?:patch|updat|upsert|writ|mark|chang|fix)\w*\b|\bset(?:ting)?\b",
)
# PostgreSQL's own messages name the table whoever passes them on.
QUOTES_POSTGRES = _any(r"\b(?:table|relation|view)\s+\\?['\"]?[\w.]+")

NOT_FOUND = _any(
    r"\b(?:could ?n[o']t|cannot|can'?t|unable to|failed to|did ?n[o']t|not able to)\b[^.{]{0,20}"
    r"\b(?:find|found|get|fetch|resolve|determine|locate|retrieve|look ?up)\b[^.{]{0,25}"
    rf"\b{_ID}",
    rf"\bno {_ID}\b[^.{{]{{0,25}}\b(?:found|for|with|exists?|returned|matche[sd])\b",
    r"\bno (?:such )?(?:row|entry|record)s?\b[^.{]{0,25}\b(?:found |for |with )[^.{]{0,25}dispatch",
    r"\bbackup[ _-]?id\b[^.{]{0,15}"
    r"(?:not found|\bis (?:empty|null|missing|blank|not set)\b|\bwas (?:empty|not found)\b)",
    r"\b(?:backup|backup_history)(?: row| entry| record)?\b[^.{]{0,25}"
    r"\bnot found\b[^.{]{0,25}\bdispatch",
    r"\bdispatch[_ ]?id\b[^.{]{0,60}\b(?:not found|does not exist|no match(?:ing|es)?)\b",
)

# A script, a shell or a client says of a variable that it has no value.
SAYS_NOT_SET = _any(
    rf"\b{NOT_PRESENT}\b",
    rf"\b(?:{'|'.join(LACKING)}|is required|must be (?:set|provided|given)|unbound variable"
    r"|parameter (?:null|not set)|KeyError|no value)\b",
)

# The key is not there, so the function is not asked.
_KEY = r"(?:BACKUP_API_KEY|(?:backup )?api[ _-]key|function key)"
_ABSENT = rf"(?:{NOT_PRESENT}|{'|'.join(LACKING)})"
NOT_ASKED = _any(
    rf"\b{_KEY}\b[^.{{]{{0,20}}\b(?:is |was )?{_ABSENT}\b",
    rf"\b(?:no|missing|without(?: a)?|empty)\b (?:\w+ ){{0,2}}{_KEY}\b",
    r"\bskip(?:ping|ped)?\b[^.{]{0,30}\bedge function\b",
    r"\bBACKUP_API_KEY\b[^.{]{0,10}\bset\s*[:=]\s*(?:no|false|0)\s*$",
)
# What an answer says, where its members stand on several lines.
MEMBER = re.compile(r"\"(?:error|message|details?)\"\s*:")
# The same for the way round it.
NO_FALLBACK = _any(
    r"\b(?:no|without(?: a)?|skip(?:ping|ped)?)\s+(?:the |direct |automatic )?"
    r"fall(?:ing)?[ -]?back\b",
    r"\b(?:cannot|can'?t|could not|will not|not)\s+fall(?:ing)?[ -]?back\b",
    r"\bfall(?:ing)?[ -]?back\b[^.{]{0,30}"
    r"\b(?:disabled|not (?:possible|available|configured|attempted)|skipped)\b",
    r"\bSERVICE_ROLE_KEY\b[^.{]{0,20}\b(?:not set|missing|empty|unset)\b",
)

_CODE = r"([1-5]\d\d)"
_PHRASES = "|".join(re.escape(status.phrase) for status in HTTPStatus)
STATUS = _any(
    rf"(?<![^\W_])HTTP(?:[ _-]?(?:status|code|status[ _-]?code|error|response))?[\s_]*[:=(]?\s*{_CODE}\b(?!\*)",
    rf"\bHTTP/[\d.]+[\"']?\s+{_CODE}\b",
    rf"(?<!exit[ _])(?<![^\W_])status(?:[ _-]?code)?['\"]?\s*(?:[:=]|of|was|is|code)?\s*{_CODE}\b(?!\*)",
    rf"\bresponse(?:[ _-]?(?:code|status))?\s*(?:[:=(]|was|is)?\s*\(?{_CODE}\b",
    r"\b(?:returned|responded(?: with)?|answer(?:ed)?(?: with)?|replied(?: with)?|said|got|received"
    r"|gave)\s+"
    r"(?:an?\s+)?"
    rf"(?:error:?\s+)?(?:HTTP\s+)?(?:status\s+)?(?:code\s+)?{_CODE}\b",
    rf"\brequested URL returned error: {_CODE}\b",
    rf"\b{_CODE} (?:Client|Server) Error\b|^\W*{_CODE} from\b",
    rf"\bERROR {_CODE}:|^error code: (5[23]\d)$",
    rf"<Response \[{_CODE}\]>",
    rf"\bawaiting response\.+ {_CODE}\b",
    rf"\(\s*{_CODE}\s*\)|\((?=[345]){_CODE}: ",
    rf"^\W*(?:\d+/\d+\W+)?(?:edge |direct )?(?:function|fallback|update|table|direct|db|database)(?:[\s.:=|→]|[-=]>)+{_CODE}\b"
    r"(?!\s*(?:m?s|rows?|bytes|[KMG]i?B)\b)",
    rf"\b{_CODE} \"?(?:{_PHRASES})\b",
    rf"^\W*(?:try|attempt|retry)\W*\d+(?:\s*(?:/|of)\s*\d+)?\W{{1,3}}{_CODE}\b(?!\s*m?s\b)",
    r"\b(?:failed|failure|error|fehler|succeeded|success|ok)\W{1,3}(?:with |code |status ){0,3}"
    rf"{_CODE}(?=[\s:,;)\]]|\.(?:\s|$)|$)",
)
# Where JSON, or what Node and Python print for it, begins; a secret may have masked the brace.
OPENING = re.compile(r"[\[{](?=\s*(?:[\"'{\[\]}]|\w+['\"]?:|$))|\*\*\*(?=\s*\"[\w-]+\"\s*:)")
# Alone, but for a tick or an arrow before it.
BARE_STATUS = re.compile(r"^\s*(?:[^\w\s.,+$%#(\[-]{1,4}\s+)?([1-5]\d\d|000)\s*$")
# A secret of one or two digits masks a part of the status.
MASKED_STATUS = re.compile(r"(?:HTTP|status|code|error)[^\w*]{1,3}([45]?\d?)\*\*\*", re.IGNORECASE)

NETWORK: tuple[tuple[re.Pattern[str], Outcome], ...] = (
    (
        _any(
            r"\bcurl: \((?:1|3|5|6|7|35|52|55|56|58|60|97)\)",
            r"failed to parse URL from|unknown url type",
            r"\b(?:MissingSchema|InvalidSchema|UnsupportedProtocol)\b",
            r"could not resolve (?:host|proxy)|couldn'?t resolve host|resolving timed out",
            r"failed to connect to|couldn'?t connect to server",
            r"connection (?:refused|reset|timed out)",
            r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH)\b",
            r"UND_ERR_CONNECT_TIMEOUT|UND_ERR_SOCKET|connect ETIMEDOUT",
            r"ConnectTimeout|NameResolutionError|NewConnectionError|ConnectError\b",
            r"requests\.exceptions\.(?:ConnectionError|SSLError)|urlopen error|getaddrinfo failed",
            r"name or service not known|temporary failure in name resolution|no such host",
            r"failed to open TCP connection|\bdial tcp\b(?!.*\btimeout\b)",
            r"network is unreachable|no route to host",
            r"FunctionsFetchError|failed to send a request to the edge function"
            r"|\bfetch failed\b(?!.*\btime(?:d )?out)",
            r"SSL (?:connect error|certificate problem)",
            r"SSLCertVerificationError|CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|CERT_HAS_EXPIRED"
            r"|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS_CERT",
            # Guzzle, Go, Java, .NET, Rust.
            r"\bcURL error (?:5|6|7|35|52|56|60)\b|\bx509: |\btls: (?:failed|handshake)",
            r"PKIX path building failed|SSLHandshakeException|UnknownHostException"
            r"|java\.net\.(?:Connect|NoRouteToHost)Exception|SSL connection could not be established"
            r"|\berror trying to connect\b|\bdns error: ",
        ),
        Outcome.UNREACHABLE,
    ),
    (
        _any(
            r"\bcurl: \(28\)",
            r"\b(?:operation|request|call|read) timed? ?out\b",
            r"\btimed out after\b|\btimed? ?out waiting\b",
            r"\b(?:ReadTimeout|TimeoutError|AbortError|ETIMEDOUT|ESOCKETTIMEDOUT)\b",
            r"UND_ERR_HEADERS_TIMEOUT",
            r"\btimeout of \d+ ?ms exceeded\b|\bHTTP timeout\b|function (?:call )?timed out",
            r"\bcURL error 28\b|\b(?:SocketTimeout|HttpTimeout)Exception\b|Net::(?:Read|Open)Timeout",
            r"\bcontext deadline exceeded\b|\bdue to (?:the configured \S*)?timeout\b",
        ),
        Outcome.TIMED_OUT,
    ),
    (_any(r"\b(?:HTTP|status|code)[ _a-z]{0,12}[:=(]?\s*0{3}\b"), Outcome.UNREACHABLE),
)

WORDED: tuple[tuple[re.Pattern[str], Outcome], ...] = (
    (
        _any(
            r"\b(?:was )?not (?:successful|updated|ok)\b|\bunsuccessful\b",
            r"\bfail(?:ed|s|ure)\b(?! (?:over|silently))",
            r"\breject(?:ed|s)\b|\brefused\b|\bnon-2xx\b|\breturned an? error\b",
            r"\bcould ?n[o']t (?:update|be updated|call|invoke)\b",
            r"\bunable to (?:update|call|invoke)\b",
            r"\berror (?:calling|invoking|updating|from)\b|\b(?:update|call|patch) error\b",
            r"FunctionsHttpError|FunctionsRelayError",
        ),
        Outcome.REFUSED,
    ),
    (
        _any(
            r"\bsuccess(?:ful|fully)?\b(?! ?[=:]\s*(?:false|0|no))|\bsucceeded\b",
            r"\bupdated (?:via|through|using|with|by)\b|\bcompleted (?:via|through)\b",
            r"\bworked\b",
        ),
        Outcome.OK,
    ),
)
# Words that tell an outcome without naming the call: of the one that is spoken of.
UPDATE_ALONE = _any(
    r"\b(?:backup|row|record|entry|status|backup_history)\b[^{]{0,30}\bupdated successfully\b",
    r"^\W*(?:backup |row |database |db |status )?update (?:was |has )?"
    r"(?:success\w*|succeeded|failed|error|ok)\b",
)
# A sentence about what may happen, not about what did.
HYPOTHETICAL = _any(
    r"\b(?:if|unless|whether|in case|should|when|may|might|will)\b[^{]{0,50}\b(?:fail|succe|error)"
)

# Node prints a stream that nobody has read as `body: ReadableStream { … }`: no answer.
UNREAD = r"(?!\s*(?:ReadableStream\b|\[object ))"
STATUS_LINE = re.compile(r"^(?:< )?HTTP/[\d.]+ [1-5]\d\d\b")
# An error's address stands below it (axios, node): it names the outcome above, not the next one.
ADDRESS_BELOW = re.compile(r"^\W*(?:request ?)?ur[il]['\"]?\s*[:=]", re.IGNORECASE)
BODY_LABEL = re.compile(
    r"^[^\w{\[]*(?:no error\W+)?"
    r"(?:(?:edge )?function |http |server |api |error |supabase |patch |curl |full |raw |[a-z]+_)*"
    r"(?:response|body|details?|output|answer|reply|result|data|payload|message)"
    rf"(?: (?:body|text|data|was))?\s*[:=]{UNREAD}\s*(.*)$",
    re.IGNORECASE,
)
# supabase-py gives what the function said as the exception's own message, if it said anything.
EXCEPTION = re.compile(
    r"\bFunctionsHttpError: (?!.*\b(?:non-2xx|An error occurred))(\S.*)$", re.IGNORECASE
)
SAYS_OK = re.compile(r"\b(?:success|ok)[\"']?\s*:\s*true\b")
SAYS_FAILURE = re.compile(
    r"\b(?:success|ok)[\"']?\s*:\s*false\b|\berrors?[\"']?\s*:\s*(?:[\"'](?![\"'])|\{|\[(?!\s*\]))"
    r"|\bstatus[\"']?\s*:\s*[\"'](?:error|failed|failure)[\"']"
)
# What PostgREST and the gateways send when they refuse, recognizable without its status.
IS_REFUSAL = re.compile(
    r"\b(?:code|statusCode)[\"']?\s*:\s*[\"'](?:PGRST\d+|[0-9A-Z]{5}|[A-Z]+(?:_[A-Z]+)+)[\"']"
    r"|\bmessage[\"']?\s*:\s*[\"']"
    r"(?:Invalid |Missing |No API key|Legacy API|Forbidden|Unauthorized|JWT )"
)
# How supabase-js tells that a function failed: in words of its own, without the answer.
BY_SUPABASE_JS = re.compile(r"\bFunctions(?:Http|Fetch|Relay)Error\b")
# What the runner puts before a line, and where a web page begins.
MARKER = re.compile(r"^##\[\w+\]")
PAGE = re.compile(r"<(?:!doctype html|html)\b", re.IGNORECASE)
# A code that only PostgREST or PostgreSQL gives.
DATA_API_BODY = re.compile(
    r"\bcode[\"']?\s*:\s*[\"'](?:PGRST\d+|\d[0-9A-Z]{4}|(?:P0|XX)\d{3})[\"']"
)
FOUND_ID = _any(
    r"^\W*(?:found|got|resolved|fetched|retrieved)\b[^:={]{0,20}\bbackup[ _-]?id\b\W{1,4}[\w-]+"
)
TRACE = re.compile(r"^\++ ")
TRACED_STATUS = re.compile(
    r"(?<![\w-])(?!\w*exit)\w*(?:http|status|code)\w*=['\"]?([1-5]\d\d|000)\b", re.IGNORECASE
)
# What loggers put before a message.
LOGGER = re.compile(
    r"^(?:[DIWEF], \[[^\]]*\]\s+[A-Z]+ -- [^:]*: )?"
    r"(?:\[?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d\S*[\s|-]+)?"
    r"(?:\[?(?:INFO|WARN|WARNING|ERROR|DEBUG|NOTICE|CRITICAL)\]?(?::[\w.]+(?=:))?[\s:|-]+)?"
)
# What a script puts before the lines of one of its parts: `[update] `, `update | `.
TAG = re.compile(r"^(?:\[([\w][\w .:/#-]{0,30})\]\s+|([\w-]{1,20})\s*\|\s+)(?=\S)")
# An update that changed nothing is no look-up, whatever it says of rows.
CHANGED_NOTHING = re.compile(r"\bnot (?:updated|changed|written)\b", re.IGNORECASE)
# A client's exception: what stands below it says which call it was of.
CLIENTS_ERROR = re.compile(r"^(?:uncaught |unhandled )?(?:\w+\.)*\w*Error\b", re.IGNORECASE)
# What the runner says of a step that it ended: the name in it is the step's, and no call's.
ENDED_BY_RUNNER = re.compile(
    r"^(?:##\[error\])?The action '.*' has timed out after [\d.]+ minutes\.?$"
)
# What PowerShell puts before each line of an error.
GUTTER = re.compile(r"^\s+(?:\d+\s+)?\| ")
# PostgreSQL's own client: two blanks behind the severity, and what belongs to it on the next lines.
PSQL = re.compile(r"^(?:psql:\S*:\d+: )?(?:ERROR|FATAL|PANIC):  \S|^psql: error: ")
PSQL_MORE = re.compile(r"^(?:psql:\S*:\d+: )?(?:DETAIL|HINT|CONTEXT|STATEMENT|LINE \d+|QUERY):? ")
TRIES_AGAIN = re.compile(
    r"\bagain\b|\bretr(?:y|ies|ying)\b|\battempt|\btry(?:ing)? (?:#?\d|in\b)|\bsleep|\bwait",
    re.IGNORECASE,
)
FALLS_BACK = _any(r"\bfall(?:ing|s)?[ -]?back\b")
CONTENT_RANGE = re.compile(r"content-range:?\s*['\"]?(?:(\d+)-(\d+)|\*)/(\d+|\*)", re.IGNORECASE)
ROWS_SAID = re.compile(
    r"\b(?:UPDATE (\d+)$|(\d+) rows? (?:were |was )?(?:updated|affected|changed|matched)"
    r"|rows? (?:updated|affected|changed)\s*[:=]\s*(\d+)"
    r"|updated (\d+) rows?|(no) rows? (?:were |was )?(?:updated|affected|matched|changed))",
    re.IGNORECASE,
)


def function_subject(name: str) -> re.Pattern[str]:
    """What names the edge function `name`."""
    called = re.escape(name)
    return _any(
        r"\bedge[ _-]?(?:fun[ck]\w+|fn\b)|(?<![^\W_])edge(?=_(?:status|code|http|body|resp|result))",
        r"functions/v1/[\w-]*",
        r"functions\.invoke",
        BY_SUPABASE_JS.pattern,
        rf"(?<![\w/.-]){called}(?![\w-]|\.\w)",
        rf"\b{called}\b[^.{{]{{0,20}}\bfunction\b",
    )


def table_subject(name: str) -> re.Pattern[str]:
    """What names the table `name`, elsewhere than in a path or a file's name."""
    return _any(
        rf"(?<![\w/.-]){re.escape(name)}(?![\w-]|\.\w)",
        r"^\W*(?:table|row|database|db)\s*[:=]\s*(?=\{)",
    )
