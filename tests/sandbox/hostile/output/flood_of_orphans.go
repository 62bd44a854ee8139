// tries = "Leaves copies of itself that write on after it has ended."
// verdicts = ["WA", "OLE"]
// because = "what they write before they are killed counts"
// limits = { cpu_time_ms = 10000 }
// wall_factor = 0.8
package main

import (
	"os"
	"strings"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		for {
			if _, err := os.Stdout.WriteString(strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	}
	files := []uintptr{0, 1, 2}
	attributes := &syscall.ProcAttr{Files: files, Sys: &syscall.SysProcAttr{Setsid: true}}
	for i := 0; i < 2; i++ {
		syscall.ForkExec("/proc/self/exe", []string{"copy", "copy"}, attributes)
	}
}
