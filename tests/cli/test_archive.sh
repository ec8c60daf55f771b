#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# export --to archive and report --verify: what is packed, what is found when
# it was changed, what is refused, and what an anonymous archive does not tell.
. "$(dirname "$0")/lib.sh"

if ! "$edgeprof" export --help | grep -q '^  archive '; then
	skip archives "built without libarchive"
	exit 0
fi
TMPDIR=$dir/tmp
export TMPDIR
mkdir "$TMPDIR"

# called NAME ARGUMENT...: status, $dir/out and $dir/err tell
called() {
	"$edgeprof" "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}
nothing_left() {
	test -z "$(ls -A "$TMPDIR")"
}
# repack NAME: the folder $dir/bad/run1 as it is now
repack() {
	tar -C "$dir/bad" -czf "$dir/$1.tar.gz" run1
}
# fresh: $dir/bad/run1 as it was packed
fresh() {
	chmod -R u+rwX "$dir/bad" 2>/dev/null
	rm -rf "$dir/bad"
	mkdir "$dir/bad"
	tar -C "$dir/bad" -xzf "$dir/a.tar.gz"
}

run --board demo --idle 0s --tail 0s -o "$dir/run1" -- "$build/infer" -n 6
status_is recorded 0

called export "$dir/run1" --to archive -o "$dir/a.tar.gz"
status_is packed 0 'left out'
called export "$dir/run1" --to archive -o "$dir/b.tar.gz"
check the_same_bytes_twice cmp "$dir/a.tar.gz" "$dir/b.tar.gz"
cp -r "$dir/run1" "$dir/other"
find "$dir/other" -exec touch -d 2020-01-01 {} +
chmod 0700 "$dir/other"
mkdir "$dir/elsewhere"
mv "$dir/other" "$dir/elsewhere/run1"
called export "$dir/elsewhere/run1" --to archive -o "$dir/b.tar.gz"
check the_same_bytes_of_a_copy cmp "$dir/a.tar.gz" "$dir/b.tar.gz"
tar -tvzf "$dir/a.tar.gz" >"$dir/list"
check owner_and_time_are_fixed test -z "$(grep -v -e ' 0/0 .* 1980-01-01 00:00 run1/' "$dir/list")"
check names_are_sorted sh -c "sed 's/.* //' '$dir/list' | LC_ALL=C sort -c"
for name in MANIFEST archive.json run.json events.csv ticks.csv report.json stdout.log sensors/estimate.csv; do
	check "packed_$name" grep -q " run1/$name\$" "$dir/list"
done
check derived_files_are_left_out fails grep -q trace.csv "$dir/list"
fresh
check sha256sum_agrees sh -c "cd '$dir/bad/run1' && sha256sum --quiet --strict -c MANIFEST"

for suffix in tar.xz tar.zst; do
	called export "$dir/run1" --to archive -o "$dir/a.$suffix"
	called report "$dir/a.$suffix" --verify
	status_is "verified_$suffix" 0 'figures: 0 of' "$dir/out"
done
called export "$dir/run1" --to archive -o "$dir/a.zip"
status_is unknown_compression 2 'tar.zst'
check nothing_is_written_then fails test -e "$dir/a.zip"
called report "$dir/a.tar.gz" --verify
status_is verified 0 'files: all 12 are those of the MANIFEST' "$dir/out"
called report "$dir/bad/run1" --verify
status_is verified_unpacked 0 'figures: 0 of' "$dir/out"
called report "$dir/run1" --verify
status_is verified_folder 0 'there is no MANIFEST' "$dir/out"
called report "$dir/a.tar.gz"
status_is report_of_an_archive 0 generation "$dir/out"
check no_folder_that_is_gone fails grep -q "$TMPDIR" "$dir/out"
called report "$dir/a.tar.gz" --format json
cp "$dir/out" "$dir/json1"
called report "$dir/run1" --format json
sed -i /trace_csv_bytes/d "$dir/out" "$dir/json1"
check the_same_report cmp "$dir/out" "$dir/json1"
called report "$dir/a.tar.gz" --verify --metric run.energy_j
status_is verify_is_alone 2 'leave what else'
check temporary_folder_is_gone nothing_left

# What was changed.
fresh
sed -i '5s/[0-9]\([^0-9]*\)$/7\1/;6s/[0-9]\([^0-9]*\)$/3\1/' "$dir/bad/run1/sensors/estimate.csv"
repack changed
called report "$dir/changed.tar.gz" --verify
status_is changed_csv 1 '^sensors/estimate.csv: was changed' "$dir/out"
fresh
python3 - "$dir/bad/run1/report.json" <<'E'
import sys, re
p = sys.argv[1]
text = open(p).read()
at = text.index('"j_per_token"', text.index('"generation": {', text.index('"totals"')))
number = re.compile(r'"value": ([0-9.]+)').search(text, at)
open(p, "w").write(text[:number.start(1)] + "0.125" + text[number.end(1):])
E
repack figure
called report "$dir/figure.tar.gz" --verify
status_is changed_figure 1 '^report.json: totals.generation.j_per_token.value: 0.125 there, [0-9.]* computed' "$dir/out"
check only_that_figure grep -q '^figures: 1 of' "$dir/out"
(cd "$dir/bad/run1" && sed -i '/report.json/d' MANIFEST && sha256sum report.json >>MANIFEST)
repack hidden
called report "$dir/hidden.tar.gz" --verify
status_is changed_with_its_manifest 1 '^files: all 12 are' "$dir/out"
check still_the_figure grep -q '^report.json: totals.generation.j_per_token' "$dir/out"
fresh
echo x >"$dir/bad/run1/notes.txt"
repack extra
called report "$dir/extra.tar.gz" --verify
status_is extra_file 1 '^notes.txt: is not in the manifest' "$dir/out"
called report "$dir/bad/run1" --verify
status_is extra_file_in_a_folder_of_mine 0
fresh
rm "$dir/bad/run1/ticks.csv"
repack missing
called report "$dir/missing.tar.gz" --verify
status_is missing_file 1 '^ticks.csv: is missing' "$dir/out"
fresh
printf 'not json' >"$dir/bad/run1/run.json"
repack unreadable
called report "$dir/unreadable.tar.gz" --verify
status_is unreadable_run 1 '^report.json: .*run.json' "$dir/out"
fresh
rm "$dir/bad/run1/MANIFEST"
repack unlisted
called report "$dir/unlisted.tar.gz" --verify
status_is no_manifest 2 'is no archive of edgeprof'
fresh
printf 'x  ../../etc/passwd\n' >"$dir/bad/run1/MANIFEST"
repack garbled
called report "$dir/garbled.tar.gz" --verify
status_is bad_manifest 2 'MANIFEST line 1'

# What is refused.
head -c 9000 "$dir/a.tar.gz" >"$dir/short.tar.gz"
called report "$dir/short.tar.gz" --verify
status_is truncated 2 'damaged'
head -c 9000 /dev/urandom >"$dir/random.tar.gz"
called report "$dir/random.tar.gz"
status_is no_archive 2 'no archive or a damaged one'
: >"$dir/empty.tar.gz"
called report "$dir/empty.tar.gz" --verify
status_is empty_file 2 'no archive'
fresh
ln -s /etc/passwd "$dir/bad/run1/link"
repack link
called report "$dir/link.tar.gz" --verify
status_is symbolic_link 2 "'run1/link' is a link"
fresh
ln "$dir/bad/run1/run.json" "$dir/bad/run1/same.json"
repack hard
called report "$dir/hard.tar.gz" --verify
status_is hard_link 2 'is a link'
fresh
mkfifo "$dir/bad/run1/pipe"
repack pipe
called report "$dir/pipe.tar.gz"
status_is fifo 2 'is a link, or a device'
echo owned >"$dir/owned"
for climb in '../owned' '/owned' 'run1/../../owned'; do
	tar -C "$dir" -czPf "$dir/climb.tar.gz" --transform "s|^owned\$|$climb|" owned
	called report "$dir/climb.tar.gz" --verify
	status_is "climbs_$climb" 2 'leads out'
done
fresh
mkdir "$dir/bad/run2"
cp "$dir/bad/run1/run.json" "$dir/bad/run2"
tar -C "$dir/bad" -czf "$dir/two.tar.gz" run1 run2
called report "$dir/two.tar.gz" --verify
status_is two_folders 2 'beside the folder'
tar -C "$dir/bad" --hard-dereference -czf "$dir/twice.tar.gz" run1/run.json run1/run.json
called report "$dir/twice.tar.gz" --verify
status_is file_twice 2 'twice'
truncate -s 10G "$dir/bad/run1/stdout.log"
tar -C "$dir/bad" -cSzf "$dir/holes.tar.gz" run1/stdout.log
called report "$dir/holes.tar.gz" --verify
status_is sparse_file 2 'has holes'
rm "$dir/bad/run1/stdout.log"
# 10 GiB as a header says, of which the first megabytes are there.
python3 - "$dir/bomb.tar.gz" <<'E'
import gzip, sys, tarfile
info = tarfile.TarInfo("run1/stdout.log")
info.size = 10 << 30
with gzip.open(sys.argv[1], "wb") as f:
    f.write(info.tobuf(tarfile.GNU_FORMAT))
    f.write(bytes(4 << 20))
E
called report "$dir/bomb.tar.gz" --verify
status_is bomb 2 'unpacks to more than'
check nothing_unpacked_is_left nothing_left

# No room, no right, a signal.
if [ "$(id -u)" -ne 0 ] || ! mkdir "$dir/small" || ! mount -t tmpfs -o size=64k tmpfs "$dir/small" 2>/dev/null; then
	skip archive_disk_full "needs root and a tmpfs"
else
	TMPDIR=$dir/small
	called report "$dir/a.tar.gz" --verify
	status_is unpack_disk_full 125 'TMPDIR'
	check nothing_half_unpacked nothing_left
	called export "$dir/run1" --to archive --anonymous -o "$dir/c.tar.gz"
	status_is copy_disk_full 125 'TMPDIR'
	check no_half_copy nothing_left
	head -c 50000 /dev/urandom >"$dir/small/filler"
	called export "$dir/run1" --to archive -o "$dir/small/a.tar.gz"
	status_is pack_disk_full 125 'No space left'
	check no_half_archive test "$(ls -A "$dir/small")" = filler
	umount "$dir/small"
fi
TMPDIR=$dir/nowhere
called report "$dir/a.tar.gz"
status_is no_temporary_folder 2 'TMPDIR'
TMPDIR=$dir/tmp
called export "$dir/run1" --to archive -o "$dir/nowhere/a.tar.gz"
status_is no_such_folder 2 'cannot write'
called export "$dir/elsewhere" --to archive
status_is no_run_folder 2
called export "$dir/run1" --to archive --with-output
status_is with_output_alone 2 'without --anonymous'

chmod -R a+rX "$dir"
chmod 0777 "$TMPDIR"
user_tools
mkdir -m 0777 "$dir/users"
as_user "$edgeprof" export "$dir/run1" --to archive -o "$dir/users/a.tar.gz" >"$dir/out" 2>"$dir/err"
status=$?
status_is packed_by_a_user 0
check a_users_archive_is_the_same cmp "$dir/a.tar.gz" "$dir/users/a.tar.gz"
as_user "$edgeprof" report "$dir/a.tar.gz" --verify >"$dir/out" 2>"$dir/err"
status=$?
status_is verified_by_a_user 0
chmod -R a-w "$dir/run1"
as_user "$edgeprof" report "$dir/run1" --verify >"$dir/out" 2>"$dir/err"
status=$?
status_is read_only_folder 0 'figures: 0 of' "$dir/out"
check nothing_left_by_a_user nothing_left

# The reader of a pipe does not read, so the report stays in the middle of its
# writing; then it is interrupted.
mkfifo "$dir/reader"
format=json
"$edgeprof" report --help | grep -q 'or html' && format=html
"$edgeprof" report "$dir/a.tar.gz" --format $format >"$dir/reader" 2>/dev/null &
pid=$!
exec 9<"$dir/reader"
found=
for _ in $(seq 1000); do
	found=$(ls "$TMPDIR")
	[ -n "$found" ] && break
done
check unpacked_in_a_private_folder test "$(stat -c %a "$TMPDIR/$found")" = 700
kill -INT "$pid"
cat <&9 >/dev/null
exec 9<&-
wait "$pid"
check nothing_left_after_a_signal nothing_left
exit $failed
