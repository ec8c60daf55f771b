/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <strings.h>

#include "runners/dialect.h"

static int check_setup(const struct ep_dialect *dialect,
		       const struct ep_drive *d, struct ep_err *err)
{
	const char *option = d->ctx_count > 0	       ? "--ctx"
			     : d->gpu_layer_count >= 0 ? "--gpu-layers"
			     : d->thread_count > 0     ? "--threads"
						       : NULL;

	if (!option || dialect->sets_up)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "%s cannot be sent to a server that --runner %s "
			  "asks: only Ollama takes it with a request; give it "
			  "to the server when you start it",
			  option, dialect->name);
}

static bool is_secure(const char *url)
{
	static const char scheme[] = "https://";

	return url && strncasecmp(url, scheme, sizeof(scheme) - 1) == 0;
}

int ep_dialect_check(const struct ep_dialect *dialect, const struct ep_drive *d,
		     bool starts, struct ep_err *err)
{
	if (!d->url && !dialect->url && !starts)
		return ep_err_set(err, -EINVAL,
				  "--runner %s needs --url, as in "
				  "http://127.0.0.1:8000/v1",
				  dialect->name);
	if (dialect->needs_model && !d->model)
		return ep_err_set(err, -EINVAL,
				  "--runner %s needs --model NAME",
				  dialect->name);
	if (d->cold && !dialect->can_unload)
		return ep_err_set(
			err, -EINVAL,
			"--cold needs a server that unloads its "
			"model when asked: only --runner ollama does");
	if (d->chat && !dialect->chats)
		return ep_err_set(err, -EINVAL,
				  "--chat: --runner %s has one way to ask "
				  "only; leave --chat away",
				  dialect->name);
	if (d->ca_file && (starts || !is_secure(d->url)))
		return ep_err_set(err, -EINVAL,
				  "--ca-file is for https://, and --url is "
				  "none; leave one of them out");
	if (d->ignore_eos && !dialect->ignores_eos)
		return ep_err_set(err, -EINVAL,
				  "--ignore-eos cannot be sent: the API that "
				  "--runner %s speaks has no such field",
				  dialect->name);
	if (d->ignore_eos && d->output_token_count == 0 &&
	    d->max_token_count == 0 && !d->prompts && !d->workflow)
		return ep_err_set(err, -EINVAL,
				  "--ignore-eos goes on until a limit: add "
				  "--output-tokens N");
	return starts ? 0 : check_setup(dialect, d, err);
}
