// tries = "Makes the runtime start a thread for each of a thousand goroutines stuck in the kernel."
// verdicts = ["RTE", "MLE", "TLE"]
// limits = { output_bytes = 1048576 }
// because = "Go dies of a refused thread; stacks of those it got or its tries may meet a limit first"
package main

import (
	"syscall"
	"time"
)

func main() {
	for i := 0; i < 1000; i++ {
		go func() {
			var pipe [2]int
			syscall.Pipe(pipe[:])
			syscall.Read(pipe[0], make([]byte, 1))
		}()
	}
	time.Sleep(time.Hour)
}
