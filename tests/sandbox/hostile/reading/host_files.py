# tries = "Reads what the host keeps: users, keys, settings, databases, other people's folders."
# verdicts = ["WA"]
import os

paths = """
/etc/shadow /etc/ssh /etc/hostname /etc/resolv.conf /etc/machine-id /root /home /var /run /srv /opt /mnt /boot
/sys /sys/fs/cgroup /usr/local/bin /lib/modules /proc/kcore /proc/kmsg /proc/1/environ
/proc/1/root/etc/passwd /proc/1/cwd/x /dev/mem /dev/kmsg /dev/sda /dev/vda /dev/tty /dev/shm/host-secret
/proc/@pid@/environ /proc/@pid@/root @secret_file@ @secret_memory@ /proc/1/root@secret_file@
""".split()
for path in paths:
    try:
        if os.path.isdir(path):
            found = os.listdir(path)
        else:
            with open(path, "rb") as file:
                found = file.read(4096)
        if found:
            print("ESCAPED to", path, found)
    except OSError:
        pass
print("done")
