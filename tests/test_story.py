"""What an audience is told: levels, order, every situation; no sentence and no figure says a number of its own."""

import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impact
from impact.campaign.rules import Rules
from impact.charts import figures
from impact.disclosure import LEAD, Release
from impact.sentences import oversight, summary
from impact.sentences.reading import verdict
from impact.story import BOARD, FUNDER, LEVELS, TEAM, story
from impact.wording import number
from tests.test_sentences import CONTEXT, changed, difference, made

CLASSES = [
    {"name": name, "label": label}
    for name, label in (("low", "Score bas"), ("middle", "Score du milieu"), ("high", "Score haut"))
]
SCALE = CONTEXT["scales"][0] | {
    "licence": "", "classes": CLASSES,
    "items": [{"name": "i1", "label": "Je vois du monde", "reverse": False}, {"name": "i2", "label": "Je suis seul", "reverse": True}],
}  # fmt: skip
WORDS = ["aucune", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"]
CONSTANTS = {"95"}  # the level of the intervals


def every_text(sections):
    for section in sections:
        yield section.title
        yield from (one.text for one in section.statements)
        yield from (point.text for point in section.points)
        for table in section.tables:
            yield from table.cells.astype(str).to_numpy().ravel()
        yield from every_text(section.parts)


def told(release, level=FUNDER, drawn=None):
    return " ".join(every_text(story(release, drawn or {}, level=level)))


# --- levels and order -------------------------------------------------------------------------------------------------


def test_a_board_reads_three_sentences():
    (only,) = story(changed(0.1, 0.7, *answered(40, 30)), {}, level=BOARD)
    said = [one.text for one in only.statements]
    assert said == [
        "Environ 30 personnes ont répondu les deux fois, sur environ 40 la première fois.",
        "Une amélioration se lit pour «\u00a0Liens\u00a0», marge d’erreur comprise.",
        "C’est une évolution, pas un effet\u00a0: on ne sait pas ce qui se serait passé sans l’action, et l’on ne sait "
        "rien de ce qui a changé pour les personnes qui ne sont pas revenues répondre.",
    ]


def test_each_level_holds_the_one_before():
    release = changed(0.1, 0.7)
    names = [[section.name for section in story(release, {}, level=level)] for level in LEVELS]
    assert names[0] == ["essentiel"]
    assert set(names[0]) < set(names[1]) < set(names[2])
    assert names[2][-1] == "methode"
    assert names[1] == [name for name in names[2] if name in names[1]]
    assert names[1] == [section.name for section in story(release, {}, level=TEAM)]


def test_the_page_is_told_from_who_answered_to_what_to_discuss(cleared):
    names = [section.name for section in story(cleared["asso_c"], {})]
    order = [
        "essentiel",
        "repondants",
        "en-bref",
        "dimension-agir_soi",
        "de-plus-pres",
        "ensemble",
        "limites",
        "a-discuter",
    ]
    assert [name for name in names if name in order] == order


def test_approved_verbatims_have_their_place():
    texts = [{"name": "q", "label": "Qu’est-ce qui a changé ?", "texts": ["J’ose demander."]}]
    (section,) = (one for one in story(changed(0.1, 0.7, verbatims=texts), {}) if one.name == "paroles")
    assert section.parts[0].points[0].text == "«\u00a0J’ose demander.\u00a0»"
    assert "paroles" not in [one.name for one in story(changed(0.1, 0.7), {})]


# --- every situation --------------------------------------------------------------------------------------------------


def answered(first, returned):
    return [
        ("responded", first, first, None, None, {"scale": "", "wave": "avant"}),
        ("responded", returned, returned, None, None, {"scale": "", "wave": "apres"}),
        ("returned", returned, returned, None, None, {"scale": ""}),
    ]


@pytest.mark.parametrize("n", [0, 1, 9])
def test_too_few_persons_and_only_that_is_said(n):
    results = pd.DataFrame(
        [{"association": "a", "scale": "s", "statistic": name, "n": n, "estimate": 3.0, "ci_low": 1.0, "ci_high": 4.0}
         for name in ("mean_before", "mean_after", "adjusted_change")]
        + [{"association": "a", "wave": wave, "statistic": "responded", "n": n, "estimate": n} for wave in ("avant", "apres")]
        + [{"association": "a", "statistic": "returned", "n": n, "estimate": n}]
    )  # fmt: skip
    release = impact.release(results, Rules(), audience="a", context=CONTEXT | {"scales": [SCALE]})
    assert [one.text for one in story(release, {}, level=BOARD)[0].statements] == [
        "Effectif insuffisant (moins de 10 personnes)\u00a0: ne pas conclure."
    ]
    assert set(re.findall(r"\d+", told(release, TEAM))) <= {"10", "95"}
    assert "ne pas conclure" in told(release)
    assert figures(release) == {}


@pytest.mark.parametrize(
    ("low", "high", "higher", "way", "question"),
    [
        (0.1, 0.7, True, "better", "qu’avons-nous fait qui a pu y contribuer"),
        (-0.7, -0.1, True, "worse", "que s’est-il passé entre les deux mesures"),
        (0.1, 0.7, False, "worse", "que s’est-il passé entre les deux mesures"),
        (-0.7, -0.1, False, "better", "qu’avons-nous fait qui a pu y contribuer"),
        (-0.1, 0.7, True, "unclear", "attendions-nous un changement"),
        (0.0, 0.0, True, "unclear", "attendions-nous un changement"),
    ],
)
def test_one_verdict_everywhere(low, high, higher, way, question):
    release = changed(low, high, higher=higher)
    sign, words = summary.VERDICTS[way]
    assert verdict(release, "s") == way
    assert summary.glance(release) == ((sign, f"Liens\u00a0: {words}"),)
    assert f"{words[0].upper()}{words[1:]} pour «\u00a0Liens\u00a0»" in summary.three_sentences(release)[1]
    assert question in summary.questions(release)[0]
    assert all(text.rstrip().endswith("?") for text in summary.questions(release))


def test_a_level_without_a_first_measure():
    release = made(("mean", 30, 3.4, 3.1, 3.7, {"wave": "apres"}), design="after_only", paired=False)
    assert verdict(release, "s") == "level"
    assert "des niveaux, pas une évolution" in summary.three_sentences(release)[2]
    assert "dès leur arrivée" in summary.questions(release)[0]


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        ([], {}, "C’est une évolution, pas un effet"),
        ([difference(0.2, 0.9)], {}, "Seule une différence avec le groupe de comparaison"),
        ([("difference_of_changes", None, None, None, None, {})], {}, "C’est une évolution, pas un effet"),
        ([], {"comparison": True}, "ce groupe sert de comparaison"),
    ],
)
def test_what_it_is_not(rows, more, said):
    assert said in summary.three_sentences(changed(0.1, 0.7, *rows, **more))[2]


