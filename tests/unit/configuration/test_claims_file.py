"""What the file of claims may hold, by its schema."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from project import ROOT

from gradloss.analysis.verdicts import RULES
from gradloss.configuration.claims import check_claims
from gradloss.configuration.faults import ConfigError

CLAIMS = ROOT / "src/gradloss/analysis/claims.yaml"
SCHEMA = yaml.safe_load((ROOT / "workflow/claims.schema.yaml").read_text())


def changed(tmp_path: Path, change: Callable) -> Path:
    """The claims of the study with a change of their list."""
    claims = yaml.safe_load(CLAIMS.read_text())
    change(claims)
    path = tmp_path / "claims.yaml"
    path.write_text(yaml.safe_dump(claims))
    return path


def test_the_claims_of_the_study_are_well_formed(tmp_path):
    check_claims(CLAIMS, SCHEMA)
    check_claims(changed(tmp_path, lambda claims: claims[0].update(left_out=True)), SCHEMA)


def test_the_schema_knows_the_rules():
    assert set(SCHEMA["properties"]["rule"]["enum"]) == {"number", *RULES}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda claims: claims.append(claims[0]), "two claims have the id 'boston-gradient-clean'"),
        (
            lambda claims: claims.append(claims[0] | {"id": "another"}),
            "claims.yaml: the claim 'another' stands apart from the others of document 000",
        ),
        (
            lambda claims: claims.append(claims[0] | {"id": "boston-gradient-loss-101"}),
            "two claims have the id 'boston-gradient-loss-101'; change one",
        ),
        (
            lambda claims: claims[0].update(hedline=True),
            "claim boston-gradient-clean has an unknown key 'hedline'; did you mean 'headline'?",
        ),
        (lambda claims: claims[0].pop("rule"), "boston-gradient-clean lacks the key 'rule'; add"),
        (lambda claims: claims[0].update(rule="about"), "clean.rule is 'about' and must be one of"),
        (lambda claims: claims[0].pop("id"), "claim number 1 lacks the key 'id'; add it"),
        (lambda claims: claims[0].update(id="A b"), "and must be words of small letters"),
        (lambda claims: claims[0].pop("reported"), "must be with the number that is"),
        (lambda claims: claims[0].update(bound=1), "must be without a bound, which"),
        (
            lambda claims: claims[0].update(quantities=["boston/mse"]),
            "clean.quantities.0 is 'boston/mse' and must be dataset/method/measure, and @level",
        ),
        (
            lambda claims: claims[0].update(quantities=["boston{}"]),
            "clean.quantities.0 is 'boston{}' and must be dataset/method/measure, and @level",
        ),
        (
            lambda claims: claims[0].update(quantities=["boston/gradient/mse@{}"]),
            "must be quantities without {}, as the claim has no series",
        ),
        (
            lambda claims: claims[5].update(quantities=["boston/gradient/mse"]),
            "must be quantities of which one has {} for the keys of the series",
        ),
        (lambda claims: claims[0].update(document="P 9"), "is 'P 9' and must be one word of let"),
        (lambda claims: claims[0].update(document="a/b"), "is 'a/b' and must be one word of let"),
        (
            lambda claims: claims[0]["quantities"].append("boston/brier/mse"),
            "must be one quantity",
        ),
        (
            lambda claims: claims[0].update(rule="ratio_above", bound=1.0),
            "must be without a reported number, which its rule does not read",
        ),
        (lambda claims: claims[0].update(reported="1e-3"), "without quotes, and with a dot"),
        (lambda claims: claims.clear(), "holds no list of claims; write them as"),
        (lambda claims: claims.append("more"), "is 'more' and must be of type object"),
    ],
)
def test_what_no_rule_could_judge_is_refused_in_one_sentence(tmp_path, change, sentence):
    with pytest.raises(ConfigError) as caught:
        check_claims(changed(tmp_path, change), SCHEMA)
    message = str(caught.value)
    assert message.startswith("claims.yaml")
    assert sentence in message
    assert "\n" not in message
