/* One command: its files, its streams, its limits. The next one is always made ready ahead, up to the program that only
 * has to be executed, because all that takes longer than running a small program. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000ULL
#define SAMPLE_INTERVAL_NS (5 * NS_PER_MS) /* where nothing but samples tells of memory */
#define SHORTEST_PAUSE_NS (1 * NS_PER_MS)
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
    const struct lane *lane;
    int stdin_file;
    int result_files; /* -1 if none are wanted */
    uint64_t input_bytes; /* of files that were put into the scratch directory */
    int go;
    int children; /* a signalfd: some process has ended */
    int is_box_writable;
    pid_t program; /* -1 if it could not be made */
    int fork_errno;
    int wait_status; /* of the program, once ended_ns is set */
    uint64_t ended_ns; /* 0 while the program lives */
    uint64_t stopped_ns; /* when a limit made us stop the command; 0 if none did */
    enum outcome outcome;
    struct usage peak;
} now_running = {.children = -1, .is_box_writable = 1};

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

int command_result_files(void)
{
    return now_running.result_files;
}

/* They take memory by the page, and not from what the program may write. */
void command_add_input(uint64_t bytes)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    now_running.input_bytes += (bytes + page - 1) / page * page;
}

static void drain(int index, const struct command *command)
{
    static char chunk[CHUNK_BYTES];
    struct stream *stream = &now_running.streams[index];
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
        uint64_t room = command->output_bytes - stream->bytes;
        size_t kept = (uint64_t)length < room ? (size_t)length : (size_t)room;
        if (kept > 0 && pwrite(stream->file, chunk, kept, (off_t)stream->bytes) != (ssize_t)kept)
            die("keeping the output");
        stream->bytes += kept;
        if (command->is_heard && kept > 0)
            heard_add(index, kept);
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
}

/* The limit that the facts so far exceed, or ENDED. */
static enum outcome exceeded(const struct command *command, uint64_t wall_time_ns)
{
    if (now_running.streams[0].is_over || now_running.streams[1].is_over)
        return OUTPUT_LIMIT;
    if (now_running.lane->is_memory_watched && now_running.peak.memory_bytes > command->memory_bytes)
        return MEMORY_LIMIT;
    if (now_running.peak.cpu_time_ns > command->cpu_time_ns)
        return TIME_LIMIT;
    if (wall_time_ns > command->wall_time_ns)
        return WALL_LIMIT;
    return ENDED;
}

static void raise_peak(struct usage usage)
{
    if (usage.cpu_time_ns > now_running.peak.cpu_time_ns)
        now_running.peak.cpu_time_ns = usage.cpu_time_ns;
    if (usage.memory_bytes > now_running.peak.memory_bytes)
        now_running.peak.memory_bytes = usage.memory_bytes;
}

/* From the start of the program to its end, to the stop, or to now, whichever came first. */
static uint64_t wall_time_ns(void)
{
    uint64_t started_ns = now_running.shared->started_ns;
    uint64_t until_ns = now_running.ended_ns;
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
    if (now_running.lane->is_memory_watched)
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
        raise_peak(usage_now(command));
        *next_sample_ns = now_ns() + pause_ns(command);
    }
    enum outcome outcome = exceeded(command, wall_time_ns());
    if (outcome != ENDED)
        stop(outcome);
}

enum { POLLED_CHILDREN, POLLED_CONTROL, POLLED_STREAMS, POLLED_COUNT = POLLED_STREAMS + 2 };

/* Sleeps until something happens, the next sample is due, or output is to be told. */
static void await_event(struct pollfd polled[POLLED_COUNT], uint64_t next_sample_ns)
{
    uint64_t pause = rest(least(next_sample_ns, heard_next_ns()), now_ns());
    struct timespec timeout = {(time_t)(pause / (1000 * NS_PER_MS)), (long)(pause % (1000 * NS_PER_MS))};
    polled[POLLED_CHILDREN] = (struct pollfd){.fd = now_running.children, .events = POLLIN};
    polled[POLLED_CONTROL] = (struct pollfd){.fd = now_running.lane->control, .events = POLLIN};
    for (int i = 0; i < 2; i++)
        polled[POLLED_STREAMS + i] = (struct pollfd){.fd = now_running.streams[i].pipe, .events = POLLIN};
    if (ppoll(polled, POLLED_COUNT, &timeout, NULL) < 0 && errno != EINTR)
        die("poll");
}

