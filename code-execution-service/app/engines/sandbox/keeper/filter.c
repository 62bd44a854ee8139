/* Which system calls a program may make: a list of what compilers, runtimes and ordinary programs need. Everything else
 * is answered with an error, so that a program which only tries can go on:
 *   EPERM   known and refused: new namespaces, mounts, tracing, sockets, keys, devices, other users' business, and memory
 *           that no process maps (memfd, System V, message queues), which no measure of ours would show
 *   ENOSYS  clone3, whose flags a filter can't read, so that the C library uses clone; and whatever the kernel has
 *           learnt since this list was written, so that libraries use what they used before
 * A call through another architecture's entry (int 0x80, x32) ends the program or is unknown. */
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the sandbox knows x86-64 and arm64 only"
#endif

#define MAX_CALLS 512
#define MAX_INSTRUCTIONS 1024

static const int allowed[] = {
    /* files */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2,
    SYS_openat, SYS_openat2, SYS_close, SYS_close_range, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_faccessat,
    SYS_faccessat2, SYS_readlinkat, SYS_mkdirat, SYS_mknodat, SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat,
    SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat,
    SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_umask, SYS_statfs, SYS_fstatfs, SYS_sync, SYS_fsync, SYS_fdatasync,
    SYS_syncfs, SYS_sync_file_range, SYS_flock, SYS_dup, SYS_dup3, SYS_pipe2, SYS_sendfile, SYS_copy_file_range, SYS_splice,
    SYS_tee, SYS_readahead, SYS_ioctl, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr, SYS_llistxattr,
    SYS_flistxattr,
    /* waiting for descriptors and events */
    SYS_pselect6, SYS_ppoll, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_signalfd4,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime,
    /* messages over an AF_UNIX socket pair, the only kind that can be made */
    SYS_sendmsg, SYS_recvmsg, SYS_sendto, SYS_recvfrom, SYS_sendmmsg, SYS_recvmmsg, SYS_shutdown, SYS_getsockopt,
    SYS_getsockname, SYS_getpeername,
    /* memory */
    SYS_brk, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_msync, SYS_mincore, SYS_mlock, SYS_mlock2,
    SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier, SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect,
    SYS_get_mempolicy,
    /* processes and threads */
    SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_set_tid_address, SYS_set_robust_list,
    SYS_get_robust_list, SYS_futex, SYS_rseq, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getpgid, SYS_setpgid, SYS_getsid,
    SYS_setsid, SYS_prctl, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_sched_yield, SYS_sched_getaffinity,
    SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_setparam, SYS_sched_getscheduler, SYS_sched_setscheduler,
    SYS_sched_getattr, SYS_sched_setattr, SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_rr_get_interval,
    SYS_getpriority, SYS_setpriority, SYS_ioprio_get, SYS_getcpu, SYS_restart_syscall,
    /* signals */
    SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigpending, SYS_rt_sigreturn,
    SYS_rt_sigsuspend, SYS_rt_sigtimedwait, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_sigaltstack,
    /* time */
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_getitimer,
    SYS_setitimer, SYS_timer_create, SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete,
    /* what one is and may */
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid, SYS_getresgid, SYS_setuid, SYS_setgid,
    SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid, SYS_capget, SYS_capset,
    SYS_getrlimit, SYS_setrlimit, SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_getrandom,
#ifdef __x86_64__
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_mknod, SYS_unlink, SYS_rename,
    SYS_link, SYS_symlink, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_getdents, SYS_dup2,
    SYS_pipe, SYS_select, SYS_poll, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_signalfd, SYS_fork, SYS_vfork,
    SYS_getpgrp, SYS_pause, SYS_alarm, SYS_time, SYS_arch_prctl,
#endif
};

/* Newer than the oldest headers that we build with: the number is the same on every architecture. */
static const int unknown[] = {435 /* clone3 */};

/* The last call that this list was written for (cachestat): later ones are unknown. */
#define LAST_KNOWN_CALL 451

enum verdict {
    REFUSED,
    ALLOWED,
    UNKNOWN,
    CLONE,
    SOCKETPAIR,
    PERSONALITY,
    FCNTL,
    PRLIMIT,
    SETSOCKOPT,
    MMAP_WATCHED,
};

static struct sock_filter program[MAX_INSTRUCTIONS];
static unsigned short length;

static unsigned short emit(uint16_t code, uint8_t jump_true, uint8_t jump_false, uint32_t operand)
{
    if (length == MAX_INSTRUCTIONS)
        die("a filter that is too long");
    program[length] = (struct sock_filter){code, jump_true, jump_false, operand};
    return length++;
}

