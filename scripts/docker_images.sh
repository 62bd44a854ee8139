# shellcheck shell=bash
# The images of the container tests: official ones to start from, or stand-ins, and ours.

STAND_INS=tests/container/stand_ins
STAND_IN_LABEL=code-execution.stand-in
PULL_TIMEOUT_S=600

# Build before the tests what they would build themselves, so that it is seen and timed here.
ensure_container_images() {
    local image
    for image in $(base_images); do
        ensure_base_image "$image"
        [[ -z $CONTAINER_TESTS_LACK ]] || return 0
    done
    step "Building the image of the execution service" docker build --quiet \
        --tag code-execution-tests/service --file code-execution-service/Dockerfile.prod code-execution-service
    step "Building the image of the backend" docker build --quiet \
        --tag code-execution-tests/backend --file backend/Dockerfile.prod backend
    step "Building the image of nginx" docker build --quiet --tag code-execution-tests/nginx deploy/nginx
    # What earlier runs built under the same names.
    [[ $IS_DOCKER_OURS == no ]] || docker image prune --force >/dev/null
}

# What Dockerfiles and compose files start from, but for our own images.
base_images() {
    sed -nE 's/^ARG [A-Z]+_IMAGE=//p; s/^ +image: ([a-z]+:.*)/\1/p' ./*/Dockerfile.* deploy/*/Dockerfile \
        docker-compose.*.yml | sort -u
}

# ensure_base_image IMAGE: the official one if it can be had. Only an engine of our own gets a stand-in
# under its name otherwise, which says so each time: it proves our files, not the official image.
ensure_base_image() {
    local wanted found
    wanted=$(cat "$STAND_INS/trust.sh" "$STAND_INS/${1%%:*}"/* | cksum | tr ' ' -)
    found=$(docker image inspect --format "{{index .Config.Labels \"$STAND_IN_LABEL\"}}" "$1" 2>/dev/null) ||
        found=none
    [[ -z $found ]] && return # official, and here
    timeout "$PULL_TIMEOUT_S" docker pull --quiet "$1" >/dev/null 2>&1 && return
    if [[ $IS_DOCKER_OURS == no ]] || ! can_use_apt; then
        CONTAINER_TESTS_LACK="the image $1 can't be pulled"
        return
    fi
    note "$1 can't be pulled: a stand-in of Debian's packages takes its place, so that the official"
    note "image's own entry script, users and paths are not tested"
    [[ $found == "$wanted" ]] || step "Building that stand-in" build_stand_in "$1" "$wanted"
}

build_stand_in() {
    docker image inspect code-execution-stand-in/debian:trixie >/dev/null 2>&1 || build_debian
    docker build --tag "$1" --label "$STAND_IN_LABEL=$2" "$STAND_INS/${1%%:*}"
}

# A minimal Debian 13 that trusts the certificates which this host trusts.
build_debian() (
    command -v mmdebstrap >/dev/null || apt_install mmdebstrap
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    mirror=$(debian_mirror "$(source /etc/os-release && printf '%s' "$VERSION_CODENAME")")
    mmdebstrap --variant=minbase --include=ca-certificates \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="sh $STAND_INS/trust.sh \"\$1\"" \
        trixie "$folder/root.tar" "$mirror"
    docker import --change 'CMD ["bash"]' "$folder/root.tar" code-execution-stand-in/debian:trixie
)
