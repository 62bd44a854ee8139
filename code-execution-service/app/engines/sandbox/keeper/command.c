/* One command: its namespaces, its streams, its limits. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ULL
#define SAMPLE_INTERVAL_NS (5 * NS_PER_MS)
#define KILL_GRACE_NS (500 * NS_PER_MS) /* for the init to reap; then the kernel does, uncounted */
#define CHUNK_BYTES 65536 /* the default capacity of a pipe */

struct stream { /* one of the program's outputs */
    int pipe; /* read end; -1 once it is at its end or no longer of interest */
    int file; /* where it is kept: a memfd, so that it never counts as the keeper's own memory */
    uint64_t bytes; /* kept, at most the limit */
    int is_over; /* more came than the limit allows */
};

struct watch {
    const struct command *command;
    struct report *report;
    struct stream streams[2];
    int control;
    int init_pidfd;
    pid_t init_pid;
    enum outcome outcome;
    uint64_t stopped_ns; /* when a limit made us stop the command; 0 if none did */
    struct usage peak;
};

static void drain(struct stream *stream, uint64_t limit_bytes)
{
    static char chunk[CHUNK_BYTES];
    while (stream->pipe >= 0) {
        ssize_t length = read(stream->pipe, chunk, sizeof chunk);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return;
        if (length <= 0) {
            close(stream->pipe);
            stream->pipe = -1;
            return;
        }
        uint64_t room = limit_bytes - stream->bytes;
        size_t kept = (uint64_t)length < room ? (size_t)length : (size_t)room;
        if (kept > 0 && write(stream->file, chunk, kept) != (ssize_t)kept)
            die("keeping the output");
        stream->bytes += kept;
        if (kept < (size_t)length) {
            stream->is_over = 1;
            return;
        }
    }
}

static void stop(struct watch *watch, enum outcome outcome)
{
    watch->outcome = outcome;
    watch->stopped_ns = now_ns();
    kill(watch->init_pid, SIGTERM);
}

static int is_output_over(const struct watch *watch)
{
    return watch->streams[0].is_over || watch->streams[1].is_over;
}

/* The limit that the facts so far exceed, or ENDED. */
static enum outcome exceeded(const struct watch *watch, uint64_t wall_time_ns)
{
    if (is_output_over(watch))
        return OUTPUT_LIMIT;
    if (watch->peak.memory_bytes > watch->command->memory_bytes)
        return MEMORY_LIMIT;
    if (watch->peak.cpu_time_ns > watch->command->cpu_time_ns)
        return TIME_LIMIT;
    if (wall_time_ns > watch->command->wall_time_ns)
        return WALL_LIMIT;
    return ENDED;
}

static void raise_peak(struct watch *watch, uint64_t cpu_time_ns, uint64_t memory_bytes)
{
    if (cpu_time_ns > watch->peak.cpu_time_ns)
        watch->peak.cpu_time_ns = cpu_time_ns;
    if (memory_bytes > watch->peak.memory_bytes)
        watch->peak.memory_bytes = memory_bytes;
}

/* From the start of the program to its end, to the stop, or to now, whichever came first. */
static uint64_t wall_time_ns(const struct watch *watch)
{
    uint64_t started_ns = watch->report->started_ns;
    uint64_t until_ns = watch->report->ended_ns;
    if (watch->stopped_ns != 0)
        until_ns = watch->stopped_ns;
    else if (until_ns == 0)
        until_ns = now_ns();
    return started_ns != 0 && until_ns > started_ns ? until_ns - started_ns : 0;
}

static void check_limits(struct watch *watch, uint64_t *next_sample_ns)
{
    if (now_ns() >= *next_sample_ns) {
        struct usage usage = usage_now(watch->init_pid, watch->command->memory_bytes);
        raise_peak(watch, usage.cpu_time_ns, usage.memory_bytes);
        *next_sample_ns = now_ns() + SAMPLE_INTERVAL_NS;
    }
    enum outcome outcome = exceeded(watch, wall_time_ns(watch));
    if (outcome != ENDED)
        stop(watch, outcome);
}

