#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh BUILD_DIR: the HTML reports in a real browser without a window.  Needs
# chromium, and npm for what drives it.  Pages and screenshots stay in
# BUILD_DIR/../browser.
set -u
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd) || exit 2
cd "$(dirname "$0")/../.." || exit 2
tests=$PWD/tests/browser
work=$(dirname "$build")/browser
edgeprof=$build/edgeprof
mkdir -p "$work" || exit 2

give_up() {
	echo "not ok browser: $1"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
}

chromium=
for name in chromium chromium-browser google-chrome; do
	[ -n "$chromium" ] || chromium=$(command -v "$name" 2>/dev/null)
done
[ -n "$chromium" ] || give_up "chromium is missing; make deps-browser installs it"

# The one that is there where it is new enough, else that of the tests.
node=$(command -v node 2>/dev/null)
major=$("${node:-false}" --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')
if [ "${major:-0}" -lt 20 ]; then
	dir=$work
	here=$PWD/tests/cli
	skip() {
		give_up "$2"
	}
	# shellcheck source=tests/cli/lib_npm.sh
	. "$here/lib_npm.sh"
	npm_packages browser
fi

if ! cmp -s "$tests/package-lock.json" "$work/.installed"; then
	rm -rf "$work/node_modules"
	cp "$tests/package.json" "$tests/package-lock.json" "$work/"
	(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund) \
		>"$work/npm.log" 2>&1 ||
		give_up "npm cannot fetch its packages: $(grep -m 1 -i '^npm err' "$work/npm.log")"
	cp "$tests/package-lock.json" "$work/.installed"
fi

# page FOLDER OPTION...: of $work/runs, by a name without this machine's paths
page() {
	(cd "$work/runs" &&
		"$edgeprof" report "$@" --format html -o "$work/$1.html") ||
		give_up "edgeprof report $1 --format html ended with $?"
}
# groups FILE NAME OPTION...: of $work/runs/logs, side by side
groups() {
	file=$1 name=$2
	shift 2
	"$edgeprof" compare --csv "$work/runs/logs/$file.csv" "$@" \
		--format html -o "$work/$name.html" ||
		give_up "edgeprof compare $file.csv --format html ended with $?"
}
rm -rf "$work/runs" "$work"/*.png "$work"/*.html "$work"/*.pdf
mkdir "$work/runs"
for kind in sample hostile; do
	"$node" "$tests/make_run.mjs" "$work/runs/$kind" $kind ||
		give_up "make_run.mjs $kind"
	"$node" "$tests/make_study.mjs" "$work/runs/$kind-study" $kind ||
		give_up "make_study.mjs $kind"
	page "$kind"
	page "$kind-study" --battery 18.84Wh --duty 30/h --price 0.20/kWh \
		--best generation.j_per_token
done
"$build/tests/bench/make_hour" "$work/runs/hour" || give_up "make_hour"
page hour
rm -rf "$work/runs/hour"

"$node" "$tests/make_logs.mjs" "$work/runs/logs" || give_up "make_logs.mjs"
groups pairs pairs --group client --pair prompt_id --margin 2%
groups groups groups --group governor --baseline performance
groups hostile hostile-log --group client --pair prompt

cp "$tests/pages.mjs" "$tests/checks.mjs" "$tests/compare.mjs" "$work/"
EP_CHROMIUM=$chromium timeout 600 "$node" "$work/pages.mjs" "$work"
