"""Accounts, sessions and the brake on wrong secrets, without a server."""

import json
import stat
import time

import pytest
from conftest import REAL_HASHER
from served_site import ASSOCIATIONS

from impact.errors import ServingError
from impact.serving import create_accounts, list_accounts, remove_account, renew_account, sessions, throttle
from impact.serving.accounts import ALPHABET, Accounts
from impact.serving.sessions import LIFETIME, Sessions
from impact.serving.throttle import ACCOUNT_TRIES, ADDRESS_TRIES, FIRST_LOCK, LONGEST_LOCK, Throttle


@pytest.fixture
def path(tmp_path):
    return tmp_path / "acces.json"


@pytest.fixture
def secrets(path):
    return create_accounts(path, ASSOCIATIONS)


@pytest.fixture
def accounts(path, secrets):
    return Accounts(path)


def test_each_association_receives_its_own_readable_secret(secrets):
    assert sorted(secrets) == sorted(ASSOCIATIONS)
    assert len(set(secrets.values())) == len(ASSOCIATIONS)
    for secret in secrets.values():
        assert [len(group) for group in secret.split("-")] == [4, 4, 4, 4]
        assert set(secret) <= set(ALPHABET + "-")


def test_the_file_holds_hashes_only_and_is_read_by_its_owner_alone(path, secrets):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_text()
    assert all(secret not in content and secret.replace("-", "") not in content for secret in secrets.values())
    assert all(digest.startswith("$argon2id$") for digest in json.loads(content)["comptes"].values())


def test_the_real_hash_is_as_slow_as_owasp_asks():
    assert REAL_HASHER.type.name == "ID"
    assert REAL_HASHER.memory_cost >= 19 * 1024
    assert REAL_HASHER.time_cost >= 2


def test_creating_again_keeps_what_exists(path, secrets):
    assert list(create_accounts(path, [*ASSOCIATIONS, "delta"])) == ["delta"]
    assert list_accounts(path) == ["alpha", "beta", "delta", "gamma"]
    assert Accounts(path).verify("alpha", secrets["alpha"])


@pytest.mark.parametrize("code", ["../alpha", "a/b", "", ".cache", "été", "a b", "a" * 65])
def test_a_code_that_cannot_name_a_folder_is_refused(path, code):
    with pytest.raises(ServingError, match="ne peut pas servir d’identifiant"):
        create_accounts(path, [code])
    assert not path.exists()


def test_a_secret_opens_its_account_and_no_other(accounts, secrets):
    assert accounts.verify("alpha", secrets["alpha"])
    assert not accounts.verify("beta", secrets["alpha"])
    assert not accounts.verify("inconnue", secrets["alpha"])
    assert not accounts.verify("alpha", "")


def test_case_spaces_and_dashes_are_forgiven(accounts, secrets):
    assert accounts.verify("alpha", " " + secrets["alpha"].upper().replace("-", " ") + "\n")
    assert accounts.verify("alpha", secrets["alpha"].replace("-", ""))


def test_an_unknown_account_takes_the_time_of_a_known_one(accounts):
    def fastest(code):
        durations = []
        for _ in range(5):
            begin = time.perf_counter()
            accounts.verify(code, "aaaa-aaaa-aaaa-aaaa")
            durations.append(time.perf_counter() - begin)
        return min(durations)

    known, unknown = fastest("alpha"), fastest("inconnue")
    assert 0.5 < known / unknown < 2  # without the decoy hash, the ratio is in the thousands


def test_renewing_changes_the_secret_and_the_epoch(path, accounts, secrets):
    before = accounts.epoch("alpha"), accounts.epoch("beta")
    renewed = renew_account(path, "alpha")
    assert not accounts.verify("alpha", secrets["alpha"])
    assert accounts.verify("alpha", renewed)
    assert accounts.epoch("alpha") != before[0]
    assert accounts.epoch("beta") == before[1]


def test_removing_closes_the_account(path, accounts, secrets):
    remove_account(path, "beta")
    assert list_accounts(path) == ["alpha", "gamma"]
    assert accounts.epoch("beta") is None
    assert not accounts.verify("beta", secrets["beta"])


