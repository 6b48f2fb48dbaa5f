"""The whole flow on three real surveys, kept beside the repository and never in it: known figures, found again.

Figures come from the SOURCE.md of each data folder: R (psych), or plain Python on the file itself.
"""

import re
import shutil
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impact
from impact import sentences
from impact.analysis import who_answered
from impact.campaign import Campaign
from impact.collect.validation import Checked
from impact.first_pass import summarise
from impact.page import Page, read_page
from impact.stats.attrition import attrition, returned
from impact.stats.change import pair_moments, paired_change, pairs
from impact.stats.designs import mean_scores, wave_moments
from impact.stats.items import item_moments
from impact.stats.people import people
from impact.stats.reliability import alpha

CAMPAIGNS = Path(__file__).parents[1] / "carnets" / "cas"
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SAME_SUM = 1e-9  # a sum rebuilt as k times a mean differs from the file's integer by binary noise only

ARMS = ("1", "2", "3", "4")
REVERSED_CESD = {"cesd04", "cesd08", "cesd12", "cesd16"}
# Person and occasion seen twice -> line in a spreadsheet, line seen first, occasion this person has not used.
REPEATED = {("8", "2"): (27, 9, "5"), ("64", "4"): (268, 210, "3")}
UNDECLARED = ["elapsed.days", "ahiTotal", "cesdTotal"]


def printed(value: float, digits: int = 4):
    """Allow half a unit of the last digit printed in SOURCE.md: the figure is known no better."""
    return pytest.approx(value, abs=0.5 * 10**-digits)


def data_file(*parts: str) -> Path:
    path = DATA.joinpath(*parts)
    if not path.is_file():
        pytest.skip(f"{'/'.join(parts)} : absent de ../shared/data (données réelles, non redistribuées avec le projet)")
    return path


def only(results: pd.DataFrame, statistic: str) -> pd.Series:
    found = results[results["statistic"] == statistic]
    assert len(found) == 1
    return found.iloc[0]


def alpha_of(responses: pd.DataFrame, scale) -> pd.Series:
    return only(alpha(item_moments(impact.item_values(responses, scale))), "alpha")


def texts(page: Page) -> dict[str, str]:
    """Every piece of HTML of the page."""
    fixed = {"title": page.title, "before": page.before, "pick": page.pick, "after": page.after}
    made = fixed | {f"detail {name}": html for name, html in page.details.items()}
    return {name: html for name, html in made.items() if html}


def without_images(html: str) -> str:
    return re.sub(r'src="data:[^"]*"', "", html)


def spoken(release, scale: str) -> str:
    """All that is said of one scale."""
    return " ".join(say(release, scale) for say in (sentences.change, sentences.people, sentences.whole))


@dataclass(frozen=True)
class Survey:
    """A real survey: its declarations, its file, and what the project makes of it."""

    campaign: Campaign
    file: Path
    checked: Checked
    scores: pd.DataFrame


def read_survey(name: str, file: Path) -> Survey:
    campaign = impact.read_campaign(CAMPAIGNS / name)
    checked = impact.check_file(file, campaign)
    return Survey(campaign, file, checked, impact.score(checked.accepted, campaign.questionnaire))


# Woodworth and others (2018): 295 persons, four arms, six occasions, two scales of 24 and 20 items.


@pytest.fixture(scope="module")
def exercises(tmp_path_factory):
    """Checked on a copy: the quarantine is written beside the file that is checked."""
    copy = tmp_path_factory.mktemp("woodworth") / "ahi-cesd.csv"
    shutil.copyfile(data_file("woodworth2018_ppi", "ahi-cesd.csv"), copy)
    return read_survey("woodworth", copy)


@pytest.fixture(scope="module")
def two_occasions(exercises):
    """The same campaign with occasions 0 and 1 as before and after."""
    return replace(exercises.campaign, waves=exercises.campaign.waves[:2])


@pytest.fixture(scope="module")
def two_occasions_file(exercises, tmp_path_factory):
    raw = pd.read_csv(exercises.file, dtype=str, keep_default_na=False)
    path = tmp_path_factory.mktemp("deux_mesures") / "reponses.csv"
    raw[raw["occasion"].isin(["0", "1"])].to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def two_occasions_checked(two_occasions, two_occasions_file):
    return impact.check_file(two_occasions_file, two_occasions)


