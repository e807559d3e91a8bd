"""Times and durations as people say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from backup_doctor.base.immutable import Immutable


class TimeWording(Immutable, frozen=True):
    """Times as people say them. `now` is RFC 3339; `zone` None is the local time zone."""

    now: str
    zone: tzinfo | None

    def local(self, at: str) -> str:
        """`2026-11-24 05:21:03 CET`; what is no time is left as it is."""
        time = _parsed(at)
        return time.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S %Z") if time else at

    def ago(self, at: str) -> str:
        """`3 h 12 min ago`, as of when the report was made; nothing for what is no time."""
        time, now = _parsed(at), _parsed(self.now)
        if time is None or now is None:
            return ""
        span = now - time
        return f"in {_span(-span)}" if span < timedelta() else f"{_span(span)} ago"

    @staticmethod
    def span(seconds: float) -> str:
        """`0.12 s`, `3 h 12 min`."""
        return f"{seconds:.2f} s" if seconds < 10 else _span(timedelta(seconds=seconds))  # noqa: PLR2004 -- below it, tenths matter


def is_time(at: str) -> bool:
    """Whether the text is a time, in RFC 3339."""
    return _parsed(at) is not None


def _parsed(at: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(at)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    first = next((at for at, (count, _) in enumerate(units) if count), len(units) - 1)
    said = [f"{count} {unit}" for count, unit in units[first : first + 2] if count]
    return " ".join(said) or "0 s"
