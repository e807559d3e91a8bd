"""From several sources to one value for each setting, and the record of where it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backup_doctor.base.immutable import Immutable
from backup_doctor.settings import values
from backup_doctor.settings.errors import wrong_value
from backup_doctor.settings.model import Origin, Secret
from backup_doctor.settings.table import SETTINGS, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backup_doctor.settings.reading import Source


class Value(Immutable, frozen=True, kw_only=True):
    """A setting's value as given, and where it was found."""

    text: str
    origin: Origin
    source: Source

    @property
    def bare(self) -> str:
        """Without surrounding whitespace, as everything but a credential is used."""
        return self.text.strip()

    @property
    def secret(self) -> Secret:
        """The value as a credential."""
        return Secret(self.text)

    def __repr__(self) -> str:
        return f"Value({self.origin})"


class ResolvedSettings(Immutable, frozen=True, kw_only=True):
    """Every setting that is set, by name. `sources` are in the order of precedence."""

    values: dict[str, Value]
    sources: Sequence[Source]
    warnings: tuple[str, ...] = ()

    def text(self, name: str) -> str | None:
        """The value without surrounding whitespace, None where it is not set."""
        value = self.values.get(name)
        return value.bare if value else None

    def secret(self, name: str) -> Secret | None:
        """The credential, exactly as given."""
        value = self.values.get(name)
        return value.secret if value else None

    def in_source(self, name: str, source: Source) -> Value | None:
        """The value that one source has for a setting, whatever takes precedence."""
        setting = next(setting for setting in SETTINGS if setting.name == name)
        found = source.given(setting)
        return _value(found[0], source) if found else None


def resolve(sources: Sequence[Source]) -> ResolvedSettings:
    """Take each setting from the first source that has it.

    Raises:
        SettingsError: a value that would be used cannot be right.
    """
    found: dict[str, Value] = {}
    warnings: list[str] = []
    for setting in SETTINGS:
        source = next((source for source in sources if source.given(setting)), None)
        if source is None:
            continue
        given = source.given(setting)
        value = _value(given[0], source)
        _check(setting, value)
        found[setting.name] = value
        warnings += _differing(given, source)
    return ResolvedSettings(values=found, sources=sources, warnings=tuple(warnings))


def _value(given: tuple[str, str], source: Source) -> Value:
    name, text = given
    called = source.called.get(name, name)
    origin = Origin(
        name=called,
        place=source.place,
        file=source.file,
        found=source.found,
        indirect=name in source.called,
    )
    return Value(text=text, origin=origin, source=source)


def _check(setting: Setting, value: Value) -> None:
    if setting.may_be_false and values.is_none(value.bare):
        return
    try:
        values.check(setting.name, value.bare)
    except ValueError as error:
        raise wrong_value(setting, given_as=str(value.origin), problem=str(error)) from None


def _differing(given: Sequence[tuple[str, str]], source: Source) -> Iterable[str]:
    (taken, value), *others = given
    for name, other in others:
        if other != value:
            yield f"{taken} and {name} differ in {source.place}: {taken} was taken."
