#!/bin/sh
# HTTPS where there is a certificate, else HTTP; what else differs between installations is written to /tmp,
# the only place that can be written here.
set -eu
certificate=/etc/nginx/tls/fullchain.pem
key=/etc/nginx/tls/privkey.pem

site=http
[ -x /etc/nginx/tls ] || {
    echo "error: user $(id -u) can't look into the folder of certificates; see docs/operating.md" >&2
    exit 2
}
if [ -e "$certificate" ]; then
    site=https
    for file in "$certificate" "$key"; do
        [ -r "$file" ] || {
            echo "error: $file can't be read by user $(id -u); see docs/operating.md" >&2
            exit 2
        }
    done
fi

mkdir -p /tmp/body /tmp/proxy /tmp/fastcgi /tmp/uwsgi /tmp/scgi /tmp/static
{
    printf 'limit_conn per_address %s;\n' "${CONNECTIONS_PER_ADDRESS:-2000}"
    printf 'limit_req zone=requests_per_address burst=%s nodelay;\n' "${REQUEST_BURST_PER_ADDRESS:-2000}"
    for network in $(printf '%s' "${REAL_ADDRESS_FROM:-}" | tr ',' ' '); do
        printf 'set_real_ip_from %s;\n' "$network"
    done
} >/tmp/installation.conf
# shellcheck disable=SC2016  # nginx's variable
printf 'limit_req_zone $binary_remote_addr zone=requests_per_address:10m rate=%sr/s;\n' \
    "${REQUESTS_PER_SECOND_PER_ADDRESS:-500}" >/tmp/zones.conf

exec nginx -c "/etc/nginx/$site.conf" -g 'daemon off;'