@pytest.mark.parametrize(("higher", "bad"), [(True, "fallen"), (False, "risen")])
def test_persons_who_went_the_wrong_way_are_asked_about(higher, bad):
    rows = [(name, 30, 0.4 if name == bad else 0.3, 0.1, 0.6, {}) for name in ("risen", "stable", "fallen")]
    assert any("vont moins bien" in text for text in summary.questions(changed(0.1, 0.7, *rows, higher=higher)))
    few = [
        (name, 30, 0.1 if name == bad else 0.5, None, None, {"bound": "<"} if name == bad else {}) for name, *_ in rows
    ]
    assert not any("vont moins bien" in text for text in summary.questions(changed(0.1, 0.7, *few, higher=higher)))


@pytest.mark.parametrize(
    ("low", "high", "higher", "said"),
    [
        (0.2, 0.9, True, "En mieux\u00a0: «\u00a0Je vois du monde\u00a0»."),
        (-0.9, -0.2, True, "En moins bien\u00a0: «\u00a0Je vois du monde\u00a0»."),
        (0.2, 0.9, False, "En moins bien\u00a0: «\u00a0Je vois du monde\u00a0»."),
        (-0.2, 0.9, True, "Aucune question prise seule ne bouge de façon lisible."),
    ],
)
def test_items_that_moved(low, high, higher, said):
    rows = [
        ("item_change", 30, 0.4, low, high, {"scale": "i1"}),
        ("item_change", None, None, None, None, {"scale": "i2"}),
    ]
    release = changed(0.1, 0.7, *rows, higher=higher, scales=[SCALE | {"higher_is_better": higher}])
    sentence = figures(release)["questions-s"].sentence
    assert said in sentence
    assert "Je suis seul" not in sentence


