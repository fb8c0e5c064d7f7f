#!/usr/bin/env bash
# Compares the compiled public API (.jsii) with the accepted one, test/stability/api/accepted.json: a breaking change fails.
# "accept" makes the compiled API the accepted one. Once there is a release, `npx projen compat` compares with that too.
set -euo pipefail
cd "$(dirname "$0")/.."
accepted=test/stability/api
[ -f .jsii ] || npx projen compile

if [ "${1:-}" = accept ]; then
  mkdir -p "$accepted"
  # Without documentation and source locations: they are not what is compared.
  node -e '
    const strip = (x) => Array.isArray(x) ? x.map(strip) : x && typeof x === "object"
      ? Object.fromEntries(Object.entries(x).filter(([k]) => !["docs", "locationInModule", "readme", "fingerprint", "dependencyClosure"].includes(k)).map(([k, v]) => [k, strip(v)])) : x;
    const jsii = JSON.parse(require("fs").readFileSync(".jsii", "utf8"));
    const out = { ...strip(jsii), docs: { stability: "stable" }, dependencyClosure: jsii.dependencyClosure, fingerprint: "**********" };
    require("fs").writeFileSync(process.argv[1] + "/accepted.json", JSON.stringify(out, null, 1) + "\n");
    const p = require("./package.json");
    require("fs").writeFileSync(process.argv[1] + "/package.json", JSON.stringify({ name: p.name, version: p.version, main: "../../../lib/index.js", types: "../../../lib/index.d.ts", jsii: p.jsii, peerDependencies: p.peerDependencies, dependencies: p.dependencies, bundledDependencies: p.bundledDependencies }, null, 2) + "\n");
  ' "$accepted"
  echo "accepted the API as compiled: $accepted/accepted.json"
else
  # It is a .jsii only for a moment: git ignores those, and the writer of API.md would take it for the real one.
  trap 'rm -f "$accepted/.jsii"' EXIT
  cp "$accepted/accepted.json" "$accepted/.jsii"
  npx jsii-diff "$accepted" .
  echo 'the public API breaks nothing that was accepted'
fi
