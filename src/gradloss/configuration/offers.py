"""What the package offers to a configuration: losses, networks, preparations and readers.

It is read from the sources. To import them would be to import TensorFlow, which takes seconds.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from gradloss.configuration.faults import ConfigError
from gradloss.configuration.heads import ForHeads

PACKAGE = Path(__file__).parents[1]
LOSSES = {
    "gradient": "losses/plain.py",
    "baseline": "losses/plain.py",
    "hkr": "losses/hkr.py",
}
NETWORKS = "networks/architectures.py"
PREPARATIONS = "data/preparations"
MANIFEST = "data/manifest.yaml"
READERS = "data/readers.py"
GIVEN = 3  # first parameters of a loss or a network, which no configuration gives


@dataclass(frozen=True)
class Offer:
    """A function that a configuration names.

    Attributes:
        required: Parameters that the configuration must give.
        optional: Those that have defaults.
        heads: Of the networks that it fits; see `heads.head_of`.
        needs: Which it needs of the data: "images", or a "grid" of pixels with channels.
    """

    required: frozenset[str]
    optional: frozenset[str]
    heads: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()

    @property
    def parameters(self) -> frozenset[str]:
        """All that it takes from a configuration."""
        return self.required | self.optional


@dataclass(frozen=True)
class Preparation:
    """How a data set is prepared: what its module takes, and the form that it states.

    Attributes:
        takes: Its parameters.
        arrays: Shape of each array of its download; none of a data set that is drawn.
        shape, classes, images, fixed_split: See `data.forms.Form`.
    """

    takes: Offer
    arrays: Mapping[str, tuple[int, ...]]
    shape: tuple[int, ...]
    classes: int = 0
    images: bool = False
    fixed_split: bool = False


@cache
def losses_of(rule: str) -> dict[str, Offer]:
    """Losses of a training rule, by name; of a linear regression none."""
    return _offers_in(LOSSES[rule]) if rule in LOSSES else {}


@cache
def networks() -> dict[str, Offer]:
    """Networks, by name."""
    return _offers_in(NETWORKS)


@cache
def preparations() -> dict[str, Preparation]:
    """Preparations, by the name of the data set."""
    files = sorted((PACKAGE / PREPARATIONS).glob("[!_]*.py"))
    downloads = yaml.safe_load((PACKAGE / MANIFEST).read_text(encoding="utf-8"))
    return {
        file.stem: _preparation_in(file, downloads.get(file.stem, {}).get("shapes", {}))
        for file in files
    }


@cache
def readers() -> frozenset[str]:
    """Names of the readers of downloaded files."""
    tree = ast.parse((PACKAGE / READERS).read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "READERS"
    )
    return frozenset(ast.literal_eval(key) for key in table.keys)


def _offers_in(file: str) -> dict[str, Offer]:
    functions = _functions(ast.parse((PACKAGE / file).read_text(encoding="utf-8")))
    return {
        function.name: Offer(
            *_parameters(function, GIVEN),
            heads=frozenset(ast.literal_eval(head) for head in mark.args),
            needs=frozenset(keyword.arg for keyword in mark.keywords),
        )
        for function in functions
        for mark in function.decorator_list
        if isinstance(mark, ast.Call)
        and isinstance(mark.func, ast.Attribute)
        and mark.func.attr == ForHeads.for_heads.__name__
    }


def _preparation_in(file: Path, arrays: Mapping[str, tuple[int, ...]]) -> Preparation:
    """What a module states.

    Raises:
        ConfigError: It has no `prepare` or no `FORM` of literal values.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = {function.name: function for function in _functions(tree)}
    values = {
        ast.unparse(node.targets[0]): node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
    }
    try:
        required, optional = _parameters(functions["prepare"], 1)
        form = {key.arg: ast.literal_eval(key.value) for key in values["FORM"].keywords}
        return Preparation(Offer(required - {"seed"}, optional - {"seed"}), arrays, **form)
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise ConfigError(
            f"{file} must hold a function 'prepare' and 'FORM = Form(...)' of literal values, as "
            "those beside it; add them"
        ) from error


def _functions(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in tree.body if isinstance(node, ast.FunctionDef)]


def _parameters(function: ast.FunctionDef, given: int) -> tuple[frozenset[str], frozenset[str]]:
    """Parameters after the first ones, without and with a default."""
    names = [argument.arg for argument in function.args.args][given:]
    without = len(names) - len(function.args.defaults)
    keyed = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    required = set(names[:without]) | {a.arg for a, value in keyed if value is None}
    everything = {*names, *(argument.arg for argument in function.args.kwonlyargs)}
    return frozenset(required), frozenset(everything - required)
