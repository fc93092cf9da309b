"""What the gate is given and what it answers, in plain data that both engines share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from harness.located import Place

Field = tuple[str | int, ...]
SubjectType = Literal["object", "containerfile", "compose", "workflow", "file"]
Engine = Literal["rego", "checkov", "gate"]
Level = Literal["privileged", "baseline", "restricted", "every"]

SEVERITIES = ("critical", "high", "medium", "low")
WORKLOAD_KINDS = (
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicationController",
    "PodTemplate",
)


@dataclass(frozen=True)
class Subject:
    """One thing that is judged.

    Attributes:
        id: Unique in one run; findings refer to it.
        type: An object of Kubernetes, a file of another sort, or a file that could not be read at all.
        kind: The object's kind; for a file, its type in words.
        namespace: The object's namespace, empty where it has none.
        name: The object's name, or the file's path.
        data: The object or document as plain values; None for a Containerfile, which conftest itself parses.
        place: Gives file and line of one of its fields, as a person wrote it.
        text: The file's text, for a Containerfile.
    """

    id: int
    type: SubjectType
    kind: str
    namespace: str
    name: str
    data: Any = field(repr=False, compare=False)
    place: Callable[[Field], Place] = field(repr=False, compare=False)
    text: str = field(default="", repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}" if self.type == "object" else self.name


@dataclass(frozen=True)
class SubjectSet:
    """What is judged together: an overlay, or a folder or file of someone's.

    Attributes:
        name: How the set is called in messages.
        subjects: What it holds.
        level: The level of the Pod Security Standards it is judged by.
        production: Whether the rules that are for production alone apply.
        problems: What could not be read, as findings.
    """

    name: str
    subjects: tuple[Subject, ...]
    level: Level = "restricted"
    production: bool = False
    problems: tuple[Finding, ...] = ()

    def of_type(self, wanted: SubjectType) -> tuple[Subject, ...]:
        """Return the subjects of one type."""
        return tuple(subject for subject in self.subjects if subject.type == wanted)


@dataclass(frozen=True)
class Rule:
    """One rule, with what a report says about it.

    Attributes:
        id: Stable; waivers and code scanning refer to it.
        engine: Who judges by it.
        title: What it asks for, in a few words.
        severity: One of SEVERITIES.
        description: Why.
        remedy: How to mend what breaks it.
        link: The standard or manual that it follows.
        file: Where it stands in this repository.
        nsa_cisa: The section of the NSA/CISA Kubernetes Hardening Guide, where there is one.
        cis: The section of the CIS Kubernetes Benchmark, where there is one.
        pss: The level of the Pod Security Standards whose control it is.
        official: That control's id in the official evaluator.
        overrides: Baseline controls that do not apply where this one does.
        judges: What it looks at: workloads, objects, containerfiles, composes or workflows.
        production: Whether it judges sets for production alone.
    """

    id: str
    engine: Engine
    title: str
    severity: str
    description: str = ""
    remedy: str = ""
    link: str = ""
    file: str = ""
    nsa_cisa: str = ""
    cis: str = ""
    pss: str = ""
    official: str = ""
    overrides: tuple[str, ...] = ()
    judges: str = ""
    production: bool = False


@dataclass(frozen=True)
class Waiver:
    """A dated, owned exception to rules for one object, or for one container of it."""

    rules: tuple[str, ...]
    kind: str
    name: str
    namespace: str
    container: str
    owner: str
    reason: str
    expires: date
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Finding:
    """A rule that a subject breaks."""

    rule_id: str
    engine: Engine
    set_name: str
    subject: Subject
    container: str
    field: Field
    message: str
    place: Place
    waiver: Waiver | None = None

    def where(self) -> str:
        """Return the subject, and the container where there is one."""
        return f"{self.subject} [{self.container}]" if self.container else str(self.subject)


@dataclass(frozen=True)
class Counts:
    """What was judged; a gate that judged nothing must not pass."""

    objects: int = 0
    pods: int = 0
    containers: int = 0
    containerfiles: int = 0
    composes: int = 0
    workflows: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def subjects(self) -> int:
        """The number of things judged."""
        return self.objects + self.containerfiles + self.composes + self.workflows


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        sets: What was judged.
        rules: The rules that judged, of both engines, by id.
        findings: What was found, waived findings included.
        waiver_problems: Expired and unused waivers, one line each.
        waivers: All waivers there are.
        counts: What Rego counted.
        seconds: How long each engine took.
    """

    sets: tuple[SubjectSet, ...]
    rules: dict[str, Rule]
    findings: tuple[Finding, ...]
    waiver_problems: tuple[str, ...]
    waivers: tuple[Waiver, ...]
    counts: Counts
    seconds: dict[str, float]

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that no waiver covers."""
        return tuple(finding for finding in self.findings if finding.waiver is None)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that a waiver covers."""
        return tuple(finding for finding in self.findings if finding.waiver is not None)

    @property
    def passed(self) -> bool:
        """Whether a merge may pass."""
        return not self.open and not self.waiver_problems
