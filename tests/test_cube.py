"""Frozen cubes: a byte changed, a number made up, a file of another cube, another key: refused, in French."""

import json
import shutil

import pandas as pd
import pytest

import impact
from impact.campaign.rules import Rules
from impact.clearance import releases
from impact.cube import RESULTS, Figure, check_together, read_cube, write_cube
from impact.errors import CampaignError, CubeError, DisclosureError
from impact.seal import MANIFEST

KEY = b"une cle"


@pytest.fixture(scope="module")
def cubes(cleared, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cubes")
    table = pd.DataFrame({"": ["Avant"], "Personnes": ["30"]})
    figures = [Figure("repondants", "Un titre", "Une phrase.", table, b"<svg/>")]
    for code in ("asso_a", "asso_b"):
        write_cube(cleared[code], figures, folder / code, inputs="v1", key=KEY)
    return folder


@pytest.fixture
def copy(cubes, tmp_path):
    return shutil.copytree(cubes, tmp_path / "cubes")


def refused(folder, said, key=None):
    with pytest.raises(CubeError) as caught:
        read_cube(folder, key)
    assert said in str(caught.value)
    assert "impact publier" in str(caught.value)


def test_a_sound_cube_is_read_with_and_without_the_key(cubes, cleared):
    for key in (None, KEY):
        pd.testing.assert_frame_equal(
            read_cube(cubes / "asso_a", key)[0].table, cleared["asso_a"].table, check_dtype=False
        )


@pytest.mark.parametrize("name", [RESULTS, "repondants.svg", MANIFEST])
def test_one_byte_changed(copy, name):
    path = copy / "asso_a" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    refused(copy / "asso_a", "modifiés après coup")


def test_a_file_of_another_cube(copy):
    shutil.copy(copy / "asso_b" / RESULTS, copy / "asso_a" / RESULTS)
    refused(copy / "asso_a", RESULTS)


def test_a_whole_cube_in_another_place(copy):
    shutil.rmtree(copy / "asso_a")
    shutil.move(copy / "asso_b", copy / "asso_a")
    refused(copy / "asso_a", "il est destiné à")


def test_a_cube_made_again_without_the_key(copy, cleared):
    """Who knows the format can seal a cube; only the signature tells, and who serves checks it."""
    write_cube(cleared["asso_a"], {}, copy / "asso_a", inputs="v1", key=b"une autre")
    read_cube(copy / "asso_a")
    refused(copy / "asso_a", "la signature n’est pas celle de cette campagne", KEY)
    with pytest.raises(CubeError, match="la signature"):
        check_together([copy / "asso_b", copy / "asso_a"], KEY)


def test_cubes_of_two_publications(copy, cleared):
    write_cube(cleared["asso_a"], {}, copy / "asso_a", inputs="v2", key=KEY)
    with pytest.raises(CubeError, match="la même publication"):
        check_together([copy / "asso_b", copy / "asso_a"], KEY)


def test_a_number_that_release_would_not_write(copy, cleared):
    """Even with the right key, a cube holding a count of 7 is not read."""
    table = cleared["asso_a"].table
    one = object.__new__(impact.Release)
    shown = table.index[table["status"] == "shown"][0]
    for name, value in {"audience": "asso_a", "context": {}, "rules": Rules()}.items():
        object.__setattr__(one, name, value)
    object.__setattr__(one, "table", table.assign(n=table["n"].where(table.index != shown, 7)))
    write_cube(one, {}, copy / "asso_a", inputs="v1", key=KEY)
    refused(copy / "asso_a", "un nombre n’est pas arrondi", KEY)


@pytest.mark.parametrize("missing", ["seal", "signature"])
def test_a_manifest_without_its_seal(copy, missing):
    path = copy / "asso_a" / MANIFEST
    manifest = json.loads(path.read_text("utf-8"))
    del manifest[missing]
    path.write_text(json.dumps(manifest), "utf-8")
    refused(copy / "asso_a", "modifiés après coup", KEY)


@pytest.mark.parametrize(
    ("rules", "said"),
    [({"treshold": 10}, "Vouliez-vous dire «\u00a0threshold\u00a0»"), ({"threshold": 4}, "un seuil de 4 est refusé"),
     ({"threshold": 7}, "demande une raison"), ({"threshold": "10"}, "nombres entiers"), ({"others_share": 0.9}, "plus faible"),
     ({"others_share": "moitié"}, "une part est un nombre"), ({"quasi_identifiers": ["a", "b", "c"]}, "deux questions au plus"),
     ({"quasi_identifiers": [1]}, "deux questions au plus"), ({"quasi_identifiers": ["a", "a"]}, "deux questions au plus")],
)  # fmt: skip
def test_a_faulty_rule_is_refused(rules, said):
    with pytest.raises(CampaignError) as caught:
        Rules.from_mapping(rules)
    assert said in str(caught.value)


def test_an_unknown_audience_is_refused(results, campaign):
    with pytest.raises(DisclosureError, match="destinataire inconnu"):
        impact.release(results, campaign.rules, audience="asso_z", context={})


def test_no_small_number_anywhere_in_a_cube(campaign, checked, tmp_path):
    """Tables, sentences, names of files, figures: association G (six pairs) shows no number of its own."""
    from impact.charts import figures

    one = next(one for one in releases(checked.accepted, campaign) if one.audience == "asso_g")
    folder = write_cube(one, figures(one).values(), tmp_path / "asso_g", inputs="", key=KEY)
    release, drawn = read_cube(folder)
    own = release.table[release.table["association"] == "asso_g"]
    assert own[["n", "estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert {path.name for path in folder.iterdir()} <= {
        RESULTS,
        MANIFEST,
        *(f"ensemble-{s.name}.{kind}" for s in campaign.questionnaire.scales for kind in ("svg", "csv")),
    }
    assert all("Effectif insuffisant (moins de 10 personnes)" in figure.sentence for figure in drawn.values())
    assert all(figure.table.iloc[0, 1:].tolist() == ["effectif insuffisant", "", ""] for figure in drawn.values())
