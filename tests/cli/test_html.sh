#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Reports as pages: whole, safe and offline.  What they look like is tested by
# tests/browser.
. "$(dirname "$0")/lib.sh"
make_run=$sim/make_run

if ! "$edgeprof" report --help | grep -q html; then
	skip html "built without pages (WITH_HTML=0)"
	exit 0
fi

# report ARGUMENT...: status, $dir/out and $dir/err tell
report() {
	"$edgeprof" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# page FILE [TRACE]: elements nest, nothing is loaded, the policy names every
# script and style by its hash, and the charts hold every extremum of TRACE
cat >"$dir/page.py" <<'END'
import base64, csv, hashlib, html.parser, json, re, sys

VOID = {"meta", "br", "img", "link", "input", "hr"}
text = open(sys.argv[1], encoding="utf-8").read()


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.inline, self.data, self.policy = [], [], None, ""
        self.body = ""

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("src", "style", "action"), (tag, name)
            if name == "href":
                assert value.startswith("#"), value
        assert tag not in ("img", "iframe", "object", "link", "base"), tag
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag not in VOID:
            self.open.append((tag, attrs, self.getpos()))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, (tag, self.open[-1:])
        self.open.pop()

    def handle_data(self, data):
        tag, attrs = self.open[-1][:2] if self.open else ("", {})
        if tag == "script" and attrs.get("type") == "application/json":
            self.data = json.loads(data)
        elif tag in ("script", "style"):
            assert not attrs, attrs
            self.inline.append(data)
        else:
            self.body += data


page = Page()
page.feed(text)
page.close()
assert not page.open, page.open
assert page.policy.startswith("default-src 'none'; "), page.policy
for inline in page.inline:
    digest = hashlib.sha256(inline.encode()).digest()
    assert "'sha256-%s'" % base64.b64encode(digest).decode() in page.policy
assert page.policy.count("sha256-") == len(page.inline)
if len(sys.argv) > 2:
    rows = list(csv.DictReader(open(sys.argv[2])))
    for series in page.data["series"]:
        # Counters are drawn per second, the names of columns have units.
        column = [c for c in rows[0] if c == series["name"] + "_" +
                  series["quantity"]][0]
        factor = 1 / page.data["interval_s"] if series["rate"] else 1
        want = [float(r[column]) * factor for r in rows if r[column]]
        have = [v for v in series["values"] if v is not None]
        for pick in min, max:
            a, b = pick(want), pick(have)
            assert abs(a - b) <= 1e-8 * max(abs(a), 1), (column, a, b)
    assert page.data["rows"] == len(rows)
print(page.body)
END
page() {
	python3 "$dir/page.py" "$@" >"$dir/body" 2>"$dir/page.err"
}

"$make_run" "$dir/run" || exit 1
report "$dir/run" --format html -o "$dir/run.html"
status_is written 0
check nothing_on_stdout test ! -s "$dir/out"
check whole page "$dir/run.html" "$dir/run/trace.csv"
check has_figures grep -q 'Energy per generated token' "$dir/body"
check has_budgets grep -q 'share of variance' "$dir/body"
check has_warnings grep -q 'Warnings' "$dir/body"
report "$dir/run" --format html
check the_same_on_stdout cmp -s "$dir/out" "$dir/run.html"

# Longer than the page holds row by row: two values for each stretch.
"$build/tests/bench/make_hour" "$dir/long" 300 2 || exit 1
report "$dir/long" --format html -o "$dir/long.html"
check decimated page "$dir/long.html" "$dir/long/trace.csv"
check says_so grep -q 'the smallest and the largest' "$dir/body"

# Markup wherever a program, a model, a host or a board can put it.
evil='</script><script>hacked()</script><img src=x onerror=hacked()>\\"'
"$make_run" "$dir/evil" || exit 1
sed -i -e "s|\"\\./infer\"|\"$evil\"|" \
	-e "s|\(\"kernel\": *\"\)[^\"]*|\1$evil|" \
	"$dir/evil/run.json"
gate=$(sed -n 's/^\([0-9]*\),[0-9]*,gate,.*/\1/p' "$dir/evil/events.csv")
echo "$((gate + 300000000)),0,warning,,,,,<script>hacked()</script>,<img src=x>" \
	>>"$dir/evil/events.csv"
echo "$((gate + 310000000)),0,sensor,,,,,\"a\"\"<b>\",'\"\"</script>" \
	>>"$dir/evil/events.csv"
report "$dir/evil" --format html -o "$dir/evil.html"
status_is hostile_written 0
check hostile_is_text page "$dir/evil.html"
check hostile_is_shown grep -q 'img src=x onerror=hacked()' "$dir/body"
check hostile_never_raw fails grep -q '<script>hacked' "$dir/evil.html"

# Where trace.csv cannot be made there are no charts, and the page says so.
"$make_run" "$dir/locked" || exit 1
chmod 0555 "$dir/locked"
user_tools
if ! as_user test -r "$dir/locked/run.json"; then
	skip read_only_folder "uid 65534 cannot reach the build folder"
else
	as_user "$edgeprof" report "$dir/locked" --format html \
		>"$dir/locked.html" 2>"$dir/err"
	status=$?
	status_is read_only_folder 0 read-only
	check no_charts page "$dir/locked.html"
	check no_charts_said grep -q 'no charts: the folder has no trace.csv' \
		"$dir/body"
fi
chmod 0755 "$dir/locked"

# A study, of its results alone.
mkdir "$dir/study"
echo '{"study": {"title": "<i>title</i>"}}' >"$dir/study/study.json"
report "$dir/study" --format html
status_is study_without_results 2 results.csv
cat >"$dir/study/results.csv" <<'END'
study_id,config,run,order,valid,reasons,host,board_serial,threads,phase,j_per_token,tokens_per_s
s,1,1,1,1,,h,,1,generation,2,10
s,1,2,2,1,,h,,1,generation,2.2,11
s,2,1,3,1,,h,,</script>,generation,1.5,5
s,2,2,4,0,"rejected: ""<b>""",h,,</script>,generation,1.5,5
END
report "$dir/study" --format html -o "$dir/study.html"
status_is study 0
check study_whole page "$dir/study.html"
check study_interval grep -q '2.1 ± 1.3' "$dir/body"
check study_rejected grep -q 'rejected: "<b>"' "$dir/body"
echo s,1,1 >>"$dir/study/results.csv"
report "$dir/study" --format html
status_is study_damaged 2 'line 6'

# Two groups side by side, with pairs.
compare() {
	"$edgeprof" compare "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
cat >"$dir/log.csv" <<'END'
client,prompt,total_s,load_s
rust,a,10,2
rust,b,20,2.5
rust,c,30,2.25
rust,d,40,2
rust,e,50,2.25
python,a,11,2.5
python,b,21.1,2
python,c,31.2,2.25
python,d,40.9,2
python,e,51.05,2.5
END
set -- --csv "$dir/log.csv" --group client --pair prompt --margin 5% \
	--baseline rust
compare "$@"
cp "$dir/out" "$dir/words"
compare "$@" --format html -o "$dir/log.html"
status_is compared 0
check compared_whole page "$dir/log.html"
check compared_title grep -q 'python against rust' "$dir/body"
verdict=$(sed -n 's/^  \(different: B is higher than A by\).*/\1/p' "$dir/words")
check compared_verdict grep -q "^${verdict:-no verdict}" "$dir/body"
check compared_tests grep -q 'Shapiro-Wilk' "$dir/body"
check compared_ratio grep -q 'different1\.0350' "$dir/body"
check compared_left_over fails grep -q 'Left out' "$dir/body"

# Names full of markup, of what turns a line around, and without an end.
python3 - >"$dir/evil.csv" <<'END'
evil = "</script><script>hacked()</script><img src=x onerror=hacked()>\"'&"
turned = "\u202e\u2066\u2028\x07"
quoted = lambda text: '"' + text.replace('"', '""') + '"'
print("client,prompt," + quoted(evil + turned))
for i, client in enumerate(["a" + evil + turned, "b" + evil + "n" * 5000]):
    for k in range(4):
        print(quoted(client) + "," + quoted(str(k) + evil + turned) + "," +
              str(10 + i + k * k))
END
compare --csv "$dir/evil.csv" --group client --pair prompt --format html \
	-o "$dir/evil-log.html"
status_is compared_hostile 0
check compared_hostile_whole page "$dir/evil-log.html"
check compared_hostile_shown grep -q 'img src=x onerror=hacked()' "$dir/body"
check compared_hostile_never_raw fails grep -q '<script>hacked' \
	"$dir/evil-log.html"
turns() {
	LC_ALL=C grep -q "$(printf '\342\200[\250\256]')" "$1"
}
check would_turn turns "$dir/evil.csv"
check never_turned fails turns "$dir/evil-log.html"
compare "$@" --format htm
status_is compared_misspelt 2 'text, json, csv, md'

report "$dir/run" --format htm
status_is misspelt 2 "did you mean 'html'"
report "$dir/run" --format html -o "$dir/none/x.html"
status_is nowhere_to_write 2 'cannot write'
exit $failed
