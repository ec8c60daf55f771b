/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/fnirsi_port.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"

/* Four samples, a hundred a second, says the maker. */
#define REPORT_NS (40 * EP_NS_PER_MS)
#define WAIT_NS (250 * EP_NS_PER_MS)
/* Told after each report when this much has passed. */
#define GO_ON_FAST_NS (3 * EP_NS_PER_MS)
/* A meter that sends nothing is started anew, then opened anew. */
#define SILENT_NS EP_NS_PER_S
#define DEAD_NS (5 * EP_NS_PER_S)
#define BACKOFF_MIN_NS (500 * EP_NS_PER_MS)
#define BACKOFF_MAX_NS (8 * EP_NS_PER_S)
#define PAUSE_LOST_NS (100 * EP_NS_PER_MS)
/* Reports that are looked at before the first value. */
#define LOOK_REPORTS 14
#define NODES_MAX 64
#define PIECE_NS (5 * EP_NS_PER_MS)

static const struct ep_fnirsi_model models[] = {
	{ 0x0483, 0x003a, "fnb48", "FNB48", GO_ON_FAST_NS, EP_FNIRSI_GO_ON },
	{ 0x0483, 0x003b, "c1", "FNIRSI C1", GO_ON_FAST_NS, EP_FNIRSI_GO_ON },
	{ 0x2e3c, 0x5558, "fnb58", "FNB58", EP_NS_PER_S, EP_FNIRSI_START },
	{ 0x2e3c, 0x0049, "fnb48s", "FNB48S", EP_NS_PER_S, EP_FNIRSI_START },
};
#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

const struct ep_fnirsi_model *ep_fnirsi_model_named(const char *name)
{
	for (size_t i = 0; i < MODEL_COUNT; i++)
		if (strcasecmp(models[i].name, name) == 0)
			return &models[i];
	return NULL;
}

const struct ep_fnirsi_model *ep_fnirsi_model_of(uint16_t vendor,
						 uint16_t product)
{
	for (size_t i = 0; i < MODEL_COUNT; i++)
		if (models[i].vendor == vendor && models[i].product == product)
			return &models[i];
	return NULL;
}

/* Keeps FNIRSI's, of one model unless that is NULL; their number. */
static int list(const struct ep_root *root, const struct ep_fnirsi_model *model,
		struct ep_hidraw_node *nodes)
{
	int n = ep_hidraw_list(root, nodes, NODES_MAX), kept = 0;

	for (int i = 0; i < n; i++) {
		const struct ep_fnirsi_model *m =
			ep_fnirsi_model_of(nodes[i].vendor, nodes[i].product);

		if (m && (!model || m == model))
			nodes[kept++] = nodes[i];
	}
	return n < 0 ? n : kept;
}

int ep_fnirsi_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_hidraw_node nodes[NODES_MAX];
	int n = list(&env->root, NULL, nodes);

	return n < 0 ? ep_err_set(err, n, "HID devices cannot be listed: %s",
				  strerror(-n))
		     : n;
}

/* path and serial by USB ids; later only the same meter again. */
static int find(struct ep_fnirsi_port *p, struct ep_err *err)
{
	struct ep_hidraw_node nodes[NODES_MAX];
	const struct ep_fnirsi_model *model =
		p->model ? p->model : p->wish.model;
	int n = list(&p->env->root, model, nodes), kept = 0;

	if (n < 0)
		return ep_err_set(err, n, "HID devices cannot be listed: %s",
				  strerror(-n));
	for (int i = 0; i < n; i++)
		if (!p->model || strcmp(nodes[i].serial, p->serial) == 0)
			nodes[kept++] = nodes[i];
	if (kept == 0)
		return ep_err_set(err, -ENODEV,
				  "no %s is plugged in here; its data cable "
				  "goes to this machine",
				  model ? model->title : "meter of FNIRSI's");
	if (kept > 1)
		return ep_err_set(err, -ENOTUNIQ,
				  "there are several, %s and %s among them; "
				  "name one: --sensor fnirsi:%s",
				  nodes[0].path, nodes[1].path, nodes[0].path);
	(void)ep_str_copy(p->path, sizeof(p->path), nodes[0].path);
	(void)ep_str_copy(p->serial, sizeof(p->serial), nodes[0].serial);
	return 0;
}

