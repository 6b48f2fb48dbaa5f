"""French sentences, tables and figures: right direction, agreement, typography, and no number that was not released."""

import re

import pandas as pd
import pytest

from impact import sentences, wording
from impact.campaign.rules import Rules
from impact.charts import figures
from impact.disclosure import SHOWN_COLUMNS, Release
from impact.sentences import tables

CONTEXT = {
    "title": "Essai", "fictif": True, "design": "before_after", "paired": True, "association": "Asso A", "sector": "",
    "waves": [{"code": "avant", "label": "Avant"}, {"code": "apres", "label": "Après"}],
    "scales": [{"name": "s", "label": "Liens", "dimension": "Liens", "higher_is_better": True, "low": 1.0, "high": 5.0,
                "source": "essai", "licence": "libre"}],
    "breakdowns": [{"name": "q", "label": "Votre âge", "categories": [{"name": "u", "label": "Jeunes"},
                                                                      {"name": "v", "label": "Moins jeunes"}]}],
}  # fmt: skip


def made(*rows, higher=True, design="before_after", **more):
    """A release of one association "a", from (statistic, n, estimate, low, high, more keys); `more` of its context."""
    table = pd.DataFrame(
        [dict(zip(("statistic", "n", "estimate", "ci_low", "ci_high"), row[:5], strict=False)) | row[5] for row in rows]
    )
    defaults = {
        "association": "a",
        "scale": "s",
        "wave": "",
        "breakdown": "",
        "category": "",
        "bound": "",
    }
    for name, value in defaults.items():
        table[name] = table[name].fillna(value) if name in table else value
    table["status"] = table["n"].notna().map({True: "shown", False: "suppressed"})
    table["reason"] = table["n"].notna().map({True: "", False: "moins de 10 personnes"})
    context = CONTEXT | {"design": design, "scales": [CONTEXT["scales"][0] | {"higher_is_better": higher}]}
    return Release("a", table.reindex(columns=SHOWN_COLUMNS), context | more, Rules())


def changed(low, high, *rows, higher=True, design="before_after", **more):
    middle, n = round((low + high) / 2, 1), 30
    return made(
        *rows,
        ("adjusted_change", n, middle, low, high, {}),
        ("mean_before", n, 3.0, 2.8, 3.2, {}),
        ("mean_after", n, 3.0 + middle, 2.8, 3.8, {}),
        higher=higher,
        design=design,
        **more,
    )


def difference(low, high):
    return ("difference_of_changes", 30, round((low + high) / 2, 1), low, high, {})


@pytest.mark.parametrize(
    ("low", "high", "higher", "word"),
    [
        (0.1, 0.7, True, "Une amélioration se lit\u00a0: entre +0,1 et +0,7 points"),
        (-0.7, -0.1, True, "Une dégradation se lit\u00a0: entre −0,7 et −0,1 points"),
        (0.1, 0.7, False, "Une dégradation se lit"),
        (-0.7, -0.1, False, "Une amélioration se lit"),
        (-0.1, 0.7, True, "On ne peut dire ni hausse ni baisse\u00a0: entre −0,1 et +0,7 points"),
        (0.0, 0.0, True, "On ne peut dire ni hausse ni baisse\u00a0: entre 0,0 et 0,0 points"),
    ],
)
def test_direction_of_a_change(low, high, higher, word):
    said = sentences.change(changed(low, high, higher=higher), "s")
    assert word in said
    assert ("plus le score est haut, moins la situation est bonne" in said) == (not higher)


@pytest.mark.parametrize(
    "release", [made(("adjusted_change", None, None, None, None, {})), made(("alpha", 30, 0.8, 0.7, 0.9, {}))]
)
def test_under_the_threshold_or_absent(release):
    expected = "Effectif insuffisant (moins de 10 personnes)\u00a0: ne pas conclure."
    assert sentences.change(release, "s") == expected
    assert sentences.means(release, "s") == sentences.people(release, "s") == sentences.whole(release, "s") == ""
    assert figures(release) == {}


def test_retrospective_means_are_memories():
    said = sentences.change(changed(0.1, 0.7, design="retrospective_same_sheet"), "s")
    assert "3,0 avant (d’après leur souvenir)" in said
    assert any("souvenir" in text for text in sentences.cautions(changed(0, 1, design="retrospective_separate")))


def test_no_effect_is_claimed_without_a_comparison_group():
    first = sentences.cautions(changed(0.1, 0.7))[0]
    assert first.startswith("Ces chiffres disent une évolution, pas un effet\u00a0: sans groupe de comparaison, on")


