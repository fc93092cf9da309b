"""Every task of the project. `./nox` lints, checks types and runs every test; `./nox -l` is the table of contents.

Options of a task come after two dashes: `./nox -s up -- --vote-port 9000`, `./nox -s up -- --help`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.4.10"
# `./nox` made .venv from the lock file with everything in it: the tasks run there, and none installs anything else.
nox.options.default_venv_backend = "none"
nox.options.stop_on_first_error = False

PYTHON = sys.executable
BIN = Path(PYTHON).parent
PYTHON_FOLDERS = ("harness", "services", "tests", "bench", "noxfile.py")
LOCKS = ("dev", "vote", "worker", "result", "seed", "go")


def _harness(session: nox.Session, *words: str) -> None:
    session.run(PYTHON, "-m", "harness", *words, *session.posargs)


def _harness_only(session: nox.Session, *words: str) -> None:
    """Run a command of the harness without the options that were meant for what comes after it."""
    session.run(PYTHON, "-m", "harness", *words)


def _pytest(session: nox.Session, *words: str) -> None:
    session.run(PYTHON, "-m", "pytest", *words, *session.posargs)


@nox.session(default=False)
def up(session: nox.Session) -> None:
    """Bring a cluster up, build and deploy Ballotbox, and say where to open it. [--cluster NAME --vote-port N …]."""
    _harness(session, "up")


@nox.session(default=False)
def down(session: nox.Session) -> None:
    """Remove the cluster and everything that belongs to it."""
    _harness(session, "down")


@nox.session(default=False)
def status(session: nox.Session) -> None:
    """Say what runs: the cluster's components, every pod, and the two addresses."""
    _harness(session, "status")


@nox.session(default=False)
def kubectl(session: nox.Session) -> None:
    """Run kubectl against the cluster: `./nox -s kubectl -- get pods -A`."""
    session.run(PYTHON, "-m", "harness", "kubectl", *session.posargs, silent=False)


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Say what this machine has and lacks for each provider, one line and one remedy a lack."""
    _harness(session, "doctor")


@nox.session(default=False)
def seed(session: nox.Session) -> None:
    """Cast random votes through the vote page, for demos. [--votes 3000 --voters 1000]."""
    _harness(session, "seed")


@nox.session(default=False)
def network(session: nox.Session) -> None:
    """Try every network path, allowed and blocked, against intent and evaluator. [--offline computes only]."""
    _harness(session, "network")


@nox.session(default=False)
def explain(session: nox.Session) -> None:
    """Say which policies decide one flow: `./nox -s explain -- vote postgres 5432`."""
    _harness(session, "explain")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and likely mistakes of all Python. [--fix mends what can be mended]."""
    if "--fix" in session.posargs:
        session.run(str(BIN / "ruff"), "check", "--fix", *PYTHON_FOLDERS)
        session.run(str(BIN / "ruff"), "format", *PYTHON_FOLDERS)
        return
    session.run(str(BIN / "ruff"), "check", *PYTHON_FOLDERS)
    session.run(str(BIN / "ruff"), "format", "--check", *PYTHON_FOLDERS)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of all Python, strictly."""
    session.run(str(BIN / "mypy"), *PYTHON_FOLDERS, *session.posargs)


@nox.session
def policy(session: nox.Session) -> None:
    """Judge manifests, Containerfiles and workflows by Rego and Checkov; with PATH… somebody else's. No cluster."""
    _harness(session, "policy")


@nox.session
def actionlint(session: nox.Session) -> None:
    """Lint the GitHub workflows."""
    _harness(session, "actionlint")


@nox.session(name="policy-conformance", default=False)
def policy_conformance(session: nox.Session) -> None:
    """Judge the official Pod Security fixtures: the gate has to say what Kubernetes says."""
    _harness(session, "policy-conformance")


@nox.session(name="policy-mutation", default=False)
def policy_mutation(session: nox.Session) -> None:
    """Break every hardening field of the manifests, one at a time: the rule that guards it must refuse."""
    _harness(session, "policy-mutation")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Compare the policy gate with the official Pod Security evaluator on 20,000 made-up pods. [--pods N --seed N]."""
    _harness(session, "fuzz")


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test; those that need a cluster bring one up and take it down. [pytest's options; --keep-cluster]."""
    _harness_only(session, "packages")
    _pytest(session)


@nox.session(default=False)
def unit(session: nox.Session) -> None:
    """Run the tests that need no cluster, with coverage."""
    _harness_only(session, "packages")
    session.run(PYTHON, "-m", "coverage", "run", "-m", "pytest", "tests/unit", *session.posargs)
    session.run(PYTHON, "-m", "coverage", "report")


@nox.session(default=False)
def e2e(session: nox.Session) -> None:
    """Follow votes from browser to browser on the cluster."""
    _harness_only(session, "packages")
    _pytest(session, "tests/e2e")


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Break the source on purpose, one fault at a time: the cluster test that guards it must fail. [ID … --list]."""
    _harness_only(session, "packages")
    _harness(session, "faults")


@nox.session(default=False)
def chaos(session: nox.Session) -> None:
    """Kill one part of the platform after the other while people vote: no acknowledged vote may be lost."""
    _harness_only(session, "packages")
    _pytest(session, "tests/chaos")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure, beside a peer in the same run: `./nox -s bench -- up`; without a name, say what there is. [NAME …]."""
    benches = {path.stem: path for path in sorted(Path("bench").glob("*.py"))}
    name, *words = session.posargs or ("",)
    if name not in benches:
        for known, path in benches.items():
            session.log(f"{known}: {path.read_text().splitlines()[0].strip(chr(34))}")
        if name:
            session.error(f"{name}: no such bench")
        return
    services = [str(path.parent) for path in Path("services").resolve().glob("*/ballotbox_*")]
    session.run(PYTHON, "-m", f"bench.{name}", *words, env={"PYTHONPATH": os.pathsep.join(services)})


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Resolve pyproject.toml's dependencies anew and write requirements/ with hashes. [--upgrade-package NAME]."""
    uv = str(BIN / "uv")
    resolve = (uv, "pip", "compile", "-q", "--universal", "--python-version=3.11", "--generate-hashes", "--no-header")
    for group in LOCKS:
        output = f"--output-file=requirements/{group}.txt"
        session.run(*resolve, f"--group=pyproject.toml:{group}", output, *session.posargs)
