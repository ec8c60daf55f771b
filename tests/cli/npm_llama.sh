# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154 # part of test_llama*.sh
# The real libllama: packages from npm, once for all variants of the build, as
# long as the lock file stays the same.  $all names what is skipped without.

command -v npm >/dev/null || {
	skip $all "npm is not installed"
	exit 0
}
case $(uname -m) in
x86_64) arch=x64 lock=$here/../npm ;;
aarch64) arch=arm64 lock=$here/../npm/arm64 ;;
*)
	skip $all "node-llama-cpp has no binary for $(uname -m)"
	exit 0
	;;
esac

npm=$(dirname "$build")/npm
mkdir -p "$npm"
exec 9>"$npm/.lock"
flock 9
if ! cmp -s "$lock/package-lock.json" "$npm/.installed"; then
	rm -rf "$npm/node_modules" "$npm/.installed"
	cp "$lock/package.json" "$lock/package-lock.json" "$npm/"
	if ! (cd "$npm" && npm ci --ignore-scripts --omit=optional --no-audit \
		--no-fund) >"$dir/npm.log" 2>&1; then
		skip $all "npm cannot fetch its packages: $(grep -m 1 -i '^npm err' "$dir/npm.log")"
		exit 0
	fi
	cp "$lock/package-lock.json" "$npm/.installed"
fi
cp "$here/../npm/chat.mjs" "$here/../npm/check.mjs" "$npm/"
flock -u 9
bins=$npm/node_modules/@node-llama-cpp/linux-$arch/bins/linux-$arch
