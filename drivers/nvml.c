/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/nvml.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/nvml_parts.h"

#define LIBRARY "libnvidia-ml.so.1"

/* A newer name first; what is required must be there under one of them. */
static const struct {
	const char *names[2];
	size_t offset;
	bool required;
} symbols[] = {
#define AT(member) offsetof(struct ep_nvml_calls, member)
	{ { "nvmlInit_v2", "nvmlInit" }, AT(init), true },
	{ { "nvmlShutdown", NULL }, AT(shutdown), true },
	{ { "nvmlErrorString", NULL }, AT(error_string), false },
	{ { "nvmlSystemGetDriverVersion", NULL }, AT(driver_version), false },
	{ { "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount" }, AT(count), true },
	{ { "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex" },
	  AT(by_index),
	  true },
	{ { "nvmlDeviceGetHandleByUUID", NULL }, AT(by_uuid), false },
	{ { "nvmlDeviceGetName", NULL }, AT(name), false },
	{ { "nvmlDeviceGetUUID", NULL }, AT(uuid), false },
	{ { "nvmlDeviceGetCudaComputeCapability", NULL },
	  AT(capability),
	  false },
	{ { "nvmlDeviceGetTotalEnergyConsumption", NULL }, AT(energy), false },
	{ { "nvmlDeviceGetPowerUsage", NULL }, AT(power), false },
	{ { "nvmlDeviceGetFieldValues", NULL }, AT(fields), false },
	{ { "nvmlDeviceGetUtilizationRates", NULL }, AT(use), false },
	{ { "nvmlDeviceGetClockInfo", NULL }, AT(clock), false },
	{ { "nvmlDeviceGetTemperature", NULL }, AT(temp), false },
	{ { "nvmlDeviceGetCurrentClocksEventReasons",
	    "nvmlDeviceGetCurrentClocksThrottleReasons" },
	  AT(throttle),
	  false },
#undef AT
};

int ep_nvml_errno(int status)
{
	static const struct {
		int status, code;
	} codes[] = {
		{ EP_NVML_SUCCESS, 0 },
		{ EP_NVML_UNINITIALIZED, -ESHUTDOWN },
		{ EP_NVML_INVALID_ARGUMENT, -EINVAL },
		{ EP_NVML_NOT_SUPPORTED, -EOPNOTSUPP },
		{ EP_NVML_NO_PERMISSION, -EACCES },
		{ EP_NVML_NOT_FOUND, -ENXIO },
		{ EP_NVML_DRIVER_NOT_LOADED, -ESHUTDOWN },
		{ EP_NVML_TIMEOUT, -ETIMEDOUT },
		{ EP_NVML_FUNCTION_NOT_FOUND, -EOPNOTSUPP },
		{ EP_NVML_GPU_IS_LOST, -ENXIO },
		{ EP_NVML_RESET_REQUIRED, -ENXIO },
		{ EP_NVML_VERSION_MISMATCH, -EPROTO },
		{ EP_NVML_IN_USE, -EBUSY },
		{ EP_NVML_MEMORY, -ENOMEM },
		{ EP_NVML_NO_DATA, -ENODATA },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return -EIO;
}

static int say(const struct ep_nvml *nvml, int status, struct ep_err *err)
{
	const char *text = nvml->calls.error_string
				   ? nvml->calls.error_string(status)
				   : NULL;
	int code = ep_nvml_errno(status);

	if (status == EP_NVML_DRIVER_NOT_LOADED)
		return ep_err_set(err, -ENXIO,
				  "NVIDIA's kernel driver is not loaded: "
				  "modprobe nvidia, or install the driver");
	if (status == EP_NVML_VERSION_MISMATCH)
		return ep_err_set(err, code,
				  "NVIDIA's library and kernel driver are of "
				  "different versions: reboot, or reload the "
				  "driver, after an update");
	if (status == EP_NVML_NO_PERMISSION)
		return ep_err_set(err, code,
				  "this user may not use NVIDIA's driver: "
				  "check who may open /dev/nvidiactl and "
				  "/dev/nvidia0");
	return ep_err_set(err, code, "NVIDIA's library says: %s (%d)",
			  text ? text : "no reason", status);
}

bool ep_nvml_present(const struct ep_root *root)
{
	/* The last is the door to the host's driver in WSL2. */
	static const char *const signs[] = { "/proc/driver/nvidia/version",
					     "/sys/module/nvidia",
					     "/dev/nvidiactl", "/dev/dxg" };

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (ep_root_exists(root, signs[i]) == 0)
			return true;
	return false;
}

/* A descriptor of the library's file below a redirected root. */
static int find_below(const struct ep_root *root, const char *library)
{
	static const char *const folders[] = { "/usr/lib/x86_64-linux-gnu",
					       "/usr/lib/aarch64-linux-gnu",
					       "/usr/lib64", "/usr/lib",
					       "/usr/lib/wsl/lib" };
	char path[128];
	int fd = -ENOENT;

	if (strchr(library, '/'))
		return ep_root_openat(root, library, O_RDONLY);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		(void)ep_str_format(path, sizeof(path), "%s/%.60s", folders[i],
				    library);
		fd = ep_root_openat(root, path, O_RDONLY);
		if (fd >= 0)
			break;
	}
	return fd;
}

