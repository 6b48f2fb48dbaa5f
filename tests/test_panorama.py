"""The référentiel as an audience reads it: every indicator with its evidence, people under the threshold, no rank."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

import impact.sentences.panorama as words
from impact.charts.panorama import COLUMN, PAD, SIZE, _stack, panorama, shared_criteria
from impact.charts.svg import width_of
from impact.clearance import clear
from impact.errors import french
from impact.evidence import keep_counts, with_evidence
from impact.simulation import simulate_counts
from impact.simulation.example import example_evidence
from impact.story import story


@pytest.fixture(scope="module")
def told(campaign, checked, tmp_path_factory):
    """Every audience's release with its evidence, from the demonstration's fictitious counts and coding."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPACT_CLES", str(tmp_path_factory.mktemp("cles")))
        example_evidence(campaign)
        releases, _ = clear(checked.accepted, campaign)
        return {one.audience: one for one in with_evidence(releases, campaign, checked.accepted)}


def indicators(release):
    return [one for criterion in release.context["framework"]["criteria"] for one in criterion["indicators"]]


def everything_said(sections):
    for section in sections:
        yield section.title
        yield from (one.text for one in (*section.statements, *section.points))
        yield from everything_said(section.parts)


def test_each_indicator_has_its_evidence_or_says_it_is_not_measured(campaign, told):
    for association in campaign.associations:
        release = told[association.code]
        section = next(one for one in story(release, {}) if one.name == "referentiel")
        points = [point for part in section.parts for point in part.points]
        declared = [one for criterion in campaign.framework.of(association.code) for one in criterion.indicators]
        assert len(points) == len(declared)
        for point, one in zip(points, declared, strict=True):
            assert point.text.startswith(french(f"{one.label} :"))
            known = one.how in ("echelle", "comptage") or "« " in french(point.text.partition(":")[2]).replace(
                "«\u00a0", "« "
            )
            assert (words.NOT_YET in point.text) != known
            assert point.sign == ("●" if known else "○")


def test_the_three_kinds_of_evidence(told):
    said = {one["label"]: words.evidence(told["asso_a"], one) for one in indicators(told["asso_a"])}
    assert said["Estime de soi"] == "une amélioration se lit"
    assert re.fullmatch(r"\d+ ateliers en tout, dont \d+ au 1er trimestre 2014, .*", said["Ateliers à son rythme"])
    assert said["Ce que les personnes en disent"].endswith("(exemple fictif). »")
    assert said["Activités reprises hors de l’association"] == "pas encore mesuré"
    small = {one["label"]: words.evidence(told["asso_g"], one) for one in indicators(told["asso_g"])}
    assert small["Liens avec les autres"] == "effectif insuffisant, ne pas conclure"
    assert small["Ce qui a gêné les voisins"] == "pas encore mesuré", "eight persons: no text leaves"


def test_counts_of_people_follow_the_threshold_for_everybody(campaign, checked, told, monkeypatch, tmp_path):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path))
    counts = simulate_counts(campaign)
    mine = (counts["association"] == "asso_a") & (counts["indicator"] == "a_personnes")
    counts.loc[mine, "value"] = [9, 10, 23]
    keep_counts(counts, campaign.name)
    [release] = with_evidence([told["asso_a"]], campaign, checked.accepted)
    persons = next(one for one in indicators(release) if one["people"])
    assert [one["value"] for one in persons["counts"]] == [None, 10.0, 25.0]  # base 5, never under the threshold
    assert words.evidence(release, persons) == (
        "moins de 10 personnes au 1er trimestre 2014, environ 10 au 2e trimestre 2014 et environ 25 au 3e trimestre 2014"
    )
    things = next(one for one in indicators(release) if one["unit"] == "ateliers")
    exact = counts.loc[(counts["association"] == "asso_a") & (counts["indicator"] == "a_ateliers"), "value"]
    assert [one["value"] for one in things["counts"]] == exact.tolist()


def test_others_read_nothing_of_an_association(campaign, told):
    """The public and the lead get the common référentiel without counts or words; nobody another one's name."""
    for audience in ("public", "responsable"):
        assert not [one for one in indicators(told[audience]) if one["counts"] or one["texts"]]
        assert told[audience].context["verbatims"] == []
    for one in campaign.associations:
        about = told[one.code].context
        said = json.dumps({key: about[key] for key in ("framework", "verbatims")}, ensure_ascii=False)
        for other in campaign.associations:
            assert other is one or not (other.label in said or f'"{other.code}"' in said)


