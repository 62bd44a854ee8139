/* pid 1 of a command's namespaces. It is ours; the program that it starts is not. The program is the same user,
 * but the init holds capabilities that the program does not, and for that the kernel refuses it everything
 * (tracing, scheduling, descriptors) but signals, which a pid 1 only gets if it wants them. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OPEN_FILES 256 /* file_bytes in each is also the ceiling of what memfds can hide */
#define OWN_PROCESSES 2 /* keeper and init count against RLIMIT_NPROC too: same user, same namespace */
#define NS_PER_S 1000000000ULL

static struct report *report_page;

static noreturn void fail(const char *what)
{
    snprintf(report_page->failure, sizeof report_page->failure, "%s: %s", what, strerror(errno));
    _exit(1);
}

/* Keys outlive processes. Where a seccomp filter around us forbids keyctl, the program can't use it either,
 * so a refusal here is no hole and is ignored. */
static void clear_keyrings(void)
{
    long persistent = syscall(SYS_keyctl, KEYCTL_GET_PERSISTENT, -1, KEY_SPEC_PROCESS_KEYRING);
    if (persistent > 0)
        syscall(SYS_keyctl, KEYCTL_CLEAR, persistent);
    syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_SESSION_KEYRING);
    syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_USER_SESSION_KEYRING);
    syscall(SYS_keyctl, KEYCTL_CLEAR, KEY_SPEC_USER_KEYRING);
}

static void set_up_mounts(const struct command *command)
{
    char options[128];
    /* hidepid=2: no entry for processes that the reader may not trace, which is this init. Without /proc in
     * the box (a container that masks it) there can be none here either. */
    if (access("/proc/self", F_OK) == 0
        && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") != 0)
        fail("mounting /proc");
    snprintf(options, sizeof options, "mode=0700,size=%llu,nr_inodes=%d",
             (unsigned long long)command->file_bytes, MAX_SCRATCH_FILES);
    if (mount("tmpfs", SCRATCH_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        fail("mounting the scratch directory");
    if (!command->is_box_writable
        && mount(NULL, BOX_DIRECTORY, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL))
        fail("making the box read-only");
}

static void limit(int resource, uint64_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) != 0)
        fail("getrlimit");
    if (value > now.rlim_max) /* the host's own ceiling is lower: it stays */
        value = now.rlim_max;
    now.rlim_cur = now.rlim_max = value;
    if (setrlimit(resource, &now) != 0)
        fail("setrlimit");
}

/* Backstops in the kernel for what the keeper measures. RLIMIT_AS is not among them: every modern runtime
 * reserves far more than it touches, so it would turn honest programs away; memory is limited by what the
 * sampled processes really hold, and the kernel's own OOM killer takes the program first (main.c). */
static void set_rlimits(const struct command *command)
{
    uint64_t cpu_seconds = (command->cpu_time_ns + NS_PER_S - 1) / NS_PER_S + 1;
    limit(RLIMIT_CPU, cpu_seconds);
    limit(RLIMIT_FSIZE, command->file_bytes);
    limit(RLIMIT_NOFILE, MAX_OPEN_FILES);
    limit(RLIMIT_NPROC, command->processes + OWN_PROCESSES);
    limit(RLIMIT_STACK, command->memory_bytes);
    limit(RLIMIT_CORE, 0);
}

static void drop_privileges(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability) != 0)
            fail("dropping a capability from the bounding set");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        fail("clearing the ambient capabilities");
    if (syscall(SYS_capset, &header, none) != 0)
        fail("dropping the capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("no_new_privs");
}

static noreturn void become_program(const struct invocation *invocation)
{
    const struct command *command = &invocation->command;
    sigset_t none;
    setsid();
    for (int fd = 0; fd < 3; fd++)
        if (dup2(invocation->streams[fd], fd) != fd)
            fail("dup2");
    syscall(SYS_close_range, 3, ~0U, 0); /* a second wall: everything of ours is close-on-exec already */
    if (chdir(command->is_box_writable ? BOX_DIRECTORY : SCRATCH_DIRECTORY) != 0)
        fail("chdir");
    umask(022);
    set_rlimits(command);
    drop_privileges();
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    report_page->started_ns = now_ns();
    execve(invocation->argv[0], invocation->argv, invocation->envp);
    dprintf(2, "%s: %s\n", invocation->argv[0], strerror(errno));
    _exit(127); /* as a shell does it */
}

static void note_end(int wait_status)
{
    report_page->wait_status = wait_status;
    report_page->ended_ns = now_ns();
}

/* Returns when the main process has ended or when SIGTERM says to stop. The keeper sends it when a limit is
 * exceeded; a program that sends it only asks for its own end. */
static void wait_for_end(pid_t main_pid)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    while (report_page->ended_ns == 0 && sigwaitinfo(&awaited, NULL) != SIGTERM) {
        int wait_status;
        for (pid_t pid; (pid = waitpid(-1, &wait_status, WNOHANG)) > 0;)
            if (pid == main_pid)
                note_end(wait_status);
    }
}

/* The kernel would kill what is left when this init exits, but without adding it to anybody's usage. */
static void kill_and_reap_all(pid_t main_pid)
{
    for (;;) {
        int wait_status;
        kill(-1, SIGKILL);
        pid_t pid = waitpid(-1, &wait_status, 0);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == main_pid)
            note_end(wait_status);
    }
}

noreturn void init_main(const struct invocation *invocation, struct report *report)
{
    struct rusage usage;
    report_page = report;
    clear_keyrings();
    set_up_mounts(&invocation->command);
    pid_t main_pid = fork();
    if (main_pid < 0)
        fail("starting the program");
    if (main_pid == 0)
        become_program(invocation);
    for (int fd = 0; fd < 3; fd++)
        close(invocation->streams[fd]); /* else the pipes would never report their end */
    wait_for_end(main_pid);
    kill_and_reap_all(main_pid);
    getrusage(RUSAGE_CHILDREN, &usage);
    report->cpu_time_ns = ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * NS_PER_S
                          + ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000;
    report->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    _exit(0);
}
