#!/usr/bin/env bash
# Runs the property tests with other inputs than "npm test" tries: seeds from PROPERTY_SEED on (default: a random one), SEEDS of them (default 10).
set -euo pipefail
cd "$(dirname "$0")/.."
first=${PROPERTY_SEED:-$((RANDOM + 2))}
failed=()
for ((seed = first; seed < first + ${SEEDS:-10}; seed++)); do
  printf '== PROPERTY_SEED=%s\n' "$seed"
  for folder in . cli; do
    mapfile -t files < <(cd "$folder" && grep -rl --include='*.test.ts' 'fc\.assert' test)
    (cd "$folder" && PROPERTY_SEED=$seed npx jest --ci --coverage=false --silent --reporters=summary --runTestsByPath "${files[@]}") || failed+=("$seed in $folder")
  done
done
if [ ${#failed[@]} -gt 0 ]; then
  printf 'Failed: %s\n' "${failed[@]}" >&2
  exit 1
fi
