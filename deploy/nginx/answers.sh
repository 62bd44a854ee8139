#!/bin/bash
# The health check: nginx answers by itself, whether or not the backend does.
exec 3<>/dev/tcp/127.0.0.1/8081
printf 'GET / HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[[ $status == 204 ]]
