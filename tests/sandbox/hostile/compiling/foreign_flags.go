// tries = "Hands flags to the C compiler and the linker that load code and read files."
// verdicts = ["CE"]
package main

// #cgo CFLAGS: -fplugin=/tmp/hostile-mark.so -include @secret_file@
// #cgo LDFLAGS: -Wl,--version-script=@secret_file@ -Wl,-plugin,/tmp/hostile-mark.so
import "C"

func main() {}
