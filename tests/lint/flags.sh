# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced: FLAGS = the Makefile's own preprocessor and warning flags, to be
# used through eval (they hold quotes).
FLAGS=$(printf '%s\n' 'include Makefile' \
	'lint-flags:;$(info $(CPPFLAGS) $(PKG_CFLAGS) -std=c11 $(WARN))@:' |
	make -s -f - lint-flags)
