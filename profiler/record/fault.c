/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/record/session.h"

#define TAIL_BYTES 2048
#define LINE_BYTES 300

/* The last line that says something; "" none. */
static void last_line(int fd, char *ret, size_t size)
{
	char text[TAIL_BYTES + 1];
	off_t end = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, text, TAIL_BYTES,
			  end > TAIL_BYTES ? end - TAIL_BYTES : 0);
	char *line;

	ret[0] = '\0';
	if (n <= 0)
		return;
	text[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0' || text[i] == '\r')
			text[i] = '\n';
	ep_str_chomp(text);
	line = strrchr(text, '\n');
	(void)ep_str_copy(ret, size, line ? line + 1 : text);
	ep_str_printable(ret);
}

void ep_session_tell_fault(struct ep_session *s)
{
	struct ep_runner_result result = { .exited = false };
	char line[LINE_BYTES] = "", text[600];
	int fd;

	if (!s->runner)
		return;
	s->runner_ops->result(s->runner, &result);
	if (!result.fault[0])
		return;
	fd = openat(s->writer.dir_fd, "stderr.log",
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0) {
		last_line(fd, line, sizeof(line));
		close(fd);
	}
	(void)ep_str_format(text, sizeof(text), "%s%s%s%s", result.fault,
			    line[0] ? "; the last line of its stderr: " : "",
			    line, line[0] ? " (all of it: stderr.log)" : "");
	s->progress.tell(s->progress.ctx, EP_PROGRESS_WARNING, text, 0);
	ep_session_event(s, "warning", "server-died", text);
}
