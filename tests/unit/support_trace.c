/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_trace.h"

#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* <sys/ptrace.h> and <linux/ptrace.h> do not go together. */
long ptrace(int request, ...);

#define OTHERS_MAX 8

struct tracees {
	pid_t main;
	pid_t others[OTHERS_MAX];
	int other_count;
};

static void need(long good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

static const unsigned acts[] = {
	SYS_write,    SYS_pwrite64, SYS_fsync,	   SYS_fdatasync, SYS_ftruncate,
	SYS_unlinkat, SYS_mkdirat,  SYS_renameat2, SYS_linkat,
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_unlink
	SYS_unlink,   SYS_mkdir,    SYS_rename,
#endif
};
#define ACT_COUNT (sizeof(acts) / sizeof(acts[0]))

/* From here on only acts stop this process and what it forks. */
static void stop_at_acts(void)
{
	struct sock_filter code[2 * ACT_COUNT + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { 0, code };
	size_t n = 1;

	for (size_t i = 0; i < ACT_COUNT; i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, acts[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							 SECCOMP_RET_TRACE);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, (unsigned long)SECCOMP_MODE_FILTER,
		  &program) < 0)
		_exit(98);
}

/* The call that pid is about to make becomes one that does not exist. */
static void refuse_call(pid_t pid)
{
#if defined(__x86_64__)
	need(ptrace(PTRACE_POKEUSR, pid,
		    offsetof(struct user_regs_struct, orig_rax), -1L) == 0,
	     "POKEUSR");
#elif defined(__aarch64__)
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	need(ptrace(PTRACE_SETREGSET, pid, 0x404, &io) == 0, "SETREGSET");
#else
	(void)pid;
#endif
}

static void strike(struct support_trace *t, const struct tracees *all)
{
	t->struck = true;
	if (t->blow == SUPPORT_FAIL) {
		refuse_call(all->main);
		return;
	}
	for (int i = 0; t->blow != SUPPORT_KILL_MAIN && i < all->other_count;
	     i++)
		kill(all->others[i], SIGKILL);
	if (t->blow != SUPPORT_KILL_OTHERS)
		kill(all->main, SIGKILL);
}

/* Returns how it goes on: to the end of the call, or to the next act. */
static int on_stop(struct support_trace *t, struct tracees *all, pid_t pid,
		   int status)
{
	unsigned long born = 0;

	switch (status >> 16) {
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		if (ptrace(PTRACE_GETEVENTMSG, pid, 0L, &born) == 0 &&
		    all->other_count < OTHERS_MAX)
			all->others[all->other_count++] = (pid_t)born;
		return PTRACE_CONT;
	case PTRACE_EVENT_SECCOMP:
		if (pid == all->main && ++t->act_count == t->act)
			strike(t, all);
		return PTRACE_SYSCALL;
	default:
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && t->after_act)
			t->after_act(t->after_ctx);
		return PTRACE_CONT;
	}
}

/* Signals reach it, but those of the attachment. */
static long signal_of(int status)
{
	int signo = WSTOPSIG(status);

	return status >> 16 || signo == (SIGTRAP | 0x80) || signo == SIGSTOP ||
			       signo == SIGTRAP
		       ? 0
		       : signo;
}

static pid_t start(struct support_trace *t)
{
	pid_t pid = fork();
	int status;

	need(pid >= 0, "fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0L, 0L) < 0)
			_exit(99);
		raise(SIGSTOP);
		stop_at_acts();
		_exit(t->main(t->ctx));
	}
	need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "start");
	need(ptrace(PTRACE_SETOPTIONS, pid, 0L,
		    (long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			   PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL)) == 0,
	     "SETOPTIONS");
	need(ptrace(PTRACE_CONT, pid, 0L, 0L) == 0, "CONT");
	return pid;
}

void support_trace_run(struct support_trace *t)
{
	struct tracees all = { .other_count = 0 };
	int status;
	pid_t pid;

	t->act_count = 0;
	t->status = -1;
	t->struck = false;
	/* What outlives its parent comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0, 0, 0);
	fflush(NULL);
	all.main = start(t);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			(void)ptrace(on_stop(t, &all, pid, status), pid, 0L,
				     signal_of(status));
		else if (pid == all.main)
			t->status = status;
	}
}

static int do_nothing(void *ctx)
{
	return ctx ? 1 : 0;
}

const char *support_trace_lacks(void)
{
	struct support_trace t = { .main = do_nothing };
	pid_t pid = fork();
	const char *why = NULL;
	int status;

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0L, 0L) < 0)
			_exit(99);
		raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return "no child can be started";
	if (!WIFSTOPPED(status))
		return "ptrace is not allowed here";
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (!why) {
		support_trace_run(&t);
		if (!WIFEXITED(t.status) || WEXITSTATUS(t.status) != 0)
			why = "ptrace does not work here";
	}
	return why;
}