@pytest.fixture(scope="module")
def two_occasions_results(two_occasions, two_occasions_checked):
    responses = two_occasions_checked.accepted
    return impact.analyse(responses, two_occasions)


@pytest.fixture(scope="module")
def arms_cleared(two_occasions, two_occasions_checked):
    return {one.audience: one for one in impact.releases(two_occasions_checked.accepted, two_occasions)}


@pytest.fixture(scope="module")
def arms_pages(two_occasions, two_occasions_file, tmp_path_factory):
    folders = impact.publish(two_occasions, [two_occasions_file], tmp_path_factory.mktemp("sorties"))
    return {folder.name: read_page(folder) for folder in folders}


def test_the_scoring_key_is_that_of_the_code_book(exercises):
    ahi, cesd = exercises.campaign.questionnaire.scale("ahi"), exercises.campaign.questionnaire.scale("cesd")
    assert (len(ahi.items), ahi.range, ahi.higher_is_better) == (24, (24, 120), True)
    assert (len(cesd.items), cesd.range, cesd.higher_is_better) == (20, (0, 60), False)
    assert {item.name for item in cesd.items if item.reverse} == REVERSED_CESD
    for item in cesd.items:
        recorded = range(1, 5)
        counted = {code: 4 - code if item.reverse else code - 1 for code in recorded}
        assert item.values == {str(code): value for code, value in counted.items()}


def test_repeated_rows_are_told_and_put_aside(exercises):
    assert (exercises.checked.n_read, len(exercises.checked.accepted)) == (992, 990)
    by_row = {problem.row: problem for problem in exercises.checked.problems if problem.row}
    assert sorted(by_row) == sorted(line for line, _, _ in REPEATED.values())
    for (person, _), (line, seen, _) in REPEATED.items():
        problem = by_row[line]
        assert problem.value == person
        assert f"même personne, même vague qu’à la ligne {seen}" in problem.rule
        assert "Garder la bonne des deux lignes" in problem.advice
    told = exercises.checked.table
    assert told["conseil"].str.len().gt(0).all()
    assert set(told["ligne"].dropna()) == set(by_row)


def test_quarantined_rows_are_as_they_were(exercises):
    aside = pd.read_csv(exercises.file.with_suffix(".quarantaine.csv"), sep=";", dtype=str).set_index("ligne")
    raw = pd.read_csv(exercises.file, dtype=str)
    for (person, occasion), (line, _, _) in REPEATED.items():
        row = aside.loc[str(line)]
        assert (row["id"], row["occasion"]) == (person, occasion)
        pd.testing.assert_series_equal(row.drop("motif"), raw.loc[line - 2], check_names=False, check_dtype=False)


def test_undeclared_columns_are_told_and_left_out(exercises):
    told = [problem.column for problem in exercises.checked.problems if not problem.row]
    assert told == UNDECLARED
    assert not set(UNDECLARED) & set(exercises.checked.accepted)


def test_every_total_of_the_file_is_found_again(exercises, tmp_path):
    """As an evaluation lead would: correct the quarantine, read it back, score all 992 rows.

    Each repeated row gets the one occasion its person has not used; the days elapsed do not say which it truly is.
    """
    aside = pd.read_csv(exercises.file.with_suffix(".quarantaine.csv"), sep=";", dtype=str, encoding="utf-8-sig")
    free = {person: occasion for (person, _), (_, _, occasion) in REPEATED.items()}
    corrected = tmp_path / "corrige.csv"
    aside.assign(occasion=aside["id"].map(free)).to_csv(corrected, sep=";", index=False)

    again = impact.check_file(corrected, exercises.campaign)
    assert (len(again.accepted), len(again.quarantined)) == (2, 0)
    assert [problem.column for problem in again.problems] == UNDECLARED
    lines = aside["ligne"].astype(int).to_numpy()
    everyone = pd.concat([exercises.checked.accepted, again.accepted.set_axis(lines)])
    assert not everyone.duplicated(["wave", "participant"]).any()

    scores = impact.score(everyone, exercises.campaign.questionnaire).sort_index()
    raw = pd.read_csv(exercises.file)
    assert len(scores) == len(raw) == 992
    for scale, total in (("ahi", "ahiTotal"), ("cesd", "cesdTotal")):
        wrong = np.abs(scores[scale].to_numpy() - raw[total].to_numpy()) > SAME_SUM
        assert wrong.sum() == 0


