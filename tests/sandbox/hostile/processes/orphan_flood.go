// tries = "Floods its init with orphans: copies of itself in new sessions that nobody waits for."
// verdicts = ["WA", "TLE", "RTE"]
// because = "it starts as many as time and the limit on processes allow"
// limits = { processes = 8, cpu_time_ms = 500 }
package main

import (
	"fmt"
	"os"
	"syscall"
)

func main() {
	if len(os.Args) > 2 {
		return
	}
	fmt.Println("flooding")
	attributes := &syscall.ProcAttr{Sys: &syscall.SysProcAttr{Setsid: true}}
	for i := 0; i < 300; i++ {
		arguments := append(os.Args, "copy")
		syscall.ForkExec("/proc/self/exe", arguments, attributes)
	}
}
