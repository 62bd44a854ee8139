#!/bin/sh
# Runs while the stand-in for Debian is made, with its root as the argument: trust what this host trusts.
set -eu
cp /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/" 2>/dev/null || true
chroot "$1" update-ca-certificates
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$1/etc/pip.conf"
rm -rf "$1"/var/cache/apt/*.bin "$1"/var/lib/apt/lists/*_*
