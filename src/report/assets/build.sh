#!/bin/sh
# Makes echarts.custom.min.js again: the parts of Apache ECharts that the page draws with. Needs npm.
set -eu
cd "$(dirname "$0")"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp echarts.entry.js "$work/"
(
    cd "$work"
    npm init --yes >/dev/null
    npm install --silent --no-audit --no-fund echarts@6.1.0 esbuild@0.28.2
    npx esbuild echarts.entry.js --bundle --minify --format=iife --global-name=echarts --charset=utf8 \
        --target=es2020 --legal-comments=none --define:process.env.NODE_ENV='"production"' \
        --banner:js='/* Apache ECharts 6.1.0, Apache-2.0; zrender, BSD-3-Clause; tslib, 0BSD: see LICENSE, NOTICE */' \
        --outfile=echarts.custom.min.js
)
cp "$work/echarts.custom.min.js" .
mkdir -p licenses
cp "$work/node_modules/echarts/LICENSE" licenses/echarts-LICENSE
cp "$work/node_modules/echarts/NOTICE" licenses/echarts-NOTICE
cp "$work/node_modules/echarts/licenses/LICENSE-d3" licenses/d3-LICENSE
cp "$work/node_modules/zrender/LICENSE" licenses/zrender-LICENSE
cp "$work/node_modules/tslib/LICENSE.txt" licenses/tslib-LICENSE
