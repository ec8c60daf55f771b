# SPDX-License-Identifier: GPL-3.0-or-later
# What tests of tables and figures for papers draw: . "$here/lib_paper.sh",
# after lib.sh.

# A run whose texts mean something to LaTeX and to gnuplot.
paper_hostile_run() { # folder
	"$sim/make_run" "$1" &&
		python3 - "$1" <<'END'
import json, sys

folder = sys.argv[1]
path = folder + "/run.json"
run = json.load(open(path))
tex = "\\input{x} 50% a_b #1 $x$ ~^ & \u4e2d"
gnuplot = "`touch pwned`'; system 'touch pwned'; set title \"`touch pwned`\""
run["command"] = ["./" + tex, "--threads", "[2em]", gnuplot]
run["board"]["title"] = tex
run["board"]["coverage"] = tex + " " + gnuplot
json.dump(run, open(path, "w"))
path = folder + "/events.csv"
text = open(path).read()
label = '"' + gnuplot.replace('"', '""') + '"'
open(path, "w").write(text.replace(",mark,0,load,", ",mark,0," + label + ",")
                      .replace(",mark,1,load,", ",mark,1,\\input{x}_%,"))
END
}

paper_head='study_id,config,run,order,valid,reasons,host,board_serial,threads,quant,phase,j_per_token,tokens_per_s,action_j_s_per_token'

# Four configurations, one of one run, one of none that counts.
paper_study() { # folder
	mkdir "$1" &&
		echo '{"study": {"title": "threads & quants"}}' >"$1/study.json" &&
		cat >"$1/results.csv" <<END
$paper_head
s,1,1,1,1,,h,,1,q4,generation,2,10,0.5
s,1,2,2,1,,h,,1,q4,generation,2.2,11,0.6
s,2,1,3,1,,h,,2,q4,generation,1.8,14,0.4
s,2,2,4,1,,h,,2,q4,generation,1.7,15,0.4
s,3,1,5,1,,h,,4,q8,generation,1.5,9,0.7
s,4,1,6,0,rejected,h,,8,q4,generation,9,9,9
END
}

# The same with levels that try to be commands.
paper_hostile_study() { # folder
	mkdir "$1" &&
		printf '%s\n' '{"study": {"title": "\\end{document} `touch pwned` %"}}' \
			>"$1/study.json" &&
		cat >"$1/results.csv" <<END
$paper_head
s,1,1,1,1,,h,,[2em],\`touch pwned\`,generation,2,10,0.5
s,2,1,2,1,,h,,\\end{tabular},'; system 'touch pwned'; ',generation,1.8,14,0.4
s,3,1,3,1,,h,,*_%&#\$~^,"""; system(""touch pwned"")",generation,1.5,9,0.7
s,4,1,4,1,,h,,中文,é@x,generation,1.4,8,0.7
END
}
