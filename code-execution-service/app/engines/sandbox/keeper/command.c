/* One command: its namespaces, its streams, its limits. The next one is always made ready ahead, up to the program
 * that only has to be executed, because making namespaces takes longer than running a small program. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ULL
#define SAMPLE_INTERVAL_NS (5 * NS_PER_MS) /* where nothing but samples tells of memory */
#define SHORTEST_PAUSE_NS (1 * NS_PER_MS)
#define KILL_GRACE_NS (500 * NS_PER_MS) /* for the init to reap; then the kernel does, uncounted */
#define CHUNK_BYTES 65536 /* the default capacity of a pipe */

struct stream { /* one of the program's outputs */
    int pipe; /* read end; -1 once it is at its end or no longer of interest */
    int file; /* where it is kept: a memfd, so that it never counts as our own memory */
    uint64_t bytes; /* kept, at most the limit */
    int is_over; /* more came than the limit allows */
};

static struct {
    struct shared *shared;
    struct stream streams[2];
    const struct cgroup *cgroup;
    int control;
    int stdin_file;
    int go;
    int done;
    int init_pidfd;
    pid_t init_pid; /* -1 if it could not be made */
    int init_errno;
    enum outcome outcome;
    uint64_t stopped_ns; /* when a limit made us stop the command; 0 if none did */
    struct usage peak;
} now_running;

struct shared *command_shared(void)
{
    return now_running.shared;
}

int command_stdin(void)
{
    return now_running.stdin_file;
}

int command_output(int index)
{
    return now_running.streams[index].file;
}

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
        if (kept > 0 && pwrite(stream->file, chunk, kept, (off_t)stream->bytes) != (ssize_t)kept)
            die("keeping the output");
        stream->bytes += kept;
        if (kept < (size_t)length) {
            stream->is_over = 1;
            return;
        }
    }
}

static void stop(enum outcome outcome)
{
    now_running.outcome = outcome;
    now_running.stopped_ns = now_ns();
    kill(now_running.init_pid, SIGNAL_STOP);
}

/* The limit that the facts so far exceed, or ENDED. */
static enum outcome exceeded(const struct command *command, uint64_t wall_time_ns)
{
    if (now_running.streams[0].is_over || now_running.streams[1].is_over)
        return OUTPUT_LIMIT;
    if (command->is_memory_watched && now_running.peak.memory_bytes > command->memory_bytes)
        return MEMORY_LIMIT;
    if (now_running.peak.cpu_time_ns > command->cpu_time_ns)
        return TIME_LIMIT;
    if (wall_time_ns > command->wall_time_ns)
        return WALL_LIMIT;
    return ENDED;
}

static void raise_peak(uint64_t cpu_time_ns, uint64_t memory_bytes)
{
    if (cpu_time_ns > now_running.peak.cpu_time_ns)
        now_running.peak.cpu_time_ns = cpu_time_ns;
    if (memory_bytes > now_running.peak.memory_bytes)
        now_running.peak.memory_bytes = memory_bytes;
}

/* From the start of the program to its end, to the stop, or to now, whichever came first. */
static uint64_t wall_time_ns(void)
{
    uint64_t started_ns = now_running.shared->started_ns;
    uint64_t until_ns = now_running.shared->ended_ns;
    if (now_running.stopped_ns != 0)
        until_ns = now_running.stopped_ns;
    else if (until_ns == 0)
        until_ns = now_ns();
    return started_ns != 0 && until_ns > started_ns ? until_ns - started_ns : 0;
}

static uint64_t rest(uint64_t limit, uint64_t used)
{
    return limit > used ? limit - used : 0;
}

static uint64_t least(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}

/* How long nothing can be exceeded unless an event tells: CPU time grows no faster than all cores together. */
static uint64_t pause_ns(const struct command *command)
{
    static uint64_t cores;
    if (command->is_memory_watched)
        return SAMPLE_INTERVAL_NS;
    if (cores == 0)
        cores = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t pause = least(rest(command->cpu_time_ns, now_running.peak.cpu_time_ns) / cores,
                           rest(command->wall_time_ns, wall_time_ns()));
    return pause > SHORTEST_PAUSE_NS ? pause : SHORTEST_PAUSE_NS;
}

static void check_limits(const struct command *command, uint64_t *next_sample_ns)
{
    if (now_ns() >= *next_sample_ns) {
        struct usage usage = usage_now(now_running.init_pid, command);
        raise_peak(usage.cpu_time_ns, usage.memory_bytes);
        *next_sample_ns = now_ns() + pause_ns(command);
    }
    enum outcome outcome = exceeded(command, wall_time_ns());
    if (outcome != ENDED)
        stop(outcome);
}

enum { POLLED_DONE, POLLED_INIT, POLLED_CONTROL, POLLED_STREAMS, POLLED_COUNT = POLLED_STREAMS + 2 };

/* Sleeps until something happens or the next sample is due. */
static void await_event(struct pollfd polled[POLLED_COUNT], uint64_t next_sample_ns)
{
    int is_stopped = now_running.stopped_ns != 0; /* its output is of no more interest */
    uint64_t pause = is_stopped ? SAMPLE_INTERVAL_NS : rest(next_sample_ns, now_ns());
    struct timespec timeout = {(time_t)(pause / (1000 * NS_PER_MS)), (long)(pause % (1000 * NS_PER_MS))};
    polled[POLLED_DONE] = (struct pollfd){.fd = now_running.done, .events = POLLIN};
    polled[POLLED_INIT] = (struct pollfd){.fd = now_running.init_pidfd, .events = POLLIN};
    polled[POLLED_CONTROL] = (struct pollfd){.fd = now_running.control, .events = 0}; /* only a hang-up */
    for (int i = 0; i < 2; i++)
        polled[POLLED_STREAMS + i] =
            (struct pollfd){.fd = is_stopped ? -1 : now_running.streams[i].pipe, .events = POLLIN};
    if (ppoll(polled, POLLED_COUNT, &timeout, NULL) < 0 && errno != EINTR)
        die("poll");
}

