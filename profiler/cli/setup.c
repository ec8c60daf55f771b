/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"

static const char help[] =
	"usage: sudo edgeprof setup [--dry-run] [--yes] [--lib FILE]... [--caps]\n"
	"       sudo edgeprof setup --undo [--dry-run] [--yes]\n"
	"\n"
	"Gives ordinary users what they need to measure without sudo, and you "
	"the groups.\n"
	"Shows each change, asks once, notes what it did; what is so already "
	"stays as it is.\n"
	"\n"
	"  --dry-run      only show it (any user may)\n"
	"  --yes          do not ask\n"
	"  --undo         take back all that setup did and nobody changed since\n"
	"  --lib FILE     probes for this libllama, or program that has it "
	"inside; without:\n"
	"                 those found.  Again after it was built again\n"
	"  --only STEPS   a list of: group counters realtime energy devices "
	"probes caps\n"
	"  --caps         capabilities for edgeprof itself, which then only "
	"the group runs\n"
	"  -h, --help     this text\n"
	"\n"
	"Log in again afterwards: groups and limits begin with a session.\n"
	"\n"
	"Exit status: 0 all is so; 1 something could not be done or was left; 2 "
	"wrong\n"
	"usage, not root, or nobody to ask; 125 edgeprof failed.\n"
	"\n"
	"Example: sudo edgeprof setup --lib /opt/llama/libllama.so\n";

static int usage(const char *text, const char *what)
{
	char line[400];

	(void)ep_str_format(line, sizeof(line),
			    "%s '%s': see edgeprof setup "
			    "--help",
			    text, what);
	ep_setup_complain(line);
	return EP_EXIT_USAGE;
}

enum option_key {
	KEY_AT_BOOT = 256,
	KEY_LIB,
	KEY_ONLY,
	KEY_DRY,
	KEY_YES,
	KEY_UNDO,
	KEY_CAPS
};

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, KEY_DRY },
	{ "yes", no_argument, NULL, KEY_YES },
	{ "undo", no_argument, NULL, KEY_UNDO },
	{ "caps", no_argument, NULL, KEY_CAPS },
	{ "at-boot", no_argument, NULL, KEY_AT_BOOT },
	{ "lib", required_argument, NULL, KEY_LIB },
	{ "only", required_argument, NULL, KEY_ONLY },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int take_option(struct ep_setup *s, int key)
{
	bool *flags[] = {
		[KEY_DRY - KEY_AT_BOOT] = &s->dry,
		[KEY_YES - KEY_AT_BOOT] = &s->yes,
		[KEY_UNDO - KEY_AT_BOOT] = &s->undo,
		[KEY_CAPS - KEY_AT_BOOT] = &s->caps,
		[0] = &s->at_boot,
	};

	if (key == 'h') {
		s->help = true;
	} else if (key == KEY_ONLY) {
		s->only = optarg;
	} else if (key == KEY_LIB) {
		if (s->library_count == EP_UPROBE_LIBRARIES_MAX)
			return usage("too many libraries", optarg);
		s->libraries[s->library_count++] = optarg;
	} else {
		*flags[key - KEY_AT_BOOT] = true;
	}
	return EP_EXIT_OK;
}

static bool is_listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == len && strncmp(list, name, len) == 0)
			return true;
	return false;
}

static int check_only(const char *list)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',') {
		char name[32] = "";
		size_t n = 0;

		(void)ep_str_format(name, sizeof(name), "%.*s",
				    (int)strcspn(list, ","), list);
		while (ep_setup_steps[n].name &&
		       strcmp(ep_setup_steps[n].name, name) != 0)
			n++;
		if (!ep_setup_steps[n].name)
			return usage("there is no step", name);
	}
	return EP_EXIT_OK;
}

