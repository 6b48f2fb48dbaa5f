"""From a campaign to its results: what each design gives, what is never pooled, what nothing must not become."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from statsmodels.discrete.discrete_model import Logit
from statsmodels.stats.multitest import multipletests
from statsmodels.tools.tools import add_constant

import impact
from impact import sentences
from impact.analysis import analyse_for_lead
from impact.campaign import Wave
from impact.clearance import context
from impact.collect.responses import write_csv
from impact.disclosure import STATISTICS
from impact.errors import StatisticsError
from impact.simulation import Truth

SAME = 1e-9  # two ways of the same closed form differ by binary noise only
WOODWORTH = Path(__file__).resolve().parents[2] / "shared" / "data" / "woodworth2018_ppi" / "ahi-cesd.csv"
CHANGES = {"change", "then_change_same_sheet", "then_change_separate_sheet", "independent_change"}


def named(campaign, design, *waves):
    waves = tuple(Wave(code, label) for code, label in waves) or campaign.waves
    return replace(campaign, design=design, waves=waves)


def analysed(campaign, responses, analyse=impact.analyse):
    return analyse(responses, campaign)


def values(campaign, responses, scale, *waves):
    """Scores of the persons of one association who answered at these waves, one array each."""
    scores = impact.score(responses, campaign.questionnaire).query("association == 'asso_c'")
    wide = scores.pivot(index="participant", columns="wave", values=scale)[list(waves)].dropna()
    return [wide[wave].to_numpy() for wave in waves]


def one(results, statistic, scale="estime", association="asso_c"):
    found = results.query("statistic == @statistic and scale == @scale and association == @association")
    found = found[found["breakdown"].isna()] if "breakdown" in found else found
    assert len(found) == 1
    return found.iloc[0]


def is_interval_of(row, wanted):
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], wanted, rtol=SAME)


@pytest.fixture(scope="module")
def campaign(campaign):
    """The fictitious campaign with one scale and one breakdown question only, to be quick."""
    whole = campaign.questionnaire
    scale = whole.scale("estime")
    return replace(
        campaign, questionnaire=replace(whole, scales=(scale,), questions=(*scale.items, whole.question("age")))
    )


@pytest.fixture(scope="module")
def answers_file(campaign, tmp_path_factory):
    return write_csv(impact.simulate(campaign, mistakes=False), tmp_path_factory.mktemp("une_echelle") / "reponses.csv")


@pytest.fixture(scope="module")
def checked(campaign, answers_file):
    return impact.check(impact.read_answers(answers_file), campaign)


@pytest.fixture(scope="module")
def results(campaign, checked):
    return analysed(campaign, checked.accepted)


@pytest.fixture(scope="module")
def three(campaign):
    """A retrospective campaign with a real first measure: before, the same remembered, after."""
    return named(campaign, "retrospective_separate", ("avant", "Avant"), ("souvenir", "Souvenir"), ("apres", "Après"))


@pytest.fixture(scope="module")
def three_answers(three, tmp_path_factory):
    path = tmp_path_factory.mktemp("trois") / "reponses.csv"
    table = impact.simulate(three, seed=7, mistakes=False)
    return impact.check(impact.read_answers(write_csv(table, path)), three).accepted


# --- designs ----------------------------------------------------------------------------------------------------------


def test_after_only_gives_means_of_its_wave(campaign, checked):
    after = named(campaign, "after_only", ("apres", "Après"))
    results = analysed(after, checked.accepted.query("wave == 'apres'"))
    assert set(results["statistic"]) == {"responded", "alpha", "mean", "class_share"}
    row = one(results, "mean")
    scores = impact.score(checked.accepted, campaign.questionnaire)
    own = scores.query("association == 'asso_c' and wave == 'apres'")["estime"].dropna()
    assert (row["n"], row["wave"]) == (len(own), "apres")
    is_interval_of(row, stats.t.interval(0.95, len(own) - 1, own.mean(), own.sem()))
    parts = results.query("breakdown == 'age' and scale == 'estime' and association == 'asso_c'")
    assert parts["n"].sum() == len(own)


def test_repeated_cross_sections_compare_without_matching(campaign, checked):
    surveys = named(campaign, "repeated_cross_sections")
    results = analysed(surveys, checked.accepted)
    assert not {"returned", "risen", "adjusted_change", "change", "reliable_change"} & set(results["statistic"])
    scores = impact.score(checked.accepted, campaign.questionnaire).query("association == 'asso_c'")
    first, last = (scores.query("wave == @wave")["estime"].dropna() for wave in ("avant", "apres"))
    row = one(results, "independent_change")
    welch = stats.ttest_ind(last, first, equal_var=False)
    is_interval_of(row, welch.confidence_interval())
    assert row["n"] == min(len(first), len(last))
    assert one(results, "mean_before")["n"] == len(first)
    assert one(results, "mean_after")["estimate"] == pytest.approx(last.mean(), rel=SAME)
    assert (
        one(results, "pooled_change", association="")["n"]
        == results.query("statistic == 'independent_change' and scale == 'estime' and breakdown.isna()")["n"].sum()
    )


def test_repeated_cross_sections_do_not_look_at_who(campaign, checked):
    """Other codes at the second wave: the same results."""
    surveys = named(campaign, "repeated_cross_sections")
    later = checked.accepted["wave"] == "apres"
    renamed = checked.accepted.assign(
        participant=checked.accepted["participant"].where(~later, "autre " + checked.accepted["participant"])
    )
    pd.testing.assert_frame_equal(analysed(surveys, checked.accepted), analysed(surveys, renamed))


@pytest.mark.parametrize(
    ("design", "sheet"),
    [("retrospective_same_sheet", "same_sheet"), ("retrospective_separate", "separate_sheet")],
)
def test_a_remembered_start_has_its_own_name(campaign, checked, design, sheet):
    results = analysed(named(campaign, design), checked.accepted)
    assert CHANGES & set(results["statistic"]) == {f"then_change_{sheet}"}
    first, last = values(campaign, checked.accepted, "estime", "avant", "apres")
    row = one(results, f"then_change_{sheet}")
    is_interval_of(row, stats.ttest_rel(last, first).confidence_interval())
    assert set(results.query("breakdown == 'age'")["statistic"]) == {
        "mean_before",
        "mean_after",
        f"then_change_{sheet}",
    }


def test_nobody_is_lost_on_one_sheet(campaign, checked):
    """Adjusting on the first score changes nothing then, and there is no one to look for."""
    sheet = named(campaign, "retrospective_same_sheet")
    results = analysed(sheet, checked.accepted, analyse_for_lead)
    assert not {"returned_share", "weighted_change", "pooled_weighted_change"} & set(results["statistic"])
    adjusted, raw = one(results, "adjusted_change"), one(results, "then_change_same_sheet")
    assert adjusted["estimate"] == pytest.approx(raw["estimate"], rel=SAME)
    apart = analysed(named(campaign, "retrospective_separate"), checked.accepted)
    assert abs(one(apart, "adjusted_change")["estimate"] - raw["estimate"]) > 1e-3


def test_three_waves_stand_side_by_side(three, three_answers):
    results = analysed(three, three_answers)
    for statistic, start, end in (
        ("change", "avant", "apres"),
        ("then_change_separate_sheet", "souvenir", "apres"),
        ("response_shift_separate_sheet", "avant", "souvenir"),
    ):
        before, after = values(three, three_answers, "estime", start, end)
        row = one(results, statistic)
        assert row["n"] == len(before)
        is_interval_of(row, stats.ttest_rel(after, before).confidence_interval())
    assert not [name for name in results["statistic"].unique() if name.endswith("same_sheet")]


@pytest.mark.parametrize(
    "design",
    ["before_after", "retrospective_same_sheet", "retrospective_separate", "after_only", "repeated_cross_sections"],
)
def test_every_design_can_be_published(campaign, answers_file, tmp_path, design):
    """Figures, sentences and cubes are made, and no sentence speaks of what the design does not measure."""
    shaped = replace(named(campaign, design), name=f"essai_{design}")  # each one is a first publication
    folders = impact.publish(shaped, [answers_file], tmp_path / "sorties")
    assert [folder.name for folder in folders] == [one.code for one in campaign.associations]
    release, _ = impact.read_cube(folders[2])
    said = sentences.change(release, "estime")
    if design == "after_only":
        assert "évolution" not in said
        assert said.startswith("Score moyen\u00a0: avant, ")
    else:
        assert "entre" in said
        assert sentences.whole(release, "estime")


def test_nobody_at_both_waves_is_an_error(campaign, checked):
    odd = checked.accepted["participant"].str[-1].astype(int) % 2 == 1
    kept = checked.accepted[odd == (checked.accepted["wave"] == "avant")]
    with pytest.raises(StatisticsError, match="aucune personne n’a répondu aux deux vagues"):
        analysed(campaign, kept)


def test_the_first_answer_given_is_the_category(campaign, checked):
    """Asked only the second time, a question still breaks results down."""
    later = checked.accepted.copy()
    later.loc[later["wave"] == "avant", "age"] = pd.NA
    parts = analysed(campaign, later).query("breakdown == 'age' and statistic == 'change' and scale == 'estime'")
    assert (parts["category"] != "sans_reponse").mean() > 0.5


KEPT = {
    "one association": lambda r: r[r["association"] == "asso_a"],
    "one person": lambda r: r[r["participant"] == r["participant"].iloc[0]],
    "three persons": lambda r: r[r["participant"].isin(r["participant"].unique()[:3])],
    "nobody of one association came back": lambda r: r[~((r["association"] == "asso_g") & (r["wave"] == "apres"))],
    "nobody answered the breakdown": lambda r: r.assign(age=pd.NA),
    "everybody gives the same answer": lambda r: r.assign(**{f"est{i:02d}": "3" for i in range(1, 11)}),
    "one association answers no item": lambda r: r.assign(
        **{f"est{i:02d}": r[f"est{i:02d}"].where(r["association"] != "asso_a") for i in range(1, 11)}
    ),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "design", ["before_after", "retrospective_same_sheet", "after_only", "repeated_cross_sections"]
)
@pytest.mark.parametrize("kept", KEPT.values(), ids=KEPT)
def test_degenerate_answers_give_numbers_or_reasons(campaign, checked, design, kept):
    """With a comparison group too; never a warning, and no missing number without its reason."""
    shaped = named(compared(campaign, "asso_a", "asso_g"), design)
    results = analysed(shaped, kept(checked.accepted), analyse_for_lead if design == "before_after" else impact.analyse)
    reasons = results.loc[results["estimate"].isna(), "method"]
    assert reasons.str.startswith("non calculable").all()
    assert results["n"].notna().all()


@pytest.mark.parametrize("design", ["before_after", "after_only", "repeated_cross_sections"])
def test_no_answer_at_all_is_an_error(campaign, checked, design):
    with pytest.raises(StatisticsError):
        analysed(named(campaign, design), checked.accepted.iloc[:0])


# --- a comparison group ---------------------------------------------------------------------------------------------


def compared(campaign, *codes):
    marked = [replace(one, comparison=one.code in codes) for one in campaign.associations]
    return replace(campaign, associations=tuple(marked))


def test_a_comparison_group_is_never_pooled(campaign, checked):
    results = analysed(compared(campaign, "asso_d"), checked.accepted, analyse_for_lead)
    rows = results.query("scale == 'estime' and statistic == 'adjusted_change'").set_index("association")
    pooled = one(results, "pooled_change", association="")
    assert pooled["n"] == rows["n"].drop("asso_d").sum()
    assert "asso_d" not in set(results.query("statistic == 'shrunken_change'")["association"])
    assert "asso_d" not in set(results.query("statistic == 'difference_of_changes'")["association"])
    assert rows.loc["asso_d", "df"] == rows.loc["asso_d", "n"] - 2  # its variance is its own


def test_differences_are_an_analysis_of_covariance(campaign, checked):
    """Two comparison groups count as one; least squares of after on before and the groups, written out."""
    results = analysed(compared(campaign, "asso_d", "asso_e"), checked.accepted)
    scores = impact.score(checked.accepted, campaign.questionnaire)
    wide = scores.pivot(index=["association", "participant"], columns="wave", values="estime").dropna().reset_index()
    group = wide["association"].where(~wide["association"].isin(["asso_d", "asso_e"]), "comparison")
    dummies = pd.get_dummies(group, dtype=float).drop(columns="comparison")
    x = np.column_stack([np.ones(len(wide)), wide["avant"], dummies])
    coefficients, *_ = np.linalg.lstsq(x, wide["apres"].to_numpy(float))
    wanted = dict(zip(dummies, coefficients[2:], strict=True))
    found = results.query("statistic == 'difference_of_changes' and scale == 'estime'").set_index("association")
    assert set(found.index) == set(wanted)
    for association, value in wanted.items():
        assert found.loc[association, "estimate"] == pytest.approx(value, rel=1e-7)
    sizes = wide["association"].value_counts()
    assert found.loc["asso_c", "n"] == min(sizes["asso_c"], sizes["asso_d"] + sizes["asso_e"])


def test_a_small_comparison_group_shows_nothing(campaign, checked):
    """Association G has six pairs: the difference would give them away."""
    [release] = [
        one for one in impact.releases(checked.accepted, compared(campaign, "asso_g")) if one.audience == "asso_a"
    ]
    assert release.row("difference_of_changes", scale="estime")["status"] == "suppressed"
    assert "sans groupe de comparaison assez grand" in sentences.cautions(release)[0]


def test_a_true_difference_is_said(campaign, tmp_path):
    """Twelve tenths of a standard deviation more than a large comparison group that does not move."""
    marked = compared(campaign, "asso_g")
    truth = Truth((60, 60, 60, 60, 60, 60, 200), (1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 0.0))
    file = write_csv(impact.simulate(marked, truth=truth, seed=3, mistakes=False), tmp_path / "reponses.csv")
    responses = impact.check(impact.read_answers(file), marked).accepted
    [release] = [one for one in impact.releases(responses, marked) if one.audience == "asso_a"]
    for scale in campaign.questionnaire.scales:
        assert "est plus favorable que celle du groupe de comparaison" in sentences.change(release, scale.name)


def test_no_difference_where_nobody_of_the_comparison_group_came_back(campaign, checked):
    marked = compared(campaign, "asso_d")
    gone = (checked.accepted["association"] == "asso_d") & (checked.accepted["wave"] == "apres")
    results = analysed(marked, checked.accepted[~gone])
    assert "difference_of_changes" not in set(results["statistic"])
    assert np.isnan(one(results, "adjusted_change", association="asso_d")["estimate"])


# --- what the evaluation lead sees besides ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def for_lead(campaign, checked):
    return analysed(campaign, checked.accepted, analyse_for_lead)


def test_what_is_released_is_part_of_what_the_lead_sees(results, for_lead):
    assert set(results["statistic"]) <= set(STATISTICS)
    kept = for_lead[for_lead["statistic"].isin(STATISTICS)].reset_index(drop=True)
    same = [name for name in kept if name in results]
    order = ["association", "scale", "wave", "breakdown", "category", "statistic"]
    kept, released = (table.sort_values(order, ignore_index=True)[same] for table in (kept, results))
    pd.testing.assert_frame_equal(kept, released, check_dtype=False)


def test_holm_within_each_family(for_lead):
    family = for_lead.query("statistic == 'adjusted_change'").dropna(subset=["p_value"])
    wanted = multipletests(family["p_value"], method="holm")[1]
    np.testing.assert_allclose(family["p_adjusted"], wanted, rtol=SAME)
    assert len(family) == 7
    parts = for_lead.query("statistic == 'change' and breakdown == 'age'").dropna(subset=["p_value"])
    np.testing.assert_allclose(parts["p_adjusted"], multipletests(parts["p_value"], method="holm")[1], rtol=SAME)


def test_omega_beside_alpha(for_lead):
    both = for_lead[for_lead["statistic"].isin(["alpha", "omega_total"])]
    wide = both.pivot(index=["scale", "wave"], columns="statistic", values="estimate")
    assert len(wide) == 2
    assert (wide["omega_total"] - wide["alpha"]).abs().max() < 0.02  # equal loadings were simulated


def test_who_is_lost_and_what_it_changes(campaign, checked):
    """Low first scores made to leave: they are seen to have left; the weighting is recomputed from its definition."""
    scores = impact.score(checked.accepted, campaign.questionnaire)
    first = scores.query("wave == 'avant'").set_index(["association", "participant"])["estime"]
    low = first[first < first.quantile(0.4)].sort_index().index[::2]
    gone = pd.MultiIndex.from_frame(scores[["association", "participant"]]).isin(low) & (scores["wave"] == "apres")
    results = analysed(campaign, checked.accepted[~gone], analyse_for_lead)
    assert one(results, "returned_minus_lost", association="")["ci_low"] > 0
    assert one(results, "returned_share", association="")["n"] == first.notna().sum()

    wide = scores[~gone].pivot(index=["association", "participant"], columns="wave", values="estime")
    wide = wide.dropna(subset="avant")
    back = wide["apres"].notna().astype(float)
    weight = 1 / Logit(back, add_constant(wide["avant"])).fit(disp=False, tol=1e-12).predict()
    own = back.astype(bool) & (wide.index.get_level_values("association") == "asso_c")
    change = (wide["apres"] - wide["avant"])[own]
    assert one(results, "weighted_change")["estimate"] == pytest.approx(
        np.average(change, weights=weight[own]), rel=1e-6
    )
    pooled = one(results, "pooled_weighted_change", association="")
    assert pooled["ci_low"] < pooled["estimate"] < pooled["ci_high"]


def test_everybody_came_back(campaign, checked):
    scores = impact.score(checked.accepted, campaign.questionnaire)
    both = scores.groupby(["association", "participant"])["estime"].transform("count") == 2
    kept = checked.accepted[both]
    row = one(analysed(campaign, kept, analyse_for_lead), "pooled_weighted_change", association="")
    assert np.isnan(row["estimate"])
    assert "Toutes les personnes sont revenues" in row["method"]


def test_tests_of_reliability_need_enough(small):
    """Three items and four persons: no alpha, no omega, no threshold, and the rest is there."""
    campaign = impact.read_campaign(small())
    rows = [("a", wave, f"p{person}", *answers) for wave in ("avant", "apres")
            for person, answers in enumerate(["111", "131", "213" if wave == "avant" else "313", "321"])]  # fmt: skip
    responses = pd.DataFrame(
        [(*row, "f") for row in rows], columns=["association", "wave", "participant", "lie1", "lie2", "lie3", "genre"]
    )
    results = analysed(campaign, responses, analyse_for_lead)
    assert not {"alpha", "omega_total", "reliable_change"} & set(results["statistic"])
    assert one(results, "change", "liens", "a")["n"] == 4


# --- negative controls ------------------------------------------------------------------------------------------------


def test_woodworth_claims_no_effect():
    """The comparison arm rises as much as the programmes: nobody may read an effect (Woodworth and others, 2018)."""
    if not WOODWORTH.is_file():
        pytest.skip("données réelles absentes de ../shared/data (non redistribuées avec le projet)")
    exercises = impact.read_campaign(Path(__file__).parents[1] / "carnets" / "cas" / "woodworth")
    exercises = replace(exercises, waves=exercises.waves[:2])
    responses = impact.check(impact.read_answers(WOODWORTH), exercises).accepted
    results = analysed(exercises, responses)
    differences = results.query("statistic == 'difference_of_changes'").set_index(["association", "scale"])
    assert len(differences) == 3 * 2
    assert (differences["ci_low"] < 0).all()
    assert (differences["ci_high"] > 0).all()
    for release in impact.releases(responses, exercises):
        for scale in ("ahi", "cesd"):
            said = sentences.change(release, scale)
            assert "favorable" not in said
            assert "effet" not in said
            if release.audience != "4":
                assert "On ne peut pas dire que l’évolution diffère de celle du groupe de comparaison" in said


def answered_twice(campaign, seed):
    """Responses of persons to whom nothing happened: the same trait but for noise, lower first scores leave more."""
    rng = np.random.default_rng(seed)
    items = [list(scale.items) for scale in campaign.questionnaire.scales]
    association = np.repeat([one.code for one in campaign.associations], (34, 52, 80, 41, 45, 61, 12))
    people = len(association)
    first = np.sqrt(0.45) * rng.standard_normal((people, 1)) + np.sqrt(0.55) * rng.standard_normal((people, len(items)))
    last = 0.75 * first + np.sqrt(1 - 0.75**2) * rng.standard_normal(first.shape)
    stays = rng.random(people) < special.expit(1.4 + 0.5 * first.mean(axis=1))
    waves = []
    for wave, traits, present in (("avant", first, np.ones(people, bool)), ("apres", last, stays)):
        table = {"association": association, "wave": wave, "participant": np.arange(people).astype(str)}
        for trait, scale in zip(traits.T, items, strict=True):
            for item in scale:
                codes = sorted(item.values, key=item.values.get)
                latent = 0.68 * trait + np.sqrt(1 - 0.68**2) * rng.standard_normal(people)
                cuts = special.ndtri(np.arange(1, len(codes)) / len(codes))
                table[item.name] = np.array(codes, dtype=object)[np.searchsorted(cuts, latent)]
        waves.append(pd.DataFrame(table)[present])
    return pd.concat(waves, ignore_index=True)


def silent(seeds):
    """How many times the words on the whole say that nothing readable changed, by scale; and the exact intervals."""
    plain = impact.read_campaign("demonstration")
    plain = replace(plain, questionnaire=replace(plain.questionnaire, questions=()))
    names = [scale.name for scale in plain.questionnaire.scales]
    said, held = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for seed in range(seeds):
        results = analysed(plain, answered_twice(plain, seed))
        about = context(plain, plain.associations[0])
        release = impact.release(results, plain.rules, audience="asso_a", context=about)
        for scale in names:
            said[scale] += "on ne peut dire ni hausse ni baisse" in sentences.whole(release, scale)
            row = one(results, "pooled_change", scale, "")
            held[scale] += row["ci_low"] < 0 < row["ci_high"]
    return said, held


def test_nothing_happened_and_nothing_is_said():
    """20 surveys, four scales: 17 silent at least for each; were 95 % silent, fewer would come 1.6 % of the time."""
    said, _ = silent(20)
    assert len(said) == 4
    assert min(said.values()) >= 17


@pytest.mark.slow
def test_nothing_happened_and_nothing_is_said_many_times():
    """400 surveys: 380 exact intervals are expected to hold zero, give or take 4.4 (binomial); 369 or less is p < 1 %.

    Bounds are rounded outwards before they are said, so the words are silent at least as often as the intervals.
    """
    said, held = silent(400)
    print("\nsilencieux, mots :", said, "; intervalles exacts :", held)
    assert min(held.values()) >= 369
    assert all(said[scale] >= held[scale] for scale in held)