def test_all_items_of_all_rows_are_answered(exercises):
    summary = impact.scoring_summary(exercises.scores, exercises.campaign.questionnaire)
    assert (summary["complete"] == summary["n"]).all()
    assert summary["n"].sum() == 2 * 990


def test_how_many_answered_at_each_occasion(exercises):
    responded = who_answered(summarise(exercises.checked.accepted, exercises.campaign)).query(
        "statistic == 'responded'"
    )
    counts = responded.groupby("wave")["n"].sum()
    assert counts.to_dict() == {"0": 295, "1": 147, "2": 156, "3": 139, "4": 133, "5": 120}


def test_who_left_began_at_nearly_the_same_level(exercises):
    found = attrition(returned(exercises.scores, "ahi", "0", "1"), by=())
    for statistic, n, mean in (("first_score_returned", 147, 69.25), ("first_score_lost", 148, 70.16)):
        row = only(found, statistic)
        assert (row["n"], row["estimate"]) == (n, printed(mean, 2))


def test_change_of_everybody_together(exercises):
    linked = pairs(exercises.scores, "ahi", "0", "1")
    results = paired_change(pair_moments(linked, by=()))
    change = only(results, "change")
    assert change["n"] == 147
    assert change["df"] == 146
    assert change["estimate"] == printed(3.10204, 5)
    assert change["std_error"] * np.sqrt(147) == printed(7.64068, 5)
    assert change["estimate"] / change["std_error"] == printed(4.9224)
    assert only(results, "mean_before")["estimate"] == printed(69.2517)
    assert only(results, "mean_after")["estimate"] == printed(72.3537)


@pytest.mark.parametrize(("arm", "n", "mean"), [("1", 30, 4.000), ("2", 48, 2.646), ("3", 24, 3.375), ("4", 45, 2.844)])
def test_change_by_arm(two_occasions_results, arm, n, mean):
    mine = two_occasions_results.query("association == @arm and scale == 'ahi'")
    change = only(mine, "change")
    assert change["n"] == n
    assert change["estimate"] == printed(mean, 3)
    assert only(two_occasions_results.query("association == @arm and scale.isna()"), "returned")["n"] == n


def test_the_comparison_arm_rises_too(exercises, two_occasions_results):
    """The textbook case: before and after, without a comparison, would have been called an effect."""
    assert [one.code for one in exercises.campaign.associations if one.comparison] == ["4"]
    change = only(two_occasions_results.query("association == '4' and scale == 'ahi'"), "change")
    assert change["ci_low"] > 0


def test_alpha_before(two_occasions_results):
    row = two_occasions_results.query("statistic == 'alpha' and scale == 'ahi' and wave == '0'").iloc[0]
    assert row["n"] == 295
    assert row["estimate"] == printed(0.9315)


@pytest.mark.parametrize(("arm", "n", "change"), [("1", 30, 4.0), ("2", 50, 2.6), ("3", 25, 3.4), ("4", 45, 2.8)])
def test_what_leaves_is_rounded_and_is_of_one_arm(arms_cleared, arm, n, change):
    """Counts to the nearest 5, changes to one decimal, whatever the true 30, 48, 24, 45 pairs."""
    release = arms_cleared[arm]
    assert set(release.table["association"]) == {arm, ""}
    row = release.row("change", scale="ahi")
    assert (row["status"], row["n"]) == ("shown", n)
    assert row["estimate"] == pytest.approx(change, abs=SAME_SUM)
    assert (release.table["n"].dropna() % 5 == 0).all()


