"""Whether the file of claims holds what can be judged, before anything runs."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from gradloss.configuration.faults import ConfigError, sentence_on
from gradloss.configuration.files import read_plain
from gradloss.configuration.runs import Settings
from gradloss.configuration.validation import VALIDATOR


def check_claims(path: Path, schema: Settings) -> None:
    """Refuse claims that no rule could judge, names that are there twice, and scattered documents.

    Args:
        path: YAML in UTF-8, as claims.yaml.
        schema: JSON schema (2020-12) of one claim.

    Raises:
        ConfigError: With one sentence on the first fault.
        OSError: The file cannot be read.
    """
    claims = read_plain(path)
    if not isinstance(claims, list) or not claims:
        raise ConfigError(f"{path.name} holds no list of claims; write them as '- id: name'")
    validator, seen = VALIDATOR(schema), set()
    for number, claim in enumerate(claims, 1):
        name = claim["id"] if isinstance(claim, dict) and "id" in claim else f"number {number}"
        for error in validator.iter_errors(claim):
            raise ConfigError(sentence_on(error, (f"claim {name}",), path.name))
        for identifier in _identifiers(claim):
            if identifier in seen:
                raise ConfigError(f"{path.name}: two claims have the id '{identifier}'; change one")
            seen.add(identifier)
    _refuse_scattered(claims, path)


def _refuse_scattered(claims: list[Settings], path: Path) -> None:
    """Those of a document are judged together, and read in the order of the file."""
    together = groupby(claims, key=itemgetter("document"))
    begun = set()
    for document, group in together:
        if document in begun:
            raise ConfigError(
                f"{path.name}: the claim '{next(group)['id']}' stands apart from the others of"
                f" document {document}; move it to them"
            )
        begun.add(document)


def _identifiers(claim: Settings) -> Iterator[str]:
    """Of a claim, or of each member of a series."""
    if "series" in claim:
        yield from (f"{claim['id']}-{key}" for key in claim["series"])
    else:
        yield claim["id"]
