// tries = "Calls the C library from C# to leave its namespaces and become root."
// verdicts = ["WA"]
// limits = { cpu_time_ms = 2000 }
using System;
using System.IO;
using System.Runtime.InteropServices;

class Program {
    [DllImport("libc.so.6")] static extern int unshare(int kinds);
    [DllImport("libc.so.6")] static extern int chroot(string path);
    [DllImport("libc.so.6")] static extern int setuid(int user);
    [DllImport("libc.so.6")] static extern int mount(string from, string to, string kind, long flags, string data);
    [DllImport("libc.so.6")] static extern long ptrace(int request, int pid, long address, long data);

    static void Report(string what, long result) {
        if (result >= 0) Console.WriteLine("ESCAPED by " + what);
    }

    static void Main() {
        Report("unshare", unshare(0x10000000));
        Report("chroot", chroot("/tmp"));
        Report("setuid", setuid(0));
        Report("mount", mount("none", "/tmp", "tmpfs", 0, ""));
        Report("ptrace", ptrace(16, 1, 0, 0));
        foreach (string path in new[] {"@secret_file@", "/etc/shadow", "/proc/1/environ"})
            try {
                Console.WriteLine("ESCAPED to " + path + File.ReadAllText(path));
            } catch (Exception refused) {
                Console.WriteLine(refused.GetType().Name);
            }
    }
}