static int load(struct ep_nvml *nvml, const struct ep_root *root,
		const char *library, struct ep_err *err)
{
	char path[40];
	const char *why;
	int fd;

	if (!ep_root_redirected(root)) {
		nvml->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
		why = nvml->library ? NULL : dlerror();
		if (!nvml->library)
			return ep_err_set(err, -ELIBACC,
					  "NVIDIA's management library cannot "
					  "be loaded: %s; install the driver's "
					  "libraries, or name the file with "
					  "library=",
					  why ? why : library);
		return 0;
	}
	fd = find_below(root, library);
	if (fd < 0)
		return ep_err_set(err, -ELIBACC,
				  "%s is not below EDGEPROF_ROOT: %s; the "
				  "machine's own would speak of other GPUs "
				  "(--sensor nvml_gpu,library=%s takes it)",
				  library, strerror(-fd), LIBRARY);
	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	nvml->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	why = nvml->library ? NULL : dlerror();
	close(fd);
	if (nvml->library)
		return 0;
	return ep_err_set(err, -ELIBBAD,
			  "%s below EDGEPROF_ROOT cannot be loaded: %s",
			  library, why ? why : "no reason");
}

static int find_symbols(struct ep_nvml *nvml, const char *library,
			struct ep_err *err)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *at = NULL;

		for (size_t k = 0; !at && k < 2 && symbols[i].names[k]; k++)
			at = dlsym(nvml->library, symbols[i].names[k]);
		if (!at && symbols[i].required)
			return ep_err_set(err, -ELIBBAD,
					  "%s is not NVIDIA's management "
					  "library: it has no %s",
					  library, symbols[i].names[0]);
		/* ISO C has no cast from data to functions; POSIX has the
		 * guarantee that the bits are the same. */
		memcpy((char *)&nvml->calls + symbols[i].offset, &at,
		       sizeof(at));
	}
	return 0;
}

static int start(struct ep_nvml *nvml, struct ep_err *err)
{
	const struct ep_nvml_calls *c = &nvml->calls;
	int status = c->init();

	if (status != EP_NVML_SUCCESS)
		return say(nvml, status, err);
	nvml->started = true;
	status = c->count(&nvml->gpu_count);
	if (status != EP_NVML_SUCCESS)
		return say(nvml, status, err);
	if (nvml->gpu_count == 0)
		return ep_err_set(err, -ENXIO,
				  "NVIDIA's driver runs but knows no GPU "
				  "(nvidia-smi -L lists them)");
	if (!c->driver_version ||
	    c->driver_version(nvml->driver_version,
			      sizeof(nvml->driver_version)) != EP_NVML_SUCCESS)
		(void)ep_str_copy(nvml->driver_version,
				  sizeof(nvml->driver_version), "unknown");
	ep_str_printable(nvml->driver_version);
	return 0;
}

static void stop(struct ep_nvml *nvml)
{
	if (nvml->started)
		(void)nvml->calls.shutdown();
	nvml->started = false;
}

int ep_nvml_open(const struct ep_root *root, const char *library,
		 struct ep_nvml **ret, struct ep_err *err)
{
	struct ep_nvml *nvml = calloc(1, sizeof(*nvml));
	int r;

	if (!nvml)
		return ep_err_set(err, -ENOMEM, "out of memory");
	if (!library)
		library = LIBRARY;
	r = load(nvml, root, library, err);
	if (r == 0)
		r = find_symbols(nvml, library, err);
	if (r == 0)
		r = start(nvml, err);
	if (r < 0) {
		ep_nvml_close(nvml);
		return r;
	}
	*ret = nvml;
	return 0;
}

void ep_nvml_close(struct ep_nvml *nvml)
{
	if (!nvml)
		return;
	stop(nvml);
	if (nvml->library)
		(void)dlclose(nvml->library);
	free(nvml);
}

int ep_nvml_restart(struct ep_nvml *nvml)
{
	struct ep_err ignored;

	stop(nvml);
	return start(nvml, &ignored);
}

const char *ep_nvml_driver_version(const struct ep_nvml *nvml)
{
	return nvml->driver_version;
}

unsigned ep_nvml_count(const struct ep_nvml *nvml)
{
	return nvml->gpu_count;
}

int ep_nvml_gpu_open(struct ep_nvml *nvml, unsigned index,
		     struct ep_nvml_gpu *ret, struct ep_err *err)
{
	const struct ep_nvml_calls *c = &nvml->calls;
	struct ep_nvml_gpu gpu = { .index = index };
	int status = c->by_index(index, &gpu.handle);

	if (status != EP_NVML_SUCCESS)
		return say(nvml, status, err);
	if (!c->name ||
	    c->name(gpu.handle, gpu.name, sizeof(gpu.name)) != EP_NVML_SUCCESS)
		(void)ep_str_copy(gpu.name, sizeof(gpu.name), "GPU");
	if (!c->uuid ||
	    c->uuid(gpu.handle, gpu.uuid, sizeof(gpu.uuid)) != EP_NVML_SUCCESS)
		gpu.uuid[0] = '\0';
	if (!c->capability || c->capability(gpu.handle, &gpu.major,
					    &gpu.minor) != EP_NVML_SUCCESS)
		gpu.major = gpu.minor = 0;
	gpu.name[sizeof(gpu.name) - 1] = '\0';
	gpu.uuid[sizeof(gpu.uuid) - 1] = '\0';
	ep_str_printable(gpu.name);
	ep_str_printable(gpu.uuid);
	*ret = gpu;
	return 0;
}

int ep_nvml_gpu_find(const struct ep_nvml *nvml, struct ep_nvml_gpu *gpu)
{
	const struct ep_nvml_calls *c = &nvml->calls;
	void *handle = NULL;
	int status;

	if (!nvml->started)
		return -ESHUTDOWN;
	if (gpu->uuid[0] && c->by_uuid)
		status = c->by_uuid(gpu->uuid, &handle);
	else
		status = c->by_index(gpu->index, &handle);
	if (status != EP_NVML_SUCCESS)
		return ep_nvml_errno(status);
	gpu->handle = handle;
	return 0;
}
