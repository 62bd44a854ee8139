// tries = "Fills a map and outruns the collector with several goroutines."
// verdicts = ["MLE", "TLE"]
// because = "a collector that fights for the last bytes may use up the time first"
// limits = { cpu_time_ms = 3000, wall_time_ms = 6000 }
package main

func main() {
	for i := 0; i < 4; i++ {
		go func() {
			kept := map[int][]byte{}
			for n := 0; ; n++ {
				room := make([]byte, 4096)
				room[n%4096] = 1
				kept[n] = room
			}
		}()
	}
	select {}
}