static int tell(struct ep_fnirsi_port *p, enum ep_fnirsi_command command)
{
	uint8_t report[EP_FNIRSI_BYTES];

	ep_fnirsi_command(command, report);
	p->told_ns = p->env->now_ns();
	return ep_hidraw_write(&p->hid, report, sizeof(report));
}

/* The first report after this may be garbage. */
static int start(struct ep_fnirsi_port *p)
{
	int r = tell(p, EP_FNIRSI_HELLO);

	if (r == 0)
		r = tell(p, EP_FNIRSI_START);
	if (r == 0)
		r = tell(p, p->model->third);
	p->heard_ns = p->env->now_ns();
	p->fresh = true;
	return r;
}

static void lose(struct ep_fnirsi_port *p)
{
	int64_t now_ns = p->env->now_ns();

	ep_hidraw_close(&p->hid);
	p->gap = true;
	p->backoff_ns = p->backoff_ns == 0 ? BACKOFF_MIN_NS : p->backoff_ns * 2;
	if (p->backoff_ns > BACKOFF_MAX_NS)
		p->backoff_ns = BACKOFF_MAX_NS;
	p->retry_ns = now_ns + p->backoff_ns;
}

static int judge_ids(struct ep_fnirsi_port *p, struct ep_err *err)
{
	const struct ep_fnirsi_model *model =
		ep_fnirsi_model_of(p->hid.vendor, p->hid.product);

	if (!model)
		return ep_err_set(err, -ENXIO,
				  "%s is USB device %04x:%04x, which is no "
				  "meter of FNIRSI's that edgeprof knows; "
				  "without an address it is found by itself",
				  p->path, p->hid.vendor, p->hid.product);
	if (p->model && p->model != model)
		return -ENXIO;
	p->model = model;
	return 0;
}

static int connect_it(struct ep_fnirsi_port *p, struct ep_err *err)
{
	const struct ep_root *root = p->wish.typed && p->wish.path[0]
					     ? &ep_root_machine
					     : &p->env->root;
	int r = p->wish.path[0] ? 0 : find(p, err);

	if (r == 0)
		r = ep_hidraw_open(&p->hid, root, p->path, err);
	if (r == 0)
		r = judge_ids(p, err);
	if (r == 0 && start(p) < 0)
		r = ep_err_set(err, -EIO,
			       "%s takes no commands; unplug the meter and "
			       "plug it in again",
			       p->path);
	if (r < 0)
		lose(p);
	return r;
}

/* Four of nothing. */
static void add_damaged(struct ep_fnirsi_port *p, int *count)
{
	for (int i = 0; i < EP_FNIRSI_SAMPLES; i++)
		p->samples[(*count)++] =
			(struct ep_fnirsi_sample){ .bad = true };
}

/* One report into samples[]; whether it takes a place among them. */
static bool take(struct ep_fnirsi_port *p, const uint8_t *bytes, int len,
		 int *count)
{
	int r = len == EP_FNIRSI_BYTES
			? ep_fnirsi_parse(bytes, p->samples + *count)
			: -EBADMSG;

	if (r == 0)
		return false;
	if (r < 0 || p->fresh) {
		p->skipped_bytes += (uint64_t)len;
		p->gap = true;
		p->fresh &= r < 0;
		if (r > 0 || p->fresh || bytes[0] != EP_FNIRSI_MARK)
			return false;
		add_damaged(p, count);
		return true;
	}
	ep_fnirsi_bends_add(&p->bends, p->samples + *count);
	*count += EP_FNIRSI_SAMPLES;
	return true;
}

/* What is there into samples[]: the number of reports. */
static int read_reports(struct ep_fnirsi_port *p, int *count)
{
	int64_t deadline_ns = p->env->now_ns() + WAIT_NS;
	uint8_t bytes[EP_FNIRSI_BYTES];
	int reports = 0, len = 0;
	/* What waited somewhere comes in pieces: it is told from what is sent
	 * now when all of it is there. */
	bool waited = p->env->now_ns() - p->heard_ns > 2 * p->pace.period_ns;

	*count = 0;
	while (reports < EP_FNIRSI_REPORTS_MAX) {
		len = ep_hidraw_read(&p->hid, bytes, sizeof(bytes),
				     reports == 0 ? deadline_ns
				     : waited	  ? p->env->now_ns() + PIECE_NS
						  : 0);
		if (len < 0)
			break;
		reports += take(p, bytes, len, count);
		/* A device that never falls silent. */
		if (p->env->now_ns() >= deadline_ns)
			break;
	}
	return len < 0 && len != -ETIMEDOUT ? len : reports;
}

