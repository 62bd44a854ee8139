# shellcheck shell=bash
# `vendor`: what the pages take from npm, as files that are committed: nothing of npm is needed to run.

VENDOR=$ROOT/backend/apps/playground/vendor
EDITOR_FILES=$ROOT/backend/apps/playground/static/playground/vendor
KATEX_FILES=$ROOT/backend/apps/core/static/katex
SWAGGER_FILES=$ROOT/code-execution-service/app/routes/swagger_ui

command_vendor() {
    ensure_npm_packages "$VENDOR"
    step "Bundling the editor" in_directory "$VENDOR" bundle_editor
    step "Taking over KaTeX" in_directory "$VENDOR" take_over_katex
    step "Taking over Swagger UI" in_directory "$VENDOR" take_over_swagger_ui
    say "Written: ${EDITOR_FILES#"$ROOT"/}, ${KATEX_FILES#"$ROOT"/} and ${SWAGGER_FILES#"$ROOT"/}"
}

# One file for what every visitor needs, and one for each language, fetched when it is chosen.
bundle_editor() {
    rm -rf "$EDITOR_FILES"
    node_modules/.bin/esbuild editor.js --bundle --splitting --format=esm --minify --target=es2022 \
        --legal-comments=none --log-level=warning --chunk-names='editor-[hash]' \
        --outdir="$EDITOR_FILES" || return
    write_licences >"$EDITOR_FILES/LICENSES.txt" || return
    compress "$EDITOR_FILES"/*.js
}

# The licence of every package that is part of the bundle.
write_licences() {
    local licence package
    printf 'The editor is made of these packages.\n'
    for licence in node_modules/{crelt,style-mod,w3c-keyname,@codemirror/*,@lezer/*,@marijn/*}/LICENSE*; do
        package=$(dirname "${licence#node_modules/}")
        printf '\n--- %s\n\n' "$package"
        cat "$licence" || return
    done
}

# Browsers that the pages are for read WOFF2; the other forms of the fonts are left out.
take_over_katex() {
    local katex=node_modules/katex
    rm -rf "$KATEX_FILES"
    mkdir -p "$KATEX_FILES/fonts"
    node_modules/.bin/esbuild "$katex/dist/katex.mjs" --bundle --format=esm --minify --target=es2022 \
        --legal-comments=none --log-level=warning --outfile="$KATEX_FILES/katex.js" || return
    cp "$katex/LICENSE" "$KATEX_FILES/LICENSE.txt" || return
    cp "$katex"/dist/fonts/*.woff2 "$KATEX_FILES/fonts" || return
    sed -E 's/,url\([^)]*\.(woff|ttf)\) format\("[a-z]+"\)//g' "$katex/dist/katex.min.css" \
        >"$KATEX_FILES/katex.css" || return
    compress "$KATEX_FILES"/*.{js,css}
}

# Only compressed: every browser reads that, and it is a quarter of the size.
take_over_swagger_ui() {
    local file swagger=node_modules/swagger-ui-dist
    for file in swagger-ui-bundle.js swagger-ui.css; do
        gzip --best --no-name --stdout "$swagger/$file" >"$SWAGGER_FILES/$file.gz" || return
    done
    cp "$swagger/LICENSE" "$SWAGGER_FILES/LICENSE.txt" || return
    cp "$swagger/NOTICE" "$SWAGGER_FILES/NOTICE.txt"
}

# The server sends these instead to browsers that read them; the same input gives the same bytes.
compress() { gzip --best --no-name --keep --force "$@"; }