static int parse(struct ep_setup *s, int argc, char **argv)
{
	int r = EP_EXIT_OK, key;

	opterr = 0;
	optind = 1;
	while (r == EP_EXIT_OK &&
	       (key = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (key == ':')
			return usage("no value is given after",
				     argv[optind - 1]);
		if (key == '?')
			return usage("unknown option", argv[optind - 1]);
		r = take_option(s, key);
	}
	if (r == EP_EXIT_OK && optind < argc)
		return usage("too many arguments:", argv[optind]);
	if (r == EP_EXIT_OK && s->only)
		r = check_only(s->only);
	if (r == EP_EXIT_OK && s->undo &&
	    (s->only || s->caps || s->library_count > 0))
		return usage("all is undone or nothing: not together with",
			     "--undo");
	if (r == EP_EXIT_OK && s->library_count > 0 && s->only &&
	    !is_listed(s->only, "probes"))
		return usage("--lib is for the step probes, not for", s->only);
	return r;
}

static int plan(struct ep_setup *s, struct ep_err *err)
{
	size_t n;
	int r = 0;

	for (n = 0; r == 0 && ep_setup_steps[n].name; n++) {
		const char *name = ep_setup_steps[n].name;

		s->step = n;
		s->first[n] = s->plan->count;
		s->planned[n] = s->only ? is_listed(s->only, name)
					: strcmp(name, "caps") != 0 || s->caps;
		if (s->planned[n])
			r = ep_setup_steps[n].plan(s, err);
		if (r < 0)
			ep_err_prefix(err, "%s", name);
	}
	s->first[n] = s->plan->count;
	return r;
}

static int refuse(void)
{
	ep_setup_complain("nobody to ask here, as there is no terminal: add "
			  "--yes, or --dry-run to see what it would do");
	return EP_EXIT_USAGE;
}

static int set_up(struct ep_setup *s)
{
	struct ep_err err = { 0 };
	int r = plan(s, &err);

	if (r < 0) {
		ep_setup_complain(err.text[0] ? err.text : strerror(-r));
		return r == -EINVAL || r == -EPERM ? EP_EXIT_USAGE
						   : EP_EXIT_INTERNAL;
	}
	ep_setup_print_plan(s);
	if (s->dry || ep_setup_is_so(s, 0, s->plan->count))
		return EP_EXIT_OK;
	r = ep_setup_ask(s, "Do this?");
	if (r < 0)
		return refuse();
	if (r == 0)
		return EP_EXIT_NO;
	r = ep_setup_apply(s);
	if (r == EP_EXIT_OK)
		ep_lines_wrap(0, 0,
			      "Groups and limits begin with a session: "
			      "log in again.  All is taken back by: sudo "
			      "edgeprof setup --undo");
	return r;
}

static int take_back(struct ep_setup *s)
{
	const struct ep_setup_list *l = s->journal.list;
	int r;

	if (l->count == 0) {
		(void)printf("nothing to undo: setup has done nothing here\n");
		return EP_EXIT_OK;
	}
	for (size_t i = l->count; i-- > 0 && (s->dry || !s->yes);)
		ep_setup_print_act("- ", &l->acts[i], NULL);
	if (s->dry)
		return EP_EXIT_OK;
	r = ep_setup_ask(s, "Take this back?");
	if (r < 0)
		return refuse();
	return r == 0 ? EP_EXIT_NO : ep_setup_undo(s);
}

static int work(struct ep_setup *s)
{
	bool root = geteuid() == 0 || ep_root_redirected(&s->env.root);
	struct ep_err err = { 0 };
	int r;

	if (!root && !s->dry) {
		ep_setup_complain("this needs root: sudo edgeprof setup "
				  "(--dry-run shows what it would do)");
		return EP_EXIT_USAGE;
	}
	if (s->at_boot)
		return ep_setup_at_boot(s);
	s->plan = calloc(1, sizeof(*s->plan));
	r = s->plan ? ep_identity_get(&s->identity, &err) : -ENOMEM;
	s->journal.tidy = r == 0 && !s->dry;
	/* What root notes is not for others to read. */
	if (r == 0 && root)
		r = ep_setup_journal_open(&s->journal, &s->env,
					  !s->dry && !s->undo, &err);
	if (r < 0) {
		ep_setup_complain(err.text[0] ? err.text : strerror(-r));
		return r == -EINVAL || r == -EWOULDBLOCK ? EP_EXIT_USAGE
							 : EP_EXIT_INTERNAL;
	}
	if (s->undo && !root) {
		ep_setup_complain("only root knows what setup did: sudo "
				  "edgeprof setup --undo --dry-run");
		return EP_EXIT_USAGE;
	}
	return s->undo ? take_back(s) : set_up(s);
}

int ep_cmd_setup(int argc, char **argv)
{
	struct ep_setup *s = calloc(1, sizeof(*s));
	struct ep_err err = { 0 };
	int r;

	if (!s)
		return EP_EXIT_INTERNAL;
	s->journal.state.dir_fd = -1;
	r = parse(s, argc, argv);
	if (r == EP_EXIT_OK && s->help) {
		(void)fputs(help, stdout);
	} else if (r == EP_EXIT_OK && ep_env_init(&s->env, &err) < 0) {
		ep_setup_complain(err.text);
		r = EP_EXIT_INTERNAL;
	} else if (r == EP_EXIT_OK) {
		r = work(s);
		ep_setup_journal_close(&s->journal, &s->env);
		ep_env_done(&s->env);
	}
	ep_setup_libraries_done(s);
	for (size_t i = 0; i < s->text_count; i++)
		free(s->texts[i]);
	free(s->plan);
	free(s);
	return ep_lines_end("setup", r);
}