# --- the evaluation lead ----------------------------------------------------------------------------------------------


def led(*rows, associations=("a", "b")):
    own = [{"code": code, "label": f"Asso {code.upper()}", "sector": "", "comparison": False} for code in associations]
    release = changed(0.1, 0.7, *rows, associations=own)
    return Release(LEAD, release.table, release.context, release.rules)


def test_one_association_alone_has_no_whole():
    release = led(("pooled_change", None, None, None, None, {"association": ""}), associations=("a",))
    said = told(release)
    assert "Toutes associations ensemble" not in said
    assert "Effectif insuffisant" in said
    assert oversight.answered_table(release).iloc[:, 0].tolist() == ["Asso A", "Toutes ensemble"]


def test_what_waits_for_a_decision():
    alphas = [
        ("alpha", 60, value, value - 0.1, value + 0.1, {"association": "", "wave": wave})
        for wave, value in (("avant", 0.8), ("apres", 0.55))
    ]
    lost = [
        ("responded", 50, 50, None, None, {"scale": "", "wave": "avant"}),
        ("returned", 20, 20, None, None, {"scale": ""}),
    ]
    hidden = ("mean_before", None, None, None, None, {"breakdown": "q", "category": "u"})
    decisions = oversight.to_decide(led(*alphas, *lost, hidden))
    for said in (
        "Asso B\u00a0: rien n’est montré.",
        "Asso A\u00a0: beaucoup de personnes ne sont pas revenues.",
        "«\u00a0Votre âge\u00a0»\u00a0: des modalités sont masquées pour Asso A.",
        "«\u00a0Liens\u00a0»\u00a0: les réponses se tiennent mal.",
    ):
        assert any(text.startswith(said) for text in decisions), said
    assert oversight.reliability(led(*alphas), SCALE).startswith("Liens\u00a0: fidélité faible")
    assert "trop peu de réponses complètes" in oversight.reliability(led(), SCALE)


# --- no number of its own ---------------------------------------------------------------------------------------------

tenth = st.integers(-30, 30).map(lambda value: value / 10)
shares = st.integers(2, 18).map(lambda value: value / 20)
counts = st.integers(2, 30).map(lambda value: 5 * value)


@st.composite
def anything(draw):
    """A release of random numbers, some suppressed."""
    n = draw(counts)

    def line(statistic, value, **more):
        if draw(st.integers(0, 5)) == 0:
            return (statistic, None, None, None, None, more)
        near = sorted((draw(tenth), draw(tenth)))
        return (statistic, n, value, *near, more)

    def part(statistic, **more):
        fine = statistic == "class_share"
        return (statistic, max(n, 20) if fine else n, draw(shares), 0.0, 1.0, more)

    first = draw(counts)
    rows = [
        *answered(max(first, n), n),
        *(
            line(name, draw(tenth))
            for name in ("mean_before", "mean_after", "adjusted_change", "difference_of_changes")
        ),
        *(part(name) for name in ("risen", "stable", "fallen")),
        *(part("class_share", wave=w, category=c) for w in ("avant", "apres") for c in ("low", "middle", "high")),
        ("item_change", max(n, 20), draw(tenth), *sorted((draw(tenth), draw(tenth))), {"scale": "i1"}),
        line("pooled_change", draw(tenth), association=""),
        line("reliable_change", draw(tenth), association=""),
    ]
    return made(*rows, higher=draw(st.booleans()), scales=[SCALE | {"higher_is_better": draw(st.booleans())}])


