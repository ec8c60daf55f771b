/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/version.h"

#ifndef EP_BUILD
#define EP_BUILD EP_VERSION
#endif

const char ep_version[] = EP_VERSION;
const char ep_build[] = EP_BUILD;
