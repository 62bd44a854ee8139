# shellcheck shell=bash
# `build`, `up`, `down`, `health`, `shell`: the stack of docker-compose.prod.yml.

UP_TIMEOUT_S=600

# Docker's own variables say which files and which project, for whoever has several of them.
compose() {
    COMPOSE_FILE=${COMPOSE_FILE:-$ROOT/docker-compose.prod.yml} docker compose "$@"
}

command_build() {
    need_docker
    compose build "$@"
}

# Idempotent: what runs already and has not changed goes on.
command_up() {
    local site=http://localhost
    if [[ ${1:-} == --site ]]; then
        site=${2:?--site needs an address such as https://contest.example.org}
        shift 2
    fi
    need_docker
    say "Settings and secrets"
    "$(find_python)" scripts/write_secrets.py "$site" || exit
    say "Building the images"
    compose build
    say "Migrating and starting"
    SECRETS_STATE=$(secrets_state) compose up --detach --wait --wait-timeout "$UP_TIMEOUT_S" "$@" ||
        fail "not everything came up; see ./manage-code-execution.sh logs, and compose ps --all"
    tell_where_it_is
}

# Says nothing of what is in the files, but changes when one of them does.
secrets_state() {
    find "${SECRETS_FOLDER:-deploy/secrets}" -maxdepth 1 -type f ! -name '.*' -printf '%f %C@\n' | sort | cksum | tr ' ' -
}

tell_where_it_is() {
    local scheme=http port=${HTTP_PORT:-80}
    if [[ -f deploy/secrets/tls/fullchain.pem ]]; then
        scheme=https
        port=${HTTPS_PORT:-443}
    fi
    say "Up: $scheme://localhost:$port/ (nginx, the only port that is open)"
    note "The first manager: ./manage-code-execution.sh shell backend python manage.py createsuperuser"
    note "Then sign in at    $scheme://localhost:$port/admin/"
}

# Data stay in their volumes.
command_down() {
    need_docker
    compose down "$@"
}

# What the four addresses of the integration guide answer, and what is wrong with the installation.
command_health() {
    local status=0
    if is_production_up; then
        compose ps --all
        inside backend http://127.0.0.1:8000/api/code-execution/health/ || status=1
        inside backend http://127.0.0.1:8000/api/health/ready/ || status=1
        inside code-execution-service http://127.0.0.1:8001/health/ || status=1
        inside code-execution-service http://127.0.0.1:8001/health/ready || status=1
        tell_alarms || status=1
    else
        read_addresses
        from_here "http://localhost:$BACKEND_PORT/api/code-execution/health/" || status=1
        from_here "http://localhost:$BACKEND_PORT/api/health/ready/" || status=1
        from_here "http://localhost:$EXECUTION_PORT/health/" || status=1
        from_here "http://localhost:$EXECUTION_PORT/health/ready" || status=1
        [[ ! -x $PYTHON ]] || tell_alarms || status=1
    fi
    return "$status"
}

# What the admin's page of operations says; fails when something is wrong that can't wait.
tell_alarms() {
    if is_production_up; then
        compose exec --no-TTY backend python manage.py alarms
    else
        (cd backend && "$PYTHON" manage.py alarms)
    fi
}

is_production_up() {
    command -v docker >/dev/null && docker info >/dev/null 2>&1 &&
        [[ -n $(compose ps --quiet 2>/dev/null) ]]
}

ASK="import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=10)
except urllib.error.HTTPError as error:
    answer = error
except OSError as error:
    sys.exit(f'{sys.argv[1]}: {error}')
print(sys.argv[1], answer.status, answer.read().decode())
sys.exit(answer.status != 200)"

inside() { compose exec --no-TTY "$1" python -c "$ASK" "$2"; }
from_here() { "$(find_python)" -c "$ASK" "$1"; }

# shell [SERVICE [COMMAND...]]: in a running container; without one, Django's shell of this checkout.
command_shell() {
    if (($# == 0)) && ! is_production_up; then
        ensure_environment runtime
        (cd backend && exec "$PYTHON" manage.py shell)
        return
    fi
    need_docker
    local service=${1:-backend}
    shift || true
    local command=("$@") terminal=()
    [[ -t 0 ]] || terminal=(--no-TTY)
    ((${#command[@]})) || command=(sh)
    if ((${#command[@]} == 1)) && [[ ${command[0]} == sh && $service == backend ]]; then
        command=(python manage.py shell)
    fi
    compose exec "${terminal[@]}" "$service" "${command[@]}"
}

# What can be made again: environments, caches and images; data and settings stay.
command_clean() {
    command_stop
    rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .run clients/typescript/node_modules \
        clients/typescript/dist
    find backend code-execution-service scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
    find backend code-execution-service -maxdepth 1 -name '.*_cache' -type d -exec rm -rf {} +
    say "Deleted what can be made again. Databases and settings are still there."
}

need_docker() {
    docker info >/dev/null 2>&1 || fail "no Docker engine answers; docs/operating.md says what is needed"
    docker compose version >/dev/null 2>&1 || fail "docker compose is missing; see docs/operating.md"
}
