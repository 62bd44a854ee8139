# shellcheck shell=bash
# `check`: everything that can be said about the code without running it.

command_check() {
    ensure_environment development
    local bin=$ROOT/.venv/bin service
    export BACKEND_ENV_FILE=$ROOT/backend/.env.example # mypy's plugin loads the settings
    step "ruff check" "$bin/ruff" check .
    step "ruff format" "$bin/ruff" format --check .
    trap end_beside EXIT
    begin_beside mypy "$bin/mypy" # the longest, of scripts, benchmarks and tests
    for service in backend code-execution-service; do
        step "mypy $service" in_directory "$service" "$bin/mypy"
        step "import contracts of $service" in_directory "$service" "$bin/lint-imports"
        step "declared dependencies of $service" in_directory "$service" "$bin/deptry" .
    done
    step "mypy scripts, benchmarks and tests" finish_beside mypy
    check_client
    step "shellcheck" "$bin/shellcheck" --external-sources --shell=bash \
        manage-code-execution.sh scripts/*.sh .ci/run deploy/*/*.sh tests/container/stand_ins/*.sh \
        tests/container/stand_ins/*/*.sh
    step "hadolint" "$bin/hadolint" ./*/Dockerfile.* deploy/*/Dockerfile tests/container/Dockerfile \
        tests/container/stand_ins/*/Dockerfile
    step "compose files" "$bin/check-jsonschema" --builtin-schema vendor.compose-spec \
        docker-compose.dev.yml docker-compose.prod.yml
    say "All checks passed."
}

in_directory() (
    cd "$1" || exit
    shift
    "$@"
)
