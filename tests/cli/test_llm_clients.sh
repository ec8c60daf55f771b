#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The official clients from npm, unmodified, against the simulated server: so
# the simulator is known to speak as real servers do.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

all=official_clients
command -v npm >/dev/null || {
	skip $all "npm is not installed"
	exit 0
}

# Once for all variants of the build; as long as the lock file stays the same.
lock=$here/../npm/clients
npm=$(dirname "$build")/npm-clients
mkdir -p "$npm"
exec 9>"$npm/.lock"
flock 9
if ! cmp -s "$lock/package-lock.json" "$npm/.installed"; then
	rm -rf "$npm/node_modules" "$npm/.installed"
	cp "$lock/package.json" "$lock/package-lock.json" "$npm/"
	if ! (cd "$npm" && npm ci --ignore-scripts --no-audit --no-fund) >"$dir/npm.log" 2>&1; then
		skip $all "npm cannot fetch its packages: $(grep -m 1 -i '^npm err' "$dir/npm.log")"
		exit 0
	fi
	cp "$lock/package-lock.json" "$npm/.installed"
fi
cp "$lock/clients.mjs" "$npm/"
flock -u 9
# A Node of the tests' own; the system's may be too old.
for node in "$npm"/node_modules/node-linux-*/bin/node; do
	[ -x "$node" ] || node=$(command -v node)
done

"$sim/llm_server" --load 60 --prefill 20 --token 4 --tokens 20 >"$dir/port" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$dir"' EXIT
tries=0
until grep -q port "$dir/port"; do
	tries=$((tries + 1))
	[ "$tries" -gt 3000 ] && break
done
if "$node" "$npm/clients.mjs" "http://127.0.0.1:$(sed -n 's/^port //p' "$dir/port")" \
	llama3.2:1b >"$dir/verdict" 2>&1; then
	cat "$dir/verdict"
	grep -q '^not ok' "$dir/verdict" && failed=1
else
	not_ok $all "$(tail -n 3 "$dir/verdict" | tr '\n' ' ')"
fi
exit $failed
