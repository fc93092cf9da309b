"""The vote page with a real Redis, and with the rights of its Redis user only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import NoPermissionError

from ballotbox_common import broker
from ballotbox_common.broker import STREAM
from ballotbox_common.settings import load
from ballotbox_vote.app import create_app
from ballotbox_vote.ballot_box import BallotBox
from ballotbox_vote.settings import VoteSettings
from tests.fix_redis import PASSWORD, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient
    from redis import Redis

    from tests.fix_redis import RedisServer

JSON = {"Accept": "application/json"}
KEY = "k" * 32


@pytest.fixture
def connect() -> Iterator[Callable[[int], Redis]]:
    """Give a maker of clients with the vote page's rights."""
    clients: list[Redis] = []

    def make(port: int) -> Redis:
        clients.append(
            broker.connect(host="127.0.0.1", port=port, username="vote", password=PASSWORD, timeout_s=2, retries=1)
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client_of(connect: Callable[[int], Redis]) -> Callable[..., FlaskClient]:
    """Give a maker of browsers, by Redis's port and settings."""

    def make(port: int, **environment: str) -> FlaskClient:
        settings = load(VoteSettings, {"COOKIE_KEY": KEY, "REDIS_PASSWORD": PASSWORD, **environment})
        return create_app(settings, BallotBox(connect(port))).test_client()

    return make


@pytest.fixture
def browser(client_of: Callable[..., FlaskClient], redis_server: RedisServer) -> FlaskClient:
    """Give a browser without a cookie, at an empty ballot box."""
    return client_of(redis_server.port)


def stored(redis_server: RedisServer) -> list[dict[str, str]]:
    """Give the votes in the stream."""
    with redis_server.client() as client:
        rows: Any = client.xrange(STREAM)
    return [fields for _, fields in rows]


def test_the_page_shows_both_choices(browser: FlaskClient) -> None:
    """A newcomer sees the ballot, and is given an identity that scripts cannot read."""
    answer = browser.get("/")
    assert answer.status_code == 200
    assert 'data-testid="choice-a"' in answer.text
    assert 'data-testid="choice-b"' in answer.text
    assert re.search(r'data-testid="current-choice" data-choice="">none yet<', answer.text)
    assert re.fullmatch(
        r"voter=[0-9a-f]{32}-\.[\w-]+; Expires=[^;]+; Max-Age=31536000; HttpOnly; Path=/; SameSite=Lax",
        answer.headers["Set-Cookie"],
    )


def test_a_vote_is_stored_and_shown(browser: FlaskClient, redis_server: RedisServer) -> None:
    """The form answers with a redirect to the page, which shows the choice."""
    browser.get("/")
    answer = browser.post("/", data={"choice": "b"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    (vote,) = stored(redis_server)
    assert vote["choice"] == "b"
    assert re.fullmatch(r"[0-9a-f]{32}", vote["voter_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", vote["at"])
    page = browser.get("/").text
    assert 'data-choice="b">Dogs<' in page
    assert page.count('aria-pressed="true"') == 1


def test_a_changed_vote_is_the_same_voter(browser: FlaskClient, redis_server: RedisServer) -> None:
    """The identity stays, the shown choice changes."""
    for choice in ("a", "b"):
        browser.post("/", data={"choice": choice})
    first, second = stored(redis_server)
    assert first["voter_id"] == second["voter_id"]
    assert 'data-choice="b"' in browser.get("/").text


def test_json_in_and_out(browser: FlaskClient, redis_server: RedisServer) -> None:
    """A client that asks for JSON gets the version of its vote."""
    answer = browser.post("/", json={"choice": "a"}, headers=JSON)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["choice"], answer.json["name"]) == ("a", "Cats")
    assert re.fullmatch(r"\d+-\d+", answer.json["version"])
    assert browser.get("/", headers=JSON).json == {"choices": {"a": "Cats", "b": "Dogs"}, "choice": "a"}
    assert len(stored(redis_server)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"choice": "c"}},
        {"data": {"choice": "A"}},
        {"data": {"choice": ""}},
        {"data": {}},
        {"data": {"choice": ["a", "b"]}},
        {"data": {"Choice": "a"}},
        {"json": {"choice": "c"}},
        {"json": {"choice": ["a"]}},
        {"json": {"choice": {"a": 1}}},
        {"json": {"choice": None}},
        {"json": ["a"]},
        {"json": "a"},
        {"data": b"{", "content_type": "application/json"},
        {"data": b"choice=a", "content_type": "text/plain"},
        {"data": b"\xff\xfe", "content_type": "application/x-www-form-urlencoded"},
    ],
    ids=str,
)
def test_anything_but_a_known_choice_is_refused(
    browser: FlaskClient, redis_server: RedisServer, body: dict[str, Any]
) -> None:
    """It is a 400, as a page and as JSON, and nothing is stored."""
    assert browser.post("/", **body).status_code == 400
    answer = browser.post("/", headers=JSON, **body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["status"] == 400
    assert stored(redis_server) == []


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_a_body_too_large_is_refused(browser: FlaskClient, redis_server: RedisServer, kind: str) -> None:
    """It is a 413 whatever it claims to be (text/plain is never read), and nothing is stored."""
    answer = browser.post("/", data=b'{"choice": "a"}' + b" " * 2000, content_type=kind)
    assert answer.status_code == 413
    assert stored(redis_server) == []


@pytest.mark.parametrize("cookie", ["forged", "", f"{'0' * 32}-a.c2ln", f"{'0' * 32}-a"])
def test_a_forged_cookie_changes_nothing(browser: FlaskClient, redis_server: RedisServer, cookie: str) -> None:
    """It is refused with a 403; the page then gives a fresh identity, which may vote."""
    browser.set_cookie("voter", cookie)
    assert browser.post("/", data={"choice": "a"}).status_code == 403
    assert stored(redis_server) == []
    page = browser.get("/")
    assert page.status_code == 200
    assert 'data-choice=""' in page.text
    assert browser.post("/", data={"choice": "a"}).status_code == 303
    assert len(stored(redis_server)) == 1


def test_a_vote_without_cookie_gets_an_identity(browser: FlaskClient, redis_server: RedisServer) -> None:
    """The first request of a client may be its vote."""
    answer = browser.post("/", data={"choice": "a"})
    assert answer.headers["Set-Cookie"].startswith(f"voter={stored(redis_server)[0]['voter_id']}-a.")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}], ids=str
)
def test_other_sites_cannot_vote(browser: FlaskClient, redis_server: RedisServer, headers: dict[str, str]) -> None:
    """A post from elsewhere is refused, with a voter's cookie and without."""
    assert browser.post("/", data={"choice": "a"}, headers=headers).status_code == 403
    browser.get("/")
    assert browser.post("/", data={"choice": "a"}, headers=headers).status_code == 403
    assert stored(redis_server) == []


