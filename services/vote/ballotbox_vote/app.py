"""The Flask application of the vote page: one page, one form, and JSON for those who ask for it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, NotFound

from ballotbox_common.broker import CHOICES
from ballotbox_common.web import NEVER_STORED, SECURITY_HEADERS, drawing, load_assets, shared_drawing
from ballotbox_vote.ballot_box import BallotBox, BallotBoxAwayError, BallotBoxFullError
from ballotbox_vote.identity import ForgedCookieError, Voter, VoterCookie, new_voter
from ballotbox_vote.metrics import ACKNOWLEDGED, REFUSED, STORE_SECONDS
from ballotbox_vote.problems import LARGEST_BODY_BYTES, Problem, add_problems, wants_json
from ballotbox_vote.provenance import is_our_own

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ballotbox_vote.settings import VoteSettings


@dataclass(frozen=True)
class Side:
    """One of the two choices as the page shows it."""

    key: str
    name: str
    drawing: Markup


@dataclass(frozen=True)
class Ballot:
    """The two views: showing the ballot and taking a vote."""

    names: Mapping[str, str]
    cookie: VoterCookie
    ballot_box: BallotBox

    def show(self) -> Response:
        """Show the ballot and this voter's last choice; a newcomer, or a forged cookie, gets a fresh identity."""
        try:
            voter = self._voter()
        except ForgedCookieError:
            voter = new_voter()
        if wants_json():
            response = jsonify(choices=self.names, choice=voter.choice)
        else:
            page = render_template("vote.html", chosen=voter.choice, chosen_name=self.names.get(voter.choice or ""))
            response = make_response(page)
        return self.cookie.give(response, voter)

    def vote(self) -> Response:
        """Take a vote; the answer is sent when Redis has stored it."""
        if not is_our_own(
            host=request.host,
            fetch_site=request.headers.get("Sec-Fetch-Site"),
            origin=request.headers.get("Origin"),
        ):
            raise Problem(HTTPStatus.FORBIDDEN, "Not from this page", "Votes are taken from the ballot itself only.")
        choice = _choice_of_request()
        try:
            voter = self._voter()
        except ForgedCookieError:
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "We do not know this voter",
                "The cookie that came with the vote is not one of ours. Nothing was counted; open the ballot again.",
            ) from None
        version = self._cast(voter, choice)
        if wants_json():
            response = jsonify(choice=choice, name=self.names[choice], version=version)
        else:
            # A reload then shows the page and does not vote again.
            response = make_response(redirect("/", HTTPStatus.SEE_OTHER))
        return self.cookie.give(response, voter.having_chosen(choice))

    def _voter(self) -> Voter:
        value = request.cookies.get(self.cookie.name)
        return new_voter() if value is None else self.cookie.read(value)

    def _cast(self, voter: Voter, choice: str) -> str:
        try:
            with STORE_SECONDS.time():
                version = self.ballot_box.cast(voter.id, choice)
        except BallotBoxFullError:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The ballot box is full",
                "Votes come in faster than they are counted. Yours was not stored; please try again in a moment.",
                voter=voter,
            ) from None
        except BallotBoxAwayError:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "The ballot box cannot be reached",
                "We cannot promise that your vote was stored; please try again. Only your last vote counts.",
                voter=voter,
            ) from None
        ACKNOWLEDGED.inc()
        return version


def create_app(settings: VoteSettings, ballot_box: BallotBox) -> Flask:
    """Make the application; it keeps no state but what is in `ballot_box`."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    app.jinja_env.trim_blocks = True
    names = {"a": settings.choice_a, "b": settings.choice_b}
    assets = load_assets("ballotbox_vote")
    app.jinja_env.globals |= {
        **{key: Side(key, name, Markup(drawing(name, key))) for key, name in names.items()},  # noqa: S704  # our files
        "assets": assets,
        "mark": Markup(shared_drawing("mark")),  # noqa: S704  # as above
        "result_url": settings.result_url,
    }
    cookie = VoterCookie(key=settings.cookie_key, secure=settings.cookie_secure)
    ballot = Ballot(names, cookie, ballot_box)
    app.add_url_rule("/", "show", ballot.show, methods=["GET"])
    app.add_url_rule("/", "vote", ballot.vote, methods=["POST"])

    @app.get("/assets/<name>")
    def asset(name: str) -> Response:
        if name not in assets:
            raise NotFound
        response = make_response(assets[name].body)
        response.headers.update(assets[name].headers(request.args.get("v")))
        response.make_conditional(request)
        return response

    add_problems(app, cookie)
    _add_headers(app, secure=settings.cookie_secure)
    return app


def _add_headers(app: Flask, *, secure: bool) -> None:
    @app.after_request
    def finish(response: Response) -> Response:
        response.headers.update(SECURITY_HEADERS)
        response.headers.setdefault("Cache-Control", NEVER_STORED)
        response.vary.add("Accept")
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.method == "POST" and response.status_code >= HTTPStatus.BAD_REQUEST:
            REFUSED.labels(response.status_code).inc()
        return response


def _choice_of_request() -> str:
    # Reading the body is what enforces its limit.
    choices: list[object]
    if request.mimetype == "application/json":
        body = request.get_json()
        choices = [body.get("choice")] if isinstance(body, dict) else []
    else:
        choices = [*request.form.getlist("choice")]
    # Not `in CHOICES` alone: JSON may bring a list or an object.
    if len(choices) != 1 or not isinstance(choices[0], str) or choices[0] not in CHOICES:
        raise BadRequest
    return choices[0]