def allowed(release):
    """Every number a reader of this release may see, as French text, and the words of persons out of ten."""
    table = release.table[release.table["status"] == "shown"]
    values = table[["n", "estimate", "ci_low", "ci_high"]].to_numpy(float).ravel()
    said = {number(abs(value), digits) for value in values for digits in (0, 1, 2) if value == value}
    parts = table[table["statistic"].isin(["risen", "stable", "fallen", "class_share"])]
    said |= {
        f"{100 * value:.0f}"
        for value in parts[["estimate", "ci_low", "ci_high"]].to_numpy(float).ravel()
        if value == value
    }
    limits = {f"{scale[end]:g}" for scale in release.context["scales"] for end in ("low", "high")}
    rules = release.rules
    return said | limits | CONSTANTS | {str(rules.threshold), str(2 * rules.threshold), str(rules.count_base)}


def tenths_allowed(release):
    table = release.table[release.table["status"] == "shown"]
    values = table.loc[table["statistic"].isin(["risen", "stable", "fallen"]), "estimate"]
    first = table.loc[(table["statistic"] == "responded") & (table["wave"] == "avant"), "n"].max()
    missing = 10 * (first - table.loc[table["statistic"] == "returned", "n"].max()) / first
    exact = [*(10 * values), missing]
    return {
        WORDS[round(x + step)] for x in exact if x == x for step in (-0.999, 0, 0.999) if 0 <= round(x + step) <= 10
    }


@settings(max_examples=60)
@given(anything())
def test_no_sentence_states_a_number_that_is_not_in_the_release(release):
    for text in every_text(story(release, {}, level=FUNDER)):
        assert set(re.findall(r"\d+(?:,\d+)?", text)) <= allowed(release), text
        for word in re.findall(r"(\w+) personnes? sur dix", text):
            assert word in tenths_allowed(release) | {"une", "neuf"}, text


def drawn_words(svg):
    """The words of a drawing, as it names their outlines, those of the axes left out."""
    found = []

    def visit(node):
        if node.get("class") != "axe":
            found.extend(filter(None, [node.get("aria-label")]))
            for child in node:
                visit(child)

    visit(ET.fromstring(svg))
    return found


@settings(max_examples=8)
@given(anything())
def test_no_figure_shows_a_number_that_is_not_in_its_table(release):
    for figure in figures(release).values():
        cells = " ".join([*figure.table.columns, *figure.table.to_numpy().ravel()])
        in_table = set(re.findall(r"\d+(?:,\d+)?", cells))
        shown = {n for words in drawn_words(figure.svg) for n in re.findall(r"\d+(?:,\d+)?", words)}
        assert shown <= in_table, figure.name
        assert set(re.findall(r"\d+(?:,\d+)?", cells)) <= allowed(release) | {"1", "9", "10", *map(str, range(11))}


def test_no_table_holds_a_missing_number(cleared):
    for figure in [*figures(cleared["asso_a"]).values(), *figures(cleared["asso_g"]).values()]:
        cells = " ".join(figure.table.to_numpy().ravel())
        assert not re.search(r"nan|None|<NA>", cells), figure.name


def test_the_words_of_a_drawing_are_really_read(cleared):
    figure = figures(cleared["asso_a"])["moyennes-estime"]
    assert any(re.fullmatch(r"Avant \d+,\d", words) for words in drawn_words(figure.svg))


def test_figures_of_the_demonstration_show_only_their_tables(cleared):
    for figure in figures(cleared["asso_c"]).values():
        cells = " ".join([*figure.table.columns, *figure.table.to_numpy().ravel(), figure.title])
        shown = {n for words in drawn_words(figure.svg) for n in re.findall(r"\d+(?:,\d+)?", words)}
        assert shown <= set(re.findall(r"\d+(?:,\d+)?", cells)), figure.name
