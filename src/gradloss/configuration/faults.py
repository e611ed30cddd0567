"""Faults of a configuration, in one sentence each."""

import difflib
import reprlib
from collections.abc import Iterable
from typing import Any

import jsonschema

from gradloss.configuration.runs import items_of
from gradloss.support.errors import UserError

EXPECTATIONS = {
    "type": "must be of type {}",
    "enum": "must be one of {}",
    "minimum": "must be at least {}",
    "maximum": "must be at most {}",
    "exclusiveMinimum": "must be greater than {}",
    "exclusiveMaximum": "must be less than {}",
    "minLength": "must not be empty",
    "minItems": "must have at least {} item",
    "minProperties": "must have at least {} entry",
    "maxProperties": "must have at most {} entry",
    "uniqueItems": "must not repeat a value",
}
AS_TEXT = "; it is text to YAML, so write it without quotes, and with a dot and a sign, as 1.0e-3"


class ConfigError(UserError):
    """The configuration is not valid."""


def check_names(where: str, mapping: Any, known: Iterable[str]) -> None:
    """Refuse a mapping with a key that is not known.

    Raises:
        ConfigError: With the name that is meant, if one is near.
    """
    for name, _ in items_of(mapping):
        if name not in set(known):
            raise ConfigError(f"config: {where}.{name} is unknown; {nearest(name, known)}")


def nearest(name: object, known: Iterable[object]) -> str:
    """What may be meant by an unknown name."""
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(name), names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'?" if close else f"known are {', '.join(names)}"


def sentence_on(
    error: jsonschema.ValidationError, where: tuple[str, ...], file: str = "config"
) -> str:
    """What is wrong, where, and what should be there instead.

    Args:
        error: Of any keyword of JSON schema; a `description` beside it says what is expected.
        where: Keys above the value that was validated.
        file: That it is from.
    """
    place = ".".join([*where, *map(str, error.absolute_path)]) or "the top level"
    value, schema = error.instance, error.schema
    if error.validator == "additionalProperties" and "properties" in schema:
        allowed = schema["properties"]
        unknown = next(key for key in value if key not in allowed)
        return f"{file}: {place} has an unknown key '{unknown}'; {nearest(unknown, allowed)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in value)
        return f"{file}: {place} lacks the key '{missing}'; add it"
    description = schema.get("description") if isinstance(schema, dict) else None
    if error.validator in EXPECTATIONS:
        expectation = EXPECTATIONS[error.validator].format(error.validator_value)
    elif error.validator is None:  # of a schema that is `false`
        expectation = "is not taken here; remove it"
    elif description:
        expectation = f"must be {description}"
    else:
        rule = reprlib.repr(error.validator_value)
        expectation = f"does not fit the schema, {error.validator}: {rule}; correct it"
    return f"{file}: {place} is {reprlib.repr(value)} and {expectation}{_hint(value, schema)}"


def _hint(value: object, schema: object) -> str:
    """How to write a number that is text."""
    if not isinstance(value, str) or not isinstance(schema, dict) or "pattern" in schema:
        return ""
    try:
        float(value)
    except ValueError:
        return ""
    return AS_TEXT
