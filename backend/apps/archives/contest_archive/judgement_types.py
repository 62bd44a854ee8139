"""The judgement types that mean the same everywhere.

Source: ccs-specs.icpc.io, Contest API 2023-06, known judgement types.
"""

from apps.archives.contest_archive.model import JudgementType

# Id, name, and which of the five types that every system has it comes to. `None`: no verdict on
# the program, so that the submission counts as not judged.
_KNOWN: tuple[tuple[str, str, str | None], ...] = (
    ("AC", "Accepted", "AC"),
    ("RE", "Rejected", "WA"),
    ("WA", "Wrong Answer", "WA"),
    ("TLE", "Time Limit Exceeded", "TLE"),
    ("RTE", "Run-Time Error", "RTE"),
    ("CE", "Compile Error", "CE"),
    ("APE", "Accepted - Presentation Error", "AC"),
    ("OLE", "Output Limit Exceeded", "WA"),
    ("PE", "Presentation Error", "WA"),
    ("EO", "Excessive Output", "WA"),
    ("IO", "Incomplete Output", "WA"),
    ("NO", "No Output", "WA"),
    ("WTL", "Wallclock Time Limit Exceeded", "TLE"),
    ("ILE", "Idleness Limit Exceeded", "TLE"),
    ("TCO", "Time Limit Exceeded - Correct Output", "TLE"),
    ("TWA", "Time Limit Exceeded - Wrong Answer", "TLE"),
    ("TPE", "Time Limit Exceeded - Presentation Error", "TLE"),
    ("TEO", "Time Limit Exceeded - Excessive Output", "TLE"),
    ("TIO", "Time Limit Exceeded - Incomplete Output", "TLE"),
    ("TNO", "Time Limit Exceeded - No Output", "TLE"),
    ("MLE", "Memory Limit Exceeded", "RTE"),
    ("SV", "Security Violation", "RTE"),
    ("IF", "Illegal Function", "RTE"),
    ("RCO", "Run-Time Error - Correct Output", "RTE"),
    ("RWA", "Run-Time Error - Wrong Answer", "RTE"),
    ("RPE", "Run-Time Error - Presentation Error", "RTE"),
    ("REO", "Run-Time Error - Excessive Output", "RTE"),
    ("RIO", "Run-Time Error - Incomplete Output", "RTE"),
    ("RNO", "Run-Time Error - No Output", "RTE"),
    ("CTL", "Compile Time Limit Exceeded", "CE"),
    ("JE", "Judging Error", None),
    ("SE", "Submission Error", None),
    ("CS", "Contact Staff", None),
)

BIG_FIVE = {type_id: equivalent for type_id, _, equivalent in _KNOWN}
KNOWN_JUDGEMENT_TYPES = {
    type_id: JudgementType(
        id=type_id,
        name=name,
        is_penalised=equivalent in {"WA", "TLE", "RTE"},
        is_solved=equivalent == "AC",
    )
    for type_id, name, equivalent in _KNOWN
}
