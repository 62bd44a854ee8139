/* The keeper: the one process of ours inside a box. It starts commands on request and reports facts.
 *
 *   main.c       speaks the protocol with the service over the control socket
 *   command.c    makes the namespaces of one command and watches it until nothing of it is left
 *   init.c       pid 1 of a command's namespaces: fresh mounts, starts the program, reaps
 *   usage.c      what the processes of a command use right now
 *
 * Who is who, from the outside in: bubblewrap made the box. The keeper holds CAP_SYS_ADMIN, SETPCAP and
 * SYS_PTRACE in the box's user namespace and nothing outside. Per command it clones an init into new pid,
 * mount and ipc namespaces; that init starts the program, which holds no capability at all. The program
 * sees neither the keeper (other pid namespace) nor the init (hidepid), and can't trace or kill either.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <stdint.h>
#include <stdnoreturn.h>
#include <sys/types.h>

/* Wire format, in step with keeper_protocol.py. Both ends run on one machine: native byte order. */

enum request_kind { REQUEST_PUT_FILE = 1, REQUEST_RUN = 2 };
enum reply_kind { REPLY_DONE = 1, REPLY_RESULT = 2, REPLY_FAILURE = 3 };

struct frame { /* what every message starts with; `length` bytes follow */
    uint32_t kind;
    uint32_t length;
};

struct command { /* then argc + envc strings, each ended by NUL; after the frame stdin_bytes of input */
    uint64_t cpu_time_ns;
    uint64_t wall_time_ns;
    uint64_t memory_bytes;
    uint64_t output_bytes;
    uint64_t file_bytes;
    uint64_t stdin_bytes;
    uint32_t processes;
    uint32_t is_box_writable; /* compile: /box is writable and the working directory */
    uint32_t argc;
    uint32_t envc;
};

enum outcome { ENDED = 0, TIME_LIMIT = 1, WALL_LIMIT = 2, MEMORY_LIMIT = 3, OUTPUT_LIMIT = 4 };

struct result { /* then stdout_bytes and stderr_bytes of output */
    uint32_t outcome; /* the first limit that was exceeded, or ENDED */
    int32_t exit_code; /* of the main process, -1 if a signal ended it */
    int32_t signal; /* that ended the main process, 0 if it exited */
    uint32_t padding;
    uint64_t cpu_time_ns; /* all processes together */
    uint64_t wall_time_ns; /* from the start of the main process to its end */
    uint64_t memory_bytes; /* peak of all processes together */
    uint64_t stdout_bytes;
    uint64_t stderr_bytes;
};

/* What keeper and init share while a command runs: one page, unmapped in the program by its exec. */
struct report {
    volatile uint64_t started_ns; /* 0 until the program starts */
    volatile uint64_t ended_ns; /* 0 while the main process lives */
    volatile int wait_status; /* of the main process, once ended_ns is set */
    volatile uint64_t cpu_time_ns; /* of every process, once all are reaped */
    volatile uint64_t max_rss_bytes; /* of the largest process, once all are reaped */
    char failure[256]; /* why the init could not do its work; empty if it could */
};

struct invocation {
    struct command command;
    char **argv;
    char **envp;
    int streams[3]; /* the program's stdin, stdout and stderr */
};

struct usage {
    uint64_t cpu_time_ns;
    uint64_t memory_bytes;
};

#define BOX_DIRECTORY "/box" /* the submission's files and what the compiler made of them */
#define SCRATCH_DIRECTORY "/tmp" /* fresh for every command */
#define MAX_SCRATCH_FILES 16384 /* inodes: they cost kernel memory that no size limit counts */

/* init.c */
noreturn void init_main(const struct invocation *invocation, struct report *report);
/* command.c */
struct result run_command(int control, struct invocation *invocation, const int output_files[2],
                          char failure[256]);
/* usage.c */
void usage_reset(void);
struct usage usage_now(pid_t init_pid, uint64_t memory_limit_bytes);
/* main.c */
uint64_t now_ns(void);
noreturn void die(const char *what);

#endif
