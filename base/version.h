/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_VERSION_H
#define EP_BASE_VERSION_H

extern const char ep_version[]; /* "0.1.0" */
extern const char ep_build[];	/* changes with the code: "0.1.0-1234-5678" */

#endif
