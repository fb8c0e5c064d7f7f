#!/usr/bin/env bash
# Builds the Python package, installs it into a virtual environment of its own and runs the quick start with it:
# the YAML must be the same, byte by byte, as from TypeScript. And it runs the snippets of docs/.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -f .jsii ] || npx projen compile
npx projen package:python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
version() { node -p "require('$1/package.json').version"; }
"$work/venv/bin/pip" install --quiet --disable-pip-version-check dist/python/*.whl "constructs==$(version constructs)" "cdk8s==$(version cdk8s)"
"$work/venv/bin/python" examples/quick-start/main.py "$work/out"
diff -r examples/quick-start/expected "$work/out"
echo 'Python: the quick start synthesizes the same bytes as TypeScript'
snippets=$(npx tsx --tsconfig tsconfig.dev.json tools/docs-snippets.ts files "$work/snippets")
(cd "$work" && venv/bin/python snippets/python/main.py >/dev/null)
echo "Python: ran the $snippets"
