/* What the processes of a command use right now. One command runs at a time, so every process in the box's /proc belongs
 * to it, but for the keeper, which is pid 1. */
#define _GNU_SOURCE
#include "keeper.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_FOUND 1024
#define SEEN_PROCESSES 256
#define FREE_SOCKETS 33 /* and one line for the heading */
#define SOCKET_BYTES 212992 /* net.core.wmem_default */

/* CPU time of processes that nobody waits for (their parent ignores SIGCHLD) is added to no rusage, so what
 * each process was last seen with is kept here. */
static struct {
    pid_t pid;
    uint64_t cpu_time_ns;
} seen[SEEN_PROCESSES];
static unsigned next_seen;
static uint64_t seen_cpu_time_ns;

/* What the processes used that we have reaped, with the children that they had waited for. */
static struct usage reaped;

static int is_memory_watched;

/* Counts since ever, so what it said at the start is kept. */
static int cgroup_file = -1;
static uint64_t cgroup_start_ns;

/* See struct cgroup for the two forms. */
static uint64_t read_cgroup_cpu_time_ns(void)
{
    char text[128];
    unsigned long long number = 0;
    ssize_t length = pread(cgroup_file, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    if (sscanf(text, "usage_usec %llu", &number) == 1)
        return number * 1000;
    if (sscanf(text, "%llu", &number) != 1)
        die("reading the cgroup's CPU time");
    return number;
}

static uint64_t cgroup_cpu_time_ns(void)
{
    uint64_t now = read_cgroup_cpu_time_ns();
    return now > cgroup_start_ns ? now - cgroup_start_ns : 0;
}

void usage_reset(const struct lane *lane)
{
    is_memory_watched = lane->is_memory_watched;
    cgroup_file = lane->cgroup.cpu_usage;
    if (cgroup_file >= 0)
        cgroup_start_ns = read_cgroup_cpu_time_ns();
    memset(seen, 0, sizeof seen);
    reaped = (struct usage){0};
    next_seen = 0;
    seen_cpu_time_ns = 0;
}

static uint64_t nanoseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_usec * 1000;
}

void usage_add_reaped(const struct rusage *usage)
{
    uint64_t memory_bytes = (uint64_t)usage->ru_maxrss * 1024;
    reaped.cpu_time_ns += nanoseconds(usage->ru_utime) + nanoseconds(usage->ru_stime);
    if (memory_bytes > reaped.memory_bytes)
        reaped.memory_bytes = memory_bytes;
}

static void note_cpu_time(pid_t pid, uint64_t cpu_time_ns)
{
    unsigned slot = 0;
    while (slot < SEEN_PROCESSES && seen[slot].pid != pid)
        slot++;
    if (slot == SEEN_PROCESSES) {
        slot = next_seen++ % SEEN_PROCESSES;
        seen[slot].pid = pid;
        seen[slot].cpu_time_ns = 0;
    }
    if (cpu_time_ns < seen[slot].cpu_time_ns) /* another process under the same pid */
        seen[slot].cpu_time_ns = 0;
    seen_cpu_time_ns += cpu_time_ns - seen[slot].cpu_time_ns;
    seen[slot].cpu_time_ns = cpu_time_ns;
}

/* The numbers that name an entry of the directory, but for one; returns how many. */
static unsigned list(const char *directory, pid_t left_out, pid_t found[MAX_FOUND])
{
    unsigned count = 0;
    DIR *entries = opendir(directory);
    if (entries == NULL)
        return 0;
    for (struct dirent *entry; count < MAX_FOUND && (entry = readdir(entries)) != NULL;) {
        pid_t pid = atoi(entry->d_name);
        if (pid > 0 && pid != left_out)
            found[count++] = pid;
    }
    closedir(entries);
    return count;
}

/* Reads /proc/PID/NAME into `text`; false if the process is gone. */
static int read_entry(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = 0;
    return length > 0;
}

