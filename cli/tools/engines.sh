#!/bin/sh
# The views on ClickHouse and Spark give the rows that the command line gives, and sqlglot parses all dialects; the questions in log languages
# are read by their own parsers, Loki answers them and evaluates the rules of AuditAlerts, and the dashboards have Grafana's schema and are drawn
# by Grafana's components: tools/engines.sh [SEED…]
# Takes the Python packages of ENGINES_PYTHON (default: python3): chdb, pyspark (with Java 17), sqlglot; and what languages.sh names, Go for Loki
# and Prometheus, which the first time take ten minutes or more to build, and Chromium. What is missing is skipped by name.
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
tools/languages.sh "$folder/languages" || failed=1
../tools/dashboards-schema.sh "$folder/dashboards" || failed=1
../tools/dashboards-look.sh "$folder/look" || failed=1
if ! command -v go >/dev/null; then
  echo 'skipped: loki (there is no Go to build it with)'
elif loki=$(../tools/loki/build.sh) && collector=$(../tools/otelcol/build.sh); then
  npx tsx --tsconfig tsconfig.dev.json tools/loki.ts "$folder/loki" "$loki" "$collector" "$@" || failed=1
else
  echo 'loki or the collector could not be built'
  failed=1
fi
exit $failed
