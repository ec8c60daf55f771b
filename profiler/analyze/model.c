/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/associate.h"
#include "profiler/analyze/section.h"

const char *ep_status_name(enum ep_status s)
{
	static const char *const names[] = {
		[EP_STATUS_OK] = "ok",
		[EP_STATUS_LOW_CONFIDENCE] = "low_confidence",
		[EP_STATUS_ESTIMATED] = "estimated",
		[EP_STATUS_NOT_MEASURED] = "not_measured",
	};

	return (unsigned)s <= EP_STATUS_NOT_MEASURED ? names[s] : "";
}

const struct ep_metric *ep_row_metric(const struct ep_row *row,
				      const char *name)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	return NULL;
}

const struct ep_request *ep_report_told(const struct ep_report *r,
					int32_t request)
{
	for (size_t i = 0; request > 0 && i < r->told.count; i++)
		if (r->told.items[i].number == request)
			return &r->told.items[i];
	return NULL;
}

/* The longest suffix stands first. */
const char *ep_metric_unit(const char *name)
{
	static const struct {
		const char *suffix;
		const char *unit;
	} units[] = {
		{ "action_j_s_per_token", "J\u00b7s/token" },
		{ "edp_j_s_per_token2", "J\u00b7s/token\u00b2" },
		{ "j_per_output_token", "J/output token" },
		{ "j_per_visible_token", "J/visible token" },
		{ "j_per_token", "J/token" },
		{ "tokens_per_s", "tokens/s" },
		{ "tokens_per_j", "tokens/J" },
		{ "_per_token", "1/token" },
		{ "_bytes", "bytes" },
		{ "charge_c", "C" },
		{ "_w", "W" },
		{ "_j", "J" },
		{ "_s", "s" },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ep_str_ends(name, units[i].suffix))
			return units[i].unit;
	return "";
}

static void free_rows(struct ep_row *rows, size_t count)
{
	for (size_t i = 0; rows && i < count; i++)
		free(rows[i].metrics);
	free(rows);
}

void ep_report_free(struct ep_report *report)
{
	if (!report)
		return;
	json_decref(report->run);
	free_rows(report->phases, report->phase_count);
	free_rows(report->totals, report->total_count);
	free_rows(report->requests, report->request_count);
	free(report->client.metrics);
	for (size_t i = 0; report->channels && i < report->channel_count; i++)
		free(report->channels[i].energy_j);
	free(report->channels);
	for (size_t i = 0; i < report->meter_count; i++) {
		free(report->meters[i].energy_j);
		free(report->meters[i].mean_w);
		free(report->meters[i].difference_j);
	}
	free(report->meters);
	free(report->calibrated.energy_j);
	free(report->calibrated.mean_w);
	ep_requests_done(&report->told);
	free(report->tokens);
	free(report->token_energy_j);
	free(report->generation);
	ep_associations_free(report->associations);
	free(report->health);
	ep_sections_free(report->sections);
	free(report);
}
