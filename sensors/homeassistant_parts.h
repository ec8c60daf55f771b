/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_HOMEASSISTANT_PARTS_H
#define EP_SENSORS_HOMEASSISTANT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What Home Assistant tells of an entity: GET /api/states/ENTITY. */

#define EP_HOME_ENTITY_BYTES 128

enum ep_home_field { EP_HOME_POWER, EP_HOME_ENERGY, EP_HOME_FIELD_COUNT };

struct ep_home_reading {
	char entity[EP_HOME_ENTITY_BYTES];
	char unit[16];		  /* as told; "" none */
	enum ep_home_field field; /* COUNT: the unit is of neither */
	bool good;		  /* the state is a number that can be */
	char state[40];		  /* as told, for messages */
	int64_t value, step;	  /* uW or uJ; step: one last digit */
	/* When it was last reported, or updated where that is not told. */
	char stamp[48];
};

/* 0; -EBADMSG: no state of an entity; -ENODATA: it ends in the middle. */
int ep_home_parse(const char *body, size_t len, struct ep_home_reading *ret);
/* "sensor.plug_power"? */
bool ep_home_is_entity(const char *text);

#endif