/* Sleeps until something happens or the next sample is due. */
static void await_event(const struct watch *watch, struct pollfd polled[4], uint64_t next_sample_ns)
{
    uint64_t now = now_ns();
    uint64_t pause_ns = next_sample_ns > now ? next_sample_ns - now : 0;
    struct timespec pause = {0, (long)(watch->stopped_ns != 0 ? SAMPLE_INTERVAL_NS : pause_ns)};
    int is_stopped = watch->stopped_ns != 0; /* its output is of no more interest */
    polled[0] = (struct pollfd){.fd = watch->init_pidfd, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = watch->control, .events = 0}; /* only a hang-up */
    for (int i = 0; i < 2; i++)
        polled[2 + i] = (struct pollfd){.fd = is_stopped ? -1 : watch->streams[i].pipe, .events = POLLIN};
    if (ppoll(polled, 4, &pause, NULL) < 0 && errno != EINTR)
        die("poll");
}

/* Returns when the init has ended, and with it every process of the command. */
static void watch_until_gone(struct watch *watch)
{
    uint64_t next_sample_ns = now_ns() + SAMPLE_INTERVAL_NS;
    struct pollfd polled[4];
    for (;;) {
        await_event(watch, polled, next_sample_ns);
        if (polled[1].revents != 0)
            _exit(0); /* nobody waits for the result any more; the box ends with its pid 1 */
        for (int i = 0; i < 2; i++)
            if (polled[2 + i].revents != 0)
                drain(&watch->streams[i], watch->command->output_bytes);
        if (polled[0].revents != 0)
            return;
        if (watch->stopped_ns == 0)
            check_limits(watch, &next_sample_ns);
        else if (now_ns() > watch->stopped_ns + KILL_GRACE_NS)
            kill(watch->init_pid, SIGKILL);
    }
}

static struct result conclude(struct watch *watch)
{
    const struct report *report = watch->report;
    int is_reported = report->ended_ns != 0;
    for (int i = 0; i < 2; i++)
        drain(&watch->streams[i], watch->command->output_bytes);
    raise_peak(watch, report->cpu_time_ns, report->max_rss_bytes);
    if (watch->outcome == ENDED)
        watch->outcome = exceeded(watch, wall_time_ns(watch));
    return (struct result){
        .outcome = watch->outcome,
        .exit_code = is_reported && WIFEXITED(report->wait_status) ? WEXITSTATUS(report->wait_status) : -1,
        .signal = !is_reported ? SIGKILL
                  : WIFSIGNALED(report->wait_status) ? WTERMSIG(report->wait_status) : 0,
        .cpu_time_ns = watch->peak.cpu_time_ns,
        .wall_time_ns = wall_time_ns(watch),
        .memory_bytes = watch->peak.memory_bytes,
        .stdout_bytes = watch->streams[0].bytes,
        .stderr_bytes = watch->streams[1].bytes,
    };
}

/* As fork(), into new namespaces. */
static pid_t clone_init(int *init_pidfd)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_PIDFD | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, init_pidfd, NULL, 0);
}

static void open_stream(struct stream *stream, int *program_end, int file)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        die("pipe");
    *stream = (struct stream){.pipe = ends[0], .file = file};
    *program_end = ends[1];
}

static void release(struct watch *watch)
{
    waitpid(watch->init_pid, NULL, 0);
    close(watch->init_pidfd);
    for (int i = 0; i < 2; i++)
        if (watch->streams[i].pipe >= 0)
            close(watch->streams[i].pipe);
}

/* Runs the command; its output goes to the two files. `failure` says so if it could not be run. */
struct result run_command(int control, struct invocation *invocation, const int output_files[2],
                          char failure[256])
{
    static struct report *report;
    struct watch watch = {.command = &invocation->command, .control = control};
    struct result result = {0};
    if (report == NULL)
        report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        die("mmap");
    memset(report, 0, sizeof *report);
    watch.report = report;
    usage_reset();
    for (int i = 0; i < 2; i++)
        open_stream(&watch.streams[i], &invocation->streams[1 + i], output_files[i]);
    watch.init_pid = clone_init(&watch.init_pidfd);
    if (watch.init_pid == 0)
        init_main(invocation, report);
    close(invocation->streams[1]);
    close(invocation->streams[2]);
    if (watch.init_pid < 0) {
        snprintf(failure, 256, "making namespaces: %s", strerror(errno));
        return result;
    }
    watch_until_gone(&watch);
    result = conclude(&watch);
    release(&watch);
    memcpy(failure, report->failure, sizeof report->failure);
    return result;
}
