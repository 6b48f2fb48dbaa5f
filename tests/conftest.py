"""What several tests share: the fictitious campaign, its answers, its results, all computed once."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import impact
from impact.clearance import releases

# A busy machine is no failure: nothing here is about time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Notebooks here are fixtures, one of them hostile: only those of carnets/ are run as notebooks.
collect_ignore_glob = ["**/*.ipynb"]


@pytest.fixture(scope="session", autouse=True)
def keys_elsewhere(tmp_path_factory):
    """No test reads or writes the keys of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPACT_CLES", str(tmp_path_factory.mktemp("cles")))
        yield


@pytest.fixture(scope="session")
def campaign():
    return impact.read_campaign(Path(__file__).parents[1] / "questionnaires" / "demonstration")


@pytest.fixture(scope="session")
def answers_file(campaign, tmp_path_factory):
    return impact.example_file(campaign, tmp_path_factory.mktemp("exemple"))


@pytest.fixture(scope="session")
def checked(campaign, answers_file):
    return impact.check(impact.read_answers(answers_file), campaign)


@pytest.fixture(scope="session")
def results(campaign, checked):
    return impact.analyse(checked.accepted, campaign)


@pytest.fixture(scope="session")
def cleared(campaign, checked):
    return {one.audience: one for one in releases(checked.accepted, campaign)}


@pytest.fixture
def small(tmp_path):
    """A one-scale campaign of three associations written in tmp_path, with a hook to change its files."""

    def write(questionnaire: str = SMALL_QUESTIONNAIRE, campaign: str = SMALL_CAMPAIGN) -> Path:
        folder = tmp_path / "petite"
        folder.mkdir(exist_ok=True)
        (folder / "questionnaire.md").write_text(questionnaire, "utf-8")
        (folder / "campagne.toml").write_text(campaign, "utf-8")
        return folder

    return write


SMALL_QUESTIONNAIRE = """
| survey |
| | type | name | label | reverse | breakdown | score | min_answered | dimension | direction | source | licence |
| | select_one genre | genre | Votre genre | | oui | | | | | | |
| | begin_group | liens | Liens | | | sum | 2 | Liens | higher_is_better | essai | EUPL-1.2 |
| | select_one accord | lie1 | Je vois du monde | | | | | | | | |
| | select_one accord | lie2 | Je me sens à l’écart | oui | | | | | | | |
| | select_one accord | lie3 | On m’écoute | | | | | | | | |
| | end_group | | | | | | | | | | |

| choices |
| | list_name | name | label | missing |
| | accord | 1 | Pas d’accord | |
| | accord | 2 | Plutôt d’accord | |
| | accord | 3 | D’accord | |
| | accord | nsp | Je ne sais pas | oui |
| | genre | f | Une femme | |
| | genre | h | Un homme | |

| settings |
| | form_title | version |
| | Essai | 1 |
"""

SMALL_CAMPAIGN = """
title = "Essai"
version = "1"
fictif = true
design = "before_after"
waves = [{ code = "avant", label = "Avant" }, { code = "apres", label = "Après" }]
associations = [{ code = "a", label = "Asso A" }, { code = "b", label = "Asso B" }, { code = "c", label = "Asso C" }]
[disclosure]
threshold = 10
"""
