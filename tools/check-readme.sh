#!/usr/bin/env bash
# Compiles the code in README.md and in the docstrings against the compiled library, as jsii-rosetta will translate it.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f .jsii ] || npx projen compile
# The snippets import the library by its name, as users do; here it is its own dependency for a moment.
trap 'rm -f node_modules/cdk8s-secure-debug .jsii.tabl.json' EXIT
ln -sfn .. node_modules/cdk8s-secure-debug
npx jsii-rosetta extract --compile --fail --strict --directory .
echo 'every snippet compiles'
