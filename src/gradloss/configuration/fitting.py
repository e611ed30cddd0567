"""Whether the parts of a configuration fit each other: what no schema of its values can say."""

from collections import Counter
from collections.abc import Iterable, Mapping

from gradloss.configuration.faults import ConfigError, nearest
from gradloss.configuration.heads import head_of
from gradloss.configuration.offers import Offer, Preparation, losses_of, networks, preparations
from gradloss.configuration.runs import APART, LIBRARY, Settings, run_settings
from gradloss.configuration.sizes import check_sizes
from gradloss.support.errors import UserError
from gradloss.support.letters import unknown_letter

# What training rules read of a method, beside the parameters of its loss.
READ_BY_LINES = frozenset(("rule", "epochs", "batch_size", "learning_rate", *APART))
TUNABLE = frozenset(("noise_sigma", "weight_decay"))
READ_BY_NETWORKS = (
    READ_BY_LINES | TUNABLE | {"loss", "network", "order", "steps_per_epoch", "precision", "tune"}
)
OF_RECIPES = ("rule", "label", "changes", "dose_of", "length_of")
PLANE_HKR = (2,), 2, "hkr"  # shape, classes and rule, as the library takes them
PIXELS = ("gaussian_clipped", "pixel_flip")  # perturbations of images only


def check_labels(config: Settings) -> None:
    """Refuse labels that the paper cannot show, or that cannot be told apart.

    Raises:
        ConfigError: On the first one.
    """
    texts = {"notice": config["notice"]}
    for kind in ("methods", "datasets"):
        for name, entry in config[kind].items():
            texts |= {f"{kind}.{name}.{k}": entry[k] for k in ("label", "changes") if k in entry}
    for place, text in texts.items():
        letter = unknown_letter(text)
        if letter:
            raise ConfigError(
                f"config: {place} holds {letter!r}, which the fonts of the paper or of its figures "
                "lack; write it with other letters"
            )
        sign = next((sign for sign in "$\\" if sign in text), None)
        if sign and place.endswith("label"):
            raise ConfigError(
                f"config: {place} holds '{sign}'; leave it out, as in figures it is no text"
            )
    _refuse_equal("datasets", {name: entry["label"] for name, entry in config["datasets"].items()})
    for name, entry in config["datasets"].items():
        labels = {method: config["methods"][method]["label"] for method in entry["methods"]}
        _refuse_equal(f"the methods of datasets.{name}", labels)


def _refuse_equal(where: str, labels: Mapping[str, str]) -> None:
    label, count = Counter(labels.values()).most_common(1)[0]
    if count > 1:
        names = [name for name, own in labels.items() if own == label]
        raise ConfigError(
            f"config: {where}: {' and '.join(names)} have the same label '{label}'; change one"
        )


def check_dataset(config: Settings, name: str) -> None:
    """Refuse a data set whose settings its preparation or its methods cannot take.

    Raises:
        ConfigError: On the first one.
    """
    entry, place = config["datasets"][name], f"config: datasets.{name}"
    made = preparations()[entry.get("source", name)]
    task = "classification" if made.classes else "regression"
    if entry["task"] != task:
        raise ConfigError(
            f"{place}.task is '{entry['task']}', and its data are of a {task}; correct it"
        )
    if entry.get("classes", 0) != made.classes:
        raise ConfigError(
            f"{place}.classes is {entry.get('classes')}, and its data have {made.classes}; "
            "correct it"
        )
    _check_preparation(entry.get("preparation", {}), made.takes, f"{place}.preparation")
    _check_split(entry, made, place)
    for key, levels in [*entry.items(), *entry.get("noise", {}).items()]:
        if key in ("attacks", "corruptions", *PIXELS) and levels and not made.images:
            raise ConfigError(f"{place} has '{key}', and its data are no images; remove it")
    if "corruptions" in entry and not made.fixed_split:
        raise ConfigError(f"{place} has 'corruptions', and no fixed test part; remove them")
    check_sizes(entry, made, place)
    _check_methods(config, name, made, place)


def _check_preparation(given: Settings, takes: Offer, place: str) -> None:
    for key in given:
        if key not in takes.parameters:
            known = takes.parameters or {"none"}
            raise ConfigError(f"{place}.{key} is not taken; {nearest(key, known)}")
    for key in sorted(takes.required - given.keys()):
        raise ConfigError(f"{place} lacks the key '{key}'; add it")


def _check_split(entry: Settings, made: Preparation, place: str) -> None:
    if made.fixed_split == ("split" in entry):
        raise ConfigError(
            f"{place} has the key 'split', and its training part is fixed; remove it"
            if made.fixed_split
            else f"{place} lacks the key 'split'; add it, as each replicate draws its parts"
        )


