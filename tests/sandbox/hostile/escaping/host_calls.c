// tries = "Calls what changes the whole host: reboot, modules, kexec, swap, quotas, names, accounting, ports."
// verdicts = ["WA"]
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <unistd.h>

static void report(const char *what, long result)
{
    if (result >= 0)
        printf("ESCAPED by %s\n", what);
}

int main(void)
{
    report("reboot", reboot(0)); /* CAD off: harmless where it works */
    report("sethostname", sethostname("hostile-mark", 12));
    report("setdomainname", setdomainname("hostile-mark", 12));
    report("acct", acct(NULL));
    report("swapoff", swapoff("/tmp/hostile-mark"));
    report("vhangup", vhangup());
    report("init_module", syscall(SYS_init_module, "", 0, ""));
    report("finit_module", syscall(SYS_finit_module, 0, "", 0));
    report("delete_module", syscall(SYS_delete_module, "hostile_mark", 0));
    report("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0));
    report("quotactl", syscall(SYS_quotactl, 0, NULL, 0, NULL));
    report("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
    report("open_by_handle_at", syscall(SYS_open_by_handle_at, 0, "\0\0\0\0\0\0\0\0", 0));
    report("lookup_dcookie", syscall(212, 0, NULL, 0));
    report("nfsservctl", syscall(180, 0, NULL, NULL));
#ifdef __x86_64__
    report("iopl", syscall(SYS_iopl, 3));
    report("ioperm", syscall(SYS_ioperm, 0x70, 2, 1));
    report("swapon", syscall(SYS_swapon, "/tmp/hostile-mark", 0));
#endif
    puts("done");
    return 0;
}