def test_unexpected_and_negative_effects_have_their_own_place(told):
    sections = {one.name: one for one in story(told["asso_a"], {})}
    assert {part.name for part in sections["inattendu"].parts} == {"inattendu", "negatif"}
    assert {part.name for part in sections["paroles"].parts} == {"changement"}
    assert any("effet négatif" in point.text for point in sections["inattendu"].points)


def test_only_approved_words_are_told(told):
    for release in told.values():
        texts = {text for one in release.context["verbatims"] for text in one["texts"]}
        quoted = {text for one in indicators(release) for text in one["texts"]}
        assert quoted <= texts
        assert all("(exemple fictif)" in text for text in texts)


def test_shared_criteria_are_counted_never_ranked(campaign, told):
    """Recomputed from the file: distinct associations linked to each common criterion, in the order declared."""
    sharing = told["asso_b"].context["framework"]["sharing"]
    common = campaign.framework.of("")
    assert [one["label"] for one in sharing] == [one.label for one in common]
    for one, criterion in zip(sharing, common, strict=True):
        linked = {other.association for other in campaign.framework.criteria if other.transversal == criterion.code}
        assert (one["n"], one["own"]) == (len(linked), "asso_b" in linked)
    assert "jamais un classement" in words.sharing_sentence(told["asso_b"].context["framework"])


def forty(told):
    """One release whose référentiel is all of them together."""
    whole = told["responsable"]
    others = [one for code, one in told.items() if code.startswith("asso_")]
    criteria = [criterion for one in (whole, *others) for criterion in one.context["framework"]["criteria"]]
    return replace(whole, context={**whole.context, "framework": {**whole.context["framework"], "criteria": criteria}})


def test_the_panorama_is_legible_with_forty_indicators(told):
    release = forty(told)
    figure = panorama(release)
    assert len(figure.table) == 40
    assert set(figure.table["Indicateur"]) == {french(one["label"]) for one in indicators(release)}
    assert figure.svg.startswith(b"<svg")
    for nature, column in words.cards(release.context["framework"]).items():
        cards = list(_stack(nature, column))
        assert all(low.top > high.top + high.height for high, low in pairwise(cards))
        assert all(len(line) <= 35 for card in cards for line in (*card.title, *card.whom, *card.indicators))


def test_every_line_fits_in_its_card(told):
    """Measured by matplotlib, for the longest lines: bold titles."""
    lines = [
        line
        for nature, column in words.cards(forty(told).context["framework"]).items()
        for card in _stack(nature, column)
        for line in card.title
    ]
    assert max(measured(line, SIZE) for line in lines) <= COLUMN - PAD


def measured(line, size):
    """The width of a bold line, in points."""
    return TextToPath().get_text_width_height_descent(line, FontProperties(weight="bold", size=size), False)[0]


def test_lines_are_as_long_as_matplotlib_sets_them():
    for line in (
        "Toutes associations",
        "AVATAR Tôt ou tard",
        "effectif insuffisant\u00a0: ne pas conclure",
        "−0,5 à +1,2",
    ):
        assert width_of(line, "bold", 10) == pytest.approx(measured(line, 10), rel=0.01)  # its pixels are whole


def test_figures_are_for_a_campaign_that_has_a_framework(cleared):
    assert panorama(cleared["asso_a"]) is None
    assert shared_criteria(cleared["asso_a"]) is None
    assert not {"referentiel", "criteres-communs", "inattendu"} & {one.name for one in story(cleared["asso_a"], {})}


def test_without_a_transversal_framework_others_have_none(campaign, checked, cleared, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPACT_CLES", str(tmp_path))
    framework = campaign.framework
    own = tuple(replace(one, transversal="") for one in framework.criteria if one.association == "asso_a")
    alone = replace(campaign, framework=replace(framework, editions=framework.editions[1:2], criteria=own))
    mine, other = with_evidence([cleared["asso_a"], cleared["asso_b"]], alone, checked.accepted)
    assert "framework" not in other.context
    assert shared_criteria(mine) is None
    assert [one.name for one in story(mine, {}) if one.name in ("referentiel", "criteres-communs")] == ["referentiel"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("2014", "en 2014"),
        ("2014-T1", "au 1er trimestre 2014"),
        ("2014-T3", "au 3e trimestre 2014"),
        ("2026-08", "en août 2026"),
    ],
)
def test_periods_in_words(code, said):
    assert words.period(code) == said


def test_no_programming_word_reaches_the_reader(told):
    for release in told.values():
        for text in everything_said(story(release, {})):
            assert not re.search(r"\b(None|nan|True|False|null)\b", text), text
