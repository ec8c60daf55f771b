# SPDX-License-Identifier: GPL-3.0-or-later
# C text without comments, as file:line:text.  With -v strings=1 only the
# string literals, one per line; otherwise literals become "".
FNR == 1 { in_comment = 0 }
{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (in_comment) {
			if (two == "*/") {
				in_comment = 0
				i++
			}
			continue
		}
		if (two == "/*") {
			in_comment = 1
			i++
			continue
		}
		if (two == "//")
			break
		if (c == "\"" || c == "'") {
			text = c
			for (i++; i <= n; i++) {
				d = substr($0, i, 1)
				text = text d
				if (d == "\\") {
					i++
					text = text substr($0, i, 1)
				} else if (d == c)
					break
			}
			if (strings && c == "\"")
				print FILENAME ":" FNR ":" text
			# An include's path is code.
			if (out ~ /^[ \t]*#[ \t]*include[ \t]*$/)
				out = out text
			else
				out = out c c
			continue
		}
		out = out c
	}
	if (!strings)
		print FILENAME ":" FNR ":" out
}
