// tries = "Calls the kernel past the library, and starts children with new namespaces and root's identity."
// verdicts = ["WA"]
package main

import (
	"fmt"
	"os/exec"
	"syscall"
)

func report(what string, err error) {
	if err == nil {
		fmt.Println("ESCAPED by", what)
	}
}

func main() {
	report("unshare", syscall.Unshare(syscall.CLONE_NEWUSER|syscall.CLONE_NEWNS))
	report("mount", syscall.Mount("none", "/tmp", "tmpfs", 0, ""))
	report("chroot", syscall.Chroot("/tmp"))
	report("ptrace", syscall.PtraceAttach(1))
	report("setuid", syscall.Setuid(0))
	for _, flags := range []uintptr{syscall.CLONE_NEWUSER, syscall.CLONE_NEWPID, syscall.CLONE_NEWNET} {
		command := exec.Command("/usr/bin/true")
		command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
		report("clone", command.Run())
	}
	command := exec.Command("/usr/bin/true")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 0}}
	report("credential", command.Run())
	fmt.Println("done")
}