@pytest.mark.parametrize(
    ("low", "high", "higher", "said"),
    [
        (
            0.2,
            0.9,
            True,
            "est plus favorable que celle du groupe de comparaison\u00a0: entre 0,2 et 0,9 points de plus",
        ),
        (
            -0.9,
            -0.2,
            True,
            "est moins favorable que celle du groupe de comparaison\u00a0: entre 0,2 et 0,9 points de moins",
        ),
        (
            -0.9,
            -0.2,
            False,
            "est plus favorable que celle du groupe de comparaison\u00a0: entre 0,2 et 0,9 points de moins",
        ),
        (
            -0.2,
            0.9,
            True,
            "On ne peut pas dire que l’évolution diffère de celle du groupe de comparaison\u00a0: écart entre −0,2 et",
        ),
        (0.0, 0.9, True, "On ne peut pas dire que l’évolution diffère"),
    ],
)
def test_a_difference_with_the_comparison_group(low, high, higher, said):
    release = changed(0.1, 0.7, difference(low, high), higher=higher)
    assert said in sentences.change(release, "s")
    first = sentences.cautions(release)[0]
    assert "sans groupe de comparaison" not in first
    assert first.startswith("Ces chiffres disent une évolution\u00a0; seule une différence")


def test_a_hidden_difference_leaves_the_caution():
    release = changed(0.1, 0.7, ("difference_of_changes", None, None, None, None, {}))
    assert "groupe de comparaison" not in sentences.change(release, "s")
    assert "sans groupe de comparaison assez grand" in sentences.cautions(release)[0]


def test_the_comparison_group_reads_what_it_is():
    release = changed(0.1, 0.7, comparison=True)
    assert "viennent du groupe de comparaison" in sentences.cautions(release)[0]
    assert "Une amélioration se lit" in sentences.change(release, "s")


def test_the_whole_leaves_the_comparison_group_out():
    pooled = ("pooled_change", 100, 0.2, -0.1, 0.5, {"association": ""})
    assert sentences.whole(made(pooled), "s") == (
        "Toutes associations ensemble\u00a0: on ne peut dire ni hausse ni baisse, entre −0,1 et +0,5 points."
    )
    assert "ensemble (sans le groupe de comparaison)\u00a0:" in sentences.whole(made(pooled, difference(-1, 1)), "s")


def test_after_only_says_a_level_and_no_change():
    release = made(("mean", 30, 3.4, 3.1, 3.7, {"wave": "apres"}), design="after_only", paired=False)
    said = sentences.change(release, "s")
    assert said == "Score moyen\u00a0: après, 3,4 (entre 3,1 et 3,7, marge d’erreur comprise), de 1 à 5."
    assert "on ne sait pas ce qui a changé" in sentences.cautions(release)[0]
    assert sentences.change(made(("alpha", 30, 0.8, 0.7, 0.9, {}), design="after_only"), "s").startswith("Effectif")


def test_repeated_cross_sections_say_a_difference_between_other_persons():
    rows = [("mean_before", 30, 3.0, 2.8, 3.2, {}), ("mean_after", 40, 3.4, 3.2, 3.6, {})]
    release = made(*rows, ("independent_change", 30, 0.4, 0.1, 0.7, {}), design="repeated_cross_sections", paired=False)
    said = sentences.change(release, "s")
    assert "3,0 avant, 3,4 après" in said
    assert "Une amélioration se lit\u00a0: entre +0,1 et +0,7 points" in said
    assert any("ne sont pas les mêmes" in text for text in sentences.cautions(release))


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.6, -0.2, "situent leur départ plus bas qu’elles ne l’avaient dit\u00a0: entre 0,2 et 0,6 points de moins"),
        (0.2, 0.6, "situent leur départ plus haut qu’elles ne l’avaient dit\u00a0: entre 0,2 et 0,6 points de plus"),
        (
            -0.2,
            0.2,
            "Le souvenir du départ ne diffère pas lisiblement de ce qui avait été dit\u00a0: entre −0,2 et +0,2",
        ),
    ],
)
def test_a_memory_beside_a_real_first_measure(low, high, said):
    waves = [{"code": code, "label": code.title()} for code in ("avant", "souvenir", "apres")]
    shift = ("response_shift_separate_sheet", 30, 0.0, low, high, {})
    then = ("then_change_separate_sheet", 30, 0.5, 0.3, 0.7, {})
    told = sentences.change(changed(0.1, 0.7, shift, then, design="retrospective_separate", waves=waves), "s")
    assert said in told
    assert "Depuis ce souvenir, l’évolution est entre +0,3 et +0,7 points." in told
    assert "d’après leur souvenir" not in told  # the first mean was measured at the time


def test_one_sheet_has_two_parts():
    release = counts(40, 30, design="retrospective_same_sheet")
    assert "Environ 30 ont rempli les deux parties" in sentences.who_answered(release)
    assert "Environ trois personnes sur dix sans réponse complète" in sentences.who_is_missing(release)


@pytest.mark.parametrize(
    ("value", "digits", "sign", "said"),
    [
        (1234.56, 1, False, "1234,6"),
        (-0.04, 1, True, "0,0"),
        (0.3, 1, True, "+0,3"),
        (-2, 0, False, "−2"),
        (0, 2, True, "0,00"),
    ],
)
def test_numbers(value, digits, sign, said):
    assert sentences.number(value, digits, sign=sign) == said