/* Returns when every process of the command is reaped, or its init has died, and with it all of them. */
static void watch_until_gone(const struct command *command)
{
    uint64_t next_sample_ns = now_ns() + pause_ns(command);
    struct pollfd polled[POLLED_COUNT];
    for (;;) {
        await_event(polled, next_sample_ns);
        if (polled[POLLED_CONTROL].revents != 0)
            _exit(0); /* nobody waits for the result any more; the box ends with its pid 1 */
        for (int i = 0; i < 2; i++)
            if (polled[POLLED_STREAMS + i].revents != 0)
                drain(&now_running.streams[i], command->output_bytes);
        if (polled[POLLED_DONE].revents != 0 || polled[POLLED_INIT].revents != 0)
            return;
        if (now_running.stopped_ns == 0)
            check_limits(command, &next_sample_ns);
        else if (now_ns() > now_running.stopped_ns + KILL_GRACE_NS)
            kill(now_running.init_pid, SIGKILL);
    }
}

static struct result conclude(const struct command *command)
{
    const struct shared *shared = now_running.shared;
    int is_reported = shared->ended_ns != 0;
    for (int i = 0; i < 2; i++)
        drain(&now_running.streams[i], command->output_bytes);
    raise_peak(has_cgroup_cpu_time() ? cgroup_cpu_time_ns() : shared->cpu_time_ns, shared->max_rss_bytes);
    if (now_running.outcome == ENDED)
        now_running.outcome = exceeded(command, wall_time_ns());
    return (struct result){
        .outcome = now_running.outcome,
        .exit_code = is_reported && WIFEXITED(shared->wait_status) ? WEXITSTATUS(shared->wait_status) : -1,
        .signal = !is_reported ? SIGKILL
                  : WIFSIGNALED(shared->wait_status) ? WTERMSIG(shared->wait_status) : 0,
        .cpu_time_ns = now_running.peak.cpu_time_ns,
        .wall_time_ns = wall_time_ns(),
        .memory_bytes = now_running.peak.memory_bytes,
        .stdout_bytes = now_running.streams[0].bytes,
        .stderr_bytes = now_running.streams[1].bytes,
    };
}

/* As fork(), into new namespaces. */
static pid_t clone_init(int *init_pidfd)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_PIDFD | SIGCHLD;
    return (pid_t)syscall(SYS_clone, flags, NULL, init_pidfd, NULL, 0);
}

/* Returns the program's end. */
static int open_stream(struct stream *stream, const char *name)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
        die("pipe");
    *stream = (struct stream){.pipe = ends[0], .file = memory_file(name)};
    return ends[1];
}

static void map_shared(void)
{
    void *page = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        die("mmap");
    now_running.shared = page;
}

/* Forgets the last command; the payload is left alone, it is long and nobody reads it before it is replaced. */
static void clear_shared(struct shared *shared)
{
    memset(shared, 0, offsetof(struct shared, strings));
}

void command_prepare(const struct lane *lane)
{
    if (now_running.shared == NULL)
        map_shared();
    clear_shared(now_running.shared);
    now_running.outcome = ENDED;
    now_running.stopped_ns = 0;
    now_running.peak = (struct usage){0};
    now_running.control = lane->control;
    now_running.cgroup = &lane->cgroup;
    now_running.stdin_file = memory_file("stdin");
    now_running.go = eventfd(0, EFD_CLOEXEC);
    now_running.done = eventfd(0, EFD_CLOEXEC);
    if (now_running.go < 0 || now_running.done < 0)
        die("eventfd");
    struct init_means means = {
        .shared = now_running.shared,
        .cgroup = lane->cgroup,
        .streams = {now_running.stdin_file, open_stream(&now_running.streams[0], "stdout"),
                    open_stream(&now_running.streams[1], "stderr")},
        .go = now_running.go,
        .done = now_running.done,
    };
    now_running.init_pid = clone_init(&now_running.init_pidfd);
    if (now_running.init_pid == 0)
        init_main(&means);
    now_running.init_errno = errno;
    close(means.streams[1]);
    close(means.streams[2]);
}

static void start(const struct command *command)
{
    uint64_t one = 1;
    usage_reset(now_running.cgroup);
    if (needs_mounting(command))
        kill(now_running.init_pid, SIGNAL_MOUNT);
    else if (write(now_running.go, &one, sizeof one) != (ssize_t)sizeof one)
        die("starting the program");
}

/* Runs the command that lies in command_shared(); `failure` says so if it could not be run. */
struct result command_run(char failure[256])
{
    struct shared *shared = now_running.shared;
    if (now_running.init_pid < 0) {
        snprintf(failure, 256, "making namespaces: %s", strerror(now_running.init_errno));
        return (struct result){0};
    }
    start(&shared->command);
    watch_until_gone(&shared->command);
    struct result result = conclude(&shared->command);
    memcpy(failure, shared->failure, sizeof shared->failure);
    return result;
}

/* After the reply: the kernel takes the namespaces down while the service already looks at the result. */
void command_finish(void)
{
    if (now_running.init_pid >= 0) {
        waitpid(now_running.init_pid, NULL, 0);
        close(now_running.init_pidfd);
    }
    for (int i = 0; i < 2; i++) {
        if (now_running.streams[i].pipe >= 0)
            close(now_running.streams[i].pipe);
        close(now_running.streams[i].file);
    }
    close(now_running.stdin_file);
    close(now_running.go);
    close(now_running.done);
}
