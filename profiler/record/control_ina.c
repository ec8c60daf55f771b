/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "drivers/ina3221.h"

/* "DIR NAME NAME" and "VALUE VALUE" of what makes a chip fast. */
static bool join(const struct ep_ina3221_chip *chip,
		 const struct ep_ina3221_setting *files, size_t count,
		 char *ret_target, char *ret_value)
{
	bool fits = ep_str_copy(ret_target, EP_SETTING_TARGET_BYTES, chip->dir);

	ret_value[0] = '\0';
	for (size_t i = 0; fits && i < count; i++) {
		size_t target_len = strlen(ret_target);
		size_t value_len = strlen(ret_value);
		const char *slash = strrchr(files[i].path, '/');

		fits = slash &&
		       ep_str_format(ret_target + target_len,
				     EP_SETTING_TARGET_BYTES - target_len,
				     " %s", slash + 1) &&
		       ep_str_format(ret_value + value_len,
				     EP_SETTING_VALUE_BYTES - value_len, "%s%s",
				     i > 0 ? " " : "", files[i].value);
	}
	return fits;
}

static int make_fast(struct ep_plan *plan, const struct ep_ina3221_chip *chip,
		     size_t *ret_count)
{
	char target[EP_SETTING_TARGET_BYTES], value[EP_SETTING_VALUE_BYTES];
	struct ep_ina3221_setting files[2];
	char what[EP_CHANGE_WHAT_BYTES];
	size_t count = ep_ina3221_fast(&plan->env->root, chip, files);

	if (count == 0)
		return 0;
	++*ret_count;
	if (!join(chip, files, count, target, value))
		return ep_err_set(plan->err, -ENAMETOOLONG,
				  "--fast-ina: %s: the path is too long",
				  chip->dir);
	(void)ep_str_format(what, sizeof(what), "INA3221 %s conversion",
			    chip->device);
	return ep_plan_add(plan, "ordered", target, value, what);
}

int ep_plan_fast_ina(struct ep_plan *plan)
{
	struct ep_ina3221_chip chips[EP_INA3221_CHIPS_MAX];
	size_t count = 0;
	int n, r = 0;

	if (!plan->control->fast_ina)
		return 0;
	n = ep_ina3221_chips(&plan->env->root, "*", chips,
			     EP_INA3221_CHIPS_MAX);
	if (n < 0)
		return ep_err_set(plan->err, n, "--fast-ina: %s", strerror(-n));
	for (int i = 0; r == 0 && i < n; i++)
		r = make_fast(plan, &chips[i], &count);
	if (r == 0 && count == 0)
		return ep_err_set(plan->err, -ENODEV,
				  "--fast-ina: this board has no INA3221 whose "
				  "conversion can be set");
	if (r == 0)
		ep_plan_note(plan,
			     "--fast-ina: every INA3221 value is noisier, also "
			     "for the board's own over-current alarms");
	return r;
}