static void load(uint32_t offset)
{
    emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

/* The low half of an argument; where the kernel looks at no more than an int. */
static void load_argument(int index)
{
    load((uint32_t)offsetof(struct seccomp_data, args) + 8 * (uint32_t)index
         + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
}

static void answer(uint32_t value)
{
    emit(BPF_RET | BPF_K, 0, 0, value);
}

static void refuse(int error)
{
    answer(SECCOMP_RET_ERRNO | (uint32_t)error);
}

/* Allows if the accumulator has the value; goes on if not. */
static void allow_if(uint32_t value)
{
    emit(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
    answer(SECCOMP_RET_ALLOW);
}

#define NEW_NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static void decide(enum verdict verdict)
{
    switch (verdict) {
    case ALLOWED:
        answer(SECCOMP_RET_ALLOW);
        return;
    case UNKNOWN:
        refuse(ENOSYS);
        return;
    case CLONE:
        load_argument(0);
        emit(BPF_JMP | BPF_JSET | BPF_K, 1, 0, NEW_NAMESPACES);
        answer(SECCOMP_RET_ALLOW);
        break;
    case SOCKETPAIR:
        load_argument(0);
        allow_if(AF_UNIX);
        break;
    case PERSONALITY: /* asking, the ordinary one, and what debuggers and some runtimes set */
        load_argument(0);
        allow_if(0xffffffff);
        allow_if(PER_LINUX);
        allow_if(ADDR_NO_RANDOMIZE);
        break;
    case FCNTL: /* all but larger pipes, whose memory no process maps and all boxes of a user share */
        load_argument(1);
        emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, F_SETPIPE_SZ);
        answer(SECCOMP_RET_ALLOW);
        break;
    case PRLIMIT: /* one's own: the kernel would let the same user set the keeper's */
        load_argument(0);
        allow_if(0);
        break;
    case SETSOCKOPT: /* all but larger buffers, whose memory no process maps */
        load_argument(2);
        emit(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SO_SNDBUF);
        emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SO_RCVBUF);
        answer(SECCOMP_RET_ALLOW);
        break;
    case MMAP_WATCHED: /* all but shared anonymous memory, which stays when no process maps it any more */
        load_argument(3);
        emit(BPF_ALU | BPF_AND | BPF_K, 0, 0, MAP_SHARED | MAP_ANONYMOUS);
        emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, MAP_SHARED | MAP_ANONYMOUS);
        answer(SECCOMP_RET_ALLOW);
        break;
    case REFUSED:
        break;
    }
    refuse(EPERM);
}

struct range { /* calls from `first` on, up to the next range */
    uint32_t first;
    enum verdict verdict;
};

/* A binary search over the ranges: a list of comparisons would be walked for every number when it is installed. */
static void emit_search(const struct range *ranges, unsigned count)
{
    if (count == 1) {
        decide(ranges[0].verdict);
        return;
    }
    unsigned half = count / 2;
    emit(BPF_JMP | BPF_JGE | BPF_K, 0, 1, ranges[half].first);
    unsigned short jump = emit(BPF_JMP | BPF_JA, 0, 0, 0);
    emit_search(ranges, half);
    program[jump].k = (uint32_t)(length - jump - 1);
    emit_search(ranges + half, count - half);
}

static void mark(enum verdict verdicts[MAX_CALLS], const int *calls, size_t count, enum verdict verdict)
{
    for (size_t i = 0; i < count; i++)
        verdicts[calls[i]] = verdict;
}

/* Once, in the lane; boxes and programs-to-be inherit it in their memory. */
void filter_build(int is_memory_watched)
{
    static enum verdict verdicts[MAX_CALLS]; /* REFUSED, unless marked otherwise */
    static struct range ranges[MAX_CALLS];
    unsigned count = 0;
    mark(verdicts, allowed, sizeof allowed / sizeof *allowed, ALLOWED);
    mark(verdicts, unknown, sizeof unknown / sizeof *unknown, UNKNOWN);
    verdicts[SYS_clone] = CLONE;
    verdicts[SYS_socketpair] = SOCKETPAIR;
    verdicts[SYS_personality] = PERSONALITY;
    verdicts[SYS_fcntl] = FCNTL;
    verdicts[SYS_prlimit64] = PRLIMIT;
    verdicts[SYS_setsockopt] = SETSOCKOPT;
    verdicts[SYS_mmap] = is_memory_watched ? MMAP_WATCHED : ALLOWED;
    for (uint32_t call = LAST_KNOWN_CALL + 1; call < MAX_CALLS; call++)
        verdicts[call] = UNKNOWN;
    for (uint32_t call = 0; call < MAX_CALLS; call++)
        if (call == 0 || verdicts[call] != verdicts[call - 1])
            ranges[count++] = (struct range){call, verdicts[call]};
    load(offsetof(struct seccomp_data, arch));
    emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, OUR_ARCHITECTURE);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(struct seccomp_data, nr));
    emit_search(ranges, count);
}

int filter_install(void)
{
    struct sock_fprog filter = {.len = length, .filter = program};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0);
}
