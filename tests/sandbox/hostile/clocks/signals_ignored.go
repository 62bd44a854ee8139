// tries = "Ignores all signals, hangs in the main goroutine and burns in the others."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 600, wall_time_ms = 5000 }
package main

import "os/signal"

func main() {
	signal.Ignore()
	for i := 0; i < 3; i++ {
		go func() {
			for {
			}
		}()
	}
	select {}
}