@pytest.mark.parametrize("change", [renew_account, remove_account])
def test_an_account_that_does_not_exist_is_named(path, secrets, change):
    with pytest.raises(ServingError, match=r"«\salfa\s» n’a pas d’accès.*Vouliez-vous dire «\salpha\s»"):
        change(path, "alfa")


def test_a_missing_file_says_what_to_do(path):
    with pytest.raises(ServingError, match=r"n’existe pas.*Créer d’abord un accès"):
        list_accounts(path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"version": 2, "comptes": {}}', '{"version": 1, "comptes": {"../x": "h"}}', '{"version": 1}'],
)
def test_a_malformed_file_is_refused(path, content):
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ServingError, match=r"mal formé|illisible"):
        list_accounts(path)


def test_a_file_that_others_can_read_closes_every_account(path, accounts, secrets):
    assert accounts.verify("alpha", secrets["alpha"])
    path.chmod(0o640)
    with pytest.raises(ServingError, match="chmod 600"):
        list_accounts(path)
    path.write_text(path.read_text() + " ")
    assert accounts.epoch("alpha") is None
    assert not accounts.verify("alpha", secrets["alpha"])


def test_a_session_ends_on_its_own_on_request_and_with_its_secret(path, accounts, monkeypatch):
    opened = Sessions(accounts)
    first, second, third = opened.start("alpha"), opened.start("beta"), opened.start("gamma")
    assert [opened.find(key).code for key in (first, second, third)] == ["alpha", "beta", "gamma"]
    opened.end(opened.find(first))
    renew_account(path, "beta")
    assert opened.find(first) is opened.find(second) is opened.find("inventée") is None
    now = time.monotonic()
    monkeypatch.setattr(sessions.time, "monotonic", lambda: now + LIFETIME + 1)
    assert opened.find(third) is None


def test_the_server_keeps_no_key_that_could_be_stolen(accounts):
    opened = Sessions(accounts)
    assert opened.start("alpha") not in repr(vars(opened))


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now[0])
    return now


def test_the_lock_comes_after_the_allowed_tries_doubles_and_has_a_ceiling(clock):
    brake, waits = Throttle(), []
    for _ in range(ACCOUNT_TRIES + 8):
        brake.failed("alpha", f"10.0.0.{len(waits)}")
        waits.append(brake.wait("alpha", "10.9.9.9"))
    assert waits[: ACCOUNT_TRIES - 1] == [0] * (ACCOUNT_TRIES - 1)
    assert waits[ACCOUNT_TRIES - 1 : ACCOUNT_TRIES + 2] == [FIRST_LOCK, 2 * FIRST_LOCK, 4 * FIRST_LOCK]
    assert waits[-1] == LONGEST_LOCK
    assert brake.wait("beta", "10.9.9.9") == 0
    clock[0] += LONGEST_LOCK + 1
    assert brake.wait("alpha", "10.9.9.9") == 0


def test_one_address_cannot_go_round_the_accounts(clock):
    brake = Throttle()
    for number in range(ADDRESS_TRIES):
        brake.failed(f"compte{number}", "10.0.0.1")
    assert brake.wait("alpha", "10.0.0.1") == FIRST_LOCK
    assert brake.wait("alpha", "10.0.0.2") == 0


def test_coming_in_forgets_the_account_but_not_the_address(clock):
    brake = Throttle()
    for _ in range(ADDRESS_TRIES):
        brake.failed("alpha", "10.0.0.1")
    brake.succeeded("alpha")
    assert brake.wait("alpha", "10.0.0.2") == 0
    assert brake.wait("beta", "10.0.0.1") > 0


def test_invented_names_do_not_fill_the_memory_nor_lift_a_lock(clock, monkeypatch):
    monkeypatch.setattr(throttle, "MOST_KEYS", 20)
    brake = Throttle()
    for _ in range(ACCOUNT_TRIES):
        brake.failed("alpha", "10.0.0.1")
    for number in range(200):
        brake.failed(f"compte{number}", f"10.1.0.{number}")
    assert len(brake._failures) <= 24
    assert brake.wait("alpha", "10.0.0.2") > 0
