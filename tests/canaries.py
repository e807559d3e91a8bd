"""Secrets planted wherever one could show, and the search for any piece of them.

The search reads a text as a person or a program would: it decodes what looks encoded. It knows
nothing of how the doctor finds secrets.
"""

from __future__ import annotations

import base64
import codecs
import html
import json
import quopri
import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote_plus

from backup_doctor.base.redaction import TOKEN
from backup_doctor.base.redaction.vocabulary import own_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# So many characters of a secret are as good as all of it; at its beginning and its end one less.
PIECE, EDGE = 8, 7
KINDS = re.compile(r"eyJ|sb_\w+?_|gh[pousr]_|github_pat_|sbp_|AKIA")


def ways_of_writing(secret: str) -> dict[str, str]:
    """The secret as logs, URLs, headers, dumps and exceptions hold it, by a name for each way."""
    raw = secret.encode()
    inside = b'{"key":"' + raw + b'"}'
    return {
        "as it is": secret,
        "in capitals": secret.upper(),
        "in small letters": secret.lower(),
        "swapped case": secret.swapcase(),
        "percent": quote(secret),
        "percent, slashes too": quote(secret, safe=""),
        "percent and plus": quote_plus(secret),
        "percent, every character": "".join(f"%{byte:02X}" for byte in raw),
        "percent, small letters": "".join(f"%{byte:02x}" for byte in raw),
        "percent, twice": quote("".join(f"%{byte:02X}" for byte in raw)),
        "hex": raw.hex(),
        "hex, capitals": raw.hex().upper(),
        "hex, blanks": raw.hex(" "),
        "hex, colons": raw.hex(":").upper(),
        "hex, dashes and lines": "-\n".join(f"{byte:02x}" for byte in raw),
        "hex, xxd": "\n".join(dumped(raw)),
        "hex, \\x": "".join(f"\\x{byte:02x}" for byte in raw),
        "hex, \\x escaped": "".join(f"\\\\x{byte:02x}" for byte in raw),
        "hex, 0x": ", ".join(f"0x{byte:02x}" for byte in raw),
        "hex, 0x capitals": " ".join(f"0x{byte:02X}" for byte in raw),
        "hex, one 0x": f"0x{raw.hex()}",
        "hex, node's buffer": f"<Buffer {raw.hex(' ')}>",
        "bytes, JSON": json.dumps([*raw]),
        "bytes, node's buffer": json.dumps({"type": "Buffer", "data": [*raw]}, indent=1),
        "bytes, Python": str([*raw]),
        "bytes, an object": json.dumps({str(at): byte for at, byte in enumerate(raw)}),
        "bytes, blanks": " ".join(map(str, raw)),
        "bytes, three digits": " ".join(f"{byte:03}" for byte in raw),
        "bytes, octal": "".join(f"\\{byte:03o}" for byte in raw),
        "characters, JSON": json.dumps([*secret]),
        "characters, an object": json.dumps(dict(enumerate(secret)), indent=2),
        "characters, blanks": " ".join(secret),
        "characters, dashes": "-".join(secret),
        "characters, lines": "\n".join(secret),
        "JSON": json.dumps(secret),
        "JSON, not ASCII": json.dumps(secret, ensure_ascii=False),
        "JSON in JSON": json.dumps(json.dumps({"key": secret})),
        "\\u00xx": "".join(f"\\u{ord(char):04x}" for char in secret),
        "\\u00xx escaped": "".join(f"\\\\u{ord(char):04X}" for char in secret),
        "\\u{xx}": "".join(f"\\u{{{ord(char):x}}}" for char in secret),
        "entities": html.escape(secret),
        "entities, decimal": "".join(f"&#{ord(char)};" for char in secret),
        "entities, hex": "".join(f"&#x{ord(char):x};" for char in secret),
        "entities, padded": "".join(f"&#{ord(char):05};" for char in secret),
        "entities, escaped": "".join(f"&amp;#{ord(char)};" for char in secret),
        "SQL": f"'{secret.replace(chr(39), chr(39) * 2)}'",
        "shell": "'" + secret.replace("'", "'\\''") + "'",
        "Python": repr(secret),
        **{f"base64, {n} before": based(b"user:"[:n] + raw + b":end") for n in range(3, 6)},
        **{f"base64, {n} before, alone": based(b"user:"[:n] + raw) for n in range(3)},
        **{
            f"base64 for URLs, {n} before": base64.urlsafe_b64encode(b"user:"[:n] + raw).decode()
            for n in range(3, 6)
        },
        **{f"base64 percent, {n}": quote(based(b"user:"[:n] + raw), safe="") for n in range(3, 6)},
        "base64 of JSON": based(inside),
        "base64 in lines": "\n".join(re.findall(".{1,9}", based(raw))),
        "base64 in quotes": "' + '".join(re.findall(".{1,12}", based(raw))),
        "base64, twice": based(based(raw).encode()),
        "base64, twice, of JSON": based(based(inside).encode()),
        "base64, twice, for URLs": based(base64.urlsafe_b64encode(inside)),
        "base64 of hex": based(raw.hex().encode()),
        "base64 of UTF-16": based(secret.encode("utf-16-le")),
        "base32": base64.b32encode(raw).decode(),
        "base32, before": base64.b32encode(b"key=" + raw).decode(),
        "quoted-printable": quopri.encodestring(raw).decode(),
        "quoted-printable, every character": "".join(f"={byte:02X}" for byte in raw),
        "quoted-printable, soft lines": "=\n".join(re.findall(".{1,5}", secret, re.DOTALL)),
        "split by lines": "\n".join(re.findall(".{1,5}", secret, re.DOTALL)),
        "split by blanks": "   ".join(re.findall(".{1,4}", secret, re.DOTALL)),
        "split by quotes": '" + "'.join(re.findall(".{1,3}", secret, re.DOTALL)),
        "split by marks": " *** ".join(re.findall(".{1,6}", secret, re.DOTALL)),
        "split by colours": "\x1b[0m".join(re.findall(".{1,4}", secret, re.DOTALL)),
        "backwards": secret[::-1],
        "ROT13": codecs.encode(secret, "rot13"),
    }