def test_each_arm_has_its_cube_and_its_page(arms_pages, arms_cleared):
    assert tuple(arms_pages) == ARMS == tuple(arms_cleared)
    for arm, page in arms_pages.items():
        made = texts(page)
        assert all(isinstance(html, str) and html for html in made.values())
        whole = without_images(" ".join(made.values()))
        assert f"Bras {arm}" in whole
        assert not [other for other in ARMS if other != arm and f"Bras {other}" in whole]
        assert not re.findall(r"\b(?:nan|None|NaT|inf)\b", whole)
        assert made["before"].count("<img") >= 1 + 2 * 3, "who answered; means, persons and the whole of two scales"


def test_pages_say_what_was_released(arms_pages, arms_cleared):
    for arm, page in arms_pages.items():
        release, html = arms_cleared[arm], unescape(page.before + page.after)
        for scale in ("ahi", "cesd"):
            for say in (sentences.change, sentences.people, sentences.whole):
                assert say(release, scale) in html
            before = sentences.number(release.row("mean_before", scale=scale)["estimate"])
            assert before in sentences.change(release, scale)


def test_fewer_symptoms_are_an_improvement(arms_cleared):
    """In arm 4 the whole interval of CES-D is below zero, on a scale where lower is better."""
    row = arms_cleared["4"].row("adjusted_change", scale="cesd")
    assert row["ci_high"] < 0
    said = sentences.change(arms_cleared["4"], "cesd")
    assert "Une amélioration se lit" in said
    assert "dégradation" not in said


def test_arms_share_the_whole_and_nothing_else(arms_cleared):
    """Arm 4 is the comparison group: it may read the whole of the three others, each of which has too few others."""
    whole = {code: sentences.whole(release, "ahi") for code, release in arms_cleared.items()}
    assert [code for code, said in whole.items() if said] == ["4"]
    assert len({sentences.change(release, "ahi") for release in arms_cleared.values()}) == len(ARMS)


# Hodgetts, Williams and Butler: loneliness before (remembered) and during the first lockdown, 220 persons, three items.


@pytest.fixture(scope="module")
def loneliness(tmp_path_factory):
    """One row per person x period; scores become 1.0, 2.0 and 3.0, as pandas writes a column with holes."""
    long = pd.read_csv(data_file("covid_gaming_loneliness", "study1_loneliness_items_long.csv"))
    long["item"] = "solitude" + long["item"].astype(str)
    wide = long.pivot(index=["response_id", "lockdown_period"], columns="item", values="score")
    path = tmp_path_factory.mktemp("covid") / "solitude.csv"
    wide.reset_index().to_csv(path, index=False)
    return read_survey("covid_gaming", path)


@pytest.fixture(scope="module")
def loneliness_pairs(loneliness):
    return pairs(loneliness.scores, "solitude", "before", "during")


@pytest.fixture(scope="module")
def loneliness_release(loneliness):
    [release] = impact.releases(loneliness.checked.accepted, loneliness.campaign)
    return release


def test_every_row_of_the_two_periods_is_accepted(loneliness):
    assert loneliness.checked.problems == ()
    assert loneliness.checked.accepted.groupby("wave").size().to_dict() == {"before": 220, "during": 220}
    assert set(loneliness.checked.accepted["association"]) == {"joueurs"}
    assert set(loneliness.checked.accepted["solitude1"].dropna()) == {"1", "2", "3"}
    summary = impact.scoring_summary(loneliness.scores, loneliness.campaign.questionnaire).set_index("wave")
    assert summary.loc["before", ["complete", "empty"]].tolist() == [220, 0]
    assert summary.loc["during", ["complete", "empty"]].tolist() == [219, 1]


def test_change_of_loneliness(loneliness_pairs):
    results = paired_change(pair_moments(loneliness_pairs))
    change = only(results, "change")
    assert change["n"] == 219
    assert change["estimate"] == printed(0.7397)
    assert change["std_error"] * np.sqrt(219) == printed(1.5117)
    assert change["estimate"] / change["std_error"] == printed(7.2416)
    for statistic, mean, spread in (("mean_before", 5.0639, 1.8137), ("mean_after", 5.8037, 1.9914)):
        row = only(results, statistic)
        assert (row["estimate"], row["std_error"] * np.sqrt(219)) == (printed(mean), printed(spread))


