# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by test_scpi.sh and test_scpi_faults.sh, after lib_play.sh.

# meter ID PROFILE [OPTION...]: a SCPI instrument
meter() {
	id=$1
	profile=$2
	shift 2
	simulate "$id" "$profile" scpi --log "$dir/$id.log" "$@"
}

# tcp ID: its address
tcp() {
	echo "tcp://127.0.0.1:$(sed -n 's/^port //p' "$dir/$1.state")"
}

# shellcheck disable=SC2034 # of lib_play.sh
helpers=$(cat <<'P'
def proven(id):
    return all(int(x["flags"]) & 1 == 0 for x in rows(id))

def told(id):
    return max(int(x["instrument_errors_count"] or 0) for x in rows(id))

# At the end of the run it is read again.
def back(id):
    return any(x["current_ua"] for x in rows(id)[-4:])

# What is known of its channels but its count of errors.
def limits(id, key):
    return {c["name"]: c[key] for x in made["sensors"] if x["id"] == id for c in x["channels"] if c[key] and c["name"] != "instrument_errors"}

def log(id):
    return open(f"{dir}/{id}.log").read().split("\n")

ALL = "silence half late text overload turned queue hangup identity switched unsensed twice echo".split()
P
)

# shellcheck disable=SC2034 # of the tests
dc=preset=dmm-dc-current,assume_v=5.1,assume_percent=0.1,gain_percent=0.1