def test_our_own_page_can(browser: FlaskClient) -> None:
    """What a browser sends with our form is let in."""
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/", data={"choice": "a"}, headers=headers).status_code == 303


def test_redis_away_is_said(client_of: Callable[..., FlaskClient]) -> None:
    """The page can be seen; a vote gets a 503 with Retry-After, and the identity for the next attempt."""
    browser = client_of(free_port())
    assert browser.get("/").status_code == 200
    for headers in ({}, JSON):
        answer = browser.post("/", data={"choice": "a"}, headers=headers)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert "cannot be reached" in answer.text
        assert answer.headers["Set-Cookie"].startswith("voter=")
        assert 'data-choice=""' in browser.get("/").text


def test_a_full_redis_refuses_and_drops_nothing(browser: FlaskClient, redis_server: RedisServer) -> None:
    """When Redis has no memory left, a vote gets a 503 and those before it stay."""
    browser.post("/", data={"choice": "a"})
    with redis_server.client() as admin:
        admin.config_set("maxmemory", 1)
    answer = browser.post("/", data={"choice": "b"})
    assert answer.status_code == 503
    assert "full" in answer.text
    assert [vote["choice"] for vote in stored(redis_server)] == ["a"]


def test_a_restart_of_redis_costs_no_vote(client_of: Callable[..., FlaskClient], own_redis: RedisServer) -> None:
    """What was acknowledged survives kill -9, and dead connections are replaced without the voter noticing."""
    browser = client_of(own_redis.port)
    assert browser.post("/", data={"choice": "a"}).status_code == 303
    own_redis.stop(gently=False)
    assert browser.post("/", data={"choice": "b"}).status_code == 503
    own_redis.start()
    assert browser.post("/", data={"choice": "b"}).status_code == 303
    assert [vote["choice"] for vote in stored(own_redis)] == ["a", "b"]


def test_names_are_escaped(client_of: Callable[..., FlaskClient], redis_server: RedisServer) -> None:
    """A choice's name is text, wherever it is shown."""
    browser = client_of(redis_server.port, CHOICE_A='<img src=x onerror="1">', CHOICE_B="Rock & Roll")
    browser.post("/", data={"choice": "a"})
    page = browser.get("/").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=&#34;1&#34;&gt;" in page
    assert "Rock &amp; Roll" in page


@pytest.mark.parametrize("path", ["/", "/nothing", "/assets/vote.js", "/assets/nothing"])
def test_every_answer_has_the_security_headers(browser: FlaskClient, path: str) -> None:
    """Pages, assets and refusals alike."""
    headers = browser.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


def test_nothing_is_inline(browser: FlaskClient) -> None:
    """The policy forbids inline scripts, handlers and styles; the page has none."""
    browser.post("/", data={"choice": "a"})
    for page in (browser.get("/").text, browser.get("/nothing").text):
        assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page) == []


def test_behind_https(client_of: Callable[..., FlaskClient], redis_server: RedisServer) -> None:
    """The cookie is for HTTPS only, and so is the host from then on."""
    answer = client_of(redis_server.port, COOKIE_SECURE="true").get("/")
    assert answer.headers["Set-Cookie"].startswith("__Host-voter=")
    assert "; Secure;" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"]


def test_assets_are_kept_by_their_digest(browser: FlaskClient) -> None:
    """The page refers to an asset by its content, which may be kept for ever."""
    found = re.search(r'src="(/assets/vote\.js\?v=[0-9a-f]+)"', browser.get("/").text)
    assert found is not None
    answer = browser.get(found[1])
    assert "immutable" in answer.headers["Cache-Control"]
    assert browser.get(found[1], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_other_methods_are_named(browser: FlaskClient) -> None:
    """A 405 says what is allowed."""
    answer = browser.delete("/")
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "command", ["XRANGE votes - +", "GET x", "DEL votes", "XTRIM votes MAXLEN 0", "XADD other * a b"]
)
def test_the_page_may_do_no_more(connect: Callable[[int], Redis], redis_server: RedisServer, command: str) -> None:
    """Its Redis user can append votes and neither read nor delete them."""
    client: Any = connect(redis_server.port)
    with pytest.raises(NoPermissionError):
        client.execute_command(*command.split())
