# shellcheck shell=bash
# `lock`: resolve the dependency sets again. The dev set is resolved first and constrains the two
# service sets, so that all three can share one environment.

command_lock() {
    ensure_environment
    local compile=(uv_pip compile --quiet --upgrade --universal --python-version 3.11
        --generate-hashes --no-emit-index-url --no-annotate --no-header)
    say "Resolving requirements-dev.txt"
    "${compile[@]}" --extra otel backend/pyproject.toml code-execution-service/pyproject.toml \
        requirements-dev.in --output-file requirements-dev.txt
    local service
    for service in backend code-execution-service; do
        say "Resolving $service/requirements.txt"
        "${compile[@]}" "$service/pyproject.toml" --constraint requirements-dev.txt \
            --output-file "$service/requirements.txt"
        say "Resolving $service/requirements-otel.txt"
        "${compile[@]}" --extra otel "$service/pyproject.toml" --constraint requirements-dev.txt \
            --output-file "$service/requirements-otel.txt"
    done
}
