#!/usr/bin/env bash
# Builds the site of docs/ into reports/site: the pages, with their snippets in four languages, and the reference of the constructs
# from API.md. Fails on a link or an anchor that is not there, on a page that no menu has, and on a snippet that cannot be translated.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'mkdocs==1.6.1' 'mkdocs-material==9.6.14'
cp -r docs "$work/docs"
cp API.md "$work/docs/api.md"
[ -f .jsii ] || npx projen compile
npx tsx --tsconfig tsconfig.dev.json tools/docs-snippets.ts tabs "$work/docs"
sed "s#^docs_dir: .*#docs_dir: $work/docs#; s#^site_dir: .*#site_dir: $PWD/reports/site#; s#tools/site_hooks.py#$PWD/tools/site_hooks.py#" mkdocs.yml >"$work/mkdocs.yml"
NO_MKDOCS_2_WARNING=1 "$work/venv/bin/mkdocs" build --strict --config-file "$work/mkdocs.yml" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
echo 'site: built, and every link leads somewhere'
