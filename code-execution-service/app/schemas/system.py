"""Languages, health and errors on the wire."""

from typing import Self

from pydantic import BaseModel, Field

from app.domain.formats import instant_text
from app.domain.language import Toolchain
from app.services.examination import Examination


class LanguageOut(BaseModel):
    """A language and what this host has of it (contract S001-E12)."""

    id: str
    name: str
    aliases: list[str]
    compiler: str = Field(description="Name of the compiler at third-party APIs.")
    version: str | None = Field(description="As the installed compiler or runtime tells it.")
    available: bool
    time_multiplier: float = Field(description="How much more CPU time than a problem's limit.")
    memory_multiplier: float = Field(description="How much more memory than a problem's limit.")
    compile_options: dict[str, list[str]] = Field(
        description=(
            "What a submission may choose, at most one of each kind. The first is taken where none "
            "is chosen; an empty text stands for no option."
        ),
        examples=[{"optimisation": ["-O2", "-O0", "-O3"]}],
    )
    debian_packages: list[str] = Field(description="What brings the toolchain.")

    @classmethod
    def of(cls, toolchain: Toolchain) -> Self:
        """Show a toolchain."""
        language = toolchain.language
        return cls(
            id=language.id,
            name=language.name,
            aliases=list(language.aliases),
            compiler=language.third_party_name,
            version=toolchain.version,
            available=toolchain.is_available,
            time_multiplier=language.time_multiplier,
            memory_multiplier=language.memory_multiplier,
            compile_options={group.name: list(group.options) for group in language.option_groups},
            debian_packages=list(language.debian_packages),
        )


class FindingOut(BaseModel):
    """One thing that was looked at; `detail` says what was found or how to mend it."""

    name: str
    is_ok: bool
    detail: str


class FindingGroupOut(BaseModel):
    """Findings that belong together: `engine`, `languages`, `backend`, `queue`."""

    name: str
    findings: list[FindingOut]


class ExaminationOut(BaseModel):
    """What this host gives the service, and what is missing."""

    examined_at: str
    is_usable: bool = Field(description="Whether any program can be judged here.")
    groups: list[FindingGroupOut]

    @classmethod
    def of(cls, examination: Examination) -> Self:
        """Show what the doctor found, every group of it."""
        report = examination.report
        return cls.model_validate({
            "examined_at": instant_text(examination.examined_at),
            "is_usable": report.get("is_usable"),
            "groups": [
                {"name": name, "findings": findings}
                for name, findings in report.items()
                if isinstance(findings, list)
            ],
        })


class ServiceOut(BaseModel):
    """What the service is and does (contract S002-E09)."""

    service: str
    version: str
    status: str = "running"
    features: list[str] = [
        "programs in eight languages, in a sandbox",
        "executions that are kept for an hour and watched live by WebSocket",
        "submissions that are judged on tests and reported by signed webhook",
        "judging while the caller waits: /run, /runall, /submit",
        "callers known by tokens of the platform, of Firebase and of OpenID issuers",
    ]
    documentation: str = "/docs"


class HealthOut(BaseModel):
    """The process is alive (contract S001-E01, C-20)."""

    status: str = "healthy"
    timestamp: str
    service: str = "Code Execution Service"
    version: str
    replica: str


class ReadinessOut(BaseModel):
    """Whether the service can work now (contract S001-E02)."""

    status: str = Field(examples=["ready", "not ready: database"])
    checks: dict[str, str] = Field(examples=[{"database": "ok", "engine": "ok"}])


class ErrorOut(BaseModel):
    """Every error of this door."""

    detail: str
    code: str


class ProblemOut(BaseModel):
    """What is wrong with a request, and where."""

    type: str
    loc: list[str | int]
    msg: str
