"""Reference values of a wider survey: weighted as declared, scored as the campaign does, never without a population."""

from dataclasses import replace

import numpy as np
import pytest

import impact
from impact.clearance import clear
from impact.collect.responses import write_csv
from impact.errors import CampaignError, french
from impact.reference_survey import LANDMARK, read_reference_survey, reference_values
from impact.reference_survey.landmark import keep_landmark, with_landmark
from impact.simulation import Truth
from impact.story import story

CLOSED = 1e-12  # the same sums in another order


@pytest.fixture
def declared(campaign):
    return campaign.folder / "repere.toml"


@pytest.fixture
def national(campaign, declared, tmp_path):
    """Three hundred fictitious persons: their file, and the score of each from its definition."""
    people = impact.simulate(campaign, truth=Truth((300,), (0.0,)), seed=7, mistakes=False)
    people = people[people["vague"] == "avant"].head(300).reset_index(drop=True)
    items = read_reference_survey(declared).items
    table = people[list(items)].rename(columns=items).replace("nsp", "9")
    rng = np.random.default_rng(7)
    table = table.assign(poids=rng.uniform(0.5, 2, len(table)).round(3), sexe=rng.choice(["F", "H"], len(table)))
    values = people[list(items)].apply(lambda column: column.map({str(n): n for n in range(1, 6)}))
    values["lie4"] = 6 - values["lie4"]
    scores = values.mean(axis=1).where(values.notna().sum(axis=1) >= 4)
    return write_csv(table.astype(str).replace(r"\.", ",", regex=True), tmp_path / "enquete.csv"), table, scores


def test_the_weighted_mean_of_the_scales_asked_whole(campaign, declared, national):
    file, table, scores = national
    [row] = reference_values(file, read_reference_survey(declared), campaign).to_dict("records")
    share = table["sexe"].map(table.groupby("sexe")["poids"].sum() / table["poids"].sum())
    raked = table["poids"] * table["sexe"].map({"F": 0.52, "H": 0.48}) / share
    known = scores.notna()
    assert (row["scale"], row["statistic"], row["n"]) == ("liens", "reference_mean", known.sum())
    assert row["estimate"] == pytest.approx(np.average(scores[known], weights=raked[known]), rel=CLOSED)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
    assert LANDMARK in row["method"]
    assert "18 ans et plus" in row["method"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'population = "exemple fictif : personnes de 18 ans et plus"',
            "",
            "il manque population. Un repère sans sa population",
        ),
        ("weights", "poid", "la clé « poid » est inconnue"),
        ("lie1", "lie9", "l’item « lie9 » n’est d’aucune échelle. Vouliez-vous dire"),
        ("Q1", "Q77", "le fichier n’a pas de colonne « Q77 »"),
        ("0.48", "0.5", "Les parts de « sexe » ne font pas 1"),
        ("[items]", "[items", "ce repère ne peut pas être lu"),
    ],
)
def test_a_faulty_declaration_says_what_to_do(campaign, declared, national, tmp_path, old, new, said):
    changed = tmp_path / "repere.toml"
    changed.write_text(declared.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(impact.ImpactError) as told:
        reference_values(national[0], read_reference_survey(changed), campaign)
    assert said in str(told.value).replace("\u00a0", " ")


def test_a_weight_of_nobody_is_refused(campaign, declared, national):
    file, table, _ = national
    table.loc[3, "poids"] = 0
    write_csv(table.astype(str), file)
    with pytest.raises(impact.ImpactError, match="poids sont impossibles"):
        reference_values(file, read_reference_survey(declared), campaign)


def test_a_missing_declaration(tmp_path):
    with pytest.raises(CampaignError, match="ce repère ne peut pas être lu"):
        read_reference_survey(tmp_path / "absent.toml")


@pytest.fixture(scope="module")
def everyone(campaign, checked):
    return {one.audience: one for one in clear(checked.accepted, campaign)[0]}


@pytest.fixture
def lead(campaign, everyone, declared, national, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path / "cles"))
    values = reference_values(national[0], read_reference_survey(declared), campaign)
    keep_landmark(read_reference_survey(declared), values, campaign.name)
    return {one.audience: one for one in with_landmark(everyone.values(), campaign)}["responsable"], values


def test_the_lead_alone_reads_the_landmark_beside_the_first_scores(campaign, everyone, lead):
    release, values = lead
    [row] = values.to_dict("records")
    [told] = release.context["landmark"]["scales"]
    assert told["n"] == 5 * round(row["n"] / 5)
    assert told["estimate"] == round(row["estimate"], 1)
    assert told["ci_low"] <= row["ci_low"] < row["ci_high"] <= told["ci_high"], "rounded outwards"
    section = next(one for one in story(release, {}) if one.name == "repere")
    said = " ".join(one.text for one in section.statements).replace("\u00a0", " ")
    assert section.title == "Repère, pas norme"
    assert "Population : exemple fictif : personnes de 18 ans et plus. Source : données fictives" in said
    assert "ne note personne et ne classe aucune association" in said
    cells = section.tables[0].cells
    assert cells.iloc[:-1, 0].tolist() == [french(one.label) for one in campaign.associations], "in declared order"
    assert cells.iloc[-1, 1].endswith(french(f"environ {told['n']:.0f} personnes"))
    for one in with_landmark(everyone.values(), campaign):
        assert ("landmark" in one.context) == (one.audience == "responsable")


def test_no_landmark_where_none_is_declared_or_too_few_answered(campaign, everyone, declared, lead, tmp_path):
    survey, values = read_reference_survey(declared), lead[1]
    keep_landmark(survey, values.assign(n=9), campaign.name)
    [release] = with_landmark([everyone["responsable"]], campaign)
    assert release.context["landmark"]["scales"] == []
    assert "repere" not in {one.name for one in story(release, {})}
    elsewhere = replace(campaign, folder=tmp_path)
    assert list(with_landmark([everyone["responsable"]], elsewhere)) == [everyone["responsable"]]


def test_a_survey_without_any_whole_scale_is_refused(campaign, declared, national, tmp_path):
    changed = tmp_path / "repere.toml"
    changed.write_text(declared.read_text("utf-8").replace('lie6 = "Q6"', ""), "utf-8")
    with pytest.raises(CampaignError, match="aucune de nos échelles en entier"):
        reference_values(national[0], read_reference_survey(changed), campaign)


def test_an_invented_landmark_is_never_one_of_real_answers(campaign, tmp_path):
    with pytest.raises(CampaignError, match="on n’invente pas de repère"):
        impact.example_survey(replace(campaign, fictif=False), tmp_path)
