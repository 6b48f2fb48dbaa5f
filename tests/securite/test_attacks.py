"""The attacks that the pages must refuse, and the tests that try each of them against the site as it is served."""

import ast
import json
from dataclasses import replace
from pathlib import Path

import pytest
import served_site
from conftest import _free_port
from test_serving_browser import CHROMIUM, browser, log_in, new_tab  # noqa: F401
from test_serving_channel import linux

from impact.charts import figures
from impact.cube import write_cube
from impact.layout import lay_out

TESTS = Path(__file__).parents[1]
IMAGE = '<img src=x onerror="document.title=1">'
ATTACKS = {
    "1 execute, inspect, complete… on every channel and protocol": ["channel::test_no_request_but_those_of_widgets_reaches_the_kernel"],
    "2 dump of the widgets": ["channel::test_a_kernel_answers_the_page_it_was_started_for", "load::test_many_people_at_once"],
    "3 any trait, values out of the list": [
        "channel::test_a_value_that_is_not_offered_changes_nothing_and_tells_nothing",
        "channel::test_a_text_that_a_page_rewrites_stays_its_own",
    ],
    "4 widgets of one's own, large messages": ["channel::test_no_page_creates_a_widget", "channel::test_a_message_too_large_is_not_read"],
    "5 errors in callbacks": [
        "channel::test_an_error_in_a_callback_shows_nothing",
        "page::test_a_page_that_fails_says_so_in_french_and_nothing_more",
    ],
    "6 foreign origin, also through the proxy": [
        "channel::test_a_channel_asked_for_from_elsewhere_is_refused",
        "channel::test_a_foreign_origin_is_refused_through_a_proxy_too",
    ],
    "7 another's kernel": [
        "access::test_matrix_of_visitors_and_routes", "access::test_leaving",
        "channel::test_a_channel_is_for_the_session_that_opened_the_page",
        "access::test_another_session_of_the_same_association_does_not_reach_the_kernel",
    ],
    "8 stopping a kernel without the form's token": ["access::test_leaving", "access::test_logging_out_ends_the_session_and_its_pages"],
    "9 contents, kernels, sessions, terminals, tree": ["access::test_what_voila_and_jupyter_offer_elsewhere_does_not_exist"],
    "10 other notebooks": ["access::test_what_voila_and_jupyter_offer_elsewhere_does_not_exist"],
    "11 ways out of a folder": [
        "access::test_no_path_leads_out_of_the_library", "access::test_the_login_pages_files_are_given_by_exact_name",
    ],
    "12 ways round a denylist": ["access::test_what_voila_and_jupyter_offer_elsewhere_does_not_exist"],
    "13 every handler, by a stranger": [
        "access::test_the_routes_are_those_we_know", "access::test_matrix_of_visitors_and_routes",
        "fuzzing::test_a_stranger_gets_refusals_only",
    ],
    "14 guessing secrets": [
        "access::test_brute_force_locks_that_account_and_no_other", "accounts::test_one_address_cannot_go_round_the_accounts",
    ],
    "15 cookies": ["access::test_cookie_without_https", "access::test_cookie_behind_an_https_proxy"],
    "16 a session chosen by another": [
        "access::test_a_key_known_beforehand_is_worth_nothing_after_login", "access::test_logging_in_again_ends_the_former_session",
    ],
    "17 a token in the address": ["access::test_no_header_and_no_token_says_who_someone_is"],
    "18 headers that say who one is": ["access::test_no_header_and_no_token_says_who_someone_is"],
    "19 what a kernel made beforehand holds": [
        "confinement::test_the_zygote_has_opened_no_cube",
        "confinement::test_pages_do_not_share_their_random_numbers_nor_their_folder",
    ],
    "20 reloading again and again": [
        "access::test_reloading_again_and_again_meets_a_limit_that_others_do_not_feel", "load::test_many_people_at_once",
    ],
    "21 a hostile kernel": ["confinement::test_hostile_code_gets_nothing_else", "confinement::test_hostile_code_changed_nothing"],
    "22 sources and outputs of the notebook": ["access::test_the_page_holds_no_source_and_loads_nothing_from_elsewhere"],
    "23 subtraction and collusion": [
        "test_audit::test_two_associations_collude_through_the_whole", "test_audit::test_nobody_is_found_in_twenty_campaigns",
    ],
    "24 finding out who has an account": [
        "access::test_unknown_and_known_accounts_get_the_same_answer", "accounts::test_an_unknown_account_takes_the_time_of_a_known_one",
    ],
    "25 HTML in labels, formulas in files": [
        "test_attacks::test_html_in_a_label_is_read_and_not_run", "access::test_the_identifier_typed_is_shown_as_text",
        "test_formulas::test_labels_in_a_workbook_are_texts", "test_formulas::test_what_is_set_aside_is_not_run",
        "test_formulas::test_the_journal_of_decisions_is_not_run",
    ],
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_each_attack_is_tried(attack):
    for module, _, test in (name.partition("::") for name in ATTACKS[attack]):
        (path,) = TESTS.rglob(f"{module}.py" if module.startswith("test_") else f"test_serving_{module}.py")
        assert test in {
            node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
        }


def test_none_is_forgotten():
    assert [int(attack.split()[0]) for attack in ATTACKS] == list(range(1, 26))


def poisoned(value):
    """Put an image that runs something before every label, at any depth."""
    if isinstance(value, dict):
        texts = ("label", "title", "association", "sector", "source", "dimension")
        return {k: IMAGE + v if k in texts and isinstance(v, str) else poisoned(v) for k, v in value.items()}
    return [poisoned(one) for one in value] if isinstance(value, list | tuple) else value


@linux
@pytest.mark.skipif(not CHROMIUM, reason="chromium n'est pas installé sur cette machine")
def test_html_in_a_label_is_read_and_not_run(cleared, tmp_path, new_tab):  # noqa: F811
    """A cube whose every label is an attack: the browser shows them as text, in the page and in each of its choices."""
    one = cleared["asso_f"]
    release = replace(one, context=poisoned(dict(one.context)))
    drawn, folder = figures(one), tmp_path / "sorties" / "asso_f"
    page = lay_out(release, drawn).file()
    write_cube(release, drawn.values(), folder, inputs="", key=b"cle", documents=page)
    assert IMAGE in json.loads((folder / "manifeste.json").read_text("utf-8"))["context"]["title"]
    site = served_site.launch(tmp_path / "sorties", ["asso_f"], _free_port(), served_site.DASHBOARD)
    with served_site.closing(site):
        tab = new_tab()
        log_in(tab, site, "asso_f")
        tab.wait_for_selector(".impact-page h1", timeout=60_000)
        assert IMAGE in tab.inner_text("h1")
        tab.wait_for_selector("#choix", state="detached")
        assert tab.locator("input[type=radio]").count() > 1
        for choice in tab.locator("input[type=radio]").all():
            choice.click()
            tab.wait_for_timeout(700)
            assert tab.locator("img[src=x], img[onerror]").count() == 0
        assert tab.title() != "1"