@pytest.mark.parametrize(
    ("shares", "tenths"),
    [([0.25, 0.75], [3, 7]), ([0.35, 0.35, 0.3], [4, 3, 3]), ([0.2, 0.8], [2, 8]), ([0.15, 0.7, 0.15], [2, 7, 1])],
)
def test_people_out_of_ten_add_up(shares, tenths):
    assert wording.tenths(shares) == tenths


def people(rise, same, fall, bounds=("", "", "")):
    shares = zip(("risen", "stable", "fallen"), (rise, same, fall), bounds, strict=True)
    limits = {"": (0.0, 1.0)}
    return made(
        *((name, 30, share, *limits.get(bound, (None, None)), {"bound": bound}) for name, share, bound in shares)
    )


def test_people_agree_in_number():
    assert sentences.people(people(0.1, 0.6, 0.3), "s") == (
        "Score plus haut pour une personne sur dix, plus bas pour trois personnes sur dix, "
        "à peu près le même pour six personnes sur dix."
    )
    said = sentences.people(people(0.1, 0.9, 0.1, ("<", "", "<")), "s")
    assert "plus haut pour moins d’une personne sur dix" in said
    assert "à peu près le même pour neuf personnes sur dix" in said


def counts(first, returned, design="before_after"):
    return made(
        ("responded", first, first, None, None, {"scale": "", "wave": "avant"}),
        ("responded", returned, returned, None, None, {"scale": "", "wave": "apres"}),
        ("returned", returned, returned, None, None, {"scale": ""}),
        design=design,
    )


def test_who_is_missing():
    assert sentences.who_answered(counts(40, 30)).startswith(
        "Ont répondu\u00a0: environ 40 personnes (avant) et environ 30"
    )
    assert "Environ trois personnes sur dix n’ont pas répondu" in sentences.who_is_missing(counts(40, 30))
    assert "Environ une personne sur dix n’a pas répondu" in sentences.who_is_missing(counts(50, 45))
    assert sentences.who_is_missing(counts(40, 40)) == ""
    assert "Moins de 10 ont répondu les deux fois" in sentences.who_answered(counts(15, None))


# --- the fictitious campaign ----------------------------------------------------------------------------------------


def every_sentence(release):
    yield sentences.who_answered(release)
    yield sentences.who_is_missing(release)
    yield from sentences.cautions(release)
    for scale in release.context["scales"]:
        for say in (sentences.change, sentences.people, sentences.whole):
            yield say(release, scale["name"])


def numbers_of(release):
    """Every number a reader may see, as French text."""
    table = release.table[release.table["status"] == "shown"]
    values = table[["n", "estimate", "ci_low", "ci_high"]].to_numpy(float).ravel()
    said = {sentences.number(abs(value), digits) for value in values for digits in (0, 1) if value == value}
    limits = {f"{scale[end]:g}" for scale in release.context["scales"] for end in ("low", "high")}
    return said | limits | {str(release.rules.threshold)}


def test_no_sentence_says_a_number_that_was_not_released(cleared):
    for release in cleared.values():
        allowed = numbers_of(release)
        for text in every_sentence(release):
            assert set(re.findall(r"\d+(?:,\d+)?", text)) <= allowed, text


def test_typography_and_language(cleared):
    for release in cleared.values():
        for text in every_sentence(release):
            assert not re.search(r" [:;?!»%]|« ", text), f"ordinary space before a double sign: {text}"
            assert "'" not in text
            assert not re.search(r"\b(the|and|of|mean|change|before|after|nan|None)\b", text, re.IGNORECASE), text


def test_tables_say_what_is_suppressed(cleared):
    table = tables.scale_table(cleared["asso_g"], "estime")
    assert table.iloc[:-1, 1].eq("effectif insuffisant").all()
    assert table.iloc[-1, 0] == "Toutes associations\u00a0: évolution"
    detail = tables.breakdown_table(cleared["asso_c"], "estime", cleared["asso_c"].context["breakdowns"][0])
    assert detail.columns.tolist() == ["Votre âge", "Personnes (environ)", "Avant", "Après", "Évolution"]
    assert "effectif insuffisant" in set(detail.iloc[:, 1])


def test_figures_of_the_smallest_association_are_only_the_whole(cleared):
    assert all(name.startswith("ensemble-") for name in figures(cleared["asso_g"]))


def test_figures_are_drawn_the_same_twice_and_say_a_sentence(cleared):
    first, second = figures(cleared["asso_a"]), figures(cleared["asso_a"])
    assert {name: figure.files for name, figure in first.items()} == {n: f.files for n, f in second.items()}
    assert {
        "parcours",
        "questions-estime",
        "classes-estime",
        "moyennes-estime",
        "personnes-estime",
        "ensemble-estime",
    } <= set(first)
    assert all(figure.sentence and figure.svg.startswith(b"<svg") for figure in first.values())
    assert not any(
        b"http://" in figure.svg.replace(b"http://www.w3.org", b"") and b"<image" in figure.svg
        for figure in first.values()
    )
