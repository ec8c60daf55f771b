/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/edgeprof-board.5.scd names every sensor and every key. */
#include "sensors/board_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/table.h"

#define PAGE "docs/edgeprof-board.5.scd"

static char page[128 * 1024];

static int read_page(void **state)
{
	FILE *f = fopen(PAGE, "re");
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(page, 1, sizeof(page) - 1, f);
	assert_true(len > 0 && len < sizeof(page) - 1);
	page[len] = '\0';
	fclose(f);
	return 0;
}

/* "*key*" in text[0..len): as scdoc writes '_' in bold, or not. */
static bool names(const char *text, size_t len, const char *key)
{
	char bold[80], *part = malloc(len + 1);
	bool found;

	assert_non_null(part);
	memcpy(part, text, len);
	part[len] = '\0';
	snprintf(bold, sizeof(bold), "*%s*", key);
	found = strstr(part, bold) != NULL;
	free(part);
	return found;
}

/* Of a sensor: from a line that begins with a bold word and has "*name*" to the
 * next of that kind, or the next heading. */
static const char *section(const char *name, size_t *ret_len)
{
	const char *line = strstr(page, "# SENSOR SECTIONS"), *begin = NULL;

	assert_non_null(line);
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t len = strcspn(line, "\n");

		if (begin && (*line == '*' || *line == '#')) {
			*ret_len = (size_t)(line - begin);
			return begin;
		}
		if (!begin && *line == '*' && names(line, len, name))
			begin = line;
	}
	*ret_len = begin ? strlen(begin) : 0;
	return begin;
}

static void every_sensor_and_its_keys(void **state)
{
	(void)state;
	for (size_t i = 0; ep_sensors[i]; i++) {
		const struct ep_param *p = ep_sensors[i]->params;
		size_t len = 0;
		const char *text = section(ep_sensors[i]->name, &len);

		if (!text)
			fail_msg("%s: no sensor %s", PAGE, ep_sensors[i]->name);
		for (; p && p->key; p++)
			if (!names(text, len, p->key))
				fail_msg("%s: %s has no key %s", PAGE,
					 ep_sensors[i]->name, p->key);
	}
}

static void every_other_name_of_a_sensor(void **state)
{
	(void)state;
	for (size_t i = 0; ep_sensor_aliases[i].name; i++) {
		size_t len = 0;
		const char *text = section(ep_sensor_aliases[i].driver, &len);

		if (!text || !names(text, len, ep_sensor_aliases[i].name))
			fail_msg("%s: %s is not called %s", PAGE,
				 ep_sensor_aliases[i].driver,
				 ep_sensor_aliases[i].name);
	}
}

/* The text below a heading. */
static void has_keys(const char *heading, const struct ep_param *params)
{
	const char *text = strstr(page, heading), *end;

	if (!text)
		fail_msg("%s: no heading '%s'", PAGE, heading);
	end = strstr(text + 1, "\n# ");
	for (; params->key; params++)
		if (!names(text, end ? (size_t)(end - text) : strlen(text),
			   params->key))
			fail_msg("%s: %s has no key %s", PAGE, heading,
				 params->key);
}

static void every_key_of_the_other_sections(void **state)
{
	(void)state;
	has_keys("# KEYS OF THE FILE", ep_board_top_params);
	has_keys("# MATCH SECTIONS", ep_board_match_params);
	has_keys("# RAIL SECTIONS", ep_board_rail_params);
	has_keys("# COUNTERS SECTION", ep_board_counter_params);
	has_keys("# CALIBRATION SECTIONS", ep_board_calibration_params);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sensor_and_its_keys),
		cmocka_unit_test(every_other_name_of_a_sensor),
		cmocka_unit_test(every_key_of_the_other_sections),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
