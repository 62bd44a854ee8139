"""What is true of every problem: its languages and the bounds of its parts."""

LANGUAGES = ("python", "javascript", "java", "cpp", "c", "csharp", "go", "rust")
KIB = 1024
MIB = 1024 * KIB
STATEMENT_CHARS_MAX = 256 * KIB
POINTS_MAX = 1_000_000
TEST_CASES_MAX = 500
TEST_GROUPS_MAX = 100
# What an API call or a form may carry; larger test data come in a package.
TEST_CASE_CHARS_MAX = MIB
TEST_DATA_BYTES_MAX = 64 * MIB
TEST_DATA_TOTAL_BYTES_MAX = 256 * MIB
FILE_BYTES_MAX = 256 * KIB
PROBLEM_FILES_MAX = 16
MULTIPLIER_MAX = 20
PROGRAM_BYTES_MAX = 256 * KIB
PROGRAM_FILES_MAX = 16
PROGRAM_ARGUMENTS_MAX = 32
PROGRAM_ARGUMENT_CHARS_MAX = 200
# What a reference submission may be meant to get.
VERDICTS = ("AC", "WA", "TLE", "MLE", "OLE", "RTE", "CE")
# What the execution service takes, but for the programs themselves.
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
FILE_NAME = rf"^(?![Mm]ain\.){_SEGMENT}(/{_SEGMENT})?\Z"
SHORT_NAME = r"^[a-z0-9][a-z0-9_-]{0,63}\Z"
