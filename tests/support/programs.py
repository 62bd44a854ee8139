"""Small programs in every language, by what they do."""

ECHOING = {
    "c": """
#include <stdio.h>
int main(void) { int a, b; scanf("%d %d", &a, &b); printf("%d\\n", a + b); }
""",
    "cpp": """
#include <bits/stdc++.h>
int main() { int a, b; std::cin >> a >> b; std::cout << a + b << std::endl; }
""",
    "csharp": """
using System;
using System.Linq;
class Program {
    static void Main() { Console.WriteLine(Console.ReadLine().Split().Select(int.Parse).Sum()); }
}
""",
    "go": """
package main
import ("bufio"; "fmt"; "os")
func main() { var a, b int; fmt.Fscan(bufio.NewReader(os.Stdin), &a, &b); fmt.Println(a + b) }
""",
    "java": """
import java.util.Scanner;
public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        System.out.println(in.nextInt() + in.nextInt());
    }
}
""",
    "javascript": """
const lines = require("fs").readFileSync(0, "utf8").split("\\n");
console.log(lines[0].split(" ").map(Number).reduce((a, b) => a + b));
""",
    "python": "print(sum(map(int, input().split())))",
    "rust": """
fn main() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    println!("{}", line.split_whitespace().map(|n| n.parse::<i32>().unwrap()).sum::<i32>());
}
""",
}

WRONG = {
    language: source.replace("a + b", "a - b").replace("sum(", "max(").replace(".Sum()", ".Max()")
    for language, source in ECHOING.items()
} | {
    "java": ECHOING["java"].replace("in.nextInt() + in", "in.nextInt() - in"),
    "rust": ECHOING["rust"].replace("sum::<i32>()", "product::<i32>()"),
}

EXITING = {
    "c": "int main(void) { return 3; }",
    "cpp": "int main() { return 3; }",
    "csharp": "class Program { static int Main() { return 3; } }",
    "go": 'package main\nimport "os"\nfunc main() { os.Exit(3) }',
    "java": "class Main { public static void main(String[] a) { System.exit(3); } }",
    "javascript": "process.exit(3)",
    "python": "import sys; sys.exit(3)",
    "rust": "fn main() { std::process::exit(3); }",
}

CRASHING = {
    "c": "int main(void) { *(volatile int *)0 = 1; }",
    "cpp": "#include <vector>\nint main() { return std::vector<int>().at(3); }",
    "csharp": "class Program { static void Main() { int[] x = null; x[0] = 1; } }",
    "go": "package main\nfunc main() { var x []int; x[3] = 1 }",
    "java": "class Main { public static void main(String[] a) { a[3] = a[4]; } }",
    "javascript": "null.field",
    "python": "exec('def f(:')",
    "rust": 'fn main() { let v: Vec<i32> = vec![]; print!("{}", v[std::env::args().count()]); }',
}

BROKEN = {
    "c": "int main(void) { return x; }",
    "cpp": "int main() { return x; }",
    "csharp": "class Program { static void Main() { return x; } }",
    "go": "package main\nfunc main() { x }",
    "java": "class Main { public static void main(String[] a) { return x; } }",
    "javascript": "const x = ;",
    "python": "def f():\nreturn 1",
    "rust": "fn main() { x }",
}

ENDLESS = {
    "c": "int main(void) { for (volatile int i = 0;; i++); }",
    "cpp": "int main() { for (volatile int i = 0;; i++); }",
    "csharp": "class Program { static void Main() { while (true); } }",
    "go": "package main\nfunc main() { for {} }",
    "java": "class Main { public static void main(String[] a) { while (true); } }",
    "javascript": "while (true);",
    "python": "while True: pass",
    "rust": "fn main() { loop { std::hint::spin_loop(); } }",
}

TALKATIVE = {
    "c": """
#include <stdio.h>
#include <unistd.h>
int main(void) { printf("one\\n"); fflush(stdout); sleep(60); }
""",
    "cpp": """
#include <iostream>
#include <unistd.h>
int main() { std::cout << "one" << std::endl; sleep(60); }
""",
    "csharp": """
class Program {
    static void Main() { System.Console.WriteLine("one"); System.Threading.Thread.Sleep(60000); }
}
""",
    "go": """
package main
import ("fmt"; "time")
func main() { fmt.Println("one"); time.Sleep(time.Minute) }
""",
    "java": """
class Main {
    public static void main(String[] a) throws Exception {
        System.out.println("one");
        Thread.sleep(60000);
    }
}
""",
    "javascript": "console.log('one'); setTimeout(() => {}, 60000);",
    "python": "import time; print('one'); time.sleep(60)",
    "rust": """
fn main() { println!("one"); std::thread::sleep(std::time::Duration::from_secs(60)); }
""",
}
"""They write a line as is usual, then nothing for a minute."""

