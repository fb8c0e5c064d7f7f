#!/usr/bin/env bash
# Fetches a Kafka broker and its tools by Maven into ~/.cache/cdk8s-secure-debug, once for each state of pom.xml, and prints the folder.
set -euo pipefail
cd "$(dirname "$0")"
state=$(sha256sum <pom.xml | cut -c1-12)
directory=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}/kafka/$state
if [[ ! -d $directory/lib ]]; then
  mkdir -p "$directory"
  exec 9>"$directory/.lock"
  flock 9
  if [[ ! -d $directory/lib ]]; then
    echo 'fetching Kafka' >&2
    rm -rf "$directory/.lib"
    mvn --quiet --batch-mode --file pom.xml dependency:copy-dependencies -DoutputDirectory="$directory/.lib" >&2
    mv "$directory/.lib" "$directory/lib"
  fi
fi
echo "$directory/lib"
