/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

void ep_sensor_note(struct ep_sensor_notes *notes, const char *format, ...)
{
	const size_t max = sizeof(notes->text) / sizeof(notes->text[0]);
	va_list args;

	if (notes->count >= max)
		return;
	va_start(args, format);
	vsnprintf(notes->text[notes->count], sizeof(notes->text[0]), format,
		  args);
	va_end(args);
	ep_str_printable(notes->text[notes->count]);
	notes->count++;
}
