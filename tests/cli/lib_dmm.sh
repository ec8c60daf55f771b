# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by test_dmm.sh and test_dmm_faults.sh, after lib_play.sh.

# meter ID PROGRAM KIND PROFILE [OPTION...]: behind $dir/ID
meter() {
	id=$1
	program=$2
	kind=$3
	profile=$4
	shift 4
	simulate "$id" "$profile" "$program" "$kind" --link "$dir/$id" "$@"
}

# shellcheck disable=SC2034 # of lib_play.sh
helpers=$(cat <<'P'
def amps(id):
    return [int(x["current_ua"]) for x in rows(id) if x["current_ua"]]

ALL = "silence half noise model spike checksum hangup fs_half fs_spike fs_hangup metex_silence metex_half".split()
P
)