def test_persons_who_rose_stayed_and_fell(loneliness_pairs):
    counted = people(loneliness_pairs, threshold=0).set_index("statistic")
    assert (counted["n"] == 219).all()
    persons = counted["estimate"] * counted["n"]
    assert persons.round().astype(int).to_dict() == {"risen": 100, "stable": 90, "fallen": 29}
    np.testing.assert_allclose(persons, persons.round(), atol=SAME_SUM)


@pytest.mark.parametrize(("wave", "n", "value"), [("before", 220, 0.8093), ("during", 219, 0.8024)])
def test_alpha_of_loneliness(loneliness, wave, n, value):
    rows = loneliness.checked.accepted.query("wave == @wave")
    found = alpha_of(rows, loneliness.campaign.questionnaire.scale("solitude"))
    assert found["n"] == n
    assert found["estimate"] == printed(value)


def test_more_loneliness_is_a_deterioration(loneliness_release):
    row = loneliness_release.row("adjusted_change", scale="solitude")
    assert 0 < row["ci_low"] < row["estimate"] < row["ci_high"]
    said = sentences.change(loneliness_release, "solitude")
    assert "Une dégradation se lit" in said
    assert "plus le score est haut, moins la situation est bonne" in said
    assert "amélioration" not in spoken(loneliness_release, "solitude")


def test_a_remembered_start_is_said_to_be_remembered(loneliness_release):
    assert "5,1 un mois avant (d’après leur souvenir)" in sentences.change(loneliness_release, "solitude")
    assert any("est un souvenir" in caution for caution in sentences.cautions(loneliness_release))


def test_one_association_alone_has_no_others(loneliness_release):
    pooled = loneliness_release.table.query("association == '' and statistic not in ('alpha', 'reliable_change')")
    assert len(pooled) > 0
    assert set(pooled["status"]) == {"suppressed"}
    assert sentences.whole(loneliness_release, "solitude") == ""


def test_the_page_of_loneliness(loneliness, tmp_path):
    [folder] = impact.publish(loneliness.campaign, [loneliness.file], tmp_path)
    made = texts(read_page(folder))
    assert "une dégradation se lit" in made["before"]
    assert "Une dégradation se lit" in made["before"]
    assert not [name for name, html in made.items() if "amélioration" in html]


# Open-Source Psychometrics Project (2014): the ten items of Rosenberg, 47,974 visitors, one measure.


@pytest.fixture(scope="module")
def esteem(tmp_path_factory):
    """Checked on a copy, as above."""
    copy = tmp_path_factory.mktemp("rosenberg") / "data.tsv"
    shutil.copyfile(data_file("rosenberg_rse", "data.tsv"), copy)
    return read_survey("rosenberg", copy)


def test_a_large_file_without_participants_is_accepted_whole(esteem):
    assert (len(esteem.checked.accepted), len(esteem.checked.quarantined)) == (47_974, 0)
    assert esteem.checked.problems == ()
    keys = esteem.checked.accepted[["association", "wave", "participant"]]
    assert keys["participant"].is_unique
    assert set(keys["association"]) == {"site"}
    assert set(keys["wave"]) == {"visite"}


def test_namibia_is_not_a_missing_answer(esteem):
    country = esteem.checked.accepted["country"]
    assert (country == "NA").sum() == 4
    assert country.notna().all()


def test_wild_ages_are_kept_as_they_were_written(esteem):
    age = esteem.checked.accepted["age"].astype("int64")
    assert age.max() == 2**31 - 1
    assert ((age > 110).sum(), (age == 0).sum(), age.between(1, 17).sum()) == (35, 568, 11_251)


def test_zero_is_no_answer(esteem):
    [summary] = impact.scoring_summary(esteem.scores, esteem.campaign.questionnaire).to_dict("records")
    assert summary["n"] == 47_974
    assert (summary["complete"], summary["prorated"]) == (46_546, 0)
    assert summary["dropped"] + summary["empty"] == 1_428
    assert summary["empty"] == 45
    kept = esteem.checked.accepted
    assert (kept["Q1"] == "0").sum() == 98
    assert impact.item_values(kept, esteem.campaign.questionnaire.scale("estime"))["Q1"].isna().sum() == 98


