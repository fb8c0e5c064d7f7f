#!/usr/bin/env bash
# Draws the dashboards for a look: tools/dashboards-look.sh FOLDER [IMAGES]. A Prometheus with two days of made-up counters answers the queries of
# all panels, and a page made of Grafana's own components (the npm packages @grafana/ui and @grafana/data) draws them in Chromium. The pictures
# go to IMAGES (default: FOLDER/images), the packages to FOLDER. The first time it builds Prometheus, which takes minutes.
set -euo pipefail
folder=$(realpath -m "$1")
images=$(realpath -m "${2:-$folder/images}")
cd "$(dirname "$0")"
here=$PWD
skipped() { echo "skipped: the look at the dashboards ($1)"; exit 0; }
command -v go >/dev/null || skipped 'there is no Go to build Prometheus with'
status=0
(cd ../cli && npx tsx --tsconfig tsconfig.dev.json tools/dashboards-look.ts) || status=$?
case $status in
  0) ;;
  77) skipped 'there is no Chromium' ;;
  *) exit $status ;;
esac
mkdir -p "$folder"
cd "$folder"
if ! nice npm install --silent --no-audit --no-fund --no-package-lock --legacy-peer-deps --ignore-scripts --prefix . \
  @grafana/ui@13.2.3 @grafana/data@13.2.3 react@18.3.1 react-dom@18.3.1 rxjs@7.8.2 @fontsource/inter@5.3.0 esbuild@0.28.2 >npm.log 2>&1; then
  skipped 'the npm packages @grafana/ui and @grafana/data could not be installed'
fi
cp "$here/dashboards-look/page.jsx" .
nice npx esbuild page.jsx --bundle --minify --jsx=automatic --outdir=page --log-level=error --main-fields=browser,module,main --external:stream \
  --loader:.woff2=dataurl --loader:.woff=empty --loader:.ttf=empty --loader:.svg=text '--define:process.env={"NODE_ENV":"production"}'

tools=$("$here/prometheus/build.sh")
cd "$here/dashboards-look"
state=$(cat go.mod go.sum | sha256sum | cut -c1-12)
server=${CDK8S_SECURE_DEBUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-secure-debug}/prometheus-server/$state
if [[ ! -x $server/prometheus ]]; then
  mkdir -p "$server"
  echo 'building Prometheus' >&2
  CGO_ENABLED=0 nice -n 10 go build -tags remove_all_sd -trimpath -ldflags '-s -w' -o "$server/.prometheus.$$" github.com/prometheus/prometheus/cmd/prometheus >&2
  mv "$server/.prometheus.$$" "$server/prometheus"
fi
cd "$here/../cli"
nice npx tsx --tsconfig tsconfig.dev.json tools/dashboards-look.ts "$folder" "$folder/page/page" "$server/prometheus" "$tools/promtool" "$images"
