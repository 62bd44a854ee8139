/* The program from its fork to its exec: it gives up everything that the box may and it may not. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_OPEN_FILES 256
#define OWN_PROCESSES 1 /* the box's keeper counts against RLIMIT_NPROC too: same user, same namespace */
#define MAX_STACK_BYTES (256ULL * 1024 * 1024) /* also what each thread reserves unless it says otherwise */
#define UNSEEN_BYTES (128ULL * 1024 * 1024)
#define NS_PER_S 1000000000ULL

static struct shared *shared;

static noreturn void fail(const char *what)
{
    snprintf(shared->failure, sizeof shared->failure, "%s: %s", what, strerror(errno));
    _exit(1);
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
 * processes really hold, by a cgroup or by samples, and the kernel's own OOM killer takes the program first (main.c). */
static void set_rlimits(const struct command *command, int is_memory_watched)
{
    uint64_t cpu_seconds = (command->cpu_time_ns + NS_PER_S - 1) / NS_PER_S + 1;
    limit(RLIMIT_CPU, cpu_seconds);
    limit(RLIMIT_FSIZE, command->file_bytes);
    limit(RLIMIT_NOFILE, MAX_OPEN_FILES);
    limit(RLIMIT_NPROC, command->processes + OWN_PROCESSES);
    limit(RLIMIT_STACK, command->memory_bytes < MAX_STACK_BYTES ? command->memory_bytes : MAX_STACK_BYTES);
    limit(RLIMIT_CORE, 0);
    /* Without cgroup and /proc nobody sees memory before the end. This stops what would eat the host's; the room on top
     * is for what runtimes map and never touch. */
    if (is_memory_watched && access("/proc/self", F_OK) != 0)
        limit(RLIMIT_DATA, command->memory_bytes + UNSEEN_BYTES);
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

static void enter_cgroup(const struct cgroup *cgroup)
{
    for (int i = 0; i < MAX_ATTACH; i++)
        if (cgroup->attach[i] >= 0 && write(cgroup->attach[i], "0", 1) != 1)
            fail("entering the cgroup");
}

/* All that does not depend on the command is done before the go: the filter alone takes longer than an exec. */
static void get_ready(const struct program_means *means)
{
    setsid();
    for (int fd = 0; fd < 3; fd++)
        if (dup2(means->streams[fd], fd) != fd)
            fail("dup2");
    umask(022);
    drop_privileges();
    if (filter_install() != 0)
        fail("the system call filter");
}

noreturn void program_main(const struct program_means *means)
{
    const struct command *command = &means->shared->command;
    uint64_t count;
    sigset_t none;
    shared = means->shared;
    get_ready(means);
    if (read(means->go, &count, sizeof count) != (ssize_t)sizeof count)
        fail("waiting for the start");
    enter_cgroup(&means->lane->cgroup);
    if (chdir(command->is_box_writable ? BOX_DIRECTORY : SCRATCH_DIRECTORY) != 0)
        fail("chdir");
    set_rlimits(command, means->lane->is_memory_watched);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    shared->started_ns = now_ns();
    execve(shared->argv[0], shared->argv, shared->envp);
    dprintf(2, "%s: %s\n", shared->argv[0], strerror(errno));
    _exit(127); /* as a shell does it */
}
