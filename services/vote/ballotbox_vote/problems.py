"""How the vote page says no: one shape for every refusal, as a page or as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from flask import Flask

    from ballotbox_vote.identity import Voter, VoterCookie

LARGEST_BODY_BYTES = 1024
RETRY_AFTER_S = 2
_DETAILS = {
    HTTPStatus.BAD_REQUEST: "A vote is a choice, a or b. Nothing was counted.",
    HTTPStatus.NOT_FOUND: "There is only the ballot here.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"A vote has at most {LARGEST_BODY_BYTES} bytes. Nothing was counted.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "That is our mistake. Nothing was counted; please try again.",
}


class Problem(Exception):  # noqa: N818  # named after RFC 9457; most are the client's mistakes, not errors of ours
    """What a client is told instead of an answer.

    Args:
        status: The HTTP status.
        title: What is wrong, in a few words.
        detail: What became of the vote, and what to do.
        voter: An identity that has to reach the browser even now, so that its next attempt is the same voter's.
    """

    def __init__(self, status: HTTPStatus, title: str, detail: str, *, voter: Voter | None = None) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.voter = voter


def add_problems(app: Flask, cookie: VoterCookie) -> None:
    """Have `app` answer every refusal, ours and the framework's, in that one shape."""

    @app.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        response = _tell(error.status, error.title, error.detail)
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            response.headers["Retry-After"] = str(RETRY_AFTER_S)
        if error.voter is not None:
            cookie.give(response, error.voter)
        return response

    @app.errorhandler(HTTPException)
    def refusal(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        response = _tell(status, status.phrase, _DETAILS.get(status, "Nothing was counted."))
        response.headers.extend([(name, value) for name, value in error.get_headers() if name == "Allow"])
        return response


def wants_json() -> bool:
    """Say whether the client prefers JSON to a page; one that takes anything gets the page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _tell(status: HTTPStatus, title: str, detail: str) -> Response:
    if wants_json():
        response = jsonify(status=int(status), title=title, detail=detail)
    else:
        response = make_response(render_template("problem.html", status=int(status), title=title, detail=detail))
    response.status_code = status
    return response
