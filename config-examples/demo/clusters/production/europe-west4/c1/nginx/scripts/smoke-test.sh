#!/bin/sh
# Asks the service for its front page; fails when it does not answer.
set -eu
curl --fail --silent --show-error --max-time 5 "http://${1:?usage: smoke-test.sh HOST}/" > /dev/null
echo "ok"