/* CPU time of a live process by its clock, exact; a reaped process has none. */
static uint64_t own_cpu_time_ns(pid_t pid)
{
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
        return 0;
    return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

/* CPU time of the children that the process has waited for, in clock ticks of 10 ms. */
static uint64_t waited_cpu_time_ns(pid_t pid)
{
    char text[1024];
    unsigned long long user, system;
    if (!read_entry(pid, "stat", text, sizeof text))
        return 0;
    char *after_name = strrchr(text, ')'); /* the name may hold anything, even blanks and brackets */
    /* proc(5): fields 3 to 15 are skipped, 16 and 17 are cutime and cstime. */
    if (after_name == NULL
        || sscanf(after_name + 1,
                  " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        return 0;
    return (user + system) * (1000000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK));
}

static uint64_t resident_pages(pid_t pid, const char *statm)
{
    char text[256];
    unsigned long long pages;
    return read_entry(pid, statm, text, sizeof text) && sscanf(text, "%*u %llu", &pages) == 1 ? pages : 0;
}

static uint64_t resident_bytes(pid_t pid)
{
    static pid_t threads[MAX_FOUND];
    uint64_t pages = resident_pages(pid, "statm");
    if (pages == 0) { /* dead, or only its first thread is: then the others still hold the memory */
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", pid);
        for (unsigned count = list(path, pid, threads); pages == 0 && count > 0; count--) {
            snprintf(path, sizeof path, "task/%d/statm", threads[count - 1]);
            pages = resident_pages(pid, path);
        }
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* As resident_bytes, but a page that n processes share counts 1/n. */
static uint64_t proportional_bytes(pid_t pid)
{
    char text[4096];
    unsigned long long kibibytes;
    char *line = read_entry(pid, "smaps_rollup", text, sizeof text) ? strstr(text, "\nPss:") : NULL;
    if (line == NULL || sscanf(line, "\nPss: %llu", &kibibytes) != 1)
        return resident_bytes(pid);
    return kibibytes * 1024;
}

/* A child of vfork() has its parent's memory, not memory of its own. */
static int has_memory_of_earlier(const pid_t *found, unsigned index)
{
    for (unsigned other = 0; other < index; other++)
        if (syscall(SYS_kcmp, found[other], found[index], KCMP_VM, 0, 0) == 0)
            return 1;
    return 0;
}

/* Exact, and too slow for every sample: only asked when the plain sum says that the limit is exceeded. */
static uint64_t exact_memory_bytes(const pid_t *found, unsigned count)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < count; i++)
        if (!has_memory_of_earlier(found, i))
            total += proportional_bytes(found[i]);
    return total;
}

/* What socket pairs may hold, which no process maps: each socket the default of the kernel's wmem, which the filter
 * keeps programs from raising. The first ones are free, for runtimes and event loops have some. */
static uint64_t socket_bytes(void)
{
    uint64_t lines = 0;
    char chunk[4096];
    int file = open("/proc/net/unix", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    for (ssize_t length; (length = read(file, chunk, sizeof chunk)) > 0;)
        for (ssize_t i = 0; i < length; i++)
            lines += chunk[i] == '\n';
    close(file);
    return lines > FREE_SOCKETS ? (lines - FREE_SOCKETS) * SOCKET_BYTES : 0;
}

static uint64_t cpu_time_ns(pid_t pid)
{
    uint64_t own = own_cpu_time_ns(pid);
    note_cpu_time(pid, own);
    return own + waited_cpu_time_ns(pid);
}

/* Memory is what the command holds now, CPU time what it has used since usage_reset(). In a container that
 * masks /proc nothing is found: what is left are the cgroup, the rlimits and the final rusage. */
static struct usage sampled_usage(uint64_t memory_limit_bytes)
{
    static pid_t found[MAX_FOUND];
    struct usage usage = {.cpu_time_ns = reaped.cpu_time_ns};
    unsigned count = list("/proc", getpid(), found);
    for (unsigned i = 0; i < count; i++) {
        usage.memory_bytes += resident_bytes(found[i]);
        usage.cpu_time_ns += cpu_time_ns(found[i]);
    }
    if (usage.memory_bytes > memory_limit_bytes && count > 1)
        usage.memory_bytes = exact_memory_bytes(found, count);
    usage.memory_bytes += socket_bytes();
    if (usage.cpu_time_ns < seen_cpu_time_ns)
        usage.cpu_time_ns = seen_cpu_time_ns;
    return usage;
}

struct usage usage_now(const struct command *command)
{
    struct usage usage = {0};
    if (is_memory_watched || cgroup_file < 0)
        usage = sampled_usage(command->memory_bytes);
    if (cgroup_file >= 0)
        usage.cpu_time_ns = cgroup_cpu_time_ns();
    return usage;
}

/* When all are reaped; memory is that of the largest process. */
struct usage usage_in_the_end(void)
{
    struct usage usage = reaped;
    if (cgroup_file >= 0)
        usage.cpu_time_ns = cgroup_cpu_time_ns();
    return usage;
}