/* We are pid 1: every orphan becomes our child. Returns 0 when there is nobody left to wait for. */
static int reap_one(int options)
{
    struct rusage usage;
    int wait_status;
    pid_t pid = wait4(-1, &wait_status, options, &usage);
    if (pid <= 0)
        return 0;
    usage_add_reaped(&usage);
    if (pid == now_running.program) {
        now_running.wait_status = wait_status;
        now_running.ended_ns = now_ns();
    }
    return 1;
}

static void reap_the_dead(void)
{
    struct signalfd_siginfo information;
    while (read(now_running.children, &information, sizeof information) > 0) {
    }
    while (reap_one(WNOHANG)) {
    }
}

/* Again after each death: a process may have forked before it got the signal. */
static void kill_and_reap_all(void)
{
    do
        kill(-1, SIGKILL);
    while (reap_one(0));
}

/* If nobody waits for the result any more we end here; the box ends with its pid 1. */
static void heed_service(void)
{
    struct frame frame;
    receive(now_running.lane->control, &frame, sizeof frame);
    if (frame.kind != REQUEST_STOP)
        die("a request in the middle of a command");
    stop(ENDED);
}

/* Returns when the program has ended, is to be stopped, or exceeds a limit, and then nothing of the command is left. */
static void watch_until_gone(const struct command *command)
{
    uint64_t next_sample_ns = now_ns() + pause_ns(command);
    struct pollfd polled[POLLED_COUNT];
    while (now_running.ended_ns == 0 && now_running.stopped_ns == 0) {
        await_event(polled, next_sample_ns);
        if (polled[POLLED_CONTROL].revents != 0)
            heed_service();
        for (int i = 0; i < 2; i++)
            if (polled[POLLED_STREAMS + i].revents != 0)
                drain(i, command);
        heard_tell(now_running.lane->control);
        if (polled[POLLED_CHILDREN].revents != 0)
            reap_the_dead();
        if (now_running.stopped_ns == 0)
            check_limits(command, &next_sample_ns);
    }
    kill_and_reap_all();
}