def test_a_looser_rule_prorates_and_leaves_complete_scores_alone(esteem):
    """Seven answers of ten: the 1,360 persons who left one to three items are scored, between 10 and 40."""
    scale = replace(esteem.campaign.questionnaire.scale("estime"), min_answered=7)
    questionnaire = replace(esteem.campaign.questionnaire, scales=(scale,))
    looser = impact.score(esteem.checked.accepted, questionnaire)
    [summary] = impact.scoring_summary(looser, questionnaire).to_dict("records")
    assert (summary["complete"], summary["prorated"]) == (46_546, 1_360)
    complete = esteem.scores["estime"].notna()
    pd.testing.assert_series_equal(looser.loc[complete, "estime"], esteem.scores.loc[complete, "estime"])
    assert looser["estime"].dropna().between(10, 40).all()


def test_mean_and_spread_of_esteem(esteem):
    moments = wave_moments(esteem.scores, "estime")
    mean = only(mean_scores(moments), "mean")
    assert mean["n"] == 46_546
    assert mean["estimate"] == printed(26.298, 3)
    assert np.sqrt(moments["variance"].iloc[0]) == printed(6.9834)


@pytest.mark.parametrize(("country", "n", "value"), [("", 46_546, 0.9140), ("FR", 265, 0.8967), ("GB", 6_459, 0.9204)])
def test_alpha_of_esteem(esteem, country, n, value):
    rows = esteem.checked.accepted
    kept = rows[rows["country"] == country] if country else rows
    found = alpha_of(kept, esteem.campaign.questionnaire.scale("estime"))
    assert found["n"] == n
    assert found["estimate"] == printed(value)


def test_mean_in_france(esteem):
    scores = esteem.scores.loc[esteem.checked.accepted["country"] == "FR", "estime"].dropna()
    assert len(scores) == 265
    assert (scores.mean(), scores.std()) == (printed(25.713, 3), printed(6.608, 3))


def test_forgetting_to_reverse_shows_at_once(esteem):
    scale = esteem.campaign.questionnaire.scale("estime")
    assert [item.name for item in scale.items if item.reverse] == ["Q3", "Q5", "Q8", "Q9", "Q10"]
    forgotten = replace(scale, items=tuple(replace(item, reverse=False) for item in scale.items))
    found = alpha_of(esteem.checked.accepted, forgotten)
    assert found["n"] == 46_546
    assert found["estimate"] == printed(-0.1759)


# The same study as Qualtrics exported it: three heading rows, both periods in one row, « NA » for no answer, 571 answers.


def test_the_qualtrics_export_of_loneliness_gives_the_published_items(loneliness, tmp_path):
    from impact.collect.correspondence import write_correspondence
    from impact.collect.exports import read_export

    source = data_file("covid_gaming_loneliness", "study1_anonymised_raw_data.csv")
    folder = shutil.copytree(CAMPAIGNS / "covid_gaming", tmp_path / "covid_gaming")
    (folder / "correspondance.toml").write_text('vides = ["NA"]', "utf-8")
    campaign = impact.read_campaign(folder)
    asked = {"Q13": "before", "Q39": "during"}
    columns = {f"{q}_{n}": f"{wave}.solitude{n}" for q, wave in asked.items() for n in (1, 2, 3)}
    write_correspondence(columns | {"ResponseId": "response_id"}, campaign)
    answers = read_export(source, campaign)
    assert answers.format == "qualtrics"
    checked = impact.check(answers, campaign)
    assert checked.n_read == 2 * 571
    assert not [problem for problem in checked.problems if problem.row]
    published = impact.check_file(loneliness.file, loneliness.campaign).accepted
    keys, items = ["participant", "wave"], ["solitude1", "solitude2", "solitude3"]
    expected = published.set_index(keys)[items].sort_index()
    found = checked.accepted.set_index(keys)[items].loc[expected.index]
    assert len(expected) == 440
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
