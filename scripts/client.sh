# shellcheck shell=bash
# `client`: the TypeScript client; its types are generated from the API's OpenAPI document.

CLIENT=$ROOT/clients/typescript

command_client() {
    ensure_environment development
    ensure_npm_packages "$CLIENT"
    step "Describing the API" write_openapi_document
    step "Writing the types" generate_client_types "$CLIENT/src/schema.ts"
    step "Compiling the client" in_directory "$CLIENT" node_modules/.bin/tsc
    say "Written: ${CLIENT#"$ROOT"/}/src/schema.ts"
}

# The committed types are the API's, and they fit the client and its example.
check_client() {
    step "OpenAPI document" write_openapi_document
    local checked=$RUN_DIRECTORY/client-checked fingerprint
    fingerprint=$(client_fingerprint)
    [[ ! -f $checked || $(<"$checked") != "$fingerprint" ]] || return 0
    ensure_npm_packages "$CLIENT"
    step "TypeScript client is up to date" compare_client_types
    step "TypeScript client and example" in_directory "$CLIENT" node_modules/.bin/tsc --noEmit
    printf '%s\n' "$fingerprint" >"$checked"
}

# Everything that the check of the client depends on.
client_fingerprint() {
    cat "$RUN_DIRECTORY/openapi.json" "$CLIENT"/*.json "$CLIENT"/src/* "$CLIENT"/examples/* |
        sha256sum
}

# ensure_npm_packages DIRECTORY: what its package.json names, unless that is there.
ensure_npm_packages() {
    local tool missing=() wanted installed=$1/node_modules/installed
    for tool in node npm; do
        command -v $tool >/dev/null || missing+=("${tool/%node/nodejs}")
    done
    ((${#missing[@]} == 0)) || install_system_packages "${missing[@]}"
    command -v npm >/dev/null || fail "npm is needed for ${1#"$ROOT"/}"
    wanted=$(cksum <"$1/package.json")
    [[ ! -f $installed || $(<"$installed") != "$wanted" ]] || return 0
    step "Installing the npm packages" in_directory "$1" npm install
    printf '%s\n' "$wanted" >"$installed"
}

write_openapi_document() {
    mkdir -p "$RUN_DIRECTORY"
    # The example settings, so that everybody's document is the same.
    BACKEND_ENV_FILE=$ROOT/backend/.env.example in_directory backend "$PYTHON" manage.py \
        spectacular --validate --fail-on-warn --format openapi-json \
        --file "$RUN_DIRECTORY/openapi.json"
}

# generate_client_types FILE. Of a request, fields with a default may be left out.
generate_client_types() {
    "$CLIENT/node_modules/.bin/openapi-typescript" "$RUN_DIRECTORY/openapi.json" \
        --default-non-nullable false --output "$1"
}

compare_client_types() {
    local fresh=$RUN_DIRECTORY/client-schema.ts
    generate_client_types "$fresh" || return
    diff --unified=0 --label committed --label generated "$CLIENT/src/schema.ts" "$fresh" && return
    printf 'The API has changed. Run ./manage-code-execution.sh client, and commit %s.\n' \
        "${CLIENT#"$ROOT"/}/src/schema.ts"
    return 1
}
