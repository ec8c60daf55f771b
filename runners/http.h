/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_HTTP_H
#define EP_RUNNERS_HTTP_H

#include "runners/runner.h"

extern const struct ep_runner_ops ep_runner_ollama;
extern const struct ep_runner_ops ep_runner_llama_server;
extern const struct ep_runner_ops ep_runner_openai;

#endif
