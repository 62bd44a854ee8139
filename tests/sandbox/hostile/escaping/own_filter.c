// tries = "Puts a system call filter of its own around set-user-ID programs and its init's children."
// verdicts = ["WA", "RTE"]
// because = "it may be refused, or end by its own filter"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    struct sock_filter lie[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO}};
    struct sock_fprog program = {1, lie};
    if (fork() == 0) {
        char *arguments[] = {"/usr/bin/su", NULL};
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
        execv(arguments[0], arguments);
        _exit(0);
    }
    puts("done");
    fflush(stdout);
    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return 0;
}
