/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ggml's graphs, without any. */
#include "tests/sim/support/play.h"

#include <stddef.h>

int ggml_backend_sched_graph_compute(void *sched, void *graph);
int ggml_backend_sched_graph_compute_async(void *sched, void *graph);
void ggml_backend_sched_synchronize(void *sched);
void play(FILE *log);

NO_INLINE int ggml_backend_sched_graph_compute_async(void *sched, void *graph)
{
	play_work(4000);
	return sched != graph;
}

NO_INLINE void ggml_backend_sched_synchronize(void *sched)
{
	(void)sched;
	play_work(100);
}

NO_INLINE int ggml_backend_sched_graph_compute(void *sched, void *graph)
{
	int r = ggml_backend_sched_graph_compute_async(sched, graph);

	ggml_backend_sched_synchronize(sched);
	return r;
}

void play(FILE *log)
{
	for (int i = 0; i < 10; i++)
		PLAY(log, "graph",
		     ggml_backend_sched_graph_compute(NULL, NULL));
	play_work(300000);
	for (int i = 0; i < 5; i++)
		PLAY(log, "graph",
		     ggml_backend_sched_graph_compute(NULL, NULL));
}
