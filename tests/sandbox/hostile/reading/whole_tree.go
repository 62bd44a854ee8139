// tries = "Reads every file but toolchains, its own and those of /proc, and says what looks like a secret."
// verdicts = ["WA"]
// limits = { cpu_time_ms = 2000 }
package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	count := 0
	filepath.WalkDir("/", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if entry.IsDir() && (path == "/usr" || path == "/proc" || path == "/box" || path == "/etc/java-17-openjdk") {
			return filepath.SkipDir
		}
		if strings.Contains(path, "host-secret") || strings.HasSuffix(path, ".sqlite3") {
			fmt.Println("ESCAPED to", path)
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && info.Size() < 1<<18 {
			text, _ := os.ReadFile(path)
			count++
			if strings.Contains(string(text), "SECRET"+"_KEY=") {
				fmt.Println("ESCAPED to the settings in", path)
			}
		}
		return nil
	})
	fmt.Println(count, "files")
}