def based(raw: bytes) -> str:
    """In base64."""
    return base64.b64encode(raw).decode()


def dumped(raw: bytes) -> Iterator[str]:
    """As xxd prints it."""
    for at in range(0, len(raw), 16):
        part = raw[at : at + 16]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        yield f"{at:08x}: {part.hex(' ', 2):<40}  {shown}"


def cuts(secret: str) -> list[str]:
    """What a line's end or a limit leaves of it."""
    body = KINDS.sub("", secret, count=1)
    return [
        f"{secret[:-5]}…",
        f"…{secret[5:]}",
        f"{secret[: len(secret) // 2]}\n",
        f"starts with {body[:EDGE]}",
        f"ends with {secret[-EDGE:]}",
        f"{body[: EDGE + 2]}…{secret[-EDGE - 1 :]}",
    ]


def leaks(text: str, secrets: Iterable[str]) -> set[str]:
    """Every piece of a secret that stands in the text in any reading; the tool's own words apart."""
    words = _own_letters()
    seen = [letters(reading) for reading in readings(TOKEN.sub("\n~\n", text))]
    return {
        piece
        for secret in secrets
        for piece in _pieces(letters(secret), letters(KINDS.sub("", secret, count=1)))
        if piece not in words and _is_telling(piece) and any(piece in one for one in seen)
    }


@cache
def _own_letters() -> str:
    return letters(own_words())


def letters(text: str) -> str:
    """Letters and digits in small letters; what was taken out stands as a bar."""
    return re.sub(r"[\W_]+", "", text.replace("~", "\u01c0")).lower()


def _pieces(secret: str, body: str) -> Iterator[str]:
    """Those of which half is more than the beginning of all keys of its kind: "secret co" is a word."""
    first = max(0, len(secret) - len(body) - PIECE // 2)
    yield from (secret[at : at + PIECE] for at in range(first, len(secret) - PIECE + 1))
    yield from (piece for piece in (body[:EDGE], secret[-EDGE:]) if len(piece) == EDGE)


def _is_telling(piece: str) -> bool:
    """Not a number."""
    return any(map(str.isalpha, piece))


def readings(text: str, depth: int = 2) -> Iterator[str]:
    """The text as it is, and as it is for whoever decodes it, or its parts."""
    yield text
    plain = unquote_plus(html.unescape(_without_escapes(text)))
    for _ in range(depth):
        plain = unquote_plus(html.unescape(_without_escapes(plain)))
    yield plain
    yield text[::-1]
    yield codecs.encode(text, "rot13")
    yield quopri.decodestring(text.encode(errors="replace")).decode("latin-1")
    yield from _numbers(text)
    for decoded in (*_bytes(text), *_bytes(_joined(text))):
        if depth and _is_text(decoded):
            yield from readings(decoded, depth - 1)
        else:
            yield decoded


def _is_text(decoded: str) -> bool:
    """Whether it may be encoded once more: bytes by chance are not."""
    return sum(map(str.isprintable, decoded[:60])) > 0.9 * len(decoded[:60])


def _without_escapes(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"[\"']\d+[\"']\s*:", "", text)
    text = re.sub(r"\\+u\{?([0-9a-fA-F]{4}|[0-9a-fA-F]{2}(?=\}))\}?", _char(16), text)
    text = re.sub(r"\\+x([0-9a-fA-F]{2})|\b0x([0-9a-fA-F]{2})\b", _char(16), text)
    return re.sub(r"\\+([0-3][0-7]{2})", _char(8), text)


def _char(base: int) -> Callable[[re.Match[str]], str]:
    return lambda found: chr(int(next(filter(None, found.groups())), base))


def _numbers(text: str) -> Iterator[str]:
    """Lists of numbers as the characters that they stand for."""
    for run in re.findall(r"(?:\b\d{1,3}\b[^\w]*){6,}", _without_escapes(text)):
        found = map(int, re.findall(r"\d+", run))
        yield "".join(map(chr, (code for code in found if code < 256)))


def _joined(text: str) -> str:
    """The text without what may stand within an encoding, and is no part of it."""
    text = re.sub(r"[\"']\s*\+\s*[\"']", "", text)
    return re.sub(r"[\s\"',:;<>{}\[\]()*-]+", "", text)


def _bytes(text: str) -> Iterator[str]:
    """What hex, base64 or base32 in the text decodes to."""
    for run in re.findall(r"[0-9a-fA-F]{14,}", text):
        for start in range(2):
            part = run[start : start + (len(run) - start) // 2 * 2]
            yield bytes.fromhex(part).decode("latin-1").replace("\0", "")
    for run in re.findall(r"[A-Za-z0-9+/_-]{10,}", text):
        usual = run.translate({ord("-"): "+", ord("_"): "/"})
        for start in range(4):
            part = usual[start : len(usual) - ((len(usual) - start) % 4 == 1)]
            padded = part + "=" * (-len(part) % 4)
            yield base64.b64decode(padded).decode("latin-1").replace("\0", "")
    for run in re.findall(r"[A-Z2-7]{12,}", text):
        for start in range(8):
            part = run[start:] + "A" * (-len(run[start:]) % 8)
            yield base64.b32decode(part).decode("latin-1")
