"""What a file of the configuration must be before Snakemake reads it: plain YAML, or JSON."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.runs import Settings

TEMPLATE_KEY = "__use_yte__"  # with it, Snakemake evaluates Python expressions in the values
TAG_PREFIX = "tag:yaml.org,2002:"
PLAIN_TYPES = {"map", "seq", "str", "int", "float", "bool", "null", "merge"}


def read_config_file(path: Path, needed: Iterable[str] = ()) -> Settings:
    """What a file of the configuration holds, if that is plain values by keys.

    Args:
        path: YAML or JSON, in UTF-8.
        needed: Keys that it must have.

    Raises:
        ConfigError: With one sentence on the first fault, and its line.
        OSError: The file cannot be read.
    """
    document = read_plain(path)
    if not isinstance(document, dict):
        raise ConfigError(f"config: {path} holds no keys; write them as config.yaml does")
    if TEMPLATE_KEY in document:
        raise ConfigError(f"config: {path} is a template; remove the key '{TEMPLATE_KEY}'")
    for key in needed:
        if key not in document:
            raise ConfigError(f"config: {path} lacks the key '{key}'; add it")
    return document


def read_plain(path: Path) -> object:
    """What a file of plain values holds.

    Args:
        path: YAML or JSON, in UTF-8.

    Raises:
        ConfigError: With one sentence on the first fault, and its line.
        OSError: The file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
        try:
            return json.loads(text, object_pairs_hook=lambda pairs: _json_object(path, pairs))
        except ValueError:
            return _read_yaml(path, text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"config: {path} is not UTF-8 text; save it as such") from error
    except RecursionError as error:
        raise ConfigError(f"config: {path} is nested too deeply; flatten it") from error


def _json_object(path: Path, pairs: list[tuple[str, object]]) -> dict[str, object]:
    _refuse_repetition((f"config: {path}", key) for key, _ in pairs)
    return dict(pairs)


def _read_yaml(path: Path, text: str) -> object:
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        for node in _nodes(root):
            _check_node(path, node)
        return loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(filter(None, [error.context, error.problem]))
        raise ConfigError(f"{_place(path, mark)}: {problem}; correct the YAML") from error
    except yaml.reader.ReaderError as error:
        raise ConfigError(
            f"config: {path} holds the character {error.character:#x}; remove it"
        ) from error
    except (ValueError, IndexError, KeyError) as error:
        raise ConfigError(
            f"config: {path} holds a value that cannot be read as its type; put text in quotes"
        ) from error


def _nodes(root: yaml.Node | None) -> Iterator[yaml.Node]:
    """Every node once, however many aliases it has."""
    pending, seen = [root] if root else [], set()
    while pending:
        node = pending.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            if isinstance(node, yaml.MappingNode):
                pending += [part for pair in node.value for part in pair]
            elif isinstance(node, yaml.SequenceNode):
                pending += node.value


def _check_node(path: Path, node: yaml.Node) -> None:
    kind = node.tag.removeprefix(TAG_PREFIX)
    if kind not in PLAIN_TYPES:
        raise ConfigError(
            f"{_place(path, node.start_mark)}: a value of type '{kind}' is refused; "
            "write plain values, text in quotes"
        )
    if isinstance(node, yaml.MappingNode):
        _refuse_repetition(
            (_place(path, key.start_mark), key.value)
            for key, _ in node.value
            if isinstance(key, yaml.ScalarNode)
        )


def _place(path: Path, mark: yaml.Mark) -> str:
    return f"config: {path}, line {mark.line + 1}"


def _refuse_repetition(keys: Iterable[tuple[str, str]]) -> None:
    seen = set()
    for place, key in keys:
        if key in seen:
            raise ConfigError(f"{place}: the key '{key}' is there twice; keep one")
        seen.add(key)
