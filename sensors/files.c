/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define LEFT_OUT_LINES 6

int ep_files_init(struct ep_files *f, size_t max)
{
	memset(f, 0, sizeof(*f));
	f->channels = calloc(max, sizeof(*f->channels));
	f->files = calloc(max, sizeof(*f->files));
	if (!f->channels || !f->files) {
		ep_files_done(f);
		return -ENOMEM;
	}
	f->max = max;
	return 0;
}

void ep_files_done(struct ep_files *f)
{
	for (size_t i = 0; f->files && i < f->file_count; i++)
		close(f->files[i].fd);
	free(f->channels);
	free(f->files);
	memset(f, 0, sizeof(*f));
}

static bool name_taken(const struct ep_channel *channels, size_t count,
		       const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(channels[i].name, name) == 0)
			return true;
	return false;
}

void ep_channel_name_unique(const struct ep_channel *channels, size_t count,
			    char name[EP_CHANNEL_NAME_BYTES])
{
	char base[EP_CHANNEL_NAME_BYTES];

	ep_str_slug(name);
	(void)ep_str_copy(base, sizeof(base), name);
	for (int n = 2; name_taken(channels, count, name); n++)
		(void)ep_str_format(name, EP_CHANNEL_NAME_BYTES, "%.40s_%d",
				    base, n);
}

static void read_file(struct ep_file *file)
{
	int64_t value;
	int r = ep_kept_read_i64(file->fd, &value);

	if (r >= 0 && __builtin_mul_overflow(value, file->scale, &value))
		r = -EOVERFLOW;
	file->error = r < 0 ? r : 0;
	if (r >= 0)
		file->value = value;
}

int ep_files_add(struct ep_files *f, int fd, int64_t scale,
		 const struct ep_channel *channel)
{
	struct ep_file file = { fd, 0, scale, 0 };
	struct ep_channel *c;

	if (f->channel_count < f->max)
		read_file(&file);
	else
		file.error = -E2BIG;
	if (file.error < 0) {
		close(fd);
		return file.error;
	}
	c = &f->channels[f->channel_count];
	*c = *channel;
	ep_channel_name_unique(f->channels, f->channel_count, c->name);
	f->channel_count++;
	f->files[f->file_count++] = file;
	return 0;
}

int ep_files_add_product(struct ep_files *f, size_t volts, size_t amps,
			 const char *name)
{
	const struct ep_channel *v = &f->channels[volts];
	const struct ep_channel *a = &f->channels[amps];
	struct ep_channel *c;

	if (f->channel_count == f->max)
		return -E2BIG;
	c = &f->channels[f->channel_count];
	memset(c, 0, sizeof(*c));
	(void)ep_str_copy(c->name, sizeof(c->name), name);
	ep_channel_name_unique(f->channels, f->channel_count, c->name);
	c->quantity = EP_POWER_UW;
	c->shape = EP_GAUGE;
	c->flags = EP_CHANNEL_PRODUCT;
	c->volts_index = (int16_t)volts;
	c->amps_index = (int16_t)amps;
	c->refresh_ns = a->refresh_ns;
	c->window_ns = a->window_ns;
	c->gain_ppm = v->gain_ppm + a->gain_ppm;
	f->channel_count++;
	return 0;
}

void ep_sample_stamp(struct ep_sample *s, int64_t begin_ns, int64_t end_ns)
{
	int64_t span_ns = end_ns - begin_ns;

	s->t_ns = begin_ns + span_ns / 2;
	s->span_ns = span_ns < 0	    ? 0
		     : span_ns > UINT32_MAX ? UINT32_MAX
					    : (uint32_t)span_ns;
}

int ep_files_poll(struct ep_files *f, const struct ep_env *env,
		  const struct ep_sink *sink)
{
	struct ep_sample s = { .flags = 0 };
	int64_t begin_ns = env->now_ns();
	size_t good = 0;

	for (size_t i = 0; i < f->file_count; i++)
		read_file(&f->files[i]);
	ep_sample_stamp(&s, begin_ns, env->now_ns());
	for (size_t i = 0; i < f->file_count; i++) {
		const struct ep_file *file = &f->files[i];

		s.channel = (uint16_t)i;
		s.value = file->error ? 0 : file->value;
		s.flags = file->error ? EP_SAMPLE_ERROR : EP_SAMPLE_UNPROVEN;
		good += file->error == 0;
		sink->emit(sink->ctx, &s);
	}
	if (good == 0 && f->file_count > 0)
		return f->files[0].error;
	return (int)f->file_count;
}

void ep_left_out_add(struct ep_left_out *l, const char *name, int error)
{
	if (l->count++ < LEFT_OUT_LINES)
		ep_sensor_note(l->notes, "%s left out: %s", name,
			       strerror(-error));
}

void ep_left_out_end(const struct ep_left_out *l)
{
	if (l->count > LEFT_OUT_LINES)
		ep_sensor_note(l->notes, "%zu more left out",
			       l->count - LEFT_OUT_LINES);
}
