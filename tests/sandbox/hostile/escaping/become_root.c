// tries = "Becomes root: by identity, capability, set-user-ID programs and their loader's variables."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <grp.h>

int main(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    char *programs[] = {"/usr/bin/su", "/usr/bin/mount", "/usr/bin/passwd", "/usr/bin/newgrp", "/usr/bin/chsh", "/usr/bin/sudo"};
    char *variables[] = {"LD_PRELOAD=/tmp/hostile-mark.so", "LD_AUDIT=/tmp/hostile-mark.so", NULL};
    gid_t root_group = 0;
    if (setuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0 || setgroups(1, &root_group) == 0)
        puts("ESCAPED: is root");
    if (syscall(SYS_capset, &header, all) == 0)
        puts("ESCAPED: has capabilities");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0) == 0 || prctl(PR_SET_SECUREBITS, 1) == 0)
        puts("ESCAPED: may have capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        puts("ESCAPED: may gain privileges");
    fflush(stdout);
    for (int i = 0; i < 6; i++) {
        if (fork() == 0) {
            char *arguments[] = {programs[i], "--version", NULL};
            execve(programs[i], arguments, variables);
            _exit(1);
        }
        wait(NULL);
    }
    if (geteuid() == 0 || getuid() == 0)
        puts("ESCAPED: is root");
    puts("done");
    return 0;
}
