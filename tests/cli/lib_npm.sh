# SPDX-License-Identifier: GPL-3.0-or-later
# npm_packages NAME: the real libllama from npm, once for all variants of the
# build; $npm and $node tell where.  Prints why NAME is skipped and fails where it
# cannot be had.
# shellcheck shell=sh
npm_packages() {
	command -v npm >/dev/null || {
		skip "$1" "npm is not installed"
		return 1
	}
	case $(uname -m) in
	x86_64) arch=x64 lock=$here/../npm ;;
	aarch64) arch=arm64 lock=$here/../npm/arm64 ;;
	*)
		skip "$1" "node-llama-cpp has no binary for $(uname -m)"
		return 1
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
			skip "$1" "npm cannot fetch its packages: $(grep -m 1 -i '^npm err' "$dir/npm.log")"
			return 1
		fi
		cp "$lock/package-lock.json" "$npm/.installed"
	fi
	flock -u 9
	exec 9>&-
	node=$npm/node_modules/node-linux-$arch/bin/node
}
