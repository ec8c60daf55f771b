#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh [SUITE [GOAL...]]: builds and tests on another Debian (trixie), in a
# tree that mmdebstrap makes for it and forgets: without root where the kernel
# lets users have namespaces.  The sources are those of the last commit.
set -eu
cd "$(dirname "$0")/../.."
suite=${1:-trixie}
[ $# -eq 0 ] || shift
goals=${*:-check}
if ! command -v mmdebstrap >/dev/null; then
	echo "skip trixie: mmdebstrap is not installed"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
fi
mirror=$(sed -n 's/^URIs: *\(.*\/debian\)\/*$/\1/p; s/^deb \(\[[^]]*\] \)*\([^ ]*\/debian\)\/* .*/\2/p' \
	/etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"
git archive --format=tar HEAD >"$work/edgeprof.tar"
cat >"$work/inside" <<END
set -u
cd /srv/edgeprof || exit 1
export HOME=/root TMPDIR=/tmp LC_ALL=C.UTF-8
[ ! -s /srv/ca.pem ] || export NODE_EXTRA_CA_CERTS=/srv/ca.pem
chmod 1777 /tmp
cc=\$(dpkg-query -W -f '\${Version}' libc6)
echo "trixie: glibc \$cc"
make -j"\$(nproc)" $goals
END
# npm's own certificates, where the network has some.
: >"$work/ca.pem"
[ ! -f "${NODE_EXTRA_CA_CERTS:-}" ] || cat "$NODE_EXTRA_CA_CERTS" >"$work/ca.pem"
# The answer is the tests', not the tree, which nobody keeps.  Its root is a mount
# point there, as every system's: programs that make namespaces of their own, such
# as containers, need one.  Its terminals belong to who opened them.
timeout -k 30 "${TRIXIE_SECONDS:-5400}" mmdebstrap --quiet --variant=apt --include=make,ca-certificates \
	--customize-hook='mkdir -p "$1/srv/edgeprof"' \
	--customize-hook="tar -x -C \"\$1/srv/edgeprof\" -f '$work/edgeprof.tar'" \
	--customize-hook="copy-in '$work/inside' '$work/ca.pem' /srv" \
	--customize-hook='unshare -m sh -c "mount --rbind \"\$1\" \"\$1\" &&
		cd \"\$1\" && mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 pts dev/pts &&
		exec chroot . sh /srv/inside >&2" sh "$1"' \
	--format=null "$suite" - ${mirror:+"$mirror"}
