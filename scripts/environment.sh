# shellcheck shell=bash
# The Python environment and the settings files.

UV_VERSION=0.13.8
PYTHON=$ROOT/.venv/bin/python
# Modules are compiled once and kept. Where the caller's shell says otherwise, as in many containers, every
# process would compile again all that it loads.
unset PYTHONDONTWRITEBYTECODE

uv_pip() { "$ROOT/.venv/bin/uv" pip "$@"; }

# ensure_environment runtime|development: make .venv, and install what is locked unless it is there.
ensure_environment() {
    local files=(backend/requirements.txt code-execution-service/requirements.txt) kind=${1:-development}
    ensure_interpreter
    local development wanted
    development="development $(cksum <requirements-dev.txt)"
    wanted=$development
    [[ $kind == runtime ]] && wanted="runtime $(cat "${files[@]}" | cksum)"
    local installed=""
    [[ -f .venv/installed ]] && installed=$(<.venv/installed)
    # The development set contains the runtime set.
    [[ $installed == "$wanted" || $installed == "$development" ]] && return
    local arguments=()
    if [[ $kind == runtime ]]; then
        arguments=(--requirements "${files[0]}" --requirements "${files[1]}")
    else
        arguments=(--requirements requirements-dev.txt)
    fi
    step "Installing the Python packages" \
        "$ROOT/.venv/bin/uv" pip install --python "$PYTHON" --require-hashes "${arguments[@]}"
    printf '%s\n' "$wanted" >.venv/installed
}

ensure_interpreter() {
    [[ -x .venv/bin/uv ]] && "$PYTHON" -c '' 2>/dev/null && return
    local python
    python=$(find_python) || true
    if [[ -z $python ]]; then
        install_system_packages python3-venv ca-certificates
        python=$(find_python) || fail "Python 3.11 or newer with venv, ssl and sqlite3 is needed; on" \
            "Debian: apt-get install python3-venv ca-certificates"
    fi
    step "Making the Python environment with $python" make_environment "$python"
}

make_environment() {
    "$1" -m venv --clear .venv
    .venv/bin/python -m pip install --disable-pip-version-check "uv==$UV_VERSION"
}

# The first interpreter that is new enough and complete.
find_python() {
    local python
    for python in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, sqlite3, ssl, sys; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null; then
            command -v "$python"
            return
        fi
    done
    return 1
}

# Write backend/.env and code-execution-service/.env; a file that exists is never touched.
ensure_settings() {
    [[ -f backend/.env && -f code-execution-service/.env ]] && return
    step "Writing the settings files" "$PYTHON" scripts/write_settings.py
}

migrate_databases() {
    (cd code-execution-service && "$PYTHON" -m alembic upgrade head)
    "$PYTHON" scripts/prepare_backend.py migrate
}
