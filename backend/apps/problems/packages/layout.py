"""Where things lie in a package."""

ATTACHMENTS_FOLDER = "attachments"
INCLUDE_FOLDER = "include"
INPUT_VALIDATORS_FOLDER = "input_validators"
OUTPUT_VALIDATORS_FOLDER = "output_validators"
STATEMENT_FOLDER = "problem_statement"
SUBMISSIONS_FOLDER = "submissions"
# Our own document, of what the format can't say.
EXTENSION_FILE = "code-execution.yaml"