/* It sends nothing.  Some firmwares stop unless they are told more often. */
static int wake(struct ep_fnirsi_port *p, int64_t now_ns)
{
	p->gap = true;
	if (p->lost_ns == 0)
		p->lost_ns = p->heard_ns;
	if (now_ns - p->lost_ns > DEAD_NS) {
		p->lost_ns = 0;
		return -EIO;
	}
	if (now_ns - p->heard_ns < SILENT_NS)
		return 0;
	p->restart_count++;
	if (p->wish.go_on_ns == 0)
		p->go_on_ns = GO_ON_FAST_NS;
	return start(p);
}

int ep_fnirsi_port_read(struct ep_fnirsi_port *p)
{
	int64_t now_ns = p->env->now_ns();
	int count = 0, reports = 0, r = 0;

	if (p->hid.fd < 0 && (now_ns < p->retry_ns || connect_it(p, NULL) < 0))
		return -ENODEV;
	reports = read_reports(p, &count);
	now_ns = p->env->now_ns();
	if (reports > 0) {
		p->heard_ns = now_ns;
		p->lost_ns = 0;
		p->backoff_ns = 0;
		if (ep_fnirsi_pace_take(&p->pace, (size_t)reports, now_ns))
			p->gap = true;
	} else if (reports == 0) {
		r = wake(p, now_ns);
	}
	if (reports >= 0 && r == 0 && now_ns - p->told_ns >= p->go_on_ns)
		r = tell(p, EP_FNIRSI_GO_ON);
	if (reports < 0 || r < 0)
		lose(p);
	if (count > 0)
		return count;
	return p->hid.fd < 0 ? -ENODEV : -ETIMEDOUT;
}

int64_t ep_fnirsi_port_pause_ns(const struct ep_fnirsi_port *p)
{
	return p->hid.fd < 0 ? PAUSE_LOST_NS : EP_NS_PER_MS;
}

/* Some reports, which tell the pace and what it sends. */
static int look(struct ep_fnirsi_port *p, struct ep_err *err)
{
	int64_t end_ns = p->env->now_ns() + p->wish.connect_ns;
	int reports = 0, r = 0;

	while (reports < LOOK_REPORTS && p->env->now_ns() < end_ns &&
	       p->hid.fd >= 0 && !ep_env_is_cancelled(p->env)) {
		r = ep_fnirsi_port_read(p);
		reports += r > 0 ? r / EP_FNIRSI_SAMPLES : 0;
	}
	if (reports >= LOOK_REPORTS)
		return 0;
	if (p->hid.fd < 0)
		return ep_err_set(
			err, -EIO,
			"%s: the meter went away; plug its data cable "
			"in again",
			p->path);
	if (p->skipped_bytes > EP_FNIRSI_BYTES)
		return ep_err_set(err, -EBADMSG,
				  "%s: what the %s sends is not understood: "
				  "%llu bytes of another kind",
				  p->path, p->model->title,
				  (unsigned long long)p->skipped_bytes);
	return ep_err_set(err, -ETIMEDOUT,
			  "%s: the %s sends no values within %lld ms; end "
			  "other programs that read it, plug it in again, or "
			  "try keepalive=3ms",
			  p->path, p->model->title,
			  (long long)(p->wish.connect_ns / EP_NS_PER_MS));
}

int ep_fnirsi_port_open(struct ep_fnirsi_port *p, const struct ep_env *env,
			const struct ep_fnirsi_wish *wish, struct ep_err *err)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->hid.fd = -1;
	p->env = env;
	p->wish = *wish;
	ep_fnirsi_pace_init(&p->pace, REPORT_NS);
	if (!ep_str_copy(p->path, sizeof(p->path), wish->path))
		return ep_err_set(err, -ENAMETOOLONG, "%.40s...: too long",
				  wish->path);
	r = connect_it(p, err);
	if (r == 0) {
		p->go_on_ns =
			wish->go_on_ns ? wish->go_on_ns : p->model->go_on_ns;
		r = look(p, err);
	}
	if (r < 0)
		ep_fnirsi_port_close(p);
	p->gap = false;
	p->backoff_ns = 0;
	return r;
}

void ep_fnirsi_port_close(struct ep_fnirsi_port *p)
{
	ep_hidraw_close(&p->hid);
}
