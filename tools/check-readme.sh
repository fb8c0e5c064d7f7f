#!/usr/bin/env bash
# Compiles the code in README.md and in the docstrings against the compiled library, as jsii-rosetta will translate it,
# and type-checks the code in the other pages.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f .jsii ] || npx projen compile
# The snippets import the library by its name, as users do; npm links it to this folder, since it is a workspace.
trap 'rm -f .jsii.tabl.json' EXIT
npx jsii-rosetta extract --compile --fail --strict --directory .
npx tsx --tsconfig tsconfig.dev.json tools/check-docs.ts
echo 'every snippet compiles'
