/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RAPL that is not there: package and core zones on the kernel's own powercap
 * core, whose energy runs on at power_uw[] and wraps at range_uj.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/powercap.h>

static unsigned long power_uw[2] = { 5000000, 3000000 };
static ulong range_uj = 262143328850UL;
static ulong start_uj;
module_param_array(power_uw, ulong, NULL, 0644);
module_param(range_uj, ulong, 0444);
module_param(start_uj, ulong, 0444);

struct fake_zone {
	struct powercap_zone zone;
	unsigned int index;
	u64 since_ns, before_uj, offset_uj;
	unsigned long power_uw;
};
static struct powercap_control_type *control;
static struct fake_zone zones[2];

static u64 energy_uj(struct fake_zone *z)
{
	u64 now_ns = ktime_get_ns();

	z->before_uj +=
		div_u64((now_ns - z->since_ns) / 1000 * z->power_uw, 1000000);
	z->since_ns = now_ns;
	z->power_uw = power_uw[z->index];
	return z->before_uj;
}

static int get_range(struct powercap_zone *zone, u64 *ret)
{
	*ret = range_uj;
	return 0;
}

static int get_energy(struct powercap_zone *zone, u64 *ret)
{
	struct fake_zone *z = container_of(zone, struct fake_zone, zone);
	u64 rest;

	div64_u64_rem(start_uj + energy_uj(z) - z->offset_uj, range_uj, &rest);
	*ret = rest;
	return 0;
}

static int reset_energy(struct powercap_zone *zone)
{
	struct fake_zone *z = container_of(zone, struct fake_zone, zone);

	z->offset_uj = start_uj + energy_uj(z);
	return 0;
}

static int release(struct powercap_zone *zone)
{
	return 0;
}

static const struct powercap_zone_ops ops = {
	.get_max_energy_range_uj = get_range,
	.get_energy_uj = get_energy,
	.reset_energy_uj = reset_energy,
	.release = release,
};
/* Asked for even where a zone has no constraint. */
static int set_u64(struct powercap_zone *zone, int id, u64 value)
{
	return -EOPNOTSUPP;
}

static int get_u64(struct powercap_zone *zone, int id, u64 *ret)
{
	return -EOPNOTSUPP;
}

static const struct powercap_zone_constraint_ops no_constraints = {
	.set_power_limit_uw = set_u64,
	.get_power_limit_uw = get_u64,
	.set_time_window_us = set_u64,
	.get_time_window_us = get_u64,
};

static int __init fakerapl_init(void)
{
	static const char *const names[2] = { "package-0", "core" };
	struct powercap_zone *parent = NULL, *made;
	unsigned int i;

	control = powercap_register_control_type(NULL, "intel-rapl", NULL);
	if (IS_ERR(control))
		return PTR_ERR(control);
	for (i = 0; i < 2; i++) {
		zones[i].index = i;
		zones[i].since_ns = ktime_get_ns();
		zones[i].power_uw = power_uw[i];
		made = powercap_register_zone(&zones[i].zone, control, names[i],
					      parent, &ops, 0, &no_constraints);
		if (IS_ERR(made)) {
			if (i > 0)
				powercap_unregister_zone(control,
							 &zones[0].zone);
			powercap_unregister_control_type(control);
			return PTR_ERR(made);
		}
		parent = made;
	}
	return 0;
}

static void __exit fakerapl_exit(void)
{
	powercap_unregister_zone(control, &zones[1].zone);
	powercap_unregister_zone(control, &zones[0].zone);
	powercap_unregister_control_type(control);
}

module_init(fakerapl_init);
module_exit(fakerapl_exit);
MODULE_DESCRIPTION("powercap zones with scripted power");
MODULE_LICENSE("GPL");