static struct result conclude(const struct command *command)
{
    int status = now_running.wait_status;
    for (int i = 0; i < 2; i++)
        drain(i, command);
    heard_finish(now_running.lane->control);
    raise_peak(usage_in_the_end());
    if (now_running.outcome == ENDED)
        now_running.outcome = exceeded(command, wall_time_ns());
    uint64_t result_files_bytes = 0;
    if (command->resultc > 0) {
        now_running.result_files = memory_file("result files");
        result_files_bytes = collect(now_running.result_files, now_running.shared->results, command->result_file_bytes);
    }
    return (struct result){
        .outcome = now_running.outcome,
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .cpu_time_ns = now_running.peak.cpu_time_ns,
        .wall_time_ns = wall_time_ns(),
        .memory_bytes = now_running.peak.memory_bytes,
        .stdout_bytes = now_running.streams[0].bytes,
        .stderr_bytes = now_running.streams[1].bytes,
        .result_files_bytes = result_files_bytes,
    };
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

static void redirect(struct program_means *means, const int *streams)
{
    close(now_running.streams[0].pipe);
    now_running.streams[0].pipe = -1;
    close(means->streams[1]);
    means->streams[0] = streams[0];
    means->streams[1] = fcntl(streams[1], F_DUPFD_CLOEXEC, 0); /* closed like the end of a pipe of ours */
    if (means->streams[1] < 0)
        die("keeping a stream");
}

static void open_once(void)
{
    sigset_t child;
    void *page = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        die("mmap");
    now_running.shared = page;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    now_running.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (now_running.children < 0)
        die("signalfd");
}

/* A fresh scratch directory in the place of the last command's; set_mounts() gives it its size. */
static void mount_scratch(void)
{
    char options[128];
    snprintf(options, sizeof options, "mode=0700,nr_inodes=%d", MAX_FILES);
    if (mount("tmpfs", SCRATCH_DIRECTORY, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        die("mounting the scratch directory");
}

/* A run finds the files of its submission read-only, and a scratch directory of the size that it may have, on top of what
 * was put there for it. */
static void set_mounts(const struct command *command)
{
    char options[64];
    unsigned long mode = command->is_box_writable ? 0 : MS_RDONLY;
    snprintf(options, sizeof options, "size=%llu", (unsigned long long)(command->file_bytes + now_running.input_bytes));
    if (mount(NULL, SCRATCH_DIRECTORY, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV, options) != 0)
        die("changing the size of the scratch directory");
    if ((int)command->is_box_writable != now_running.is_box_writable
        && mount(NULL, BOX_DIRECTORY, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | mode, NULL) != 0)
        die("changing the mode of the box");
    now_running.is_box_writable = (int)command->is_box_writable;
    if (command->resultc > 0 && mkdir(FEEDBACK_DIRECTORY, 0755) != 0)
        die(FEEDBACK_DIRECTORY);
}

/* Forgets the last command; the payload is left alone, it is long and nobody reads it before it is replaced. */
static void clear(void)
{
    memset(now_running.shared, 0, offsetof(struct shared, strings));
    now_running.wait_status = 0;
    now_running.ended_ns = 0;
    now_running.stopped_ns = 0;
    now_running.outcome = ENDED;
    now_running.peak = (struct usage){0};
    now_running.result_files = -1;
    now_running.input_bytes = 0;
}

/* With `streams` as stdin and stdout, which somebody else reads and writes, or with such that are kept here. */
void command_prepare(const struct lane *lane, const int *streams)
{
    if (now_running.shared == NULL)
        open_once();
    clear();
    mount_scratch();
    now_running.lane = lane;
    now_running.stdin_file = memory_file("stdin");
    now_running.go = eventfd(0, EFD_CLOEXEC);
    if (now_running.go < 0)
        die("eventfd");
    struct program_means means = {
        .shared = now_running.shared,
        .lane = lane,
        .streams = {now_running.stdin_file, open_stream(&now_running.streams[0], "stdout"),
                    open_stream(&now_running.streams[1], "stderr")},
        .go = now_running.go,
    };
    if (streams != NULL)
        redirect(&means, streams);
    now_running.program = fork();
    if (now_running.program == 0)
        program_main(&means);
    now_running.fork_errno = errno;
    close(means.streams[1]);
    close(means.streams[2]);
}

/* In place of running it. */
void command_discard(void)
{
    if (now_running.program > 0) {
        kill(now_running.program, SIGKILL);
        waitpid(now_running.program, NULL, 0);
    }
    command_finish();
}

/* Runs the command that lies in command_shared(); `failure` says so if it could not be run. */
struct result command_run(char failure[256])
{
    uint64_t one = 1;
    struct shared *shared = now_running.shared;
    if (now_running.program < 0) {
        snprintf(failure, 256, "making a process: %s", strerror(now_running.fork_errno));
        return (struct result){0};
    }
    set_mounts(&shared->command);
    heard_begin();
    usage_reset(now_running.lane);
    if (write(now_running.go, &one, sizeof one) != (ssize_t)sizeof one)
        die("starting the program");
    watch_until_gone(&shared->command);
    struct result result = conclude(&shared->command);
    memcpy(failure, shared->failure, sizeof shared->failure);
    return result;
}

/* After the reply: the kernel takes the scratch directory away while the service already looks at the result. */
void command_finish(void)
{
    for (int i = 0; i < 2; i++) {
        if (now_running.streams[i].pipe >= 0)
            close(now_running.streams[i].pipe);
        close(now_running.streams[i].file);
    }
    if (now_running.result_files >= 0)
        close(now_running.result_files);
    close(now_running.stdin_file);
    close(now_running.go);
    if (umount2(SCRATCH_DIRECTORY, MNT_DETACH) != 0)
        die("taking the scratch directory away");
}
