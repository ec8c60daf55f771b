/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/pool.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* Nobody repeats a phase so often for one figure. */
#define WANTED_MAX 1e6

bool ep_pool_is_slow(const struct ep_pool *p)
{
	return p->sample_count < EP_POOL_SAMPLES_MIN * (double)p->stretch_count;
}

double ep_pool_wanted(const struct ep_pool *p)
{
	double each, wanted;

	if (!p->repeats || p->sample_count >= EP_POOL_SAMPLES_MIN ||
	    p->stretch_count == 0)
		return 0;
	each = p->sample_count / (double)p->stretch_count;
	if (p->sample_count < 1)
		each = p->stretch_s / p->update_s;
	wanted = ceil(EP_POOL_SAMPLES_MIN / each);
	/* As often as it happened, and still too few: something else is amiss. */
	if (wanted <= (double)p->stretch_count || !(wanted < WANTED_MAX))
		return 0;
	return wanted;
}

static const char *ending(double count)
{
	return count < 1.5 && count > 0.5 ? "" : "s";
}

void ep_pool_text(const struct ep_pool *p, char ret[EP_POOL_TEXT_BYTES])
{
	size_t of = p->request_count ? p->request_count : p->stretch_count;
	double wanted = ep_pool_wanted(p);
	size_t used;

	ret[0] = '\0';
	if (p->stretch_count == 0 || !ep_pool_is_slow(p))
		return;
	if (p->sample_count < 1)
		(void)ep_str_copy(ret, EP_POOL_TEXT_BYTES, "no sample in it");
	else if (p->stretch_count > 1)
		(void)ep_str_format(ret, EP_POOL_TEXT_BYTES,
				    "pooled over %zu %s%s, %.0f sample%s", of,
				    p->request_count ? "request" : "stretch",
				    of == 1	       ? ""
				    : p->request_count ? "s"
						       : "es",
				    p->sample_count, ending(p->sample_count));
	else
		(void)ep_str_format(ret, EP_POOL_TEXT_BYTES,
				    "%.0f fresh sample%s", p->sample_count,
				    ending(p->sample_count));
	used = strlen(ret);
	if (wanted > 0)
		(void)ep_str_format(ret + used, EP_POOL_TEXT_BYTES - used,
				    "; about %.0f repetition%s would do",
				    wanted, ending(wanted));
}