def _check_methods(config: Settings, name: str, made: Preparation, place: str) -> None:
    entry = config["datasets"][name]
    rules = {method: config["methods"][method]["rule"] for method in entry["methods"]}
    for method, own in entry["methods"].items():
        for key in (key for key in OF_RECIPES if key in own):
            raise ConfigError(
                f"{place}.methods.{method}.{key} is given, and it is the same on all data sets; "
                f"move it to methods.{method}, or name another method"
            )
    linear = [method for method, rule in rules.items() if rule == "linear"]
    if linear and (len(linear) < len(rules) or len(made.shape) > 1 or made.shape[0] > 1):
        raise ConfigError(
            f"{place}.methods.{linear[0]} fits a line, which takes data of one feature and no "
            "other methods beside it; remove it"
        )
    for key in ("network", "noise", "tuning", "attacks", "certified"):
        if linear and key in entry:
            raise ConfigError(f"{place} has '{key}', which {linear[0]} does not read; remove it")
    if "noise" not in entry and not linear:
        raise ConfigError(
            f"{place} lacks the key 'noise', under which its methods are evaluated; add it"
        )
    if LIBRARY in rules:
        raise ConfigError(f"{place}.methods.{LIBRARY} has the library's name; choose another")
    if "library_replicates" in entry and (made.shape, made.classes, rules["hkr"]) != PLANE_HKR:
        raise ConfigError(
            f"{place} has 'library_replicates', and the library trains HKR on two classes of "
            "points in the plane; remove it"
        )


def check_run(config: Settings, dataset: str, method: str) -> None:
    """Refuse a run with parts that do not fit, or with a key that it would not read.

    Raises:
        ConfigError: On the first one.
    """
    run = run_settings(config, dataset, method)
    place = f"config: datasets.{dataset}.methods.{method}"
    stated = {**config["methods"][method], **config["datasets"][dataset]["methods"][method]}
    entry = config["datasets"][dataset]
    if run["rule"] == "linear":
        _refuse_unread(stated, READ_BY_LINES, place, "a linear regression")
        return
    made = preparations()[entry.get("source", dataset)]
    head = _head_of(run, place)
    loss = _chosen(losses_of(run["rule"]), run["loss"], head, made, f"{place}.loss")
    reader = f"the rule '{run['rule']}' with the loss '{run['loss']}'"
    _refuse_unread(stated, READ_BY_NETWORKS | loss.parameters, place, reader)
    for constant in run.get("tune", {}):
        if constant not in loss.parameters | TUNABLE:
            raise ConfigError(f"{place}.tune.{constant} is not read by {reader}; remove it")
    for parameter in sorted(loss.required - run.keys() - run.get("tune", {}).keys()):
        raise ConfigError(f"{place} lacks the key '{parameter}' of its loss; add it")
    sizes = {key for key in run["network"] if key != "name"}
    network = _chosen(networks(), run["network"]["name"], head, made, f"{place}.network.name")
    if sizes != network.parameters:
        wanted, given = (", ".join(sorted(names)) for names in (network.parameters, sizes))
        raise ConfigError(f"{place}.network takes {wanted}, not {given}; correct it")
    if run["order"] == "balanced":
        _check_balance(run, place)
    if "tune" in run:
        _check_tune(entry, run, place)


def _refuse_unread(stated: Iterable[str], read: Iterable[str], place: str, reader: str) -> None:
    for key in stated:
        if key not in read:
            raise ConfigError(f"{place}.{key} is given, and {reader} does not read it; remove it")


def _head_of(run: Settings, place: str) -> str:
    try:
        return head_of(run)
    except UserError as error:
        raise ConfigError(f"{place}: {error}") from error


def _chosen(
    offers: Mapping[str, Offer], name: str, head: str, made: Preparation, place: str
) -> Offer:
    if name not in offers:
        raise ConfigError(f"{place} is '{name}', which is unknown; {nearest(name, offers)}")
    offer = offers[name]
    if head not in offer.heads:
        fitting = ", ".join(other for other in offers if head in offers[other].heads)
        raise ConfigError(
            f"{place} is '{name}' and does not fit the task; those that do: {fitting}"
        )
    missing = "images" in offer.needs and not made.images
    if missing or ("grid" in offer.needs and len(made.shape) != 3):
        wanted = "images" if missing else "images with channels"
        raise ConfigError(f"{place} is '{name}', which takes {wanted}; choose another")
    return offer


def _check_balance(run: Settings, place: str) -> None:
    classes = run.get("classes")
    if classes is None:
        raise ConfigError(f"{place}.order is 'balanced', and a regression has no classes")
    if run["batch_size"] % classes:
        raise ConfigError(
            f"{place}.batch_size is {run['batch_size']}, and balanced batches hold as much of "
            f"each of {classes} classes; choose a multiple"
        )


def _check_tune(entry: Settings, run: Settings, place: str) -> None:
    if run["method"] == "hkr" and "library_replicates" in entry:
        raise ConfigError(
            f"{place}.tune is given, and the library trains with the recipe's own constants; "
            "remove it, or the dataset's library_replicates"
        )
    if "tuning" not in entry:
        raise ConfigError(f"{place}.tune is given, and the dataset lacks the key 'tuning'; add it")