GREEDY_AT_ONCE = {
    "c": """
#include <stdlib.h>
int main(void) {
    volatile char *x = malloc(4UL << 30);
    for (size_t i = 0; i < 4UL << 30; i++) x[i] = 1;
    return x[5];
}
""",
    "cpp": """
#include <iostream>
#include <vector>
int main() { std::vector<char> x(4UL << 30, 1); std::cout << x[5]; }
""",
    "csharp": """
class Program {
    static void Main() {
        var x = new long[512 * 1024 * 1024 - 1];
        for (int i = 0; i < x.Length; i++) x[i] = i;
        System.Console.WriteLine(x[5]);
    }
}
""",
    "go": """
package main
func main() { x := make([]byte, 4 << 30); for i := range x { x[i] = 1 }; println(x[5]) }
""",
    "java": """
class Main {
    public static void main(String[] a) {
        long[] x = new long[512 * 1024 * 1024];
        System.out.println(x[5]);
    }
}
""",
    "javascript": "const x = Buffer.alloc(4 * 1024 ** 3 - 1, 1); console.log(x[5]);",
    "python": "x = bytearray(4 << 30)",
    "rust": 'fn main() { let x = vec![1u8; 4 << 30]; println!("{}", x[5]); }',
}

GREEDY_IN_STEPS = {
    "c": """
#include <stdlib.h>
int main(void) {
    for (;;) {
        volatile char *x = malloc(1 << 20);
        for (int i = 0; i < 1 << 20; i++) x[i] = 1;
    }
}
""",
    "cpp": "#include <list>\nint main() { std::list<int> x; for (;;) x.push_back(1); }",
    "csharp": """
using System.Collections.Generic;
class Program {
    static void Main() { var x = new List<int[]>(); while (true) x.Add(new int[1000]); }
}
""",
    "go": """
package main
func main() { var x [][]int; for { y := make([]int, 1000); y[5] = 1; x = append(x, y) } }
""",
    "java": """
import java.util.*;
class Main {
    public static void main(String[] a) {
        List<int[]> x = new ArrayList<>();
        while (true) x.add(new int[1000]);
    }
}
""",
    "javascript": "const x = []; for (;;) x.push({ x: x.length });",
    "python": "x = []\nwhile True: x.append(str(len(x)) * 100)",
    "rust": "fn main() { let mut x = Vec::new(); loop { x.push(vec![1u8; 1000]); } }",
}

FLOODING = {
    "c": '#include <stdio.h>\nint main(void) { for (;;) puts("flood"); }',
    "cpp": '#include <iostream>\nint main() { for (;;) std::cout << "flood\\n"; }',
    "csharp": """
class Program { static void Main() { while (true) System.Console.WriteLine("flood"); } }
""",
    "go": 'package main\nimport "fmt"\nfunc main() { for { fmt.Println("flood") } }',
    "java": """
class Main { public static void main(String[] a) { while (true) System.out.println("flood"); } }
""",
    "javascript": 'for (;;) require("fs").writeSync(1, "flood".repeat(1000));',
    "python": "while True: print('flood' * 1000)",
    "rust": 'fn main() { loop { println!("flood"); } }',
}

FORKING = {
    "c": "#include <unistd.h>\nint main(void) { for (;;) fork(); }",
    "cpp": "#include <unistd.h>\nint main() { for (;;) fork(); }",
    "csharp": """
class Program {
    static void Main() {
        while (true) try { System.Diagnostics.Process.Start("/usr/bin/sleep", "60"); } catch {}
    }
}
""",
    "go": """
package main
import "os/exec"
func main() { for { exec.Command("/usr/bin/sleep", "60").Start() } }
""",
    "java": """
class Main {
    public static void main(String[] a) {
        ProcessBuilder sleep = new ProcessBuilder("/usr/bin/sleep", "60");
        while (true) try { sleep.start(); } catch (Exception e) {}
    }
}
""",
    "javascript": """
const { spawn } = require("child_process");
for (;;) try { spawn("/usr/bin/sleep", ["60"]).on("error", () => {}); } catch {}
""",
    "python": """
import os
while True:
    try: os.fork()
    except OSError: pass
""",
    "rust": """
fn main() { loop { let _ = std::process::Command::new("/usr/bin/sleep").arg("60").spawn(); } }
""",
}
