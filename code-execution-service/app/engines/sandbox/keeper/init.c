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

#define MAX_OPEN_FILES 256
#define OWN_PROCESSES 2 /* keeper and init count against RLIMIT_NPROC too: same user, same namespace */
#define NS_PER_S 1000000000ULL

static struct shared *shared;

static noreturn void fail(const char *what)
{
    snprintf(shared->failure, sizeof shared->failure, "%s: %s", what, strerror(errno));
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

/* The mounts of a run; most commands are one. */
static void set_up_mounts(void)
{
    char options[128];
    /* hidepid=2: no entry for processes that the reader may not trace, which is this init. Without /proc in
     * the box (a container that masks it) there can be none here either. */
    if (access("/proc/self", F_OK) == 0
        && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") != 0)
        fail("mounting /proc");
    snprintf(options, sizeof options, "mode=0700,size=%d,nr_inodes=%d", SCRATCH_BYTES, MAX_FILES);
    if (mount("tmpfs", SCRATCH_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        fail("mounting the scratch directory");
    if (mount(NULL, BOX_DIRECTORY, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
        fail("making the box read-only");
}

int needs_mounting(const struct command *command)
{
    return command->is_box_writable || command->file_bytes != SCRATCH_BYTES;
}

static void change_mounts(const struct command *command)
{
    char options[64];
    snprintf(options, sizeof options, "size=%llu", (unsigned long long)command->file_bytes);
    if (mount(NULL, SCRATCH_DIRECTORY, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, options) != 0)
        fail("changing the size of the scratch directory");
    if (command->is_box_writable
        && mount(NULL, BOX_DIRECTORY, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV, NULL) != 0)
        fail("making the box writable");
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

static void enter_cgroup(const struct cgroup *cgroup)
{
    for (int i = 0; i < MAX_ATTACH; i++)
        if (cgroup->attach[i] >= 0 && write(cgroup->attach[i], "0", 1) != 1)
            fail("entering the cgroup");
}

/* All that does not depend on the command is done before the go: the filter alone takes longer than an exec. */
static void get_ready(const struct init_means *means)
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

static noreturn void become_program(const struct init_means *means)
{
    const struct command *command = &shared->command;
    uint64_t count;
    sigset_t none;
    get_ready(means);
    if (read(means->go, &count, sizeof count) != (ssize_t)sizeof count)
        fail("waiting for the start");
    enter_cgroup(&means->cgroup);
    if (chdir(command->is_box_writable ? BOX_DIRECTORY : SCRATCH_DIRECTORY) != 0)
        fail("chdir");
    set_rlimits(command);
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    shared->started_ns = now_ns();
    execve(shared->argv[0], shared->argv, shared->envp);
    dprintf(2, "%s: %s\n", shared->argv[0], strerror(errno));
    _exit(127); /* as a shell does it */
}

static void note_end(int wait_status)
{
    shared->wait_status = wait_status;
    shared->ended_ns = now_ns();
}

static void mount_and_go(const struct init_means *means)
{
    uint64_t one = 1;
    change_mounts(&shared->command);
    if (write(means->go, &one, sizeof one) != (ssize_t)sizeof one)
        fail("starting the program");
}

/* Returns when the main process has ended or when we are told to stop. The box tells it when a limit is exceeded; a
 * program that sends the signal only asks for its own end. */
static void wait_for_end(const struct init_means *means, pid_t main_pid)
{
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGNAL_STOP);
    sigaddset(&awaited, SIGNAL_MOUNT);
    while (shared->ended_ns == 0) {
        int wait_status, signal = sigwaitinfo(&awaited, NULL);
        if (signal == SIGNAL_STOP)
            return;
        if (signal == SIGNAL_MOUNT && shared->started_ns == 0) /* later only the program can have sent it */
            mount_and_go(means);
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

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_usec * 1000;
}

noreturn void init_main(const struct init_means *means)
{
    struct rusage usage;
    uint64_t one = 1;
    shared = means->shared;
    clear_keyrings();
    set_up_mounts();
    pid_t main_pid = fork();
    if (main_pid < 0)
        fail("starting the program");
    if (main_pid == 0)
        become_program(means);
    for (int fd = 0; fd < 3; fd++)
        close(means->streams[fd]); /* else the pipes would never report their end */
    wait_for_end(means, main_pid);
    kill_and_reap_all(main_pid);
    getrusage(RUSAGE_CHILDREN, &usage);
    shared->cpu_time_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
    shared->max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    if (write(means->done, &one, sizeof one) != (ssize_t)sizeof one)
        fail("reporting the end");
    _exit(0);
}
