#!/bin/sh
# The views on ClickHouse and Spark give the rows that the command line gives, and sqlglot parses all dialects: tools/engines.sh [SEED…]
# Takes the Python packages of ENGINES_PYTHON (default: python3): chdb, pyspark (with Java 17), sqlglot. What is missing is skipped by name.
set -eu
cd "$(dirname "$0")/.."
python=${ENGINES_PYTHON:-python3}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
[ $# -gt 0 ] || set -- 1 2
npx tsx --tsconfig tsconfig.dev.json tools/engines.ts "$folder" "$@"
failed=0
for engine in parse clickhouse spark; do
  status=0
  (cd "$folder" && "$python" "$OLDPWD/tools/engines.py" "$folder" "$engine") || status=$?
  case $status in
    0) ;;
    77) echo "$engine was not tried" ;;
    *) failed=1 ;;
  esac
done
exit $failed
